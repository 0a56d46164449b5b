//! Completion, hints and colours of the line that is typed. Knows the table of commands and the names that may be typed.

use std::borrow::Cow;

use rustyline::completion::{Completer, Pair};
use rustyline::highlight::Highlighter;
use rustyline::hint::Hinter;
use rustyline::validate::Validator;
use rustyline::{Context, Helper, Result};

use super::looks::{LEVELS, SHOWS};
use super::names::Names;
use super::paint::{DIM, clean, paint};
use super::verbs::{ATTRIBUTES, QUESTIONS, Slot, VERBS, find};
use crate::lab::{Fix, UserAttribute};
use crate::lesson::Mechanism;
use crate::query::Language;

/// The line editor's helper.
pub(super) struct LineHelper {
    pub(super) names: Names,
}

impl Completer for LineHelper {
    type Candidate = Pair;

    fn complete(&self, line: &str, at: usize, _: &Context<'_>) -> Result<(usize, Vec<Pair>)> {
        let typed = line.get(..at).unwrap_or(line);
        let (start, mut found) = candidates(typed, &self.names);
        // A name may come from a file that anybody wrote.
        found.retain(|text| *clean(text) == **text);
        Ok((
            start,
            found.into_iter().map(|text| Pair { display: text.trim_end().to_owned(), replacement: text }).collect(),
        ))
    }
}

impl Hinter for LineHelper {
    type Hint = String;

    /// The usage of a command whose name is typed and nothing else.
    fn hint(&self, line: &str, at: usize, _: &Context<'_>) -> Option<String> {
        if at < line.len() {
            return None;
        }
        let verb = find(line.trim_end())?;
        let rest = verb.usage.split_once(' ').map(|(_, rest)| rest)?;
        Some(if line.ends_with(' ') { rest.to_owned() } else { format!(" {rest}") })
    }
}

impl Highlighter for LineHelper {
    fn highlight_hint<'h>(&self, hint: &'h str) -> Cow<'h, str> {
        if anstream::stdout().current_choice() == anstream::ColorChoice::Never {
            return Cow::Borrowed(hint);
        }
        Cow::Owned(paint(DIM, hint))
    }
}

impl Validator for LineHelper {}
impl Helper for LineHelper {}

/// What could stand at the end of `typed`, and where it would begin.
fn candidates(typed: &str, names: &Names) -> (usize, Vec<String>) {
    let start = typed.rfind([' ', '>']).map_or(0, |blank| blank + 1);
    let (before, word) = typed.split_at(start);
    let mut words = before.split_whitespace();
    let Some(verb) = words.next() else {
        let all = VERBS.iter().map(|verb| format!("{} ", verb.name));
        return (start, all.filter(|name| name.starts_with(word)).collect());
    };
    let Some(verb) = find(verb) else { return (start, Vec::new()) };
    if verb.slots == [Slot::Query] && before.split_whitespace().count() > 1 {
        return in_expression(typed, names);
    }
    let second = words.next();
    if let Some((key, value)) = word.split_once('=') {
        let found = values(key, names).into_iter().filter(|known| known.starts_with(value));
        return (start + key.len() + 1, found.map(|known| known + " ").collect());
    }
    // An arrow's callee: only those that the caller calls.
    if let Some(from) = before.trim_end().strip_suffix("->") {
        let from = from.split_whitespace().last().unwrap_or_default();
        let callees =
            names.arrows.iter().filter_map(|arrow| arrow.split_once(" -> ").filter(|(caller, _)| *caller == from));
        let space = if before.ends_with('>') { " " } else { "" };
        let found =
            callees.filter(|(_, callee)| callee.starts_with(word)).map(|(_, callee)| format!("{space}{callee} "));
        return (start, found.collect());
    }
    let mut found: Vec<String> = Vec::new();
    for slot in verb.slots {
        let first_only = matches!(slot, Slot::FixKind | Slot::Metric | Slot::Verb);
        if first_only && second.is_some() || verb.name == "fix" && *slot != Slot::FixKind && second.is_none() {
            continue;
        }
        found.extend(of_slot(*slot, names).into_iter().filter(|name| name.starts_with(word)));
    }
    found.sort();
    found.dedup();
    (start, found)
}

/// Within an expression a word ends at any sign.
fn in_expression(typed: &str, names: &Names) -> (usize, Vec<String>) {
    let is_word = |letter: char| letter.is_alphanumeric() || matches!(letter, '_' | '.' | ':');
    let word = typed.rsplit(|letter| !is_word(letter)).next().unwrap_or_default();
    let start = typed.len() - word.len();
    let language = typed.split_whitespace().nth(1).and_then(Language::find);
    let known = names.vocabulary.iter().filter(|(own, _)| Some(*own) == language).flat_map(|(_, words)| words);
    let options = ["last=", "rows="].map(str::to_owned);
    let first = typed[..start].split_whitespace().count() == 2;
    let options = options.iter().filter(|_| first);
    let found = options.chain(known).filter(|known| !word.is_empty() && known.starts_with(word));
    (start, found.cloned().collect())
}

fn of_slot(slot: Slot, names: &Names) -> Vec<String> {
    let spaced = |list: &[String]| list.iter().map(|name| format!("{name} ")).collect();
    match slot {
        Slot::Node => spaced(&names.nodes),
        Slot::Arrow => spaced(&names.arrows),
        Slot::Metric => spaced(&names.metrics),
        Slot::Change => spaced(&names.changes),
        Slot::Trace => names.traces.iter().rev().map(|id| id.chars().take(8).chain([' ']).collect()).collect(),
        Slot::Route => names.routes.iter().map(|route| format!("{route} ")).collect(),
        Slot::Mechanism => Mechanism::ALL.iter().map(|mechanism| format!("{} ", mechanism.words())).collect(),
        Slot::Question => QUESTIONS.iter().map(|(name, _, _)| format!("{name} ")).collect(),
        Slot::Attribute => ATTRIBUTES.iter().map(|(name, _)| format!("{name} ")).collect(),
        Slot::FixKind => Fix::KINDS.iter().map(|kind| format!("{} ", kind.verb)).collect(),
        Slot::Verb => VERBS.iter().map(|verb| verb.name.to_owned()).collect(),
        Slot::Query => Language::ALL.iter().map(|language| format!("{} ", language.word())).collect(),
        Slot::Word(word) => vec![format!("{word} ")],
        Slot::Option(key) => vec![format!("{key}=")],
    }
}

fn values(key: &str, names: &Names) -> Vec<String> {
    let user = |attribute: UserAttribute| {
        let known = names.users.iter().find(|(own, _)| *own == attribute);
        known.map_or_else(Vec::new, |(_, values)| values.clone())
    };
    match key {
        "level" => LEVELS.iter().map(|(name, _)| (*name).to_owned()).collect(),
        "show" => SHOWS.iter().map(|(name, _)| (*name).to_owned()).collect(),
        "service" | "service.name" => names.nodes.clone(),
        "trace" => names.traces.iter().rev().map(|id| id.chars().take(8).collect()).collect(),
        "change" => names.changes.clone(),
        "by" => names.labels.iter().cloned().chain(["service.name".into(), "service.instance.id".into()]).collect(),
        "last" | "min" => ["10m", "30m", "1h"].map(String::from).into(),
        "region" => user(UserAttribute::Region),
        "account" => user(UserAttribute::Account),
        "client" => user(UserAttribute::Client),
        "journey" => user(UserAttribute::Journey),
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names() -> Names {
        Names {
            nodes: vec!["catalog".into(), "web".into()],
            arrows: vec!["web -> catalog".into(), "web -> cart".into(), "cart -> db".into()],
            changes: vec!["deploy-1412".into()],
            metrics: vec!["http.server.request.duration".into()],
            vocabulary: vec![
                (Language::Promql, vec!["http_requests_total".into(), "rate".into()]),
                (Language::Traceql, vec!["span.http.route".into()]),
            ],
            ..Names::default()
        }
    }

    #[track_caller]
    fn check(typed: &str, expect: &[&str]) {
        assert_eq!(candidates(typed, &names()).1, expect, "{typed}");
    }

    #[test]
    fn each_word_is_completed_with_what_may_stand_there() {
        check("tra", &["traces ", "trace "]);
        check("logs c", &["catalog "]);
        check("logs level=w", &["warn "]);
        check("draw web -> ca", &["catalog ", "cart "]);
        check("draw web ->", &[" catalog ", " cart "]);
        check("fix roll", &["roll-back "]);
        check("fix roll-back dep", &["deploy-1412 "]);
        check("chart http.s", &["http.server.request.duration "]);
        check("hypothesis web change=d", &["deploy-1412 "]);
        check("query t", &["traceql "]);
        check("query promql sum(ra", &["rate"]);
        check("query promql sum(rate(http_", &["http_requests_total"]);
        check("query promql la", &["last="]);
        check("query traceql { span.h", &["span.http.route"]);
        check("nonsense x", &[]);
        check("ünï cödé", &[]);
    }

    #[test]
    fn completion_begins_where_the_word_begins() {
        assert_eq!(candidates("logs level=w", &names()).0, 11);
        assert_eq!(candidates("logs cat", &names()).0, 5);
    }
}
