//! Names of mechanisms for people: what a search for a cause finds, in the field's own words and its synonyms.

use crate::lesson::Mechanism;

/// Letters of a word that is searched for without its ending.
const SHORTEST_STEM: usize = 4;

impl Mechanism {
    /// All mechanisms, in order.
    pub const ALL: [Mechanism; 24] = {
        use Mechanism::*;
        [
            SwallowedTimeout,
            ConsumerLag,
            QueueOverflow,
            StaleCache,
            PoisonedCache,
            ClockSkewTokens,
            ClockSkewLease,
            ClockSkewOrder,
            PoolExhaustion,
            OpenBreaker,
            RetryStorm,
            PacketLoss,
            SubsetData,
            LostTraceContext,
            DependencyRefusal,
            Leak,
            ReplicaLag,
            DuplicateEffect,
            DeadLetters,
            SamplingBlindness,
            ScheduledStarvation,
            StaleDiscovery,
            GrayFailure,
            NoIncident,
        ]
    };

    /// Its name for people: `swallowed timeout`.
    pub fn words(self) -> &'static str {
        self.entry().0
    }

    /// Other words for it that a search accepts.
    pub fn synonyms(self) -> &'static [&'static str] {
        self.entry().1
    }

    /// The mechanism that `text` names: by its name, a synonym, or the name in files, in any case.
    pub fn find(text: &str) -> Option<Mechanism> {
        let plain = |text: &str| text.to_lowercase().replace(['-', '_', ' '], "");
        let wanted = plain(text.trim());
        Mechanism::ALL.into_iter().find(|mechanism| {
            let (name, synonyms) = mechanism.entry();
            plain(name) == wanted
                || plain(&format!("{mechanism:?}")) == wanted
                || synonyms.iter().any(|synonym| plain(synonym) == wanted)
        })
    }

    /// Mechanisms whose name and synonyms contain all words of `text`, in any order and case; all for an empty text.
    pub fn search(text: &str) -> impl Iterator<Item = Mechanism> {
        let text = text.to_lowercase();
        let words = text.split(|letter: char| !letter.is_alphanumeric()).filter(|word| !word.is_empty());
        let stems: Vec<String> = words.map(|word| stem(word).to_owned()).collect();
        Mechanism::ALL.into_iter().filter(move |mechanism| {
            let (name, synonyms) = mechanism.entry();
            let known = |stem: &String| name.contains(stem) || synonyms.iter().any(|synonym| synonym.contains(stem));
            stems.iter().all(known)
        })
    }

    fn entry(self) -> (&'static str, &'static [&'static str]) {
        match self {
            Mechanism::SwallowedTimeout => (
                "swallowed timeout",
                &[
                    "silent fallback",
                    "quiet fallback",
                    "timeout with a default value",
                    "caught exception",
                    "partial answer with 200",
                ],
            ),
            Mechanism::ConsumerLag => (
                "consumer lag",
                &[
                    "slow consumer",
                    "queue backlog",
                    "worker too slow",
                    "consumer slower than producer",
                    "message delay",
                ],
            ),
            Mechanism::QueueOverflow => {
                ("queue overflow", &["dropped messages", "full queue", "message loss", "drop after acknowledgement"])
            }
            Mechanism::StaleCache => {
                ("stale cache", &["lost invalidation", "long ttl", "old version served", "outdated cache entry"])
            }
            Mechanism::PoisonedCache => (
                "poisoned cache",
                &["wrong cache entry", "cache key collision", "corrupt cache value", "cache poisoning"],
            ),
            Mechanism::ClockSkewTokens => (
                "clock skew: tokens",
                &[
                    "token from the future",
                    "jwt not yet valid",
                    "token expiry skew",
                    "ntp drift of an issuer",
                    "token stamped by a wrong clock",
                    "token time skew",
                ],
            ),
            Mechanism::ClockSkewLease => (
                "clock skew: leases",
                &[
                    "two lock holders",
                    "lease judged by a wrong clock",
                    "split lock",
                    "lock held twice",
                    "ntp drift of a lock holder",
                    "lease time skew",
                ],
            ),
            Mechanism::ClockSkewOrder => (
                "clock skew: ordering",
                &[
                    "effects before causes",
                    "events out of order",
                    "last write wins by a wrong clock",
                    "timestamp ordering",
                    "timestamp skew",
                    "skewed timestamps",
                    "lost update by clock skew",
                    "ntp drift of a writer",
                ],
            ),
            Mechanism::PoolExhaustion => {
                ("pool exhaustion", &["connection pool exhausted", "waiting for a connection", "connection starvation"])
            }
            Mechanism::OpenBreaker => {
                ("open circuit breaker", &["breaker open", "tripped breaker", "short-circuited calls"])
            }
            Mechanism::RetryStorm => (
                "retry storm",
                &["metastable failure", "retry amplification", "self-sustained overload", "thundering retries"],
            ),
            Mechanism::PacketLoss => {
                ("packet loss", &["partial network loss", "zone partition", "flaky network link", "lossy link"])
            }
            Mechanism::SubsetData => (
                "data wrong for a subset",
                &[
                    "feature flag for some users",
                    "permission of one account type",
                    "bad data for one tenant",
                    "config for a subset",
                ],
            ),
            Mechanism::LostTraceContext => {
                ("lost trace context", &["broken trace propagation", "orphan spans", "trace context dropped"])
            }
            Mechanism::DependencyRefusal => (
                "dependency refuses with 200",
                &["error in the body", "external api refusal", "dependency sla change", "quota exceeded with 200"],
            ),
            Mechanism::Leak => {
                ("leak", &["memory leak", "resource leak", "slow growth until restart", "software aging"])
            }
            Mechanism::ReplicaLag => {
                ("replica lag", &["replication lag", "read your own write", "stale read from a replica"])
            }
            Mechanism::DuplicateEffect => (
                "duplicate effect",
                &["charged twice", "missing idempotency", "retry without idempotency key", "double processing"],
            ),
            Mechanism::DeadLetters => ("dead letters", &["dead-letter queue", "poison message", "silent dlq"]),
            Mechanism::SamplingBlindness => {
                ("sampling blindness", &["head sampling hides failures", "traces not sampled", "low sampling rate"])
            }
            Mechanism::ScheduledStarvation => (
                "scheduled job starves a resource",
                &["cron job", "batch contention", "noisy neighbour", "top of the hour"],
            ),
            Mechanism::StaleDiscovery => {
                ("stale service discovery", &["stale dns", "old address", "calls to a removed replica"])
            }
            Mechanism::GrayFailure => {
                ("gray failure", &["grey failure", "one slow replica", "limping replica", "partial degradation"])
            }
            Mechanism::NoIncident => ("no incident", &["nothing is wrong", "false alarm", "works as intended"]),
        }
    }
}

/// A word without the ending of its plural or its past, if enough is left.
fn stem(word: &str) -> &str {
    let endings = ["ed", "s"].into_iter().filter_map(|ending| word.strip_suffix(ending));
    endings.into_iter().find(|stem| stem.len() >= SHORTEST_STEM).unwrap_or(word)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_word_names_one_mechanism() {
        let mut seen = BTreeSet::new();
        for mechanism in Mechanism::ALL {
            for word in mechanism.synonyms().iter().chain([&mechanism.words()]) {
                assert!(seen.insert(*word), "{word} names two mechanisms");
                assert_eq!(*word, word.to_lowercase());
                assert_eq!(Mechanism::find(word), Some(mechanism));
            }
            assert_eq!(Mechanism::find(&format!("{mechanism:?}")), Some(mechanism));
        }
    }

    #[test]
    fn a_search_finds_by_synonym() {
        assert_eq!(Mechanism::search("Metastable").collect::<Vec<_>>(), [Mechanism::RetryStorm]);
        assert_eq!(Mechanism::search("").count(), Mechanism::ALL.len());
    }

    #[test]
    fn a_search_finds_all_words_in_any_order() {
        let found = |text: &str| Mechanism::search(text).collect::<Vec<_>>();
        assert_eq!(found("Skewed timestamp"), [Mechanism::ClockSkewOrder]);
        assert_eq!(found("backlogs queue"), [Mechanism::ConsumerLag]);
        assert_eq!(found("exhausted pools"), [Mechanism::PoolExhaustion]);
        assert!(found("bad luck").is_empty());
        assert_eq!(Mechanism::find("lost update by clock skew"), Some(Mechanism::ClockSkewOrder));
    }

    #[test]
    fn words_for_any_wrong_clock_find_all_of_them() {
        let clocks = [Mechanism::ClockSkewTokens, Mechanism::ClockSkewLease, Mechanism::ClockSkewOrder];
        for text in ["clock", "clock skew", "skewed clocks", "wrong clock", "clock drift", "ntp drift", "time skew"] {
            assert_eq!(Mechanism::search(text).collect::<Vec<_>>(), clocks, "{text}");
            assert_eq!(Mechanism::find(text), None, "{text}");
        }
    }
}
