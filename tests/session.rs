//! Sessions on a tiny world: solved, patched, left alone, made worse, saved and opened again.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use allgreen::lab::{
    ChartQuery, Command, Debrief, Fix, Hypothesis, Look, Question, Reply, Session, Show, StepReview, TraceFilter,
    UserFilter, Verdict, View, WriteUp,
};
use allgreen::lesson::Mechanism;
use allgreen::{Duration, Lesson, Seed, World};

const WORLD: &str = include_str!("support/shop/worlds/tiny.ron");
const LESSON: &str = include_str!("support/shop/lessons/tiny.ron");

fn lesson() -> Lesson {
    let world = World::from_ron("tiny", WORLD).expect("a world");
    Lesson::from_ron("tiny", LESSON, world).unwrap_or_else(|problems| panic!("{problems}"))
}

fn start() -> Session {
    Session::start(&lesson(), Seed(3), &mut |_| true)
}

fn apply(session: &mut Session, command: Command) -> Reply {
    session.apply(&command, &mut |_| true).unwrap_or_else(|refusal| panic!("{}: {refusal}", command.words()))
}

fn refused(session: &mut Session, command: Command) -> String {
    let before = session.commands().len();
    let refusal = session.apply(&command, &mut |_| true).expect_err("a refusal");
    assert!(!refusal.remedy.is_empty() && session.commands().len() == before);
    refusal.to_string()
}

fn wait(session: &mut Session, mins: u64) {
    apply(session, Command::Wait(Duration::from_mins(mins)));
}

fn deploy(session: &mut Session, fix: Fix) {
    apply(session, Command::Deploy(fix));
    wait(session, 5);
}

fn debrief(session: &mut Session) -> Debrief {
    match apply(session, Command::Debrief) {
        Reply::Debrief(debrief) => *debrief,
        other => panic!("{other:?}"),
    }
}

fn step<'a>(debrief: &'a Debrief, name: &str) -> &'a StepReview {
    debrief.steps.iter().find(|step| step.step == name).expect("one of the nine steps")
}

fn arrow() -> String {
    "shop -> stock".to_owned()
}

fn evidence() -> Look {
    Look::Chart(lesson().spec().evidence[0].chart.clone())
}

/// A trace whose call to stock was cut off.
fn cut_off(session: &Session) -> String {
    let seen = session.observe();
    let filter =
        TraceFilter { errors_only: true, limit: Some(200), service: Some("shop".into()), ..TraceFilter::default() };
    let View::Traces(rows) = seen.look(&Look::Traces(filter)).expect("traces") else { panic!() };
    rows.first().expect("a trace with a failed call").id.to_string()
}

#[test]
fn the_incident_is_solved_from_the_evidence_and_graded_as_a_root_fix() {
    let mut session = start();
    apply(&mut session, Command::Look(Look::Health));
    apply(&mut session, Command::Look(Look::Dependencies));
    for (from, to) in [("users", "shop"), ("shop", "stock"), ("shop", "db"), ("stock", "db")] {
        apply(&mut session, Command::DrawArrow { from: from.into(), to: to.into() });
    }
    apply(&mut session, Command::MarkArrow { from: "shop".into(), to: "stock".into(), suspect: true });
    apply(&mut session, Command::Narrow(UserFilter { journey: Some("browse".into()), ..UserFilter::default() }));
    Question::ALL.into_iter().for_each(|question| drop(apply(&mut session, Command::Tick(question, true))));
    apply(&mut session, Command::Look(Look::Changes));
    apply(&mut session, Command::Pin { look: evidence(), why: "pages became smaller".into() });
    let trace = cut_off(&session);
    apply(&mut session, Command::Pin { look: Look::Trace(trace[..16].into()), why: "ends at 40 ms".into() });
    wait(&mut session, 6);
    let at = arrow();
    apply(
        &mut session,
        Command::Hypothesise(Hypothesis {
            at,
            mechanism: Mechanism::SwallowedTimeout,
            change: Some("config-2".into()),
        }),
    );
    deploy(&mut session, Fix::RollBack { change: "config-2".into() });
    apply(
        &mut session,
        Command::WriteUp(WriteUp {
            thought: "we thought of the banner".into(),
            found: "a timeout of 40 ms is swallowed".into(),
            real_fix: "give the call its 500 ms back".into(),
        }),
    );
    let debrief = debrief(&mut session);
    assert_eq!(debrief.verdict, Verdict::RootFix, "{:#?}", debrief.futures.seeds);
    assert_eq!(debrief.cause.change, "config-2");
    assert!(debrief.cause.harmed_before_arrival > 100);
    for review in &debrief.steps {
        assert!(review.score.is_some_and(|score| score > 0.99), "{review:#?}");
    }
    assert_eq!(step(&debrief, "Verify health").spent, Duration::ZERO);
    assert_eq!(debrief.times.hypothesis, Some(Duration::from_mins(6)));
    assert_eq!(debrief.times.root_fix, debrief.times.mitigation);
    let after: u64 = debrief.futures.with.iter().rev().take(20).map(|minute| minute.1).sum();
    let untouched: u64 = debrief.futures.without.iter().rev().take(20).map(|minute| minute.1).sum();
    assert!(after * 20 < untouched, "{after} {untouched}");

    assert!(refused(&mut session, Command::Wait(Duration::from_mins(1))).contains("over"));
    apply(&mut session, Command::Look(Look::Health));
    let document = session.document();
    for part in ["# Tiny", "we thought of the banner", "root fix", "config-2", "you-1", "pages became smaller"] {
        assert!(document.contains(part), "{part}");
    }
}

#[test]
fn a_retry_is_graded_as_a_symptom_patch_and_a_restart_as_no_effect() {
    let mut session = start();
    deploy(&mut session, Fix::Restart { node: "stock".into() });
    assert_eq!(debrief(&mut session).verdict, Verdict::NoEffect);
    let mut session = start();
    deploy(&mut session, Fix::SetRetries { arrow: arrow(), attempts: 2 });
    let debrief = debrief(&mut session);
    assert_eq!(debrief.verdict, Verdict::SymptomPatch, "{:#?}", debrief.futures.seeds);
    assert_eq!(step(&debrief, "Hypothesise").score, Some(0.0));
    assert_eq!(step(&debrief, "Trace").score, Some(0.0));
}

#[test]
fn a_shorter_timeout_is_worse_and_doing_nothing_is_told() {
    let mut session = start();
    deploy(&mut session, Fix::SetTimeout { arrow: arrow(), timeout: Some(Duration::from_millis(20)) });
    assert_eq!(debrief(&mut session).verdict, Verdict::Worse);
    let mut session = start();
    assert_eq!(debrief(&mut session).verdict, Verdict::NotTried);
}

#[test]
fn a_session_is_saved_opened_and_continued() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("session.ron");
    let mut session = start();
    apply(&mut session, Command::Look(Look::Changes));
    apply(&mut session, Command::Look(Look::Changes));
    wait(&mut session, 1);
    wait(&mut session, 2);
    apply(&mut session, Command::Pin { look: evidence(), why: "smaller".into() });
    apply(&mut session, Command::Hint);
    deploy(&mut session, Fix::LogFallback { arrow: arrow() });
    session.save(&path).expect("saved");
    assert_eq!(session.commands().len(), 6, "looks and waits in a row are one: {:?}", session.commands());

    let error = Session::open(&path, &mut |_| true).err().expect("no such lesson here").to_string();
    assert!(error.contains("lessons"), "{error}");
    let mut last = 0.0;
    let find = |id: &str| (id == "tiny").then(lesson);
    let mut progress = |share: f64| {
        assert!((0.0..=1.0).contains(&share) && share >= last, "{share} after {last}");
        last = share;
        true
    };
    let mut again = Session::open_with(&path, &find, &mut progress).expect("opened");
    assert!((last - 1.0).abs() < 1e-9);
    assert_eq!(again.digest(), session.digest());
    assert_eq!(again.commands(), session.commands());
    assert_eq!(again.observe().notebook, session.observe().notebook);
    assert_eq!(again.observe().now, session.observe().now);
    wait(&mut again, 1);
    wait(&mut session, 1);
    assert_eq!(again.digest(), session.digest());

    let text = std::fs::read_to_string(&path).expect("a file");
    let open = |text: String| {
        std::fs::write(&path, text).expect("written");
        Session::open_with(&path, &find, &mut |_| true).err().expect("a problem").to_string()
    };
    assert!(open(text.replace("seed: 3", "seed: 4")).contains("digest"));
    assert!(open(text.replace("\"3m\"", "\"4m\"")).contains("digest"));
    assert!(open(text.replace("shop -> stock", "shop -> moon")).contains("refused"));
    let interrupted = Session::open_with(&path, &find, &mut |_| false);
    assert!(interrupted.is_err());
}

#[test]
fn a_session_that_waits_for_days_in_a_row_opens_again() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("session.ron");
    let mut session = start();
    for minutes in [23 * 60, 60, 1] {
        wait(&mut session, minutes);
    }
    assert_eq!(session.commands().len(), 2, "no wait is longer than one may be: {:?}", session.commands());
    session.save(&path).expect("saved");
    let open = || Session::open_with(&path, &|_| Some(lesson()), &mut |_| true).expect("opened");
    assert_eq!(open().digest(), session.digest());

    // As the first builds wrote it.
    let text = std::fs::read_to_string(&path).expect("a file");
    let waits = &text[text.find("Wait").expect("a wait")..text.rfind("Wait(").expect("another") + "Wait(\"1m\")".len()];
    std::fs::write(&path, text.replace(waits, "Wait(\"1day 1m\")")).expect("written");
    assert_eq!(open().digest(), session.digest());
    assert_eq!(open().commands(), session.commands());
}

#[test]
fn a_wait_that_is_stopped_ends_where_it_was_and_replays() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("session.ron");
    let mut session = start();
    let mut left = 3;
    let mut stop = |_| {
        left -= 1;
        left > 0
    };
    session.apply(&Command::Wait(Duration::from_mins(60)), &mut stop).expect("a wait");
    assert_eq!(session.commands(), [Command::Wait(Duration::from_secs(15))]);
    session.save(&path).expect("saved");
    let again = Session::open_with(&path, &|_| Some(lesson()), &mut |_| true).expect("opened");
    assert_eq!(again.digest(), session.digest());
}

#[test]
fn every_refusal_has_a_remedy() {
    let mut session = start();
    let arrow = arrow();
    let node = || "stock".to_owned();
    let mut check = |command: Command, says: &str| {
        let told = refused(&mut session, command);
        assert!(told.contains(says), "{told}");
    };
    check(Command::Wait(Duration::ZERO), "to 1day");
    check(Command::Wait(Duration::from_mins(60 * 25)), "out of range");
    check(Command::Look(Look::Config("shpo".into())), "did you mean `shop`");
    check(Command::Look(Look::Trace("zz".into())), "no trace id");
    check(Command::Look(Look::ReproduceLocally("GET /product".into())), "did you mean `GET /products/{id}`");
    check(
        Command::Look(Look::Chart(ChartQuery {
            metric: "http.server.request.duratoin".into(),
            ..ChartQuery::default()
        })),
        "did you mean `http.server.request.duration`",
    );
    check(
        Command::Look(Look::Chart(ChartQuery {
            metric: "http.server.request.duration".into(),
            show: Show::Quantile(7.0),
            ..ChartQuery::default()
        })),
        "from 0 to 1",
    );
    check(Command::Narrow(UserFilter { region: Some("mars".into()), ..UserFilter::default() }), "there are eu, us");
    check(Command::DrawArrow { from: "shop".into(), to: "stok".into() }, "did you mean `stock`");
    check(Command::EraseArrow { from: "shop".into(), to: "stock".into() }, "your map is empty");
    check(Command::Unpin(1), "nothing is pinned");
    check(Command::Note("  ".into()), "write something");
    let guess = |at: &str, change: Option<&str>| {
        let change = change.map(str::to_owned);
        Command::Hypothesise(Hypothesis { at: at.into(), mechanism: Mechanism::Leak, change })
    };
    check(guess("shop -> stok", None), "did you mean `shop -> stock`");
    check(guess("shop", Some("config-3")), "did you mean `config-2`");
    for (fix, says) in [
        (Fix::RollBack { change: "config-9".into() }, "did you mean"),
        (Fix::SetTimeout { arrow: "shop->stok".into(), timeout: None }, "did you mean `shop -> stock`"),
        (Fix::SetTimeout { arrow: arrow.clone(), timeout: Some(Duration::from_millis(40)) }, "is so already"),
        (Fix::SetTimeout { arrow: "users -> shop".into(), timeout: None }, "are users"),
        (Fix::SetRetries { arrow: arrow.clone(), attempts: 0 }, "from 1 to 10"),
        (Fix::SetRetries { arrow: arrow.clone(), attempts: 1 }, "is so already"),
        (Fix::RemoveBreaker { arrow: arrow.clone() }, "no circuit breaker"),
        (Fix::PropagateTrace { arrow: arrow.clone() }, "is so already"),
        (Fix::AddClientSpans { arrow }, "is so already"),
        (Fix::Scale { node: node(), replicas: 60_000 }, "out of range"),
        (Fix::SetConcurrency { node: node(), concurrency: 0 }, "outside 1 to 10000"),
        (Fix::FlushCache { node: node() }, "this system has no cache"),
        (Fix::SetQueueCapacity { node: node(), capacity: 1 }, "is no queue"),
        (Fix::DeepenHealth { node: node(), checks: Vec::new() }, "name what to check: db"),
        (Fix::Restart { node: "moon".into() }, "there are db, shop, stock, users"),
    ] {
        check(Command::Deploy(fix), says);
    }
    drop(session);
    let mut session = start();
    let back = |change: &str| Command::Deploy(Fix::RollBack { change: change.into() });
    apply(&mut session, back("config-2"));
    assert!(refused(&mut session, back("config-2")).contains("was rolled back by you-1"));
    assert!(refused(&mut session, back("you-1")).contains("not in effect yet"));
    wait(&mut session, 5);
    assert!(refused(&mut session, back("you-1")).contains("itself a rollback"));
    (0..3).for_each(|_| drop(apply(&mut session, Command::Hint)));
    assert!(refused(&mut session, Command::Hint).contains("no more hints"));
}

#[test]
fn fixes_become_telemetry_and_configuration() {
    let mut session = start();
    deploy(&mut session, Fix::LogFallback { arrow: arrow() });
    let seen = session.observe();
    let View::Changes(changes) = seen.look(&Look::Changes).expect("changes") else { panic!() };
    assert_eq!((changes[0].id.as_str(), changes[0].by.as_str()), ("you-1", "you"));
    let filter = allgreen::lab::LogFilter { contains: "using fallback in place of stock".into(), ..Default::default() };
    let View::Logs(page) = seen.look(&Look::Logs(filter)).expect("logs") else { panic!() };
    assert!(page.total > 10, "{}", page.total);
    let View::Config(rows) = seen.look(&Look::Config("shop -> stock".into())).expect("config") else { panic!() };
    let value = |setting: &str| rows.iter().find(|row| row.setting == setting).map(|row| row.value.as_str());
    assert_eq!(value("timeout"), Some("40ms"));
    assert!(value("fallback").is_some_and(|value| value.ends_with(", logged")));
}

#[test]
fn a_quiet_copy_works() {
    let mut session = start();
    let reply = apply(&mut session, Command::Look(Look::ReproduceLocally("GET /products/{id}".into())));
    let Reply::View(View::Reproduced(copy)) = reply else { panic!("{reply:?}") };
    assert_eq!(copy.status, 200);
    assert!(copy.bytes > 2400, "both parts came: {}", copy.bytes);
    assert!(copy.trace.spans.len() >= 6 && copy.trace.spans[0].depth == 0);
    assert!(copy.note.contains("one machine"));
}

#[test]
fn dependencies_come_from_telemetry_alone() {
    let session = start();
    let View::Dependencies(seen) = session.observe().look(&Look::Dependencies).expect("dependencies") else { panic!() };
    let calls: Vec<(&str, &str)> = seen.calls.iter().map(|call| (call.from.as_str(), call.to.as_str())).collect();
    assert_eq!(calls, [("shop", "db"), ("shop", "stock"), ("stock", "db")]);
    let to_stock = &seen.calls[1];
    assert_eq!(to_stock.rate, None, "its caller counts nothing: only traces show it");
    assert!(to_stock.errors > 0.1, "{}", to_stock.errors);
    let replicas: Vec<(&str, usize)> = seen.nodes.iter().map(|node| (node.name.as_str(), node.replicas)).collect();
    assert_eq!(replicas, [("db", 1), ("shop", 2), ("stock", 2), ("users", 0)]);
}

#[test]
fn an_hour_without_a_hypothesis_suggests_a_second_pair_of_eyes() {
    let mut session = start();
    wait(&mut session, 59);
    assert_eq!(session.observe().suggestion, None);
    wait(&mut session, 1);
    assert!(session.observe().suggestion.is_some_and(|words| words.contains("second pair of eyes")));
    let guess = Hypothesis { at: "shop".into(), mechanism: Mechanism::Leak, change: None };
    apply(&mut session, Command::Hypothesise(guess));
    assert_eq!(session.observe().suggestion, None);
}

#[test]
fn a_muted_future_has_the_same_truth() {
    let lesson = lesson();
    let mut sim = allgreen::Simulation::new(lesson.world(), Seed(5));
    lesson.spec().script.iter().for_each(|scripted| sim.schedule(scripted.at, &scripted.change));
    sim.run_until(allgreen::SimTime::from_secs(600));
    let mut muted = sim.fork();
    muted.mute();
    for sim in [&mut sim, &mut muted] {
        sim.run_until(allgreen::SimTime::from_secs(3600));
    }
    assert!(sim.telemetry().spans.len() > muted.telemetry().spans.len());
    let truth = |sim: &allgreen::Simulation| {
        let mut hasher = blake3::Hasher::new();
        sim.truth().digest_into(&mut hasher);
        hasher.finalize()
    };
    assert_eq!(truth(&sim), truth(&muted));
    assert_eq!(sim.events(), muted.events());
}

#[test]
fn a_false_alarm_is_rightly_left_alone() {
    let quiet = LESSON
        .replace("part: Cause", "part: RedHerring")
        .replace("Timeout(\"40ms\")", "Timeout(\"600ms\")")
        .replace(
            "at: [\"shop -> stock\", \"shop\"], mechanism: SwallowedTimeout, change: \"config-2\"",
            "at: [], mechanism: NoIncident, change: \"\"",
        )
        .replace("silent_arrows: [\"shop -> stock\"]", "silent_arrows: []")
        .replace(
            "(fix: RollBack(change: \"config-2\"), effect: Root),",
            "(fix: RollBack(change: \"config-2\"), effect: None),",
        )
        .replace("(fix: SetRetries(arrow: \"shop -> stock\", attempts: 2), effect: Symptom),", "");
    let world = World::from_ron("tiny", WORLD).expect("a world");
    let lesson = Lesson::from_ron("quiet", &quiet, world).unwrap_or_else(|problems| panic!("{problems}"));
    let start = || Session::start(&lesson, Seed(3), &mut |_| true);
    let mut session = start();
    apply(&mut session, Command::Pin { look: evidence(), why: "nothing moved".into() });
    let nothing = Hypothesis { at: String::new(), mechanism: Mechanism::NoIncident, change: None };
    apply(&mut session, Command::Hypothesise(nothing));
    wait(&mut session, 5);
    let calm = debrief(&mut session);
    assert_eq!(calm.verdict, Verdict::RightlyLeftAlone);
    assert_eq!((step(&calm, "Hypothesise").score, step(&calm, "Check changes").score), (Some(1.0), Some(1.0)));
    let mut session = start();
    apply(&mut session, Command::Hypothesise(Hypothesis { at: "db".into(), mechanism: Mechanism::Leak, change: None }));
    deploy(&mut session, Fix::SetTimeout { arrow: arrow(), timeout: Some(Duration::from_millis(20)) });
    let worse = debrief(&mut session);
    assert_eq!((worse.verdict, step(&worse, "Check changes").score), (Verdict::Worse, Some(0.0)));
    let seed = worse.futures.seeds[0];
    assert!((seed.before - seed.background).abs() < 1e-9, "all was well until the fix: {seed:?}");
}

#[test]
fn who_denies_an_incident_names_nothing_of_it() {
    let mut session = start();
    apply(&mut session, Command::Look(Look::Clocks));
    apply(&mut session, Command::Pin { look: evidence(), why: "pages became smaller".into() });
    let nothing = Hypothesis { at: "shop".into(), mechanism: Mechanism::NoIncident, change: None };
    apply(&mut session, Command::Hypothesise(nothing));
    let debrief = debrief(&mut session);
    let review = step(&debrief, "Hypothesise");
    assert_eq!((review.score, debrief.named), (Some(0.0), Some(0.0)));
    assert!(review.evidence.contains("would have looked otherwise"), "{review:?}");
    assert_eq!(step(&debrief, "Verify health").did, "looked at clocks");
    assert!(step(&debrief, "Document").did.ends_with("with 1 piece of evidence"));
}

#[test]
fn what_is_not_compared_is_not_said_to_tell_nothing() {
    let mut session = start();
    let pin = |look: Look| Command::Pin { look, why: "it may matter".into() };
    apply(&mut session, pin(Look::Config("shop".into())));
    assert!(step(&debrief(&mut session), "Hypothesise").evidence.contains("what you pinned is not compared"));
    let mut session = start();
    for look in [Look::Clocks, Look::Health, Look::Queues, Look::Caches] {
        apply(&mut session, pin(look));
    }
    let words = step(&debrief(&mut session), "Hypothesise").evidence.clone();
    assert!(words.ends_with("nothing pinned tells this run from one without the cause"), "{words}");
}

/// A shop in which a second cause begins beside the first: calls of stock to its database get lost.
fn with_two_causes() -> Lesson {
    let second = "(at: \"26m\", part: Cause, change: (id: \"infra-7\", kind: Infrastructure, on: \"stock -> db\", \
                  says: \"new switch\", sets: [(on: \"stock -> db\", to: RequestLoss(0.3))])),";
    let text = LESSON
        .replace("    ],\n    cause:", &format!("        {second}\n    ],\n    cause:"))
        .replace(
            "    fixes: [\n        (fix: RollBack(change: \"config-2\"), effect: Root),",
            "    also: [(at: [\"stock -> db\"], mechanism: PacketLoss, change: \"infra-7\", silent_arrows: [])],\n    \
             fixes: [\n        (fix: RollBack(change: \"config-2\"), with: [RollBack(change: \"infra-7\")], effect: Root),",
        );
    let world = World::from_ron("tiny", WORLD).expect("a world");
    Lesson::from_ron("two", &text, world).unwrap_or_else(|problems| panic!("{problems}"))
}

#[test]
fn of_two_causes_one_that_is_gone_is_a_partial_fix_and_naming_everything_names_little() {
    let lesson = with_two_causes();
    let start = || Session::start(&lesson, Seed(3), &mut |_| true);
    let guess = |at: &str, mechanism: Mechanism, change: &str| {
        let change = Some(change.to_owned());
        Command::Hypothesise(Hypothesis { at: at.into(), mechanism, change })
    };
    let right = [
        guess("shop -> stock", Mechanism::SwallowedTimeout, "config-2"),
        guess("stock -> db", Mechanism::PacketLoss, "infra-7"),
    ];
    let mut session = start();
    right.clone().into_iter().for_each(|command| drop(apply(&mut session, command)));
    deploy(&mut session, Fix::RollBack { change: "config-2".into() });
    let partial = debrief(&mut session);
    assert_eq!(partial.verdict, Verdict::PartialFix, "{:#?}", partial.futures.seeds);
    assert_eq!((partial.named, step(&partial, "Check changes").score), (Some(1.0), Some(1.0)));
    let fix = step(&partial, "Fix");
    assert!(fix.score == Some(0.7) && fix.evidence.contains("and stayed there: 1 of 2 causes is gone"), "{fix:?}");

    let mut session = start();
    right.into_iter().for_each(|command| drop(apply(&mut session, command)));
    for mechanism in Mechanism::ALL.into_iter().filter(|mechanism| *mechanism != Mechanism::NoIncident) {
        apply(&mut session, guess("users -> shop", mechanism, "flag-1"));
    }
    for change in ["config-2", "infra-7", "flag-1"] {
        apply(&mut session, Command::Deploy(Fix::RollBack { change: change.into() }));
    }
    wait(&mut session, 5);
    let all = debrief(&mut session);
    assert_eq!((all.verdict, all.named), (Verdict::RootFix, Some(0.0)), "{:#?}", all.futures.seeds);
    assert_eq!(step(&all, "Check changes").score, Some(0.0));
    let words = &step(&all, "Fix").evidence;
    assert!(words.contains("of 3 changes that were rolled back 1 had done nothing"), "{words}");
}

#[test]
fn a_patched_symptom_comes_back_in_a_new_ticket_and_a_root_fix_does_not() {
    let months = Command::Pass(Duration::from_mins(90 * 24 * 60));
    let mut session = start();
    assert!(refused(&mut session, months.clone()).contains("order a fix"));
    deploy(&mut session, Fix::SetRetries { arrow: arrow(), attempts: 2 });
    assert!(refused(&mut session, Command::Pass(Duration::from_mins(10))).contains("out of range"));
    let untouched = session.digest();
    let stopped = session.apply(&months, &mut |share| share < 0.5).expect_err("it was stopped");
    assert!(stopped.what.contains("interrupted") && session.digest() == untouched);

    let told = format!("{:?}", apply(&mut session, months.clone()));
    assert!(told.contains("3 months") && told.contains("new ticket"), "{told}");
    let seen = session.observe();
    assert_eq!(seen.ticket.later.len(), 1);
    let words = &seen.ticket.later[0].text;
    assert!(words.contains("browse") && !words.contains("stock") && !words.contains("timeout"), "{words}");
    assert!(words.contains("all was well for a time"), "{words}");

    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("long.session");
    session.save(&file).expect("saved");
    let find = |id: &str| (id == "tiny").then(lesson);
    let opened = Session::open_with(&file, &find, &mut |_| true).expect("opened");
    assert_eq!((opened.digest(), opened.observe().ticket), (session.digest(), seen.ticket));
    let told = debrief(&mut session);
    assert!(told.time_words().is_some_and(|words| words.ends_with("not counting the long times that you let pass")));
    let found = told.recurrences;
    assert!(found.len() == 1 && found[0].returned && found[0].harmed > 10.0 * found[0].usual, "{found:?}");

    let mut session = start();
    deploy(&mut session, Fix::Restart { node: "stock".into() });
    apply(&mut session, months.clone());
    let words = session.observe().ticket.later[0].text.clone();
    assert!(words.contains("it never stopped") && !words.contains("well for a time"), "{words}");

    let mut session = start();
    deploy(&mut session, Fix::RollBack { change: "config-2".into() });
    apply(&mut session, months);
    assert!(session.observe().ticket.later.is_empty());
    let debrief = debrief(&mut session);
    assert!(!debrief.recurrences[0].returned && debrief.verdict == Verdict::RootFix, "{:?}", debrief.recurrences);
}
