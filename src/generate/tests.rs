//! Generated incidents in a small world: deterministic, proved, never the same twice; and room for them in every world.

use super::*;
use crate::lab::{Command, Fix, Session};
use crate::lesson::Effect;
use crate::time::Duration;
use crate::world::{ChangeKind, Setting};

const SHOP: &str = include_str!("../../tests/support/shop/worlds/tiny.ron");

fn shop() -> World {
    World::from_ron("tiny.ron", SHOP).unwrap_or_else(|problems| panic!("{problems}"))
}

fn wanted(seed: u64, level: Level) -> Wanted {
    Wanted { world: shop(), place: "tests/support/shop/worlds/tiny.ron".into(), seed: Seed(seed), level }
}

fn made(wanted: &Wanted, history: &History) -> Generated {
    generate(wanted, history, &mut |_| true).unwrap_or_else(|why| panic!("seed {}: {why}", wanted.seed.0))
}

#[test]
fn one_seed_gives_one_incident_and_its_recipe_gives_it_again() {
    for seed in [1, 2] {
        let wanted = wanted(seed, Level::FirstSteps);
        let first = made(&wanted, &History::default());
        assert_eq!(first.lesson.spec(), made(&wanted, &History::default()).lesson.spec());
        let recipe = first.lesson.recipe().unwrap();
        let same = again(&wanted.world, recipe, &mut |_| true).unwrap();
        assert_eq!((same.lesson.spec(), &same.fingerprint), (first.lesson.spec(), &first.fingerprint));
        let spec = first.lesson.spec();
        assert!(spec.fixes.iter().any(|named| named.effect == Effect::Root), "seed {seed}");
        assert!(!spec.evidence.is_empty() && spec.texts.hints.len() == 3);
        let ticket = spec.texts.ticket.to_lowercase();
        for place in spec.causes().flat_map(|cause| &cause.at) {
            assert!(!ticket.contains(&format!(" {place} ")), "the ticket of seed {seed} names {place}: {ticket}");
        }

        let newer = Recipe { version: VERSION + 1, ..recipe.clone() };
        assert!(again(&wanted.world, &newer, &mut |_| true).unwrap_err().to_string().contains("version"));
        let elsewhere = Recipe { digest: "blake3:00".into(), ..recipe.clone() };
        assert!(again(&wanted.world, &elsewhere, &mut |_| true).unwrap_err().to_string().contains("another version"));
    }
}

#[test]
fn how_many_are_rehearsed_side_by_side_changes_nothing() {
    for seed in 1..5 {
        let wanted = wanted(seed, Level::Expert);
        let found = |at_once| match search::search(&wanted, &History::default(), at_once, &mut |_| true) {
            Ok(made) => format!("{} {} {:?}", made.fingerprint, made.search(), made.lesson.spec().texts),
            Err(why) => why.to_string(),
        };
        assert_eq!(found(1), found(3), "seed {seed}");
    }
}

#[test]
fn an_incident_that_was_met_does_not_come_again() {
    let wanted = wanted(3, Level::FirstSteps);
    let mut history = History::default();
    let mut met = Vec::new();
    // A small world has few: sooner or later it says so.
    for _ in 0..2 {
        match generate(&wanted, &history, &mut |_| true) {
            Ok(next) => {
                assert!(!met.contains(&next.fingerprint));
                history.add(&next.fingerprint);
                met.push(next.fingerprint);
            }
            Err(why) => assert!(why.to_string().contains("met before"), "{why}"),
        }
    }
    assert!(!met.is_empty());
    let stopped = generate(&wanted, &history, &mut |_| false);
    assert!(matches!(stopped, Err(GenerateError::Stopped)));
}

#[test]
fn a_session_of_a_generated_incident_opens_from_its_recipe() {
    let folder = tempfile::tempdir().unwrap();
    let world = folder.path().join("tiny.ron");
    std::fs::write(&world, SHOP).unwrap();
    let order = Order {
        world: world.display().to_string(),
        seed: Seed(2),
        level: Level::FirstSteps,
        history: Some(folder.path().join("incidents.ron")),
    };
    let lesson = order.carry_out(&mut |_| true).unwrap_or_else(|why| panic!("{why}")).lesson;
    assert_eq!(History::load(&folder.path().join("incidents.ron")).unwrap().len(), 1);
    let mut session = Session::start(&lesson, order.seed, &mut |_| true);
    session.apply(&Command::Note("all green".into()), &mut |_| true).unwrap();
    session.apply(&Command::Wait(Duration::from_mins(1)), &mut |_| true).unwrap();
    let file = folder.path().join("a.session");
    session.save(&file).unwrap();
    let text = std::fs::read_to_string(&file).unwrap();
    assert!(text.len() < 100_000 && text.contains("generated: "), "{text}");
    let opened = Session::open(&file, &mut |_| true).unwrap_or_else(|why| panic!("{why}"));
    assert_eq!((opened.digest(), opened.observe().lesson_id), (session.digest(), lesson.spec().id.clone()));

    std::fs::write(&world, SHOP.replace("journeys_per_second: 4.0", "journeys_per_second: 4.5")).unwrap();
    let why = Session::open(&file, &mut |_| true).err().unwrap().to_string();
    assert!(why.contains("another version of the world"), "{why}");
}

/// Looks at forty draws of every level in every world.
fn of_every_plot(look: impl Fn(&Wanted, u32, &Plot)) {
    for name in crate::builtin::worlds() {
        let (world, _) = crate::builtin::world(name).unwrap();
        let survey = Survey::new(&world);
        let families = causes::all(&survey);
        let all: usize = families.iter().map(Vec::len).sum();
        assert!(all >= 20, "{name} has {all} candidates");
        for level in Level::ALL {
            let wanted = Wanted { world: world.clone(), place: name.into(), seed: Seed(1), level };
            let studio = Studio::new(&wanted);
            for draw in 0..40 {
                let plot = plot::draw(&survey, &families, level, &mut studio.luck(draw)).unwrap();
                look(&wanted, draw, &plot);
            }
        }
    }
}

#[test]
fn every_world_has_room_for_every_level() {
    of_every_plot(|wanted, draw, plot| {
        let Wanted { world, place, level, .. } = wanted;
        let causes = if *level == Level::Expert { 2 } else { 1 };
        assert_eq!(plot.causes.len(), causes);
        // Whatever is drawn passes the check of lessons.
        let spec = sketch(plot, wanted);
        let recipe =
            Recipe { world: place.clone(), digest: String::new(), seed: 1, level: *level, draw, version: VERSION };
        if let Err(problems) = Lesson::generated(spec, world.clone(), recipe) {
            panic!("{place} {level:?} {draw} {}: {problems}", plot.name());
        }
    });
}

#[test]
fn a_feed_does_not_contradict_itself() {
    of_every_plot(|wanted, draw, plot| check_feed(plot, &format!("{} {:?} {draw}", wanted.place, wanted.level)));
}

/// Numbers grow with time, no version comes twice, the guilty node is not much busier than others, and nobody tries to
/// roll users' traffic back.
fn check_feed(plot: &Plot, name: &str) {
    let script = proof::script(plot);
    let feed: Vec<&crate::world::Change> =
        script.iter().map(|scripted| &scripted.change).filter(|change| change.says.is_some()).collect();
    let numbers: Vec<u64> = feed.iter().map(|change| change.id.rsplit('-').next().unwrap().parse().unwrap()).collect();
    assert!(numbers.windows(2).all(|pair| pair[0] < pair[1]), "{name}: {numbers:?}");
    let versions: Vec<(&str, &str)> = feed
        .iter()
        .flat_map(|change| &change.sets)
        .filter_map(|set| if let Setting::Version(version) = &set.to { Some((&*set.on, &**version)) } else { None })
        .collect();
    let once: std::collections::BTreeSet<_> = versions.iter().collect();
    assert_eq!(once.len(), versions.len(), "{name}: {versions:?}");
    let said = |(on, version): &(&str, &str)| {
        feed.iter().any(|change| change.says.as_deref().unwrap().starts_with(&format!("{on} {version}: ")))
    };
    assert!(versions.iter().all(said), "{name}: {versions:?}");
    for cause in &plot.causes {
        let beside = plot.innocent.iter().filter(|scripted| scripted.change.on == cause.candidate.on).count();
        assert!(beside <= 2, "{name}: {beside} beside {}", cause.id);
    }
    let crowds: Vec<&String> =
        feed.iter().filter(|change| change.kind == ChangeKind::Traffic).map(|change| &change.id).collect();
    let rolled_back = |fix: &Fix| matches!(fix, Fix::RollBack { change } if crowds.contains(&change));
    assert!(!proof::fixes(plot).iter().flatten().any(rolled_back), "{name}: nobody rolls users back");
}

/// A lesson of a plot that was not proved: all fixes end it.
fn sketch(plot: &Plot, wanted: &Wanted) -> LessonSpec {
    let proof = proof::Proof {
        fixes: proof::fixes(plot).into_iter().map(|fix| (fix, Effect::Root)).collect(),
        charts: plot.causes.iter().flat_map(|cause| cause.candidate.charts.clone()).collect(),
        journey: "buy".into(),
        outcome: proof::LEAST_GOOD,
        journeys: vec!["buy".into()],
    };
    let survey = Survey::new(&wanted.world);
    let story = words::Story { survey: &survey, plot, proof: &proof, epoch: Epoch::UNIX };
    let mut causes = plot.causes.iter().map(|chosen| cause(&chosen.candidate, &chosen.id));
    LessonSpec {
        format: FORMAT,
        id: "sketch".into(),
        world: "worlds/sketch.ron".into(),
        seed: 1,
        level: wanted.level,
        opens_at: plot.opens_at,
        script: proof::script(plot),
        cause: causes.next().unwrap(),
        also: causes.collect(),
        fixes: named(&proof),
        evidence: story.evidence(),
        texts: story.texts(&mut Luck::new(&[b"words"])),
    }
}
