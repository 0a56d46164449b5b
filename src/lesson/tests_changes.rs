//! One fault each in how a script's changes happen: for whom, in which steps, and what they wait for.

use crate::Lesson;
use crate::world::{TINY, World};

const LESSON: &str = r#"Lesson(
    format: 1,
    id: "slowly",
    world: "worlds/tiny.ron",
    seed: 7,
    level: FirstSteps,
    opens_at: "40m",
    script: [
        (at: "10m", part: Background, change: (id: "a", kind: Config, gradual: (over: "5m", steps: 10), sets: [
            (on: "web", to: ErrorRate(0.1)),
            (on: "web", to: Flag("new", true), users: (regions: ["eu"], share: 0.5)),
        ])),
        (at: "11m", part: Background, change: (id: "b", kind: Region, sets: [
            (on: "*", zones: ["z"], to: Down(true)),
        ])),
        (at: "12m", part: Background, change: (id: "c", kind: Flag, when: Uptime("web", "2h"), sets: [
            (on: "web", to: Idempotency((keep: "1h"))),
        ])),
        (at: "30m", part: Cause, change: (
            id: "config-2", kind: Config, says: "another network", on: "web -> db", sets: [
                (on: "web -> db", to: Partition((way: Response))),
                (on: "web -> db", to: KeepAlive((idle: "1m"))),
                (on: "web -> db", to: Hedge((after: "10ms"))),
                (on: "web -> db", to: Bulkhead(10)),
                (on: "web -> db", to: Bandwidth(1000)),
                (on: "web -> db", to: Reordering((share: 0.2, delay: Const("1s")))),
            ],
        )),
    ],
    cause: (at: ["web -> db"], mechanism: SwallowedTimeout, change: "config-2", silent_arrows: ["web -> db"]),
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
        title: "Slowly", summary: "Something is missing", reporter: "Ada", ticket: "It looks empty",
        hints: ["look", "look there", "look at the arrow"],
        debrief: "The network was cut.",
        expert: ["the map", "the arrow"],
    ),
)
"#;

fn whats(text: &str) -> Vec<(String, String)> {
    let world = TINY.replace("kind: Service,", r#"kind: Service, zones: ["z"], flags: {"new": false},"#);
    let world = World::from_ron("tiny.ron", &world).unwrap_or_else(|problems| panic!("{problems}"));
    let found = Lesson::from_ron("lessons/slowly.ron", text, world).err().unwrap_or_default();
    found.iter().map(|p| (p.offending().unwrap_or_default().to_owned(), p.what().to_owned())).collect()
}

#[test]
fn each_fault_gives_its_own_problem_at_its_place() {
    assert_eq!(whats(LESSON), []);
    let faults = [
        ("steps: 10", "steps: 0", "0", "the number of steps is 0, outside 1 to 1000"),
        ("over: \"5m\"", "over: \"0s\"", "\"0s\"", "a gradual change over no time at all"),
        ("ErrorRate(0.1)", "Restart", "Restart", "`Restart` has no values between the old one and this"),
        ("regions: [\"eu\"]", "regions: [\"ue\"]", "\"ue\"", "there is no region `ue`"),
        ("regions: [\"eu\"]", "accounts: [\"vip\"]", "\"vip\"", "there is no account type `vip`"),
        ("share: 0.5", "share: 5.0", "5.0", "`share` is 5, outside 0 to 1"),
        (
            "Flag(\"new\", true)",
            "Sampling(0.1)",
            "(regions: [\"eu\"], share: 0.5)",
            "`Sampling` is the same for all users",
        ),
        ("Flag(\"new\", true)", "Flag(\"old\", true)", "\"old\"", "there is no flag of `web` called `old`"),
        ("zones: [\"z\"]", "zones: [\"y\"]", "\"y\"", "there is no zone `y`"),
        ("Down(true)", "Replicas(3)", "Replicas(3)", "`Replicas` can't be set on all nodes"),
        ("Uptime(\"web\", \"2h\")", "Uptime(\"wbe\", \"2h\")", "\"wbe\"", "there is no node `wbe`"),
        ("Uptime(\"web\", \"2h\")", "QueueDepth(\"web\", 9)", "\"web\"", "there is no queue `web`"),
        ("Uptime(\"web\", \"2h\")", "TimeOfDay(\"web\", \"25h\")", "\"25h\"", "a time of day of 1day1h"),
        ("keep: \"1h\"", "keep: \"0s\"", "\"0s\"", "keys that are kept for 0s are never known"),
        ("(way: Response)", "(zones: (\"z\", \"y\"))", "\"y\"", "there is no zone of `db` called `y`"),
        ("idle: \"1m\"", "idle: \"0s\"", "\"0s\"", "connections with `idle` 0s are closed at once"),
        ("after: \"10ms\"", "after: \"9h\"", "\"9h\"", "`after` is 9h, outside 0s to 1h"),
        ("Bulkhead(10)", "Bulkhead(0)", "0", "`Bulkhead` is 0, outside 1 to 1,000,000"),
        ("Bandwidth(1000)", "Bandwidth(0)", "0", "`Bandwidth` is 0, outside 1 to 1,000,000,000,000"),
        ("share: 0.2", "share: 2.0", "2.0", "`share` is 2, outside 0 to 1"),
        ("Bulkhead(10)", "Poison(0.1)", "Poison(0.1)", "`Poison` can't be set on `web -> db`"),
    ];
    let mut wrong = String::new();
    for (from, to, underlined, what) in faults {
        assert!(LESSON.contains(from), "no `{from}` to replace");
        let found = whats(&LESSON.replacen(from, to, 1));
        if found != [(underlined.to_owned(), what.to_owned())] {
            wrong += &format!("{from} => {to}: {found:?}\n");
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

/// Copies of requests on each of many arrows in a row double their number with each.
#[test]
fn changes_that_multiply_beyond_what_can_be_simulated_are_refused() {
    let (mut nodes, mut arrows, mut sets) = (String::new(), String::new(), String::new());
    for at in 0..30 {
        let next = at + 1;
        nodes += &format!(
            "\"s{at}\": (kind: Service, routes: {{ \"GET /\": (steps: [Call((to: \"s{next}\", op: Route(\"GET /\")))]) }}),"
        );
        arrows += &format!("\"s{at} -> s{next}\": (timeout: \"1s\"),");
        sets += &format!("(on: \"s{at} -> s{next}\", to: Duplication(1.0)),");
    }
    let world = format!(
        "World(format: 1, name: \"chain\", title: \"Chain\", epoch: \"2026-01-01T00:00:00Z\",
            nodes: {{ \"users\": (kind: Users, users: (count: 9, journeys_per_second: 1.0, journeys: {{ \"go\": 1.0 }}, regions: {{ \"eu\": 1.0 }})),
                {nodes} \"s30\": (kind: Service, routes: {{ \"GET /\": () }}) }},
            arrows: {{ \"users -> s0\": (), {arrows} }},
            journeys: {{ \"go\": (steps: [(request: \"GET /\")]) }})"
    );
    let world = World::from_ron("chain.ron", &world).unwrap_or_else(|problems| panic!("{problems}"));
    let text = crate::starter::lesson("boom", "worlds/chain.ron", &world).unwrap_or_default();
    let first = text.find("script: [").unwrap_or_default() + "script: [".len();
    let more = format!("(at: \"9m\", part: Background, change: (id: \"copies\", kind: Config, sets: [{sets}])),");
    let boom = format!("{}{more}{}", &text[..first], &text[first..]);
    assert!(Lesson::from_ron("lessons/boom.ron", &text, world.clone()).is_ok());
    let found = Lesson::from_ron("lessons/boom.ron", &boom, world).err().unwrap_or_default();
    let whats: Vec<&str> = found.iter().map(crate::diagnostic::Problem::what).collect();
    assert!(whats.len() == 1 && whats[0].contains("multiply"), "{whats:?}");
}
