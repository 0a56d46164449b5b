//! Words for people who are new to the trade or to this window: the glossary, the keys, the order of work. Plain text
//! in one place, so that it can be translated.

use egui::{Grid, RichText, ScrollArea, Ui};

use super::dock::Panel;

/// Words of the trade, by name.
const GLOSSARY: &[(&str, &str)] = &[
    (
        "ack",
        "Acknowledgement: the queue's word that it took a message, or a consumer's that it handled one (or only received it).",
    ),
    (
        "arrow",
        "Who may call whom: from one node to another, with the caller's policies: timeout, retries, fallback, breaker, pool.",
    ),
    ("before", "Reports in the time before the newest 30 minutes."),
    (
        "breaker",
        "Circuit breaker: after too many failures the caller stops calling for a while. Its fallback, if it has one, answers instead.",
    ),
    ("chart by", "One line for each value of this label. Without it all series are summed or pooled."),
    (
        "checks",
        "What the health page really looks at. \"The process runs\" says nothing about whether it can do its work.",
    ),
    ("clock", "Each replica stamps its telemetry by its own clock, which may be wrong. The monitor's clock is right."),
    ("consumer lag", "How far a consumer is behind its producer, in messages or in seconds."),
    (
        "errors",
        "The share of calls that the caller itself counted as failed. A fallback that answers is often counted as good.",
    ),
    (
        "fallback",
        "What a caller uses when a call failed for good: a default, nothing, or the last answer. The caller can still answer 200.",
    ),
    ("instance", "One replica of a node, such as catalog-2."),
    ("p50", "Half of the requests are faster than this."),
    ("p95", "95 % of the requests are faster than this."),
    ("p99", "99 % of the requests are faster than this."),
    (
        "pool",
        "Connections that a caller may use at a time. When all are taken, calls wait: db.client.connection.wait_time has how long, unless the arrow measures nothing.",
    ),
    (
        "propagation",
        "Whether the trace id crosses the arrow. Where it is lost the trace ends, and a new one begins on the other side.",
    ),
    ("rate", "Calls per second over the newest five minutes, as the caller's own metrics or spans show them."),
    ("recent", "Reports in the newest 30 minutes."),
    ("span", "One piece of work in a trace, with a start and a length, by the clock of the replica that did it."),
    ("suspect", "An arrow that can fail silently and still lead to a 200."),
    (
        "traffic share",
        "The share of all requests with this value, from the metrics of the edge. Compare it with the share of reports.",
    ),
    ("TTL", "Time to live: how long a cache keeps an entry before it asks again."),
    ("versus monitor", "What the replica's clock says minus what the monitor's clock says at the same moment."),
];

/// Keys and what they do.
const KEYS: &[(&str, &str)] = &[
    ("Space", "play or pause the incident clock (when no text field has the focus)"),
    ("Ctrl+1 … Ctrl+9", "go to a panel: ticket, topology, logs, metrics, traces, health, changes, notebook, fixes"),
    ("Ctrl+F", "search the logs"),
    ("Ctrl+S", "save the session"),
    ("Ctrl+Tab", "next tab of the group under the pointer"),
    ("Ctrl++ / Ctrl+-", "larger, smaller"),
    ("F1", "this help"),
    ("Esc", "close a dialogue"),
];

/// The nine steps.
const STEPS: &[(&str, &str)] = &[
    ("Map", "draw the call path yourself, arrows included, and mark where it can fail and still answer 200"),
    ("Narrow", "all users or a subset? which region, account, client, journey?"),
    ("Identify", "which nodes and arrows does the failing path touch? queues and caches too"),
    ("Check changes", "what changed in the hours before?"),
    ("Verify health", "what do the health pages really check?"),
    ("Trace", "follow one failing request across the services"),
    ("Hypothesise", "where, how, and which change"),
    ("Fix", "the cause, not the symptom; then watch what the fix does"),
    ("Document", "what you thought, what you found, what the real fix is"),
];

/// What a word means, if it is in the glossary.
pub fn meaning(word: &str) -> Option<&'static str> {
    let word = word.to_lowercase();
    GLOSSARY.iter().find(|(name, _)| name.to_lowercase() == word).map(|(_, meaning)| *meaning)
}

/// The whole help.
pub fn ui(ui: &mut Ui) {
    ScrollArea::vertical().auto_shrink([false, false]).show(ui, |ui| {
        ui.label(
            "Users are being failed and every dashboard is green. Find out why from what the system says about itself, \
             change the system, let time pass, and see whether the harm ends. Then ask for the debrief. \
             All times are UTC, stamped by the clocks of the simulated system.",
        );
        table(ui, "Nine steps, in this order", STEPS);
        table(ui, "Keys", KEYS);
        let panels: Vec<(&str, &str)> = Panel::ALL.iter().map(|panel| (panel.title(), panel.help())).collect();
        table(ui, "Panels", &panels);
        table(ui, "Words", GLOSSARY);
    });
}

fn table(ui: &mut Ui, title: &str, rows: &[(&str, &str)]) {
    ui.add_space(super::theme::SPACE_L);
    ui.heading(title);
    Grid::new(title).num_columns(2).striped(true).min_col_width(130.0).show(ui, |ui| {
        for (name, text) in rows {
            ui.label(RichText::new(*name).strong());
            ui.add(egui::Label::new(*text).wrap());
            ui.end_row();
        }
    });
}
