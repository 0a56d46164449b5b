//! The three query languages by name, and whether an expression is well formed in one. Knows no data.

use serde::{Deserialize, Serialize};

use super::syntax::SyntaxError;
use super::{logql, promql, traceql};

/// A query language of the field.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Language {
    /// Metrics, as Prometheus is asked.
    #[default]
    Promql,
    /// Logs, as Loki is asked.
    Logql,
    /// Traces, as Tempo is asked.
    Traceql,
}

impl Language {
    /// All of them.
    pub const ALL: [Language; 3] = [Language::Promql, Language::Logql, Language::Traceql];

    /// The word for it on a command line: `promql`.
    pub fn word(self) -> &'static str {
        match self {
            Language::Promql => "promql",
            Language::Logql => "logql",
            Language::Traceql => "traceql",
        }
    }

    /// Its name: `PromQL`.
    pub fn name(self) -> &'static str {
        match self {
            Language::Promql => "PromQL",
            Language::Logql => "LogQL",
            Language::Traceql => "TraceQL",
        }
    }

    /// The language of this word, in any case.
    pub fn find(word: &str) -> Option<Language> {
        Language::ALL.into_iter().find(|language| language.word().eq_ignore_ascii_case(word))
    }

    /// Whether an expression is well formed, or where it is not and what was expected there.
    pub fn check(self, expression: &str) -> Result<(), SyntaxError> {
        match self {
            Language::Promql => promql::parse(expression).map(drop).map_err(|error| error.placed(expression)),
            Language::Logql => logql::well_formed(expression),
            Language::Traceql => traceql::parse(expression).map(drop),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_language_says_where_it_does_not_understand() {
        for (language, expression, place, near) in [
            (Language::Promql, "sum(raet(up[5m]))", "1:5: ", "rate"),
            (Language::Logql, "{level=\"error\"} | jsn", "1:19: ", "json"),
            (Language::Traceql, "{ statu = error }", "1:3: ", "status"),
        ] {
            let text = language.check(expression).unwrap_err().to_string();
            assert!(text.starts_with(place) && text.contains(near) && text.ends_with('^'), "{text}");
            assert_eq!(Language::find(&language.name().to_uppercase()), Some(language));
        }
        assert!(Language::Promql.check("up").is_ok());
        assert_eq!(Language::find("sql"), None);
    }
}
