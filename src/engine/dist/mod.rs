//! Draws of times. A draw is a pure function of a stream, an identity and a lane; transcendental functions come from
//! the `libm` crate or from [`exp`], so that every machine draws the same.

mod exp;
mod normal;

use crate::random::{Identity, Stream};
use crate::time::Duration;
use crate::world::Dist;

/// Draws one time. Uses lanes `lane` and `lane + 1`.
#[inline]
pub fn sample(dist: &Dist, stream: Stream, identity: Identity, lane: u64) -> Duration {
    match *dist {
        Dist::Const(time) => time,
        Dist::Exp(mean) => exponential(mean.0 as f64, stream.unit(identity, lane)),
        Dist::LogNormal { median, sigma } => median.mul_f64(exp::exp(sigma * normal::normal(stream, identity, lane))),
        Dist::Uniform(low, high) => {
            low + Duration((high - low).0.saturating_add(1)).mul_f64(stream.unit(identity, lane))
        }
    }
}

/// An exponential time with this mean in nanoseconds, from a uniform draw in `[0, 1)`.
#[inline]
pub fn exponential(mean_ns: f64, unit: f64) -> Duration {
    Duration((-mean_ns * libm::log(1.0 - unit)) as u64)
}

/// The mean of a distribution in seconds.
#[cfg(test)]
pub fn mean_secs(dist: &Dist) -> f64 {
    match *dist {
        Dist::Const(time) | Dist::Exp(time) => time.as_secs_f64(),
        Dist::LogNormal { median, sigma } => median.as_secs_f64() * libm::exp(sigma * sigma / 2.0),
        Dist::Uniform(low, high) => (low.as_secs_f64() + high.as_secs_f64()) / 2.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Seed;

    #[test]
    fn draws_have_the_mean_that_they_should() {
        let dists = [
            Dist::Const(Duration::from_millis(5)),
            Dist::Exp(Duration::from_millis(5)),
            Dist::LogNormal { median: Duration::from_millis(5), sigma: 0.5 },
            Dist::Uniform(Duration::from_millis(2), Duration::from_millis(9)),
        ];
        let stream = Stream::new(Seed(11), "test", "draws");
        for dist in dists {
            let n = 200_000;
            let sum: f64 = (0..n).map(|i| sample(&dist, stream, Identity(i), 0).as_secs_f64()).sum();
            let (mean, expected) = (sum / n as f64, mean_secs(&dist));
            // The standard error is below 0.25 % of the mean for each; four of them.
            assert!((mean / expected - 1.0).abs() < 0.01, "{dist:?}: {mean} against {expected}");
        }
    }
}
