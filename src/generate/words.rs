//! Words of a generated incident, from a bank: the ticket by the journey that suffers and how, hints, the debrief and what
//! an expert would have done. The ticket knows no cause; the rest is for those who ask.

use super::luck::Luck;
use super::plot::{Chosen, Plot};
use super::proof::Proof;
use super::survey::Survey;
use crate::lab::trial::{complaints, spoken};
use crate::lesson::{Effect, Evidence, Texts};
use crate::time::{Epoch, SimTime};
use crate::truth::Outcome;

const TITLES: [&str; 6] = [
    "A quiet complaint",
    "Green since this morning",
    "Nothing to see",
    "It works for me",
    "An odd hour",
    "All pages say ok",
];
const REPORTERS: [&str; 4] = ["Customer support", "Second-level support", "An account manager", "The help desk"];
const OPENINGS: [&str; 4] = [
    "For a while now people have been writing to us about {journey}.",
    "We get messages about {journey}, more than on other days.",
    "Something is odd with {journey}, say those who call us.",
    "I do not know whether this is for you: it is about {journey}.",
];
const ASIDES: [&str; 5] = [
    "Others have no trouble at all.",
    "When they try again it is sometimes fine.",
    "I tried it myself and it worked.",
    "It is not everybody, and we see no pattern.",
    "One of them is a good customer, so I promised to ask.",
];
const CLOSINGS: [&str; 4] = [
    "All health pages are green and there are no alerts. Can someone have a look?",
    "The status page says that all is well. Is it?",
    "Monitoring says there is nothing. I would still like to give them an answer.",
    "On call sees no errors and closed my first ticket, so here is a second one.",
];

/// What a first look at such harm should be.
fn first_hint(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Partial => {
            "Nothing failed, so do not look for failures. An answer that lacks something has a size, and something stood in for what is missing."
        }
        Outcome::Lost => {
            "Every answer was good. Ask what had to happen after it, where it was handed over, and whether as much came out there as went in."
        }
        Outcome::Late => {
            "The answers are fast, and still somebody waits. Follow what happens after an answer, and ask how old the oldest thing is that waits."
        }
        Outcome::Duplicated => "Somebody asked once and it was done twice. Count attempts, not requests.",
        Outcome::Stale => "What is shown was right once. Ask each place that keeps a copy how old its copy is.",
        Outcome::Wrong | Outcome::Misordered => {
            "What came was good, and not for this user or not at this time. Compare several reports."
        }
        Outcome::Refused => "Not everybody is refused. Slice by kind of user before you look at any log.",
        Outcome::Right | Outcome::Failed => "Compare those who suffer with those who do not.",
    }
}

/// All that words are made from.
pub(super) struct Story<'a> {
    pub survey: &'a Survey<'a>,
    pub plot: &'a Plot,
    pub proof: &'a Proof,
    pub epoch: Epoch,
}

impl Story<'_> {
    fn clock(&self, at: SimTime) -> String {
        let time = self.epoch.time_of_day(at.stamp());
        time.get(..5).unwrap_or_default().to_owned()
    }

    /// Charts that show it, in words.
    pub fn evidence(&self) -> Vec<Evidence> {
        let since = self.plot.causes.iter().map(|cause| cause.at).min().unwrap_or_default();
        let shows = format!("differs since {} from what it would have been", self.clock(since));
        self.proof
            .charts
            .iter()
            .map(|chart| Evidence { chart: chart.clone(), query: None, shows: shows.clone() })
            .collect()
    }

    /// All texts.
    pub fn texts(&self, luck: &mut Luck) -> Texts {
        let title = luck.word(&TITLES);
        let place = &self.survey.spec.title;
        Texts {
            title: format!("{title} ({place})"),
            summary: "A generated incident: nobody has seen it before.".into(),
            reporter: luck.word(&REPORTERS).into(),
            ticket: self.ticket(luck),
            hints: self.hints(),
            debrief: self.debrief(),
            expert: self.expert(),
            assumes: Vec::new(),
            teaches: Vec::new(),
        }
    }

    fn ticket(&self, luck: &mut Luck) -> String {
        let journey = spoken(&self.proof.journey);
        let parts = [
            luck.word(&OPENINGS).replace("{journey}", &journey),
            luck.word(complaints(self.proof.outcome)).to_owned(),
            luck.word(&ASIDES).to_owned(),
            luck.word(&CLOSINGS).to_owned(),
        ];
        parts.join(" ")
    }

    fn hints(&self) -> Vec<String> {
        let several = if self.plot.causes.len() > 1 { " More than one thing went wrong." } else { "" };
        let neighbourhood: Vec<&str> = self.plot.causes.iter().map(|cause| cause.candidate.on.as_str()).collect();
        let first = self.plot.causes.first();
        let look = first.map_or(String::new(), |cause| {
            let at = cause.candidate.at.first().map_or("", String::as_str);
            let chart = self.proof.charts.first().map_or(String::new(), crate::lab::ChartQuery::words);
            format!("Chart {chart}. Then read the configuration of {at}, and what changed at {}.", self.clock(cause.at))
        });
        vec![
            first_hint(self.proof.outcome).to_owned(),
            format!(
                "Draw the path of {}. Stop at {}: what does it do when something that it calls is not what it should be, and who hears of it?{several}",
                spoken(&self.proof.journey),
                neighbourhood.join(" and at ")
            ),
            look,
        ]
    }

    fn cause(&self, cause: &Chosen) -> String {
        let degree = cause.candidate.degrees.get(cause.degree);
        let did = degree.map_or("", |degree| degree.did.as_str());
        format!(
            "At {} {} was rolled out, and with it {did}. Nothing rang: {}.",
            self.clock(cause.at),
            cause.id,
            cause.candidate.hides
        )
    }

    fn debrief(&self) -> String {
        let mut parts: Vec<String> = self.plot.causes.iter().map(|cause| self.cause(cause)).collect();
        let journeys: Vec<String> = self.proof.journeys.iter().map(|journey| spoken(journey)).collect();
        parts.push(format!(
            "Until the ticket was opened, requests on {} ended otherwise than their users were owed; most of them came out {}.",
            journeys.join(", "),
            self.proof.outcome.name()
        ));
        let of = |wanted: Effect| -> Vec<String> {
            let found = self.proof.fixes.iter().filter(|(_, effect)| *effect == wanted);
            found.map(|(fixes, _)| fixes.iter().map(crate::lab::Fix::words).collect::<Vec<_>>().join(" and ")).collect()
        };
        let (roots, patches) = (of(Effect::Root), of(Effect::Symptom));
        parts.push(format!("What ends it: {}.", roots.join("; or ")));
        if !patches.is_empty() {
            parts.push(format!("What only seems to: {}.", patches.join("; ")));
        }
        let watch: Vec<&str> = self.plot.causes.iter().map(|cause| cause.candidate.watch.as_str()).collect();
        parts.push(format!("A health page should ask {}.", watch.join(", and ")));
        parts.join(" ")
    }

    fn expert(&self) -> Vec<String> {
        let causes = &self.plot.causes;
        let each = |of: &dyn Fn(&Chosen) -> String| causes.iter().map(of).collect::<Vec<_>>().join("; ");
        let journeys: Vec<String> = self.proof.journeys.iter().map(|journey| spoken(journey)).collect();
        let charts: Vec<String> = self.proof.charts.iter().take(3).map(crate::lab::ChartQuery::words).collect();
        let root = self.proof.fixes.iter().find(|(_, effect)| *effect == Effect::Root);
        let root = root.map(|(fixes, _)| fixes.iter().map(crate::lab::Fix::words).collect::<Vec<_>>().join(" and "));
        let herrings: Vec<&str> = self.plot.innocent.iter().map(|scripted| scripted.change.id.as_str()).collect();
        vec![
            format!(
                "Map: the path of {}, down to {}.",
                journeys.join(" and "),
                each(&|cause| cause.candidate.at.join(" / "))
            ),
            format!("Narrow: reports come from {}.", journeys.join(" and ")),
            format!("Identify: silent here: {}.", each(&|cause| cause.candidate.silent_arrows.join(", "))),
            format!(
                "Check changes: {}; innocent are {}.",
                each(&|cause| format!("{} at {}", cause.id, self.clock(cause.at))),
                herrings.join(", ")
            ),
            format!("Verify health: all pages are ok; none asks {}.", each(&|cause| cause.candidate.watch.clone())),
            format!(
                "Trace: compare a harmed request with a good one where they cross {}.",
                each(&|cause| cause.candidate.on.clone())
            ),
            format!(
                "Hypothesise: {}; pinned: {}.",
                each(&|cause| format!(
                    "{} at {}",
                    cause.candidate.mechanism.words(),
                    cause.candidate.at.first().map_or("", String::as_str)
                )),
                charts.join("; ")
            ),
            format!("Fix: {}.", root.unwrap_or_default()),
            "Document: what was thought, what was found, what the real fix is.".to_owned(),
        ]
    }
}
