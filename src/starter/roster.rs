//! Names of a company's parts, and the luck by which they are drawn.

use crate::random::{Identity, Seed, Stream};

/// A sequence of random choices, the same for the same company.
pub(super) struct Luck {
    stream: Stream,
    drawn: u64,
}

impl Luck {
    pub fn new(name: &str, services: u16, seed: u64) -> Luck {
        Luck { stream: Stream::new(Seed(seed), name, &format!("company of {services}")), drawn: 0 }
    }

    /// Uniform in `[0, 1)`.
    pub fn unit(&mut self) -> f64 {
        self.drawn += 1;
        self.stream.unit(Identity(self.drawn), 0)
    }

    /// True with this probability.
    pub fn chance(&mut self, p: f64) -> bool {
        self.unit() < p
    }

    /// A whole number below `n`; 0 when `n` is 0.
    pub fn below(&mut self, n: usize) -> usize {
        self.drawn += 1;
        self.stream.index(Identity(self.drawn), 0, n)
    }

    /// One of these, by weight; None if there is none.
    pub fn weighted(&mut self, from: &[usize], weight: impl Fn(&usize) -> f64) -> Option<usize> {
        let all: f64 = from.iter().map(&weight).sum();
        let mut left = self.unit() * all;
        for one in from {
            left -= weight(one);
            if left < 0.0 {
                return Some(*one);
            }
        }
        from.last().copied()
    }

    /// The same things in another order.
    pub fn shuffle<T>(&mut self, things: &mut [T]) {
        for last in (1..things.len()).rev() {
            let other = self.below(last + 1);
            things.swap(last, other);
        }
    }
}

/// The name of a domain; the first one is the platform.
pub(super) fn domain(number: usize) -> String {
    numbered(DOMAINS[number % DOMAINS.len()], number / DOMAINS.len())
}

/// The name of a domain's service, each once.
pub(super) fn service(domain: &str, at: usize, luck: &mut Luck) -> String {
    let shift = if at == 0 { luck.below(PARTS.len()) } else { 0 };
    let part = PARTS[(at + shift) % PARTS.len()];
    // The first one has a place of its own in the list, so that domains differ.
    if at == 0 { format!("{domain}-core-{part}") } else { numbered(&format!("{domain}-{part}"), at / PARTS.len()) }
}

fn numbered(name: &str, times: usize) -> String {
    if times == 0 { name.to_owned() } else { format!("{name}-{}", times + 1) }
}

const DOMAINS: [&str; 24] = [
    "platform", "accounts", "orders", "catalog", "search", "payments", "delivery", "messages", "pricing", "stock",
    "reviews", "offers", "returns", "partners", "media", "risk", "support", "loyalty", "billing", "reports", "content",
    "fleet", "tax", "alerts",
];

const PARTS: [&str; 40] = [
    "records",
    "index",
    "rules",
    "history",
    "limits",
    "labels",
    "quotes",
    "policy",
    "scores",
    "events",
    "views",
    "notes",
    "plans",
    "terms",
    "routes",
    "slots",
    "links",
    "files",
    "tags",
    "groups",
    "audit",
    "match",
    "merge",
    "export",
    "import",
    "filter",
    "sort",
    "rank",
    "render",
    "resolve",
    "check",
    "track",
    "split",
    "queue-keeper",
    "schedule",
    "translate",
    "suggest",
    "compare",
    "archive",
    "api",
];
