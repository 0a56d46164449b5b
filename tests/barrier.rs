//! The information barrier: no face, view, query or exporter can name the ground truth. Reads the source, so that a
//! new file is held to it as well.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::path::{Path, PathBuf};

/// Who may: the ledger itself, the engine that writes it, the session that owns the run, grading, `run --with-truth`,
/// proofs' count of who was harmed, a sweep's instant of the first harm, and what makes lessons: the proof of a generated
/// incident, and the words of it.
const MAY: [&str; 10] = [
    "truth/",
    "engine/",
    "lab/session",
    "lab/grade",
    "prove/harm",
    "sweep/onset",
    "cli/ledger",
    "lib.rs",
    "generate/proof",
    "generate/words",
];

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|ext| ext == "rs") {
            found.push(path);
        }
    }
}

#[test]
fn only_the_session_and_grading_know_the_truth() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    sources(&root, &mut files);
    assert!(files.len() > 40, "the source was found");
    let mut breaches = Vec::new();
    for file in files {
        let name = file.strip_prefix(&root).unwrap().to_string_lossy().replace('\\', "/");
        if MAY.iter().any(|may| name.starts_with(may)) {
            continue;
        }
        let text = std::fs::read_to_string(&file).unwrap();
        for (at, line) in text.lines().enumerate() {
            let code = line.split("//").next().unwrap_or("");
            if ["truth::", "::truth", ".truth()", "Truth>", "&Truth"].iter().any(|word| code.contains(word)) {
                breaches.push(format!("{name}:{}: {}", at + 1, line.trim()));
            }
        }
    }
    assert!(breaches.is_empty(), "these may not know the ground truth:\n{}", breaches.join("\n"));
}

/// A detector is what somebody runs who has nothing but telemetry: the room knows no world, no lesson and no engine, so that
/// none that ships can know more than one of yours.
#[test]
fn detectors_know_telemetry_alone() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/detect");
    let mut files = Vec::new();
    sources(&root, &mut files);
    assert!(files.len() > 20, "the source was found");
    let may = ["crate::telemetry::", "crate::time::", "crate::world::Severity", "crate::random::mix"];
    let mut breaches = Vec::new();
    for file in files {
        let text = std::fs::read_to_string(&file).unwrap();
        for (at, line) in text.lines().enumerate() {
            let code = line.trim_start().trim_start_matches("//!");
            if code.len() == line.trim_start().len()
                && code.match_indices("crate::").any(|(place, _)| !may.iter().any(|may| code[place..].starts_with(may)))
            {
                breaches.push(format!("{}:{}: {}", file.display(), at + 1, line.trim()));
            }
        }
    }
    assert!(breaches.is_empty(), "detectors may not know these:\n{}", breaches.join("\n"));
}

/// What a trainer may see is made in one place of grading, and asked for by one command.
#[test]
fn the_trainers_view_is_made_by_grading_and_handed_out_by_the_session_alone() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    sources(&root, &mut files);
    let makes: Vec<String> = files
        .iter()
        .filter(|file| {
            let text = std::fs::read_to_string(file).unwrap();
            text.lines()
                .any(|line| line.contains("TrainerView {") && !line.contains("pub struct") && !line.contains("fn "))
                || text.contains("trainer_view(")
        })
        .map(|file| file.strip_prefix(&root).unwrap().to_string_lossy().replace('\\', "/"))
        .collect();
    let mut makes = makes;
    makes.sort();
    assert_eq!(makes, ["lab/grade/trainer.rs", "lab/session.rs"]);
}
