//! Reads the commands of a promqltest file.

use super::point;
use allgreen::query::promql::{Labels, METRIC_NAME, MatchOp, Point, STALE, parse_duration, parse_selector};
use allgreen::query::syntax::parse_float;

pub(super) enum Command {
    Clear,
    Load(Vec<Loaded>),
    Eval(Evaluation),
}

/// One series of a `load`.
pub(super) struct Loaded {
    pub(super) labels: Labels,
    pub(super) points: Vec<Point>,
    /// Whether it has native histogram samples, which are left out.
    pub(super) native: bool,
}

#[derive(Debug, Clone, Copy)]
pub(super) enum Time {
    Instant(i64),
    Range { from: i64, to: i64, step: i64 },
}

/// An `expect` line.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Expect {
    Fail(Text),
    Warn(Text),
    Info(Text),
    NoWarn,
    NoInfo,
    Ordered,
    Str(String),
    /// A range vector, whose points are at these times: start, end and step in milliseconds.
    Ranges(i64, i64, i64),
}

/// How a message is compared.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Text {
    Any,
    Exact(String),
    Regex(String),
}

/// An expected series: its values by step, nothing where there must be none.
pub(super) struct Row {
    pub(super) labels: Labels,
    pub(super) values: Vec<Option<f64>>,
}

pub(super) struct Evaluation {
    pub(super) time: Time,
    pub(super) query: String,
    pub(super) expects: Vec<Expect>,
    pub(super) rows: Vec<Row>,
    pub(super) scalar: Option<f64>,
    /// Whether a result is a native histogram.
    pub(super) native: bool,
}

impl Evaluation {
    pub(super) fn ordered(&self) -> bool {
        self.expects.contains(&Expect::Ordered)
    }

    pub(super) fn expects_failure(&self) -> bool {
        self.expects.iter().any(|e| matches!(e, Expect::Fail(_)))
    }
}

/// The commands with the numbers of their lines.
pub(super) fn commands(text: &str) -> Vec<(usize, Result<Command, String>)> {
    let lines: Vec<(usize, &str)> = text
        .lines()
        .enumerate()
        .map(|(n, line)| (n + 1, line.trim()))
        .filter(|(_, line)| !line.starts_with('#'))
        .collect();
    let mut found = Vec::new();
    let mut at = 0;
    while let Some((number, line)) = lines.get(at).copied() {
        at += 1;
        if line.is_empty() {
            continue;
        }
        let body_end =
            lines[at..].iter().position(|(_, l)| l.is_empty() || begins_command(l)).map_or(lines.len(), |n| at + n);
        let word = line.split_whitespace().next().unwrap_or("");
        let body: Vec<&str> = lines[at..body_end].iter().map(|(_, l)| *l).collect();
        let command = if word == "clear" {
            Ok(Command::Clear)
        } else if word.starts_with("load") {
            at = body_end;
            load(line, &body)
        } else if word.starts_with("eval") {
            at = body_end;
            evaluation(line, &body)
        } else {
            Err(format!("unknown command {line:?}"))
        };
        found.push((number, command));
    }
    found
}

fn begins_command(line: &str) -> bool {
    let word = line.split_whitespace().next().unwrap_or("");
    matches!(
        word,
        "clear" | "load" | "load_with_nhcb" | "eval" | "eval_fail" | "eval_warn" | "eval_info" | "eval_ordered"
    )
}

fn load(line: &str, body: &[&str]) -> Result<Command, String> {
    let mut words = line.split_whitespace();
    let with_native = words.next() == Some("load_with_nhcb");
    let step = words.next().and_then(time).ok_or("bad interval of load")?;
    let mut series = Vec::new();
    for line in body {
        let (labels, values, native) = described(line)?;
        if with_native {
            let name = labels.metric_name().trim_end_matches("_bucket").to_string();
            let labels = labels.with(METRIC_NAME, &name).with("le", "");
            series.push(Loaded { labels, points: Vec::new(), native: true });
        }
        let points = values.iter().enumerate().filter_map(|(i, v)| v.map(|v| point(step * i as i64, v))).collect();
        series.push(Loaded { labels, points, native });
    }
    Ok(Command::Load(series))
}

fn time(text: &str) -> Option<i64> {
    let (sign, unsigned) = text.strip_prefix('-').map_or((1, text), |rest| (-1, rest));
    parse_duration(unsigned).or_else(|| unsigned.parse::<f64>().ok().map(|s| (s * 1000.0) as i64)).map(|ms| sign * ms)
}

fn evaluation(line: &str, body: &[&str]) -> Result<Command, String> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let value = |at: usize| words.get(at).and_then(|w| time(w)).ok_or_else(|| format!("bad time in {line:?}"));
    let (time, query) = match words.get(1) {
        Some(&"range") => (Time::Range { from: value(3)?, to: value(5)?, step: value(7)? }, after_words(line, 8)),
        Some(&"instant") => (Time::Instant(value(3)?), after_words(line, 4)),
        _ => return Err(format!("expected \"instant\" or \"range\" in {line:?}")),
    };
    let mut expects = match words[0] {
        "eval_fail" => vec![Expect::Fail(Text::Any)],
        "eval_warn" => vec![Expect::Warn(Text::Any)],
        "eval_info" => vec![Expect::Info(Text::Any)],
        "eval_ordered" => vec![Expect::Ordered],
        _ => Vec::new(),
    };
    let mut evaluation = Evaluation {
        time,
        query: query.trim().to_string(),
        expects: Vec::new(),
        rows: Vec::new(),
        scalar: None,
        native: false,
    };
    for line in body {
        if let Some(text) = line.strip_prefix("expect ") {
            expects.push(expectation(text)?);
        } else if let Some(text) = line.strip_prefix("expected_fail_message") {
            expects.push(Expect::Fail(Text::Exact(text.trim().to_string())));
        } else if let Some(text) = line.strip_prefix("expected_fail_regexp") {
            expects.push(Expect::Fail(Text::Regex(text.trim().to_string())));
        } else if let Some(v) = parse_float(line) {
            evaluation.scalar = Some(v);
        } else {
            let (labels, values, native) = described(line)?;
            evaluation.native |= native;
            evaluation.rows.push(Row { labels, values });
        }
    }
    evaluation.expects = expects;
    Ok(Command::Eval(evaluation))
}

/// What stands after the first `count` words.
fn after_words(line: &str, count: usize) -> &str {
    let mut rest = line.trim_start();
    for _ in 0..count {
        rest = rest.split_once(char::is_whitespace).map_or("", |(_, after)| after.trim_start());
    }
    rest
}

fn expectation(text: &str) -> Result<Expect, String> {
    let (kind, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
    let (after, rest) = (rest, rest.trim());
    let matched = if let Some(message) = rest.strip_prefix("msg:") {
        Text::Exact(bare(message))
    } else if let Some(pattern) = rest.strip_prefix("regex:") {
        Text::Regex(bare(pattern))
    } else {
        Text::Any
    };
    Ok(match kind {
        "fail" => Expect::Fail(matched),
        "warn" => Expect::Warn(matched),
        "info" => Expect::Info(matched),
        "no_warn" => Expect::NoWarn,
        "no_info" => Expect::NoInfo,
        "ordered" => Expect::Ordered,
        "string" => Expect::Str(unquoted(after)),
        "range" => ranges(rest).ok_or_else(|| format!("bad range in {text:?}"))?,
        _ => return Err(format!("unknown expectation {text:?}")),
    })
}

/// `vector from START to END step STEP`.
fn ranges(text: &str) -> Option<Expect> {
    let words: Vec<&str> = text.split_whitespace().collect();
    match words[..] {
        ["vector", "from", from, "to", to, "step", step] => Some(Expect::Ranges(time(from)?, time(to)?, time(step)?)),
        _ => None,
    }
}

/// A message without the quotes around it, if there are any.
fn bare(text: &str) -> String {
    let text = text.trim();
    text.strip_prefix('"').and_then(|t| t.strip_suffix('"')).unwrap_or(text).to_string()
}

fn unquoted(text: &str) -> String {
    match allgreen::query::promql::parse(text).map(|e| e.kind) {
        Ok(allgreen::query::promql::ExprKind::String(inside)) => inside,
        _ => text.to_string(),
    }
}

/// Labels, values by step, and whether a native histogram is among the values.
type Described = (Labels, Vec<Option<f64>>, bool);

/// `metric{label="value"} 1+2x3 _ stale`.
fn described(line: &str) -> Result<Described, String> {
    let (metric, values) = match line.rfind('}').filter(|_| !line.contains("{{")) {
        Some(end) => line.split_at(end + 1),
        None => {
            let native = line.find("{{").unwrap_or(line.len());
            match line[..native].rfind('}') {
                Some(end) => line.split_at(end + 1),
                None => line.split_at(line.find(char::is_whitespace).unwrap_or(line.len())),
            }
        }
    };
    let labels = if metric.trim_matches(['{', '}', ' ']).is_empty() {
        Labels::default()
    } else {
        let matchers = parse_selector(metric).map_err(|e| format!("{metric:?}: {e}"))?;
        Labels::new(matchers.into_iter().filter(|m| m.op == MatchOp::Equal).map(|m| (m.name, m.value)))
    };
    let mut expanded = Vec::new();
    let native = values.contains("{{");
    let plain = without_native(values);
    for token in plain.split_whitespace() {
        expand(token, &mut expanded).ok_or_else(|| format!("bad value {token:?} in {line:?}"))?;
    }
    Ok((labels, expanded, native))
}

/// Replaces each native histogram value, with what repeats it, by gaps.
fn without_native(values: &str) -> String {
    let mut plain = String::new();
    let mut rest = values;
    while let Some(start) = rest.find("{{") {
        plain.push_str(&rest[..start]);
        let mut end = rest[start..].find("}}").map_or(rest.len(), |e| start + e + 2);
        if let Some(step) = rest[end..].strip_prefix(['+', '-']).filter(|s| s.starts_with("{{")) {
            end = rest.len() - step.len() + step.find("}}").map_or(step.len(), |e| e + 2);
        }
        let count: String =
            rest[end..].strip_prefix('x').unwrap_or("").chars().take_while(char::is_ascii_digit).collect();
        let repeated = count.parse::<usize>().map_or(1, |n| n + 1);
        plain.push_str(&" _".repeat(repeated));
        plain.push(' ');
        rest = &rest[end + if count.is_empty() { 0 } else { 1 + count.len() }..];
    }
    plain.push_str(rest);
    plain
}

/// Most values that one token may stand for.
const REPEAT_MAX: usize = 1_000_000;

fn expand(token: &str, to: &mut Vec<Option<f64>>) -> Option<()> {
    let (value, times) = match token.rsplit_once('x').filter(|(v, _)| !v.is_empty()) {
        Some((value, count)) => (value, Some(count.parse::<usize>().ok().filter(|n| *n <= REPEAT_MAX)?)),
        None => (token, None),
    };
    if value == "_" {
        to.extend(std::iter::repeat_n(None, times.unwrap_or(1)));
        return Some(());
    }
    if value == "stale" {
        to.push(Some(STALE));
        return Some(());
    }
    let Some(times) = times else {
        to.push(Some(parse_float(value)?));
        return Some(());
    };
    // The step begins at the last sign that is not an exponent's.
    let bytes = value.as_bytes();
    let sign =
        (1..bytes.len()).rev().find(|i| matches!(bytes[*i], b'+' | b'-') && !matches!(bytes[i - 1], b'e' | b'E'));
    let (start, step) = match sign {
        Some(at) => (parse_float(&value[..at])?, parse_float(&value[at..])?),
        None => (parse_float(value)?, 0.0),
    };
    let mut v = start;
    for _ in 0..=times {
        to.push(Some(v));
        v += step;
    }
    Some(())
}
