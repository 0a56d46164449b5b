//! One fault each in what arrows, queues and users may have besides the basics: what is underlined, and what is said.

use super::TINY;
use crate::World;

/// The smallest world with one of each: it is right.
fn world() -> String {
    TINY.replace(
        r#""web -> db": ("#,
        r#""web -> mails": (),
        "mails -> mailer": (),
        "web -> db": (
            bulkhead: 50,
            hedge: (after: "20ms"),
            keep_alive: (setup: Const("3ms"), idle: "1m", max_age: "10m"),
            breaker: (window: 20, threshold: 0.5, open_for: "5s", probes: 3),
            impairments: (
                request_loss: 0.01, response_loss: 0.02, duplication: 0.03, bandwidth: 1000000,
                reordering: (share: 0.04, delay: Const("5ms")),
                partition: (way: Request, zones: ("a", "b")),
            ),
            "#,
    )
    .replace(r#"database: ("#, r#"zones: ["b"], database: ("#)
    .replace(
        r#"            routes: {
                "GET /items": (steps: ["#,
        r#"            zones: ["a"],
            flags: {"mail": true},
            idempotency: (keep: "10m"),
            routes: {
                "GET /items": (refusals: 0.001, steps: [
                    Call((to: "mails", op: Publish("viewed"), when: Flag("mail"), keyed: true)),"#,
    )
    .replace(
        r#"    nodes: {"#,
        r#"    nodes: {
        "mails": (kind: Queue, queue: (
            capacity: 100, service: Const("1ms"), visibility: "30s", max_deliveries: 4, dead_letters: "letters",
            partitions: (count: 8, by: "items"),
        )),
        "letters": (kind: Queue, queue: (capacity: 100, service: Const("1ms"))),
        "mailer": (
            kind: Worker,
            consumes: (queue: "mails", group: "mail", ack: OnDelivery),
            routes: {"viewed": (steps: [Effect("mail")], poison: 0.002)},
        ),"#,
    )
    .replace(r#"regions: {"eu": 1.0}"#, r#"regions: {"eu": 1.0}, crowds: [(from: "5m", lasts: "1m", factor: 4.0)]"#)
    .replace(r#"owes: (parts: ["items"])"#, r#"owes: (parts: ["items"], effects: {"mail": 1}, order: ["mail"])"#)
}

#[test]
fn each_fault_gives_its_own_problem_at_its_place() {
    let text = world();
    World::from_ron("w.ron", &text).unwrap_or_else(|problems| panic!("{problems}\n{text}"));
    let faults = [
        ("bulkhead: 50", "bulkhead: 0", "0", "`bulkhead` is 0, outside 1 to 1,000,000"),
        ("after: \"20ms\"", "after: \"2h\"", "\"2h\"", "`after` is 2h, outside 0s to 1h"),
        ("idle: \"1m\"", "idle: \"0s\"", "\"0s\"", "connections with `idle` 0s are closed at once"),
        ("max_age: \"10m\"", "max_age: \"0s\"", "\"0s\"", "connections with `max_age` 0s are closed at once"),
        (
            "setup: Const(\"3ms\")",
            "setup: Const(\"3h\")",
            "Const(\"3h\")",
            "the mean of `setup` is 3h, outside 0s to 1h",
        ),
        ("probes: 3", "probes: 0", "0", "the breaker's `probes` is 0, outside 1 to 100"),
        ("request_loss: 0.01", "request_loss: 1.01", "1.01", "`request_loss` is 1.01, outside 0 to 1"),
        ("response_loss: 0.02", "response_loss: -0.1", "-0.1", "`response_loss` is -0.1, outside 0 to 1"),
        ("duplication: 0.03", "duplication: 3.0", "3.0", "`duplication` is 3, outside 0 to 1"),
        ("share: 0.04", "share: 4.0", "4.0", "`share` is 4, outside 0 to 1"),
        ("bandwidth: 1000000", "bandwidth: 0", "0", "`bandwidth` is 0, outside 1 to 1,000,000,000,000"),
        ("(\"a\", \"b\")", "(\"b\", \"b\")", "\"b\"", "there is no zone of `web` called `b`"),
        ("(\"a\", \"b\")", "(\"a\", \"a\")", "\"a\"", "there is no zone of `db` called `a`"),
        ("Flag(\"mail\")", "Flag(\"male\")", "\"male\"", "there is no flag of `web` called `male`"),
        ("keep: \"10m\"", "keep: \"0s\"", "\"0s\"", "keys that are kept for 0s are never known"),
        ("refusals: 0.001", "refusals: 1.5", "1.5", "`refusals` is 1.5, outside 0 to 1"),
        ("poison: 0.002", "poison: 1.5", "1.5", "`poison` is 1.5, outside 0 to 1"),
        ("visibility: \"30s\"", "visibility: \"0s\"", "\"0s\"", "`visibility` is no time at all"),
        ("max_deliveries: 4", "max_deliveries: 0", "0", "`max_deliveries` is 0, outside 1 to 100"),
        ("dead_letters: \"letters\"", "dead_letters: \"mailer\"", "\"mailer\"", "there is no queue `mailer`"),
        (
            "dead_letters: \"letters\"",
            "dead_letters: \"mails\"",
            "\"mails\"",
            "dead letters would come back to the queue that gave them up",
        ),
        ("count: 8", "count: 0", "0", "the number of partitions is 0, outside 1 to 1000"),
        ("by: \"items\"", "by: \"item\"", "\"item\"", "there is no datum `item`"),
        (
            "\"mails -> mailer\": ()",
            "\"mails -> mailer\": (timeout: \"1s\")",
            "timeout",
            "`timeout` does nothing here: a queue delivers over this arrow, and nobody calls",
        ),
        ("lasts: \"1m\"", "lasts: \"0s\"", "\"0s\"", "`lasts` is no time at all"),
        ("factor: 4.0", "factor: -4.0", "-4.0", "a crowd's `factor` is -4, outside 0 to 1000"),
        ("order: [\"mail\"]", "order: [\"male\"]", "\"male\"", "there is no owed effect `male`"),
        ("order: [\"mail\"]", "order: [\"mail\", \"mail\"]", "\"mail\"", "`mail` is named twice"),
    ];
    let mut wrong = String::new();
    for (from, to, underlined, what) in faults {
        assert!(text.contains(from), "no `{from}` to replace");
        let found = World::from_ron("w.ron", &text.replacen(from, to, 1)).err().unwrap_or_default();
        let found: Vec<_> =
            found.iter().map(|problem| (problem.offending().unwrap_or_default(), problem.what())).collect();
        if found != [(underlined, what)] {
            wrong += &format!("{from} => {to}: {found:?}\n");
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}
