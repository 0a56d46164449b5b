//! Worlds that would never end, multiply, or cost more than can be simulated.

use std::collections::BTreeMap;

use super::{Fault, RICH, assert_faults, tiny};
use crate::World;
use crate::time::Duration;
use crate::world::{Call, Dist, Kind, Op, Route, Step, When, WorldSpec};

/// The world with one of each, with more arrows and retries than it uses.
fn world_to_break() -> String {
    let arrows = r#""users -> edge": (timeout: "10s", retry: (attempts: 3, backoff: "1s")),
        "pay -> shop": (), "mailer -> mails": (), "mailer -> shop": (), "g1 -> g2": (), "g2 -> g1": (),"#;
    RICH.replace(r#""users -> edge": (timeout: "10s"),"#, arrows)
        .replace(r#""cache": (kind"#, r#""g1": (kind: Gateway), "g2": (kind: Gateway), "cache": (kind"#)
        .replace(r#"open_for: "30s")"#, r#"open_for: "30s"), retry: (attempts: 20, backoff: "1ms")"#)
        .replace("attempts: 3, backoff: \"10ms\"", "attempts: 18, backoff: \"10ms\"")
}

#[test]
fn what_would_not_end_is_refused_with_the_reason() {
    let faults = [
        Fault {
            from: r#"[Work(Exp("80ms"))]"#,
            to: r#"[Call((to: "shop", op: Route("POST /orders")))]"#,
            at: (51, 77),
            underlined: "\"shop\"",
            what: "calls go in a circle: pay `POST /charge` -> shop `POST /orders` -> pay `POST /charge`",
            help: "remove one of these calls, or put a queue between",
        },
        Fault {
            from: r#"Effect("mail-sent")]"#,
            to: r#"Call((to: "mails", op: Publish("order.placed")))]"#,
            at: (56, 76),
            underlined: "\"mails\"",
            what: "messages go in a circle, and grow without bound: mailer `order.placed` -> mails `Publish order.placed` -> mailer `order.placed`",
            help: "a consumer may not publish, even by way of others, to the queue that it consumes from",
        },
        Fault {
            from: r#"Effect("mail-sent")]"#,
            to: r#"Call((to: "shop", op: Route("POST /orders")))]"#,
            at: (56, 76),
            underlined: "\"shop\"",
            what: "messages go in a circle, and grow without bound: mailer `order.placed` -> shop `POST /orders` -> mails `Publish order.placed` -> mailer `order.placed`",
            help: "a consumer may not publish, even by way of others, to the queue that it consumes from",
        },
        Fault {
            from: r#"attempts: 18, backoff: "10ms", budget: 0.1"#,
            to: r#"attempts: 18, backoff: "10ms""#,
            at: (74, 23),
            underlined: "\"POST /orders\"",
            what: "retries multiply: up to 1080 attempts at the end of 3 over `users -> edge` × 18 over `edge -> shop` × 20 over `shop -> pay`",
            help: "lower `attempts` on this way, or give the retries a `budget`",
        },
        Fault {
            from: "20.0",
            to: "90000.0",
            at: (15, 38),
            underlined: "90000.0",
            what: "this world costs up to 18.9 million events per simulated second, and 2 million are accepted: 117 thousand journeys per second of `users` at most × 40.1 calls each, with retries, × 4 events per call make 18.9 million",
            help: "lower the rate, call less often, or lower `attempts` where calls are many",
        },
    ];
    let text = world_to_break();
    World::from_ron("w.ron", &text).unwrap_or_else(|problems| panic!("{problems}"));
    assert_faults(&text, &faults);
    let passed_round = text.replace(r#""users -> edge": ("#, r#""users -> g1": ("#);
    let found = World::from_ron("w.ron", &passed_round).unwrap_err();
    let what = "`GET /items` is passed on more than 64 times, or in a circle, by way of `g1`";
    assert_eq!(found.iter().map(crate::diagnostic::Problem::what).next(), Some(what));
}

/// What is wrong with a world made in code: where, and what.
fn wrong(spec: WorldSpec) -> Vec<(String, String)> {
    let problems = World::new(spec).err().unwrap_or_default();
    problems.iter().map(|problem| (problem.file().unwrap_or_default().to_owned(), problem.what().to_owned())).collect()
}

fn call(to: &str, op: Op) -> Step {
    Step::Call(Call { to: to.to_owned(), op, when: When::Always, detached: false, keyed: false })
}

/// A chain of services behind `web`, each of which calls the next one, `calls` times.
fn chain(length: usize, calls: usize) -> WorldSpec {
    let mut spec = tiny();
    let name = |at: usize| if at == 0 { "web".to_owned() } else { format!("s{at}") };
    for at in 1..=length {
        let mut next = spec.nodes["web"].clone();
        next.routes = BTreeMap::from([("GET /next".to_owned(), Route::default())]);
        spec.nodes.insert(name(at), next);
        let mut arrow = spec.arrows["web -> db"].clone();
        arrow.retry = None;
        spec.arrows.insert(format!("{} -> {}", name(at - 1), name(at)), arrow);
        let route = if at == 1 { "GET /items" } else { "GET /next" };
        let caller = spec.nodes.get_mut(&name(at - 1)).and_then(|node| node.routes.get_mut(route)).unwrap();
        caller.steps.extend((0..calls).map(|_| call(&name(at), Op::Route("GET /next".to_owned()))));
    }
    spec
}

#[test]
fn calls_may_go_64_deep() {
    assert_eq!(wrong(chain(60, 1)), []);
    let found = wrong(chain(5_000, 1));
    assert!(found.iter().all(|(_, what)| what.starts_with("calls go deeper than 64")), "{found:?}");
    assert!(!found.is_empty());
}

/// A check that followed each call by itself would never end.
#[test]
fn fan_out_multiplies() {
    let [(place, what)] = &wrong(chain(60, 2))[..] else { panic!("one problem") };
    assert_eq!(place, "nodes.users.users.journeys_per_second");
    assert!(
        what.contains("1.8e19 events per simulated second, and 2 million are accepted: 2 journeys per second"),
        "{what}"
    );
}

#[test]
fn an_answer_holds_eight_data_and_a_debt_four_effects() {
    let mut spec = tiny();
    let steps = |spec: &mut WorldSpec, count: usize| {
        let route = spec.nodes.get_mut("web").and_then(|node| node.routes.get_mut("GET /items")).unwrap();
        route.steps.extend((0..count).map(|at| call("db", Op::Read(format!("d{at}")))));
        route.steps.extend((0..count).map(|at| Step::Effect(format!("e{at}"))));
    };
    for at in 0..8 {
        spec.data.insert(format!("d{at}"), spec.data["items"].clone());
    }
    let mut fits = spec.clone();
    steps(&mut fits, 4);
    assert_eq!(wrong(fits), []);
    steps(&mut spec, 8);
    let found = wrong(spec);
    assert_eq!(
        found,
        [
            (
                "nodes.web.routes.\"GET /items\"".to_owned(),
                "the answer of web to `GET /items` could hold more than 8 different data".to_owned()
            ),
            (
                "journeys.browse.steps[0].request".to_owned(),
                "this request could have more than 4 different effects, too many to keep count of".to_owned()
            ),
        ]
    );
}

#[test]
fn a_world_of_company_size_is_accepted_and_one_above_is_refused() {
    let mut spec = tiny();
    let service = spec.nodes["web"].clone();
    for at in 0..3_000 {
        spec.nodes.insert(format!("n{at}"), service.clone());
        spec.arrows.insert(format!("n{at} -> db"), spec.arrows["web -> db"].clone());
    }
    assert_eq!(wrong(spec.clone()), []);
    spec.nodes.values_mut().filter(|node| node.kind == Kind::Service).for_each(|node| node.replicas = 30);
    let found = wrong(spec);
    assert_eq!(
        found[0],
        ("nodes".to_owned(), "90032 replicas in all are more than the 60000 that can be simulated".to_owned())
    );
}

#[test]
fn lines_and_jobs_cost_too() {
    let mut spec = tiny();
    let web = spec.nodes.get_mut("web").unwrap();
    web.replicas = 1_000;
    web.telemetry.chatter = (0..3)
        .map(|_| crate::world::Chatter {
            every: Dist::Exp(Duration::from_millis(1)),
            level: crate::world::Severity::Info,
            text: "tick".to_owned(),
        })
        .collect();
    let [(place, what)] = &wrong(spec)[..] else { panic!("one problem") };
    assert_eq!(place, "nodes.web.telemetry.chatter[2].every");
    assert!(what.starts_with("this world costs up to 3 million events per simulated second"), "{what}");
}
