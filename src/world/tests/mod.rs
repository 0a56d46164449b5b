//! Worlds that are right, and worlds with one fault each: the place, the words and the remedy of its problem.

mod behaviours;
mod broken;
mod checks;
mod costs;
mod hostile;
mod mutations;
mod policies;

use super::*;

/// The smallest world: users, a web service, a database.
pub(crate) const TINY: &str = r#"World(
    format: 1,
    name: "tiny",
    title: "The smallest world",
    epoch: "2026-03-02T08:00:00Z",
    data: {
        "items": (keys: 100, bytes: 400),
    },
    nodes: {
        "users": (
            kind: Users,
            users: (count: 100, journeys_per_second: 2.0, journeys: {"browse": 1.0}, regions: {"eu": 1.0}),
        ),
        "web": (
            kind: Service,
            routes: {
                "GET /items": (steps: [
                    Work(Exp("3ms")),
                    Call((to: "db", op: Read("items"))),
                ]),
            },
        ),
        "db": (
            kind: Database,
            database: (read: Exp("2ms"), write: Exp("4ms")),
        ),
    },
    arrows: {
        "users -> web": (timeout: "10s"),
        "web -> db": (protocol: Sql, timeout: "1s", retry: (attempts: 2, backoff: "20ms")),
    },
    journeys: {
        "browse": (steps: [
            (request: "GET /items", owes: (parts: ["items"])),
        ]),
    },
)
"#;

/// The smallest world, as data.
pub(crate) fn tiny() -> WorldSpec {
    World::from_ron("tiny.ron", TINY).unwrap_or_else(|problems| panic!("{problems}")).spec().clone()
}

#[test]
fn the_smallest_world_is_right() {
    assert!(World::new(tiny()).is_ok());
}

/// A world with every kind of node.
const RICH: &str = r#"World(
    format: 1,
    name: "rich",
    title: "One of each",
    epoch: "2026-03-02T08:00:00Z",
    data: {
        "items": (keys: 1000, popularity: Zipf(1.1), bytes: 400, default_bytes: 40),
        "orders": (keys: 500, popularity: PerUser, bytes: 900),
    },
    nodes: {
        "users": (
            kind: Users,
            users: (
                count: 5000,
                journeys_per_second: 20.0,
                journeys: {"browse": 3.0, "buy": 1.0},
                regions: {"eu": 2.0, "us": 1.0},
                daily_swing: 0.3,
            ),
        ),
        "edge": (kind: LoadBalancer, routes: {"GET /items": (), "POST /orders": ()}),
        "shop": (
            kind: Service,
            replicas: 3,
            clocks: [(offset: "-20ms", drift_ppm: 12.0)],
            routes: {
                "GET /items": (steps: [
                    Work(LogNormal(median: "2ms", sigma: 0.4)),
                    Call((to: "cache", op: Get("items"))),
                    Call((to: "replica", op: Read("items"), when: Missing("items"))),
                    Call((to: "cache", op: Put("items"), when: Fetched("items"), detached: true)),
                ]),
                "POST /orders": (steps: [
                    Work(Uniform("1ms", "3ms")),
                    All([
                        (to: "db", op: Write("orders")),
                        (to: "pay", op: Route("POST /charge")),
                    ]),
                    Effect("order-stored"),
                    Call((to: "mails", op: Publish("order.placed"))),
                ], errors: 0.001),
                "GET /tidy": (steps: [Call((to: "db", op: Read("orders")))]),
            },
            jobs: {"tidy": (every: Exp("5m"), route: "GET /tidy")},
            telemetry: (chatter: [(every: Exp("30s"), level: Warn, text: "slow poll {n}")]),
            health: (checks: [Dependency("db"), PoolWait("db", "100ms"), ConsumerLag("mails", "1m")]),
        ),
        "cache": (kind: Cache, cache: (capacity: 500, ttl: "10m", service: Exp("300us"))),
        "db": (kind: Database, database: (read: Exp("2ms"), write: Exp("4ms"))),
        "replica": (kind: Database, database: (read: Exp("2ms"), write: Exp("4ms"), follows: "db", lag: "50ms")),
        "pay": (kind: External, routes: {"POST /charge": (steps: [Work(Exp("80ms"))])}),
        "mails": (kind: Queue, queue: (capacity: 1000, service: Exp("1ms"))),
        "mailer": (
            kind: Worker,
            consumes: (queue: "mails"),
            routes: {"order.placed": (steps: [Work(Exp("20ms")), Effect("mail-sent")])},
        ),
    },
    arrows: {
        "users -> edge": (timeout: "10s"),
        "edge -> shop": (balance: LeastConnections, retry: (attempts: 3, backoff: "10ms", budget: 0.1)),
        "shop->cache": (protocol: Redis, timeout: "50ms", fallback: (value: Empty)),
        "shop -> db": (protocol: Sql, pool: (size: 20, wait: "1s")),
        "shop -> replica": (protocol: Sql, loss: 0.0001),
        "shop -> pay": (timeout: "2s", breaker: (window: 20, threshold: 0.5, open_for: "30s")),
        "shop -> mails": (protocol: Amqp),
        "mails -> mailer": (protocol: Amqp, trace: Dropped),
    },
    journeys: {
        "browse": (steps: [(request: "GET /items", owes: (parts: ["items"], fresh_within: "5m"))]),
        "buy": (steps: [
            (request: "GET /items", think: Exp("3s")),
            (request: "POST /orders", owes: (effects: {"order-stored": 1, "mail-sent": 1})),
        ]),
    },
    monitor: (scrape_every: "15s"),
)
"#;

#[test]
fn a_world_with_one_of_each_is_right_and_its_arrows_are_named_alike() {
    let world = World::from_ron("rich.ron", RICH).unwrap_or_else(|problems| panic!("{problems}"));
    assert!(world.spec().arrows.contains_key("shop -> cache"));
    let again = World::new(world.spec().clone()).unwrap_or_else(|problems| panic!("{problems}"));
    assert_eq!(again.spec(), world.spec());
}

/// A fault: the text is right but for this.
struct Fault {
    /// What is replaced, once.
    from: &'static str,
    to: &'static str,
    /// Line and column of the problem, and what is underlined.
    at: (usize, usize),
    underlined: &'static str,
    what: &'static str,
    help: &'static str,
}

/// Each fault gives exactly its problem.
fn assert_faults(text: &str, faults: &[Fault]) {
    let mut wrong = String::new();
    for fault in faults {
        assert!(text.contains(fault.from), "no `{}` to replace", fault.from);
        let name = format!("{} => {}", fault.from, fault.to);
        let found = World::from_ron("w.ron", &text.replacen(fault.from, fault.to, 1)).err().unwrap_or_default();
        let found: Vec<_> = found
            .iter()
            .map(|problem| {
                let at = problem.position().map_or((0, 0), |at| (at.line, at.column));
                (at, problem.offending().unwrap_or_default(), problem.what(), problem.suggestion().unwrap_or_default())
            })
            .collect();
        if found != [(fault.at, fault.underlined, fault.what, fault.help)] {
            wrong += &format!("{name}\n");
            for (at, underlined, what, help) in found {
                wrong += &format!(
                    "    at: {at:?},\n    underlined: {underlined:?},\n    what: {what:?},\n    help: {help:?},\n"
                );
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}
