//! What the numbers of a series say over time and over buckets. Knows that a process starts anew from zero.

/// Adds to `grown` what each number of a series grew by from one scrape to the next. If any fell, the process had
/// started anew, from zero.
pub fn add_growth(grown: &mut [f64], before: &[f64], after: &[f64]) {
    let restarted = before.iter().zip(after).any(|(before, after)| after < before);
    for ((grown, before), after) in grown.iter_mut().zip(before).zip(after) {
        *grown += if restarted { *after } else { after - before };
    }
}

/// The quantile of a histogram, linear within a bucket; what is above the last bound counts as that bound.
pub fn bucket_quantile(q: f64, bounds: &[f64], counts: &[f64]) -> Option<f64> {
    let total: f64 = counts.iter().sum();
    if total <= 0.0 {
        return None;
    }
    let mut rank = q * total;
    let mut lower = 0.0;
    for (bound, count) in bounds.iter().zip(counts) {
        if rank <= *count && *count > 0.0 {
            return Some(lower + (bound - lower) * rank / count);
        }
        rank -= count;
        lower = *bound;
    }
    bounds.last().copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_linear_within_a_bucket() {
        assert_eq!(bucket_quantile(0.5, &[1.0, 2.0], &[10.0, 0.0, 0.0]), Some(0.5));
        assert_eq!(bucket_quantile(0.75, &[1.0, 2.0], &[10.0, 10.0, 0.0]), Some(1.5));
        assert_eq!(bucket_quantile(0.99, &[1.0, 2.0], &[0.0, 0.0, 4.0]), Some(2.0));
        assert_eq!(bucket_quantile(0.5, &[1.0, 2.0], &[0.0, 0.0, 0.0]), None);
        assert_eq!(bucket_quantile(0.0, &[1.0, 2.0], &[0.0, 3.0, 0.0]), Some(1.0));
    }

    #[test]
    fn a_counter_that_fell_had_started_anew() {
        let mut grown = [0.0; 2];
        add_growth(&mut grown, &[10.0, 3.0], &[15.0, 3.0]);
        assert_eq!(grown, [5.0, 0.0]);
        add_growth(&mut grown, &[15.0, 3.0], &[2.0, 4.0]);
        assert_eq!(grown, [7.0, 4.0]);
    }
}
