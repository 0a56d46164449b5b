//! A lesson that is right, and lessons with one fault each.

use super::*;
use crate::Problems;
use crate::world::{TINY, tiny};

const LESSON: &str = r#"Lesson(
    format: 1,
    id: "quiet",
    world: "worlds/tiny.ron",
    seed: 7,
    level: FirstSteps,
    opens_at: "40m",
    script: [
        (at: "10m", part: Background, change: (
            id: "deploy-1", kind: Deploy, says: "web 1.0.1", on: "web", sets: [(on: "web", to: Version("1.0.1"))],
        )),
        (at: "30m", part: Cause, change: (
            id: "config-2", kind: Config, says: "shorter timeout", on: "web -> db", sets: [
                (on: "web->db", replicas: [1], to: Timeout("1ms")),
                (on: "users", to: TrafficFactor(1.5)),
                (on: "web -> db", to: Fallback((value: Default))),
                (on: "web", to: HealthChecks((checks: [Dependency("db")]))),
            ],
        )),
        (at: "35m", part: RedHerring, change: (id: "undo-3", kind: Config, undoes: "deploy-1")),
    ],
    cause: (at: ["web -> db", "web"], mechanism: SwallowedTimeout, change: "config-2", silent_arrows: ["web->db"]),
    fixes: [
        (fix: RollBack(change: "config-2"), effect: Root),
        (fix: SetTimeout(arrow: "web->db", timeout: "1s"), effect: Root),
        (fix: Restart(node: "web"), effect: Symptom),
        (fix: Scale(node: "db", replicas: 3), effect: None),
    ],
    evidence: [
        (chart: (metric: "http.client.request.duration", show: Quantile(0.99)), shows: "calls end at 1 ms"),
    ],
    texts: (
        title: "Quiet", summary: "Something is missing", reporter: "Ada", ticket: "It looks empty",
        hints: ["look", "look there", "look at the arrow"],
        debrief: "The timeout was too short.",
        expert: ["the map", "the arrow"],
    ),
)
"#;

fn load(text: &str) -> Result<Lesson, Problems> {
    let world = World::new(tiny())?;
    Lesson::from_ron("lessons/quiet.ron", text, world)
}

#[test]
fn a_right_lesson_is_loaded_and_its_arrows_are_named_as_in_the_world() {
    let lesson = load(LESSON).unwrap_or_else(|problems| panic!("{problems}"));
    let spec = lesson.spec();
    assert_eq!(spec.cause.silent_arrows, ["web -> db"]);
    assert_eq!(spec.script[1].change.sets[0].on, "web -> db");
    let named = spec
        .fixes
        .iter()
        .any(|named| matches!(&named.fix, crate::lab::Fix::SetTimeout { arrow, .. } if arrow == "web -> db"));
    assert!(named);
    assert_eq!(lesson.world().spec().name, "tiny");
    assert!(Lesson::new(spec.clone(), lesson.world().clone()).is_ok());
}

/// What is replaced, once; where the problem is, what is underlined, what is wrong and what to do.
struct Fault {
    from: &'static str,
    to: &'static str,
    at: (usize, usize),
    underlined: &'static str,
    what: &'static str,
    help: &'static str,
}

#[test]
fn each_fault_gives_its_own_problem_at_its_place() {
    let faults = [
        Fault {
            from: "format: 1",
            to: "format: 3",
            at: (2, 13),
            underlined: "3",
            what: "this file is of format 3, and this program reads format 1",
            help: "use a newer allgreen",
        },
        Fault {
            from: r#"id: "quiet""#,
            to: r#"id: "the quiet one""#,
            at: (3, 9),
            underlined: "\"the quiet one\"",
            what: "`the quiet one` is not a name",
            help: "use letters a to z, digits, `-`, `_`; at most 64 of them",
        },
        Fault {
            from: r#""worlds/tiny.ron""#,
            to: r#""../tiny.ron""#,
            at: (4, 12),
            underlined: "\"../tiny.ron\"",
            what: "`../tiny.ron` is not a path inside the folder of worlds and lessons",
            help: "write a relative path without `..`, such as \"worlds/storefront.ron\"",
        },
        Fault {
            from: r#""worlds/tiny.ron""#,
            to: r#""/etc/passwd""#,
            at: (4, 12),
            underlined: "\"/etc/passwd\"",
            what: "`/etc/passwd` is not a path inside the folder of worlds and lessons",
            help: "write a relative path without `..`, such as \"worlds/storefront.ron\"",
        },
        Fault {
            from: r#""40m""#,
            to: r#""20m""#,
            at: (7, 15),
            underlined: "\"20m\"",
            what: "the learner arrives at 20m, before there is a history to compare with",
            help: "write a time from \"30m\" on",
        },
        Fault {
            from: r#""40m""#,
            to: r#""10years 1day""#,
            at: (7, 15),
            underlined: "\"10years 1day\"",
            what: "`10years 1day` is longer than ten years, the longest time allgreen simulates",
            help: "write a shorter one",
        },
        Fault {
            from: r#""40m""#,
            to: r#""-5m""#,
            at: (7, 15),
            underlined: "\"-5m\"",
            what: "`-5m` is not a duration (expected number at 0)",
            help: "write it like \"250ms\", \"30s\", \"5m\" or \"2h\"",
        },
        Fault {
            from: "level: FirstSteps",
            to: "level: Hard",
            at: (6, 12),
            underlined: "Hard",
            what: "`Hard` is not a possible value for `Level`",
            help: "write one of `FirstSteps`, `Practised`, `Expert`",
        },
        Fault {
            from: "seed: 7",
            to: "seed: -7",
            at: (5, 11),
            underlined: "-7",
            what: "this number may not be negative",
            help: "write a whole number from 0 on",
        },
        Fault {
            from: r#"id: "undo-3""#,
            to: r#"id: "config-2""#,
            at: (20, 52),
            underlined: "\"config-2\"",
            what: "another change is called `config-2` already",
            help: "rename one of the two",
        },
        Fault {
            from: r#"id: "undo-3""#,
            to: r#"id: "undo 3""#,
            at: (20, 52),
            underlined: "\"undo 3\"",
            what: "`undo 3` is not an identifier of a change",
            help: "write 1 to 64 characters without blanks, such as \"deploy-1412\"",
        },
        Fault {
            from: r#"(on: "web", to: Version("1.0.1"))"#,
            to: r#"(on: "wbe", to: Version("1.0.1"))"#,
            at: (10, 85),
            underlined: "\"wbe\"",
            what: "there is no node `wbe`",
            help: "did you mean `web`?",
        },
        Fault {
            from: r#"Version("1.0.1")"#,
            to: r#"Timeout("1s")"#,
            at: (10, 96),
            underlined: "Timeout(\"1s\")",
            what: "`Timeout` can't be set on `web`",
            help: "it belongs to an arrow: write \"from -> to\"",
        },
        Fault {
            from: r#"Version("1.0.1")"#,
            to: r#"CacheTtl("1s")"#,
            at: (10, 96),
            underlined: "CacheTtl(\"1s\")",
            what: "`CacheTtl` can't be set on `web`",
            help: "it belongs to a node with a cache",
        },
        Fault {
            from: r#"Version("1.0.1")"#,
            to: "QueueCapacity(5)",
            at: (10, 96),
            underlined: "QueueCapacity(5)",
            what: "`QueueCapacity` can't be set on `web`",
            help: "it belongs to a node with a queue",
        },
        Fault {
            from: r#"Version("1.0.1")"#,
            to: r#"ReplicaLag("5s")"#,
            at: (10, 96),
            underlined: "ReplicaLag(\"5s\")",
            what: "`ReplicaLag` can't be set on `web`",
            help: "it belongs to a database that follows a primary",
        },
        Fault {
            from: r#"Version("1.0.1")"#,
            to: "TrafficFactor(2.0)",
            at: (10, 96),
            underlined: "TrafficFactor(2.0)",
            what: "`TrafficFactor` can't be set on `web`",
            help: "it belongs to a node of users",
        },
        Fault {
            from: r#"Version("1.0.1")"#,
            to: "Replicas(0)",
            at: (10, 105),
            underlined: "0",
            what: "the number of replicas is 0, outside 1 to 1000",
            help: "write a number from 1 to 1000",
        },
        Fault {
            from: r#"Version("1.0.1")"#,
            to: "ErrorRate(1.01)",
            at: (10, 106),
            underlined: "1.01",
            what: "`ErrorRate` is 1.01, outside 0 to 1",
            help: "write a number from 0 to 1",
        },
        Fault {
            from: r#"Version("1.0.1")"#,
            to: r#"Verzion("1.0.1")"#,
            at: (10, 96),
            underlined: "Verzion",
            what: "`Verzion` is not a possible value for `Setting`",
            help: "did you mean `Version`?",
        },
        Fault {
            from: r#"(on: "web->db", replicas"#,
            to: r#"(on: "db->web", replicas"#,
            at: (14, 22),
            underlined: "\"db->web\"",
            what: "there is no arrow `db -> web`",
            help: "did you mean `web -> db`?",
        },
        Fault {
            from: r#"(on: "web->db", replicas"#,
            to: r#"(on: "web->bd", replicas"#,
            at: (14, 22),
            underlined: "\"web->bd\"",
            what: "there is no arrow `web -> bd`",
            help: "did you mean `web -> db`?",
        },
        Fault {
            from: "replicas: [1]",
            to: "replicas: [2]",
            at: (14, 44),
            underlined: "2",
            what: "the number of a replica of `web` is 2, outside 1 to 1",
            help: "write a number from 1 to 1",
        },
        Fault {
            from: r#"(on: "users", to"#,
            to: r#"(on: "users", replicas: [1], to"#,
            at: (15, 41),
            underlined: "[1]",
            what: "`TrafficFactor` is of the node as a whole",
            help: "leave `replicas` out",
        },
        Fault {
            from: r#"Timeout("1ms")"#,
            to: r#"Timeout("0s")"#,
            at: (14, 60),
            underlined: "\"0s\"",
            what: "`Timeout` is no time at all",
            help: "write a time above \"0s\", up to \"1h\"",
        },
        Fault {
            from: r#"Timeout("1ms")"#,
            to: r#"Retry((attempts: 0, backoff: "1ms"))"#,
            at: (14, 69),
            underlined: "0",
            what: "the number of attempts, the first included, is 0, outside 1 to 20",
            help: "write a number from 1 to 20",
        },
        Fault {
            from: r#"Timeout("1ms")"#,
            to: r#"Breaker((window: 5, threshold: 1.5, open_for: "5s"))"#,
            at: (14, 83),
            underlined: "1.5",
            what: "`threshold` is 1.5, outside 0 to 1",
            help: "write a number from 0 to 1",
        },
        Fault {
            from: r#"Timeout("1ms")"#,
            to: r#"Latency(LogNormal(median: "1ms", sigma: -1.0))"#,
            at: (14, 92),
            underlined: "-1.0",
            what: "`sigma` is -1, outside 0 to 5",
            help: "write a number from 0 to 5",
        },
        Fault {
            from: r#"Timeout("1ms")"#,
            to: "Concurrency(5)",
            at: (14, 52),
            underlined: "Concurrency(5)",
            what: "`Concurrency` can't be set on `web->db`",
            help: "it belongs to a node: write its name",
        },
        Fault {
            from: "TrafficFactor(1.5)",
            to: "TrafficFactor(-1.0)",
            at: (15, 49),
            underlined: "-1.0",
            what: "`TrafficFactor` is -1, outside 0 to 1000",
            help: "write a number from 0 to 1000",
        },
        Fault {
            from: r#"[Dependency("db")]"#,
            to: r#"[Dependency("users")]"#,
            at: (17, 67),
            underlined: "\"users\"",
            what: "there is no arrow from `web` to `users`",
            help: "write one of `db`",
        },
        Fault {
            from: r#"on: "web -> db", sets"#,
            to: r#"on: "web -> bd", sets"#,
            at: (13, 72),
            underlined: "\"web -> bd\"",
            what: "there is no arrow `web -> bd`",
            help: "did you mean `web -> db`?",
        },
        Fault {
            from: r#"undoes: "deploy-1""#,
            to: r#"undoes: "deploy-2""#,
            at: (20, 84),
            underlined: "\"deploy-2\"",
            what: "there is no earlier change `deploy-2` to undo",
            help: "did you mean `deploy-1`?",
        },
        Fault {
            from: r#", undoes: "deploy-1""#,
            to: "",
            at: (20, 47),
            underlined: "(id: \"undo-3\", kind: Config)",
            what: "this change does nothing, and nobody hears of it",
            help: "give it `sets: […]`, `undoes: \"…\"`, or words for the feed in `says`",
        },
        Fault {
            from: r#"(at: "35m""#,
            to: r#"(at: "5m""#,
            at: (20, 83),
            underlined: "\"deploy-1\"",
            what: "there is no earlier change `deploy-1` to undo",
            help: "list the change that it undoes before it, at an earlier time",
        },
        Fault {
            from: r#"at: ["web -> db", "web"]"#,
            to: "at: []",
            at: (22, 17),
            underlined: "[]",
            what: "the cause is nowhere",
            help: "name a node, or an arrow as \"from -> to\"",
        },
        Fault {
            from: r#"at: ["web -> db", "web"]"#,
            to: r#"at: ["web -> db", "wbe"]"#,
            at: (22, 31),
            underlined: "\"wbe\"",
            what: "there is no node `wbe`",
            help: "did you mean `web`?",
        },
        Fault {
            from: r#"change: "config-2", silent"#,
            to: r#"change: "config-3", silent"#,
            at: (22, 76),
            underlined: "\"config-3\"",
            what: "there is no scripted change `config-3`",
            help: "did you mean `config-2`?",
        },
        Fault {
            from: r#"change: "config-2", silent"#,
            to: r#"change: "deploy-1", silent"#,
            at: (22, 76),
            underlined: "\"deploy-1\"",
            what: "the change `deploy-1` is scripted as Background",
            help: "write one of `config-2`",
        },
        Fault {
            from: "part: Cause",
            to: "part: Camouflage",
            at: (22, 76),
            underlined: "\"config-2\"",
            what: "the change `config-2` is scripted as Camouflage",
            help: "give it part: Cause",
        },
        Fault {
            from: r#"silent_arrows: ["web->db"]"#,
            to: r#"silent_arrows: ["web"]"#,
            at: (22, 104),
            underlined: "\"web\"",
            what: "there is no arrow `web`",
            help: "did you mean `web -> db`?",
        },
        Fault {
            from: r#"mechanism: SwallowedTimeout, change: "config-2""#,
            to: r#"mechanism: NoIncident, change: """#,
            at: (12, 27),
            underlined: "Cause",
            what: "nothing is wrong in this lesson, so no change is its cause",
            help: "write RedHerring or Background",
        },
        Fault {
            from: "SwallowedTimeout",
            to: "SwalowedTimeout",
            at: (22, 50),
            underlined: "SwalowedTimeout",
            what: "`SwalowedTimeout` is not a possible value for `Mechanism`",
            help: "did you mean `SwallowedTimeout`?",
        },
        Fault {
            from: r#"RollBack(change: "config-2")"#,
            to: r#"RollBack(change: "config-1")"#,
            at: (24, 32),
            underlined: "\"config-1\"",
            what: "there is no scripted change `config-1`",
            help: "did you mean `config-2`?",
        },
        Fault {
            from: r#"SetTimeout(arrow: "web->db""#,
            to: r#"SetTimeout(arrow: "web->dbb""#,
            at: (25, 33),
            underlined: "\"web->dbb\"",
            what: "there is no arrow `web -> dbb`",
            help: "did you mean `web -> db`?",
        },
        Fault {
            from: r#"timeout: "1s""#,
            to: r#"timeout: "2h""#,
            at: (25, 53),
            underlined: "\"2h\"",
            what: "`timeout` is 2h, outside 1ms to 1h",
            help: "give something from 1ms to 1h",
        },
        Fault {
            from: r#"Restart(node: "web")"#,
            to: r#"Restart(node: "webb")"#,
            at: (26, 29),
            underlined: "\"webb\"",
            what: "there is no node `webb`",
            help: "did you mean `web`?",
        },
        Fault {
            from: r#"Restart(node: "web")"#,
            to: r#"FlushCache(node: "web")"#,
            at: (26, 32),
            underlined: "\"web\"",
            what: "`web` is not a cache",
            help: "name a cache",
        },
        Fault {
            from: r#"Restart(node: "web")"#,
            to: r#"SetQueueCapacity(node: "web", capacity: 5)"#,
            at: (26, 38),
            underlined: "\"web\"",
            what: "`web` is not a queue",
            help: "name a queue",
        },
        Fault {
            from: r#"Restart(node: "web")"#,
            to: r#"DeepenHealth(node: "web", checks: [ConsumerLag("db", "5s")])"#,
            at: (26, 62),
            underlined: "\"db\"",
            what: "there is no queue next to `web` called `db`",
            help: "there is none to choose from: declare one",
        },
        Fault {
            from: "replicas: 3",
            to: "replicas: 2000",
            at: (27, 43),
            underlined: "2000",
            what: "`replicas` is 2000, outside 1 to 1000",
            help: "give something from 1 to 1000",
        },
        Fault {
            from: "effect: Symptom",
            to: "effect: None",
            at: (23, 5),
            underlined: "fixes",
            what: "no fix has the effect Symptom",
            help: "add a fix that only seems to end it",
        },
        Fault {
            from: r#"Restart(node: "web")"#,
            to: r#"Reboot(node: "web")"#,
            at: (26, 15),
            underlined: "Reboot",
            what: "`Reboot` is not a possible value for `Fix`",
            help: "write one of `RollBack`, `SetTimeout`, `SetRetries`, `SetBackoff`, `SetRetryBudget`, `SetFallback`, `SetBreaker`, `RemoveBreaker`, `SetPool`, `SetPoolWait`, `SetBulkhead`, `SetHedge`, `CheckBody`, `SetBalance`, `SetKeepAlive`, `SetDiscovery`, `SetEjection`, `Restart`, `RestartReplica`, `ReplaceReplica` and 36 more",
        },
        Fault {
            from: r#""http.client.request.duration""#,
            to: r#""""#,
            at: (30, 26),
            underlined: "\"\"",
            what: "the chart names no metric",
            help: "write a metric's name, such as \"http.server.request.duration\"",
        },
        Fault {
            from: "Quantile(0.99)",
            to: "Quantile(99)",
            at: (30, 73),
            underlined: "99",
            what: "a quantile is 99, outside 0 to 1",
            help: "write a number from 0 to 1",
        },
        Fault {
            from: r#"shows: "calls end at 1 ms""#,
            to: r#"shows: """#,
            at: (30, 88),
            underlined: "\"\"",
            what: "`shows` is empty",
            help: "write some words for people",
        },
        Fault {
            from: r#"title: "Quiet""#,
            to: r#"title: """#,
            at: (33, 16),
            underlined: "\"\"",
            what: "`title` is empty",
            help: "write some words for people",
        },
        Fault {
            from: r#"ticket: "It looks empty""#,
            to: r#"ticket: " ""#,
            at: (33, 83),
            underlined: "\" \"",
            what: "`ticket` is empty",
            help: "write some words for people",
        },
        Fault {
            from: r#"["look", "look there", "look at the arrow"]"#,
            to: r#"["look"]"#,
            at: (34, 16),
            underlined: "[\"look\"]",
            what: "a lesson has 3 hints, and here are 1",
            help: "write 3 hints, each saying more than the one before",
        },
        Fault {
            from: r#""look there""#,
            to: r#""""#,
            at: (34, 25),
            underlined: "\"\"",
            what: "this hint is empty",
            help: "write some words for people",
        },
        Fault {
            from: r#"expert: ["the map", "the arrow"]"#,
            to: r#"expert: ["1","2","3","4","5","6","7","8","9","10"]"#,
            at: (36, 17),
            underlined: "[\"1\",\"2\",\"3\",\"4\",\"5\",\"6\",\"7\",\"8\",\"9\",\"10\"]",
            what: "the work has 9 steps, and here are 10 lines",
            help: "write at most 9 lines",
        },
    ];
    let mut wrong = String::new();
    for fault in &faults {
        let Fault { from, to, .. } = fault;
        assert!(LESSON.contains(from), "no `{from}` to replace");
        let problems = load(&LESSON.replacen(from, to, 1)).err().unwrap_or_default();
        let found: Vec<_> = problems
            .iter()
            .map(|problem| {
                let at = problem.position().map_or((0, 0), |at| (at.line, at.column));
                (at, problem.offending().unwrap_or_default(), problem.what(), problem.suggestion().unwrap_or_default())
            })
            .collect();
        if found != [(fault.at, fault.underlined, fault.what, fault.help)] {
            wrong += &format!("{from} => {to}\n");
            for (at, underlined, what, help) in found {
                wrong += &format!(
                    "    at: {at:?},\n    underlined: {underlined:?},\n    what: {what:?},\n    help: {help:?},\n"
                );
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

/// A folder with a lesson and a world in their places; what loading the lesson says.
fn load_files(
    lesson: (&str, &str),
    world: Option<&str>,
    find: &dyn Fn(&str) -> Option<String>,
) -> Result<Lesson, Problems> {
    let folder = tempfile::tempdir().unwrap();
    for name in ["lessons", "worlds"] {
        std::fs::create_dir(folder.path().join(name)).unwrap();
    }
    let path = folder.path().join("lessons").join(lesson.0);
    std::fs::write(&path, lesson.1).unwrap();
    if let Some(world) = world {
        std::fs::write(folder.path().join("worlds/tiny.ron"), world).unwrap();
    }
    Lesson::load_with(path, find)
}

fn whats(result: Result<Lesson, Problems>) -> Vec<String> {
    result.err().unwrap_or_default().iter().map(|problem| problem.what().to_owned()).collect()
}

#[test]
fn a_lesson_finds_its_world_beside_its_folder_or_asks_for_it() {
    let nobody = |_: &str| None;
    let right = ("quiet.ron", LESSON);
    assert!(load_files(right, Some(TINY), &nobody).is_ok());
    assert!(load_files(right, None, &|path| (path == "worlds/tiny.ron").then(|| TINY.to_owned())).is_ok());
    assert_eq!(whats(load_files(right, None, &nobody)), ["there is no world file `worlds/tiny.ron`"]);
}

#[test]
fn problems_of_the_file_name_the_lesson_and_the_world_are_told_together() {
    let broken_world = TINY.replace("keys: 100", "keys: 0");
    let lesson = LESSON.replace("\"look there\"", "\"\"");
    let found = whats(load_files(("loud.ron", &lesson), Some(&broken_world), &|_| None));
    let expected = [
        "this lesson is called `quiet`, and its file `loud`",
        "this hint is empty",
        "the number of keys is 0, outside 1 to 50,000,000",
    ];
    assert_eq!(found, expected);
    let outside = LESSON.replace("worlds/tiny.ron", "../worlds/tiny.ron");
    let found = whats(load_files(("quiet.ron", &outside), Some(TINY), &|_| panic!("nothing outside is asked for")));
    assert_eq!(found, ["`../worlds/tiny.ron` is not a path inside the folder of worlds and lessons"]);
}

#[test]
fn a_script_without_end_is_refused() {
    let change = "(at: \"31m\", part: RedHerring, change: (id: \"undo-3\", kind: Config, undoes: \"deploy-1\")),\n";
    let text = LESSON.replace("script: [", &format!("script: [{}", change.repeat(100_000)));
    let found = whats(load(&text));
    assert_eq!(found, ["the number of changes is 100,003, outside 0 to 1000"]);
}
