//! Runs the promqltest files beside, and throws random text at the parser and the evaluator.

#![allow(clippy::unwrap_used, clippy::panic)]

#[path = "support/promqltest/mod.rs"]
mod promqltest;

use allgreen::query::promql::{Labels, MemoryStorage, Options, Point, parse, query_instant, query_range};
use proptest::prelude::*;

#[test]
fn every_file_passes() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/promql");
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|f| f.unwrap().path()).collect();
    files.sort();
    assert!(files.len() >= 10, "the test files are missing");
    for file in files {
        let report = promqltest::run(&std::fs::read_to_string(&file).unwrap());
        assert!(report.total > 0, "{file:?} has no evaluation");
        assert!(report.failures.is_empty(), "{file:?}: {:#?}", report.failures);
        assert_eq!(report.skipped, 0, "{file:?}");
    }
}

fn small_store() -> MemoryStorage {
    let mut store = MemoryStorage::default();
    for (i, job) in ["a", "b"].iter().enumerate() {
        let points = (0..20).map(|n| Point { t: n * 15_000, v: (n * (i as i64 + 1)) as f64 }).collect();
        store.add(Labels::new([("__name__", "m"), ("job", job), ("le", "1")]), points);
    }
    store
}

#[test]
fn limits_are_errors() {
    let store = small_store();
    let options = Options { samples_max: 30, ..Options::default() };
    assert!(query_instant(&store, "m[1h]", 300_000, &options).unwrap_err().message.contains("too many samples"));
    let error = query_range(&store, "m", 0, 11_000_000, 1000, &Options::default()).unwrap_err();
    assert!(error.message.contains("11000 points"), "{error}");
    assert!(query_range(&store, "m", 0, 1000, 0, &Options::default()).is_err());
    assert!(query_range(&store, "m", 1000, 0, 1, &Options::default()).is_err());
    assert!(query_range(&store, "m[5m]", 0, 1000, 1, &Options::default()).is_err());
    assert!(query_instant(&store, "sum_over_time(m[1000y:1ms])", 0, &Options::default()).is_err());
}

#[test]
fn extreme_times_do_not_overflow() {
    let store = small_store();
    for at in [i64::MIN, i64::MAX, 0] {
        for query in [
            "m offset -100000y",
            "rate(m[100000y] offset 100000y)",
            "m @ 9e14",
            "sum_over_time(m[5m:1m] @ -9e14)",
            "year(vector(1e300))",
        ] {
            let _ = query_instant(&store, query, at, &Options::default());
            let _ = query_range(&store, query, at, at, 60_000, &Options::default());
        }
    }
}

/// Pieces of the language, so that random queries are valid now and then.
const PIECES: [&str; 48] = [
    "m",
    "x",
    "{job=\"a\"}",
    "{job=~\".+\"}",
    "[5m]",
    "[5m:1m]",
    "offset",
    "1m",
    "@",
    "60",
    "start()",
    "(",
    ")",
    "sum",
    "by",
    "without",
    "(job)",
    "topk",
    "(1,",
    "rate(",
    "m[1m])",
    "quantile_over_time(",
    "0.5,",
    "histogram_quantile(",
    "+",
    "-",
    "*",
    "/",
    "^",
    "%",
    "==",
    "bool",
    "and",
    "or",
    "unless",
    "on",
    "ignoring",
    "group_left",
    "label_replace(",
    "\"a\"",
    "absent(",
    ",",
    "NaN",
    "Inf",
    "0x1",
    "count_values",
    "sort(",
    "year(",
];

proptest! {
    #[test]
    fn random_text_never_panics(text in "\\PC{0,60}") {
        let _ = parse(&text);
    }

    #[test]
    fn random_queries_never_panic(pieces in prop::collection::vec(0..PIECES.len(), 1..14)) {
        let query = pieces.iter().map(|p| PIECES[*p]).collect::<Vec<_>>().join(" ");
        let store = small_store();
        if let Err(error) = query_instant(&store, &query, 200_000, &Options::default()) {
            prop_assert!(!error.describe(&query).is_empty());
        }
        let _ = query_range(&store, &query, 0, 300_000, 30_000, &Options::default());
    }
}
