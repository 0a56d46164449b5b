//! The families of metrics: their names, kinds, units and bounds. Names follow OpenTelemetry's semantic conventions; what
//! has none is listed in `docs/telemetry.md`.

use crate::telemetry::{BOUNDS, Family, FamilyId, MetricKind, Telemetry};

/// Bucket bounds for sizes, in bytes.
pub const SIZE_BOUNDS: [f64; 12] =
    [128.0, 256.0, 512.0, 1024.0, 2048.0, 3072.0, 4096.0, 6144.0, 8192.0, 16384.0, 65536.0, 262_144.0];

/// All metric families.
#[derive(Clone, Copy, Debug)]
pub struct Families {
    pub http_server: FamilyId,
    pub http_server_size: FamilyId,
    pub http_active: FamilyId,
    pub http_client: FamilyId,
    pub rpc_client: FamilyId,
    pub rpc_server: FamilyId,
    pub db_client: FamilyId,
    pub db_server: FamilyId,
    pub messaging_client: FamilyId,
    pub messaging_sent: FamilyId,
    pub messaging_consumed: FamilyId,
    pub messaging_process: FamilyId,
    pub connections: FamilyId,
    pub connections_pending: FamilyId,
    pub connections_wait: FamilyId,
    pub open_connections: FamilyId,
    pub known_replicas: FamilyId,
    pub refusals: FamilyId,
    pub replays: FamilyId,
    pub cache_hits: FamilyId,
    pub cache_misses: FamilyId,
    pub cache_evictions: FamilyId,
    pub cache_entries: FamilyId,
    pub cache_age: FamilyId,
    pub queue_depth: FamilyId,
    pub queue_age: FamilyId,
    pub queue_published: FamilyId,
    pub queue_delivered: FamilyId,
    pub queue_unacknowledged: FamilyId,
    pub queue_redelivered: FamilyId,
    pub queue_dead_lettered: FamilyId,
    pub uptime: FamilyId,
    pub clock_offset: FamilyId,
    pub outdated_writes: FamilyId,
    pub memory: FamilyId,
    pub collections: FamilyId,
}

impl Families {
    /// Registers them.
    pub fn new(telemetry: &mut Telemetry) -> Families {
        let mut add = |name: &str, unit, kind, bounds: &'static [f64], help| {
            let name = telemetry.names.intern(name);
            telemetry.metrics.family(Family { name, unit, kind, bounds, help })
        };
        use MetricKind::{Counter, Gauge, Histogram};
        Families {
            http_server: add(
                "http.server.request.duration",
                "s",
                Histogram,
                &BOUNDS,
                "Duration of HTTP server requests",
            ),
            http_server_size: add(
                "http.server.response.body.size",
                "By",
                Histogram,
                &SIZE_BOUNDS,
                "Size of HTTP response bodies",
            ),
            http_active: add(
                "http.server.active_requests",
                "{request}",
                Gauge,
                &[],
                "HTTP requests being served or waiting",
            ),
            http_client: add(
                "http.client.request.duration",
                "s",
                Histogram,
                &BOUNDS,
                "Duration of HTTP client requests",
            ),
            rpc_client: add("rpc.client.call.duration", "s", Histogram, &BOUNDS, "Duration of outgoing RPCs"),
            rpc_server: add("rpc.server.call.duration", "s", Histogram, &BOUNDS, "Duration of incoming RPCs"),
            db_client: add(
                "db.client.operation.duration",
                "s",
                Histogram,
                &BOUNDS,
                "Duration of database client operations",
            ),
            db_server: add(
                "db.server.operation.duration",
                "s",
                Histogram,
                &BOUNDS,
                "Duration of operations inside the database",
            ),
            messaging_client: add(
                "messaging.client.operation.duration",
                "s",
                Histogram,
                &BOUNDS,
                "Duration of messaging operations",
            ),
            messaging_sent: add(
                "messaging.client.sent.messages",
                "{message}",
                Counter,
                &[],
                "Messages sent by producers",
            ),
            messaging_consumed: add(
                "messaging.client.consumed.messages",
                "{message}",
                Counter,
                &[],
                "Messages delivered to consumers",
            ),
            messaging_process: add(
                "messaging.process.duration",
                "s",
                Histogram,
                &BOUNDS,
                "Duration of processing one message",
            ),
            connections: add(
                "db.client.connection.count",
                "{connection}",
                Gauge,
                &[],
                "Connections of a pool, by state",
            ),
            connections_pending: add(
                "db.client.connection.pending_requests",
                "{request}",
                Gauge,
                &[],
                "Requests that wait for a connection",
            ),
            connections_wait: add(
                "db.client.connection.wait_time",
                "s",
                Histogram,
                &BOUNDS,
                "Time to obtain a connection",
            ),
            open_connections: add(
                "http.client.open_connections",
                "{connection}",
                Gauge,
                &[],
                "Connections that stay open between calls, by state",
            ),
            refusals: add("app.client.refusals", "{response}", Counter, &[], "Answers with 200 whose body says no"),
            replays: add(
                "app.idempotency.replays",
                "{request}",
                Counter,
                &[],
                "Requests answered from memory, because one with the same key was done before",
            ),
            cache_hits: add("cache.hits", "{hit}", Counter, &[], "Look-ups that found an entry"),
            cache_misses: add("cache.misses", "{miss}", Counter, &[], "Look-ups that found nothing"),
            cache_evictions: add("cache.evictions", "{entry}", Counter, &[], "Entries that left for want of room"),
            cache_entries: add("cache.entries", "{entry}", Gauge, &[], "Entries held"),
            cache_age: add("cache.served_age", "s", Counter, &[], "Sum of the ages of the entries served"),
            queue_depth: add("messaging.queue.depth", "{message}", Gauge, &[], "Messages waiting in a queue"),
            queue_age: add("messaging.queue.oldest_age", "s", Gauge, &[], "Age of the oldest waiting message"),
            queue_published: add(
                "messaging.queue.published",
                "{message}",
                Counter,
                &[],
                "Messages acknowledged to producers",
            ),
            queue_delivered: add(
                "messaging.queue.delivered",
                "{message}",
                Counter,
                &[],
                "Messages handed to consumers",
            ),
            queue_unacknowledged: add(
                "messaging.queue.unacknowledged",
                "{message}",
                Gauge,
                &[],
                "Messages delivered and not acknowledged",
            ),
            queue_redelivered: add(
                "messaging.queue.redelivered",
                "{message}",
                Counter,
                &[],
                "Messages delivered for a second time or more",
            ),
            queue_dead_lettered: add(
                "messaging.queue.dead_lettered",
                "{message}",
                Counter,
                &[],
                "Messages given up and moved to the queue of dead letters",
            ),
            uptime: add("process.uptime", "s", Gauge, &[], "Time since the process started"),
            outdated_writes: add(
                "db.server.writes.outdated",
                "{write}",
                Counter,
                &[],
                "Writes with an older stamp than what was there",
            ),
            clock_offset: add("system.clock.offset", "s", Gauge, &[], "Offset from the time server at the last poll"),
            known_replicas: add(
                "app.client.known_replicas",
                "{replica}",
                Gauge,
                &[],
                "Replicas of a callee, by the caller's last look-up",
            ),
            memory: add("process.memory.usage", "By", Gauge, &[], "Memory that the process holds"),
            collections: add("jvm.gc.duration", "s", Histogram, &BOUNDS, "Duration of garbage collections"),
        }
    }
}
