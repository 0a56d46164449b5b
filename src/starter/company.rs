//! A world of the size of a company, drawn from a seed: an edge, gateways, and domains of services in layers, with caches,
//! databases, queues and workers of their own, over a platform that all of them call. Knows shapes and numbers that are
//! usual; nothing of incidents, and never a file on disk. The same name, size and seed give the same text.
//!
//! Who is called is drawn by preference for who is called already (Barabási and Albert, 1999): a few services are called
//! by many, and most by one or two, as in real call graphs. What one request sets off is bounded: in calls, in
//! depth, and in different data.

use std::collections::BTreeSet;

use super::roster::{self, Luck};
use super::write;

/// The fewest and the most services of a company.
pub const SERVICES: std::ops::RangeInclusive<u16> = 20..=5_000;

/// The calls that one request may set off behind a service, on average, and how deep they may go.
const MOST_CALLS: f64 = 16.0;
const DEEPEST: u32 = 8;
/// Different data that one answer may hold, at most.
const MOST_DATA: usize = 7;
/// Journeys that start in a second, whatever the size: a company with more services does not have more users.
const JOURNEYS_PER_SECOND: f64 = 30.0;
/// Services for each gateway, and for each database of a domain.
const PER_GATEWAY: usize = 120;
const PER_DATABASE: usize = 6;

/// How near to users a service is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Layer {
    /// Gateways call it.
    Front,
    Middle,
    /// It has a store of its own.
    Base,
}

/// One call that a service makes.
#[derive(Clone, Debug)]
pub(super) struct Uses {
    /// The callee's place among the services.
    pub callee: usize,
    /// The share of requests that need it; 1 is all.
    pub share: f64,
    /// Whether the caller can do without the answer.
    pub is_optional: bool,
}

/// A service.
#[derive(Clone, Debug)]
pub(super) struct Service {
    pub name: String,
    pub domain: usize,
    pub layer: Layer,
    /// The place among its domain's data of what it reads itself.
    pub datum: Option<usize>,
    /// The number of its domain's database that it reads from.
    pub database: Option<usize>,
    pub has_cache: bool,
    /// Whether its requests can also change something.
    pub writes: bool,
    pub calls: Vec<Uses>,
    /// Median time of its own work, in milliseconds.
    pub work: f64,
    /// Requests of users a second that come to it.
    pub rate: f64,
    callers: usize,
    /// Calls behind one request, on average.
    cost: f64,
    depth: u32,
    /// The usual time of an answer, in milliseconds.
    pub time: f64,
    /// What its answer can hold: domains and places among their data.
    data: BTreeSet<(usize, usize)>,
}

/// A part of the company with its own data.
#[derive(Clone, Debug)]
pub(super) struct Domain {
    pub name: String,
    pub databases: usize,
    /// Whether changes go through a queue to a worker.
    pub has_queue: bool,
}

/// Requests of users in a row, all in one domain.
#[derive(Clone, Debug)]
pub(super) struct Visit {
    pub fronts: Vec<usize>,
    pub weight: f64,
}

/// All of it.
pub(super) struct Company {
    pub domains: Vec<Domain>,
    /// Each calls only those before it.
    pub services: Vec<Service>,
    pub visits: Vec<Visit>,
    pub gateways: usize,
}

/// The text of a world with so many services.
pub fn company(name: &str, services: u16, seed: u64) -> String {
    let services = services.clamp(*SERVICES.start(), *SERVICES.end());
    let mut luck = Luck::new(name, services, seed);
    let company = Company::draw(usize::from(services), &mut luck);
    let command = format!("allgreen new world {name} --services {services} --seed {seed}");
    write::world(name, &command, &company, JOURNEYS_PER_SECOND, &mut luck)
}

impl Company {
    fn draw(count: usize, luck: &mut Luck) -> Company {
        let domains = (count as f64).sqrt() / 2.0;
        let domains = (domains.round() as usize).clamp(2, 40);
        let mut company = Company {
            domains: Vec::new(),
            services: Vec::new(),
            visits: Vec::new(),
            gateways: (count / PER_GATEWAY).clamp(1, 20),
        };
        for number in 0..domains {
            // The first domain is the platform, and the last one gets what is left over.
            let left = count - company.services.len();
            let after = domains - number - 1;
            let mean = left as f64 / (after + 1) as f64;
            let own = if after == 0 { left } else { (mean * (0.6 + 0.8 * luck.unit())) as usize };
            company.domain(number, own.clamp(4, left.saturating_sub(4 * after)), luck);
        }
        company.expose();
        company.visit(luck);
        company.flow();
        company
    }

    /// A domain with so many services, the deepest first.
    fn domain(&mut self, number: usize, count: usize, luck: &mut Luck) {
        let first = self.services.len();
        let bases = (count * 7 / 20).max(2);
        let fronts = if number == 0 { 0 } else { (count / 5).max(1) };
        let databases = bases.div_ceil(PER_DATABASE);
        self.domains.push(Domain { name: roster::domain(number), databases, has_queue: number > 0 });
        for at in 0..count {
            let layer = match at {
                _ if at < bases => Layer::Base,
                _ if at < count - fronts => Layer::Middle,
                _ => Layer::Front,
            };
            let name = roster::service(&self.domains[number].name, at, luck);
            self.service(name, (number, first), layer, luck);
        }
    }

    fn service(&mut self, name: String, (domain, first): (usize, usize), layer: Layer, luck: &mut Luck) {
        let is_base = layer == Layer::Base;
        let datum = is_base.then(|| luck.below(2));
        // Most are quick.
        let slow = luck.unit() * luck.unit();
        let work = (1.5 + 10.0 * slow) * if layer == Layer::Front { 1.5 } else { 1.0 };
        let mut service = Service {
            name,
            domain,
            layer,
            datum,
            database: is_base.then(|| luck.below(self.domains[domain].databases)),
            has_cache: is_base && luck.chance(0.4),
            writes: layer == Layer::Front && luck.chance(0.35),
            calls: Vec::new(),
            work,
            rate: 0.0,
            callers: 0,
            cost: if is_base { 1.6 } else { 0.0 },
            depth: u32::from(is_base),
            time: work + if is_base { 3.0 } else { 0.0 },
            data: datum.into_iter().map(|datum| (domain, datum)).collect(),
        };
        let wanted = match layer {
            Layer::Base => usize::from(domain > 0 && luck.chance(0.3)),
            Layer::Middle => 1 + luck.below(3),
            Layer::Front => 2 + luck.below(3),
        };
        for number in 0..wanted {
            let Some(callee) = self.callee((domain, first), layer, number, &service, luck) else { continue };
            self.calls(&mut service, callee, number, luck);
        }
        self.services.push(service);
    }

    /// Whom a new service calls: first one of its own domain whom nobody calls yet, then whom others like to call.
    fn callee(
        &self,
        (domain, first): (usize, usize),
        layer: Layer,
        number: usize,
        by: &Service,
        luck: &mut Luck,
    ) -> Option<usize> {
        let platform = self.services.iter().take_while(|service| service.domain == 0).count();
        let own = |at: usize| at >= first;
        let deeper = |at: usize| own(at) && self.services[at].layer != Layer::Front;
        let fits = |at: &usize| {
            let other = &self.services[*at];
            let data = by.data.union(&other.data).count();
            other.depth < DEEPEST && data <= MOST_DATA && by.calls.iter().all(|uses| uses.callee != *at)
        };
        if layer != Layer::Base && number == 0 {
            let mut unused = (first..self.services.len()).filter(|at| deeper(*at) && self.services[*at].callers == 0);
            if let Some(at) = unused.rfind(fits) {
                return Some(at);
            }
        }
        let near = layer != Layer::Base && (number == 0 || domain == 0 || luck.chance(0.65));
        let known: Vec<usize> = match near {
            true => (first..self.services.len()).filter(|at| deeper(*at)).filter(fits).collect(),
            // Another domain is asked at its front; the platform anywhere.
            false => (0..first)
                .filter(|at| *at < platform || (self.services[*at].layer == Layer::Front && layer == Layer::Front))
                .filter(fits)
                .collect(),
        };
        let weight = |at: &usize| 1.0 + self.services[*at].callers as f64;
        luck.weighted(&known, weight)
    }

    /// Adds a call, as often as the budget of the caller allows.
    fn calls(&mut self, by: &mut Service, callee: usize, number: usize, luck: &mut Luck) {
        let is_main = number == 0 && by.layer != Layer::Base;
        let other = &self.services[callee];
        let share = match is_main {
            true => 1.0,
            false => [1.0, 0.4, 0.15][luck.below(3)],
        };
        let most = (MOST_CALLS - by.cost) / (1.0 + other.cost);
        if most < 0.05 {
            return;
        }
        let share = if most < share { (most * 20.0).floor() / 20.0 } else { share };
        by.cost += share * (1.0 + other.cost);
        by.depth = by.depth.max(other.depth + 1);
        by.time += share * other.time + 0.6;
        by.data.extend(&other.data);
        by.calls.push(Uses { callee, share, is_optional: !is_main && luck.chance(0.6) });
        self.services[callee].callers += 1;
    }

    /// Whom nobody calls is for users.
    fn expose(&mut self) {
        for service in self.services.iter_mut().filter(|service| service.callers == 0) {
            service.layer = Layer::Front;
        }
    }

    /// What users do: a few fronts of one domain each, by Zipf's law.
    fn visit(&mut self, luck: &mut Luck) {
        let fronts = |domain: usize| -> Vec<usize> {
            let all = self.services.iter().enumerate();
            all.filter(|(_, one)| one.domain == domain && one.layer == Layer::Front).map(|(at, _)| at).collect()
        };
        let mut visits: Vec<Visit> = (0..self.domains.len())
            .flat_map(|domain| fronts(domain).chunks(3).map(<[usize]>::to_vec).collect::<Vec<_>>())
            .map(|fronts| Visit { fronts, weight: 0.0 })
            .collect();
        luck.shuffle(&mut visits);
        for (rank, visit) in visits.iter_mut().enumerate() {
            visit.weight = 1.0 / (rank + 1) as f64;
        }
        self.visits = visits;
    }

    /// Requests a second at each service.
    fn flow(&mut self) {
        let weights: f64 = self.visits.iter().map(|visit| visit.weight).sum();
        for visit in &self.visits {
            for front in &visit.fronts {
                self.services[*front].rate += JOURNEYS_PER_SECOND * visit.weight / weights;
            }
        }
        for at in (0..self.services.len()).rev() {
            let rate = self.services[at].rate;
            for uses in self.services[at].calls.clone() {
                self.services[uses.callee].rate += rate * uses.share;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Seed, SimTime, Simulation, World};

    fn world(services: u16, seed: u64) -> World {
        let text = company("acme", services, seed);
        World::from_ron("acme", &text).unwrap_or_else(|problems| panic!("{services} {seed}: {problems}"))
    }

    #[test]
    fn companies_are_right_whatever_their_size_and_seed() {
        for seed in 0..12 {
            let size = [20, 37, 60, 110][seed as usize % 4];
            let spec = world(size, seed).spec().clone();
            let services = spec.nodes.values().filter(|node| node.kind == crate::world::Kind::Service).count();
            assert_eq!(services, usize::from(size));
        }
        assert_eq!(company("acme", 60, 3), company("acme", 60, 3));
        assert_ne!(company("acme", 60, 3), company("acme", 60, 4));
    }

    #[test]
    fn a_few_are_called_by_many_and_nobody_is_left_alone() {
        let mut luck = Luck::new("acme", 600, 1);
        let drawn = Company::draw(600, &mut luck);
        let mut callers: Vec<usize> = drawn.services.iter().map(|service| service.callers).collect();
        callers.sort_unstable();
        let (most, median) = (callers[callers.len() - 1], callers[callers.len() / 2]);
        assert!(most >= 15 && median <= 2, "{most} {median}");
        assert!(drawn.services.iter().all(|service| service.rate > 0.0), "all are used");
        assert!(drawn.services.iter().all(|service| service.cost <= MOST_CALLS && service.data.len() <= MOST_DATA));
    }

    #[test]
    fn a_thousand_services_run() {
        let mut sim = Simulation::new(&world(1_000, 1), Seed(1));
        sim.mute();
        sim.run_until(SimTime::from_secs(20));
        assert!(sim.events() > 20_000, "{} events", sim.events());
        sim.audit().unwrap();
    }
}
