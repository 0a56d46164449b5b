//! How much of what is seen chance explains: exact tails of two distributions, and what is made of many tests. Knows
//! numbers alone.

/// By chance a seed fails a property that is true, at most this often.
pub const SEED_ERROR: f64 = 0.01;
/// A property that is true is said to fail, over all seeds, at most this often.
pub const LESSON_ERROR: f64 = 0.05;

/// The probability that of `drawn` out of `all`, of which `marked` are marked, at least `seen` are marked.
pub fn hypergeometric_tail(all: u64, marked: u64, drawn: u64, seen: u64) -> f64 {
    let most = marked.min(drawn);
    let least = (drawn + marked).saturating_sub(all);
    let ways = |k: u64| ln_choose(marked, k) + ln_choose(all - marked, drawn - k) - ln_choose(all, drawn);
    (seen.max(least)..=most).map(|k| libm::exp(ways(k))).sum::<f64>().min(1.0)
}

/// The probability that of `n` trials, each a success with probability `p`, at least `k` are.
pub fn binomial_tail(n: u64, p: f64, k: u64) -> f64 {
    if k == 0 {
        return 1.0;
    }
    let term = |k: u64| ln_choose(n, k) + k as f64 * libm::log(p) + (n - k) as f64 * libm::log1p(-p);
    (k..=n).map(|k| libm::exp(term(k))).sum::<f64>().min(1.0)
}

/// Whether chance explains that so many seeds fail a property that is true.
pub fn is_chance(failed: u64, seeds: u64) -> bool {
    binomial_tail(seeds, SEED_ERROR, failed) >= LESSON_ERROR
}

/// The largest share of all seeds that may fail, given those that were tried, with 95 % confidence (Clopper and
/// Pearson).
pub fn upper_bound(failed: u64, seeds: u64) -> f64 {
    if failed >= seeds {
        return 1.0;
    }
    let (mut low, mut high) = (0.0, 1.0);
    for _ in 0..50 {
        let middle = 0.5 * (low + high);
        // At most `failed` seeds would fail.
        let at_most = 1.0 - binomial_tail(seeds, middle, failed + 1);
        if at_most > 0.05 { low = middle } else { high = middle }
    }
    high
}

/// Which tests reject, of all of them together in error at most `alpha` of the time (Holm).
pub fn holm(p_values: &[f64], alpha: f64) -> Vec<bool> {
    let mut order: Vec<usize> = (0..p_values.len()).collect();
    order.sort_by(|a, b| p_values[*a].total_cmp(&p_values[*b]));
    let mut rejected = vec![false; p_values.len()];
    for (rank, at) in order.into_iter().enumerate() {
        if p_values[at] > alpha / (p_values.len() - rank) as f64 {
            break;
        }
        rejected[at] = true;
    }
    rejected
}

fn ln_choose(n: u64, k: u64) -> f64 {
    let ln_factorial = |n: u64| libm::lgamma(n as f64 + 1.0);
    ln_factorial(n) - ln_factorial(k) - ln_factorial(n - k)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(a: f64, b: f64) {
        assert!((a - b).abs() < 1e-9 * b.abs().max(1e-9) + 1e-12, "{a} {b}");
    }

    #[test]
    fn tails_are_those_of_the_text_books() {
        close(hypergeometric_tail(10, 5, 5, 5), 1.0 / 252.0);
        close(hypergeometric_tail(10, 5, 5, 0), 1.0);
        close(hypergeometric_tail(4, 4, 2, 2), 1.0);
        close(hypergeometric_tail(52, 4, 5, 1), 1.0 - 35_673.0 / 54_145.0);
        close(binomial_tail(10, 0.5, 8), 56.0 / 1024.0);
        close(binomial_tail(3, 0.01, 1), 1.0 - 0.99f64.powi(3));
    }

    #[test]
    fn few_failures_are_chance_and_many_are_not() {
        let allowed = |seeds| (0..=seeds).take_while(|failed| is_chance(*failed, seeds)).count() as u64 - 1;
        assert_eq!([2, 5, 10, 20, 100].map(allowed), [0, 0, 1, 1, 3]);
    }

    #[test]
    fn the_bound_is_that_of_clopper_and_pearson() {
        assert!((upper_bound(0, 20) - (1.0 - 0.05f64.powf(0.05))).abs() < 1e-6);
        assert!((upper_bound(0, 100) - 0.0295).abs() < 1e-4);
        assert_eq!(upper_bound(3, 3), 1.0);
    }

    #[test]
    fn holm_rejects_in_order() {
        assert_eq!(holm(&[0.01, 0.04, 0.03, 0.005], 0.05), [true, false, false, true]);
        assert_eq!(holm(&[0.2, 0.3], 0.05), [false, false]);
    }
}
