//! Compensated summation after Kahan and Neumaier, and the mean that does not overflow, as Prometheus has them.

/// A running sum with its compensation.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Sum {
    sum: f64,
    c: f64,
}

impl Sum {
    pub(super) fn add(&mut self, v: f64) {
        let t = self.sum + v;
        if t.is_infinite() {
            self.c = 0.0;
        } else if self.sum.abs() >= v.abs() {
            self.c += (self.sum - t) + v;
        } else {
            self.c += (v - t) + self.sum;
        }
        self.sum = t;
    }

    pub(super) fn get(&self) -> f64 {
        if self.sum.is_infinite() { self.sum } else { self.sum + self.c }
    }
}

/// A running mean: of the plain sum until that overflows, incremental from then on.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Mean {
    acc: Sum,
    count: f64,
    incremental: bool,
}

impl Mean {
    pub(super) fn add(&mut self, v: f64) {
        self.count += 1.0;
        let n = self.count;
        if n == 1.0 {
            self.acc.sum = v;
            return;
        }
        if !self.incremental {
            let mut next = self.acc;
            next.add(v);
            if !next.sum.is_infinite() {
                self.acc = next;
                return;
            }
            self.incremental = true;
            self.acc = Sum { sum: self.acc.sum / (n - 1.0), c: self.acc.c / (n - 1.0) };
        }
        let q = (n - 1.0) / n;
        self.acc = Sum { sum: q * self.acc.sum, c: q * self.acc.c };
        self.acc.add(v / n);
    }

    pub(super) fn get(&self) -> f64 {
        if self.incremental { self.acc.sum + self.acc.c } else { self.acc.sum / self.count + self.acc.c / self.count }
    }
}

/// The variance of a window, compensated.
pub(super) fn variance(values: impl Iterator<Item = f64>) -> f64 {
    let (mut count, mut mean, mut aux) = (0.0, Sum::default(), Sum::default());
    for v in values {
        count += 1.0;
        let delta = v - (mean.sum + mean.c);
        mean.add(delta / count);
        aux.add(delta * (v - (mean.sum + mean.c)));
    }
    (aux.sum + aux.c) / count
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_terms_survive_large_ones() {
        let mut sum = Sum::default();
        [1.0, 1e100, 1.0, -1e100].into_iter().for_each(|v| sum.add(v));
        assert_eq!(sum.get(), 2.0);
    }

    #[test]
    fn a_mean_of_huge_values_does_not_overflow() {
        let mut mean = Mean::default();
        (0..3).for_each(|_| mean.add(9e307));
        assert!((mean.get() / 9e307 - 1.0).abs() < 1e-12);
    }

    #[test]
    fn a_variance_is_compensated() {
        assert_eq!(variance([0.0, 8.0, 8.0, 2.0, 3.0].into_iter()), 10.559999999999999);
    }
}
