//! Fixes of what callers know of their callees' replicas: how fresh a look-up is, and whom they avoid.

use super::form::{FixField, FixKind, FixSort, FixTarget};
use super::sheet::Sheet;
use super::way::Way;
use crate::time::Duration;
use crate::world::{Ejection, Setting};

const SOON: Duration = Duration::from_millis(1);
const HOUR: Duration = Duration::from_mins(60);

pub(super) const DISCOVERY: FixKind = FixKind {
    verb: "discovery-ttl",
    title: "Set how long look-ups are believed",
    does: "change how long a caller believes what it looked up of a callee's replicas",
    target: FixTarget::Call,
    fields: &[FixField::new("ttl", "How long", FixSort::Time(SOON, HOUR)).or_none("always knows who takes traffic")],
    example: "discovery-ttl web -> catalog 5s",
    way: Some(Way::Config),
    price: "connections that stay open go on to where they go",
};

pub(super) fn discovery<'a>(arrow: &'a str, ttl: &'a Option<Duration>) -> Sheet<'a> {
    let words = match ttl {
        Some(ttl) => format!("let {arrow} look up replicas every {ttl}"),
        None => format!("let {arrow} always know who takes traffic"),
    };
    Sheet::arrow(words, |_| Ok(vec![Setting::Discovery(*ttl)]))
}

pub(super) const EJECTION: FixKind = FixKind {
    verb: "eject",
    title: "Avoid replicas that fail",
    does: "make a caller avoid a replica for a while after failures in a row",
    target: FixTarget::Call,
    fields: &[
        FixField::new("failures", "Failures in a row", FixSort::Count(1, 1_000)).or_none("avoids nobody"),
        FixField::new("avoid_for", "How long it is avoided", FixSort::Time(SOON, HOUR)).usually("30s"),
    ],
    example: "eject web -> catalog 5 avoid_for=30s",
    way: Some(Way::Config),
    price: "the others have more to do meanwhile; a replica that is slow, or wrong with a 200, does not fail",
};

pub(super) fn ejection<'a>(arrow: &'a str, failures: &'a Option<u32>, avoid_for: &'a Duration) -> Sheet<'a> {
    let words = match failures {
        Some(failures) => format!("let {arrow} avoid a replica for {avoid_for} after {failures} failures in a row"),
        None => format!("let {arrow} avoid no replica"),
    };
    Sheet::arrow(words, |_| {
        let outlier = |failures| Ejection::Outlier { failures, avoid_for: *avoid_for };
        Ok(vec![Setting::Eject(failures.map(outlier))])
    })
}
