//! Functions of labels: `label_replace`, `label_join` and the order of `sort_by_label`.

use super::super::error::{Error, Result};
use super::super::eval::{Stream, merge};
use super::super::labels::Labels;
use super::super::matcher::anchored_regex;
use std::cmp::Ordering;

/// `label_replace` or `label_join` with its string arguments.
pub(in super::super) fn relabel(name: &str, streams: Vec<Stream>, texts: &[&str]) -> Result<Vec<Stream>> {
    let valid = |label: &str| {
        let message = format!("invalid destination label name in {name}(): {label}");
        if label.is_empty() { Err(Error::execution(message)) } else { Ok(()) }
    };
    match (name, texts) {
        ("label_replace", [to, template, from, pattern]) => {
            valid(to)?;
            let regex = anchored_regex(pattern)
                .map_err(|_| Error::execution(format!("invalid regular expression in label_replace(): {pattern}")))?;
            merge(streams.into_iter().map(|s| {
                let Some(found) = regex.captures(s.labels.get(from)) else { return s };
                let mut value = String::new();
                found.expand(template, &mut value);
                Stream { labels: s.labels.with(to, &value), ..s }
            }))
        }
        ("label_join", [to, separator, from @ ..]) => {
            valid(to)?;
            merge(streams.into_iter().map(|s| {
                let parts: Vec<&str> = from.iter().map(|name| s.labels.get(name)).collect();
                Stream { labels: s.labels.with(to, &parts.join(separator)), ..s }
            }))
        }
        _ => Ok(streams),
    }
}

/// By the values of these labels in natural order, then by all labels.
pub(in super::super) fn by_labels(a: &Labels, b: &Labels, names: &[&str]) -> Ordering {
    let differing = names.iter().map(|n| natural(a.get(n), b.get(n))).find(|o| o.is_ne());
    differing.unwrap_or_else(|| a.cmp(b))
}

/// Runs of digits compare as numbers: `a2` before `a10`.
fn natural(a: &str, b: &str) -> Ordering {
    let (mut left, mut right) = (a, b);
    while !left.is_empty() && !right.is_empty() {
        let (x, y) = (chunk(left), chunk(right));
        let digits = |s: &str| s.starts_with(|c: char| c.is_ascii_digit());
        let order = if digits(x) && digits(y) {
            let (p, q) = (x.trim_start_matches('0'), y.trim_start_matches('0'));
            p.len().cmp(&q.len()).then(p.cmp(q)).then(x.len().cmp(&y.len()))
        } else {
            x.cmp(y)
        };
        if order.is_ne() {
            return order;
        }
        (left, right) = (&left[x.len()..], &right[y.len()..]);
    }
    left.len().cmp(&right.len())
}

/// The leading run of digits, or of anything else.
fn chunk(text: &str) -> &str {
    let digits = text.starts_with(|c: char| c.is_ascii_digit());
    let end = text.find(|c: char| c.is_ascii_digit() != digits).unwrap_or(text.len());
    &text[..end]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn natural_order_knows_numbers() {
        let mut names = ["4m1000", "4m5", "4m600", "", "4", "a"];
        names.sort_by(|a, b| natural(a, b));
        assert_eq!(names, ["", "4", "4m5", "4m600", "4m1000", "a"]);
    }
}
