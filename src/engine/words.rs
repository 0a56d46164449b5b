//! What the system can say: log templates, span shapes and metric families of a plan, registered once. Names follow
//! OpenTelemetry's semantic conventions; what has none is listed in `docs/telemetry.md`.

mod families;

use super::plan::{CallPlan, Plan, RoutePlan, RouteWork};
use super::rpc;
use crate::telemetry::{
    ArgKind, FamilyId, Field, LogTemplateId, ShapeId, SpanKind, SpanShape, Symbol, Telemetry, Template,
};
use crate::world::{Protocol, Severity};
pub use families::{Families, SIZE_BOUNDS};

/// Statuses that nodes answer with; a metric series for each that occurs.
pub const STATUSES: [u16; 11] = [200, 400, 401, 404, 429, 500, 502, 503, 504, 409, 403];

/// Kinds of result of a call, as `error.type`; the first is success.
pub const RESULTS: [&str; 21] = [
    "",
    "400",
    "401",
    "404",
    "429",
    "500",
    "502",
    "503",
    "504",
    "_OTHER",
    "timeout",
    "connection_refused",
    "pool_timeout",
    "circuit_open",
    "409",
    "bulkhead_full",
    "cancelled",
    "refused_in_body",
    "connection_reset",
    "name_not_resolved",
    "403",
];

/// The system that queues are said to be.
const MESSAGING: &str = "rabbitmq";

/// The registered words of a plan.
#[derive(Debug)]
pub struct Words {
    pub routes: Vec<RouteWords>,
    pub calls: Vec<CallWords>,
    pub families: Families,
    pub statuses: [Symbol; STATUSES.len()],
    pub results: [Symbol; RESULTS.len()],
    /// What [`STATUSES`] and [`RESULTS`] are over gRPC.
    pub rpc_statuses: [Symbol; STATUSES.len()],
    pub rpc_codes: [Symbol; RESULTS.len()],
    pub rpc_results: [Symbol; RESULTS.len()],
    pub status_label: Symbol,
    pub rpc_status_label: Symbol,
    pub error_label: Symbol,
    pub state_label: Symbol,
    pub pool_label: Symbol,
    pub server_label: Symbol,
    pub connection_state_label: Symbol,
    pub active: Symbol,
    pub group_label: Symbol,
    /// For each node, the names of its groups of consumers.
    pub groups: Vec<Vec<Symbol>>,
    pub used: Symbol,
    pub idle: Symbol,
    /// For each arrow: breaker opened, breaker closed.
    pub breakers: Vec<(LogTemplateId, LogTemplateId)>,
    pub started: LogTemplateId,
    /// If any node has feature flags.
    pub flags: Option<FlagWords>,
    /// For each node, its chatter.
    pub chatter: Vec<Vec<LogTemplateId>>,
}

/// What nodes say of feature flags.
#[derive(Debug)]
pub struct FlagWords {
    /// The event of one evaluation.
    pub evaluated: LogTemplateId,
    /// For each node, the names of its flags, in order.
    pub names: Vec<Vec<Symbol>>,
    /// Off, and on.
    pub variants: [Symbol; 2],
    pub provider: Symbol,
}

/// What a node says about one of its routes.
#[derive(Debug)]
pub struct RouteWords {
    pub access: LogTemplateId,
    pub failed: LogTemplateId,
    pub own: Option<(LogTemplateId, Vec<OwnArg>)>,
    pub shape: ShapeId,
    /// Server-side duration: the family and constant labels.
    pub served: Option<(FamilyId, Vec<(Symbol, Symbol)>)>,
    /// The constant labels of its RPC metrics, if it is only ever called over gRPC.
    pub rpc: Option<Vec<(Symbol, Symbol)>>,
}

/// An argument of a world's own log line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OwnArg {
    Micros,
    Status,
    Bytes,
    Id,
}

/// What a caller says about one of its calls.
#[derive(Debug)]
pub struct CallWords {
    pub shape: ShapeId,
    pub failed: LogTemplateId,
    pub fell_back: LogTemplateId,
    pub family: FamilyId,
    pub labels: Vec<(Symbol, Symbol)>,
    pub answers: Answers,
}

/// How a callee says what came of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answers {
    /// With a status of HTTP.
    Http,
    /// With a code of gRPC.
    Rpc,
    /// In the way of its own protocol, which the conventions have no attribute for.
    Otherwise,
}

impl Words {
    /// Registers everything that a plan can say.
    pub fn new(plan: &Plan, telemetry: &mut Telemetry) -> Words {
        let families = Families::new(telemetry);
        let only_rpc = only_rpc(plan);
        let routes = plan.routes.iter().zip(only_rpc);
        let routes = routes.map(|(route, rpc)| route_words(plan, route, rpc, &families, telemetry)).collect();
        let calls = plan.calls.iter().map(|call| call_words(plan, call, &families, telemetry)).collect();
        let breakers = plan.arrows.iter().map(|arrow| {
            let callee = &plan.nodes[arrow.to.at()].name;
            let mut line = |what: &str| {
                let text = format!("circuit breaker for {callee} {what}");
                telemetry.logs.template(Severity::Warn, Template { text, fields: Vec::new() })
            };
            (line("opened"), line("closed"))
        });
        let breakers = breakers.collect();
        let version = telemetry.names.intern("service.version");
        let started = Template {
            text: "process started, version {}".into(),
            fields: vec![Field { name: version, kind: ArgKind::Name }],
        };
        let started = telemetry.logs.template(Severity::Info, started);
        let flags = flag_words(plan, telemetry);
        let chatter = plan.spec().nodes.values().map(|node| {
            let lines = node.telemetry.chatter.iter();
            lines.map(|line| chatter_words(telemetry, line)).collect()
        });
        let chatter = chatter.collect();
        let names = &mut telemetry.names;
        let group_of = |arrow: &super::ids::ArrowId| {
            let consumer = plan.node_spec(plan.arrows[arrow.at()].to);
            consumer.consumes.as_ref().map_or("", |consumes| &consumes.group)
        };
        let groups = plan.nodes.iter().map(|node| {
            let of_node = node.groups.iter().map(|group| names.intern(group.first().map_or("", group_of)));
            of_node.collect()
        });
        let groups = groups.collect();
        Words {
            routes,
            calls,
            families,
            statuses: STATUSES.map(|status| names.intern(&status.to_string())),
            results: RESULTS.map(|result| names.intern(result)),
            rpc_statuses: STATUSES.map(|status| names.intern(rpc::code(&status.to_string()))),
            rpc_codes: RESULTS.map(|result| names.intern(rpc::code(result))),
            rpc_results: RESULTS.map(|result| names.intern(rpc::error_type(result))),
            status_label: names.intern("http.response.status_code"),
            rpc_status_label: names.intern("rpc.response.status_code"),
            error_label: names.intern("error.type"),
            state_label: names.intern("db.client.connection.state"),
            pool_label: names.intern("db.client.connection.pool.name"),
            server_label: names.intern("server.address"),
            connection_state_label: names.intern("http.connection.state"),
            active: names.intern("active"),
            group_label: names.intern("messaging.consumer.group.name"),
            groups,
            used: names.intern("used"),
            idle: names.intern("idle"),
            breakers,
            started,
            flags,
            chatter,
        }
    }
}

/// For each route, whether it is called, and only over gRPC.
fn only_rpc(plan: &Plan) -> Vec<bool> {
    let mut found = vec![(false, false); plan.routes.len()];
    for call in &plan.calls {
        let is_rpc = plan.arrows[call.arrow.at()].protocol == Protocol::Grpc;
        let (rpc, other) = &mut found[call.route.at()];
        *(if is_rpc { rpc } else { other }) = true;
    }
    let is_request = plan.routes.iter().map(|route| matches!(route.work, RouteWork::Request { .. }));
    found.into_iter().zip(is_request).map(|((rpc, other), is_request)| is_request && rpc && !other).collect()
}

/// The place of a status in [`STATUSES`]; an unlisted one counts as 500.
pub fn status_index(status: u16) -> usize {
    STATUSES.iter().position(|known| *known == status).unwrap_or(5)
}

/// The place of a kind of result in [`RESULTS`].
pub fn result_index(error_type: &str) -> usize {
    RESULTS.iter().position(|known| *known == error_type).unwrap_or(9)
}

fn flag_words(plan: &Plan, telemetry: &mut Telemetry) -> Option<FlagWords> {
    if plan.spec().nodes.values().all(|replica| replica.flags.is_empty()) {
        return None;
    }
    let names = &mut telemetry.names;
    let mut field = |name: &str| Field { name: names.intern(name), kind: ArgKind::Name };
    let fields =
        ["feature_flag.key", "feature_flag.result.variant", "feature_flag.provider.name"].map(&mut field).to_vec();
    let template = Template { text: "feature flag {} is {}".into(), fields };
    let evaluated = telemetry.logs.template(Severity::Info, template);
    telemetry.logs.name_event(evaluated, "feature_flag.evaluation");
    let names = &mut telemetry.names;
    let of_nodes =
        plan.spec().nodes.values().map(|replica| replica.flags.keys().map(|flag| names.intern(flag)).collect());
    Some(FlagWords {
        evaluated,
        names: of_nodes.collect(),
        variants: ["off", "on"].map(|variant| telemetry.names.intern(variant)),
        provider: telemetry.names.intern("config"),
    })
}

fn chatter_words(telemetry: &mut Telemetry, line: &crate::world::Chatter) -> LogTemplateId {
    let holes = line.text.matches("{n}").count();
    let name = telemetry.names.intern("n");
    let template =
        Template { text: line.text.replace("{n}", "{}"), fields: vec![Field { name, kind: ArgKind::Count }; holes] };
    telemetry.logs.template(line.level, template)
}

fn route_words(
    plan: &Plan,
    route: &RoutePlan,
    only_rpc: bool,
    families: &Families,
    telemetry: &mut Telemetry,
) -> RouteWords {
    let node = &plan.nodes[route.node.at()].name;
    let names = &mut telemetry.names;
    let mut label = |key: &str, value: &str| (names.intern(key), names.intern(value));
    let rpc_method = match &route.work {
        RouteWork::Request { method, path } if only_rpc => Some(rpc::method(node, method, path)),
        _ => None,
    };
    let rpc = rpc_method.as_ref().map(|method| vec![label("rpc.method", method), label("rpc.system.name", "grpc")]);
    let (title, kind, constants, served) = match &route.work {
        RouteWork::Request { method, path } => {
            let labels = vec![label("http.request.method", method), label("http.route", path)];
            let constants = labels.iter().chain(rpc.iter().flatten()).copied().collect();
            (route.name.clone(), SpanKind::Server, constants, Some((families.http_server, labels)))
        }
        RouteWork::Data { operation, datum } => {
            let labels = vec![label("db.collection.name", datum), label("db.operation.name", operation)];
            (route.name.clone(), SpanKind::Server, labels.clone(), Some((families.db_server, labels)))
        }
        RouteWork::Publish { message } => {
            let labels = vec![label("messaging.destination.name", node), label("messaging.message.type", message)];
            (format!("receive {node}"), SpanKind::Server, labels, None)
        }
        RouteWork::Message { message, queue } => {
            let labels = vec![
                label("messaging.destination.name", queue),
                label("messaging.message.type", message),
                label("messaging.operation.name", "process"),
                label("messaging.operation.type", "process"),
                label("messaging.system", MESSAGING),
            ];
            let series = vec![labels[0], labels[2], labels[4]];
            (format!("process {queue}"), SpanKind::Consumer, labels, Some((families.messaging_process, series)))
        }
    };
    let status = Field { name: names.intern("http.response.status_code"), kind: ArgKind::Count };
    let took = Field { name: names.intern("duration_ms"), kind: ArgKind::Micros };
    let size = Field { name: names.intern("http.response.body.size"), kind: ArgKind::Count };
    let version = Field { name: names.intern("app.data.version"), kind: ArgKind::Count };
    let code = Field { name: names.intern("rpc.response.status_code"), kind: ArgKind::Name };
    let answer_size = match &route.work {
        RouteWork::Request { .. } => size.clone(),
        _ => Field { name: names.intern("app.response.size"), kind: ArgKind::Count },
    };
    let number = Field { name: names.intern("app.reference"), kind: ArgKind::Count };
    let shape = telemetry.spans.shape(&format!("serve {node} {}", route.name), || SpanShape {
        kind,
        constants,
        template: Template {
            text: rpc_method.unwrap_or_else(|| title.clone()),
            fields: vec![status.clone(), answer_size, version]
                .into_iter()
                .chain(rpc.is_some().then_some(code))
                .collect(),
        },
    });
    let access = Template {
        text: format!("{title} {{}} in {{}} ms, {{}} B"),
        fields: vec![status.clone(), took.clone(), size.clone()],
    };
    let failed = Template {
        text: format!("{title} failed with {{}} after {{}} ms"),
        fields: vec![status.clone(), took.clone()],
    };
    let spec = plan.spec().nodes.get(node);
    let failures = spec.map_or(Severity::Error, |spec| spec.telemetry.failures);
    let own = route.log.as_ref().map(|text| own_words(text, [took, status, size, number]));
    RouteWords {
        access: telemetry.logs.template(Severity::Info, access),
        failed: telemetry.logs.template(failures, failed),
        own: own.map(|(template, args)| (telemetry.logs.template(Severity::Info, template), args)),
        shape,
        served,
        rpc,
    }
}

/// A world's own line: `{ms}`, `{status}`, `{bytes}` and `{id}` become arguments.
fn own_words(text: &str, fields: [Field; 4]) -> (Template, Vec<OwnArg>) {
    const HOLES: [(&str, OwnArg); 4] =
        [("{ms}", OwnArg::Micros), ("{status}", OwnArg::Status), ("{bytes}", OwnArg::Bytes), ("{id}", OwnArg::Id)];
    let mut found: Vec<(usize, usize)> = HOLES
        .iter()
        .enumerate()
        .flat_map(|(which, (hole, _))| text.match_indices(hole).map(move |(at, _)| (at, which)))
        .collect();
    found.sort_unstable();
    let words = HOLES.iter().fold(text.to_owned(), |text, (hole, _)| text.replace(hole, "{}"));
    let args = found.iter().map(|(_, which)| HOLES[*which].1).collect();
    let fields = found.iter().map(|(_, which)| fields[*which].clone()).collect();
    (Template { text: words, fields }, args)
}

fn call_words(plan: &Plan, call: &CallPlan, families: &Families, telemetry: &mut Telemetry) -> CallWords {
    let arrow = &plan.arrows[call.arrow.at()];
    let (caller, callee) = (&plan.nodes[arrow.from.at()].name, &plan.nodes[arrow.to.at()].name);
    let route = &plan.routes[call.route.at()];
    let names = &mut telemetry.names;
    let mut label = |key: &str, value: &str| (names.intern(key), names.intern(value));
    let server = label("server.address", callee);
    let (title, kind, constants, family, labels) = match &route.work {
        RouteWork::Request { method, path } if arrow.protocol == Protocol::Grpc => {
            let method = rpc::method(callee, method, path);
            let labels = vec![label("rpc.method", &method), label("rpc.system.name", "grpc"), server];
            (method, SpanKind::Client, labels.clone(), families.rpc_client, labels)
        }
        RouteWork::Request { method, path } => {
            let verb = label("http.request.method", method);
            let constants = vec![verb, server, label("url.template", path)];
            (route.name.clone(), SpanKind::Client, constants, families.http_client, vec![verb, server])
        }
        RouteWork::Data { operation, datum } => {
            let system = if arrow.protocol == Protocol::Redis { "redis" } else { "postgresql" };
            let labels = vec![
                label("db.collection.name", datum),
                label("db.operation.name", operation),
                label("db.system.name", system),
                server,
            ];
            (route.name.clone(), SpanKind::Client, labels.clone(), families.db_client, labels)
        }
        RouteWork::Publish { message } | RouteWork::Message { message, .. } => {
            let destination = label("messaging.destination.name", callee);
            let system = label("messaging.system", MESSAGING);
            let operation = label("messaging.operation.name", "send");
            let kind = label("messaging.operation.type", "send");
            let constants =
                vec![destination, label("messaging.message.type", message), operation, kind, system, server];
            let labels = vec![destination, operation, system, server];
            (format!("send {callee}"), SpanKind::Producer, constants, families.messaging_client, labels)
        }
    };
    let answers = match (&route.work, arrow.protocol) {
        (RouteWork::Request { .. }, Protocol::Grpc) => Answers::Rpc,
        (RouteWork::Request { .. }, _) => Answers::Http,
        _ => Answers::Otherwise,
    };
    let mut field = |name: &str, kind| Field { name: names.intern(name), kind };
    let status = match answers {
        Answers::Rpc => field("rpc.response.status_code", ArgKind::Name),
        _ => field("http.response.status_code", ArgKind::Count),
    };
    let (resend, size) = match answers {
        Answers::Http => ("http.request.resend_count", "http.response.body.size"),
        _ => ("app.call.resend_count", "app.response.size"),
    };
    let (resend, size) = (field(resend, ArgKind::Count), field(size, ArgKind::Count));
    let (error, took) = (field("error.type", ArgKind::Name), field("duration_ms", ArgKind::Micros));
    let attempt = field("attempt", ArgKind::Count);
    let shape = telemetry.spans.shape(&format!("call {caller} {callee} {}", route.name), || SpanShape {
        kind,
        constants,
        template: Template { text: title, fields: vec![status, error.clone(), resend, size] },
    });
    let failed = Template {
        text: format!("call to {callee} failed: {{}} after {{}} ms, attempt {{}}"),
        fields: vec![error, took, attempt],
    };
    let fell_back = Template { text: format!("using fallback in place of {callee}"), fields: Vec::new() };
    CallWords {
        shape,
        failed: telemetry.logs.template(Severity::Warn, failed),
        fell_back: telemetry.logs.template(Severity::Warn, fell_back),
        family,
        labels,
        answers,
    }
}
