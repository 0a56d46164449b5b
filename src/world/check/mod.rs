//! Whether a world is right: all that is wrong with it, at once, each with its place and a remedy. Knows what the
//! engine relies on; never runs anything.
//!
//! One file for each concern; [`ranges`] is shared with lessons, whose changes set the same settings.

mod arrows;
mod calls;
mod circles;
mod cost;
mod graph;
pub(crate) mod limits;
mod nodes;
pub(crate) mod ranges;
pub(crate) mod routing;
pub(crate) mod service;
mod tokens;
mod users;

use std::collections::{BTreeMap, BTreeSet};

use super::{Arrow, Datum, FORMAT, Popularity, WorldSpec};
use crate::diagnostic::{DataPath, Findings};
use crate::time::{Duration, Epoch, Stamp};

pub(crate) use arrows::{canonical, neighbours, partition, split};
pub(crate) use cost::{MOST_EVENTS_PER_SECOND, events_per_second};
pub(crate) use nodes::{MOST_REPLICAS, cache_ttl, health_check};

/// The most entries of one kind, such as nodes: the engine numbers them with 16 bits.
const MOST_OF_A_KIND: usize = 60_000;
/// The latest stamp of a run, ten years after its start and then some.
const LATEST: Stamp = Stamp(12 * 366 * 86_400 * 1_000_000_000);
/// The longest name.
const LONGEST_NAME: usize = 64;
/// Keys under Zipf's law in all data together: each costs a table entry.
const MOST_ZIPF_KEYS: u64 = 10_000_000;

/// A world being checked, and what is wrong with it so far.
struct Check<'a> {
    spec: &'a WorldSpec,
    /// Arrows by both ends.
    out: Neighbours<'a>,
    /// Families of data that are tokens.
    tokens: BTreeSet<&'a str>,
    found: Findings,
}

impl<'a> Check<'a> {
    fn new(spec: &'a WorldSpec) -> Self {
        Check { spec, out: neighbours(spec), tokens: tokens::families(spec), found: Findings::default() }
    }
}

/// Arrows by the caller's name, then by the callee's.
pub(crate) type Neighbours<'a> = BTreeMap<&'a str, BTreeMap<&'a str, &'a Arrow>>;

/// All that is wrong with a world.
pub(crate) fn world(spec: &WorldSpec) -> Findings {
    let mut check = Check::new(spec);
    check.root();
    check.data();
    check.arrows();
    check.nodes();
    check.calls();
    check.users();
    check.journeys();
    // What follows walks over calls: it needs names that lead somewhere.
    if check.found.is_empty() {
        check.graph();
    }
    check.found
}

/// What is wrong with the format of a file, and what to do.
pub(crate) fn format_words(format: u32) -> (String, String) {
    let what = format!("this file is of format {format}, and this program reads format {FORMAT}");
    let help = if format > FORMAT { "use a newer allgreen" } else { "write `format: 1` and check the file again" };
    (what, help.to_owned())
}

impl Check<'_> {
    fn root(&mut self) {
        let root = DataPath::root();
        let found = &mut self.found;
        if self.spec.format != FORMAT {
            let (what, help) = format_words(self.spec.format);
            found.value(&root.field("format"), what, help);
        }
        name(found, &root.field("name"), false, &self.spec.name);
        not_blank(found, &root.field("title"), "the title", &self.spec.title);
        match Epoch::parse(&self.spec.epoch) {
            Ok(epoch) if epoch.unix_ns(LATEST) > i128::from(i64::MAX) => {
                let what =
                    format!("`{}` is so late that times do not fit into 64 bits of nanoseconds", self.spec.epoch);
                found.value(&root.field("epoch"), what, "choose a year before 2250");
            }
            Ok(_) => {}
            Err(error) => {
                let (what, help) = error.split_once("; ").unwrap_or((&error, ""));
                found.value(&root.field("epoch"), what, help);
            }
        }
        let monitor = root.field("monitor");
        if let Some(tail) = &self.spec.monitor.tail {
            let path = monitor.field("tail");
            ranges::share(found, &path.field("share"), "`share`", tail.share);
            ranges::time(found, &path.field("wait"), "`wait`", tail.wait, Duration::ZERO);
        }
        let times = [("scrape_every", self.spec.monitor.scrape_every), ("probe_every", self.spec.monitor.probe_every)];
        for (field, time) in times {
            ranges::time(found, &monitor.field(field), &format!("`{field}`"), time, Duration::from_secs(1));
        }
        let counts = [
            ("data", self.spec.data.len()),
            ("nodes", self.spec.nodes.len()),
            ("arrows", self.spec.arrows.len()),
            ("journeys", self.spec.journeys.len()),
        ];
        for (field, count) in counts {
            found.range(&root.field(field), &format!("the number of {field}"), count, 0..=MOST_OF_A_KIND);
        }
        if self.spec.nodes.is_empty() {
            found.value(&root.field("nodes"), "there are no nodes", "add one: \"web\": (kind: Service),");
        }
    }

    fn data(&mut self) {
        let data = DataPath::root().field("data");
        let mut zipf_keys = 0;
        for (datum_name, datum) in &self.spec.data {
            let path = data.key(datum_name);
            name(&mut self.found, &path, true, datum_name);
            datum_ranges(&mut self.found, &path, datum);
            if matches!(datum.popularity, Popularity::Zipf(_)) {
                zipf_keys += u64::from(datum.keys);
            }
        }
        if zipf_keys > MOST_ZIPF_KEYS {
            let what = format!("{zipf_keys} keys under Zipf's law are more than fit: at most {MOST_ZIPF_KEYS} in all");
            self.found.key(&data, what, "use fewer keys, or `Uniform` for the larger families");
        }
    }
}

fn datum_ranges(found: &mut Findings, path: &DataPath, datum: &Datum) {
    let keys = path.field("keys");
    if let Popularity::Zipf(exponent) = datum.popularity {
        found.range(&path.field("popularity").at(0), "Zipf's exponent", exponent, 0.0..=5.0);
        found.range(&keys, "the number of keys under Zipf's law", datum.keys, 1..=1_000_000);
    } else {
        found.range(&keys, "the number of keys", datum.keys, 1..=50_000_000);
    }
    for (field, bytes) in [("bytes", datum.bytes), ("default_bytes", datum.default_bytes)] {
        found.range(&path.field(field), &format!("`{field}`"), bytes, 0..=100_000_000);
    }
}

/// A name that is safe in files, telemetry and sentences.
pub(crate) fn name(found: &mut Findings, path: &DataPath, is_key: bool, name: &str) {
    name_with(found, path, is_key, name, "-_");
}

/// A name that may contain these characters besides letters and digits.
fn name_with(found: &mut Findings, path: &DataPath, is_key: bool, name: &str, others: &str) {
    let sane = |c: char| c.is_ascii_alphanumeric() || others.contains(c);
    let fits = !name.is_empty() && name.len() <= LONGEST_NAME && name.chars().all(sane);
    if !fits {
        let what = match name {
            "" => "this name is empty".to_owned(),
            _ if name.chars().all(sane) => format!("this name is longer than {LONGEST_NAME} characters"),
            _ => format!("`{}` is not a name", crate::diagnostic::short(name)),
        };
        let others: Vec<String> = others.chars().map(|c| format!("`{c}`")).collect();
        let help = format!("use letters a to z, digits, {}; at most {LONGEST_NAME} of them", others.join(", "));
        if is_key { found.key(path, what, help) } else { found.value(path, what, help) }
    }
}

/// A word that people read and telemetry carries: a region, a version.
fn label(found: &mut Findings, path: &DataPath, is_key: bool, label: &str) {
    let fits = !label.trim().is_empty() && label.len() <= LONGEST_NAME && !label.chars().any(char::is_control);
    if !fits {
        let what = "this word is empty, too long or not printable";
        let help = format!("write 1 to {LONGEST_NAME} printable characters");
        if is_key { found.key(path, what, help) } else { found.value(path, what, help) }
    }
}

/// Words for people must be there.
pub(crate) fn not_blank(found: &mut Findings, path: &DataPath, what: &str, text: &str) {
    if text.trim().is_empty() {
        found.value(path, format!("{what} is empty"), "write some words for people");
    }
}
