//! What an observation shows that is not in the notebook: made anew as time passes, or never again. Knows telemetry and
//! configuration; nothing of the ground truth.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::engine::{ClockReading, SettingRow, Simulation};
use crate::lab::{LaterTicket, TicketView, UserAttribute, look, reproduce};
use crate::lesson::Lesson;
use crate::telemetry::Telemetry;
use crate::world::{Kind, WorldSpec};

/// Reports shown with the ticket.
const TICKET_REPORTS: usize = 50;

/// What changes as time passes, shared with every observation of the same instant.
pub struct Snapshot {
    pub telemetry: Arc<Telemetry>,
    pub config: Arc<Vec<SettingRow>>,
    pub clocks: Arc<Vec<ClockReading>>,
    pub ticket: Arc<TicketView>,
}

/// What never changes.
pub struct Names {
    pub inventory: Arc<Vec<(String, Kind)>>,
    pub arrows: Arc<Vec<(String, String)>>,
    pub attributes: Arc<BTreeMap<UserAttribute, Vec<String>>>,
    pub requests: Arc<Vec<String>>,
}

impl Snapshot {
    pub fn new(sim: &Simulation, lesson: &Lesson, later: &[LaterTicket]) -> Snapshot {
        let spec = lesson.spec();
        let telemetry = Arc::new(sim.telemetry().clone());
        let ticket = TicketView {
            title: spec.texts.title.clone(),
            reporter: spec.texts.reporter.clone(),
            text: spec.texts.ticket.clone(),
            opened: spec.opens_at.stamp(),
            reports: look::newest_reports(&telemetry, TICKET_REPORTS),
            later: later.to_vec(),
        };
        Snapshot {
            telemetry,
            config: Arc::new(sim.settings()),
            clocks: Arc::new(sim.clocks()),
            ticket: Arc::new(ticket),
        }
    }
}

impl Names {
    pub fn new(spec: &WorldSpec) -> Names {
        let inventory = spec.nodes.iter().map(|(name, node)| (name.clone(), node.kind)).collect();
        let arrow =
            |name: &String| name.split_once("->").map(|(from, to)| (from.trim().to_owned(), to.trim().to_owned()));
        let mut arrows: Vec<(String, String)> = spec.arrows.keys().filter_map(arrow).collect();
        arrows.sort();
        let mut attributes: BTreeMap<UserAttribute, Vec<String>> = BTreeMap::new();
        for users in spec.nodes.values().filter_map(|node| node.users.as_ref()) {
            for (attribute, values) in [
                (UserAttribute::Region, &users.regions),
                (UserAttribute::Account, &users.accounts),
                (UserAttribute::Client, &users.clients),
                (UserAttribute::Journey, &users.journeys),
            ] {
                let known = attributes.entry(attribute).or_default();
                known.extend(values.keys().cloned());
                known.sort();
                known.dedup();
            }
        }
        Names {
            inventory: Arc::new(inventory),
            arrows: Arc::new(arrows),
            attributes: Arc::new(attributes),
            requests: Arc::new(reproduce::requests(spec)),
        }
    }
}
