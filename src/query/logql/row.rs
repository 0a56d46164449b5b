//! One line on its way through a pipeline: its text, its labels and what went wrong.

use super::template::Scope;
use super::value::Labels;

/// A line and its labels. The stream's labels are shared; only differences are held.
pub(super) struct Row<'a> {
    pub stream: &'a Labels,
    pub at: i64,
    pub now: i64,
    pub line: String,
    /// One entry a name.
    changed: Vec<Changed>,
    pub error: Option<(&'static str, String)>,
    shown_error: (String, String),
}

/// A label that is not as the stream has it.
struct Changed {
    name: String,
    /// None where it was removed.
    value: Option<String>,
    origin: Origin,
}

/// Where a label that the stream does not have comes from.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Origin {
    Metadata,
    /// A stage made it.
    Parsed,
}

impl<'a> Row<'a> {
    pub fn new(stream: &'a Labels, at: i64, now: i64) -> Self {
        Row { stream, at, now, line: String::new(), changed: Vec::new(), error: None, shown_error: Default::default() }
    }

    pub fn get(&self, name: &str) -> Option<&str> {
        match (name, &self.error) {
            ("__error__", Some(_)) => return Some(&self.shown_error.0),
            ("__error_details__", Some(_)) => return Some(&self.shown_error.1),
            _ => {}
        }
        match self.changed.iter().find(|known| known.name == name) {
            Some(known) => known.value.as_deref(),
            None => self.stream.get(name),
        }
    }

    pub fn set(&mut self, name: &str, value: &str) {
        self.change(name, Some(value.to_owned()), Origin::Parsed);
    }

    pub fn remove(&mut self, name: &str) {
        match name {
            "__error__" => self.error = None,
            "__error_details__" => self.shown_error.1.clear(),
            _ if self.get(name).is_some() => self.change(name, None, Origin::Parsed),
            _ => {}
        }
    }

    fn change(&mut self, name: &str, value: Option<String>, origin: Origin) {
        match self.changed.iter_mut().find(|known| known.name == name) {
            Some(known) => (known.value, known.origin) = (value, origin),
            None => self.changed.push(Changed { name: name.to_owned(), value, origin }),
        }
    }

    pub fn set_metadata(&mut self, name: &str, value: &str) {
        self.change(&sanitized(name), Some(value.to_owned()), Origin::Metadata);
    }

    /// Sets a label that a parser found. One that the stream has gets a suffix; metadata of that name gives way.
    pub fn set_parsed(&mut self, name: &str, value: &str) {
        if self.stream.get(name).is_some() {
            self.set(&format!("{name}_extracted"), value);
        } else {
            self.set(name, value);
        }
    }

    pub fn fail(&mut self, kind: &'static str, details: String) {
        self.shown_error = (kind.to_owned(), details.clone());
        self.error = Some((kind, details));
    }

    pub fn names(&self) -> Vec<String> {
        let own = self.changed.iter().filter(|known| known.value.is_some()).map(|known| known.name.clone());
        let stream = self.stream.iter().map(|(name, _)| name.to_owned());
        own.chain(stream.filter(|name| !self.changed.iter().any(|known| known.name == *name))).collect()
    }

    /// Whether the labels are the stream's.
    pub fn unchanged(&self) -> bool {
        self.changed.is_empty() && self.error.is_none()
    }

    pub fn labels(&self) -> Labels {
        let mut labels = self.stream.clone();
        self.changed.iter().for_each(|known| labels.remove(&known.name));
        self.add_metadata(&mut labels);
        self.add_parsed(&mut labels);
        labels
    }

    /// The labels that are structured metadata.
    pub fn metadata(&self) -> Labels {
        let mut labels = Labels::default();
        self.add_metadata(&mut labels);
        labels
    }

    /// The labels that stages made.
    pub fn parsed(&self) -> Labels {
        let mut labels = Labels::default();
        self.add_parsed(&mut labels);
        labels
    }

    fn add_metadata(&self, labels: &mut Labels) {
        for (name, value) in self.of_origin(Origin::Metadata) {
            labels.set(name, value);
        }
    }

    fn add_parsed(&self, labels: &mut Labels) {
        for (name, value) in self.of_origin(Origin::Parsed) {
            labels.put(name, value);
        }
        if self.error.is_some() {
            labels.set("__error__".to_owned(), self.shown_error.0.clone());
            labels.set("__error_details__".to_owned(), self.shown_error.1.clone());
        }
    }

    fn of_origin(&self, origin: Origin) -> impl Iterator<Item = (String, String)> {
        let own = self.changed.iter().filter(move |known| known.origin == origin);
        own.filter_map(|known| Some((known.name.clone(), known.value.clone()?)))
    }
}

impl Scope for Row<'_> {
    fn label(&self, name: &str) -> Option<&str> {
        self.get(name)
    }
    fn line(&self) -> &str {
        &self.line
    }
    fn at(&self) -> i64 {
        self.at
    }
    fn now(&self) -> i64 {
        self.now
    }
}

/// A key as a label's name: letters, digits and underscores, no digit first.
pub(super) fn sanitized(key: &str) -> String {
    let mut name = String::with_capacity(key.len());
    for c in key.trim().chars() {
        if name.is_empty() && c.is_ascii_digit() {
            name.push('_');
        }
        name.push(if c.is_ascii_alphanumeric() || c == '_' { c } else { '_' });
    }
    name
}
