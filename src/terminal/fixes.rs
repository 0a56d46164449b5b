//! The kinds of change a learner can deploy, one row each: the verb, its usage, and how its words become a [`Fix`].

use super::refuse;
use super::words::Args;
use crate::diagnostic::nearest;
use crate::lab::{Fix, Refusal};
use crate::time::Duration;
use crate::world::{FallbackValue, HealthCheck};

/// One kind of fix.
pub(super) struct FixKind {
    /// The word after `fix`.
    pub(super) verb: &'static str,
    /// What follows, in the style of a usage line.
    pub(super) takes: &'static str,
    /// One line.
    pub(super) does: &'static str,
    /// What could be typed after `fix`.
    pub(super) example: &'static str,
    read: fn(&mut Args) -> Result<Fix, Refusal>,
}

macro_rules! kind {
    ($verb:literal, $takes:literal, $does:literal, $example:literal, $read:expr) => {
        FixKind { verb: $verb, takes: $takes, does: $does, example: $example, read: $read }
    };
}

/// Every kind of fix.
pub(super) const KINDS: &[FixKind] = &[
    kind!("roll-back", "CHANGE", "undo a change of the feed", "roll-back deploy-1412", |a| {
        Ok(Fix::RollBack { change: a.word("the id of a change")? })
    }),
    kind!("timeout", "A -> B DURATION|none", "change how long a caller waits", "timeout web -> catalog 800ms", |a| {
        Ok(Fix::SetTimeout { arrow: a.arrow_text()?, timeout: duration_or_none(a)? })
    }),
    kind!(
        "retries",
        "A -> B ATTEMPTS",
        "change how often a caller tries (1 is no retry)",
        "retries web -> catalog 3",
        |a| { Ok(Fix::SetRetries { arrow: a.arrow_text()?, attempts: count(a, "the number of attempts")? }) }
    ),
    kind!(
        "fallback",
        "A -> B none|default|empty|stale",
        "change or remove a fallback",
        "fallback web -> catalog none",
        |a| { Ok(Fix::SetFallback { arrow: a.arrow_text()?, value: fallback(a)? }) }
    ),
    kind!(
        "log-fallback",
        "A -> B",
        "write a line each time an attempt fails or a fallback is used",
        "log-fallback web -> catalog",
        |a| { Ok(Fix::LogFallback { arrow: a.arrow_text()? }) }
    ),
    kind!("pool", "A -> B CONNECTIONS", "change a connection pool", "pool catalog -> db 40", |a| {
        Ok(Fix::SetPool { arrow: a.arrow_text()?, size: count(a, "the number of connections")? })
    }),
    kind!("remove-breaker", "A -> B", "take a circuit breaker out", "remove-breaker web -> catalog", |a| {
        Ok(Fix::RemoveBreaker { arrow: a.arrow_text()? })
    }),
    kind!("restart", "NODE", "restart all replicas, one after another", "restart catalog", |a| {
        Ok(Fix::Restart { node: node(a)? })
    }),
    kind!("scale", "NODE REPLICAS", "change the number of replicas", "scale worker 4", |a| {
        Ok(Fix::Scale { node: node(a)?, replicas: count(a, "the number of replicas")? })
    }),
    kind!(
        "concurrency",
        "NODE N",
        "change how many requests or messages one replica works on at a time",
        "concurrency worker 8",
        |a| { Ok(Fix::SetConcurrency { node: node(a)?, concurrency: count(a, "the number at a time")? }) }
    ),
    kind!("flush", "CACHE", "drop all entries of a cache", "flush cache", |a| Ok(Fix::FlushCache { node: node(a)? })),
    kind!("ttl", "CACHE DURATION", "change how long entries of a cache live", "ttl cache 5m", |a| {
        Ok(Fix::SetCacheTtl { node: node(a)?, ttl: duration(a)? })
    }),
    kind!(
        "deep-health",
        "NODE [calls=NODE] [lag=QUEUE:DURATION] [pool=NODE:DURATION]",
        "make a health page check what the node depends on",
        "deep-health worker calls=mail lag=orders:1m",
        |a| { Ok(Fix::DeepenHealth { node: node(a)?, checks: checks(a)? }) }
    ),
    kind!("propagate", "A -> B", "make trace context cross an arrow", "propagate web -> orders", |a| {
        Ok(Fix::PropagateTrace { arrow: a.arrow_text()? })
    }),
    kind!(
        "client-spans",
        "A -> B",
        "record a span for each attempt over an arrow",
        "client-spans web -> catalog",
        |a| { Ok(Fix::AddClientSpans { arrow: a.arrow_text()? }) }
    ),
    kind!("data-version", "NODE", "put the version of the data it serves on its spans", "data-version catalog", |a| {
        Ok(Fix::ReportDataVersion { node: node(a)? })
    }),
    kind!("sync-clocks", "NODE", "set the clocks of a node right", "sync-clocks auth", |a| {
        Ok(Fix::SyncClocks { node: node(a)? })
    }),
    kind!("queue-capacity", "QUEUE MESSAGES", "change the size of a queue", "queue-capacity orders 50000", |a| {
        Ok(Fix::SetQueueCapacity { node: node(a)?, capacity: count(a, "the number of messages")? })
    }),
];

/// Reads what follows `fix`.
pub(super) fn read(args: &mut Args) -> Result<Fix, Refusal> {
    let verb = args.word("a kind of fix").map_err(|refusal| refuse(refusal.what, "`fixes` lists the kinds"))?;
    match KINDS.iter().find(|kind| kind.verb == verb) {
        Some(kind) => (kind.read)(args).map_err(|refusal| refuse(refusal.what, kind.remedy())),
        None => {
            let near = nearest(&verb, KINDS.iter().map(|kind| kind.verb));
            Err(refuse(
                format!("`{verb}` is no kind of fix"),
                near.map_or_else(
                    || "`fixes` lists the kinds".into(),
                    |near| format!("did you mean `{near}`? `fixes` lists the kinds"),
                ),
            ))
        }
    }
}

impl FixKind {
    fn remedy(&self) -> String {
        format!("write: fix {} {}, such as `fix {}`", self.verb, self.takes, self.example)
    }

    /// The fix that the example stands for.
    pub(super) fn sample(&self) -> Option<Fix> {
        read(&mut Args::new(self.example, "").ok()?).ok()
    }
}

fn node(args: &mut Args) -> Result<String, Refusal> {
    args.word("the name of a node")
}

fn count<N: std::str::FromStr>(args: &mut Args, what: &str) -> Result<N, Refusal> {
    let text = args.word(what)?;
    args.read_number(&text)
}

fn duration(args: &mut Args) -> Result<Duration, Refusal> {
    let text = args.word("a duration such as `800ms`")?;
    args.read_duration(&text)
}

fn duration_or_none(args: &mut Args) -> Result<Option<Duration>, Refusal> {
    if args.flag("none") { Ok(None) } else { duration(args).map(Some) }
}

fn fallback(args: &mut Args) -> Result<Option<FallbackValue>, Refusal> {
    match args.word("what the fallback answers")?.as_str() {
        "none" => Ok(None),
        "default" => Ok(Some(FallbackValue::Default)),
        "empty" => Ok(Some(FallbackValue::Empty)),
        "stale" => Ok(Some(FallbackValue::Stale)),
        other => Err(args.refusal(format!("`{other}` is no fallback"))),
    }
}

fn checks(args: &mut Args) -> Result<Vec<HealthCheck>, Refusal> {
    let mut checks = Vec::new();
    for (key, value) in args.options() {
        let limited = |args: &Args| match value.rsplit_once(':') {
            Some((name, limit)) => Ok((name.to_owned(), args.read_duration(limit)?)),
            None => Err(args.refusal(format!("`{key}={value}` lacks its limit, as in `{key}={value}:30s`"))),
        };
        checks.push(match key.as_str() {
            "calls" => HealthCheck::Dependency(value),
            "lag" => limited(args).map(|(queue, limit)| HealthCheck::ConsumerLag(queue, limit))?,
            "pool" => limited(args).map(|(node, limit)| HealthCheck::PoolWait(node, limit))?,
            other => return Err(args.refusal(format!("`{other}` is nothing a health page can check"))),
        });
    }
    match checks.is_empty() {
        true => Err(args.refusal("what the page should check is missing")),
        false => Ok(checks),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fix(line: &str) -> Result<Fix, Refusal> {
        read(&mut Args::new(line, "fix KIND ...").unwrap())
    }

    #[test]
    fn every_example_is_read_and_no_two_kinds_make_the_same_fix() {
        let made: Vec<_> = KINDS.iter().map(|kind| std::mem::discriminant(&kind.sample().unwrap())).collect();
        for (at, one) in made.iter().enumerate() {
            assert!(!made[at + 1..].contains(one), "{}", KINDS[at].verb);
        }
        assert_eq!(made.len(), 18);
    }

    #[test]
    fn values_reach_the_fix() {
        let timeout = Some(Duration::from_millis(800));
        assert_eq!(fix("timeout a->b 800ms"), Ok(Fix::SetTimeout { arrow: "a -> b".into(), timeout }));
        assert_eq!(fix("timeout a -> b none"), Ok(Fix::SetTimeout { arrow: "a -> b".into(), timeout: None }));
        assert_eq!(fix("fallback a -> b none"), Ok(Fix::SetFallback { arrow: "a -> b".into(), value: None }));
        let checks =
            vec![HealthCheck::Dependency("db".into()), HealthCheck::ConsumerLag("q".into(), Duration::from_secs(30))];
        assert_eq!(fix("deep-health w calls=db lag=q:30s"), Ok(Fix::DeepenHealth { node: "w".into(), checks }));
    }

    #[test]
    fn wrong_words_are_refused_with_the_usage() {
        for line in [
            "",
            "roll-back",
            "roll back x",
            "scale w many",
            "scale w 70000",
            "timeout a b 3s",
            "ttl c 5",
            "deep-health w",
            "deep-health w lag=q",
            "pool a -> b -1",
        ] {
            let refusal = fix(line).unwrap_err();
            assert!(!refusal.what.is_empty() && refusal.remedy.contains("fix"), "{line}: {refusal}");
        }
        assert!(fix("rolback x").unwrap_err().remedy.contains("roll-back"));
    }
}
