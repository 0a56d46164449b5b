//! Quantiles of samples, as Prometheus and Loki compute them.

/// The φ-quantile by linear interpolation; sorts `values`, NaN first.
pub(super) fn quantile(q: f64, values: &mut [f64]) -> f64 {
    if values.is_empty() || q.is_nan() {
        return f64::NAN;
    }
    if q < 0.0 {
        return f64::NEG_INFINITY;
    }
    if q > 1.0 {
        return f64::INFINITY;
    }
    values.sort_by(|a, b| b.is_nan().cmp(&a.is_nan()).then(a.partial_cmp(b).unwrap_or(std::cmp::Ordering::Equal)));
    let rank = q * (values.len() as f64 - 1.0);
    let lower = rank.floor().max(0.0) as usize;
    let upper = (lower + 1).min(values.len() - 1);
    let weight = rank - rank.floor();
    values[lower] * (1.0 - weight) + values[upper] * weight
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_interpolate() {
        assert_eq!(quantile(0.8, &mut [0.0, 4.0, 1.0]), 2.8000000000000003);
        assert_eq!(quantile(-1.0, &mut [0.0]), f64::NEG_INFINITY);
        assert_eq!(quantile(2.0, &mut [0.0]), f64::INFINITY);
        assert!(quantile(0.5, &mut []).is_nan());
    }
}
