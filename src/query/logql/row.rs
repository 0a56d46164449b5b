//! One line on its way through a pipeline: its text, its labels and what went wrong.

use super::template::Scope;
use super::value::Labels;

/// A line and its labels. The stream's labels are shared; only differences are held.
pub(super) struct Row<'a> {
    pub stream: &'a Labels,
    pub at: i64,
    pub now: i64,
    pub line: String,
    /// Set since, or removed (`None`); one entry a name.
    changed: Vec<(String, Option<String>)>,
    /// How many of `changed` are structured metadata.
    metadata: Vec<String>,
    pub error: Option<(&'static str, String)>,
    shown_error: (String, String),
}

impl<'a> Row<'a> {
    pub fn new(stream: &'a Labels, at: i64, now: i64) -> Self {
        Row {
            stream,
            at,
            now,
            line: String::new(),
            changed: Vec::new(),
            metadata: Vec::new(),
            error: None,
            shown_error: Default::default(),
        }
    }

    pub fn get(&self, name: &str) -> Option<&str> {
        match (name, &self.error) {
            ("__error__", Some(_)) => return Some(&self.shown_error.0),
            ("__error_details__", Some(_)) => return Some(&self.shown_error.1),
            _ => {}
        }
        match self.changed.iter().find(|(known, _)| known == name) {
            Some((_, value)) => value.as_deref(),
            None => self.stream.get(name),
        }
    }

    pub fn set(&mut self, name: &str, value: &str) {
        self.change(name, Some(value.to_owned()));
    }

    pub fn remove(&mut self, name: &str) {
        match name {
            "__error__" => self.error = None,
            "__error_details__" => self.shown_error.1.clear(),
            _ if self.get(name).is_some() => self.change(name, None),
            _ => {}
        }
    }

    fn change(&mut self, name: &str, value: Option<String>) {
        match self.changed.iter_mut().find(|(known, _)| known == name) {
            Some((_, slot)) => *slot = value,
            None => self.changed.push((name.to_owned(), value)),
        }
    }

    pub fn set_metadata(&mut self, name: &str, value: &str) {
        let name = sanitized(name);
        self.change(&name, Some(value.to_owned()));
        self.metadata.push(name);
    }

    /// Sets a label that a parser found; one that the stream or the metadata has gets a suffix.
    pub fn set_parsed(&mut self, name: &str, value: &str) {
        let taken = self.stream.get(name).is_some() || self.metadata.iter().any(|known| known == name);
        if taken {
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
        let own = self.changed.iter().filter(|(_, value)| value.is_some()).map(|(name, _)| name.clone());
        let stream = self.stream.iter().map(|(name, _)| name.to_owned());
        own.chain(stream.filter(|name| !self.changed.iter().any(|(known, _)| known == name))).collect()
    }

    /// Whether the labels are the stream's.
    pub fn unchanged(&self) -> bool {
        self.changed.is_empty() && self.error.is_none()
    }

    pub fn labels(&self) -> Labels {
        let mut labels = self.stream.clone();
        for (name, value) in &self.changed {
            labels.set(name.clone(), value.clone().unwrap_or_default());
        }
        if self.error.is_some() {
            labels.set("__error__".to_owned(), self.shown_error.0.clone());
            labels.set("__error_details__".to_owned(), self.shown_error.1.clone());
        }
        labels
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
