//! The desk of one session: the newest snapshot, the views of it, what the learner has half done in each panel, and
//! what the panels ask for. Knows observations; must never hold the session.

use std::sync::Arc;

use super::act::{Act, Outbox};
use super::clock::Clock;
use super::looks::Looks;
use super::panels::{
    blast::BlastState, changes::ChangesState, config::ConfigState, debrief::DebriefState, fixes::FixState,
    health::HealthState, hypothesis::HypothesisState, logs::LogsState, metrics::MetricsState, notebook::NotebookState,
    query::QueryState, reproduce::ReproduceState, ticket::TicketState, topology::TopologyState, traces::TracesState,
    writeup::WriteUpState,
};
use crate::lab::{Observation, Refusal, Reply, View};
use crate::world::Kind;

/// Everything that the panels of one session share.
pub struct Desk {
    observation: Arc<Observation>,
    version: u64,
    /// Views by place.
    pub looks: Looks,
    /// What the panels ask for.
    pub outbox: Outbox,
    /// The node that panels are narrowed to.
    pub focus: Option<String>,
    /// The newest change of the system that was recorded, as charts mark them: (stamp, id).
    pub markers: Vec<(crate::time::Stamp, String)>,
    /// The panel that the learner attends to.
    pub attention: Option<super::dock::Panel>,
    /// What takes long, if anything: its words, and the share that is done.
    pub working: Option<(String, f64)>,
    /// Half-done work, by panel: ticket.
    pub ticket: TicketState,
    /// Topology.
    pub topology: TopologyState,
    /// Logs.
    pub logs: LogsState,
    /// Metrics.
    pub metrics: MetricsState,
    /// Traces.
    pub traces: TracesState,
    /// Query languages.
    pub query: QueryState,
    /// Health pages.
    pub health: HealthState,
    /// Change feed.
    pub changes: ChangesState,
    /// Blast radius.
    pub blast: BlastState,
    /// Configuration.
    pub config: ConfigState,
    /// Reproduce locally.
    pub reproduce: ReproduceState,
    /// Notebook.
    pub notebook: NotebookState,
    /// Hypothesis.
    pub hypothesis: HypothesisState,
    /// Write-up.
    pub write_up: WriteUpState,
    /// Fix console.
    pub fixes: FixState,
    /// Debrief.
    pub debrief: DebriefState,
}

impl Desk {
    /// The desk of a session that has just been started or opened.
    pub fn new(observation: Observation) -> Desk {
        let mut desk = Desk {
            observation: Arc::new(observation),
            version: 1,
            looks: Looks::default(),
            outbox: Vec::new(),
            focus: None,
            markers: Vec::new(),
            attention: None,
            working: None,
            ticket: TicketState::default(),
            topology: TopologyState::default(),
            logs: LogsState::default(),
            metrics: MetricsState::default(),
            traces: TracesState::default(),
            query: QueryState::default(),
            health: HealthState::default(),
            changes: ChangesState::default(),
            blast: BlastState::default(),
            config: ConfigState::default(),
            reproduce: ReproduceState::default(),
            notebook: NotebookState::default(),
            hypothesis: HypothesisState::default(),
            write_up: WriteUpState::default(),
            fixes: FixState::default(),
            debrief: DebriefState::default(),
        };
        desk.write_up.load(desk.observation.notebook.write_up.as_ref());
        desk.mark_changes();
        desk
    }

    /// The newest snapshot.
    pub fn observation(&self) -> &Arc<Observation> {
        &self.observation
    }

    /// The number of the newest snapshot.
    pub fn version(&self) -> u64 {
        self.version
    }

    /// Takes a newer snapshot.
    pub fn update(&mut self, observation: Observation) {
        self.observation = Arc::new(observation);
        self.version += 1;
        self.mark_changes();
    }

    /// Whether the investigation is over.
    pub fn is_over(&self) -> bool {
        self.observation.debrief.is_some()
    }

    /// What is needed to show times.
    pub fn clock(&self) -> Clock {
        Clock::of(&self.observation)
    }

    /// Takes the answer to a command that a panel waits for.
    pub fn replied(&mut self, command: &crate::lab::Command, reply: &Result<Reply, Refusal>) {
        use crate::lab::{Command, Look};
        match (command, reply) {
            (Command::Look(Look::ReproduceLocally(_)), Ok(Reply::View(View::Reproduced(result)))) => {
                self.reproduce.result = Some(result.clone());
            }
            (Command::Deploy(_), Ok(_)) => self.fixes.confirming = false,
            (Command::Note(_), Ok(_)) => self.notebook.note.clear(),
            _ => {}
        }
    }

    /// Nodes that report or are called: all but the users.
    pub fn nodes(&self) -> Vec<String> {
        let inventory = self.observation.inventory.iter();
        inventory.filter(|(_, kind)| *kind != Kind::Users).map(|(name, _)| name.clone()).collect()
    }

    /// Asks for something.
    pub fn ask(&mut self, act: Act) {
        self.outbox.push(act);
    }

    fn mark_changes(&mut self) {
        let changes = self.observation.telemetry.changes.iter();
        self.markers = changes.map(|change| (change.stamp, change.id.clone())).collect();
    }
}

/// Arrows as `"from -> to"`, in order.
pub fn arrow_names(observation: &Observation) -> Vec<String> {
    observation.arrows.iter().map(|(from, to)| format!("{from} -> {to}")).collect()
}
