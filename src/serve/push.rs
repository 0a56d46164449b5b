//! OTLP/HTTP push: sends what a run emitted to a collector, each signal in order, and again until it is acknowledged.
//!
//! Nothing is queued. The run keeps its telemetry; a cursor for each signal says how much of it the collector has
//! acknowledged, and moves only when it has. What was not acknowledged is therefore bounded by what bounds the run's memory.
//! Signals go side by side, each over a connection of its own, so that one that is held up holds up no other.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Bytes;
use hyper::header::{CONTENT_TYPE, HOST, RETRY_AFTER, USER_AGENT};
use hyper::{Request, StatusCode, Uri};
use hyper_util::rt::TokioIo;
use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceResponse;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceResponse;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceResponse;
use prost::Message;
use tokio::net::TcpStream;
use tokio::sync::watch;

use super::answer::PROTOBUF_OTLP;
use super::shelf::Shelf;
use crate::export::otlp::{Cursor, Part, Signal, next_part};

/// Records in one request.
const BATCH: usize = 5_000;
/// Time for one request and its answer.
const PATIENCE: Duration = Duration::from_secs(30);
/// Time between two looks for something new.
const LOOK: Duration = Duration::from_millis(200);
/// Bytes of a collector's answer that are read.
const ANSWER: usize = 64 << 10;

/// Where a collector listens: `http://HOST:PORT`, and a path before `/v1/traces` if it has one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    host: String,
    port: u16,
    base: String,
}

impl Endpoint {
    /// Reads an address. The error says what is wrong with it and how it is written.
    pub fn parse(text: &str) -> Result<Endpoint, String> {
        let wrong = |why: &str| format!("`{text}` is no collector's address: {why}; write http://HOST:4318");
        let uri: Uri = text.parse().map_err(|_| wrong("it is no URL"))?;
        match uri.scheme_str() {
            Some("http") => {}
            Some("https") => return Err(wrong("TLS is not spoken here, use a collector on this machine or a proxy")),
            _ => return Err(wrong("it does not begin with http://")),
        }
        let authority = uri.authority().filter(|authority| !authority.as_str().contains('@'));
        let host = authority.map(hyper::http::uri::Authority::host).filter(|host| !host.is_empty());
        let host = host.ok_or_else(|| wrong("it names no host"))?.to_owned();
        if uri.query().is_some() {
            return Err(wrong("it has a query"));
        }
        let base = uri.path().trim_end_matches('/').to_owned();
        Ok(Endpoint { host, port: uri.port_u16().unwrap_or(4318), base })
    }

    fn authority(&self) -> String {
        format!("{}:{}", self.host, self.port)
    }
}

/// How long to wait before another try: twice as long each time, less a random share of up to a half.
#[derive(Clone, Copy, Debug)]
pub struct Backoff {
    /// After the first failure.
    pub first: Duration,
    /// At most.
    pub most: Duration,
}

impl Default for Backoff {
    fn default() -> Self {
        Backoff { first: Duration::from_secs(1), most: Duration::from_secs(30) }
    }
}

impl Backoff {
    /// The wait after this many failures, with this draw from 0 to 1.
    fn wait(self, failures: u32, draw: f64) -> Duration {
        let doubled = self.first.saturating_mul(1_u32.checked_shl(failures.saturating_sub(1)).unwrap_or(u32::MAX));
        doubled.min(self.most).mul_f64(1.0 - draw.clamp(0.0, 1.0) / 2.0)
    }
}

/// What became of what was sent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pushed {
    /// Spans, log records and data points that the collector acknowledged.
    pub acknowledged: u64,
    /// Those among them that it said it rejected.
    pub rejected: u64,
    /// Those that it refused for good, which were passed over.
    pub refused: u64,
    /// Those that it had not acknowledged at the end.
    pub left: u64,
    /// Requests that failed and were tried again.
    pub retries: u64,
}

/// A push that goes on until it is finished or dropped.
pub struct Push {
    stop: watch::Sender<Stop>,
    thread: Option<JoinHandle<()>>,
    pushed: Arc<Mutex<Pushed>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stop {
    /// There will be more.
    Not,
    /// What is on the shelf is all; give up then.
    Drain(Instant),
}

/// Told what a person should know of.
pub type Tell = Box<dyn Fn(&str) + Send>;

impl Push {
    /// Starts to push what is on the shelf, from the start of the run, and whatever comes.
    pub fn start(endpoint: Endpoint, shelf: Shelf, backoff: Backoff, tell: Tell) -> io::Result<Push> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let (stop, stopped) = watch::channel(Stop::Not);
        let pushed = Arc::new(Mutex::new(Pushed::default()));
        let pusher = Pusher { endpoint, shelf, backoff, tell, pushed: pushed.clone(), jitter: RandomState::new() };
        let thread =
            std::thread::Builder::new().name("push".into()).spawn(move || runtime.block_on(pusher.run(&stopped)))?;
        Ok(Push { stop, thread: Some(thread), pushed })
    }

    /// What became of what was sent so far.
    pub fn pushed(&self) -> Pushed {
        self.pushed.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Sends what is left, for at most this long, and answers what became of everything.
    pub fn finish(mut self, within: Duration) -> Pushed {
        self.end(within);
        self.pushed()
    }

    fn end(&mut self, within: Duration) {
        self.stop.send_replace(Stop::Drain(Instant::now() + within));
        if let Some(thread) = self.thread.take() {
            // A thread that panicked has told so.
            let _ = thread.join();
        }
    }
}

impl Drop for Push {
    fn drop(&mut self) {
        self.end(Duration::ZERO);
    }
}

const SIGNALS: [(Signal, &str); 3] =
    [(Signal::Traces, "/v1/traces"), (Signal::Logs, "/v1/logs"), (Signal::Metrics, "/v1/metrics")];

/// What all signals share.
struct Pusher {
    endpoint: Endpoint,
    shelf: Shelf,
    backoff: Backoff,
    tell: Tell,
    pushed: Arc<Mutex<Pushed>>,
    jitter: RandomState,
}

impl Pusher {
    async fn run(self, stopped: &watch::Receiver<Stop>) {
        let lane = |(signal, path)| Lane { shared: &self, signal, path, stopped: stopped.clone(), connection: None };
        let [traces, logs, metrics] = SIGNALS.map(lane).map(Lane::run);
        tokio::join!(traces, logs, metrics);
    }

    fn count(&self, change: impl FnOnce(&mut Pushed)) {
        change(&mut self.pushed.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// A number from 0 to 1 that differs from run to run: many pushers must not come back at one time.
    fn draw(&self) -> f64 {
        let mut hasher = self.jitter.build_hasher();
        hasher.write_u64(self.pushed.lock().unwrap_or_else(PoisonError::into_inner).retries);
        (hasher.finish() >> 11) as f64 / (1_u64 << 53) as f64
    }
}

/// One signal on its way.
struct Lane<'a> {
    shared: &'a Pusher,
    signal: Signal,
    path: &'static str,
    stopped: watch::Receiver<Stop>,
    connection: Option<hyper::client::conn::http1::SendRequest<Full<Bytes>>>,
}

/// What a collector said to a request.
enum Said {
    /// It has it, but for this many records, for this reason.
    Yes(u64, String),
    /// Try again, not before this time has passed if it is given.
    Later(String, Option<Duration>),
    /// It will never take it.
    No(String),
}

impl Lane<'_> {
    /// Sends part after part to the end, and counts what is left where there was no time for it.
    async fn run(mut self) {
        let mut cursor = Cursor::default();
        loop {
            // Looked at first: what is published before the end is known belongs to it.
            let end = *self.stopped.borrow();
            let Some(part) = self.next(&cursor, BATCH) else {
                if end != Stop::Not {
                    return;
                }
                pause(&mut self.stopped, LOOK).await;
                continue;
            };
            if !self.deliver(&part).await {
                break;
            }
            cursor = part.after;
        }
        let left = self.next(&cursor, usize::MAX).map_or(0, |part| part.records);
        self.shared.count(|pushed| pushed.left += left);
    }

    /// What comes behind a cursor, of what is on the shelf now.
    fn next(&self, cursor: &Cursor, most: usize) -> Option<Part> {
        next_part(&self.shared.shelf.newest().telemetry, self.signal, cursor, most)
    }

    /// Whether there is no time left.
    fn over(&self) -> bool {
        matches!(*self.stopped.borrow(), Stop::Drain(until) if Instant::now() >= until)
    }

    /// Sends a part until it is acknowledged or refused for good. Answers false if the time was up before.
    async fn deliver(&mut self, part: &Part) -> bool {
        let (shared, path) = (self.shared, self.path);
        let mut failures = 0;
        loop {
            if self.over() {
                return false;
            }
            let mut stopped = self.stopped.clone();
            let said = tokio::select! {
                said = self.send(part) => said,
                () = pause(&mut stopped, PATIENCE) => Said::Later("it does not answer".into(), None),
            };
            match said {
                Said::Yes(rejected, why) => {
                    if failures > 0 {
                        (shared.tell)(&format!("the collector takes {path} again"));
                    }
                    if rejected > 0 || !why.is_empty() {
                        (shared.tell)(&format!(
                            "the collector rejected {rejected} of {} records of {path}: {why}",
                            part.records
                        ));
                    }
                    shared.count(|pushed| {
                        pushed.acknowledged += part.records;
                        pushed.rejected += rejected;
                    });
                    return true;
                }
                Said::No(why) => {
                    (shared.tell)(&format!("the collector refused {} records of {path} for good: {why}", part.records));
                    shared.count(|pushed| pushed.refused += part.records);
                    return true;
                }
                Said::Later(why, after) => {
                    // Whatever state the connection is in, a new one is in a better.
                    self.connection = None;
                    failures += 1;
                    if failures == 1 {
                        (shared.tell)(&format!("the collector does not take {path} now ({why}); trying again"));
                    }
                    shared.count(|pushed| pushed.retries += 1);
                    let wait = shared.backoff.wait(failures, shared.draw());
                    pause(&mut self.stopped, after.map_or(wait, |after| after.max(wait))).await;
                }
            }
        }
    }

    async fn send(&mut self, part: &Part) -> Said {
        match self.exchange(part).await {
            Ok((status, after, body)) => judge(self.signal, status, after, &body),
            Err(why) => Said::Later(why, None),
        }
    }

    async fn exchange(&mut self, part: &Part) -> Result<(StatusCode, Option<Duration>, Bytes), String> {
        let text = |why: &dyn std::fmt::Display| why.to_string();
        let endpoint = &self.shared.endpoint;
        let mut sender = match self.connection.take().filter(|sender| !sender.is_closed()) {
            Some(sender) => sender,
            None => {
                let host = endpoint.host.trim_matches(['[', ']']);
                let stream = TcpStream::connect((host, endpoint.port)).await.map_err(|why| text(&why))?;
                let (sender, connection) =
                    hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.map_err(|why| text(&why))?;
                // It ends when the sender is dropped; its errors are the requests'.
                tokio::spawn(connection);
                sender
            }
        };
        sender.ready().await.map_err(|why| text(&why))?;
        let request = Request::post(format!("{}{}", endpoint.base, self.path))
            .header(HOST, endpoint.authority())
            .header(USER_AGENT, concat!("allgreen/", env!("CARGO_PKG_VERSION")))
            .header(CONTENT_TYPE, PROTOBUF_OTLP)
            .body(Full::new(Bytes::from(part.message.clone())))
            .map_err(|why| text(&why))?;
        let response = sender.send_request(request).await.map_err(|why| text(&why))?;
        let (head, body) = response.into_parts();
        let after = head.headers.get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.trim().parse().ok());
        let body = Limited::new(body, ANSWER).collect().await.map_err(|why| text(&why))?.to_bytes();
        self.connection = Some(sender);
        Ok((head.status, after.map(Duration::from_secs), body))
    }
}

/// Waits, but not longer than there is time.
async fn pause(stopped: &mut watch::Receiver<Stop>, time: Duration) {
    let until = Instant::now() + time;
    loop {
        let end = match *stopped.borrow_and_update() {
            Stop::Not => until,
            Stop::Drain(end) => until.min(end),
        };
        let rest = end.saturating_duration_since(Instant::now());
        if rest.is_zero() {
            return;
        }
        tokio::select! {
            () = tokio::time::sleep(rest) => return,
            changed = stopped.changed() => {
                if changed.is_err() {
                    return;
                }
            }
        }
    }
}

fn judge(signal: Signal, status: StatusCode, after: Option<Duration>, body: &[u8]) -> Said {
    match status.as_u16() {
        200..=299 => {
            let (rejected, why) = partial(signal, body).unwrap_or_default();
            Said::Yes(u64::try_from(rejected).unwrap_or(0), why)
        }
        // Those that OTLP says may be tried again.
        429 | 502 | 503 | 504 => Said::Later(status.to_string(), after),
        _ => Said::No(status.to_string()),
    }
}

/// What a collector says it rejected, and why.
fn partial(signal: Signal, body: &[u8]) -> Option<(i64, String)> {
    match signal {
        Signal::Traces => {
            let partial = ExportTraceServiceResponse::decode(body).ok()?.partial_success?;
            Some((partial.rejected_spans, partial.error_message))
        }
        Signal::Logs => {
            let partial = ExportLogsServiceResponse::decode(body).ok()?.partial_success?;
            Some((partial.rejected_log_records, partial.error_message))
        }
        Signal::Metrics => {
            let partial = ExportMetricsServiceResponse::decode(body).ok()?.partial_success?;
            Some((partial.rejected_data_points, partial.error_message))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_a_most_and_differ() {
        let backoff = Backoff { first: Duration::from_secs(1), most: Duration::from_secs(30) };
        assert_eq!(backoff.wait(1, 0.0), Duration::from_secs(1));
        assert_eq!(backoff.wait(3, 0.0), Duration::from_secs(4));
        assert_eq!(backoff.wait(3, 1.0), Duration::from_secs(2));
        assert_eq!(backoff.wait(200, 0.0), Duration::from_secs(30));
    }

    #[test]
    fn addresses_are_http_with_a_host() {
        let endpoint = Endpoint::parse("http://127.0.0.1:4318/otlp/").unwrap();
        assert_eq!((endpoint.authority().as_str(), endpoint.base.as_str()), ("127.0.0.1:4318", "/otlp"));
        assert_eq!(Endpoint::parse("http://collector").unwrap().port, 4318);
        for wrong in ["", "collector:4318", "https://collector", "http://", "http://user@host", "ftp://x", "/v1/traces"]
        {
            assert!(Endpoint::parse(wrong).unwrap_err().contains("http://HOST:4318"), "{wrong}");
        }
    }
}
