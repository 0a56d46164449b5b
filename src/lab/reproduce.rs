//! One request in a quiet copy of the system: one replica of everything on one machine with one correct clock, no
//! other users, no lost packets, no failure by chance, the configuration that the world was written with. So a fault that needs load, a
//! network, a skewed clock or a change of configuration does not show: "it works on my machine". Knows telemetry of
//! the copy; nothing of the real run.

use std::collections::BTreeMap;

use super::look::waterfall;
use super::{Refusal, Reproduced};
use crate::engine::Simulation;
use crate::random::Seed;
use crate::telemetry::{Telemetry, TraceRef};
use crate::time::{Duration, SimTime};
use crate::world::{Dist, Impairments, Journey, Kind, World, WorldSpec};

/// What the copy is, in words.
const NOTE: &str = "a quiet copy: one replica of each node on one machine with one clock, nobody else on it, \
                    no network between, empty queues and cold caches, the configuration from the repository";
/// Requests a second of the one user. Only the first counts.
const RATE: f64 = 0.05;
/// The name of the copy's only journey.
const JOURNEY: &str = "by-hand";
/// Time for what goes on after the answer.
const AFTER: Duration = Duration::from_mins(1);
/// When to give up on an answer.
const LONGEST: SimTime = SimTime::from_secs(1800);

/// The requests that users of a world make, in order.
pub(super) fn requests(spec: &WorldSpec) -> Vec<String> {
    let steps = spec.journeys.values().flat_map(|journey| &journey.steps);
    let mut requests: Vec<String> = steps.map(|step| step.request.clone()).collect();
    requests.sort();
    requests.dedup();
    requests
}

/// Sends one request.
pub(super) fn reproduce(world: &World, seed: Seed, request: &str) -> Result<Reproduced, Refusal> {
    let request = request.trim();
    let known = requests(world.spec());
    if !known.iter().any(|known| known == request) {
        return Err(Refusal::unknown("request", request, known.iter().map(String::as_str)));
    }
    let cannot =
        |why: String| Refusal::new(format!("`{request}` cannot be sent to a copy: {why}"), "try another request");
    let copy = World::new(quiet(world.spec(), request)).map_err(|problems| cannot(problems.to_string()))?;
    let mut sim = Simulation::new(&copy, seed);
    while sim.telemetry().spans.is_empty() && sim.now() < LONGEST {
        sim.run_until(sim.now() + Duration::from_secs(10));
    }
    sim.run_until(sim.now() + AFTER);
    answer(sim.telemetry(), request).ok_or_else(|| cannot("no answer came within half an hour".into()))
}

/// The first trace of the copy.
fn answer(telemetry: &Telemetry, request: &str) -> Option<Reproduced> {
    let first: TraceRef = telemetry.spans.iter().map(|span| span.trace).min()?;
    let trace = waterfall(telemetry, first);
    let root = trace.spans.iter().find(|span| span.depth == 0 && span.kind == "SERVER")?;
    let number = |name: &str| {
        let found = root.attributes.iter().find(|(key, _)| key == name);
        found.and_then(|(_, value)| value.parse::<u64>().ok())
    };
    Some(Reproduced {
        request: request.to_owned(),
        status: number("http.response.status_code").and_then(|status| u16::try_from(status).ok()).unwrap_or(0),
        duration: root.duration,
        bytes: number("http.response.body.size").unwrap_or(0),
        trace,
        note: NOTE.to_owned(),
    })
}

/// The copy's world.
fn quiet(spec: &WorldSpec, request: &str) -> WorldSpec {
    let mut copy = spec.clone();
    let step = spec.journeys.values().flat_map(|journey| &journey.steps).find(|step| step.request == request);
    let serves = |journeys: &BTreeMap<String, f64>| {
        let steps = journeys.keys().filter_map(|name| spec.journeys.get(name)).flat_map(|journey| &journey.steps);
        steps.into_iter().any(|step| step.request == request)
    };
    for node in copy.nodes.values_mut() {
        node.replicas = 1;
        node.clocks.clear();
        // What only a job starts goes with the job.
        let jobs = std::mem::take(&mut node.jobs);
        let is_request = |route: &str| route.contains(' ');
        node.routes.retain(|name, _| is_request(name) || !jobs.values().any(|job| job.route == *name));
        node.telemetry.chatter.clear();
        node.telemetry.sampling = 1.0;
        // Whoever sends it by hand has a good token.
        node.verifies = None;
        if let Some(users) = &mut node.users {
            (users.trace, users.crowds) = (None, Vec::new());
            users.journeys_per_second = if serves(&users.journeys) { RATE } else { 1e-9 };
            users.journeys = [(JOURNEY.to_owned(), 1.0)].into();
            users.count = 1;
            users.daily_swing = 0.0;
            users.reports.probability = 0.0;
            users.reports.idle_per_hour = 0.0;
        }
        if let Some(database) = &mut node.database {
            database.lag = Duration::ZERO;
        }
        if let Some(cache) = &mut node.cache {
            cache.lost_invalidations = 0.0;
        }
        for route in node.routes.values_mut() {
            (route.errors, route.refusals, route.poison) = (0.0, 0.0, 0.0);
        }
    }
    let is_users = |name: &str| spec.nodes.get(name).is_some_and(|node| node.kind == Kind::Users);
    for (name, arrow) in &mut copy.arrows {
        arrow.latency = Dist::Const(Duration::from_micros(50));
        arrow.loss = 0.0;
        arrow.impairments = Impairments::default();
        // The one who sends the request sees the answer.
        if let Some((_, entry)) = name.split_once("->").filter(|(from, _)| is_users(from.trim()))
            && let Some(entry) = copy.nodes.get_mut(entry.trim())
        {
            entry.telemetry.spans = true;
        }
    }
    let mut steps: Vec<_> = step.cloned().into_iter().collect();
    steps.iter_mut().for_each(|step| step.think = Dist::Const(Duration::ZERO));
    copy.journeys = [(JOURNEY.to_owned(), Journey { about: String::new(), steps })].into();
    copy
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::Partition;

    fn shipped() -> Vec<World> {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/worlds");
        let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        files.sort();
        files.retain(|path| path.extension().is_some_and(|extension| extension == "ron"));
        files.iter().map(|path| World::load(path).unwrap()).collect()
    }

    #[test]
    fn every_request_of_every_world_works_on_this_machine() {
        for world in shipped() {
            for request in requests(world.spec()) {
                let told = reproduce(&world, Seed(3), &request);
                let told = told.unwrap_or_else(|refusal| panic!("{}: {refusal}", world.spec().name));
                assert!((200..300).contains(&told.status), "{}: `{request}`: {}", world.spec().name, told.status);
            }
        }
    }

    #[test]
    fn what_is_wrong_with_the_real_system_is_not_in_the_copy() {
        for world in shipped() {
            let mut broken = world.spec().clone();
            for node in broken.nodes.values_mut() {
                for route in node.routes.values_mut() {
                    route.errors = 1.0;
                }
            }
            for arrow in broken.arrows.values_mut() {
                arrow.loss = 1.0;
                arrow.impairments.partition = Some(Partition::default());
            }
            let broken = World::new(broken).unwrap_or_else(|problems| panic!("{problems}"));
            for request in requests(broken.spec()) {
                let (ours, theirs) = (reproduce(&broken, Seed(3), &request), reproduce(&world, Seed(3), &request));
                assert_eq!(ours, theirs, "{}: `{request}`", world.spec().name);
            }
        }
    }
}
