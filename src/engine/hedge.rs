//! Hedged calls: a second attempt next to a slow first one, and the end of the one that is not needed.

use super::Simulation;
use super::flight::{Attempt, Call, Failure};
use super::slab::Key;

/// The second one of two hedged attempts, as a child of the call's identity.
const HEDGE: u64 = 1 << 32;

impl Simulation {
    /// The first attempt has no answer yet: a second one goes out next to it.
    pub(super) fn hedge(&mut self, key: Key) {
        let Some(call) = self.calls.get(key).copied() else { return };
        if call.attempt != 0 || !matches!(call.state, Attempt::Sent(_)) {
            return;
        }
        let identity = call.identity.child(HEDGE);
        let twin = Call { identity, twin: Some(key), hedges: true, state: Attempt::Waiting, opened: None, ..call };
        self.flows.link(call.link).calls += 1;
        let twin = self.calls.insert(twin);
        if let Some(call) = self.calls.get_mut(key) {
            call.twin = Some(twin);
        }
        self.attempt(twin);
    }

    /// An attempt that is not needed any more ends without a word to its callee, who goes on.
    pub(super) fn cancel(&mut self, key: Key) {
        let Some(call) = self.calls.get(key).copied() else { return };
        match call.state {
            Attempt::Waiting => self.fabric.link(call.link).pool.leave(key),
            Attempt::Connected => self.release(call.link),
            Attempt::Sent(_) | Attempt::BackingOff => {}
        }
        if call.state != Attempt::BackingOff {
            self.attempt_over(key, Some(Failure::Cancelled), &[]);
        }
        self.flows.link(call.link).ended += 1;
        self.calls.free(key);
    }
}
