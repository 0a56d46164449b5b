//! The processes that replicas ran, and which of them ran at a time.

use super::ResourceId;
use super::records::ProcessStart;
use crate::time::Stamp;

/// Processes in the order they started.
#[derive(Clone, Debug, Default)]
pub struct Processes {
    starts: Vec<ProcessStart>,
    /// By replica, the places of its own.
    of: Vec<Vec<u32>>,
}

impl Processes {
    /// Adds one that starts.
    pub fn push(&mut self, start: ProcessStart) {
        let replica = usize::from(start.resource.0);
        if self.of.len() <= replica {
            self.of.resize_with(replica + 1, Vec::new);
        }
        self.of[replica].push(self.starts.len() as u32);
        self.starts.push(start);
    }

    /// Whether none is known.
    pub fn is_empty(&self) -> bool {
        self.starts.is_empty()
    }

    /// The one at a place.
    pub fn get(&self, at: usize) -> Option<&ProcessStart> {
        self.starts.get(at)
    }

    /// The place of the one that a replica ran at a time by its own clock: the last that had started by then, or its first.
    pub fn at(&self, resource: ResourceId, stamp: Stamp) -> Option<usize> {
        let own = self.of.get(usize::from(resource.0))?;
        // A clock that was set back may stamp a later start earlier.
        let last = own.iter().rev().find(|at| self.starts[**at as usize].stamp <= stamp);
        last.or(own.first()).map(|at| *at as usize)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_replica_runs_the_last_process_that_started_by_its_clock() {
        let mut all = Processes::default();
        for (resource, stamp) in [(2, 10), (0, 0), (2, 30), (2, 20)] {
            all.push(ProcessStart { stamp: Stamp(stamp), resource: ResourceId(resource), version: String::new() });
        }
        let at = |resource, stamp| all.at(ResourceId(resource), Stamp(stamp));
        assert_eq!([at(2, 5), at(2, 15), at(2, 25), at(2, 40)], [Some(0), Some(0), Some(3), Some(3)]);
        assert_eq!([at(0, 7), at(1, 7), at(9, 7)], [Some(1), None, None]);
    }
}
