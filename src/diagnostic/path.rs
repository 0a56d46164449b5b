//! Where in a world's or lesson's data something is, as `nodes.orders.routes."POST /orders".steps[2]`. Knows names and
//! numbers, never text or positions in it.

use std::fmt;

/// A place in data: from the root, through fields, map keys and list places (counted from 0).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DataPath(Vec<PathStep>);

/// One step from a value into a part of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PathStep {
    /// A field of a struct.
    Field(&'static str),
    /// A key of a map.
    Key(String),
    /// A place of a list or a tuple, counted from 0.
    At(usize),
}

impl DataPath {
    /// The root.
    pub fn root() -> Self {
        DataPath::default()
    }

    /// A field of the value here.
    pub fn field(&self, name: &'static str) -> Self {
        self.then(PathStep::Field(name))
    }

    /// The value under a key of the map here.
    pub fn key(&self, key: &str) -> Self {
        self.then(PathStep::Key(key.to_owned()))
    }

    /// A place of the list or tuple here.
    pub fn at(&self, place: usize) -> Self {
        self.then(PathStep::At(place))
    }

    /// The steps from the root.
    pub fn steps(&self) -> &[PathStep] {
        &self.0
    }

    fn then(&self, step: PathStep) -> Self {
        let mut steps = Vec::with_capacity(self.0.len() + 1);
        steps.extend_from_slice(&self.0);
        steps.push(step);
        DataPath(steps)
    }
}

impl From<Vec<PathStep>> for DataPath {
    fn from(steps: Vec<PathStep>) -> Self {
        DataPath(steps)
    }
}

impl fmt::Display for DataPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return f.write_str("the root");
        }
        for (at, step) in self.0.iter().enumerate() {
            let dot = if at == 0 { "" } else { "." };
            match step {
                PathStep::Field(name) => write!(f, "{dot}{name}")?,
                PathStep::Key(key) if is_plain(key) => write!(f, "{dot}{key}")?,
                PathStep::Key(key) => write!(f, "{dot}{key:?}")?,
                PathStep::At(place) => write!(f, "[{place}]")?,
            }
        }
        Ok(())
    }
}

fn is_plain(key: &str) -> bool {
    !key.is_empty() && key.chars().all(|c| c.is_alphanumeric() || c == '_' || c == '-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_reads_like_the_data() {
        let path =
            DataPath::root().field("nodes").key("orders").field("routes").key("POST /orders").field("steps").at(2);
        assert_eq!(path.to_string(), "nodes.orders.routes.\"POST /orders\".steps[2]");
        assert_eq!(DataPath::root().to_string(), "the root");
    }
}
