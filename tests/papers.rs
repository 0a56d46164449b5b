//! The project's papers say what the project is.
#![allow(clippy::panic, clippy::unwrap_used, reason = "a test stops at what is wrong")]

use std::collections::BTreeSet;
use std::path::Path;

fn read(path: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path))
        .unwrap_or_else(|why| panic!("{path}: {why}"))
}

#[test]
fn every_dependency_has_its_line_and_no_line_is_left_over() {
    let manifest = read("Cargo.toml");
    let mut named = BTreeSet::new();
    let mut within = false;
    for line in manifest.lines() {
        if line.starts_with('[') {
            within = line.contains("dependencies");
        } else if within && let Some((name, _)) = line.split_once('=') {
            named.insert(name.trim().trim_matches('"').split('.').next().unwrap_or_default().to_owned());
        }
    }
    let listed: BTreeSet<String> = read("docs/dependencies.md")
        .lines()
        .filter_map(|line| line.strip_prefix("| `"))
        .filter_map(|line| line.split('|').next())
        .flat_map(|cell| cell.split(',').map(|name| name.trim().trim_matches('`').to_owned()).collect::<Vec<_>>())
        .collect();
    assert_eq!(named, listed, "docs/dependencies.md and Cargo.toml differ");
}

#[test]
fn links_in_the_papers_lead_somewhere() {
    let mut papers = vec!["README.md".to_owned(), "CHANGELOG.md".to_owned()];
    for entry in std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        if name.ends_with(".md") {
            papers.push(format!("docs/{name}"));
        }
    }
    for paper in papers {
        for link in read(&paper).split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            if !link.starts_with("http") && !link.starts_with('#') {
                let file = link.split('#').next().unwrap_or(link);
                let target = Path::new(env!("CARGO_MANIFEST_DIR")).join(&paper).parent().unwrap().join(file);
                assert!(target.exists(), "{paper} links to {link}, which does not exist");
            }
        }
    }
}
