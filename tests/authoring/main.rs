//! The reference of world and lesson files: its tables are those of the types, its examples are read, its links lead
//! somewhere. `UPDATE_DOCS=1 cargo test --test authoring` writes the tables anew.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout)]

mod examples;
mod faults;
mod lessons;
mod settings;
mod tables;
mod types;

use std::path::{Path, PathBuf};

const BEGIN: &str = "<!-- The tables below are made from the types by `UPDATE_DOCS=1 cargo test --test authoring`. -->";

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn page() -> PathBuf {
    root().join("docs/authoring.md")
}

#[test]
fn the_tables_are_those_of_the_types() {
    let text = std::fs::read_to_string(page()).unwrap();
    let (words, _) = text.split_once(BEGIN).unwrap_or_else(|| panic!("docs/authoring.md lacks the line\n{BEGIN}"));
    let types = types::read(&root().join("src"));
    let made = format!("{words}{BEGIN}\n{}", tables::tables(&types));
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(page(), made).unwrap();
        return;
    }
    let differs = text.lines().zip(made.lines()).position(|(is, ought)| is != ought);
    if let Some(line) = differs.or((text != made).then_some(text.lines().count())) {
        let at = |text: &str| text.lines().nth(line).unwrap_or("(the end)").to_owned();
        panic!(
            "docs/authoring.md:{} is not what the types say\n  is    {}\n  ought {}\nrun: UPDATE_DOCS=1 cargo test --test authoring",
            line + 1,
            at(&text),
            at(&made)
        );
    }
}

#[test]
fn every_link_within_the_page_leads_to_a_heading() {
    let text = std::fs::read_to_string(page()).unwrap();
    let anchors: Vec<String> = text
        .lines()
        .filter(|line| line.starts_with('#'))
        .map(|line| {
            let title = line.trim_start_matches('#').trim().to_lowercase();
            title.chars().filter(|c| c.is_alphanumeric() || " -_".contains(*c)).collect::<String>().replace(' ', "-")
        })
        .collect();
    for (at, line) in text.lines().enumerate() {
        for link in line.split("](#").skip(1).filter_map(|rest| rest.split(')').next()) {
            assert!(anchors.iter().any(|anchor| anchor == link), "docs/authoring.md:{}: no heading #{link}", at + 1);
        }
    }
}
