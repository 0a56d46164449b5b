//! The program as a person or a script meets it: arguments, exit codes, streams, and nothing that looks like a panic.
#![allow(clippy::panic, clippy::unwrap_used, reason = "a test stops at what is wrong")]

#[path = "support/waiting.rs"]
mod waiting;

use std::io::Read;
use std::path::Path;
use std::process::{Command, Output, Stdio};

fn allgreen(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_allgreen"));
    command.args(arguments).stdin(Stdio::null());
    // A test has no display: the same on every machine.
    command
        .env_remove("DISPLAY")
        .env_remove("WAYLAND_DISPLAY")
        .env("LC_ALL", "C")
        .current_dir(env!("CARGO_MANIFEST_DIR"));
    command
}

#[track_caller]
fn run(arguments: &[&str], status: i32) -> (String, String) {
    let output = allgreen(arguments).output().unwrap();
    check(arguments, &output, status)
}

#[track_caller]
fn check(arguments: &[&str], output: &Output, status: i32) -> (String, String) {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    let (out, err) = (text(&output.stdout), text(&output.stderr));
    assert_eq!(output.status.code(), Some(status), "{arguments:?}\n{out}\n{err}");
    assert!(!err.contains("panicked") && !err.contains("RUST_BACKTRACE"), "{arguments:?}\n{err}");
    assert!(!out.contains('\u{1b}') && !err.contains('\u{1b}'), "colours where there is no terminal: {arguments:?}");
    (out, err)
}

#[test]
fn help_shows_examples() {
    for command in
        [&["--help"][..], &["play", "--help"], &["run", "--help"], &["check", "--help"], &["new", "world", "--help"]]
    {
        let (out, _) = run(command, 0);
        assert!(out.contains("Example"), "{command:?}\n{out}");
    }
    assert!(run(&["prove", "--help"], 0).0.contains("a number alone is that one seed"));
    assert!(run(&["--version"], 0).0.starts_with("allgreen "));
}

#[test]
fn a_run_is_the_same_twice_and_differs_by_seed() {
    let digest = |seed| run(&["run", "storefront", "--for", "20s", "--seed", seed, "--digest"], 0).0;
    let first = digest("7");
    assert_eq!(first, digest("0x7"));
    assert_ne!(first, digest("8"));
    assert!(first.starts_with("blake3:") && first.trim().len() == 7 + 64 && first.lines().count() == 1, "{first}");
}

#[test]
fn a_file_and_the_same_world_inside_the_program_are_one() {
    let folder = tempfile::tempdir().unwrap();
    let elsewhere =
        allgreen(&["run", "storefront", "--for", "10s", "--digest"]).current_dir(folder.path()).output().unwrap();
    let (inside, _) = check(&["run", "storefront"], &elsewhere, 0);
    assert_eq!(inside, run(&["run", "worlds/storefront.ron", "--for", "10s", "--digest"], 0).0);
    let lesson =
        allgreen(&["run", "quiet-fallback", "--for", "10s", "--digest"]).current_dir(folder.path()).output().unwrap();
    let (inside, _) = check(&["run", "quiet-fallback"], &lesson, 0);
    assert_eq!(inside, run(&["run", "lessons/quiet-fallback.ron", "--for", "10s", "--digest"], 0).0);
}

#[test]
fn a_summary_counts_telemetry_and_tells_the_truth_only_when_asked() {
    let (out, _) = run(&["run", "storefront", "--for", "30s"], 0);
    assert!(out.contains("log records") && out.contains("spans"), "{out}");
    assert!(!out.contains("served"), "{out}");
    let (out, _) = run(&["run", "storefront", "--for", "30s", "--with-truth"], 0);
    assert!(out.contains("served") && out.contains("right"), "{out}");
}

#[test]
fn telemetry_is_written_as_json_lines_and_nothing_of_the_truth() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("new/deep");
    run(&["run", "quiet-fallback", "--for", "20s", "--out", out.to_str().unwrap()], 0);
    let mut names: Vec<_> =
        std::fs::read_dir(&out).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    assert_eq!(
        names,
        ["changes.jsonl", "health.jsonl", "logs.jsonl", "metrics.jsonl", "reports.jsonl", "run.json", "spans.jsonl"]
    );
    let lines = |name: &str| -> Vec<serde_json::Value> {
        let text = std::fs::read_to_string(out.join(name)).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    };
    let (spans, logs) = (lines("spans.jsonl"), lines("logs.jsonl"));
    assert!(spans.len() > 1000 && logs.len() > 1000);
    assert!(spans.iter().all(|span| span["trace_id"].as_str().is_some_and(|id| id.len() == 32)));
    assert!(
        logs.iter().all(|log| log["time"].as_str().is_some_and(|time| time.ends_with('Z')) && log["body"].is_string())
    );
    let histogram = lines("metrics.jsonl").into_iter().find(|metric| metric["kind"] == "histogram").unwrap();
    let (bounds, counts) = (histogram["bounds"].as_array().unwrap(), histogram["bucket_counts"].as_array().unwrap());
    assert_eq!(bounds.len() + 1, counts.len());
    for name in names {
        let text = std::fs::read_to_string(out.join(&name)).unwrap();
        for word in ["outcome", "harm", "partial", "\"cause\""] {
            assert!(!text.contains(word), "{name} says `{word}`");
        }
    }
}

#[test]
fn bad_input_is_one_clear_error() {
    for (arguments, says) in [
        (&["run", "storefront", "--seed", "seven"][..], "a seed is a whole number"),
        (&["run", "storefront", "--seed", "-1"], "a seed is a whole number"),
        (&["run", "storefront", "--for", "-5s"], "30s"),
        (&["run", "storefront", "--seed", "18446744073709551616"], "a seed is a whole number"),
        (&["run", "storefront", "--for", "5"], "30s"),
        (&["run", "storefront", "--for", "99y"], "ten years"),
        (&["run", "storefornt"], "`storefront`"),
        (&["run", "no/such.ron"], "no/such.ron"),
        (&["run", "worlds"], "`worlds`"),
        (&["run"], "WORLD|LESSON"),
        (&["check"], "FILE"),
        (&["check", "no/such.ron"], "no/such.ron"),
        (&["check", ".ci"], "no .ron file below this folder"),
        (&["run", "storefront", "--for", "5M"], "write 5m for minutes"),
        (&["query", "storefront", "promql", "up", "--from", "20m"], "add --step"),
        (&["query", "storefront", "logql", "{a=\"b\"}", "--from", "20m", "--to", "10m"], "--from is after --to"),
        (&["query", "storefront", "promql", "up", "--step", "1ns"], "the shortest is 1ms"),
        (&["query", "storefront", "promql", "up", "--step", "1ms"], "is the most"),
        (&["query", "storefront", "promql", "up", "--at", "noon"], "RFC 3339"),
        (&["query", "storefront", "promql", "up", "--at", "2026-03-02T09:00:30"], "an offset such as +01:00"),
        (&["query", "storefront", "promql"], "write allgreen query"),
        (&["replay", "no/such.session"], "no/such.session"),
        (&["play", "quiet-falback", "--terminal"], "`quiet-fallback`"),
        (&["play", "quiet-fallback", "--script", "no/such.txt"], "no/such.txt"),
        (&["play", "quiet-fallback", "--script", "worlds"], "folder"),
        (&["play", "quiet-fallback", "--session", "x"], "either"),
        (&["play", "--terminal"], "allgreen play LESSON"),
        (&["explode"], "explode"),
        (&["run", "storefront", "--memory-gib", "0"], "memory-gib"),
    ] {
        let (_, err) = run(arguments, 2);
        assert!(err.contains(says), "{arguments:?} should say `{says}`:\n{err}");
    }
}

#[test]
fn a_file_of_something_else_keeps_no_results_and_stays_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let letter = folder.path().join("letter.txt");
    std::fs::write(&letter, "Dear Ada,\n").unwrap();
    let lesson = "tests/support/shop/lessons/tiny.ron";
    let (_, err) = run(&["prove", lesson, "--keep", letter.to_str().unwrap()], 2);
    assert!(err.contains("no file of kept results") && err.contains("--keep FILE"), "{err}");
    assert_eq!(std::fs::read_to_string(&letter).unwrap(), "Dear Ada,\n");
}

/// Whoever simulated first would need more memory than there is here, and not live to refuse anything.
#[cfg(target_os = "linux")]
#[test]
fn a_folder_that_cannot_be_written_is_refused_before_the_work() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    std::fs::write(&file, "").unwrap();
    let events = u64::MAX.to_string();
    let long = ["run", "storefront", "--for", "1000h", "--memory-gib", "1024", "--events", &events];
    let mut command = Command::new("sh");
    command.args(["-c", "ulimit -v 2000000 && exec \"$0\" \"$@\"", env!("CARGO_BIN_EXE_allgreen")]).args(long);
    command.arg("--out").arg(&file).stdin(Stdio::null()).current_dir(env!("CARGO_MANIFEST_DIR"));
    let (_, err) = check(&long, &command.output().unwrap(), 2);
    assert!(err.contains("--out DIR"), "{err}");
}

#[test]
fn a_budget_of_events_ends_a_run_with_what_there_is() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().to_str().unwrap();
    let (summary, err) = run(&["run", "storefront", "--for", "10m", "--events", "50000", "--out", out], 2);
    let digits = |text: &str| text.replace(|c: char| !c.is_ascii_alphanumeric(), "");
    assert!(digits(&summary).contains("events50000"), "{summary}");
    assert!(err.contains("of 10m: the run took") && digits(&err).contains("took50000events"), "{err}");
    assert!(err.contains("--events"), "{err}");
    let about = std::fs::read_to_string(folder.path().join("run.json")).unwrap();
    assert!(about.contains("\"whole\": false") && about.contains("\"digest\": null"), "{about}");
    assert!(std::fs::read_to_string(folder.path().join("logs.jsonl")).unwrap().lines().count() > 1000);
    assert_eq!(run(&["run", "storefront", "--for", "10s", "--events", "50", "--digest"], 2).0, "");
    // A budget that is not spent changes nothing.
    let digest = |rest: &[&str]| run(&[&["run", "storefront", "--for", "10s", "--digest"], rest].concat(), 0).0;
    assert_eq!(digest(&[]), digest(&["--events", "100000000", "--memory-gib", "1"]));
}

/// A shop of two nodes, with something in it replaced.
fn small_world(changes: &[(&str, &str)]) -> (tempfile::TempDir, String) {
    let mut text = r#"World(
        format: 1, name: "small", title: "Small", epoch: "2026-01-01T00:00:00Z",
        nodes: {
            "users": (kind: Users, users: (count: 10, journeys_per_second: 20.0, journeys: { "go": 1.0 }, regions: { "eu": 1.0 })),
            "web": (kind: Service, concurrency: 8, queue_limit: 100, routes: { "GET /": (steps: [Work(Const("10ms")), Call((to: "shop", op: Route("GET /")))]) }),
            "shop": (kind: Service, routes: { "GET /": (steps: [Work(Const("10ms"))]) }),
        },
        arrows: { "users -> web": (), "web -> shop": () },
        journeys: { "go": (steps: [(request: "GET /")]) },
    )"#
    .to_owned();
    for (from, to) in changes {
        assert!(text.contains(from), "{from}");
        text = text.replace(from, to);
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("small.ron");
    std::fs::write(&path, text).unwrap();
    let path = path.to_str().unwrap().to_owned();
    (folder, path)
}

#[test]
fn a_world_that_would_never_end_is_refused_with_the_reason() {
    const SHOP: &str = r#""shop": (kind: Service, routes: { "GET /": (steps: [Work(Const("10ms"))]) }),"#;
    const CHAIN: &str = r#""shop": (kind: Service, routes: { "GET /": (steps: [Call((to: "db", op: Route("GET /")))]) }),
        "db": (kind: Service, routes: { "GET /": (steps: [Call((to: "disk", op: Route("GET /")))]) }),
        "disk": (kind: Service, routes: { "GET /": () }),"#;
    const BACK: &str =
        r#""shop": (kind: Service, routes: { "GET /": (steps: [Call((to: "web", op: Route("GET /")))]) }),"#;
    const ARROW: &str = r#""web -> shop": ()"#;
    const RETRIES: &str = r#""web -> shop": (retry: (attempts: 20, backoff: "0s")),
        "shop -> db": (retry: (attempts: 20, backoff: "0s")), "db -> disk": (retry: (attempts: 20, backoff: "0s"))"#;
    let requests = format!("[{}]", r#"(request: "GET /"), "#.repeat(12));
    for (changes, says) in [
        (&[("20.0", "1000000000.0")][..], "outside 0 to 100,000"),
        (&[("20.0", "1e300")], "outside 0 to 100,000"),
        (&[("20.0", "100000.0"), (r#"[(request: "GET /")]"#, &requests)], "events per simulated second"),
        (&[(SHOP, CHAIN), (ARROW, RETRIES)], "retries multiply: up to 8000 attempts"),
        (&[(SHOP, BACK), (ARROW, r#""web -> shop": (), "shop -> web": ()"#)], "calls go in a circle"),
        (&[(r#"Work(Const("10ms")), Call"#, r#"Work(Const("99999h")), Call"#)], "longer than ten years"),
        (&[("queue_limit: 100,", "queue_limit: 4000000000,")], "outside 0 to 10,000,000"),
        (&[("concurrency: 8,", "replicas: 60000,")], "more than the 60000 that can be simulated"),
    ] {
        let (_folder, path) = small_world(changes);
        let (_, err) = run(&["run", &path], 2);
        assert!(err.contains(says) && err.contains("small.ron"), "{changes:?}: {err}");
    }
}

/// Nobody refuses a line that only grows: the budget of memory ends it.
#[test]
fn what_fills_memory_is_stopped() {
    let (_folder, path) = small_world(&[("20.0", "100000.0"), ("queue_limit: 100,", "queue_limit: 10000000,")]);
    let (out, err) = run(&["run", &path, "--for", "1h", "--memory-gib", "1"], 2);
    assert!(err.contains("fills 1 GiB") && err.contains("stopped at"), "{err}");
    assert!(out.contains("log records"), "{out}");
}

#[test]
fn a_closed_pipe_ends_in_silence() {
    let mut child =
        allgreen(&["run", "storefront", "--for", "5s"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    let mut said = String::new();
    child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
    assert_eq!(said, "");
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

/// The exit status where nobody reads standard output.
fn unread(arguments: &[&str], stdin: Stdio) -> Option<i32> {
    let mut child = allgreen(arguments).stdin(stdin).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    drop(child.stdout.take());
    child.wait().unwrap().code()
}

#[test]
fn an_answer_is_the_same_where_nobody_reads_it() {
    let folder = tempfile::tempdir().unwrap();
    let place = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.display().to_string()
    };
    let (bad, session) = (place("bad.ron", "World("), place("bad.session", "Session("));
    let expressions = std::fs::File::open(place("bad.txt", &"{a=\"b\"}\n{a=\"b\n".repeat(9))).unwrap();
    assert_eq!(unread(&["check", &bad], Stdio::null()), Some(1));
    assert_eq!(unread(&["check", "worlds/storefront.ron"], Stdio::null()), Some(0));
    assert_eq!(unread(&["report", &session], Stdio::null()), Some(2));
    assert_eq!(unread(&["run", "storefront", "--events", "10"], Stdio::null()), Some(2));
    assert_eq!(unread(&["query", "logql", "--parse-only"], expressions.into()), Some(1));
}

#[test]
fn a_script_that_nobody_reads_is_left_undone_and_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let place = |name: &str| folder.path().join(name).display().to_string();
    std::fs::write(place("steps.txt"), "note begun\nstatus\nnote done\n".repeat(9)).unwrap();
    let play = ["play", "tests/support/shop/lessons/tiny.ron", "--script", &place("steps.txt")];
    assert_eq!(unread(&[&play[..], &["--save", &place("a.session")]].concat(), Stdio::null()), Some(141));
    assert!(std::fs::metadata(place("a.session")).unwrap().is_file(), "what was done is kept");
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_told() {
    for arguments in [&["run", "storefront", "--for", "5s"][..], &["--help"], &["--version"]] {
        let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
        let output = allgreen(arguments).stdout(full).output().unwrap();
        let (_, err) = check(arguments, &output, 2);
        assert!(err.contains("No space left"), "{arguments:?}: {err}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn what_goes_to_a_device_or_a_pipe_leaves_it_what_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let session = folder.path().join("bad.session").display().to_string();
    std::fs::write(&session, "Session(").unwrap();
    let report = |out: &str| run(&["report", &session, "--format", "csv", "--out", out], 2);
    let (out, _) = report("/dev/stdout");
    assert!(out.starts_with("file,who,"), "{out}");
    report("/dev/null");
    let (_, err) = report("/dev/full");
    assert!(err.contains("No space left"), "{err}");
    for device in ["/dev/null", "/dev/full"] {
        assert!(!std::fs::metadata(device).unwrap().is_file(), "{device}");
    }
    // Where standard output is a file, what is in it stays.
    let path = folder.path().join("all.csv");
    std::fs::write(&path, "before\n").unwrap();
    let file = std::fs::OpenOptions::new().append(true).open(&path).unwrap();
    let arguments = ["report", &session, "--format", "csv", "--out", "/dev/stdout"];
    check(&arguments, &allgreen(&arguments).stdout(file).output().unwrap(), 2);
    let text = std::fs::read_to_string(&path).unwrap();
    assert!(text.starts_with("before\n") && text.lines().count() > 1, "{text}");
}

#[test]
fn a_folder_vouches_for_the_run_that_is_in_it() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().to_str().unwrap();
    let has = |name: &str| folder.path().join(name).exists();
    let export = ["export", "storefront", "--for", "5s", "--out", out, "--format", "jsonl"];
    run(&[&export[..], &["--with-truth"]].concat(), 0);
    let about = std::fs::read_to_string(folder.path().join("run.json")).unwrap();
    assert!(about.contains("\"whole\": true") && about.contains("allgreen-jsonl/1"), "{about}");
    assert!(has("truth.jsonl"));
    std::fs::write(folder.path().join("inject_time.txt"), "1\n").unwrap();
    run(&["run", "storefront", "--for", "5s", "--out", out], 0);
    assert_eq!(std::fs::read_to_string(folder.path().join("run.json")).unwrap(), about, "both say the same of a run");
    assert!(!has("truth.jsonl") && !has("inject_time.txt"));
    // A run that fails midway leaves nothing that vouches for what is there.
    std::fs::remove_file(folder.path().join("spans.jsonl")).unwrap();
    std::fs::create_dir(folder.path().join("spans.jsonl")).unwrap();
    run(&["run", "storefront", "--for", "6s", "--out", out], 2);
    assert!(has("logs.jsonl") && !has("run.json"));
}

#[test]
fn the_time_of_a_cause_is_written_only_where_the_data_has_it() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().to_str().unwrap();
    let time = || std::fs::read_to_string(folder.path().join("inject_time.txt")).ok();
    let export = |length: &str| {
        let lesson = "tests/support/shop/lessons/tiny.ron";
        run(&["export", lesson, "--format", "rcaeval", "--with-truth", "--out", out, "--for", length], 0).1
    };
    export("26m");
    assert_eq!(time().as_deref(), Some("1772439900\n"));
    let err = export("25m");
    assert!(err.contains("inject_time.txt is left out") && err.contains("--for"), "{err}");
    assert_eq!(time(), None);
}

#[cfg(unix)]
#[test]
fn ctrl_c_ends_a_run_and_leaves_nothing_behind() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out");
    let child = allgreen(&["run", "storefront", "--for", "5h", "--out", out.to_str().unwrap()])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // It is made when interrupts are heeded already.
    waiting::until("the folder", || out.is_dir());
    let killed = Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(killed.success());
    let (stdout, _) = check(&["run"], &child.wait_with_output().unwrap(), 130);
    assert_eq!(stdout, "");
    assert_eq!(std::fs::read_dir(&out).unwrap().count(), 0);
}

#[test]
fn what_ships_is_good_and_what_is_broken_is_placed() {
    let (out, _) =
        run(&["check", "worlds/storefront.ron", "lessons/quiet-fallback.ron", "lessons/three-minutes-behind.ron"], 0);
    assert_eq!(out.lines().count(), 3, "{out}");
    let folder = tempfile::tempdir().unwrap();
    let broken = folder.path().join("broken.ron");
    let text = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("worlds/storefront.ron")).unwrap();
    std::fs::write(&broken, text.replacen("kind: Gateway", "kind: Gatewya", 1)).unwrap();
    let (out, _) = run(&["check", broken.to_str().unwrap()], 1);
    assert!(out.contains("broken.ron") && out.contains("Gatewya") && out.contains("Gateway"), "{out}");
}

#[test]
fn lessons_are_listed_wherever_one_is() {
    let folder = tempfile::tempdir().unwrap();
    let (here, _) = run(&["lessons"], 0);
    assert!(here.contains("quiet-fallback") && here.contains("three-minutes-behind"), "{here}");
    let output = allgreen(&["lessons"]).current_dir(folder.path()).output().unwrap();
    assert_eq!(check(&["lessons"], &output, 0).0, here);
}

#[test]
fn an_incident_that_cannot_be_generated_says_why() {
    let (_, err) = run(&["play", "--generate", "storefrnt", "--terminal"], 2);
    assert!(err.contains("`storefront`"), "{err}");
    let (_, err) = run(&["play", "--generate", "storefront", "--level", "hard"], 2);
    assert!(err.contains("first-steps, practised, expert"), "{err}");
    run(&["play", "quiet-fallback", "--generate", "storefront", "--terminal"], 2);
    run(&["play", "--level", "expert"], 2);
    let folder = tempfile::tempdir().unwrap();
    let history = folder.path().join("incidents.ron").display().to_string();
    std::fs::write(&history, "no history").unwrap();
    let (_, err) = run(&["play", "--generate", "storefront", "--history", &history, "--terminal"], 2);
    assert!(err.contains("incidents.ron") && err.contains("--history"), "{err}");
}

#[test]
fn a_generated_incident_is_played_and_not_played_twice() {
    let folder = tempfile::tempdir().unwrap();
    let place = |name: &str| folder.path().join(name).display().to_string();
    std::fs::write(folder.path().join("steps.txt"), "ticket\nchanges\nnote all green\nstatus\n").unwrap();
    let (script, history, session) = (place("steps.txt"), place("incidents.ron"), place("a.session"));
    let world = "tests/support/shop/worlds/tiny.ron";
    let arguments = ["play", "--generate", world, "--seed", "2", "--level", "first-steps", "--history", &history];
    let (out, _) = run(&[&arguments[..], &["--terminal", "--script", &script, "--save", &session]].concat(), 0);
    assert!(out.contains("browse"), "{out}");
    assert!(std::fs::read_to_string(&history).unwrap().contains("met"));
    assert!(std::fs::metadata(&session).unwrap().len() < 100_000);
    run(&["replay", &session], 0);
}

#[test]
fn a_question_that_finds_nothing_is_answered_with_near_names() {
    let world = "tests/support/shop/worlds/tiny.ron";
    for at in ["2h", "2020-01-01T00:00:00Z", "2020-01-01T09:00:30+01:00"] {
        let (out, err) = run(&["query", world, "--for", "1m", "promql", "up", "--at", at], 0);
        assert_eq!(out.trim(), "no series");
        assert!(err.contains(&format!("--at {at} is not within the run")), "{err}");
    }
    for (language, expression, nothing, near) in [
        (
            "promql",
            "rate(http_server_request_duration_second_count[1m])",
            "no series",
            "http_server_request_duration_seconds_count",
        ),
        ("promql", "process_uptime", "no series", "process_uptime_seconds"),
        ("promql", "up{jobs=\"shop\"}", "no series", "job"),
        ("logql", "{service_nam=\"shop\"}", "no lines", "service_name"),
        ("logql", "count_over_time({service_nam=\"shop\"}[1m])", "no series", "service_name"),
        ("traceql", "{ .http.rout = \"x\" }", "no traces", "http.route"),
    ] {
        let (out, err) = run(&["query", world, "--for", "1m", language, expression], 0);
        assert_eq!(out.trim(), nothing, "{expression}");
        assert!(err.contains(&format!("did you mean `{near}`?")), "{expression}: {err}");
    }
    let histogram = "http_server_request_duration_seconds";
    let (_, err) = run(&["query", world, "--for", "1m", "promql", histogram], 0);
    assert!(err.contains(&format!("`{histogram}_bucket`, `{histogram}_count` and `{histogram}_sum`")), "{err}");
}

#[test]
fn a_question_may_begin_with_a_minus() {
    let world = "tests/support/shop/worlds/tiny.ron";
    let (out, _) = run(&["query", world, "--for", "1m", "promql", "-up", "--at", "45s"], 0);
    assert!(out.starts_with("series") && out.contains("-1"), "{out}");
}
