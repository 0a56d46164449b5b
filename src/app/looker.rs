//! The thread that turns snapshots into views. Of several asks for one place only the newest is answered. Knows
//! observations; must never hold the session.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::mpsc::Receiver;

use super::worker::{News, Teller};
use crate::lab::{Look, Observation};

/// An ask for a view.
pub(super) struct LookAsk {
    /// The place it is shown.
    pub key: String,
    /// What is looked at.
    pub look: Look,
    /// The number of the snapshot.
    pub version: u64,
    /// The snapshot.
    pub observation: Arc<Observation>,
}

/// Answers asks until the window is gone.
pub(super) fn run(asks: &Receiver<LookAsk>, told: &Teller) {
    while let Ok(first) = asks.recv() {
        let mut newest = BTreeMap::from([(first.key.clone(), first)]);
        newest.extend(asks.try_iter().map(|ask| (ask.key.clone(), ask)));
        for (key, ask) in newest {
            let view = ask.observation.look(&ask.look);
            if !told.tell(News::Viewed(key, ask.look, ask.version, Box::new(view))) {
                return;
            }
        }
    }
}
