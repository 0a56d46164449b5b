//! The desktop face, by accessible label: what a screen reader finds, a test finds. Panels are drawn from views that
//! are written here, so that each test says what it is about.

#![allow(clippy::panic, clippy::unwrap_used, reason = "a test stops at what is wrong")]

use allgreen::app::act::{Act, Outbox};
use allgreen::app::clock::Clock;
use allgreen::app::dock::Panel;
use allgreen::app::panels::*;
use allgreen::app::{menu, theme, toast};
use allgreen::lab::*;
use allgreen::telemetry::TraceId;
use allgreen::time::{Epoch, Stamp};
use allgreen::world::{Kind, Severity};
use allgreen::{Duration, SimTime};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable;

fn clock() -> Clock {
    Clock {
        epoch: Epoch::parse("2026-03-02T08:00:00Z").unwrap(),
        now: SimTime::from_secs(5400),
        opened: SimTime::from_secs(3600),
    }
}

fn at(secs: u64) -> Stamp {
    Stamp(secs as i64 * 1_000_000_000)
}

/// Draws `panel` over `state`, and gathers what it asks for.
fn harness<'a, S: 'a>(state: S, panel: impl Fn(&mut egui::Ui, &mut S, &mut Outbox) + 'a) -> Harness<'a, (S, Outbox)> {
    Harness::builder().with_size(egui::vec2(900.0, 640.0)).with_context_setup(theme::install).build_ui_state(
        move |ui, (state, out): &mut (S, Outbox)| {
            egui::CentralPanel::default().show(ui, |ui| panel(ui, state, out));
        },
        (state, Vec::new()),
    )
}

fn acts<S>(harness: &mut Harness<'_, (S, Outbox)>) -> Outbox {
    std::mem::take(&mut harness.state_mut().1)
}

fn commands<S>(harness: &mut Harness<'_, (S, Outbox)>) -> Vec<Command> {
    let command = |act| match act {
        Act::Do(command) => Some(command),
        _ => None,
    };
    acts(harness).into_iter().filter_map(command).collect()
}

fn report(user: &str, region: &str, text: &str) -> ReportRow {
    ReportRow {
        stamp: at(5000),
        user: user.into(),
        region: region.into(),
        account: "business".into(),
        client: "web 4".into(),
        journey: "checkout".into(),
        text: text.into(),
    }
}

#[test]
fn the_ticket_shows_its_words_and_what_users_wrote() {
    let ticket = TicketView {
        title: "Basket looks wrong".into(),
        reporter: "Support, Dana".into(),
        text: "Three customers say that the price is missing.".into(),
        opened: at(3600),
        reports: vec![report("Ines", "eu-west", "there was no price at all")],
        later: Vec::new(),
    };
    let mut harness = harness(ticket::TicketState::default(), |ui, state, out| {
        ticket::show(ui, &ticket, None, state, clock(), out);
    });
    harness.run();
    harness.get_by_label("Basket looks wrong");
    harness.get_by_label("Three customers say that the price is missing.");
    harness.get_by_label("there was no price at all");
    harness.get_by_label("Reports: region");
    harness.get_by_label("Pin the ticket").click();
    harness.run();
    assert_eq!(acts(&mut harness), [Act::AskPin(Look::Ticket)]);
}

fn page() -> LogPage {
    let line = |secs, severity, text: &str, trace| LogLine {
        stamp: at(secs),
        instance: "catalog-2".into(),
        severity,
        text: text.into(),
        trace,
    };
    LogPage {
        lines: vec![
            line(5390, Severity::Info, "GET /products/17 200 in 12.1 ms", Some(TraceId(0xabcd << 96))),
            line(5395, Severity::Warn, "slow request", None),
        ],
        total: 12_345,
    }
}

#[test]
fn log_lines_can_be_searched_and_lead_to_their_trace() {
    let mut harness = harness(logs::LogsState::default(), |ui, state, out| {
        logs::filters(ui, state, &["catalog".to_owned()], out);
        logs::show(ui, &page(), state, clock(), out);
    });
    harness.run();
    harness.get_by_label_contains("newest 2 of 12,345 lines");
    harness.get_by_label("WARN");
    harness.get_by_label("Search log text").click();
    harness.get_by_label("Search log text").type_text("price");
    harness.run();
    assert_eq!(harness.state().0.filter.contains, "price");
    harness.get_by_label("Open trace 0000abcd").click();
    harness.run();
    let id = TraceId(0xabcd << 96).to_string();
    assert_eq!(acts(&mut harness), [Act::Trace(id)]);
}

#[test]
fn a_search_that_finds_nothing_says_what_to_do() {
    let mut harness = harness(logs::LogsState::default(), |ui, state, out| {
        logs::show(ui, &LogPage::default(), state, clock(), out);
    });
    harness.run();
    harness.get_by_label("No line matches");
    harness.get_by_label_contains("Loosen the filters");
}

fn seen() -> Dependencies {
    let node = |name: &str, kind, replicas| NodeRow { name: name.into(), kind, replicas };
    Dependencies {
        nodes: vec![
            node("gateway", Kind::Gateway, 1),
            node("catalog", Kind::Service, 2),
            node("cache", Kind::Cache, 1),
        ],
        calls: vec![
            CallRow { from: "gateway".into(), to: "catalog".into(), rate: Some(98.6), errors: 0.004 },
            CallRow { from: "catalog".into(), to: "cache".into(), rate: Some(80.0), errors: 0.0 },
        ],
    }
}

fn inventory() -> Vec<(String, Kind)> {
    [("cache", Kind::Cache), ("catalog", Kind::Service), ("gateway", Kind::Gateway), ("users", Kind::Users)]
        .map(|(name, kind)| (name.to_owned(), kind))
        .to_vec()
}

#[test]
fn the_topology_names_nodes_and_calls_and_a_node_narrows_the_panels() {
    let mut harness = harness(topology::TopologyState::default(), |ui, state, out| {
        topology::modes(ui, state, None, out);
        topology::show(ui, &seen(), &inventory(), &[], state, None, out);
    });
    harness.run();
    harness.get_by_label_contains("call gateway -> catalog: 98.6/s");
    harness.get_by_label("node catalog").click();
    harness.run();
    assert_eq!(acts(&mut harness), [Act::Focus(Some("catalog".into()))]);
}

#[test]
fn an_arrow_is_drawn_by_dragging_and_by_name_and_marked_and_erased() {
    let map = vec![("gateway".to_owned(), "catalog".to_owned(), false)];
    let mut state = topology::TopologyState::default();
    state.own_map = true;
    let mut harness = harness(state, |ui, state, out| {
        topology::modes(ui, state, None, out);
        topology::show(ui, &seen(), &inventory(), &map, state, None, out);
    });
    harness.run();
    let (from, to) = (harness.get_by_label("node catalog").rect(), harness.get_by_label("node cache").rect());
    harness.drag_at(from.center());
    harness.run();
    harness.hover_at(from.center() + egui::vec2(30.0, 0.0));
    harness.run();
    harness.hover_at(to.center());
    harness.run();
    harness.drop_at(to.center());
    harness.run();
    assert_eq!(commands(&mut harness), [Command::DrawArrow { from: "catalog".into(), to: "cache".into() }]);

    harness.get_by_label("arrow gateway -> catalog").click();
    harness.run();
    harness.get_by_label("Mark as suspect").click();
    harness.run();
    let (from, to) = ("gateway".to_owned(), "catalog".to_owned());
    assert_eq!(commands(&mut harness), [Command::MarkArrow { from: from.clone(), to: to.clone(), suspect: true }]);
    harness.get_by_label("Delete arrow").click();
    harness.run();
    assert_eq!(commands(&mut harness), [Command::EraseArrow { from, to }]);

    harness.get_by_label("Arrow from").click();
    harness.run();
    harness.get_by_role_and_label(egui::Role::Button, "users").click();
    harness.run();
    harness.get_by_label("Arrow to").click();
    harness.run();
    harness.get_by_role_and_label(egui::Role::Button, "gateway").click();
    harness.run();
    harness.get_by_label("Draw arrow").click();
    harness.run();
    assert_eq!(commands(&mut harness), [Command::DrawArrow { from: "users".into(), to: "gateway".into() }]);
}

#[test]
fn a_chart_is_built_by_name_and_drawn_with_its_lines() {
    let catalogue = vec![MetricRow {
        name: "http.server.request.duration".into(),
        unit: "s".into(),
        kind: "histogram",
        help: "Duration of HTTP server requests".into(),
        labels: [("service.name".to_owned(), vec!["catalog".to_owned(), "gateway".to_owned()])].into(),
    }];
    let mut harness = harness(metrics::MetricsState::default(), |ui, state, _| {
        metric_builder::show(ui, &catalogue, state);
    });
    harness.run();
    harness.get_by_label("Metric").click();
    harness.run();
    harness.get_by_label("metric http.server.request.duration").click();
    harness.run();
    harness.get_by_label("Show").click();
    harness.run();
    harness.get_by_label("p95").click();
    harness.run();
    harness.get_by_label("Chart by").click();
    harness.run();
    harness.get_by_role_and_label(egui::Role::Button, "service.name").click();
    harness.run();
    harness.get_by_label("Add chart").click();
    harness.run();
    let query = &harness.state().0.charts.first().expect("a chart is open").query;
    assert_eq!((query.show, query.by.as_deref()), (Show::Quantile(0.95), Some("service.name")));
}

#[test]
fn a_chart_shows_each_line_with_its_newest_value() {
    let line = |name: &str, value: f64| ChartLine {
        name: name.into(),
        points: (0..60).map(|minute| (at(minute * 60), value + minute as f64 * 1e-4)).collect(),
    };
    let chart =
        Chart { title: "p95".into(), unit: "s".into(), lines: vec![line("catalog", 0.02), line("gateway", 0.04)] };
    let markers = [(at(1800), "deploy-12".to_owned())];
    let mut harness = harness(std::collections::BTreeSet::new(), |ui, hidden, _| {
        let look = allgreen::app::chart::Frame { id: "c", height: 200.0, group: "g" };
        allgreen::app::chart::show(ui, look, &chart, &markers, clock(), hidden);
    });
    harness.run();
    harness.get_by_label("Hide line catalog").click();
    harness.run();
    assert!(harness.state().0.contains("catalog"));
    harness.get_by_label("Show line catalog");
}

#[test]
fn an_expression_is_typed_run_and_found_again_in_the_history() {
    let mut harness = harness(query::QueryState::default(), query::ask);
    harness.run();
    harness.get_by_label("Expression").focus();
    harness.run();
    harness.get_by_label("Expression").type_text("sum(up)");
    harness.run();
    harness.key_press(egui::Key::Enter);
    harness.run();
    let asked = |harness: &Harness<'_, (query::QueryState, Outbox)>| harness.state().0.asked.clone();
    assert_eq!(asked(&harness).map(|query| query.expression).as_deref(), Some("sum(up)"));
    harness.get_by_label("Pin this query").click();
    harness.run();
    assert!(
        matches!(acts(&mut harness).as_slice(), [Act::AskPin(Look::Query(query))] if query.expression == "sum(up)")
    );
    harness.get_by_label("LogQL").click();
    harness.run();
    assert_eq!((asked(&harness), harness.state().0.draft.expression.as_str()), (None, ""));
    harness.get_by_label("Query: history").click();
    harness.run();
    harness.get_by_label("PromQL  sum(up)").click();
    harness.run();
    assert_eq!(asked(&harness).map(|query| query.language), Some(allgreen::query::Language::Promql));
}

#[test]
fn what_a_query_finds_is_a_chart_or_a_table_or_traces_and_what_it_does_not_is_explained() {
    let line = ChartLine { name: "{job=\"shop\"}".into(), points: vec![(at(5000), 2.0), (at(5010), 4.0)] };
    let numbers = Answer {
        found: Found::Numbers(Chart { lines: vec![line], ..Chart::default() }),
        remarks: vec!["there is no metric `upp`; did you mean `up`?".into()],
    };
    let mut drawn = harness(query::QueryState::default(), |ui, state, out| {
        query::show(ui, &numbers, state, &[], clock(), out);
    });
    drawn.run();
    drawn.get_by_label("note: there is no metric `upp`; did you mean `up`?");
    drawn.get_by_label("Hide line {job=\"shop\"}");
    drawn.get_by_label("Table").click();
    drawn.run();
    drawn.get_by_label("{job=\"shop\"}");
    drawn.get_by_label("3");
    let found = FoundTrace {
        id: TraceId(0x1234 << 112),
        start: at(5000),
        duration: Duration::from_millis(250),
        service: "gateway".into(),
        name: "GET /products/{id}".into(),
        matched: 2,
        first: "GET /price 20ms".into(),
    };
    let traces = Answer { found: Found::Traces(vec![found]), remarks: Vec::new() };
    let mut drawn = harness(query::QueryState::default(), |ui, state, out| {
        query::show(ui, &traces, state, &[], clock(), out);
    });
    drawn.run();
    drawn.get_by_label("Open trace 12340000").click();
    drawn.run();
    assert_eq!(acts(&mut drawn), [Act::Trace("12340000000000000000000000000000".into())]);
    let refusal = Refusal { what: "1:5: unknown\n  | sum(raet)\n  |     ^^^^".into(), remedy: "correct it".into() };
    let mut drawn = harness((), |ui, (), _| query::misread(ui, &refusal));
    drawn.run();
    drawn.get_by_label("1:5: unknown");
    drawn.get_by_label("  | sum(raet)\n  |     ^^^^");
}

fn trace() -> TraceView {
    let span = |id: &str, depth, instance: &str, name: &str, kind, start_ms: i64, ms, error| SpanRow {
        id: id.into(),
        depth,
        instance: instance.into(),
        name: name.into(),
        kind,
        start: Stamp(at(5000).0 + start_ms * 1_000_000),
        duration: Duration::from_millis(ms),
        error,
        attributes: vec![("http.response.status_code".into(), "200".into())],
    };
    TraceView {
        id: TraceId(7),
        spans: vec![
            span("a", 0, "gateway-1", "GET /products/{id}", "SERVER", 0, 250, false),
            span("b", 1, "catalog-2", "GET /price", "CLIENT", -30, 200, true),
        ],
    }
}

#[test]
fn a_waterfall_names_its_spans_and_shows_attributes() {
    let mut harness = harness(None::<String>, |ui, chosen, _| waterfall::show(ui, &trace(), chosen, clock()));
    harness.run();
    harness.get_by_label("span GET /price on catalog-2").click();
    harness.run();
    assert_eq!(harness.state().0.as_deref(), Some("b"));
    harness.get_by_label("http.response.status_code");
}

#[test]
fn a_list_of_traces_opens_one() {
    let row = TraceRow {
        id: TraceId(0x1234 << 112),
        start: at(5000),
        duration: Duration::from_millis(250),
        service: "gateway".into(),
        name: "GET /products/{id}".into(),
        spans: 7,
        errors: 1,
    };
    let mut harness = harness(traces::TracesState::default(), |ui, state, out| {
        traces::filters(ui, state, &[], out);
        traces::list(ui, std::slice::from_ref(&row), clock(), out);
    });
    harness.run();
    harness.get_by_label("1 error");
    harness.get_by_label("Open trace 12340000").click();
    harness.run();
    assert_eq!(acts(&mut harness), [Act::Trace(row.id.to_string())]);
}

#[test]
fn health_pages_say_what_they_check() {
    let page = |instance: &str, checks: Vec<String>| HealthRow {
        instance: instance.into(),
        stamp: at(5390),
        code: 200,
        body: "{\"status\":\"ok\"}".into(),
        checks,
    };
    let rows = [page("catalog-1", vec![]), page("cart-1", vec!["calls to db".into()])];
    let mut harness =
        harness(health::HealthState::default(), |ui, state, out| health::show(ui, &rows, state, clock(), out));
    harness.run();
    harness.get_by_label("2 of 2 answer 2xx");
    harness.get_by_label("the process runs");
    harness.get_by_label("calls to db");
}

#[test]
fn a_change_can_be_prepared_for_rolling_back() {
    let rows = [ChangeRow {
        id: "deploy-1412".into(),
        stamp: at(3000),
        kind: "deploy".into(),
        on: "catalog".into(),
        by: "kim".into(),
        text: "catalog 2.4.0".into(),
    }];
    let mut harness =
        harness(changes::ChangesState::default(), |ui, state, out| changes::show(ui, &rows, state, clock(), out));
    harness.run();
    harness.get_by_label("40m ago");
    harness.get_by_label("Roll back deploy-1412").click();
    harness.run();
    assert_eq!(acts(&mut harness), [Act::Prepare(Fix::RollBack { change: "deploy-1412".into() })]);
}

#[test]
fn clocks_and_stores_and_settings_are_listed() {
    let clocks = [ClockRow { instance: "auth-1".into(), says: Stamp(at(5400).0 + 412_000_000), monitor: at(5400) }];
    let stats = [StatRow {
        instance: "orders-1".into(),
        metric: "messaging.queue.depth".into(),
        labels: String::new(),
        value: 12.0,
        unit: "{message}".into(),
    }];
    let settings = [ConfigRow { on: "a -> b".into(), setting: "timeout".into(), value: "250ms".into() }];
    let mut readings = harness((), |ui, (), out| clocks::show(ui, &clocks, clock(), out));
    readings.run();
    readings.get_by_label("+412.0 ms");
    let mut deployed = harness((), |ui, (), _| config::show(ui, &settings, ""));
    deployed.run();
    deployed.get_by_label("250ms");
    let mut harness = harness((), |ui, (), out| stores::show(ui, &stats, &[], out));
    harness.run();
    harness.get_by_label("No caches report");
    harness.get_by_label("Chart messaging.queue.depth of orders-1").click();
    harness.run();
    assert!(matches!(acts(&mut harness).as_slice(), [Act::Chart(query)] if query.metric == "messaging.queue.depth"));
}

#[test]
fn the_blast_radius_narrows_to_a_value() {
    let row =
        |value: &str, recent, before, traffic_share| BlastRow { value: value.into(), recent, before, traffic_share };
    let radius = BlastRadius {
        attribute: UserAttribute::Region,
        rows: vec![row("eu-west", 9, 1, Some(0.3)), row("us-east", 1, 1, None)],
    };
    let mut harness = harness(blast::BlastState::default(), |ui, state, out| {
        blast::choose(ui, state);
        blast::show(ui, &radius, None, out);
    });
    harness.run();
    harness.get_by_label("9 (90 %)");
    harness.get_by_label("not measured");
    harness.get_by_label("Narrow to eu-west").click();
    harness.run();
    let narrowed = UserFilter { region: Some("eu-west".into()), ..UserFilter::default() };
    assert_eq!(commands(&mut harness), [Command::Narrow(narrowed)]);
}

#[test]
fn the_checklist_ticks_and_leads_to_panels() {
    let mut harness = harness((), |ui, (), out| checklist::show(ui, &[Question::Subset], out));
    harness.run();
    harness.get_by_label("Did anything deploy in the last 2 hours?").click();
    harness.run();
    assert_eq!(commands(&mut harness), [Command::Tick(Question::Deploys, true)]);
    harness.get_by_label("Look: Is this affecting ALL users or a subset?").click();
    harness.run();
    assert_eq!(acts(&mut harness), [Act::Show(Panel::BlastRadius)]);
}

#[test]
fn refusals_stay_until_they_are_read() {
    let mut toasts = toast::Toasts::default();
    toasts.refused(&Refusal { what: "there is no node `catlog`".into(), remedy: "did you mean `catalog`?".into() });
    let mut harness = Harness::builder()
        .with_context_setup(theme::install)
        .build_ui_state(|ui, toasts: &mut toast::Toasts| toasts.ui(ui.ctx(), ui.ctx().time()), toasts);
    harness.run_steps(60);
    harness.get_by_label("there is no node `catlog`");
    harness.get_by_label("did you mean `catalog`?");
    harness.get_by_label("Dismiss notice 1").click();
    harness.run();
    assert!(harness.query_by_label("there is no node `catlog`").is_none());
}

#[test]
fn the_menu_lists_lessons_and_checks_the_seed() {
    let card = LessonCard {
        path: "lessons/quiet-fallback.ron".into(),
        id: "quiet-fallback".into(),
        title: "The quiet fallback".into(),
        summary: "Three users cannot see a price.".into(),
        level: allgreen::lesson::Level::FirstSteps,
        assumes: vec!["three-minutes-behind".into()],
        teaches: vec!["to count".into()],
    };
    let menu = menu::Menu::new(vec![card.clone()], vec!["b.ron: no lesson".into()]);
    let mut harness =
        Harness::builder().with_size(egui::vec2(900.0, 640.0)).with_context_setup(theme::install).build_ui_state(
            |ui, (menu, begun): &mut (menu::Menu, Option<menu::Begin>)| {
                if let Some(begin) = menu.ui(ui, &["/tmp/mine.session".into()], None) {
                    *begun = Some(begin);
                }
            },
            (menu, None),
        );
    harness.run();
    harness.get_by_label("Three users cannot see a price.");
    harness.get_by_label("first steps");
    harness.get_by_label("b.ron: no lesson");
    harness.get_by_label("the lesson's own").click();
    harness.get_by_label("the lesson's own").type_text("seven");
    harness.run();
    harness.get_by_label_contains("`seven` is no seed");
    harness.get_by_label("Open mine.session").click();
    harness.run();
    assert_eq!(harness.state().1, Some(menu::Begin::Session("/tmp/mine.session".into())));
}
