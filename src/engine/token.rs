//! Tokens: stamped by an issuer's clock, judged by a verifier's. Knows stamps; which of two clocks is wrong, nobody here
//! can tell.

use bevy_ecs::component::Component;

use super::data::{Part, Source, VersionId, merge};
use super::emit::Value;
use super::ids::DatumId;
use super::slab::Key;
use super::{Simulation, data};
use crate::time::{Duration, Stamp};
use crate::world::{Issues, Severity};

/// A token, as issued.
#[derive(Clone, Copy, Debug)]
pub struct Token {
    datum: DatumId,
    issued: Stamp,
    not_before: Option<Stamp>,
    expires: Stamp,
}

/// The number of a token, from 1; zero is none.
pub type TokenId = u32;

/// A replica that issues tokens.
#[derive(Component, Clone, Copy, Debug)]
pub struct Issuer(pub Issues);

/// A replica that verifies tokens.
#[derive(Component, Clone, Copy, Debug)]
pub struct Verifier {
    pub datum: DatumId,
    pub leeway: Duration,
    pub issued_at: bool,
    pub log: bool,
}

impl Verifier {
    /// Why a token is refused at the instant that the verifier's clock says, if it is.
    fn objection(&self, token: Option<&Token>, now: Stamp) -> Option<&'static str> {
        let Some(token) = token.filter(|token| token.datum == self.datum) else { return Some("no token") };
        let leeway = self.leeway.0 as i64;
        if token.expires.0.saturating_add(leeway) <= now.0 {
            Some("token is expired")
        } else if token.not_before.is_some_and(|from| from.0 > now.0.saturating_add(leeway)) {
            Some("token is not valid yet")
        } else if self.issued_at && token.issued.0 > now.0.saturating_add(leeway) {
            Some("token used before issued")
        } else {
            None
        }
    }
}

impl Simulation {
    /// The step that stamps a token; it becomes a part of the answer.
    pub(super) fn issue(&mut self, key: Key, datum: DatumId) {
        let Some(visit) = self.visits.get_mut(key) else { return };
        let issued = self.fabric.replica(visit.instance).clock.stamp(self.now);
        let Some(issuer) = self.fabric.part::<Issuer>(visit.instance).map(|issuer| issuer.0) else { return };
        self.tokens.push(Token {
            datum,
            issued,
            not_before: issuer.not_before.map(|wait| Stamp(issued.0.saturating_add(wait.0))),
            expires: Stamp(issued.0.saturating_add(issuer.valid_for.0 as i64)),
        });
        let number = VersionId(self.tokens.len() as TokenId);
        let datum_key = data::key_of(&self.plan, datum, visit.context.journey, visit.context.user);
        merge(&mut visit.parts, Part { datum, key: datum_key, version: number, source: Source::Token });
    }

    /// A user's request without a good token is refused.
    pub(super) fn verify_token(&mut self, key: Key) {
        let Some(visit) = self.visits.get_mut(key) else { return };
        if visit.context.debt.is_none() || visit.status >= 400 {
            return;
        }
        let instance = visit.instance;
        let now = self.fabric.replica(instance).clock.stamp(self.now);
        let token = visit.context.token.checked_sub(1).and_then(|at| self.tokens.get(at as usize));
        let Some(verifier) = self.fabric.part::<Verifier>(instance) else { return };
        let Some(objection) = verifier.objection(token, now) else { return };
        visit.status = 401;
        if verifier.log {
            let reason = Value::Name(objection);
            self.say(instance, Severity::Warn, "request refused: {}", &[("error.message", reason)]);
        }
    }
}

/// The token in an answer, if there is one.
pub fn token_in(parts: &[Part]) -> Option<TokenId> {
    parts.iter().find(|part| part.source == Source::Token).map(|part| part.version.0)
}
