//! `allgreen check`: everything that is wrong with world and lesson files, once or whenever one is written.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::{Args, ValueEnum};
use serde_json::{Value, json};

use super::failure::{Answers, Failure, answers, complain};
use crate::builtin;
use crate::diagnostic::{Problem, Problems, Summary, check_file_with};
use crate::lesson::translation_path;
use crate::terminal::{interrupted, watch_for_interrupts};
use crate::watch::Watch;

/// Check world and lesson files: every problem, with its place, a suggestion, and where the field is explained. Exits
/// with 1 if there is any.
#[derive(Args)]
#[command(after_help = "\
Examples:
  allgreen check lessons/quiet-fallback.ron
  allgreen check worlds lessons              everything below these folders
  allgreen check --watch lessons             again each time a file is written, until Ctrl-C
  allgreen check --format json lessons       for editors
  allgreen check --lang de lessons           a lesson without words in German is a problem too")]
pub(super) struct CheckArguments {
    /// World and lesson files, and folders of them
    #[arg(required = true, value_name = "FILE|FOLDER")]
    files: Vec<PathBuf>,
    /// How the answer is printed; json is one line for each check
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    /// Check again each time one of the files is written
    #[arg(long)]
    watch: bool,
}

/// How the answer is printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people
    #[default]
    Text,
    /// For programs: see docs/cli.md
    Json,
}

/// With a language, a lesson without words in it is a problem too.
pub(super) fn check(arguments: &CheckArguments, language: Option<&str>) -> Result<(), Failure> {
    let mut out = answers();
    if !arguments.watch {
        return once(arguments, language, &mut out);
    }
    watch_for_interrupts();
    let watch = Watch::new(arguments.files.iter().map(PathBuf::as_path)).map_err(Failure::bad)?;
    loop {
        match once(arguments, language, &mut out) {
            answer if out.unheard() => return answer,
            Ok(()) | Err(Failure::No) => {}
            Err(Failure::Bad(words)) => complain(words),
            Err(other) => return Err(other),
        }
        let changed = loop {
            let changed = watch.wait(Duration::from_millis(200));
            if interrupted() {
                return Err(Failure::Stopped);
            }
            if !changed.is_empty() {
                break changed;
            }
        };
        if arguments.format == Format::Text {
            let names: Vec<String> = changed.iter().map(|path| path.display().to_string()).collect();
            complain(format!("\n{} changed", names.join(", ")));
        }
    }
}

/// One file and what was found.
type Checked = (PathBuf, Result<Summary, Problems>);

fn once(arguments: &CheckArguments, language: Option<&str>, out: &mut Answers) -> Result<(), Failure> {
    let files = arguments.files.iter().flat_map(|path| wanted(path));
    let checked: Vec<Checked> = files
        .map(|path| {
            let found = if path.is_dir() { Err(nothing_below(&path)) } else { check_file_with(&path, &builtin::text) };
            let found = found.and_then(|summary| translated(&path, summary, language));
            (path, found)
        })
        .collect();
    match arguments.format {
        Format::Text => text(&checked, out)?,
        Format::Json => writeln!(out, "{}", report(&checked))?,
    }
    out.flush()?;
    let wrong = || checked.iter().filter_map(|(path, found)| Some((path, found.as_ref().err()?)));
    match (wrong().any(|(path, problems)| unread(path, problems)), wrong().next()) {
        (true, _) => Err(Failure::bad("not every file could be read; see above")),
        (false, Some(_)) => Err(Failure::No),
        (false, None) => Ok(()),
    }
}

/// Whether the file itself could not be read. Of a file that it names, that is a problem in it.
fn unread(path: &Path, problems: &Problems) -> bool {
    let name = path.display().to_string();
    problems.iter().any(|problem| problem.is_unread() && problem.file() == Some(&name))
}

/// A lesson must have words in the language that was asked for.
fn translated(path: &Path, summary: Summary, language: Option<&str>) -> Result<Summary, Problems> {
    let Some(language) = language.filter(|tag| *tag != crate::language::SOURCE) else { return Ok(summary) };
    let words = translation_path(path, language);
    if !matches!(summary, Summary::Lesson { .. }) || words.is_file() {
        return Ok(summary);
    }
    let problem = Problem::in_file(path.display().to_string(), format!("this lesson has no words in {language}"));
    let help = format!("write {}, with each text of the lesson in {language}", words.display());
    Err(problem.help(help).see(Some("docs/authoring.md#translations".to_owned())).into())
}

fn text(checked: &[Checked], out: &mut Answers) -> std::io::Result<()> {
    for (path, found) in checked {
        match found {
            Ok(summary) => writeln!(out, "{}: good, {summary}", path.display())?,
            Err(problems) if unread(path, problems) => complain(problems.render(true).trim_end()),
            Err(problems) => writeln!(out, "{}", problems.render(true).trim_end())?,
        }
    }
    Ok(())
}

fn report(checked: &[Checked]) -> Value {
    let files = checked.iter().map(|(path, found)| match found {
        Ok(summary) => json!({ "file": path.display().to_string(), "good": true, "is": summary.to_string() }),
        Err(problems) => json!({ "file": path.display().to_string(), "good": false, "problems": problems.len() }),
    });
    let problems = checked.iter().filter_map(|(path, found)| Some((path, found.as_ref().err()?)));
    let problems = problems.flat_map(|(path, problems)| problems.iter().map(|problem| entry(path, problem)));
    json!({ "format": "allgreen-check/1", "files": files.collect::<Value>(), "problems": problems.collect::<Value>() })
}

/// One problem. Lines and columns count from 1, columns in characters.
fn entry(path: &Path, problem: &Problem) -> Value {
    let (start, end) = (problem.position(), problem.end());
    json!({
        "file": problem.file().map_or_else(|| path.display().to_string(), str::to_owned),
        "line": start.map(|at| at.line),
        "column": start.map(|at| at.column),
        "end_line": end.map(|at| at.line),
        "end_column": end.map(|at| at.column),
        "message": problem.what(),
        "help": problem.suggestion(),
        "see": problem.reference(),
    })
}

/// A file as it is; of a folder all RON files in it and below, by name, and folders that cannot be read. A folder
/// without any stands for itself: [`nothing_below`] says what is wrong.
fn wanted(path: &Path) -> Vec<PathBuf> {
    let found = below(path);
    if found.is_empty() { vec![path.to_owned()] } else { found }
}

/// Why nothing of a folder was checked.
fn nothing_below(path: &Path) -> Problems {
    if let Err(error) = std::fs::read_dir(path) {
        return Problems::io(path, &error);
    }
    let problem = Problem::in_file(path.display().to_string(), "there is no .ron file below this folder");
    problem.unread().help("name a world or lesson file, or a folder of them").into()
}

fn below(path: &Path) -> Vec<PathBuf> {
    if !path.is_dir() {
        return vec![path.to_owned()];
    }
    let Ok(entries) = std::fs::read_dir(path) else { return vec![path.to_owned()] };
    let mut entries: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    entries.sort();
    let wanted =
        |path: &PathBuf| path.is_dir() && !path.is_symlink() || path.extension().is_some_and(|ext| ext == "ron");
    entries.into_iter().filter(wanted).flat_map(|path| below(&path)).collect()
}
