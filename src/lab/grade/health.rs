//! Step 5, Verify health: health and metrics first, then the map, and logs only to confirm. Judged by the order of
//! looks, which is the one thing that a session records without being told.

use super::{Case, Review};
use crate::lab::{Command, Look};
use crate::query::Language;

pub fn review(case: &Case<'_>) -> Review {
    let [health, map, logs] = [shows_health, shows_the_map, shows_details].map(|of| Seen::new(case.commands, of));
    let before_logs = |seen: &Seen| seen.first.is_some_and(|at| logs.first.is_none_or(|logs| at < logs));
    let score = 0.5 * f64::from(u8::from(before_logs(&health))) + 0.5 * f64::from(u8::from(before_logs(&map)));
    let mut order = [&health, &map, &logs];
    order.sort_by_key(|seen| seen.first);
    let names: Vec<String> = order.into_iter().filter(|seen| seen.first.is_some()).map(Seen::words).collect();
    let degraded = |record: &&crate::telemetry::HealthRecord| record.code == 200 && !record.issues.is_empty();
    let evidence = match case.sim.telemetry().health.iter().filter(degraded).count() {
        0 => "no health page ever said that something was wrong: a page says that a process runs".to_owned(),
        1 => "a health page said once that something was wrong".to_owned(),
        times => format!("health pages said {times} times that something was wrong"),
    };
    let did = match names.is_empty() {
        true => "looked at nothing".into(),
        false => format!("looked at {}", names.join(", then at ")),
    };
    Review { did, evidence, score: Some(score) }
}

/// What was looked at of one sort.
struct Seen {
    /// The place of the first look among the commands.
    first: Option<usize>,
    /// What it was, each once, in order.
    what: Vec<&'static str>,
}

impl Seen {
    fn new(commands: &[Command], of: fn(&Command) -> Option<&'static str>) -> Seen {
        let mut what = Vec::new();
        for name in commands.iter().filter_map(of) {
            if !what.contains(&name) {
                what.push(name);
            }
        }
        Seen { first: commands.iter().position(|command| of(command).is_some()), what }
    }

    fn words(&self) -> String {
        match self.what.split_last() {
            Some((last, others)) if !others.is_empty() => format!("{} and {last}", others.join(", ")),
            _ => self.what.concat(),
        }
    }
}

fn shows_health(command: &Command) -> Option<&'static str> {
    match command {
        Command::Look(Look::Health) => Some("health pages"),
        Command::Look(Look::Queues) => Some("queues"),
        Command::Look(Look::Caches) => Some("caches"),
        Command::Look(Look::Clocks) => Some("clocks"),
        _ => (asked_in(command) == Some(Language::Promql)).then_some("metrics"),
    }
}

fn shows_the_map(command: &Command) -> Option<&'static str> {
    matches!(command, Command::Look(Look::Dependencies) | Command::DrawArrow { .. }).then_some("the map")
}

fn shows_details(command: &Command) -> Option<&'static str> {
    match asked_in(command)? {
        Language::Promql => None,
        Language::Logql => Some("logs"),
        Language::Traceql => Some("traces"),
    }
}

/// The query language in which the same could be asked.
fn asked_in(command: &Command) -> Option<Language> {
    match command {
        Command::Look(look) => look.language(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::{ChartQuery, LogFilter};

    #[test]
    fn what_was_looked_at_is_named_and_nothing_else() {
        let looks = [
            Look::Clocks,
            Look::Logs(LogFilter::default()),
            Look::Health,
            Look::Clocks,
            Look::Chart(ChartQuery::default()),
        ];
        let commands: Vec<Command> = looks.into_iter().map(Command::Look).collect();
        let health = |looks: usize| Seen::new(&commands[..looks], shows_health);
        assert_eq!((health(2).first, health(2).words().as_str()), (Some(0), "clocks"));
        assert_eq!(health(5).words(), "clocks, health pages and metrics");
        let logs = Seen::new(&commands, shows_details);
        assert_eq!((logs.first, logs.words().as_str()), (Some(1), "logs"));
        assert_eq!(Seen::new(&commands, shows_the_map).first, None);
    }
}
