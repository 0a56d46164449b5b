//! Label sets: sorted, without empty values, and cheap to clone. Knows nothing of samples.

use std::fmt::{self, Display};
use std::sync::Arc;

/// The label that holds a metric's name.
pub const METRIC_NAME: &str = "__name__";
/// The label that holds the upper bound of a classic histogram's bucket.
pub const BUCKET: &str = "le";

/// One name and value.
pub type Label = (Arc<str>, Arc<str>);

/// A label set, sorted by name. A label with an empty value is the same as no label.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Labels(Arc<[Label]>);

impl Labels {
    /// The set of these pairs; of two with one name the later wins.
    pub fn new<N: Into<Arc<str>>, V: Into<Arc<str>>>(pairs: impl IntoIterator<Item = (N, V)>) -> Self {
        let mut sorted: Vec<Label> = Vec::new();
        for (name, value) in pairs {
            set(&mut sorted, name.into(), value.into());
        }
        Self(sorted.into())
    }

    /// The value of `name`, empty where the set has no such label.
    pub fn get(&self, name: &str) -> &str {
        match self.0.binary_search_by(|(n, _)| (**n).cmp(name)) {
            Ok(at) => &self.0[at].1,
            Err(_) => "",
        }
    }

    /// The metric's name, empty where there is none.
    pub fn metric_name(&self) -> &str {
        self.get(METRIC_NAME)
    }

    /// The labels in order of their names.
    pub fn iter(&self) -> impl Iterator<Item = &Label> {
        self.0.iter()
    }

    /// Whether there is no label at all.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The same labels without the metric's name.
    #[must_use]
    pub fn without_metric_name(&self) -> Self {
        if self.metric_name().is_empty() { self.clone() } else { self.without(&[]) }
    }

    /// Only the labels of these names.
    #[must_use]
    pub fn only(&self, names: &[Arc<str>]) -> Self {
        Self(self.0.iter().filter(|(n, _)| names.contains(n)).cloned().collect())
    }

    /// All labels but these, and without the metric's name.
    #[must_use]
    pub fn without(&self, names: &[Arc<str>]) -> Self {
        Self(self.0.iter().filter(|(n, _)| **n != *METRIC_NAME && !names.contains(n)).cloned().collect())
    }

    /// All labels but these; the metric's name stays.
    #[must_use]
    pub fn remove(&self, names: &[&str]) -> Self {
        Self(self.0.iter().filter(|(n, _)| !names.contains(&&**n)).cloned().collect())
    }

    /// The same labels with `name` set, or removed if the value is empty.
    #[must_use]
    pub fn with(&self, name: &str, value: &str) -> Self {
        let mut labels = self.0.to_vec();
        set(&mut labels, name.into(), value.into());
        Self(labels.into())
    }
}

fn set(sorted: &mut Vec<Label>, name: Arc<str>, value: Arc<str>) {
    match (sorted.binary_search_by(|(n, _)| n.cmp(&name)), value.is_empty()) {
        (Ok(at), true) => {
            sorted.remove(at);
        }
        (Ok(at), false) => sorted[at].1 = value,
        (Err(_), true) => {}
        (Err(at), false) => sorted.insert(at, (name, value)),
    }
}

/// Whether a label name needs no quotes.
pub fn is_plain_label_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

impl Display for Labels {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.metric_name())?;
        let rest: Vec<_> = self.0.iter().filter(|(n, _)| **n != *METRIC_NAME).collect();
        if rest.is_empty() && !self.is_empty() {
            return Ok(());
        }
        f.write_str("{")?;
        for (i, (name, value)) in rest.into_iter().enumerate() {
            let comma = if i == 0 { "" } else { ", " };
            if is_plain_label_name(name) {
                write!(f, "{comma}{name}={value:?}")?;
            } else {
                write!(f, "{comma}{name:?}={value:?}")?;
            }
        }
        f.write_str("}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_sorted_and_empty_values_vanish() {
        let labels = Labels::new([("b", "2"), ("a", "1"), ("c", ""), (METRIC_NAME, "m")]);
        assert_eq!(labels.to_string(), r#"m{a="1", b="2"}"#);
        assert_eq!(labels.with("a", "").with("z", "9").without_metric_name().to_string(), r#"{b="2", z="9"}"#);
        assert_eq!(labels.only(&["b".into()]).to_string(), r#"{b="2"}"#);
        assert_eq!(Labels::default().to_string(), "{}");
    }
}
