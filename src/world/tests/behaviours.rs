//! Guards, clocks and processes that can be read and are not right: one fault each.

use super::{Fault, assert_faults};
use crate::World;

/// A world with every further behaviour of a node.
const GUARDED: &str = r#"World(
    format: 1,
    name: "guarded",
    title: "Guards, clocks and processes",
    epoch: "2026-03-02T08:00:00Z",
    data: {"item": (keys: 100, bytes: 400), "session": (keys: 100, bytes: 700)},
    nodes: {
        "users": (
            kind: Users,
            users: (
                count: 100,
                journeys_per_second: 2.0,
                journeys: {"go": 1.0},
                regions: {"eu": 1.0},
                accounts: {"enterprise": 1.0},
            ),
        ),
        "gateway": (
            kind: Gateway,
            verifies: (token: "session", leeway: "1s", except: ["POST /session"]),
            limits: [(per: User, allow: Bucket(per_second: 5.0, burst: 10)), (allow: Window(requests: 10, every: "1m"))],
        ),
        "identity": (
            kind: Service,
            issues: (valid_for: "15m", not_before: "-1s"),
            routes: {"POST /session": (steps: [Issue("session")])},
        ),
        "shop": (
            kind: Service,
            replicas: 2,
            discipline: ProcessorSharing(2.0),
            clocks: [(sync: (every: "64s", error: "2ms", step_above: "100ms", slew_ppm: 400.0))],
            slow: (share: 0.1, factor: 20.0),
            pauses: (every: Exp("30s"), lasts: Exp("50ms")),
            memory: (base: 1000, limit: 2000),
            autoscale: (min: 2, max: 6, target: 0.6),
            routes: {
                "GET /items": (steps: [
                    Call((to: "cache", op: Read("item"), when: Account("enterprise"))),
                    Critical((at: "locks", key: "item", steps: [Call((to: "cache", op: Write("item")))])),
                ]),
            },
            jobs: {"tidy": (cron: (every: "1h", at: "5m"), route: "GET /items")},
        ),
        "cache": (kind: Cache, cache: (capacity: 9, service: Exp("1ms"), behind: "db", single_flight: "1s")),
        "db": (kind: Database, database: (read: Exp("2ms"), write: Exp("4ms"), row_locks: true)),
        "locks": (kind: Service, locks: (lease: "5s", service: Exp("1ms"))),
    },
    arrows: {
        "users -> gateway": (),
        "gateway -> identity": (),
        "gateway -> shop": (discovery: "30s", eject: Outlier(failures: 5, avoid_for: "30s")),
        "shop -> cache": (),
        "shop -> locks": (),
        "cache -> db": (),
    },
    journeys: {
        "go": (steps: [
            (request: "POST /session", owes: (parts: ["session"])),
            (request: "GET /items", owes: (parts: ["item"])),
        ]),
    },
)
"#;

#[test]
fn a_world_with_every_behaviour_is_right_and_reads_back() {
    let world = World::from_ron("guarded.ron", GUARDED).unwrap_or_else(|problems| panic!("{problems}"));
    let again = World::new(world.spec().clone()).unwrap_or_else(|problems| panic!("{problems}"));
    assert_eq!(again.spec(), world.spec());
}

#[test]
fn each_fault_of_a_behaviour_gives_its_own_problem_at_its_place() {
    let faults = [
        Fault {
            from: r#"token: "session", leeway"#,
            to: r#"token: "item", leeway"#,
            at: (20, 31),
            underlined: "\"item\"",
            what: "there is no step that issues the token `item`",
            help: "write one of `session`",
        },
        Fault {
            from: r#"leeway: "1s""#,
            to: r#"leeway: "2h""#,
            at: (20, 50),
            underlined: "\"2h\"",
            what: "`leeway` is 2h, outside 0s to 1h",
            help: r#"write a time from "0s" to "1h""#,
        },
        Fault {
            from: r#"["POST /session"]"#,
            to: r#"["session"]"#,
            at: (20, 65),
            underlined: "\"session\"",
            what: "`session` is not a request",
            help: r#"write a method and a path, like "GET /path/{id}"; methods are GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"#,
        },
        Fault {
            from: "burst: 10",
            to: "burst: 0",
            at: (21, 72),
            underlined: "0",
            what: "`burst` is 0, outside 1 to 10,000,000",
            help: "write a number from 1 to 10,000,000",
        },
        Fault {
            from: r#"every: "1m"))]"#,
            to: r#"every: "0s"))]"#,
            at: (21, 114),
            underlined: "\"0s\"",
            what: "a window of 0s, outside 1ms to 31 days",
            help: r#"write a time such as "1m" or "24h""#,
        },
        Fault {
            from: r#"valid_for: "15m""#,
            to: r#"valid_for: "0s""#,
            at: (25, 33),
            underlined: "\"0s\"",
            what: "tokens that are good for no time at all",
            help: r#"write a time above "0s""#,
        },
        Fault {
            from: "            issues: (valid_for: \"15m\", not_before: \"-1s\"),\n",
            to: "",
            at: (25, 54),
            underlined: "\"session\"",
            what: "`identity` issues tokens and does not say how long they are good",
            help: r#"add `issues: (valid_for: "15m")` to `identity`"#,
        },
        Fault {
            from: "ProcessorSharing(2.0)",
            to: "ProcessorSharing(0.0)",
            at: (31, 42),
            underlined: "0.0",
            what: "the number of processors is 0, outside 0.01 to 1000",
            help: "write a number from 0.01 to 1000",
        },
        Fault {
            from: r#"every: "64s""#,
            to: r#"every: "1ms""#,
            at: (32, 37),
            underlined: "\"1ms\"",
            what: "the time between two polls is 1ms, outside 1s to 1h",
            help: r#"write a time from "1s" to "1h""#,
        },
        Fault {
            from: "slew_ppm: 400.0",
            to: "slew_ppm: -1.0",
            at: (32, 89),
            underlined: "-1.0",
            what: "`slew_ppm` is -1, outside 0 to 100,000",
            help: "write a number from 0 to 100,000",
        },
        Fault {
            from: "share: 0.1",
            to: "share: 1.5",
            at: (33, 27),
            underlined: "1.5",
            what: "`share` is 1.5, outside 0 to 1",
            help: "write a number from 0 to 1",
        },
        Fault {
            from: r#"every: Exp("30s"), lasts"#,
            to: "lasts",
            at: (34, 21),
            underlined: "(lasts: Exp(\"50ms\"))",
            what: "nothing says when these pauses come",
            help: r#"write `every: Exp("30s")`, or `requests: 1000`"#,
        },
        Fault {
            from: "limit: 2000",
            to: "limit: 500",
            at: (35, 41),
            underlined: "500",
            what: "a limit of 500 bytes leaves no room above the 1000 of the base",
            help: "write a limit above `base`",
        },
        Fault {
            from: "max: 6",
            to: "max: 1",
            at: (36, 38),
            underlined: "1",
            what: "`max` is 1, outside 2 to 1000",
            help: "write a number from 2 to 1000",
        },
        Fault {
            from: r#"Account("enterprise")"#,
            to: r#"Account("enterprize")"#,
            at: (39, 72),
            underlined: "\"enterprize\"",
            what: "there is no account type `enterprize`",
            help: "did you mean `enterprise`?",
        },
        Fault {
            from: r#"at: "locks""#,
            to: r#"at: "cache""#,
            at: (40, 35),
            underlined: "\"cache\"",
            what: "`cache` keeps no locks",
            help: "name a node with `locks: (…)`",
        },
        Fault {
            from: r#"steps: [Call((to: "cache", op: Write("item")))])),"#,
            to: "steps: [])),",
            at: (40, 64),
            underlined: "[]",
            what: "nothing is done under this lock",
            help: "list steps, or remove the lock",
        },
        Fault {
            from: r#"key: "item""#,
            to: r#"key: "itme""#,
            at: (40, 49),
            underlined: "\"itme\"",
            what: "there is no datum `itme`",
            help: "did you mean `item`?",
        },
        Fault {
            from: r#"op: Write("item")"#,
            to: r#"op: Write("session")"#,
            at: (40, 94),
            underlined: "\"session\"",
            what: "`session` is a token, which no store holds",
            help: "use a family of data that no step issues",
        },
        Fault {
            from: r#"cron: (every: "1h", at: "5m")"#,
            to: r#"cron: (every: "1h", at: "2h")"#,
            at: (43, 53),
            underlined: "\"2h\"",
            what: "2h after is not before the next time, 1h later",
            help: "write a time below `every`",
        },
        Fault {
            from: r#"cron: (every: "1h", at: "5m"), "#,
            to: "",
            at: (43, 20),
            underlined: "\"tidy\"",
            what: "nothing says when this job starts",
            help: r#"write `every: Exp("5m")`, or `cron: (every: "1h")`"#,
        },
        Fault {
            from: r#"behind: "db""#,
            to: r#"behind: "dv""#,
            at: (45, 82),
            underlined: "\"dv\"",
            what: "there is no primary database `dv`",
            help: "did you mean `db`?",
        },
        Fault {
            from: "        \"cache -> db\": (),\n",
            to: "",
            at: (45, 82),
            underlined: "\"db\"",
            what: "there is no arrow `cache -> db` to read and write through",
            help: r#"add "cache -> db": () to `arrows`"#,
        },
        Fault {
            from: r#"single_flight: "1s""#,
            to: r#"single_flight: "0s""#,
            at: (45, 103),
            underlined: "\"0s\"",
            what: "`single_flight` is no time at all",
            help: r#"write a time above "0s", up to "1h""#,
        },
        Fault {
            from: r#"lease: "5s""#,
            to: r#"lease: "0s""#,
            at: (47, 49),
            underlined: "\"0s\"",
            what: "`lease` is no time at all",
            help: r#"write a time above "0s", up to "1h""#,
        },
        Fault {
            from: r#"discovery: "30s""#,
            to: r#"discovery: "0s""#,
            at: (52, 40),
            underlined: "\"0s\"",
            what: "`discovery` is no time at all",
            help: r#"write a time above "0s", up to "24h""#,
        },
        Fault {
            from: "failures: 5",
            to: "failures: 0",
            at: (52, 72),
            underlined: "0",
            what: "`failures` is 0, outside 1 to 1,000,000",
            help: "write a number from 1 to 1,000,000",
        },
    ];
    assert_faults(GUARDED, &faults);
}
