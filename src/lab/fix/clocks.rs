//! Fixes of clocks.

use super::form::{FixKind, FixTarget};
use super::sheet::Sheet;
use super::way::Way;
use crate::time::SignedDuration;
use crate::world::{Ntp, Setting};

pub(super) const SYNC: FixKind = FixKind {
    verb: "sync-clocks",
    title: "Synchronise the clocks of a node",
    does: "set the clocks of a node right and start the daemon (NTP) that keeps them so",
    target: FixTarget::Node,
    fields: &[],
    example: "sync-clocks auth",
    way: Some(Way::Clocks),
    price: "between two polls, about a minute apart, a clock drifts as it did",
};

pub(super) fn sync(node: &str) -> Sheet<'_> {
    Sheet::node_with(format!("set the clocks of {node} right and keep them so"), |_, _, _| {
        Ok(vec![Setting::ClockOffset(SignedDuration(0)), Setting::ClockSync(Some(Ntp::default()))])
    })
}

pub(super) const STEP: FixKind = FixKind {
    verb: "step-clock",
    title: "Set the clocks of a node once",
    does: "set the clocks of a node right, once; what made them wrong goes on",
    target: FixTarget::Node,
    fields: &[],
    example: "step-clock auth",
    way: Some(Way::Clocks),
    price: "",
};

pub(super) fn step(node: &str) -> Sheet<'_> {
    Sheet::node(format!("set the clocks of {node} right, once"), Setting::ClockOffset(SignedDuration(0)))
}
