//! A plot: which causes, when, behind what, and among which innocent changes. Drawn by luck alone; whether it is fit,
//! proof tells. When all times are drawn, ids and versions are given in their order, as in real life.

use std::collections::{BTreeMap, BTreeSet};

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
/// The most innocent changes at the node of a cause.
const MOST_BESIDE: usize = 2;

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
    let mut causes = Vec::new();
    for candidate in chosen {
        let says = luck.pick(&candidate.says).cloned().unwrap_or_default();
        let by = author(candidate.kind, luck);
        causes.push(Chosen { degree: 0, at, id: String::new(), by, says, candidate });
        at += Duration::from_mins(luck.between(NEXT_CAUSE.0, NEXT_CAUSE.1));
    }
    let last = causes.last().map_or(at, |cause| cause.at);
    let opens_at = last + Duration::from_mins(luck.between(ARRIVES.0, ARRIVES.1));
    let mut quiet: Vec<Set> = causes.iter().flat_map(|cause| cause.candidate.quiet.clone()).collect();
    quiet.extend(camouflage(survey, &causes, level, luck));
    dedup(&mut quiet);
    let mut innocent = innocent(survey, &causes, (level, opens_at), luck);
    innocent.sort_by_key(|scripted| scripted.at);
    number(&mut causes, &mut innocent, luck);
    give_versions(survey, &mut innocent, luck);
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

/// Gives all changes their ids: numbers grow with time. Of changes at the same time the feed has causes first.
fn number(causes: &mut [Chosen], innocent: &mut [Scripted], luck: &mut Luck) {
    let of_causes = causes.iter_mut().map(|cause| (cause.at, cause.candidate.kind, &mut cause.id));
    let of_innocent = innocent.iter_mut().map(|scripted| (scripted.at, scripted.change.kind, &mut scripted.change.id));
    let mut all: Vec<(SimTime, ChangeKind, &mut String)> = of_causes.chain(of_innocent).collect();
    all.sort_by_key(|(at, ..)| *at);
    let mut next = luck.between(1200, 4800);
    for (_, kind, id) in all {
        next += luck.between(1, 6);
        *id = format!("{}-{next}", prefix(kind));
    }
}

/// What ids of a kind begin with.
fn prefix(kind: ChangeKind) -> &'static str {
    match kind {
        ChangeKind::DependencySla => "sla",
        ChangeKind::Infrastructure => "infra",
        other => other.words(),
    }
}

/// Gives innocent deploys, which are in order of time, their versions: each is above the one before it at its node.
fn give_versions(survey: &Survey<'_>, innocent: &mut [Scripted], luck: &mut Luck) {
    let mut newest: BTreeMap<String, String> = BTreeMap::new();
    let deploys = innocent.iter_mut().map(|scripted| &mut scripted.change);
    for change in deploys.filter(|change| change.kind == ChangeKind::Deploy) {
        let Some(node) = survey.spec.nodes.get(&change.on) else { continue };
        let version = bumped(newest.get(&change.on).unwrap_or(&node.version), luck);
        let what = change.says.take().unwrap_or_default();
        change.says = Some(format!("{} {version}: {what}", change.on));
        change.sets = vec![Set::new(&change.on, Setting::Version(version.clone()))];
        newest.insert(change.on.clone(), version);
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

/// Changes that harm nobody: some near the cause in time and place, as luck has it. They have no ids yet, and deploys no
/// versions.
fn innocent(
    survey: &Survey<'_>,
    causes: &[Chosen],
    (level, opens_at): (Level, SimTime),
    luck: &mut Luck,
) -> Vec<Scripted> {
    let wanted = match level {
        Level::FirstSteps => 2,
        Level::Practised => 4,
        Level::Expert => 5,
    };
    let mut found: Vec<Scripted> = Vec::new();
    for number in 0..wanted {
        let near = number == 0 || luck.below(3) == 0;
        let cause = causes.get(luck.below(causes.len()));
        let at = match cause.filter(|_| near) {
            Some(cause) => cause.at + Duration::from_mins(luck.between(1, 6)),
            None => SimTime(Duration::from_mins(luck.between(9, opens_at.0 / 60_000_000_000 - 4)).0),
        };
        let beside = cause.filter(|_| near).map(|cause| cause.candidate.on.as_str());
        let has_room = |node: &str| {
            let is_guilty = causes.iter().any(|cause| cause.candidate.on == node);
            !is_guilty || found.iter().filter(|scripted| scripted.change.on == node).count() < MOST_BESIDE
        };
        if let Some(change) = harmless(survey, beside, &has_room, luck) {
            let part = if causes.iter().any(|cause| at < cause.at) { Part::Background } else { Part::RedHerring };
            found.push(Scripted { at, part, change });
        }
    }
    found
}

/// A change that harms nobody, at a node that has room for it: a deploy at the one that it shall be beside, if it can be.
fn harmless(
    survey: &Survey<'_>,
    beside: Option<&str>,
    has_room: &dyn Fn(&str) -> bool,
    luck: &mut Luck,
) -> Option<Change> {
    let own: Vec<&str> = survey.own_nodes().into_iter().filter(|name| has_room(name)).collect();
    let runs = |name: &&str| {
        survey
            .spec
            .nodes
            .get(*name)
            .is_some_and(|node| matches!(node.kind, Kind::Service | Kind::Worker | Kind::Gateway))
    };
    let running: Vec<&str> = own.iter().copied().filter(runs).collect();
    let of_kind = |kind: Kind| -> Vec<&str> {
        let names = survey.spec.nodes.iter().filter(|(_, node)| node.kind == kind).map(|(name, _)| name.as_str());
        names.filter(|name| has_room(name)).collect()
    };
    let beside = beside.filter(|name| running.contains(name));
    let kind = if beside.is_some() { 0 } else { luck.below(5) };
    let (kind, on, says, sets, rolling): (ChangeKind, String, String, Vec<Set>, Duration) = match kind {
        0 | 1 => {
            let on = beside.or_else(|| luck.pick(&running).copied())?.to_owned();
            (ChangeKind::Deploy, on, luck.word(&DEPLOYS).to_owned(), Vec::new(), Duration::from_secs(30))
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
    let by = author(kind, luck).to_owned();
    Some(Change { says: Some(says), by, on, rolling, ..Change::new("", kind, sets) })
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
    let stem = version.trim_end_matches(|letter: char| letter.is_ascii_digit());
    let last: Option<u64> = version.strip_prefix(stem).and_then(|last| last.parse().ok());
    match last {
        Some(last) if stem.ends_with(['.', 'r']) => format!("{stem}{}", last.saturating_add(luck.between(1, 2))),
        _ => format!("{version}-r{}", luck.between(2, 9)),
    }
}
