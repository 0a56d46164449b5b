//! `allgreen report`: what a class did.

use std::io::Write;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

use super::failure::{Failure, answers, complain};
use super::folder::whole_file;
use crate::builtin;
use crate::report::{self, Row};
use crate::terminal::{Cell, Working, row, table, watch_for_interrupts};

/// Replay and grade the sessions of a class: who solved what, how, and where the time went. Broken files are told and
/// left out; then the exit status is 2.
#[derive(Args)]
#[command(after_help = "\
Examples:
  allgreen report class/                            a table of all *.session below the folder
  allgreen report class/ --format html --out class.html
  allgreen report ada.session grace.session --format csv")]
pub(super) struct ReportArguments {
    /// Session files, and folders of them
    #[arg(required = true, value_name = "SESSION|FOLDER")]
    sessions: Vec<PathBuf>,
    /// The format; html is one page that needs nothing else
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    /// Write to this file instead of standard output
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Sessions replayed at a time; as many as there are cores unless told
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    jobs: Option<u16>,
}

/// How the answer is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For a terminal
    #[default]
    Table,
    /// One line a session, times in seconds
    Csv,
    /// A page with charts
    Html,
}

pub(super) fn report(arguments: &ReportArguments) -> Result<(), Failure> {
    watch_for_interrupts();
    let files = report::files(&arguments.sessions);
    if files.is_empty() {
        return Err(Failure::bad("there is no *.session file in these folders; name files, or another folder"));
    }
    let threads = arguments.jobs.map_or_else(cores, usize::from);
    let mut working = Working::new("replaying the sessions");
    let (found, whole) = report::rows(&files, &|id| builtin::lesson(id).ok(), threads, &mut |share, begun| {
        begun.into_iter().for_each(|file| working.tell(&format!("replaying {}", file.display())));
        working.reached(share)
    });
    working.finish();
    let (mut rows, mut broken) = (Vec::new(), Vec::new());
    for (_, row) in found {
        match row {
            Ok(row) => rows.push(row),
            Err(problems) => {
                complain(problems.render(true).trim_end());
                broken.push(problems.to_string());
            }
        }
    }
    rows.sort_by(|a, b| (&a.lesson.0, &a.who, &a.file).cmp(&(&b.lesson.0, &b.who, &b.file)));
    // A file that was to have all of them stays as it is without them.
    let (format, out) = match (whole, arguments.out.as_deref()) {
        (false, Some(_)) => (Format::Table, None),
        (_, out) => (arguments.format, out),
    };
    let text = match format {
        Format::Table => as_table(&rows),
        Format::Csv => report::csv(&rows)?,
        Format::Html => report::html(&rows, &broken),
    };
    write(out, &text)?;
    if !whole {
        complain(format!(
            "these are {} of {} sessions; the others were not replayed to their end",
            rows.len(),
            files.len()
        ));
        return Err(Failure::Stopped);
    }
    match broken.len() {
        0 => Ok(()),
        count => Err(Failure::bad(format!("{count} of {} sessions could not be replayed; see above", files.len()))),
    }
}

fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, std::num::NonZero::get)
}

fn write(out: Option<&Path>, text: &str) -> Result<(), Failure> {
    let Some(path) = out else {
        let mut out = answers();
        out.write_all(text.as_bytes())?;
        return Ok(out.flush()?);
    };
    whole_file(path, "--out", text)
}

fn as_table(rows: &[Row]) -> String {
    let time = |time: Option<crate::Duration>| time.map_or("–".to_owned(), |time| time.to_string());
    let line = |row: &Row| -> Vec<Cell> {
        let (sign, verdict) = row.verdict_word();
        let longest = row.longest.map_or("–".to_owned(), |(step, spent)| format!("{step} {spent}"));
        row![
            row.people(),
            row.lesson.0.as_str(),
            row.seed.to_string(),
            [&[format!("{sign} {verdict}").as_str()][..], &row.remarks()].concat().join(", "),
            row.cause.1.word(),
            row.fixes.join("; "),
            format!("{} of {}", row.hints.0, row.hints.1),
            time(row.times.hypothesis),
            time(row.times.root_fix),
            row.total.to_string(),
            longest,
        ]
    };
    let rows: Vec<Vec<Cell>> = rows.iter().map(line).collect();
    let titles = [
        "who",
        "lesson",
        ">seed",
        "verdict",
        "cause",
        "fixes",
        ">hints",
        ">to hypothesis",
        ">to root fix",
        ">in all",
        "longest step",
    ];
    table(&titles, &rows)
}
