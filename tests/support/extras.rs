//! What few worlds have, at random: further fields of nodes and arrows, and whole parts. Each is on or off, so that a
//! failing world shrinks to the few that matter.

use proptest::prelude::*;

/// Where a field goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Slot {
    /// Every service.
    Service,
    /// Every service's first clock.
    Clock,
    /// The database, as a node.
    DatabaseNode,
    /// The database's own part.
    Database,
    /// The cache's own part.
    Cache,
    /// The queue's own part.
    Queue,
    /// The queue, as a node.
    QueueNode,
    /// The lock service, as a node.
    LockNode,
    /// The consumer.
    Worker,
    /// Arrows out of services.
    Arrow,
    /// The users.
    Users,
}

/// One thing more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extra {
    Field(Slot, &'static str),
    /// The cache reads and writes through.
    Through,
    /// Users need a token, which another service issues.
    Tokens,
    /// Writes are done under a lock, and this is whose clock judges it.
    Locks(&'static str),
    /// What the queue gives up is kept.
    Letters,
    /// The first service has a job by the calendar.
    Cron,
    /// A gateway with a quota and a load balancer stand before the services.
    Front,
    /// The last service asks an external partner, who has a quota, fails, and sometimes says no with a 200.
    Partner,
    /// A second group of consumers gets each message too.
    Groups,
    /// Writes drop the cache's entry, if callers fill it.
    Invalidates,
    /// Services and the database run in two zones.
    Zones,
    /// A scheduled job of its own writes to the database.
    Sweeper,
    /// A flag decides whether the last service writes an audit entry.
    Flag,
}

const FIELDS: [(Slot, &[&str]); 11] = [
    (
        Slot::Service,
        &[
            "discipline: ProcessorSharing(1.5)",
            "pauses: (every: Exp(\"4s\"), lasts: Exp(\"300ms\"))",
            "pauses: (requests: 40, lasts: Exp(\"60ms\"))",
            "memory: (base: 1000, per_request: 60, leak: 9, limit: 9000)",
            "slow: (share: 0.05, factor: 15.0)",
            "autoscale: (min: 1, max: 4, target: 0.3, every: \"3s\", calm: \"6s\", warm_up: \"2s\")",
            "idempotency: (keep: \"20s\")",
            "idempotency: (keep: \"20s\", shared: false)",
            "limits: [(per: User, allow: Bucket(per_second: 0.5, burst: 2))]",
            "limits: [(per: Route, allow: Window(requests: 60, every: \"2s\"))]",
        ],
    ),
    (
        Slot::Clock,
        &["sync: (every: \"5s\", error: \"2ms\", step_above: \"50ms\")", "sync: (every: \"3s\", step_above: None)"],
    ),
    (Slot::DatabaseNode, &["pauses: (every: Exp(\"6s\"), lasts: Exp(\"500ms\"))", "slow: (share: 0.02, factor: 40.0)"]),
    (Slot::Database, &["row_locks: true", "newest_stamp_wins: true"]),
    (Slot::Cache, &["eviction: Lfu", "single_flight: \"80ms\"", "single_flight: \"3s\""]),
    (Slot::QueueNode, &["replicas: 2"]),
    (Slot::LockNode, &["replicas: 2"]),
    (Slot::Queue, &["partitions: (count: 3)", "visibility: \"2s\"", "max_deliveries: 2"]),
    (
        Slot::Users,
        &[
            "daily_swing: 0.4",
            "crowds: [(from: \"10s\", lasts: \"5s\", factor: 3.0)]",
            "clients: { \"ios-5\": 1.0, \"web-9\": 3.0 }",
            "trace: \"arrivals.csv\"",
        ],
    ),
    (
        Slot::Worker,
        &[
            "idempotency: (keep: \"30s\")",
            "pauses: (every: Exp(\"5s\"), lasts: Exp(\"400ms\"))",
            "jobs: { \"tidy\": (every: Exp(\"1s\"), route: \"tidy\") }",
        ],
    ),
    (
        Slot::Arrow,
        &[
            "keep_alive: (setup: Exp(\"1ms\"), idle: \"2s\", max_age: \"9s\")",
            "keep_alive: (shared: true)",
            "bulkhead: 6",
            "hedge: (after: \"15ms\")",
            "discovery: \"4s\"",
            "eject: Outlier(failures: 3, avoid_for: \"4s\")",
            "eject: Probe(every: \"2s\", failures: 2)",
            "impairments: (duplication: 0.05, response_loss: 0.02)",
            "impairments: (reordering: (share: 0.2, delay: Exp(\"20ms\")), bandwidth: 400000)",
            "impairments: (burst_loss: (loss: 0.7, every: \"4s\", lasts: \"500ms\"), lookup_errors: 0.02)",
            "impairments: (partition: (way: Response, zones: Some((\"a\", \"b\"))))",
        ],
    ),
];

/// A few of them.
pub fn extras() -> impl Strategy<Value = Vec<Extra>> {
    let fields = FIELDS.iter().flat_map(|(slot, fields)| fields.iter().map(|field| Extra::Field(*slot, field)));
    let parts = [
        Extra::Through,
        Extra::Tokens,
        Extra::Locks("Server"),
        Extra::Locks("Caller"),
        Extra::Letters,
        Extra::Cron,
        Extra::Front,
        Extra::Partner,
        Extra::Groups,
        Extra::Invalidates,
        Extra::Zones,
        Extra::Sweeper,
        Extra::Flag,
    ];
    let all: Vec<Extra> = fields.chain(parts).collect();
    prop::collection::vec(prop::sample::select(all), 0..14)
}

/// The fields of a slot, each once, after a comma.
pub fn fields(extras: &[Extra], slot: Slot) -> String {
    let (mut names, mut text) = (Vec::new(), String::new());
    for extra in extras {
        let Extra::Field(place, field) = extra else { continue };
        let name = field.split(':').next().unwrap_or_default();
        // A partition between zones needs zones.
        let fits = !field.contains("zones:") || extras.contains(&Extra::Zones);
        if *place == slot && fits && !names.contains(&name) {
            names.push(name);
            text += ", ";
            text += field;
        }
    }
    text
}
