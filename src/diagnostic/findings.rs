//! What checks find wrong with data: by path, before it is known whether a text says it, and where. Knows how to say
//! that a number is out of range or a name unknown, so that all checks say it alike.

use std::fmt::Debug;
use std::ops::RangeInclusive;
use std::sync::Arc;

use super::{DataPath, MOST, Problem, Problems, Source, Tree, did_you_mean, reference};

/// What is wrong with some data.
#[derive(Clone, Debug, Default)]
pub struct Findings {
    list: Vec<Finding>,
    more: usize,
}

#[derive(Clone, Debug)]
struct Finding {
    path: DataPath,
    /// The key is wrong, not what it leads to.
    key: bool,
    what: String,
    help: String,
}

/// The least and the most that a number may be.
pub type Limits<T> = RangeInclusive<T>;

impl Findings {
    /// A value is wrong.
    pub fn value(&mut self, path: &DataPath, what: impl Into<String>, help: impl Into<String>) {
        self.add(path, false, what, help);
    }

    /// A key is wrong, or what it leads to as a whole.
    pub fn key(&mut self, path: &DataPath, what: impl Into<String>, help: impl Into<String>) {
        self.add(path, true, what, help);
    }

    fn add(&mut self, path: &DataPath, key: bool, what: impl Into<String>, help: impl Into<String>) {
        if self.is_full() {
            self.more += 1;
        } else {
            self.list.push(Finding { path: path.clone(), key, what: what.into(), help: help.into() });
        }
    }

    /// Whether so much is wrong that more is only counted.
    pub fn is_full(&self) -> bool {
        self.list.len() >= MOST
    }

    /// Whether nothing is wrong.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// Whether `value` is within limits; if not (or if it is no number), it is wrong.
    pub fn range<T: PartialOrd + Debug>(&mut self, path: &DataPath, what: &str, value: T, limits: Limits<T>) -> bool {
        let fits = limits.contains(&value);
        if !fits {
            let (least, most) = (number(limits.start()), number(limits.end()));
            let help = format!("write a number from {least} to {most}");
            self.value(path, format!("{what} is {}, outside {least} to {most}", number(&value)), help);
        }
        fits
    }

    /// A name is unknown. `kind` is what it should be the name of.
    pub fn unknown<'a>(&mut self, path: &DataPath, kind: &str, name: &str, known: impl IntoIterator<Item = &'a str>) {
        if self.is_full() {
            self.more += 1;
            return;
        }
        let help = did_you_mean(name, known, "there is none to choose from: declare one");
        self.value(path, format!("there is no {kind} `{}`", short(name)), help);
    }

    /// The problems: placed in the text that the data was read from, or by path if there is none.
    pub fn into_problems(self, source: Option<&Arc<Source>>) -> Problems {
        let mut problems = Problems { list: Vec::new(), more: self.more };
        let placed = source.map(|source| (source, Tree::read(&source.text)));
        let mut list: Vec<(usize, Problem)> = Vec::new();
        for Finding { path, key, what, help } in self.list {
            let (order, problem) = match &placed {
                Some((source, tree)) => {
                    let span = tree.locate(&source.text, &path, key);
                    let reference = reference::link(tree, span.start);
                    (span.start, Problem::in_text(source, span, what).see(reference))
                }
                None => (0, Problem::in_file(path.to_string(), what)),
            };
            list.push((order, problem.help(help)));
        }
        list.sort_by_key(|(order, _)| *order);
        list.into_iter().for_each(|(_, problem)| problems.push(problem));
        problems
    }
}

/// A number as people write it: `0`, `0.5`, `60,000`, `1e30`.
fn number(value: &impl Debug) -> String {
    let text = format!("{value:?}");
    let text = text.strip_suffix(".0").unwrap_or(&text);
    let (sign, digits) = text.strip_prefix('-').map_or(("", text), |digits| ("-", digits));
    if digits.len() < 5 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return text.to_owned();
    }
    let mut grouped = sign.to_owned();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// A name that fits into a sentence.
pub(crate) fn short(name: &str) -> String {
    const LONGEST: usize = 80;
    if name.chars().count() <= LONGEST {
        return name.to_owned();
    }
    name.chars().take(LONGEST).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_out_of_range_and_unknown_names_are_said_in_one_way() {
        let (mut findings, path) = (Findings::default(), DataPath::root().field("loss"));
        assert!(findings.range(&path, "`loss`", 0.5, 0.0..=1.0));
        assert!(!findings.range(&path, "`loss`", f64::NAN, 0.0..=1.0));
        assert!(!findings.range(&path, "`keys`", 1_000_000_000_000u64, 1..=50_000_000));
        findings.unknown(&path, "node", "ordres", ["orders"]);
        insta::assert_snapshot!(findings.into_problems(None), @"
        error: `loss` is NaN, outside 0 to 1
        --> loss
         = help: write a number from 0 to 1

        error: `keys` is 1,000,000,000,000, outside 1 to 50,000,000
        --> loss
         = help: write a number from 1 to 50,000,000

        error: there is no node `ordres`
        --> loss
         = help: did you mean `orders`?
        ");
    }

    #[test]
    fn problems_without_end_are_counted_not_kept() {
        let mut findings = Findings::default();
        (0..MOST + 7).for_each(|_| findings.value(&DataPath::root(), "wrong", ""));
        let problems = findings.into_problems(None);
        assert_eq!((problems.iter().count(), problems.len()), (MOST, MOST + 7));
        assert!(problems.to_string().contains("error: 7 more problems"));
    }
}
