//! The newest snapshot of a run's telemetry, shared between who publishes and who asks.

use std::sync::{Arc, Mutex, PoisonError};

use crate::Telemetry;
use crate::query::metrics::MetricStore;

/// A run's telemetry at one moment.
#[derive(Debug)]
pub struct Snapshot {
    /// Everything that was emitted so far.
    pub telemetry: Telemetry,
}

impl Snapshot {
    /// The times of the oldest and the newest scrape, in milliseconds since 1970: all that metrics are about.
    pub fn extent(&self) -> Option<(i64, i64)> {
        let store = MetricStore::new(&self.telemetry);
        Some((store.oldest()?, store.newest()?))
    }
}

/// Where the newest snapshot lies. Clones share it.
#[derive(Clone, Debug)]
pub struct Shelf(Arc<Mutex<Arc<Snapshot>>>);

impl Shelf {
    /// A shelf with a first snapshot.
    pub fn new(telemetry: Telemetry) -> Shelf {
        Shelf(Arc::new(Mutex::new(Arc::new(Snapshot { telemetry }))))
    }

    /// Puts a newer snapshot in its place. Those who read the older one keep it.
    pub fn publish(&self, telemetry: Telemetry) {
        let newer = Arc::new(Snapshot { telemetry });
        let older = std::mem::replace(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner), newer);
        // Freed after the lock is given back.
        drop(older);
    }

    /// The newest snapshot.
    pub fn newest(&self) -> Arc<Snapshot> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
