//! How much harm chance explains. Knows numbers alone.

/// How often requests are harmed, as far as that is known: so many were, of so many.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rate {
    pub harmed: f64,
    pub requests: f64,
}

impl Rate {
    /// How many of so many requests are harmed, on average.
    pub fn expected(self, requests: u64) -> f64 {
        self.harmed * requests as f64 / self.requests
    }

    /// The probability that so many of them are harmed, or more: a Poisson count whose own rate is known no better than
    /// from the requests that were seen, which makes it negative binomial. Not above what is expected it is taken for one.
    pub fn or_more(self, requests: u64, harmed: u64) -> f64 {
        if harmed as f64 <= self.expected(requests) {
            return 1.0;
        }
        let (known, mut count) = (self.harmed, harmed as f64);
        let more = requests as f64 / (self.requests + requests as f64);
        let ways = libm::lgamma(count + known) - libm::lgamma(known) - libm::lgamma(count + 1.0);
        let mut term = libm::exp(ways + known * libm::log(1.0 - more) + count * libm::log(more));
        let mut sum = 0.0;
        while term > sum * 1e-9 {
            sum += term;
            term *= more * (count + known) / (count + 1.0);
            count += 1.0;
        }
        sum.min(1.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(a: f64, b: f64) {
        assert!((a - b).abs() < 1e-4 * b, "{a} {b}");
    }

    #[test]
    fn tails_are_those_of_the_text_books() {
        let seldom = Rate { harmed: 1.0, requests: 300.0 };
        close(seldom.or_more(100, 3), 0.25_f64.powi(3));
        // A rate that is known well: Poisson, of which 0.5 are expected.
        let known = Rate { harmed: 1e6, requests: 2e8 };
        close(known.or_more(100, 4), 0.001_751_6);
        assert_eq!(known.or_more(1000, 5), 1.0);
        assert_eq!(known.or_more(1000, 1_000_000), 0.0);
    }
}
