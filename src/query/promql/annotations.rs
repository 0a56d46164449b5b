//! Warnings and infos: remarks on a query that has a result all the same. Wording is Prometheus's.

use super::super::syntax::SyntaxError;
use super::error::Span;
use super::number;

/// Remarks of one query, each text once per place, in the order in which they arose.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Annotations {
    warnings: Vec<(String, Span)>,
    infos: Vec<(String, Span)>,
}

impl Annotations {
    /// Adds a warning.
    pub fn warn(&mut self, span: &Span, message: impl AsRef<str>) {
        add(&mut self.warnings, span, format!("PromQL warning: {}", message.as_ref()));
    }

    /// Adds an info.
    pub fn info(&mut self, span: &Span, message: impl AsRef<str>) {
        add(&mut self.infos, span, format!("PromQL info: {}", message.as_ref()));
    }

    /// A quantile outside 0 to 1.
    pub fn invalid_quantile(&mut self, span: &Span, q: f64) {
        if !(0.0..=1.0).contains(&q) {
            self.warn(span, format!("quantile value should be between 0 and 1, got {}", number::format(q)));
        }
    }

    /// The warnings' texts, without positions.
    pub fn warnings(&self) -> impl Iterator<Item = &str> {
        self.warnings.iter().map(|(text, _)| text.as_str())
    }

    /// The infos' texts, without positions.
    pub fn infos(&self) -> impl Iterator<Item = &str> {
        self.infos.iter().map(|(text, _)| text.as_str())
    }

    /// The warnings as the HTTP API words them, with `(line:column)` in the query.
    pub fn warnings_at(&self, query: &str) -> Vec<String> {
        located(&self.warnings, query)
    }

    /// The infos as the HTTP API words them, with `(line:column)` in the query.
    pub fn infos_at(&self, query: &str) -> Vec<String> {
        located(&self.infos, query)
    }
}

/// More remarks than this are of no use to a reader, and would be as many as there are series.
const REMARKS_MAX: usize = 100;

fn add(to: &mut Vec<(String, Span)>, span: &Span, text: String) {
    if to.len() < REMARKS_MAX && !to.iter().any(|(t, s)| *t == text && s == span) {
        to.push((text, span.clone()));
    }
}

fn located(from: &[(String, Span)], query: &str) -> Vec<String> {
    from.iter()
        .map(|(text, span)| {
            let SyntaxError { line, column, .. } = SyntaxError::new(query, span.start, 0, "");
            format!("{text} ({line}:{column})")
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_remark_is_kept_once_and_located() {
        let mut notes = Annotations::default();
        notes.invalid_quantile(&(2..3), 1.5);
        notes.invalid_quantile(&(2..3), 1.5);
        notes.invalid_quantile(&(2..3), 0.5);
        let warned = notes.warnings_at("q(x)");
        assert_eq!(warned, ["PromQL warning: quantile value should be between 0 and 1, got 1.5 (1:3)"]);
    }
}
