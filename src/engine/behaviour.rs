//! Settings of a replica's further behaviours, as changes swap them. Knows how each takes effect; must never know why it
//! was changed.

use super::Simulation;
use super::ids::InstanceId;
use super::token::{Issuer, Verifier};
use crate::time::SignedDuration;
use crate::world::Setting;

impl Simulation {
    /// Gives a replica a new setting of a behaviour. Answers what it was before; None if there is nothing to go back to.
    pub(super) fn set_behaviour(&mut self, instance: InstanceId, to: &Setting) -> Option<Setting> {
        let now = self.now;
        Some(match to {
            Setting::ClockStep(by) => {
                let mut clock = self.fabric.node(instance).clock;
                let (off, _) = clock.error(now);
                clock.step(now, SignedDuration(off.0.saturating_add(by.0)));
                Setting::ClockStep(SignedDuration(-by.0))
            }
            Setting::ClockSync(sync) => Setting::ClockSync(self.set_clock_sync(instance, *sync)),
            Setting::Pause(time) => {
                self.pause(instance, *time);
                return None;
            }
            Setting::MachinePause(time) => {
                self.pause(instance, *time);
                self.fabric.node(instance).clock.stand_still(now, *time);
                return None;
            }
            Setting::TokenLifetime(time) => {
                let mut issuer = self.fabric.part::<Issuer>(instance)?;
                Setting::TokenLifetime(std::mem::replace(&mut issuer.0.valid_for, *time))
            }
            Setting::TokenLeeway(time) => {
                let mut verifier = self.fabric.part::<Verifier>(instance)?;
                Setting::TokenLeeway(std::mem::replace(&mut verifier.leeway, *time))
            }
            _ => return None,
        })
    }
}
