//! Help, made from the table of commands.

use super::paint::{BOLD, Cell, DIM, NAME, paint, row, table, wrap};
use super::refuse;
use super::verbs::{QUESTIONS, VERBS, Verb, find};
use crate::diagnostic::nearest;
use crate::lab::{Fix, FixKind, Refusal};
use crate::lesson::Mechanism;

/// The list of commands, or one of them, or one kind of fix, at length.
pub(super) fn help(about: Option<&str>, width: usize) -> Result<String, Refusal> {
    match about.map(|name| (name, name.strip_prefix("fix "))) {
        None => Ok(list()),
        Some((_, Some(kind))) => kind_of_fix(kind, width),
        Some((name, None)) => find(name).map(one).ok_or_else(|| {
            let near =
                nearest(name, VERBS.iter().map(|verb| verb.name)).map(|near| format!("did you mean `help {near}`? "));
            refuse(format!("`{name}` is no command"), format!("{}`help` lists them all", near.unwrap_or_default()))
        }),
    }
}

/// One kind of fix, by the word after `fix`.
fn kind_of_fix(name: &str, width: usize) -> Result<String, Refusal> {
    let word = name.split_whitespace().next().unwrap_or_default();
    match Fix::KINDS.iter().find(|kind| kind.verb == word) {
        Some(kind) => {
            Ok(at_length(kind, width) + &format!("\nexample\n  {}\n", paint(NAME, format!("fix {}", kind.example))))
        }
        None => {
            let near = nearest(word, Fix::KINDS.iter().map(|kind| kind.verb));
            let near = near.map(|near| format!("did you mean `help fix {near}`? ")).unwrap_or_default();
            Err(refuse(format!("`{word}` is no kind of fix"), format!("{near}`fixes` lists the kinds")))
        }
    }
}

fn list() -> String {
    let mut out = String::new();
    let mut group = "";
    let mut rows: Vec<Vec<Cell>> = Vec::new();
    for verb in VERBS {
        if verb.group != group {
            group = verb.group;
            rows.push(vec![Cell::styled(BOLD, group)]);
        }
        rows.push(vec![Cell::styled(NAME, format!("  {}", verb.name)), verb.does.into()]);
    }
    out += &table(&["", ""], &rows);
    out + &paint(
        DIM,
        "`help COMMAND` shows how one is written, with examples. Tab completes, and # begins a comment.\n",
    )
}

fn one(verb: &Verb) -> String {
    let mut out = format!("{}\n{}\n", paint(BOLD, verb.usage), verb.does);
    if !verb.aliases.is_empty() {
        out += &format!("also: {}\n", verb.aliases.join(", "));
    }
    out += "\nexamples\n";
    for example in verb.examples {
        out += &format!("  {}\n", paint(NAME, example));
    }
    match verb.name {
        "fix" | "fixes" => out += &format!("\nkinds\n{}", kinds()),
        "tick" | "untick" | "checklist" => {
            let rows: Vec<Vec<Cell>> =
                QUESTIONS.iter().map(|(name, _, words)| row![format!("  {name}"), *words]).collect();
            out += &format!("\nquestions\n{}", table(&["", ""], &rows));
        }
        "hypothesis" => {
            out += "\nmechanisms, by these or by other words for them\n";
            for mechanism in Mechanism::ALL {
                out += &format!("  {}\n", mechanism.words());
            }
        }
        _ => {}
    }
    out
}

/// The kinds of fix with what each costs.
pub(super) fn fixes(width: usize) -> String {
    let mut out = String::new();
    for kind in Fix::KINDS {
        out += &at_length(kind, width);
    }
    out + "Each takes effect in the simulation and nowhere else. `wait` lets it.\n"
}

/// One kind of fix: how it is written, what it does and what it costs.
fn at_length(kind: &FixKind, width: usize) -> String {
    paint(NAME, format!("fix {} {}\n", kind.verb, kind.takes()))
        + &wrap(kind.does, width, "    ")
        + &paint(DIM, wrap(&kind.cost(), width, "    "))
}

fn kinds() -> String {
    let row =
        |kind: &&FixKind| vec![Cell::styled(NAME, format!("  fix {} {}", kind.verb, kind.takes())), kind.does.into()];
    table(&["", ""], &Fix::KINDS.iter().map(row).collect::<Vec<_>>())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::terminal::names::Names;
    use crate::terminal::verbs::parse;

    fn help(about: &str) -> Result<String, Refusal> {
        super::help(Some(about), usize::MAX)
    }

    #[test]
    fn every_command_has_help_and_its_examples_are_read() {
        for verb in VERBS {
            for name in std::iter::once(&verb.name).chain(verb.aliases) {
                assert!(help(name).unwrap().contains(verb.usage), "{name}");
            }
            for example in verb.examples {
                let read = parse(example, &Names::default()).unwrap_or_else(|refusal| panic!("{example}: {refusal}"));
                assert!(read.is_some());
                assert!(example.starts_with(verb.name), "{example}");
            }
        }
        assert!(help("lgos").unwrap_err().remedy.contains("help logs"));
        for kind in Fix::KINDS {
            let text = help(&format!("fix {}", kind.verb)).unwrap();
            assert!(
                text.contains(&kind.takes()) && text.contains(&kind.cost()) && text.contains(kind.example),
                "{text}"
            );
        }
        assert!(help("fix  timeout a -> b").unwrap().contains("one attempt"));
        assert!(help("fix timeuot").unwrap_err().remedy.contains("help fix timeout"));
    }

    #[test]
    fn names_are_unique() {
        let mut names: Vec<&str> =
            VERBS.iter().flat_map(|verb| std::iter::once(&verb.name).chain(verb.aliases)).copied().collect();
        let all = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), all);
    }

    #[test]
    fn the_manual_lists_every_command_and_every_fix() {
        let manual = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/terminal.md")).unwrap();
        for verb in VERBS {
            let usage = verb.usage.replace('|', "\\|");
            assert!(
                manual.contains(&format!("| `{usage}` | {} |", verb.does)),
                "docs/terminal.md lacks:\n| `{usage}` | {} |",
                verb.does
            );
        }
        for kind in Fix::KINDS {
            let takes = kind.takes().replace('|', "\\|");
            let row = format!("| `fix {} {takes}` | {} |", kind.verb, kind.does);
            assert!(manual.contains(&row), "docs/terminal.md lacks:\n{row}");
        }
    }
}
