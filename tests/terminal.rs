//! Whole sessions at the prompt, from scripts: one lesson solved from the evidence, step by step, and what happens to lines
//! that cannot be carried out. What each lesson's scripts end with is in `catalogue.rs`.
#![allow(clippy::panic, clippy::unwrap_used, reason = "a test stops at what is wrong")]

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::OnceLock;

/// A lesson of four nodes: what is not about a shipped lesson is tried here, where its history takes no time.
const TINY: &str = "tests/support/shop/lessons/tiny.ron";

struct Played {
    status: i32,
    out: String,
    err: String,
}

#[track_caller]
fn play(arguments: &[&str], input: Option<&str>) -> Played {
    let mut command = Command::new(env!("CARGO_BIN_EXE_allgreen"));
    command.arg("play").args(arguments).env_remove("DISPLAY").env_remove("WAYLAND_DISPLAY");
    command.current_dir(env!("CARGO_MANIFEST_DIR"));
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let input = input.unwrap_or_default().to_owned();
    // Whoever ends at a wrong line reads no further.
    let writer = std::thread::spawn(move || drop(stdin.write_all(input.as_bytes())));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    let played = Played { status: output.status.code().unwrap(), out: text(output.stdout), err: text(output.stderr) };
    assert!(!played.err.contains("panicked"), "{}", played.err);
    played
}

#[track_caller]
fn script(lesson: &str, name: &str) -> String {
    let path = format!("tests/scripts/{name}.txt");
    let played = play(&[lesson, "--script", &path], None);
    assert_eq!(played.status, 0, "{}\n{}", played.out, played.err);
    played.out
}

/// What was printed after the line `> command`.
#[track_caller]
fn answer<'a>(out: &'a str, command: &str) -> &'a str {
    let (_, after) = out.split_once(&format!("> {command}\n")).unwrap_or_else(|| panic!("no `{command}` in\n{out}"));
    after.split("\n> ").next().unwrap()
}

/// The solved session, played once for all tests: its debrief runs several futures.
fn solved() -> &'static str {
    static OUT: OnceLock<String> = OnceLock::new();
    OUT.get_or_init(|| script("quiet-fallback", "quiet-fallback-solved"))
}

#[test]
fn the_quiet_fallback_is_solved_from_the_evidence() {
    let out = solved();
    assert!(answer(out, "health").contains("200") && !answer(out, "health").contains("degraded"), "{out}");
    assert!(answer(out, "changes").contains("config-2291"));
    assert!(answer(out, "trace 6db01caa").contains("body.size=2604"));
    assert!(answer(out, "notebook").contains("08:33"));
    let debrief = answer(out, "debrief");
    assert!(debrief.contains("root fix: the harm ended and stayed away"), "{debrief}");
    assert!(debrief.contains("config-2291") && debrief.contains("without your fixes"), "{debrief}");
}

#[test]
fn nothing_of_the_truth_is_printed_before_the_debrief() {
    let out = solved();
    let before = out.split("> debrief\n").next().unwrap();
    for word in ["red herring", "camouflage", "harmed", "RedHerring", "root cause"] {
        assert!(!before.contains(word), "`{word}` is printed before the debrief");
    }
}

#[test]
fn several_scripts_begin_at_one_arrival() {
    let folder = tempfile::tempdir().unwrap();
    let paths = ["one", "two"].map(|name| folder.path().join(name).to_str().unwrap().to_owned());
    std::fs::write(&paths[0], "wait 5m\nfix roll-back config-2\ndebrief\n").unwrap();
    std::fs::write(&paths[1], "status\nlgos\n").unwrap();
    let [one, two] = paths.each_ref().map(String::as_str);
    let played = play(&[TINY, "--script", one, "--script", two], None);
    assert_eq!(played.status, 1, "{}", played.err);
    assert!(played.err.contains(&format!("{two}:2:")), "{}", played.err);
    let (first, second) = played.out.split_once(&format!("{two}\n")).unwrap();
    assert_eq!(first.strip_prefix(&format!("{one}\n")), Some(play(&[TINY, "--script", one], None).out.as_str()));
    assert_eq!(answer(second, "status"), answer(&play(&[TINY, "--script", two], None).out, "status"));
    for arguments in
        [&["--script", one, "--script", "-"][..], &["--script", one, "--script", two, "--save", "x.session"]]
    {
        assert_eq!(play(&[&[TINY], arguments].concat(), None).status, 2);
    }
}

#[test]
fn a_line_that_is_refused_ends_the_script_with_its_place() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("steps.txt");
    for (line, says) in [
        ("lgos", "`logs`"),
        ("config shpo", "shop"),
        ("fix restart stok", "stock"),
        ("fix roll-back nothing-1", "nothing-1"),
        ("draw shop", "->"),
        ("hypothesis shop bad luck", "mechanism"),
        ("chart http.server.request.durations", "http.server.request.duration"),
        ("trace zz", "zz"),
        ("wait 1000d", "1"),
        ("pin nothing yet", "look"),
        ("unpin 9", "9"),
        ("save /nonexistent/folder/file", "/nonexistent/folder/file"),
        ("save /", "/: the session cannot be written"),
        ("fix retries shop -> stock 1000000", "outside 1 to 10"),
        ("fix restart-replica shop shop-9", "none is number 9"),
        ("query promql rows=0 up", "1 to 500"),
        ("note", "text"),
    ] {
        std::fs::write(&path, format!("# first\n\nhelp\n{line}\nquit\n")).unwrap();
        let played = play(&[TINY, "--script", path.to_str().unwrap()], None);
        assert_eq!(played.status, 1, "{line}\n{}\n{}", played.out, played.err);
        assert!(played.err.contains("steps.txt:4: ") && played.err.contains(says), "{line}\n{}", played.err);
        assert_eq!((played.err.matches("error: ").count(), played.err.matches("help: ").count()), (1, 0), "{line}");
    }
}

#[test]
fn the_query_languages_are_spoken_at_the_prompt() {
    let lines = "query promql last=10m sum by (job) (rate(http_server_request_duration_seconds_count[5m]))\n\
        query logql {service_name=~\".+\"}\nquery traceql rows=3 { kind = server }\ntrace 1\npin it is there\n\
        query promql http_server_request_duration_seconds_cuont\nhelp query\nquit\n";
    let played = play(&[TINY, "--terminal"], Some(lines));
    assert_eq!(played.status, 0, "{}\n{}", played.out, played.err);
    for words in
        ["{job=\"", "first span found", "pinned trace", "did you mean `http_server_request_duration_seconds_count`"]
    {
        assert!(played.out.contains(words), "no `{words}` in\n{}", played.out);
    }
    let refused = play(&[TINY, "--terminal"], Some("query promql sum(raet(up[5m]))\n"));
    assert_eq!(refused.status, 1);
    let said = refused.out + &refused.err;
    assert!(said.contains("did you mean \"rate\"?") && said.contains("^^^^"), "{said}");
}

#[test]
fn a_pipe_is_a_script_and_what_is_no_text_is_told() {
    let played = play(&[TINY, "--terminal"], Some("status\r\nquit\nnonsense\n"));
    assert_eq!((played.status, played.err.as_str()), (0, ""), "{}", played.out);
    assert!(played.out.contains("seed 3"), "{}", played.out);
    let marked = play(&[TINY, "--terminal"], Some("\u{feff}status\nquit\n"));
    assert_eq!((marked.status, marked.err.as_str()), (0, ""), "{}", marked.out);
    let later = play(&[TINY, "--terminal"], Some("status\n\u{feff}quit\n"));
    assert_eq!(later.status, 1, "{}", later.out);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("binary");
    std::fs::write(&path, [b's', 0xff, 0xfe, b'\n']).unwrap();
    let played = play(&[TINY, "--script", path.to_str().unwrap()], None);
    assert_eq!(played.status, 2);
    assert!(played.err.contains("binary:1: ") && played.err.contains("UTF-8"), "{}", played.err);
    std::fs::write(&path, "x".repeat(1 << 20)).unwrap();
    let played = play(&[TINY, "--script", path.to_str().unwrap()], None);
    assert_eq!(played.status, 2);
    assert!(played.err.contains("longer than"), "{}", played.err);
}

#[test]
fn a_session_is_saved_continued_and_replayed() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("half.session");
    let path = file.to_str().unwrap();
    let played = play(&[TINY, "--seed", "5", "--terminal", "--save", path], Some("health\nwait 2m\nnote so far\n"));
    assert_eq!(played.status, 0, "{}", played.err);
    let played = play(&["--session", path, "--save", path], Some("notebook\nstatus\nwait 1m\n"));
    assert_eq!(played.status, 0, "{}", played.err);
    assert!(played.out.contains("so far") && played.out.contains("seed 5"), "{}", played.out);
    let replay = || {
        let replay = Command::new(env!("CARGO_BIN_EXE_allgreen")).args(["replay", path]).output().unwrap();
        (replay.status.code(), String::from_utf8(replay.stdout).unwrap(), String::from_utf8(replay.stderr).unwrap())
    };
    let (status, out, err) = replay();
    assert_eq!(status, Some(0), "{err}");
    assert!(out.contains("seed 5") && out.contains("blake3:"), "{out}");
    assert_eq!(replay().1, out);
    // A changed file is found out.
    let text = std::fs::read_to_string(&file).unwrap();
    assert!(text.contains("seed: 5"), "{text}");
    std::fs::write(&file, text.replace("seed: 5", "seed: 6")).unwrap();
    let (status, _, err) = replay();
    assert!(matches!(status, Some(1 | 2)) && err.contains("half.session"), "{status:?} {err}");
    assert_eq!(err.matches("error").count(), 1, "{err}");
    assert!(Path::new(path).exists());
}

/// A prompt needs a terminal, and `script` of util-linux makes one.
#[cfg(target_os = "linux")]
#[test]
fn a_kill_at_the_prompt_saves_and_ends() {
    use std::io::Read;

    if Command::new("script").arg("--version").output().is_err() {
        return;
    }
    for signal in ["TERM", "HUP"] {
        let folder = tempfile::tempdir().unwrap();
        let [pid, save] = ["pid", "kept.session"].map(|name| folder.path().join(name));
        let program = env!("CARGO_BIN_EXE_allgreen");
        let line = format!(
            "echo $$ > {}; exec {program} play {TINY} --terminal --save {}; exit 99",
            pid.display(),
            save.display()
        );
        let mut command = Command::new("timeout");
        command.args(["120", "script", "-qec", &line, "/dev/null"]).current_dir(env!("CARGO_MANIFEST_DIR"));
        command.env("TERM", "xterm").env("SHELL", "/bin/sh").env("XDG_STATE_HOME", folder.path());
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let keyboard = child.stdin.take().unwrap();
        let mut screen = child.stdout.take().unwrap();
        let (mut seen, mut part) = (String::new(), [0; 4096]);
        // The line editor asks the terminal for this when it awaits a line.
        while !seen.contains("\u{1b}[?2004h") {
            let read = screen.read(&mut part).unwrap();
            assert!(read > 0, "{seen}");
            seen += &String::from_utf8_lossy(&part[..read]);
        }
        let kill = format!("kill -{signal} {}", std::fs::read_to_string(&pid).unwrap());
        assert!(Command::new("sh").args(["-c", &kill]).status().unwrap().success());
        let mut rest = Vec::new();
        screen.read_to_end(&mut rest).unwrap();
        let rest = String::from_utf8_lossy(&rest);
        assert_eq!(child.wait().unwrap().code(), Some(130), "{signal}\n{seen}\n{rest}");
        drop(keyboard);
        assert!(rest.contains("stopped, and saved") && rest.contains("\u{1b}[?2004l"), "{signal}\n{rest}");
        assert!(std::fs::read_to_string(&save).unwrap().contains("lesson: \"tiny\""), "{signal}");
    }
}
