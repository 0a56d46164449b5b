//! What is in flight: journeys, visits to nodes, calls over arrows, debts. Plain structs in slabs, so that an event
//! allocates nothing.

use super::data::{Part, Parts};
use super::ids::{CallId, EffectId, InstanceId, LinkId, RouteId};
use super::queue::Message;
use super::slab::Key;
use super::token::TokenId;
use crate::random::Identity;
use crate::telemetry::{SpanNumber, TraceRef};
use crate::time::{Duration, SimTime};
use crate::world::Propagation;

/// For whom something is done. Travels with requests and messages; no telemetry carries it.
#[derive(Clone, Copy, Debug)]
pub struct Context {
    /// Decides which keys of data this is about.
    pub journey: Identity,
    pub user: u32,
    /// The token that the user holds.
    pub token: TokenId,
    /// The population of the user; [`NOBODY`] for what no user asked for.
    pub population: u16,
    /// The debt that effects pay into.
    pub debt: Option<Key>,
}

/// The population of what no user asked for.
pub const NOBODY: u16 = u16::MAX;

/// Trace context, as it travels in headers.
#[derive(Clone, Copy, Debug, Default)]
pub struct TraceContext {
    pub trace: Option<TraceRef>,
    pub parent: SpanNumber,
    pub sampled: bool,
    /// No trace, but a link for the one that will start: to the span `parent` of this trace.
    pub link: Option<TraceRef>,
}

impl TraceContext {
    /// What is left of it when it has crossed an arrow.
    pub fn cross(self, trace: Propagation) -> TraceContext {
        match trace {
            Propagation::Propagated => self,
            Propagation::Dropped => TraceContext::default(),
            Propagation::Linked => {
                let link = self.trace.filter(|_| self.sampled && self.parent.0 != 0).or(self.link);
                TraceContext { link, parent: self.parent, ..TraceContext::default() }
            }
        }
    }
}

/// A user on a journey.
#[derive(Clone, Copy, Debug)]
pub struct JourneyFlight {
    pub identity: Identity,
    pub journey: u16,
    pub step: u8,
    pub population: u16,
    pub user: u32,
    /// The newest token that was issued on this journey.
    pub token: TokenId,
}

/// Whom an answer goes to.
#[derive(Clone, Copy, Debug)]
pub enum ReplyTo {
    /// An attempt of a call.
    Call(Key, u8),
    /// The queue replica that delivered this message.
    Queue(InstanceId),
    /// Nobody: a job.
    Nobody,
}

/// A request (or message) at a replica.
#[derive(Clone, Debug)]
pub struct Visit {
    pub identity: Identity,
    pub instance: InstanceId,
    pub route: RouteId,
    pub context: Context,
    /// As received; [`Visit::span`] becomes the parent of what it calls.
    pub trace: TraceContext,
    pub span: SpanNumber,
    pub reply_to: ReplyTo,
    /// The message, for a consumer.
    pub message: Option<Message>,
    pub link: Option<LinkId>,
    /// The value it carries, for a cache fill.
    pub payload: Option<Part>,
    pub parts: Parts,
    /// Steps done.
    pub step: u16,
    /// Calls not answered yet.
    pub pending: u16,
    /// Zero is none yet. What comes back without one was cut off: its process ended.
    pub status: u16,
    /// Holds one of the station's servers.
    pub served: bool,
    /// Answers with a 200 whose body says no.
    pub refused: bool,
    /// Its idempotency key.
    pub key: Option<Identity>,
    /// Whether its key is claimed by it.
    pub claimed: bool,
    /// Pauses of the replica that its present work has behind it.
    pub pauses_behind: Duration,
    /// Stands in the line for the row that its route writes, or has it.
    pub holds_row: bool,
    /// Arrived, at first; then began to be served.
    pub since: SimTime,
    pub arrived: SimTime,
}

impl Visit {
    /// The trace context that its calls and messages carry.
    pub fn children_trace(&self) -> TraceContext {
        TraceContext { parent: if self.span.0 == 0 { self.trace.parent } else { self.span }, ..self.trace }
    }
}

/// Who made a call.
#[derive(Clone, Copy, Debug)]
pub enum Caller {
    Visit(Key),
    Journey(Key),
    /// Nobody waits.
    Detached,
}

/// Where an attempt of a call stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Attempt {
    /// Waits for a connection.
    Waiting,
    /// Has a connection and goes out now.
    Connected,
    /// Under way to this replica of the callee.
    Sent(InstanceId),
    /// Between two attempts.
    BackingOff,
}

/// A call over an arrow: all its attempts.
#[derive(Clone, Copy, Debug)]
pub struct Call {
    pub identity: Identity,
    pub caller: Caller,
    pub plan: CallId,
    pub link: LinkId,
    pub context: Context,
    pub trace: TraceContext,
    pub payload: Option<Part>,
    /// Its idempotency key, the same for all attempts.
    pub key: Option<Identity>,
    /// The other one of two hedged attempts.
    pub twin: Option<Key>,
    /// Is the second one of them.
    pub hedges: bool,
    /// Since when its connection is open, if that stays open.
    pub opened: Option<SimTime>,
    pub attempt: u8,
    pub state: Attempt,
    /// A timer runs for this attempt.
    pub timed: bool,
    pub span: SpanNumber,
    /// This attempt: asked for a connection, then sent.
    pub since: SimTime,
}

/// How an attempt ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// Nothing came back in time.
    Timeout,
    /// An error status came back.
    Status(u16),
    /// No replica takes traffic.
    Refused,
    /// The callee's name could not be looked up.
    Unresolved,
    /// The process that was asked ended before it answered.
    Reset,
    /// No connection in time.
    PoolTimeout,
    /// The breaker is open.
    BreakerOpen,
    /// Too many attempts are under way.
    BulkheadFull,
    /// The other attempt of two was answered first.
    Cancelled,
    /// A 200 came back whose body says no.
    Refusal,
}

impl Failure {
    /// `error.type`, as OpenTelemetry would have it.
    pub fn error_type(self) -> &'static str {
        match self {
            Failure::Timeout => "timeout",
            Failure::Status(400) => "400",
            Failure::Status(401) => "401",
            Failure::Status(403) => "403",
            Failure::Status(404) => "404",
            Failure::Status(409) => "409",
            Failure::Status(429) => "429",
            Failure::Status(500) => "500",
            Failure::Status(502) => "502",
            Failure::Status(503) => "503",
            Failure::Status(504) => "504",
            Failure::Status(_) => "_OTHER",
            Failure::Refused => "connection_refused",
            Failure::Unresolved => "name_not_resolved",
            Failure::Reset => "connection_reset",
            Failure::PoolTimeout => "pool_timeout",
            Failure::BreakerOpen => "circuit_open",
            Failure::BulkheadFull => "bulkhead_full",
            Failure::Cancelled => "cancelled",
            Failure::Refusal => "refused_in_body",
        }
    }

    /// The status that a caller answers with when a call it needs has failed.
    pub fn as_status(self) -> u16 {
        match self {
            Failure::Timeout => 504,
            Failure::Status(status) if status < 500 => status,
            Failure::Status(_) | Failure::Refusal | Failure::Reset => 502,
            Failure::Refused
            | Failure::Unresolved
            | Failure::PoolTimeout
            | Failure::BreakerOpen
            | Failure::BulkheadFull
            | Failure::Cancelled => 503,
        }
    }

    /// Whether the attempt went out, so that its end says something about the callee.
    pub fn went_out(self) -> bool {
        !matches!(self, Failure::BreakerOpen | Failure::PoolTimeout | Failure::BulkheadFull | Failure::Cancelled)
    }

    /// Whether the callee answered.
    pub fn is_answer(self) -> bool {
        matches!(self, Failure::Status(_) | Failure::Refusal)
    }

    /// Whether it speaks against the replica that was asked.
    pub fn is_servers(self) -> bool {
        matches!(self, Failure::Timeout | Failure::Refused | Failure::Reset)
            || matches!(self, Failure::Status(status) if status >= 500)
    }

    /// Whether trying again may help.
    pub fn is_retryable(self) -> bool {
        match self {
            Failure::Timeout | Failure::Refused | Failure::Unresolved | Failure::Reset => true,
            Failure::Status(status) => status >= 500 || status == 429 || status == 409,
            Failure::PoolTimeout
            | Failure::BreakerOpen
            | Failure::BulkheadFull
            | Failure::Cancelled
            | Failure::Refusal => false,
        }
    }
}

/// What a user is owed for one request.
#[derive(Clone, Debug)]
pub struct Debt {
    pub asked: SimTime,
    pub population: u16,
    pub user: u32,
    pub journey: u16,
    pub step: u8,
    pub keys: Identity,
    pub trace: Option<TraceRef>,
    /// Effects so far.
    pub done: arrayvec::ArrayVec<(EffectId, u32), 4>,
    /// Messages and detached calls under way that may still pay.
    pub carriers: u16,
    /// An effect happened before one that it had to follow.
    pub misordered: bool,
    /// How the answer was judged; None until it came.
    pub answer: Option<crate::truth::Outcome>,
}
