//! What a fix does: its words, and the settings that it changes given what is deployed.

use super::deployed::Deployed;
use crate::engine::NodeConfig;
use crate::lab::Refusal;
use crate::world::{Arrow, Setting};

/// Makes settings out of what is deployed.
type OfArrow<'a> = Box<dyn Fn(&Arrow) -> Result<Vec<Setting>, Refusal> + 'a>;
type OfNode<'a> = Box<dyn Fn(&Deployed<'_>, &str, &NodeConfig) -> Result<Vec<Setting>, Refusal> + 'a>;

/// What a fix does.
pub(super) struct Sheet<'a> {
    /// In words: `set the timeout of web -> catalog to 800ms`.
    pub words: String,
    pub does: Does<'a>,
    /// Which replicas, counted from 1; empty means all.
    pub replicas: Vec<u16>,
}

/// The settings that change.
pub(super) enum Does<'a> {
    /// Those of an earlier change, back to what they were.
    Undo,
    Arrow(OfArrow<'a>),
    Node(OfNode<'a>),
}

impl<'a> Sheet<'a> {
    pub fn undo(words: String) -> Sheet<'a> {
        Sheet { words, does: Does::Undo, replicas: Vec::new() }
    }

    /// Settings of an arrow, given the arrow.
    pub fn arrow(words: String, does: impl Fn(&Arrow) -> Result<Vec<Setting>, Refusal> + 'a) -> Sheet<'a> {
        Sheet { words, does: Does::Arrow(Box::new(does)), replicas: Vec::new() }
    }

    /// A setting of a node, whatever it has now.
    pub fn node(words: String, to: Setting) -> Sheet<'a> {
        Sheet::node_with(words, move |_, _, _| Ok(vec![to.clone()]))
    }

    /// Settings of a node, given its name and configuration.
    pub fn node_with(
        words: String,
        does: impl Fn(&Deployed<'_>, &str, &NodeConfig) -> Result<Vec<Setting>, Refusal> + 'a,
    ) -> Sheet<'a> {
        Sheet { words, does: Does::Node(Box::new(does)), replicas: Vec::new() }
    }
}
