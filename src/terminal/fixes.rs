//! The kinds of change a learner can deploy, at the prompt: how the words after `fix` become a [`Fix`]. Knows no kind
//! by name: the lab's table says what each takes.

use super::refuse;
use super::words::Args;
use crate::diagnostic::nearest;
use crate::lab::{Fix, FixField, FixKind, FixSort, FixTarget, FixValue, Refusal};
use crate::world::HealthCheck;

/// Reads what follows `fix`.
pub(super) fn read(args: &mut Args) -> Result<Fix, Refusal> {
    let verb = args.word("a kind of fix").map_err(|refusal| refuse(refusal.what, "`fixes` lists the kinds"))?;
    match Fix::KINDS.iter().find(|kind| kind.verb == verb) {
        Some(kind) => {
            let (target, values) = read_kind(kind, args).map_err(|refusal| refuse(refusal.what, remedy(kind)))?;
            Fix::make(kind, &target, &values).ok_or_else(|| out_of_range(kind, &values))
        }
        None => {
            let near = nearest(&verb, Fix::KINDS.iter().map(|kind| kind.verb));
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

fn read_kind(kind: &FixKind, args: &mut Args) -> Result<(String, Vec<FixValue>), Refusal> {
    let target = match kind.target {
        FixTarget::Change => args.word("the id of a change")?,
        FixTarget::Arrow | FixTarget::Call => args.arrow_text()?,
        _ => args.word("the name of a node")?,
    };
    let values = kind.fields.iter().map(|field| read_field(field, &target, args)).collect::<Result<_, _>>()?;
    Ok((target, values))
}

/// The first value that is outside the range of its field.
fn out_of_range(kind: &FixKind, values: &[FixValue]) -> Refusal {
    let first = kind.fields.iter().zip(values).find_map(|(field, value)| field.check(value).err());
    first.unwrap_or_else(|| refuse("a value is out of range", remedy(kind)))
}

fn read_field(field: &FixField, target: &str, args: &mut Args) -> Result<FixValue, Refusal> {
    if field.sort == FixSort::Checks {
        return checks(args).map(FixValue::Checks);
    }
    let text = match (field.usual, args.option(field.name)) {
        (_, Some(text)) => text,
        (Some(usual), None) => usual.to_owned(),
        (None, None) => args.word(field.label)?,
    };
    field.read_for(target, &text).map_err(|what| args.refusal(what))
}

fn remedy(kind: &FixKind) -> String {
    format!("write: fix {} {}, such as `fix {}`", kind.verb, kind.takes(), kind.example)
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
    use crate::time::Duration;
    use crate::world::FallbackValue;

    fn fix(line: &str) -> Result<Fix, Refusal> {
        read(&mut Args::new(line, "fix KIND ...").unwrap())
    }

    #[test]
    fn every_example_is_read_and_is_of_its_kind() {
        for kind in Fix::KINDS {
            let read = fix(kind.example).unwrap_or_else(|refusal| panic!("{}: {refusal}", kind.example));
            assert_eq!(read.kind().verb, kind.verb);
        }
    }

    #[test]
    fn values_reach_the_fix() {
        let timeout = Some(Duration::from_millis(800));
        assert_eq!(fix("timeout a->b 800ms"), Ok(Fix::SetTimeout { arrow: "a -> b".into(), timeout }));
        assert_eq!(fix("timeout a -> b none"), Ok(Fix::SetTimeout { arrow: "a -> b".into(), timeout: None }));
        assert_eq!(fix("fallback a -> b none"), Ok(Fix::SetFallback { arrow: "a -> b".into(), value: None }));
        assert_eq!(
            fix("fallback a -> b stale"),
            Ok(Fix::SetFallback { arrow: "a -> b".into(), value: Some(FallbackValue::Stale) })
        );
        for replica in ["2", "w-2"] {
            let restart = Fix::RestartReplica { node: "w".into(), replica: 2 };
            assert_eq!(fix(&format!("restart-replica w {replica}")), Ok(restart));
        }
        let open_for = Duration::from_secs(10);
        let breaker = Fix::SetBreaker { arrow: "a -> b".into(), threshold: 0.5, window: 7, open_for };
        assert_eq!(fix("breaker a -> b window=7 0.5"), Ok(breaker));
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
            "timeout a b 3s",
            "ttl c 5",
            "deep-health w",
            "deep-health w lag=q",
            "pool a -> b -1",
            "balance a -> b best",
            "sampling w NaN",
            "flag w new",
        ] {
            let refusal = fix(line).unwrap_err();
            assert!(!refusal.what.is_empty() && refusal.remedy.contains("fix"), "{line}: {refusal}");
        }
        assert!(fix("rolback x").unwrap_err().remedy.contains("roll-back"));
        for (line, what) in [
            ("scale w 70000", "`replicas` is 70000, outside 1 to "),
            ("retries a -> b 1000000", "`attempts` is 1000000, outside 1 to 10"),
            ("retries a -> b many", "`many` is no whole number from 1 to 10"),
            ("restart-replica w x-1", "`x-1` is no whole number from 1 to "),
            ("rate-limit w inf", "`inf` is no number from 0.001 to 1000000"),
            ("sampling w half", "`half` is no number from 0 to 1"),
        ] {
            let refusal = fix(line).unwrap_err();
            assert!(refusal.what.contains(what) && !refusal.remedy.is_empty(), "{line}: {refusal}");
        }
    }
}
