//! What real tools say: Debian's Prometheus, a Python client, the official protobufs, DuckDB. Where one is missing, its
//! test says on standard error that it did not run; with `ALLGREEN_CONFORMANCE=required` it fails.
//!
//! `promtool` and `prometheus` are looked for on the path, and Python's packages (see `requirements.txt`) with the
//! interpreter that `ALLGREEN_PYTHON` names, or `python3`.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stderr, reason = "a test stops at what is wrong")]

mod exported;
mod prometheus;
mod served;
mod tools;
#[path = "../support/waiting.rs"]
mod waiting;
