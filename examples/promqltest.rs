//! Runs files in the promqltest format: `promqltest [-v] FILE...` prints `NAME passed/total` for each.

#[path = "../tests/support/promqltest/mod.rs"]
mod promqltest;

use std::io::{self, Write};
use std::process::ExitCode;

fn main() -> io::Result<ExitCode> {
    let mut out = io::stdout().lock();
    let (mut verbose, mut all_passed) = (false, true);
    for arg in std::env::args().skip(1) {
        if arg == "-v" {
            verbose = true;
            continue;
        }
        let name = std::path::Path::new(&arg).file_name().map_or(arg.clone(), |n| n.to_string_lossy().into_owned());
        let text = match std::fs::read(&arg) {
            Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
            Err(error) => {
                writeln!(out, "{name} unreadable: {error}")?;
                all_passed = false;
                continue;
            }
        };
        let report = promqltest::run(&text);
        let skipped = match report.skipped {
            0 => String::new(),
            n => format!(" ({n} skipped: native histograms)"),
        };
        writeln!(out, "{name} {}/{}{skipped}", report.passed, report.total)?;
        all_passed &= report.passed == report.total;
        if verbose {
            report.failures.iter().try_for_each(|f| writeln!(out, "  {f}"))?;
        }
    }
    Ok(if all_passed { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
