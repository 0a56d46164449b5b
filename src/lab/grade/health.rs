//! Step 5, Verify health: health and metrics first, then the map, and logs only to confirm. Judged by the order of
//! looks, which is the one thing that a session records without being told.

use super::{Case, Review};
use crate::lab::{Command, Look};
use crate::query::Language;

pub fn review(case: &Case<'_>) -> Review {
    let first = |is: &dyn Fn(&Command) -> bool| case.commands.iter().position(is);
    let asks = |command: &Command, language: Language| matches!(command, Command::Look(look) if look.language() == Some(language));
    let health = first(&|command| {
        matches!(command, Command::Look(Look::Health | Look::Queues | Look::Caches | Look::Clocks))
            || asks(command, Language::Promql)
    });
    let map = first(&|command| matches!(command, Command::Look(Look::Dependencies) | Command::DrawArrow { .. }));
    let logs = first(&|command| asks(command, Language::Logql) || asks(command, Language::Traceql));
    let before_logs = |at: Option<usize>| at.is_some_and(|at| logs.is_none_or(|logs| at < logs));
    let mut order: Vec<(usize, &str)> = [(health, "health and metrics"), (map, "the map"), (logs, "logs and traces")]
        .into_iter()
        .filter_map(|(at, name)| Some((at?, name)))
        .collect();
    order.sort_unstable();
    let names: Vec<&str> = order.into_iter().map(|(_, name)| name).collect();
    let degraded = |record: &&crate::telemetry::HealthRecord| record.code == 200 && !record.issues.is_empty();
    let evidence = match case.sim.telemetry().health.iter().filter(degraded).count() {
        0 => "no health page ever said that something was wrong: a page says that a process runs".to_owned(),
        1 => "a health page said once that something was wrong".to_owned(),
        times => format!("health pages said {times} times that something was wrong"),
    };
    let score = 0.5 * f64::from(u8::from(before_logs(health))) + 0.5 * f64::from(u8::from(before_logs(map)));
    Review {
        did: if names.is_empty() {
            "looked at nothing".into()
        } else {
            format!("looked at {}", names.join(", then at "))
        },
        evidence,
        score: Some(score),
    }
}
