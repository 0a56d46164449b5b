//! Sweeps: detectors are causal and scored as the page about them says; a sweep is the same bytes on any number of threads
//! and the same tables in any number of shards; and what does not belong together is not merged.

use std::path::{Path, PathBuf};
use std::process::Command;

use allgreen::detect::{self, Detector, Finding, Named};
use allgreen::sweep::{Options, Row, Shard, Swept, Table, merge, read, sweep, write};
use allgreen::telemetry::SpanKind;
use allgreen::time::Stamp;
use allgreen::{Lesson, Seed, SimTime, Simulation, Telemetry};

fn tiny() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/support/shop/lessons/tiny.ron")
}

/// Runs the tiny lesson to some minute.
fn run(until: u64) -> Simulation {
    let lesson = Lesson::load(tiny()).unwrap();
    let mut sim = Simulation::new(lesson.world(), Seed(3));
    lesson.spec().script.iter().for_each(|scripted| sim.schedule(scripted.at, &scripted.change));
    sim.run_until(SimTime::from_secs(60 * until));
    sim
}

fn swept(shard: Shard, threads: usize, detectors: &[Named]) -> Swept {
    let lessons = [Lesson::load(tiny()).unwrap()];
    sweep(&lessons, &Options { seeds: 0..4, generated: None, detectors, shard, threads }, &mut |_| true).unwrap()
}

fn some() -> Vec<Named> {
    let mut some = detect::all();
    some.retain(|one| ["edge-errors", "answer-size", "outliving-spans"].contains(&one.name()));
    some
}

#[test]
fn what_is_known_later_changes_no_finding() {
    let (early, late) = (run(33), run(40));
    // The last whole minute of the shorter run, but for the one in which it ends.
    let known = Stamp(32 * 60_000_000_000);
    let mut found = 0;
    for detector in detect::all() {
        let until = |sim: &Simulation| -> Vec<Finding> {
            let mut findings = detector.detect(sim.telemetry());
            findings.retain(|finding| finding.at <= known);
            findings
        };
        let (then, now) = (until(&early), until(&late));
        assert_eq!(then, now, "{}", detector.name());
        found += then.len();
    }
    assert!(found > 0, "the cut timeout was found by nobody");
}

#[test]
fn detectors_that_ship_have_names_of_their_own_and_are_described() {
    let all = detect::all();
    let page = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/detectors.md")).unwrap();
    for (at, one) in all.iter().enumerate() {
        assert!(all[..at].iter().all(|other| other.name() != one.name()), "{}", one.name());
        assert!(
            page.contains(&format!("| `{}` | {}", one.name(), one.watches())),
            "docs/detectors.md on {}",
            one.name()
        );
    }
    let rows = page.lines().filter(|line| line.starts_with("| `") && line.matches('|').count() == 7);
    assert_eq!(rows.count(), all.len(), "docs/detectors.md has a detector that is not there");
}

#[test]
fn a_detector_is_scored_by_what_the_cause_did() {
    let rings_always = |telemetry: &Telemetry| -> Vec<Finding> {
        let minutes = telemetry.probed_at.0 / 60_000_000_000;
        let at = |minute| Stamp(minute * 60_000_000_000);
        (1..=minutes).map(|minute| Finding { at: at(minute), service: None, what: "again".into() }).collect()
    };
    // Errors of the one arrow of the cause, whose caller measures nothing, are on its spans alone.
    let failed = |telemetry: &Telemetry| -> Vec<Finding> {
        let is_call = |shape| telemetry.spans.shape_of(shape).kind == SpanKind::Client;
        let spans = telemetry.spans.iter().filter(|span| span.error && is_call(span.shape));
        let finding = |span: allgreen::telemetry::SpanRecord<'_>| Finding {
            at: Stamp(span.start.0 + span.duration.0 as i64),
            service: Some(telemetry.resource(span.resource).service.clone()),
            what: "a call failed".into(),
        };
        spans.map(finding).collect()
    };
    let mut detectors = some();
    detectors.push(Named::new("always", "nothing", rings_always));
    detectors.push(Named::new("failed", "spans with an error", failed));
    let swept = swept(Shard::WHOLE, 2, &detectors);
    assert_eq!(swept.rows.len(), 4 * detectors.len());
    let cause = SimTime::from_secs(25 * 60);
    for row in &swept.rows {
        assert!(row.incident && row.cause == cause && row.harmed > 50, "{row:?}");
        assert!(row.onset.is_some_and(|onset| onset >= cause && onset < SimTime::from_secs(26 * 60)), "{row:?}");
    }
    let table = Table::new(&swept);
    let score = |name: &str| table.detectors.iter().find(|score| score.detector == name).unwrap();
    let sizes = score("answer-size");
    assert_eq!((sizes.incidents, sizes.found, sizes.rang, sizes.precision), (4, 4, 0, Some(1.0)));
    assert_eq!((sizes.names_cause, sizes.services), (Some(1.0), Some(1.0)));
    assert!(sizes.median_delay_secs.is_some_and(|delay| delay > 60.0 && delay < 600.0), "{sizes:?}");
    assert_eq!((score("edge-errors").found, score("edge-errors").false_alarms_per_hour), (0, 0.0));
    let always = score("always");
    assert_eq!((always.found, always.rang, always.precision), (0, 4, Some(0.0)), "it tells nothing from nothing");
    assert!(always.early == 4 * 24 && always.false_alarms_per_hour >= 60.0, "{always:?}");
    let failed = score("failed");
    assert!(failed.found == 4 && failed.median_delay_secs.is_some_and(|delay| delay < 1.0), "{failed:?}");
    assert_eq!(table.lessons.len(), 1);
    assert_eq!(table.lessons[0].detectors, table.detectors);
}

#[test]
fn a_sweep_is_the_same_in_shards_and_on_threads() {
    let folder = tempfile::tempdir().unwrap();
    let bytes = |swept: &Swept| {
        let mut bytes = Vec::new();
        write(swept, &mut bytes).unwrap();
        bytes
    };
    let whole = swept(Shard::WHOLE, 1, &some());
    assert_eq!(bytes(&swept(Shard::WHOLE, 4, &some())), bytes(&whole), "threads");
    let path = |name: &str| folder.path().join(name);
    std::fs::write(path("whole.parquet"), bytes(&whole)).unwrap();
    assert_eq!(read(&path("whole.parquet")).unwrap(), whole);
    let mut parts = Vec::new();
    for part in [3, 1, 2] {
        let one = swept(Shard { part, of: 3 }, 2, &some());
        let file = path(&format!("{part}.parquet"));
        std::fs::write(&file, bytes(&one)).unwrap();
        parts.push(file);
    }
    let shards = || parts.iter().map(|file| (file.clone(), read(file).unwrap())).collect::<Vec<_>>();
    let merged = merge(shards()).unwrap();
    assert_eq!(bytes(&merged), bytes(&whole));
    for format in ["table", "csv", "json"] {
        let print = |files: &[PathBuf]| {
            let mut command = Command::new(env!("CARGO_BIN_EXE_allgreen"));
            let done = command.args(["sweep", "--format", format, "--merge"]).args(files).output().unwrap();
            assert_eq!(done.status.code(), Some(0), "{}", String::from_utf8_lossy(&done.stderr));
            done.stdout
        };
        let one = print(&[path("whole.parquet")]);
        assert!(!one.is_empty());
        assert_eq!(one, print(&parts), "{format}");
    }
    refuses_what_does_not_belong(folder.path(), &parts, shards());
}

fn refuses_what_does_not_belong(folder: &Path, parts: &[PathBuf], shards: Vec<(PathBuf, Swept)>) {
    let refused = |files: &[PathBuf], says: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_allgreen"));
        let done = command.args(["sweep", "--merge"]).args(files).output().unwrap();
        let err = String::from_utf8(done.stderr).unwrap();
        assert_eq!(done.status.code(), Some(2), "{err}");
        assert!(done.stdout.is_empty() && !err.contains("panicked"), "{err}");
        says.iter().for_each(|word| assert!(err.contains(word), "{word}: {err}"));
    };
    let [a, b, c] = [&parts[0], &parts[1], &parts[2]].map(PathBuf::clone);
    refused(&[a.clone(), b.clone()], &["2 of 3", "missing are 2/3", "--shard"]);
    refused(&[a.clone(), b.clone(), a.clone()], &["3.parquet", "both shard 3/3"]);
    refused(&[a.clone(), folder.join("whole.parquet")], &["whole.parquet", "shard 1/1"]);
    refused(&[folder.join("none.parquet")], &["none.parquet", "cannot be read"]);
    // Another program's.
    let mut logs = Vec::new();
    allgreen::export::parquet::write_logs(run(1).telemetry(), &mut logs).unwrap();
    let other = folder.join("logs.parquet");
    std::fs::write(&other, logs).unwrap();
    refused(&[a.clone(), other], &["logs.parquet", "something else"]);
    let changed = |name: &str, change: &dyn Fn(&mut Swept)| {
        let mut swept = shards[2].1.clone();
        change(&mut swept);
        let file = folder.join(name);
        write(&swept, &mut std::fs::File::create(&file).unwrap()).unwrap();
        [a.clone(), b.clone(), file]
    };
    refused(&changed("build.parquet", &|swept| swept.plan.build.push('x')), &["build.parquet", "another build"]);
    refused(&changed("seeds.parquet", &|swept| swept.plan.seeds.1 += 1), &["range of seeds"]);
    refused(&changed("rows.parquet", &|swept| drop(swept.rows.pop())), &["rows.parquet", "lacks rows"]);
    refused(&changed("task.parquet", &|swept| swept.rows[0].task = 2), &["task.parquet", "not its own"]);
    // Cut short, and changed, wherever it is.
    let bytes = std::fs::read(&c).unwrap();
    let hurt = folder.join("hurt.parquet");
    for cut in [0, 3, 100, bytes.len() / 2, bytes.len() - 1] {
        std::fs::write(&hurt, &bytes[..cut]).unwrap();
        refused(std::slice::from_ref(&hurt), &["hurt.parquet"]);
    }
    for at in (0..bytes.len()).step_by(37) {
        let mut bytes = bytes.clone();
        bytes[at] ^= 0x55;
        std::fs::write(&hurt, &bytes).unwrap();
        assert!(read(&hurt).is_err(), "byte {at}");
    }
}

#[test]
fn the_command_refuses_what_makes_no_sweep() {
    let folder = tempfile::tempdir().unwrap();
    let allgreen = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_allgreen"));
        command.arg("sweep").args(arguments).current_dir(folder.path()).output().unwrap()
    };
    let lesson = tiny().display().to_string();
    let with = |more: &[&'static str]| [&[lesson.as_str(), "--out", "out.parquet"][..], more].concat();
    for (arguments, says) in [
        (with(&["--seeds", "5..5"]), "0..20"),
        (with(&["--shard", "0/0"]), "1/3"),
        (with(&["--shard", "3/2"]), "1/3"),
        (with(&["--seeds", "0..2", "--shard", "1/3"]), "2 tasks"),
        (with(&["--detectors", "anser-size"]), "did you mean `answer-size`"),
        (with(&["--merge", "out.parquet"]), "--merge"),
        (vec![lesson.as_str(), &lesson, "--out", "out.parquet"], "twice"),
        (vec![lesson.as_str()], "--out FILE.parquet"),
        (vec!["--generated", "storefrnt", "--out", "out.parquet"], "`storefront`"),
        (vec!["no-lesson", "--out", "out.parquet"], "no-lesson"),
        (vec![lesson.as_str(), "--out", "."], "--out"),
    ] {
        let done = allgreen(&arguments);
        let err = String::from_utf8(done.stderr).unwrap();
        assert_eq!(done.status.code(), Some(2), "{arguments:?}\n{err}");
        assert!(err.contains(says) && !err.contains("panicked"), "{arguments:?}: {says}\n{err}");
    }
    assert!(!folder.path().join("out.parquet").exists());
    let done = allgreen(&with(&["--seeds", "0..1", "--detectors", "answer-size,edge-errors"]));
    let out = String::from_utf8(done.stdout).unwrap();
    assert_eq!(done.status.code(), Some(0), "{}", String::from_utf8_lossy(&done.stderr));
    assert!(out.contains("answer-size") && out.contains("1/1") && out.contains("tiny"), "{out}");
    let rows: Vec<Row> = read(&folder.path().join("out.parquet")).unwrap().rows;
    assert_eq!(rows.iter().map(|row| row.detector.as_str()).collect::<Vec<_>>(), ["edge-errors", "answer-size"]);
}

#[test]
fn a_world_in_which_nothing_can_fail_silently_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let world = r#"World(format: 1, name: "bare", title: "Bare", epoch: "2026-01-01T00:00:00Z",
        nodes: {
            "users": (kind: Users, users: (count: 10, journeys_per_second: 1.0, journeys: { "go": 1.0 }, regions: { "eu": 1.0 })),
            "page": (kind: Service, routes: { "GET /": (steps: [Work(Const("1ms"))]) }),
        },
        arrows: { "users -> page": () }, journeys: { "go": (steps: [(request: "GET /")]) })"#;
    std::fs::write(folder.path().join("bare.ron"), world).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_allgreen"));
    let command = command.args(["sweep", "--generated", "bare.ron", "--seeds", "0..1", "--out", "out.parquet"]);
    let done = command.current_dir(folder.path()).output().unwrap();
    let err = String::from_utf8(done.stderr).unwrap();
    assert_eq!(done.status.code(), Some(2), "{err}");
    assert!(err.contains("bare") && err.contains("another world"), "{err}");
}
