//! The shape of one trace: parents, children, the numbers of the nested-set model.

use super::store::Trace;

/// The shape of a trace.
pub(super) struct Tree {
    pub parent: Vec<Option<usize>>,
    pub children: Vec<u32>,
    /// Numbers a span is entered and left with.
    pub left: Vec<i64>,
    pub right: Vec<i64>,
    /// The root that started first.
    pub root: Option<usize>,
    pub start: i64,
    pub end: i64,
}

impl Tree {
    pub fn of(trace: &dyn Trace) -> Self {
        let count = trace.spans();
        let spans: Vec<_> = (0..count).map(|at| trace.span(at)).collect();
        // A parent that is not there, or the span itself, is none.
        let mut parent: Vec<Option<usize>> =
            (0..count).map(|at| trace.parent(at).filter(|parent| *parent < count && *parent != at)).collect();
        let mut below: Vec<Vec<usize>> = vec![Vec::new(); count];
        for (at, parent) in parent.iter().enumerate() {
            if let Some(parent) = parent {
                below[*parent].push(at);
            }
        }
        let (mut left, mut right) = (vec![0; count], vec![0; count]);
        let mut number = 0;
        for (at, _) in parent.iter().enumerate().filter(|(_, parent)| parent.is_none()) {
            // Each span is entered and left once, without recursion.
            let mut stack = vec![(at, 0)];
            while let Some((span, next)) = stack.pop() {
                if next == 0 {
                    number += 1;
                    left[span] = number;
                }
                if let Some(child) = below[span].get(next) {
                    stack.push((span, next + 1));
                    stack.push((*child, 0));
                } else {
                    number += 1;
                    right[span] = number;
                }
            }
        }
        // What hangs on a circle was never entered; it has no parent then.
        for (parent, left) in parent.iter_mut().zip(&left) {
            if *left == 0 {
                *parent = None;
            }
        }
        let children = below.iter().map(|below| below.len() as u32).collect();
        let roots = (0..count).filter(|at| parent[*at].is_none());
        Tree {
            children,
            left,
            right,
            root: roots.min_by_key(|at| spans[*at].start),
            start: spans.iter().map(|span| span.start).min().unwrap_or(0),
            end: spans.iter().map(|span| span.start.saturating_add(span.duration)).max().unwrap_or(0),
            parent,
        }
    }

    /// Whether a span is above another.
    pub fn is_ancestor(&self, above: usize, below: usize) -> bool {
        let known = self.left[above] > 0 && self.left[below] > 0;
        known && self.left[above] < self.left[below] && self.right[below] < self.right[above]
    }
}
