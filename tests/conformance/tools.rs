//! The tools, and a run to show them.

use std::path::Path;
use std::process::{Command, Output, Stdio};

use allgreen::{Seed, SimTime, Simulation, World};

/// The world, its seed and length, as the command line has them.
pub const WORLD: &str = "tests/support/shop/worlds/tiny.ron";
pub const SEED: &str = "5";
pub const LENGTH: &str = "10m";

/// The same run in this process.
pub fn simulated() -> Simulation {
    let world = World::load(Path::new(env!("CARGO_MANIFEST_DIR")).join(WORLD)).unwrap();
    let mut sim = Simulation::new(&world, Seed(5));
    sim.run_until(SimTime::from_secs(600));
    sim
}

pub fn allgreen(arguments: &[&str]) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_allgreen"));
    command.args(arguments).current_dir(env!("CARGO_MANIFEST_DIR"));
    succeed(&mut command)
}

/// Runs the command, and answers its standard output.
#[track_caller]
pub fn succeed(command: &mut Command) -> String {
    let Output { status, stdout, stderr } = command.stdin(Stdio::null()).output().unwrap();
    let (out, err) = (String::from_utf8_lossy(&stdout), String::from_utf8_lossy(&stderr));
    assert!(status.success(), "{command:?}: {status}\n{out}\n{err}");
    out.into_owned()
}

/// A tool, if it is there; otherwise that it is missing was told.
pub fn tool(name: &str) -> Option<Command> {
    there(name, Command::new(name).arg("--version"))?;
    Some(Command::new(name))
}

/// A script of this folder, if Python has what it imports.
pub fn python(script: &str, modules: &[&str]) -> Option<Command> {
    let interpreter = std::env::var("ALLGREEN_PYTHON").unwrap_or_else(|_| "python3".into());
    let imports = format!("import {}", modules.join(", "));
    there(&format!("python3 with {}", modules.join(", ")), Command::new(&interpreter).args(["-c", &imports]))?;
    let mut command = Command::new(interpreter);
    command.arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/conformance").join(script));
    Some(command)
}

fn there(name: &str, probe: &mut Command) -> Option<()> {
    let probe = probe.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status();
    if probe.is_ok_and(|status| status.success()) {
        return Some(());
    }
    let required = std::env::var("ALLGREEN_CONFORMANCE").is_ok_and(|value| value == "required");
    assert!(!required, "{name} is missing");
    eprintln!("conformance: {name} is missing, this test did not run");
    None
}
