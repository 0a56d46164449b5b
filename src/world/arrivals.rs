//! Journeys that start when a file says: CSV into rows. Knows the file's columns; what the words in it must be, the users'
//! own data say.

use std::collections::BTreeMap;
use std::path::{Component, Path};
use std::sync::Arc;

use super::{Users, WorldSpec};
use crate::diagnostic::{DataPath, Findings, Problem, Problems, Source, did_you_mean, read_text_within, short};
use crate::time::{LONGEST_RUN, SimTime};

/// The most rows of one file, and the most bytes: as many as these rows may have.
const MOST_ROWS: usize = 1_000_000;
const LARGEST_FILE: u64 = 64 << 20;
/// The most journeys that start in one second.
const MOST_PER_SECOND: usize = 100_000;

/// A journey that starts at its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Arrival {
    pub at: SimTime,
    /// Its place among the users' journeys, in order of name.
    pub journey: u16,
    pub user: Option<u32>,
    /// Places among the users' regions, account types and client versions, where they matter.
    pub facts: [Option<u16>; 3],
}

/// The arrivals of each node of users that has a file, by its name.
pub(crate) type Arrivals = BTreeMap<String, Arc<Vec<Arrival>>>;

const COLUMNS: [&str; 6] = ["time", "journey", "user", "region", "account", "client"];

/// Reads the files that a world names. `folder` is where the world's own file is, if it has one.
pub(super) fn read(spec: &WorldSpec, folder: Option<&Path>, found: &mut Findings) -> Result<Arrivals, Problems> {
    let mut arrivals = Arrivals::new();
    for (name, node) in &spec.nodes {
        let Some((users, file)) = node.users.as_ref().and_then(|users| Some((users, users.trace.as_ref()?))) else {
            continue;
        };
        let path = DataPath::root().field("nodes").key(name).field("users").field("trace");
        let inside = Path::new(file).components().all(|part| matches!(part, Component::Normal(_) | Component::CurDir));
        match folder {
            _ if !inside || file.is_empty() => {
                let what = format!("`{}` does not lead to a file in the folder of this world", short(file));
                found.value(&path, what, "write a relative path such as \"traces/friday.csv\"");
            }
            None => found.value(
                &path,
                "a trace is read from the folder of the world's file, and this world has none",
                "load the world from a file, or leave `trace` out",
            ),
            Some(folder) => {
                let help = "use a part of the file: a trace has at most 1,000,000 journeys";
                let rows = rows(&read_text_within(&folder.join(file), LARGEST_FILE, help)?, users)?;
                arrivals.insert(name.clone(), Arc::new(rows));
            }
        }
    }
    Ok(arrivals)
}

/// All rows of a file, in order of time.
fn rows(source: &Arc<Source>, users: &Users) -> Result<Vec<Arrival>, Problems> {
    let mut reader = Reader { source, users, columns: Vec::new(), problems: Problems::none() };
    let (mut rows, mut start, mut last_line) = (Vec::<Arrival>::new(), 0, 0);
    for (line, text) in source.text.split_inclusive('\n').enumerate() {
        let span = start..start + text.trim_end().len();
        start += text.len();
        let text = text.trim_end();
        if text.trim().is_empty() {
            continue;
        }
        if reader.columns.is_empty() {
            reader.header(text, &span);
            if !reader.problems.is_empty() {
                break;
            }
            continue;
        }
        let Some(row) = reader.row(text, &span) else { continue };
        let crowded = rows.len().checked_sub(MOST_PER_SECOND).and_then(|at| rows.get(at));
        if rows.last().is_some_and(|last| last.at > row.at) {
            let what = format!("this journey starts before that of line {last_line}");
            reader.wrong(&span, what, "sort the file by `time`");
            break;
        } else if rows.len() == MOST_ROWS {
            reader.wrong(&span, format!("more than {MOST_ROWS} journeys"), "use a part of the file, or a larger rate");
            break;
        } else if crowded.is_some_and(|first| row.at.since(first.at).as_secs_f64() < 1.0) {
            let what = format!("more than {MOST_PER_SECOND} journeys in one second");
            reader.wrong(&span, what, "spread them over more time");
            break;
        }
        rows.push(row);
        last_line = line + 1;
    }
    if rows.is_empty() && reader.problems.is_empty() {
        let what = "there are no journeys in this file";
        reader.problems.push(Problem::in_file(source.name.clone(), what).help("write \"time,journey\" and rows"));
    }
    reader.problems.or(rows)
}

struct Reader<'a> {
    source: &'a Arc<Source>,
    users: &'a Users,
    /// The place of each column in [`COLUMNS`].
    columns: Vec<usize>,
    problems: Problems,
}

impl Reader<'_> {
    fn wrong(&mut self, span: &std::ops::Range<usize>, what: String, help: &str) {
        self.problems.push(Problem::in_text(self.source, span.clone(), what).help(help));
    }

    fn header(&mut self, text: &str, span: &std::ops::Range<usize>) {
        for column in text.split(',').map(str::trim) {
            match COLUMNS.iter().position(|known| *known == column) {
                Some(at) if self.columns.contains(&at) => {
                    self.wrong(span, format!("the column `{column}` is given twice"), "remove one of the two");
                }
                Some(at) => self.columns.push(at),
                None => {
                    let help =
                        did_you_mean(column, COLUMNS, "the columns are time, journey, user, region, account, client");
                    self.wrong(span, format!("there is no column `{}`", short(column)), &help);
                }
            }
        }
        if self.problems.is_empty() && !(self.columns.contains(&0) && self.columns.contains(&1)) {
            let what = "the first line must name the columns `time` and `journey`".to_owned();
            self.wrong(span, what, "write \"time,journey\" there");
        }
    }

    fn row(&mut self, text: &str, span: &std::ops::Range<usize>) -> Option<Arrival> {
        let cells: Vec<&str> = text.split(',').map(str::trim).collect();
        if cells.len() != self.columns.len() {
            let what = format!("{} cells, and there are {} columns", cells.len(), self.columns.len());
            self.wrong(span, what, "write one cell for each column, without quotes or commas in it");
            return None;
        }
        let mut row = Arrival { at: SimTime::ZERO, journey: 0, user: None, facts: [None; 3] };
        let users = self.users;
        let columns = self.columns.clone();
        for (cell, column) in cells.into_iter().zip(columns) {
            match column {
                0 => row.at = self.time(cell, span)?,
                1 => row.journey = self.word(cell, span, "journey", &users.journeys)?,
                _ if cell.is_empty() => {}
                2 => match cell.parse::<u32>() {
                    Ok(user) if user < users.count => row.user = Some(user),
                    _ => {
                        let what = format!("`{}` is not the number of a user", short(cell));
                        self.wrong(span, what, &format!("write a number from 0 to {}", users.count - 1));
                        return None;
                    }
                },
                3 => row.facts[0] = Some(self.word(cell, span, "region", &users.regions)?),
                4 => row.facts[1] = Some(self.word(cell, span, "account type", &users.accounts)?),
                _ => row.facts[2] = Some(self.word(cell, span, "client version", &users.clients)?),
            }
        }
        Some(row)
    }

    fn time(&mut self, cell: &str, span: &std::ops::Range<usize>) -> Option<SimTime> {
        let secs = cell.parse::<f64>().ok().filter(|secs| (0.0..=LONGEST_RUN.as_secs_f64()).contains(secs));
        if secs.is_none() {
            let what = format!("`{}` is not a time in seconds since the start", short(cell));
            self.wrong(span, what, "write a number such as 12.5");
        }
        secs.map(|secs| SimTime(crate::time::Duration::from_secs_f64(secs).0))
    }

    fn word(
        &mut self,
        cell: &str,
        span: &std::ops::Range<usize>,
        kind: &str,
        known: &BTreeMap<String, f64>,
    ) -> Option<u16> {
        let place = known.keys().position(|word| word == cell);
        if place.is_none() {
            let help = did_you_mean(cell, known.keys().map(String::as_str), "these users have none");
            self.wrong(span, format!("these users have no {kind} `{}`", short(cell)), &help);
        }
        place.map(|place| place as u16)
    }
}
