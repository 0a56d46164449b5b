//! The table of commands: how each is written, what it does, and what its words mean. Completion, `help` and
//! `docs/terminal.md` all come from here. Knows nothing of any session.

use super::names::Names;
use super::words::Args;
use super::{fixes, looks, mechanism, refuse};
use crate::diagnostic::nearest;
use crate::lab::{Command, Hypothesis, Look, Question, Refusal, UserAttribute, UserFilter};

/// What a line asks for.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Action {
    /// A command of the lab that is not a look.
    Lab(Command),
    /// Something to look at.
    Look(Look, Shown),
    /// Pin what was looked at last.
    Pin(String),
    /// Fields of the write-up: thought, found, real fix. None leaves a field as it is.
    WriteUp([Option<String>; 3]),
    /// Explain commands, or one.
    Help(Option<String>),
    /// The kinds of fix.
    Fixes,
    /// The seven questions.
    Checklist,
    /// The notebook.
    Notebook,
    /// The post-incident document.
    Document(Option<String>),
    /// Where things stand.
    Status,
    /// Who did what.
    History,
    /// Write the session file.
    Save(Option<String>),
    /// End the session.
    Quit,
}

/// How much of a view is printed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Shown {
    /// Rows at most.
    pub(super) rows: usize,
    /// Words that a row must contain, where the lab itself does not filter.
    pub(super) words: String,
}

/// Rows printed unless told otherwise.
pub(super) const ROWS: usize = 40;

impl Default for Shown {
    fn default() -> Self {
        Shown { rows: ROWS, words: String::new() }
    }
}

/// What kind of name completes a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Slot {
    Node,
    Arrow,
    Metric,
    Change,
    Trace,
    Route,
    Mechanism,
    Question,
    Attribute,
    FixKind,
    Verb,
    Query,
    Word(&'static str),
    Option(&'static str),
}

/// One command.
pub(super) struct Verb {
    pub(super) name: &'static str,
    pub(super) aliases: &'static [&'static str],
    pub(super) group: &'static str,
    pub(super) usage: &'static str,
    pub(super) does: &'static str,
    pub(super) examples: &'static [&'static str],
    pub(super) slots: &'static [Slot],
    pub(super) parse: fn(&mut Args, &Names) -> Result<Action, Refusal>,
}

const LOOK: &str = "Look";
const MAP: &str = "Your map";
const NOTES: &str = "Notebook";
const ACT: &str = "Act";
const SESSION: &str = "Session";

macro_rules! verb {
    ($name:literal $(| $alias:literal)*, $group:ident, $usage:literal, $does:literal, [$($example:literal),*], [$($slot:expr),*], $parse:expr) => {
        Verb {
            name: $name, aliases: &[$($alias),*], group: $group, usage: $usage, does: $does,
            examples: &[$($example),*], slots: &[$($slot),*], parse: $parse,
        }
    };
}

use Slot::{Arrow, Attribute, Change, FixKind, Metric, Node, Option as Key, Route, Trace, Word};

/// Every command, in the order of `help`.
#[rustfmt::skip]
pub(super) const VERBS: &[Verb] = &[
    verb!("ticket", LOOK, "ticket", "the ticket, and what users wrote since", ["ticket"], [], |_, _| look(Look::Ticket)),
    verb!("reports", LOOK, "reports [region=R] [account=A] [client=C] [journey=J] [rows=N]", "what users wrote", ["reports", "reports region=eu rows=10"],
        [Key("region"), Key("account"), Key("client"), Key("journey"), Key("rows")],
        |a, _| { let shown = looks::shown(a)?; Ok(Action::Look(Look::Reports(users(a)), shown)) }),
    verb!("blast" | "blast-radius", LOOK, "blast region|account|client|journey", "how reports fall over one attribute of users", ["blast region", "blast account"],
        [Attribute], |a, _| { let by = attribute(a)?; look(Look::BlastRadius(by)) }),
    verb!("map" | "deps", LOOK, "map", "nodes, and the calls that telemetry has shown between them", ["map"], [], |_, _| look(Look::Dependencies)),
    verb!("health", LOOK, "health", "the health page of every replica", ["health"], [], |_, _| look(Look::Health)),
    verb!("changes", LOOK, "changes [WORDS...]", "the change feed", ["changes", "changes deploy"], [Node], |a, _| { let words = a.rest(); Ok(Action::Look(Look::Changes, Shown { words, ..Shown::default() })) }),
    verb!("metrics", LOOK, "metrics [WORDS...]", "the names of metrics, with their labels", ["metrics", "metrics duration"], [Metric],
        |a, _| { let words = a.rest(); Ok(Action::Look(Look::Metrics, Shown { rows: usize::MAX, words })) }),
    verb!("chart", LOOK, "chart METRIC [by=LABEL] [show=value|rate|mean|p50|p99|errors] [last=DURATION] [LABEL=VALUE...]", "a metric over time",
        ["chart http.server.request.duration by=service.name show=p99 last=1h", "chart http.client.request.duration service.name=web show=rate"],
        [Metric, Key("by"), Key("show"), Key("last"), Key("service.name")], looks::chart),
    verb!("logs", LOOK, "logs [SERVICE] [level=debug|info|warn|error] [last=DURATION] [trace=ID] [rows=N] [WORDS...]", "log lines, newest last",
        ["logs", "logs catalog level=warn last=10m", "logs \"timed out\" rows=100", "logs trace=4bf92f35"], [Node, Key("level"), Key("last"), Key("trace"), Key("rows"), Key("service")], looks::logs),
    verb!("traces", LOOK, "traces [SERVICE] [slowest] [errors] [min=DURATION] [last=DURATION] [rows=N] [NAME...]", "traces that match, newest first",
        ["traces slowest", "traces catalog min=800ms last=30m", "traces errors rows=10"],
        [Node, Word("slowest"), Word("errors"), Key("min"), Key("last"), Key("rows"), Key("service")], looks::traces),
    verb!("trace", LOOK, "trace ID|N", "one trace as a waterfall, by the beginning of its id or its number in the last list", ["trace 4bf92f35", "trace 1"], [Trace], looks::trace),
    verb!("query", LOOK, "query promql|logql|traceql [last=DURATION] [rows=N] EXPRESSION", "ask in a query language of the field: numbers over time, log lines, traces",
        ["query promql last=30m sum by (job) (rate(http_server_request_duration_seconds_count[5m]))", "query logql {service_name=\"orders\"} |= \"timeout\"", "query traceql { status = error && duration > 500ms }"],
        [Slot::Query], looks::query),
    verb!("clocks", LOOK, "clocks", "what each replica's own clock says at the same moment", ["clocks"], [], |_, _| look(Look::Clocks)),
    verb!("queues", LOOK, "queues", "queues, as their exporters show them", ["queues"], [], |_, _| look(Look::Queues)),
    verb!("caches", LOOK, "caches", "caches, as their exporters show them", ["caches"], [], |_, _| look(Look::Caches)),
    verb!("config", LOOK, "config NODE", "the configuration of a node and its arrows, as deployed", ["config web"], [Node],
        |a, _| { let node = a.word("the name of a node")?; look(Look::Config(node)) }),
    verb!("try", LOOK, "try METHOD PATH", "send one request by hand in a quiet copy of the system on one machine", ["try GET /products/{id}"], [Route],
        |a, _| { let request = a.rest(); if request.is_empty() { Err(a.refusal("a request is missing")) } else { look(Look::ReproduceLocally(request)) } }),
    verb!("draw", MAP, "draw A -> B", "draw an arrow on your own map", ["draw web -> catalog"], [Arrow],
        |a, _| a.arrow().map(|(from, to)| Action::Lab(Command::DrawArrow { from, to }))),
    verb!("erase", MAP, "erase A -> B", "rub an arrow out", ["erase web -> catalog"], [Arrow],
        |a, _| a.arrow().map(|(from, to)| Action::Lab(Command::EraseArrow { from, to }))),
    verb!("mark", MAP, "mark A -> B", "mark an arrow that can fail silently and still return 200", ["mark web -> catalog"], [Arrow],
        |a, _| a.arrow().map(|(from, to)| Action::Lab(Command::MarkArrow { from, to, suspect: true }))),
    verb!("unmark", MAP, "unmark A -> B", "take a mark back", ["unmark web -> catalog"], [Arrow],
        |a, _| a.arrow().map(|(from, to)| Action::Lab(Command::MarkArrow { from, to, suspect: false }))),
    verb!("checklist", NOTES, "checklist", "the seven questions to answer before touching a log", ["checklist"], [], |_, _| Ok(Action::Checklist)),
    verb!("tick", NOTES, "tick QUESTION", "tick a question of the checklist", ["tick deploys"], [Slot::Question], |a, _| Ok(Action::Lab(Command::Tick(question(a)?, true)))),
    verb!("untick", NOTES, "untick QUESTION", "take a tick back", ["untick deploys"], [Slot::Question], |a, _| Ok(Action::Lab(Command::Tick(question(a)?, false)))),
    verb!("narrow", NOTES, "narrow all|[region=R] [account=A] [client=C] [journey=J]", "state who is affected", ["narrow region=eu account=business", "narrow all"],
        [Word("all"), Key("region"), Key("account"), Key("client"), Key("journey")], narrow),
    verb!("pin", NOTES, "pin WHY...", "keep what you looked at last as evidence, and say why", ["pin these spans all end at exactly 800 ms"], [],
        |a, _| { let why = std::mem::take(&mut a.raw); if why.is_empty() { Err(a.refusal("why it matters is missing")) } else { Ok(Action::Pin(why)) } }),
    verb!("unpin", NOTES, "unpin N", "remove pinned evidence by its number", ["unpin 2"], [], |a, _| {
        let text = a.word("the number of a pin")?;
        a.read_number(&text).map(|number| Action::Lab(Command::Unpin(number)))
    }),
    verb!("note", NOTES, "note TEXT...", "write in the notebook", ["note health is green everywhere, so it says nothing"], [],
        |a, _| { let text = std::mem::take(&mut a.raw); if text.is_empty() { Err(a.refusal("the text is missing")) } else { Ok(Action::Lab(Command::Note(text))) } }),
    verb!("hypothesis" | "hypothesise", NOTES, "hypothesis AT MECHANISM... [change=ID]", "state the cause: a node or an arrow, and how it fails",
        ["hypothesis web -> catalog swallowed timeout change=deploy-1412", "hypothesis worker consumer lag"], [Node, Arrow, Slot::Mechanism, Key("change")], hypothesis),
    verb!("notebook", NOTES, "notebook", "your map, pins, notes, hypotheses and fixes", ["notebook"], [], |_, _| Ok(Action::Notebook)),
    verb!("write-up", NOTES, "write-up [thought=\"...\"] [found=\"...\"] [fix=\"...\"]", "the post-incident document: what was thought, what was found, the real fix",
        ["write-up thought=\"a slow database\" found=\"a timeout that nobody logs\" fix=\"roll back, and log the fallback\""], [Key("thought"), Key("found"), Key("fix")],
        |a, _| Ok(Action::WriteUp(["thought", "found", "fix"].map(|key| a.option(key))))),
    verb!("document", NOTES, "document [FILE]", "the whole post-incident document as Markdown, here or in a file", ["document", "document incident.md"], [],
        |a, _| { let file = a.rest(); Ok(Action::Document((!file.is_empty()).then_some(file))) }),
    verb!("fixes", ACT, "fixes", "the kinds of fix, and what each costs", ["fixes"], [], |_, _| Ok(Action::Fixes)),
    verb!("fix", ACT, "fix KIND ...", "change the system; it takes effect in the simulation and nowhere else", ["fix roll-back deploy-1412", "fix timeout web -> catalog 800ms"],
        [FixKind, Node, Arrow, Change], |a, _| fixes::read(a).map(|fix| Action::Lab(Command::Deploy(fix)))),
    verb!("wait", ACT, "wait DURATION", "let the incident clock run; after a fix, days and months by windows that stand for them", ["wait 10m", "wait 3 months"],
        [Word("1m"), Word("10m"), Word("1h"), Word("90d")], |a, _| wait(a)),
    verb!("hint", SESSION, "hint", "the next hint; the debrief says how many you took", ["hint"], [], |_, _| Ok(Action::Lab(Command::Hint))),
    verb!("debrief", SESSION, "debrief", "end the investigation and learn what happened", ["debrief"], [], |_, _| Ok(Action::Lab(Command::Debrief))),
    verb!("status", SESSION, "status", "the incident clock, fixes under way, and where the notebook stands", ["status"], [], |_, _| Ok(Action::Status)),
    verb!("history", SESSION, "history", "who did what in this session, and when", ["history"], [], |_, _| Ok(Action::History)),
    verb!("reveal", SESSION, "reveal yes", "for trainers: the ground truth; the session file says that it was shown", ["reveal yes"], [Word("yes")],
        |a, _| if a.flag("yes") { Ok(Action::Lab(Command::Trainer)) } else { Err(refuse("this tells the answers, and the session file will say that it did", "write `reveal yes` if you are the trainer")) }),
    verb!("save", SESSION, "save [FILE]", "write the session to a file that anyone can open, replay and continue", ["save my.session"], [],
        |a, _| { let file = a.rest(); Ok(Action::Save((!file.is_empty()).then_some(file))) }),
    verb!("help" | "?", SESSION, "help [COMMAND]", "this list, or one command with examples, or a kind of fix", ["help", "help chart", "help fix timeout"], [Slot::Verb],
        |a, _| { let about = a.rest(); Ok(Action::Help((!about.is_empty()).then_some(about))) }),
    verb!("quit" | "exit", SESSION, "quit", "leave", ["quit"], [], |_, _| Ok(Action::Quit)),
];

/// The command called `name`.
pub(super) fn find(name: &str) -> Option<&'static Verb> {
    VERBS.iter().find(|verb| verb.name == name || verb.aliases.contains(&name))
}

/// Reads one line. None is a line that says nothing: blank, or a comment.
pub(super) fn parse(line: &str, known: &Names) -> Result<Option<Action>, Refusal> {
    let line = line.trim();
    if line.is_empty() || line.starts_with('#') {
        return Ok(None);
    }
    let (name, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
    let Some(verb) = find(name) else {
        let near = nearest(name, VERBS.iter().map(|verb| verb.name));
        return Err(refuse(
            format!("`{name}` is no command"),
            near.map_or_else(
                || "`help` lists the commands".into(),
                |near| format!("did you mean `{near}`? `help` lists them all"),
            ),
        ));
    };
    // Free text needs no closed quotes, and an expression has signs of its own.
    let mut args = match verb.name {
        "pin" | "note" | "query" => Args::free(rest, verb.usage),
        _ => Args::new(rest, verb.usage)?,
    };
    let action = (verb.parse)(&mut args, known)?;
    args.end()?;
    Ok(Some(action))
}

fn look(look: Look) -> Result<Action, Refusal> {
    Ok(Action::Look(look, Shown::default()))
}

/// Takes the options that are attributes of users.
pub(super) fn users(args: &mut Args) -> UserFilter {
    UserFilter {
        region: args.option("region"),
        account: args.option("account"),
        client: args.option("client"),
        journey: args.option("journey"),
    }
}

/// More than a day passes by windows that stand for it.
fn wait(args: &mut Args) -> Result<Action, Refusal> {
    let text = args.rest().replace(' ', "");
    if text.is_empty() {
        return Err(args.refusal("how long is missing"));
    }
    let time = args.read_duration(&text)?;
    let long = time > crate::time::Duration::from_mins(24 * 60);
    Ok(Action::Lab(if long { Command::Pass(time) } else { Command::Wait(time) }))
}

fn narrow(args: &mut Args, _: &Names) -> Result<Action, Refusal> {
    let (all, filter) = (args.flag("all"), users(args));
    match all == (filter == UserFilter::default()) {
        true => Ok(Action::Lab(Command::Narrow(filter))),
        false => Err(args.refusal("say who is affected: either `all`, or at least one attribute")),
    }
}

fn attribute(args: &mut Args) -> Result<UserAttribute, Refusal> {
    let word = args.word("an attribute")?;
    let known = ATTRIBUTES.iter().find(|(name, _)| *name == word);
    known.map(|(_, attribute)| *attribute).ok_or_else(|| args.refusal(format!("`{word}` is no attribute of users")))
}

fn question(args: &mut Args) -> Result<Question, Refusal> {
    let word = args.word("a question")?;
    QUESTIONS.iter().find(|(name, _, _)| *name == word).map(|(_, question, _)| *question).ok_or_else(|| {
        let names: Vec<_> = QUESTIONS.iter().map(|(name, _, _)| *name).collect();
        refuse(format!("`{word}` is no question of the checklist"), format!("take one of {}", names.join(", ")))
    })
}

fn hypothesis(args: &mut Args, _: &Names) -> Result<Action, Refusal> {
    let (at, change) = (args.place()?, args.option("change"));
    let mechanism = mechanism::find(&args.rest())?;
    Ok(Action::Lab(Command::Hypothesise(Hypothesis { at, mechanism, change })))
}

/// Attributes of users by name.
pub(super) const ATTRIBUTES: [(&str, UserAttribute); 4] = [
    ("region", UserAttribute::Region),
    ("account", UserAttribute::Account),
    ("client", UserAttribute::Client),
    ("journey", UserAttribute::Journey),
];

/// The checklist: short name, question, and its words.
pub(super) const QUESTIONS: [(&str, Question, &str); 7] = [
    ("deploys", Question::Deploys, "Did anything deploy in the last 2 hours?"),
    ("traffic", Question::Traffic, "Did traffic volume spike or shift pattern?"),
    ("subset", Question::Subset, "Is this affecting ALL users or a subset?"),
    ("dependencies", Question::Dependencies, "Which downstream dependencies does this path touch?"),
    ("slas", Question::Slas, "Have any dependency SLAs changed recently?"),
    ("queues", Question::QueuesAndCaches, "Is there a queue or cache in this call path?"),
    ("infrastructure", Question::Infrastructure, "Did any infrastructure change (scaling, region, config)?"),
];
