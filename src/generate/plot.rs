//! A plot: which causes, when, behind what, and among which innocent changes. Drawn by luck alone; whether it is fit,
//! proof tells.

use std::collections::BTreeSet;

use super::causes::Candidate;
use super::luck::Luck;
use super::survey::Survey;
use crate::lesson::{Level, Part, Scripted};
use crate::time::{Duration, SimTime};
use crate::world::{Change, ChangeKind, Kind, Propagation, Set, Setting, Severity};

/// When the first cause begins, at the earliest and the latest, in minutes.
const CAUSED: (u64, u64) = (31, 36);
/// The time between a cause and the next one, in minutes.
const NEXT_CAUSE: (u64, u64) = (2, 5);
/// The time from the last cause to the learner's arrival, in minutes.
const ARRIVES: (u64, u64) = (21, 25);

/// A cause that was chosen.
#[derive(Clone, Debug)]
pub(super) struct Chosen {
    pub candidate: Candidate,
    /// Which of its degrees.
    pub degree: usize,
    pub at: SimTime,
    pub id: String,
    pub by: &'static str,
    pub says: String,
}

/// All that happens.
#[derive(Clone, Debug)]
pub(super) struct Plot {
    pub causes: Vec<Chosen>,
    /// What was so from the start.
    pub quiet: Vec<Set>,
    /// Innocent changes.
    pub innocent: Vec<Scripted>,
    pub opens_at: SimTime,
}

impl Plot {
    /// What a learner would have to find, whatever it is hidden behind.
    pub fn name(&self) -> String {
        let names: BTreeSet<String> = self.causes.iter().map(|chosen| chosen.candidate.name()).collect();
        names.into_iter().collect::<Vec<_>>().join(" and ")
    }
}

/// Draws a plot; None if this world has not enough candidates.
pub(super) fn draw(survey: &Survey<'_>, families: &[Vec<Candidate>], level: Level, luck: &mut Luck) -> Option<Plot> {
    let wanted = if level == Level::Expert { 2 } else { 1 };
    let chosen = candidates(families, wanted, luck)?;
    let mut at = SimTime(Duration::from_mins(luck.between(CAUSED.0, CAUSED.1)).0);
    let mut numbers = Numbers { next: luck.between(1200, 4800), ids: BTreeSet::new() };
    let mut causes = Vec::new();
    for candidate in chosen {
        let says = luck.pick(&candidate.says).cloned().unwrap_or_default();
        let id = numbers.id(candidate.kind, luck);
        let by = author(candidate.kind, luck);
        causes.push(Chosen { degree: 0, at, id, by, says, candidate });
        at += Duration::from_mins(luck.between(NEXT_CAUSE.0, NEXT_CAUSE.1));
    }
    let last = causes.last().map_or(at, |cause| cause.at);
    let opens_at = last + Duration::from_mins(luck.between(ARRIVES.0, ARRIVES.1));
    let mut quiet: Vec<Set> = causes.iter().flat_map(|cause| cause.candidate.quiet.clone()).collect();
    quiet.extend(camouflage(survey, &causes, level, luck));
    dedup(&mut quiet);
    let innocent = innocent(survey, &causes, (level, opens_at), &mut numbers, luck);
    Some(Plot { causes, quiet, innocent, opens_at })
}

/// Candidates of different families and places.
fn candidates(families: &[Vec<Candidate>], wanted: usize, luck: &mut Luck) -> Option<Vec<Candidate>> {
    let mut order: Vec<usize> = (0..families.len()).collect();
    luck.shuffle(&mut order);
    let mut chosen: Vec<Candidate> = Vec::new();
    for family in order {
        if chosen.len() == wanted {
            break;
        }
        let Some(candidate) = luck.pick(&families[family]) else { continue };
        let meets = |other: &Candidate| candidate.at.iter().any(|place| other.at.contains(place));
        if !candidate.degrees.is_empty() && !chosen.iter().any(meets) {
            chosen.push(candidate.clone());
        }
    }
    (chosen.len() == wanted).then_some(chosen)
}

/// Of two settings of the same thing the later one counts.
fn dedup(sets: &mut Vec<Set>) {
    let mut kept: Vec<Set> = Vec::new();
    for set in std::mem::take(sets) {
        kept.retain(|known| known.on != set.on || !known.to.is_same(&set.to));
        kept.push(set);
    }
    *sets = kept;
}

/// Less telemetry than one would like, from the start: more of it the harder the level.
fn camouflage(survey: &Survey<'_>, causes: &[Chosen], level: Level, luck: &mut Luck) -> Vec<Set> {
    if level == Level::FirstSteps {
        return Vec::new();
    }
    let mut sets = Vec::new();
    let share = if level == Level::Expert { 0.03 } else { 0.2 };
    sets.extend(survey.entries().into_iter().map(|entry| Set::new(entry, Setting::Sampling(share))));
    for cause in causes {
        let on = &cause.candidate.on;
        let own = survey.own_nodes().contains(&on.as_str());
        match luck.below(3) {
            0 if own => sets.push(Set::new(on, Setting::LogLevel(Severity::Warn))),
            1 if level == Level::Expert => {
                let ways = cause.candidate.at.iter().filter(|place| place.contains("->"));
                let ours = |place: &&String| survey.ways.iter().any(|way| way.name == **place);
                sets.extend(ways.filter(ours).take(1).map(|way| Set::new(way, Setting::ClientSpans(false))));
            }
            2 => {
                let queue = |place: &&String| {
                    survey.consumers.iter().any(|one| format!("{} -> {}", one.queue, one.name) == **place)
                };
                let found = cause.candidate.at.iter().find(queue);
                sets.extend(found.map(|way| Set::new(way, Setting::Trace(Propagation::Dropped))));
            }
            _ => {}
        }
    }
    sets
}

/// Numbers of changes, growing as in real life.
struct Numbers {
    next: u64,
    ids: BTreeSet<String>,
}

impl Numbers {
    fn id(&mut self, kind: ChangeKind, luck: &mut Luck) -> String {
        let prefix = match kind {
            ChangeKind::Deploy => "deploy",
            ChangeKind::Config => "config",
            ChangeKind::Flag => "flag",
            ChangeKind::Traffic => "traffic",
            ChangeKind::Scaling => "scaling",
            ChangeKind::Region => "region",
            ChangeKind::DependencySla => "sla",
            ChangeKind::Infrastructure => "infra",
        };
        loop {
            self.next += luck.between(1, 6);
            let id = format!("{prefix}-{}", self.next);
            if self.ids.insert(id.clone()) {
                return id;
            }
        }
    }
}

fn author(kind: ChangeKind, luck: &mut Luck) -> &'static str {
    luck.word(match kind {
        ChangeKind::Deploy => &["release-bot"],
        ChangeKind::DependencySla => &["vendor notice"],
        ChangeKind::Traffic => &["marketing", "sales"],
        ChangeKind::Infrastructure | ChangeKind::Region => &["network-team", "data-centre", "platform-team"],
        _ => &["platform-team", "reliability-team", "architecture guild"],
    })
}

/// Changes that harm nobody: some near the cause in time and place, as luck has it.
fn innocent(
    survey: &Survey<'_>,
    causes: &[Chosen],
    (level, opens_at): (Level, SimTime),
    numbers: &mut Numbers,
    luck: &mut Luck,
) -> Vec<Scripted> {
    let wanted = match level {
        Level::FirstSteps => 2,
        Level::Practised => 4,
        Level::Expert => 5,
    };
    let mut found = Vec::new();
    for number in 0..wanted {
        let near = number == 0 || luck.below(3) == 0;
        let cause = causes.get(luck.below(causes.len()));
        let at = match cause.filter(|_| near) {
            Some(cause) => cause.at + Duration::from_mins(luck.between(1, 6)),
            None => SimTime(Duration::from_mins(luck.between(9, opens_at.0 / 60_000_000_000 - 4)).0),
        };
        let beside = cause.filter(|_| near).map(|cause| cause.candidate.on.clone());
        if let Some(change) = harmless(survey, beside, numbers, luck) {
            let part = if causes.iter().any(|cause| at < cause.at) { Part::Background } else { Part::RedHerring };
            found.push(Scripted { at, part, change });
        }
    }
    found
}

fn harmless(survey: &Survey<'_>, beside: Option<String>, numbers: &mut Numbers, luck: &mut Luck) -> Option<Change> {
    let own = survey.own_nodes();
    let runs = |name: &&str| {
        survey
            .spec
            .nodes
            .get(*name)
            .is_some_and(|node| matches!(node.kind, Kind::Service | Kind::Worker | Kind::Gateway))
    };
    let running: Vec<&str> = own.iter().copied().filter(runs).collect();
    let of_kind = |kind: Kind| -> Vec<&str> {
        survey.spec.nodes.iter().filter(|(_, node)| node.kind == kind).map(|(name, _)| name.as_str()).collect()
    };
    let beside = beside.filter(|name| running.contains(&name.as_str()));
    let kind = if beside.is_some() { 0 } else { luck.below(5) };
    let (kind, on, says, sets, rolling): (ChangeKind, String, String, Vec<Set>, Duration) = match kind {
        0 | 1 => {
            let on = beside.or_else(|| luck.pick(&running).map(|name| (*name).to_owned()))?;
            let version = bumped(&survey.spec.nodes.get(&on)?.version, luck);
            let what = luck.word(&DEPLOYS);
            let sets = vec![Set::new(&on, Setting::Version(version.clone()))];
            (ChangeKind::Deploy, on.clone(), format!("{on} {version}: {what}"), sets, Duration::from_secs(30))
        }
        2 => {
            let on = (*luck.pick(&of_kind(Kind::Users))?).to_owned();
            let factor = 1.0 + luck.between(2, 6) as f64 / 100.0;
            let sets = vec![Set::new(&on, Setting::TrafficFactor(factor))];
            (ChangeKind::Traffic, on, luck.word(&CROWDS).to_owned(), sets, Duration::ZERO)
        }
        3 if !of_kind(Kind::External).is_empty() => {
            let on = (*luck.pick(&of_kind(Kind::External))?).to_owned();
            let says = format!("{on}: {}", luck.word(&NOTICES));
            (ChangeKind::DependencySla, on, says, Vec::new(), Duration::ZERO)
        }
        _ => {
            let on = (*luck.pick(&own)?).to_owned();
            let says = format!("{on}: {}", luck.word(&WORKS));
            (ChangeKind::Infrastructure, on, says, Vec::new(), Duration::ZERO)
        }
    };
    let id = numbers.id(kind, luck);
    let by = author(kind, luck).to_owned();
    Some(Change { says: Some(says), by, on, rolling, ..Change::new(id, kind, sets) })
}

const DEPLOYS: [&str; 7] = [
    "texts of error pages",
    "new layout behind the old one's address",
    "dependency updates, no functional change",
    "clearer names in the audit log",
    "second step of the clean-up of old code",
    "copyright year",
    "support for one more language",
];
const CROWDS: [&str; 3] =
    ["newsletter sent to 40,000 people", "television spot on channel 2", "campaign on social media"];
const NOTICES: [&str; 3] = [
    "maintenance of reporting endpoints tonight",
    "new address of the status page from next month",
    "invoices will be sent by e-mail",
];
const WORKS: [&str; 4] = [
    "backup window moved to the morning",
    "certificates renewed",
    "minor version planned for next week, nothing done yet",
    "disks checked, no findings",
];

/// The next version after this one.
fn bumped(version: &str, luck: &mut Luck) -> String {
    let mut parts: Vec<&str> = version.split('.').collect();
    let last: Option<u64> = parts.pop().and_then(|last| last.parse().ok());
    match last {
        Some(last) if !parts.is_empty() => format!("{}.{}", parts.join("."), last + luck.between(1, 2)),
        _ => format!("{version}-r{}", luck.between(2, 9)),
    }
}
