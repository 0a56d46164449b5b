//! What users wrote, and how it falls over an attribute of theirs.

use std::collections::BTreeMap;

use super::since;
use crate::lab::{BlastRadius, BlastRow, Observation, Refusal, ReportRow, UserAttribute, UserFilter};
use crate::telemetry::{Telemetry, UserReport};
use crate::time::Duration;

/// What counts as recent in a blast radius.
const RECENT: Duration = Duration::from_mins(30);

impl UserFilter {
    /// Refuses a value that no user has.
    pub(in crate::lab) fn check(&self, known: &BTreeMap<UserAttribute, Vec<String>>) -> Result<(), Refusal> {
        for attribute in UserAttribute::ALL {
            let Some(value) = self.value(attribute) else { continue };
            let values = known.get(&attribute).map_or(&[][..], Vec::as_slice);
            if !values.iter().any(|known| known == value) {
                return Err(Refusal::unknown(attribute.words(), value, values.iter().map(String::as_str)));
            }
        }
        Ok(())
    }
}

/// Reports by users whom a filter matches, newest first.
pub fn reports(seen: &Observation, filter: &UserFilter) -> Result<Vec<ReportRow>, Refusal> {
    filter.check(&seen.attributes)?;
    let meant = |report: &&UserReport| {
        let agrees = |attribute| filter.value(attribute).is_none_or(|value| value == value_of(report, attribute));
        UserAttribute::ALL.into_iter().all(agrees)
    };
    Ok(seen.telemetry.reports.iter().rev().filter(meant).map(row).collect())
}

/// The newest reports by anyone.
pub fn newest_reports(telemetry: &Telemetry, most: usize) -> Vec<ReportRow> {
    telemetry.reports.iter().rev().take(most).map(row).collect()
}

/// How reports fall over an attribute. The share of traffic is measured nowhere in the simulated system (its edge
/// does not label requests by user), so it is None.
pub fn blast_radius(seen: &Observation, attribute: UserAttribute) -> BlastRadius {
    let from = since(seen.now.stamp(), Some(RECENT));
    let known = seen.attributes.get(&attribute).map_or(&[][..], Vec::as_slice);
    let mut counts: BTreeMap<&str, (usize, usize)> = known.iter().map(|value| (value.as_str(), (0, 0))).collect();
    for report in &seen.telemetry.reports {
        let (recent, before) = counts.entry(value_of(report, attribute)).or_default();
        *(if report.stamp >= from { recent } else { before }) += 1;
    }
    let rows = counts.into_iter().map(|(value, (recent, before))| BlastRow {
        value: value.to_owned(),
        recent,
        before,
        traffic_share: None,
    });
    BlastRadius { attribute, rows: rows.collect() }
}

fn value_of(report: &UserReport, attribute: UserAttribute) -> &str {
    match attribute {
        UserAttribute::Region => &report.region,
        UserAttribute::Account => &report.account,
        UserAttribute::Client => &report.client,
        UserAttribute::Journey => &report.journey,
    }
}

fn row(report: &UserReport) -> ReportRow {
    ReportRow {
        stamp: report.stamp,
        user: format!("user-{}", report.user),
        region: report.region.clone(),
        account: report.account.clone(),
        client: report.client.clone(),
        journey: report.journey.clone(),
        text: report.text.clone(),
    }
}
