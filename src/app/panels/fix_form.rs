//! The form of a fix: which of the eighteen kinds, and its fields. Knows what a fix needs; must never know whether it
//! helps.

use crate::lab::Fix;
use crate::time::Duration;
use crate::world::{FallbackValue, HealthCheck};

/// The kinds of fixes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum FixKind {
    #[default]
    RollBack,
    SetTimeout,
    SetRetries,
    SetFallback,
    LogFallback,
    SetPool,
    RemoveBreaker,
    Restart,
    Scale,
    SetConcurrency,
    FlushCache,
    SetCacheTtl,
    DeepenHealth,
    PropagateTrace,
    AddClientSpans,
    ReportDataVersion,
    SyncClocks,
    SetQueueCapacity,
}

/// What a fix is done to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Target {
    Change,
    Arrow,
    Node,
    Cache,
    Queue,
}

/// The number or length that a fix needs besides its target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Extra {
    Nothing,
    /// A length of time; empty means none at all where that is allowed.
    Length {
        optional: bool,
    },
    /// A whole number: its name, and its range.
    Number {
        name: &'static str,
        least: u32,
        most: u32,
    },
    Fallback,
    Checks,
}

impl FixKind {
    /// All kinds, in groups: undo, arrows, nodes, stores, instrumentation.
    pub const ALL: [FixKind; 18] = [
        FixKind::RollBack,
        FixKind::SetTimeout,
        FixKind::SetRetries,
        FixKind::SetFallback,
        FixKind::SetPool,
        FixKind::RemoveBreaker,
        FixKind::Restart,
        FixKind::Scale,
        FixKind::SetConcurrency,
        FixKind::SyncClocks,
        FixKind::FlushCache,
        FixKind::SetCacheTtl,
        FixKind::SetQueueCapacity,
        FixKind::LogFallback,
        FixKind::DeepenHealth,
        FixKind::PropagateTrace,
        FixKind::AddClientSpans,
        FixKind::ReportDataVersion,
    ];

    /// Its name.
    pub fn words(self) -> &'static str {
        match self {
            FixKind::RollBack => "Roll back a change",
            FixKind::SetTimeout => "Set the timeout of an arrow",
            FixKind::SetRetries => "Set the retries of an arrow",
            FixKind::SetFallback => "Set or remove a fallback",
            FixKind::LogFallback => "Log each use of a fallback",
            FixKind::SetPool => "Set the size of a connection pool",
            FixKind::RemoveBreaker => "Remove a circuit breaker",
            FixKind::Restart => "Restart a node",
            FixKind::Scale => "Scale a node",
            FixKind::SetConcurrency => "Set the concurrency of a node",
            FixKind::FlushCache => "Flush a cache",
            FixKind::SetCacheTtl => "Set the TTL of a cache",
            FixKind::DeepenHealth => "Deepen a health check",
            FixKind::PropagateTrace => "Propagate traces over an arrow",
            FixKind::AddClientSpans => "Add client spans to an arrow",
            FixKind::ReportDataVersion => "Report data versions of a node",
            FixKind::SyncClocks => "Synchronise the clocks of a node",
            FixKind::SetQueueCapacity => "Set the capacity of a queue",
        }
    }

    /// What it is done to.
    pub fn target(self) -> Target {
        match self {
            FixKind::RollBack => Target::Change,
            FixKind::SetTimeout
            | FixKind::SetRetries
            | FixKind::SetFallback
            | FixKind::LogFallback
            | FixKind::SetPool
            | FixKind::RemoveBreaker
            | FixKind::PropagateTrace
            | FixKind::AddClientSpans => Target::Arrow,
            FixKind::Restart
            | FixKind::Scale
            | FixKind::SetConcurrency
            | FixKind::DeepenHealth
            | FixKind::ReportDataVersion
            | FixKind::SyncClocks => Target::Node,
            FixKind::FlushCache | FixKind::SetCacheTtl => Target::Cache,
            FixKind::SetQueueCapacity => Target::Queue,
        }
    }

    /// What else it needs.
    pub fn extra(self) -> Extra {
        match self {
            FixKind::SetTimeout => Extra::Length { optional: true },
            FixKind::SetCacheTtl => Extra::Length { optional: false },
            FixKind::SetRetries => Extra::Number { name: "Attempts in all", least: 1, most: 10 },
            FixKind::SetPool => Extra::Number { name: "Connections", least: 1, most: 10_000 },
            FixKind::Scale => Extra::Number { name: "Replicas", least: 1, most: 200 },
            FixKind::SetConcurrency => Extra::Number { name: "At a time, per replica", least: 1, most: 100_000 },
            FixKind::SetQueueCapacity => Extra::Number { name: "Messages", least: 1, most: 100_000_000 },
            FixKind::SetFallback => Extra::Fallback,
            FixKind::DeepenHealth => Extra::Checks,
            _ => Extra::Nothing,
        }
    }
}

/// What is filled in.
#[derive(Clone, Debug, Default)]
pub struct FixForm {
    /// The kind.
    pub kind: FixKind,
    /// The change, arrow or node.
    pub target: Option<String>,
    /// A length of time, as written.
    pub length: String,
    /// A number.
    pub number: u32,
    /// The fallback; none passes failures on.
    pub fallback: Option<FallbackValue>,
    /// What a health page checks.
    pub checks: Vec<HealthCheck>,
}

impl FixForm {
    /// The fix that is filled in, or what is missing.
    pub fn build(&self) -> Result<Fix, String> {
        let target = || self.target.clone().ok_or_else(|| self.missing().to_owned());
        let small = |number: u32| u16::try_from(number).map_err(|_| "The number is too large.".to_owned());
        Ok(match self.kind {
            FixKind::RollBack => Fix::RollBack { change: target()? },
            FixKind::SetTimeout => Fix::SetTimeout { arrow: target()?, timeout: self.length(true)? },
            FixKind::SetRetries => {
                let attempts = u8::try_from(self.number.max(1)).map_err(|_| "Ten attempts are the most.".to_owned())?;
                Fix::SetRetries { arrow: target()?, attempts }
            }
            FixKind::SetFallback => Fix::SetFallback { arrow: target()?, value: self.fallback },
            FixKind::LogFallback => Fix::LogFallback { arrow: target()? },
            FixKind::SetPool => Fix::SetPool { arrow: target()?, size: self.number.max(1) },
            FixKind::RemoveBreaker => Fix::RemoveBreaker { arrow: target()? },
            FixKind::Restart => Fix::Restart { node: target()? },
            FixKind::Scale => Fix::Scale { node: target()?, replicas: small(self.number.max(1))? },
            FixKind::SetConcurrency => Fix::SetConcurrency { node: target()?, concurrency: self.number.max(1) },
            FixKind::FlushCache => Fix::FlushCache { node: target()? },
            FixKind::SetCacheTtl => {
                let ttl = self.length(false)?.ok_or("Write how long an entry lives, such as 30s or 5m.")?;
                Fix::SetCacheTtl { node: target()?, ttl }
            }
            FixKind::DeepenHealth => {
                let node = target()?;
                if self.checks.is_empty() {
                    return Err("Add at least one check.".to_owned());
                }
                Fix::DeepenHealth { node, checks: self.checks.clone() }
            }
            FixKind::PropagateTrace => Fix::PropagateTrace { arrow: target()? },
            FixKind::AddClientSpans => Fix::AddClientSpans { arrow: target()? },
            FixKind::ReportDataVersion => Fix::ReportDataVersion { node: target()? },
            FixKind::SyncClocks => Fix::SyncClocks { node: target()? },
            FixKind::SetQueueCapacity => Fix::SetQueueCapacity { node: target()?, capacity: self.number.max(1) },
        })
    }

    /// Fills in the form with a fix that another panel proposes.
    pub fn fill(&mut self, fix: &Fix) {
        if let Fix::RollBack { change } = fix {
            *self = FixForm { kind: FixKind::RollBack, target: Some(change.clone()), ..FixForm::default() };
        }
    }

    fn length(&self, optional: bool) -> Result<Option<Duration>, String> {
        match self.length.trim() {
            "" if optional => Ok(None),
            "" => Err("Write a length of time, such as 30s or 5m.".to_owned()),
            text => Duration::parse(text).map(Some),
        }
    }

    fn missing(&self) -> &'static str {
        match self.kind.target() {
            Target::Change => "Choose the change.",
            Target::Arrow => "Choose the arrow.",
            Target::Node => "Choose the node.",
            Target::Cache => "Choose the cache.",
            Target::Queue => "Choose the queue.",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_says_what_is_missing_and_then_builds() {
        for kind in FixKind::ALL {
            let mut form = FixForm { kind, ..FixForm::default() };
            assert!(form.build().is_err(), "{kind:?} needs a target");
            form.target = Some("a -> b".into());
            form.length = "2s".into();
            form.number = 3;
            form.checks = vec![HealthCheck::Dependency("b".into())];
            assert!(form.build().is_ok(), "{kind:?}");
        }
    }

    #[test]
    fn a_length_that_is_none_is_refused_with_a_remedy() {
        let form = FixForm {
            kind: FixKind::SetTimeout,
            target: Some("a -> b".into()),
            length: "soon".into(),
            ..FixForm::default()
        };
        assert!(form.build().unwrap_err().contains("250ms"));
        let form = FixForm { length: String::new(), ..form };
        assert_eq!(form.build(), Ok(Fix::SetTimeout { arrow: "a -> b".into(), timeout: None }));
    }
}
