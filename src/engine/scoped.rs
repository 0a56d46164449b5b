//! Settings that only some users meet: flags, canaries, faults of one region. Knows who is meant, not what the settings do.

use std::sync::Arc;

use super::flight::Context;
use super::ids::ArrowId;
use super::population::Population;
use crate::world::{Cohort, Setting};

/// The settings of a replica or an arrow's end that differ for some users, oldest first.
#[derive(Clone, Debug, Default)]
pub struct Scoped {
    sets: Vec<ScopedSet>,
}

#[derive(Clone, Debug)]
struct ScopedSet {
    users: Arc<Cohort>,
    to: Setting,
}

/// Tells the shares of users that settings of this arrow are for from others.
pub fn salt_of(arrow: ArrowId) -> u64 {
    1 << 16 | u64::from(arrow.0)
}

impl Scoped {
    /// Whether all users are alike, as they mostly are.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.sets.is_empty()
    }

    /// The newest setting that `pick` knows and that applies to the user.
    pub fn find<T>(
        &self,
        populations: &[Population],
        context: Context,
        salt: u64,
        pick: impl Fn(&Setting) -> Option<T>,
    ) -> Option<T> {
        let population = populations.get(usize::from(context.population))?;
        let newest_first = self.sets.iter().rev();
        newest_first
            .filter_map(|set| Some((set, pick(&set.to)?)))
            .find(|(set, _)| population.belongs(context.user, &set.users, salt))
            .map(|(_, value)| value)
    }

    /// Whether some users have a value of their own of this setting.
    pub fn has(&self, kind: &Setting) -> bool {
        self.sets.iter().any(|set| set.to.is_same(kind))
    }

    /// Gives some users another value, or none of their own. Answers what they had.
    pub fn swap(&mut self, users: &Arc<Cohort>, kind: &Setting, to: Option<Setting>) -> Option<Setting> {
        let known = self.sets.iter().position(|set| set.to.is_same(kind) && set.users == *users);
        let before = known.map(|at| self.sets.remove(at).to);
        self.sets.extend(to.map(|to| ScopedSet { users: users.clone(), to }));
        before
    }

    /// Takes away what differs from what everybody gets now. Answers it.
    pub fn clear(&mut self, kind: &Setting) -> Vec<(Arc<Cohort>, Setting)> {
        let (gone, kept) = self.sets.drain(..).partition(|set| set.to.is_same(kind));
        self.sets = kept;
        let gone: Vec<ScopedSet> = gone;
        gone.into_iter().map(|set| (set.users, set.to)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn some_users_have_a_value_until_everybody_gets_one() {
        let users = Arc::new(Cohort { share: 0.5, ..Cohort::default() });
        let (mut scoped, rate) = (Scoped::default(), Setting::ErrorRate);
        assert_eq!(scoped.swap(&users, &rate(0.1), Some(rate(0.1))), None);
        assert_eq!(scoped.swap(&users, &rate(0.2), Some(rate(0.2))), Some(rate(0.1)));
        assert_eq!(scoped.swap(&users, &Setting::Loss(0.0), Some(Setting::Loss(0.3))), None);
        assert_eq!(scoped.clear(&rate(0.0)), [(users.clone(), rate(0.2))]);
        assert_eq!(scoped.swap(&users, &Setting::Loss(0.0), None), Some(Setting::Loss(0.3)));
        assert!(scoped.is_empty());
    }
}
