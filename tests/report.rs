//! A class's sessions, from files to the trainer's table, CSV and page.
#![allow(clippy::panic, clippy::unwrap_used, reason = "a test stops at what is wrong")]

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

fn shop() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/support/shop")
}

/// Runs in the folder of the smallest shop, whose lesson is found there.
#[track_caller]
fn run(arguments: &[&str], status: i32) -> (String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_allgreen"));
    let output = command.args(arguments).stdin(Stdio::null()).current_dir(shop()).output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    let (out, err) = (text(&output.stdout), text(&output.stderr));
    assert_eq!(output.status.code(), Some(status), "{arguments:?}\n{out}\n{err}");
    (out, err)
}

fn play(folder: &Path, file: &str, who: &str, script: &str) {
    let steps = folder.join("steps.txt");
    std::fs::write(&steps, script).unwrap();
    let (steps, file) = (steps.display().to_string(), folder.join(file).display().to_string());
    run(&["play", "tiny", "--who", who, "--script", &steps, "--save", &file], 0);
}

/// Changes a session file by hand.
fn edit(file: &Path, from: &str, to: &str) {
    let text = std::fs::read_to_string(file).unwrap();
    assert!(text.contains(from), "{text}");
    std::fs::write(file, text.replace(from, to)).unwrap();
}

#[test]
fn a_file_that_was_changed_by_hand_is_opened_and_marked() {
    let class = tempfile::tempdir().unwrap();
    let file = class.path().join("a.session");
    play(class.path(), "a.session", "Ada", "hint\nhypothesis stock leak\nwait 1m\n");
    let name = file.display().to_string();
    let (out, _) = run(&["replay", &name], 0);
    assert!(out.contains("the same as when it was saved"), "{out}");
    let (table, err) = run(&["report", &name], 0);
    assert!(table.contains("1 of 3") && !table.contains("by hand"), "{table}");
    assert!(err.contains(&format!("replaying {name}")), "{err}");

    edit(&file, "    Hint,\n", "");
    let (out, _) = run(&["replay", &name], 0);
    assert!(out.contains("changed by hand"), "{out}");
    let (table, _) = run(&["report", &name], 0);
    assert!(table.contains("0 of 3") && table.contains("not ended, changed by hand"), "{table}");
    let (csv, _) = run(&["report", "--format", "csv", &name], 0);
    assert!(csv.lines().next().unwrap().contains(",changed_by_hand,"), "{csv}");
}

#[test]
fn what_was_replayed_before_a_stop_is_kept() {
    let class = tempfile::tempdir().unwrap();
    let file = |name: &str| class.path().join(name);
    play(class.path(), "a.session", "Ada", "wait 1m\n");
    play(class.path(), "b.session", "Eve", "wait 1m\n");
    // It would take a long time.
    edit(&file("b.session"), "Wait(\"1m\")", "Wait(\"20d\")");
    let find = |_: &str| allgreen::Lesson::load(shop().join("lessons/tiny.ron")).ok();
    let mut begun: Vec<PathBuf> = Vec::new();
    let files = [file("a.session"), file("b.session")];
    let (rows, whole) = allgreen::report::rows(&files, &find, 1, &mut |_, file| {
        begun.extend(file.map(Path::to_owned));
        begun.len() < 2
    });
    assert_eq!(begun, files);
    assert!(!whole);
    let done: Vec<&Path> = rows.iter().filter(|(_, row)| row.is_ok()).map(|(file, _)| file.as_path()).collect();
    assert_eq!((done, rows.len()), (vec![files[0].as_path()], 1));
}

#[test]
fn a_class_is_reported_in_three_formats_and_broken_files_are_told() {
    let class = tempfile::tempdir().unwrap();
    let folder = class.path();
    std::fs::create_dir(folder.join("later")).unwrap();
    let solved = "changes\nwait 1m\nhypothesis shop -> stock swallowed timeout change=config-2\n\
                  fix roll-back config-2\nwait 5m\ndebrief\n";
    play(folder, "a.session", "Ada <script>alert(1)</script>", solved);
    play(folder, "later/b.session", "=1+1", "reveal yes\nhint\nhypothesis stock leak\nfix restart stock\nwait 10m\n");
    let folder_name = folder.display().to_string();

    let (table, _) = run(&["report", &folder_name], 0);
    assert!(table.contains("✓ root fix") && table.contains("○ no effect, not ended, answers shown"), "{table}");
    let row = table.lines().find(|line| line.contains("=1+1")).unwrap();
    assert!(row.contains("wrong") && row.contains("restart stock") && row.contains("1 of 3"), "{row}");

    let (csv, _) = run(&["report", "--format", "csv", &folder_name], 0);
    let mut reader = csv::Reader::from_reader(csv.as_bytes());
    let names = reader.headers().unwrap().clone();
    let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    let cell = |row: usize, name: &str| rows[row][names.iter().position(|known| known == name).unwrap()].to_owned();
    assert_eq!(rows.len(), 2);
    let (ada, other) = if cell(0, "solved") == "true" { (0, 1) } else { (1, 0) };
    assert_eq!((cell(ada, "cause"), cell(ada, "to_hypothesis_s")), ("right".into(), "60".into()));
    assert_eq!(
        (cell(ada, "check_changes_s"), cell(ada, "fix_s"), cell(ada, "total_s")),
        ("60".into(), "300".into(), "360".into())
    );
    assert_eq!((cell(other, "who"), cell(other, "finished")), ("'=1+1".into(), "false".into()));

    std::fs::write(folder.join("c.session"), "(format: 1, nonsense").unwrap();
    let page = folder.join("class.html").display().to_string();
    let (_, err) = run(&["report", "--format", "html", "--out", &page, "--jobs", "1", &folder_name], 2);
    assert!(err.contains("c.session") && err.contains("1 of 3 sessions"), "{err}");
    let html = std::fs::read_to_string(&page).unwrap();
    assert!(html.contains("Ada &lt;script&gt;") && !html.contains("<script"), "escaped");
    assert!(html.matches("<svg").count() == 2 && html.contains("c.session"));
    for word in ["http:", "https:", "src=", "url(", "@import", "href="] {
        assert!(!html.contains(word), "the page needs nothing from elsewhere: {word}");
    }
    run(&["report", "lessons"], 2);
}
