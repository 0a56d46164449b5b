//! Statistics of numbers, as Loki computes them.

/// The population variance.
pub(super) fn variance(values: impl Iterator<Item = f64>) -> f64 {
    let (mut count, mut mean, mut total) = (0.0, 0.0, 0.0);
    for value in values {
        count += 1.0;
        let delta = value - mean;
        mean += delta / count;
        total += delta * (value - mean);
    }
    total / count
}
