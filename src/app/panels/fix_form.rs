//! The form of a fix: its kind, its target and its values as written. Knows no kind by name: the lab's table says what
//! each takes.

use crate::lab::{Fix, FixKind, FixSort, FixTarget, FixValue};
use crate::world::HealthCheck;

/// What is filled in.
#[derive(Clone, Debug)]
pub struct FixForm {
    /// The kind.
    pub kind: &'static FixKind,
    /// The change, arrow or node.
    pub target: Option<String>,
    /// The values of the kind's fields, as written.
    pub values: Vec<String>,
    /// What a health page checks.
    pub checks: Vec<HealthCheck>,
}

impl Default for FixForm {
    fn default() -> Self {
        FixForm::new(Fix::KINDS[0], None)
    }
}

impl FixForm {
    /// A form with nothing in it but what is usual.
    pub fn new(kind: &'static FixKind, target: Option<String>) -> FixForm {
        let values = kind.fields.iter().map(|field| match (field.usual, field.sort) {
            (Some(usual), _) => usual.to_owned(),
            (None, FixSort::Count(least, _)) => least.to_string(),
            (None, FixSort::Choice(words)) => match (field.none, words.first()) {
                (Some(_), _) => "none".to_owned(),
                (None, first) => first.map_or_else(String::new, |(word, _)| (*word).to_owned()),
            },
            (None, _) => String::new(),
        });
        FixForm { kind, target, values: values.collect(), checks: Vec::new() }
    }

    /// The fix that is filled in, or what is missing.
    pub fn build(&self) -> Result<Fix, String> {
        let target = self.target.as_deref().ok_or_else(|| missing(self.kind.target))?;
        let fields = self.kind.fields.iter().zip(&self.values);
        let values = fields.map(|(field, text)| match field.sort {
            FixSort::Checks if self.checks.is_empty() => Err("Add at least one check.".to_owned()),
            FixSort::Checks => Ok(FixValue::Checks(self.checks.clone())),
            _ => {
                let value = field.read(text)?;
                field.check(&value).map_err(|refusal| refusal.what)?;
                Ok(value)
            }
        });
        let values = values.collect::<Result<Vec<_>, _>>()?;
        Fix::make(self.kind, target, &values).ok_or_else(|| "A value is out of range.".to_owned())
    }

    /// Fills in the form with a fix that another panel proposes.
    pub fn fill(&mut self, fix: &Fix) {
        *self = FixForm::new(fix.kind(), Some(fix.target().to_owned()));
    }
}

fn missing(target: FixTarget) -> String {
    format!("Choose the {}.", target.words())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::Duration;

    #[test]
    fn every_kind_says_what_is_missing_and_then_builds() {
        for kind in Fix::KINDS {
            let mut form = FixForm::new(kind, None);
            assert!(form.build().is_err(), "{} needs a target", kind.verb);
            form.target = Some("a -> b".into());
            for (field, value) in kind.fields.iter().zip(&mut form.values) {
                match field.sort {
                    FixSort::Time(..) => *value = "2s".into(),
                    FixSort::Share(..) => *value = "0.5".into(),
                    FixSort::Flag | FixSort::Datum => *value = "new-search".into(),
                    _ => {}
                }
            }
            form.checks = vec![HealthCheck::Dependency("b".into())];
            let fix = form.build().unwrap_or_else(|missing| panic!("{}: {missing}", kind.verb));
            assert_eq!(fix.kind().verb, kind.verb);
        }
    }

    #[test]
    fn a_length_that_is_none_is_refused_with_a_remedy() {
        let timeout = Fix::KINDS.iter().find(|kind| kind.verb == "timeout").unwrap();
        let mut form = FixForm::new(timeout, Some("a -> b".into()));
        form.values = vec!["soon".into()];
        assert!(form.build().unwrap_err().contains("250ms"));
        form.values = vec!["none".into()];
        assert_eq!(form.build(), Ok(Fix::SetTimeout { arrow: "a -> b".into(), timeout: None }));
        form.values = vec!["1s".into()];
        let timeout = Some(Duration::from_secs(1));
        assert_eq!(form.build(), Ok(Fix::SetTimeout { arrow: "a -> b".into(), timeout }));
    }
}
