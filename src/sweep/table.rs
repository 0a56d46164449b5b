//! How detectors did, over all incidents of a sweep and lesson by lesson. Knows rows; nothing of how they came to be.

use std::collections::BTreeMap;
use std::io;

use serde::Serialize;

use super::{FORMAT, Row, Swept};
use crate::detect::median;

/// The quantile of the normal distribution for 95 %.
const Z: f64 = 1.959_963_984_540_054;

/// How a detector did.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Score {
    /// The detector.
    pub detector: String,
    /// Incidents that harmed users: lessons and seeds.
    pub incidents: u64,
    /// Those that it found.
    pub found: u64,
    /// The share of them, with 95 % confidence (Wilson 1927).
    pub recall: Option<[f64; 3]>,
    /// Controls: runs without a cause.
    pub controls: u64,
    /// Those in which it found something.
    pub rang: u64,
    /// Of the runs in which it found something, with a cause and without, the share of those with one: as many of either
    /// are looked at.
    pub precision: Option<f64>,
    /// Hours that controls were watched.
    pub control_hours: f64,
    /// Findings in controls, an hour.
    pub false_alarms_per_hour: f64,
    /// Findings before the cause.
    pub early: u64,
    /// Seconds from the onset of harm to the first finding: the median of those that it found.
    pub median_delay_secs: Option<f64>,
    /// Of the incidents that it found, the share in which a finding names a place of the cause.
    pub names_cause: Option<f64>,
    /// Of the incidents that it found, different services that findings name, on average.
    pub services: Option<f64>,
}

/// The tables of a sweep.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Table {
    /// The version of the file.
    pub format: &'static str,
    /// The build that ran.
    pub build: String,
    /// The first seed, and the one after the last.
    pub seeds: (u64, u64),
    /// Tasks that came to nothing: seeds that generate no incident.
    pub passed: u64,
    /// All incidents.
    pub detectors: Vec<Score>,
    /// Lesson by lesson; generated incidents of one world are one.
    pub lessons: Vec<OfLesson>,
}

/// How detectors did on one lesson.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct OfLesson {
    /// The lesson, or where incidents were generated.
    pub lesson: String,
    /// All detectors.
    pub detectors: Vec<Score>,
}

impl Table {
    /// The tables of a sweep.
    pub fn new(swept: &Swept) -> Table {
        let mut lessons: BTreeMap<(u64, String), Vec<&Row>> = BTreeMap::new();
        let plan = &swept.plan;
        for row in &swept.rows {
            let place = plan.lessons.iter().position(|lesson| row.generated.is_none() && lesson.name == row.lesson);
            let name = row.generated.as_ref().map_or(row.lesson.clone(), |world| format!("generated in {world}"));
            lessons.entry((place.map_or(u64::MAX, |at| at as u64), name)).or_default().push(row);
        }
        let all: Vec<&Row> = swept.rows.iter().collect();
        let scores = |rows: &[&Row]| plan.detectors.iter().map(|name| score(name, rows)).collect::<Vec<_>>();
        Table {
            format: FORMAT,
            build: plan.build.clone(),
            seeds: plan.seeds,
            passed: swept.passed.len() as u64,
            detectors: scores(&all),
            lessons: lessons
                .into_iter()
                .map(|((_, lesson), rows)| OfLesson { lesson, detectors: scores(&rows) })
                .collect(),
        }
    }

    /// The tables as comma-separated values: a row for each detector, over all lessons (`lesson` is empty) and then for each.
    ///
    /// # Errors
    ///
    /// None, as long as there is memory.
    pub fn csv(&self) -> io::Result<String> {
        let mut writer = csv::Writer::from_writer(Vec::new());
        writer.write_record(COLUMNS)?;
        let all = std::iter::once(("", &self.detectors));
        for (lesson, scores) in all.chain(self.lessons.iter().map(|of| (of.lesson.as_str(), &of.detectors))) {
            for score in scores {
                writer.write_record(cells(lesson, score))?;
            }
        }
        let bytes = writer.into_inner().map_err(|error| io::Error::other(error.to_string()))?;
        String::from_utf8(bytes).map_err(io::Error::other)
    }
}

/// The columns of [`Table::csv`].
const COLUMNS: [&str; 16] = [
    "lesson",
    "detector",
    "incidents",
    "found",
    "recall",
    "recall_low",
    "recall_high",
    "precision",
    "controls",
    "rang",
    "control_hours",
    "false_alarms_per_hour",
    "early",
    "median_delay_secs",
    "names_cause",
    "services",
];

fn cells(lesson: &str, score: &Score) -> [String; COLUMNS.len()] {
    let number = |value: Option<f64>| value.map_or(String::new(), |value| format!("{value:.4}"));
    let recall = |at: usize| number(score.recall.map(|recall| recall[at]));
    [
        lesson.to_owned(),
        score.detector.clone(),
        score.incidents.to_string(),
        score.found.to_string(),
        recall(0),
        recall(1),
        recall(2),
        number(score.precision),
        score.controls.to_string(),
        score.rang.to_string(),
        number(Some(score.control_hours)),
        number(Some(score.false_alarms_per_hour)),
        score.early.to_string(),
        number(score.median_delay_secs),
        number(score.names_cause),
        number(score.services),
    ]
}

fn score(detector: &str, rows: &[&Row]) -> Score {
    let own: Vec<&Row> = rows.iter().copied().filter(|row| row.detector == detector).collect();
    let incidents = own.iter().filter(|row| row.counts()).count() as u64;
    let found: Vec<&Row> = own.iter().copied().filter(|row| row.is_found()).collect();
    let rang = own.iter().filter(|row| row.control > 0).count() as u64;
    // Of a lesson without a cause there is a control alone, and of a harmless incident none that counts.
    let beside = own.iter().filter(|row| row.counts() && row.control > 0).count();
    let hours: f64 = own.iter().map(|row| row.watched().as_secs_f64() / 3600.0).sum();
    let false_alarms = own.iter().map(|row| row.control).sum::<u64>() as f64;
    let of_found = |sum: f64| (!found.is_empty()).then(|| sum / found.len() as f64);
    Score {
        detector: detector.to_owned(),
        incidents,
        found: found.len() as u64,
        recall: (incidents > 0).then(|| wilson(found.len() as u64, incidents)),
        controls: own.len() as u64,
        rang,
        precision: (found.len() + beside > 0).then(|| found.len() as f64 / (found.len() + beside) as f64),
        control_hours: hours,
        false_alarms_per_hour: if hours > 0.0 { false_alarms / hours } else { 0.0 },
        early: own.iter().map(|row| row.early).sum(),
        median_delay_secs: median(found.iter().filter_map(|row| row.delay_secs()).collect()),
        names_cause: of_found(found.iter().filter(|row| row.names_cause).count() as f64),
        services: of_found(found.iter().map(|row| row.services as f64).sum()),
    }
}

/// A share, and between what it is with 95 % confidence (Wilson, *Probable inference, the law of succession, and statistical
/// inference*, JASA 22, 1927).
fn wilson(found: u64, of: u64) -> [f64; 3] {
    let (n, share) = (of as f64, found as f64 / of as f64);
    let scale = 1.0 + Z * Z / n;
    let middle = (share + Z * Z / (2.0 * n)) / scale;
    let half = Z / scale * (share * (1.0 - share) / n + Z * Z / (4.0 * n * n)).sqrt();
    [share, (middle - half).max(0.0), (middle + half).min(1.0)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_interval_is_that_of_the_text_books() {
        // Brown, Cai and DasGupta, Interval Estimation for a Binomial Proportion, 2001.
        let [share, low, high] = wilson(0, 10);
        assert!(share == 0.0 && low == 0.0 && (high - 0.2775).abs() < 1e-4, "{high}");
        let [share, low, high] = wilson(5, 10);
        assert!(share == 0.5 && (low - 0.2366).abs() < 1e-4 && (high - 0.7634).abs() < 1e-4, "{low} {high}");
        let [_, low, high] = wilson(10, 10);
        assert!((low - 0.7225).abs() < 1e-4 && high > 0.999_999, "{low} {high}");
    }
}
