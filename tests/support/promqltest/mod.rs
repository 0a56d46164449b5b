//! Runs files in the public promqltest format: `load`, `clear`, `eval instant at`, `eval range from … to … step …`,
//! and what they expect. An evaluation that needs native histograms is counted as skipped, never as passed.

mod check;
mod syntax;

use allgreen::query::promql::{
    Expr, Kind, Labels, Matcher, MemoryStorage, Options, Point, parse, query_instant, query_range,
};
use syntax::{Command, Evaluation, Time};

/// What came of one file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    /// Evaluations whose result was as expected.
    pub passed: usize,
    /// Evaluations that were run, and lines that could not be read.
    pub total: usize,
    /// Evaluations that need native histograms.
    pub skipped: usize,
    /// Each failure: line, command and reason.
    pub failures: Vec<String>,
}

/// Runs all commands of a file, past any failure.
pub fn run(text: &str) -> Report {
    let mut report = Report::default();
    let mut bench = Bench::default();
    for (line, command) in syntax::commands(text) {
        let outcome = match command {
            Ok(Command::Clear) => {
                bench = Bench::default();
                continue;
            }
            Ok(Command::Load(series)) => {
                series.into_iter().for_each(|s| bench.load(s));
                continue;
            }
            Ok(Command::Eval(evaluation)) => match bench.evaluate(&evaluation) {
                Some(outcome) => outcome.map_err(|why| format!("{}: {why}", evaluation.query)),
                None => {
                    report.skipped += 1;
                    continue;
                }
            },
            Err(why) => Err(why),
        };
        report.total += 1;
        match outcome {
            Ok(()) => report.passed += 1,
            Err(why) => report.failures.push(format!("line {line}: {why}")),
        }
    }
    report
}

/// The loaded data.
#[derive(Default)]
struct Bench {
    storage: MemoryStorage,
    /// Series that have native histogram samples.
    native: Vec<Labels>,
}

impl Bench {
    fn load(&mut self, series: syntax::Loaded) {
        if series.native {
            self.native.push(series.labels.clone());
        }
        self.storage.add(series.labels, series.points);
    }

    fn needs_native(&self, evaluation: &Evaluation, expr: Option<&Expr>) -> bool {
        let mut found = evaluation.native;
        if let Some(expr) = expr {
            expr.each_selector(&mut |matchers| found |= self.native.iter().any(|l| Matcher::all(matchers, l)));
        }
        found
    }

    /// Runs an evaluation; nothing if it needs native histograms.
    fn evaluate(&self, evaluation: &Evaluation) -> Option<Result<(), String>> {
        let expr = parse(&evaluation.query).ok();
        if self.needs_native(evaluation, expr.as_ref()) {
            return None;
        }
        let options = Options::default();
        Some(match evaluation.time {
            Time::Instant(at) => {
                let answer = query_instant(&self.storage, &evaluation.query, at, &options);
                check::instant(evaluation, at, answer).and_then(|()| self.as_range(evaluation, at, expr.as_ref()))
            }
            Time::Range { from, to, step } => {
                let answer = query_range(&self.storage, &evaluation.query, from, to, step, &options);
                check::range(evaluation, from, to, step, answer)
            }
        })
    }

    /// An instant query that does not ask for an order must give the same in the middle of a range query.
    fn as_range(&self, evaluation: &Evaluation, at: i64, expr: Option<&Expr>) -> Result<(), String> {
        let ranged = expr.is_some_and(|e| matches!(e.kind(), Kind::Scalar | Kind::Vector));
        let bounds = ["start()", "end()"].iter().any(|b| evaluation.query.contains(b));
        if !ranged || bounds || evaluation.ordered() || evaluation.expects_failure() {
            return Ok(());
        }
        let step = 60_000;
        let answer = query_range(&self.storage, &evaluation.query, at - step, at + step, step, &Options::default());
        match answer {
            // Other steps may fail where this one does not.
            Err(_) => Ok(()),
            Ok(answer) => {
                check::middle(evaluation, at, &answer.value).map_err(|why| format!("as part of a range query: {why}"))
            }
        }
    }
}

/// A point, for the files beside.
fn point(t: i64, v: f64) -> Point {
    Point { t, v }
}

#[cfg(test)]
mod tests {
    use super::*;
    use allgreen::query::promql::{MatchOp, Samples, Series};

    fn loaded(text: &str) -> Vec<Series> {
        let mut bench = Bench::default();
        for (_, command) in syntax::commands(text) {
            if let Ok(Command::Load(series)) = command {
                series.into_iter().for_each(|s| bench.load(s));
            }
        }
        let any = Matcher::new("__name__", MatchOp::NotEqual, "").unwrap();
        bench.storage.select(&[any], i64::MIN, i64::MAX)
    }

    #[test]
    fn the_series_notation_expands() {
        let series = loaded("load 10s\n  m{a=\"b\"} 1+2x2 _ 3x1 -1-1x1 _x2 stale\n");
        assert_eq!(series[0].labels.to_string(), "m{a=\"b\"}");
        let points: Vec<_> = series[0].points.iter().map(|p| (p.t / 1000, p.v)).collect();
        assert_eq!(points[..7], [(0, 1.0), (10, 3.0), (20, 5.0), (40, 3.0), (50, 3.0), (60, -1.0), (70, -2.0)]);
        assert_eq!((points.len(), points[7].0), (8, 100));
        assert!(points[7].1.is_nan());
    }

    #[test]
    fn failures_are_reported_and_do_not_stop_the_file() {
        let text = "load 1m\n  m 1 2\n\neval instant at 1m m\n  m 3\n\neval instant at 1m m\n  m 2\n\neval instant at 0 nope(\n  1\n\n\
                    bogus\nload 1m\n  h {{count:1}}\neval instant at 0 h\n  h 1\n";
        let report = run(text);
        assert_eq!((report.passed, report.total, report.skipped), (1, 4, 1), "{report:?}");
        assert!(report.failures[0].starts_with("line 4: m: "), "{}", report.failures[0]);
    }

    #[test]
    fn a_range_vector_is_compared_by_its_times() {
        let text = "load 1m\n  m 0 1 stale 3\n\neval instant at 3m m[3m]\n  expect range vector from 1m to 3m step 1m\n  m 1 _ 3\n\n\
                    eval instant at 3m m[3m]\n  expect range vector from 1m to 3m step 1m\n  m 1 2 3\n\n\
                    eval instant at 9m m[1m]\n  expect range vector from 8m to 9m step 1m\n";
        let report = run(text);
        assert_eq!((report.passed, report.total), (2, 3), "{report:?}");
    }

    #[test]
    fn expectations_of_errors_and_remarks_are_checked() {
        let good = "load 1m\n m 1 2\n n 1 2\neval instant at 1m rate(m[5m])\n expect info\n expect no_warn\n {} 0.005\n\
                    eval_fail instant at 1m rat(m)\n\
                    eval instant at 1m m == on() {__name__=~\"m|n\"}\n expect fail regex: found duplicate.*\n";
        let report = run(good);
        assert_eq!((report.passed, report.total), (3, 3), "{report:?}");
        let bad = "load 1m\n m 1 2\neval instant at 1m m\n expect warn\n m 2\neval instant at 1m m\n expect fail\n";
        assert_eq!(run(bad).passed, 0);
    }
}
