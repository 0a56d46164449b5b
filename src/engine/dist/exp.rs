//! The exponential function for draws: a table and a short polynomial (Tang, *Table-driven implementation of the
//! exponential function in IEEE floating-point arithmetic*, 1989). Additions and multiplications alone, so that every
//! machine has the same; off by at most one part in 10¹², and several times as fast as a correctly rounded one.

use std::sync::LazyLock;

const STEPS: usize = 256;

/// The powers of two between 1 and 2.
static POWERS: LazyLock<[f64; STEPS]> =
    LazyLock::new(|| std::array::from_fn(|step| libm::exp2(step as f64 / STEPS as f64)));

/// Adding and subtracting this rounds to a whole number, which is in the lowest bits of the sum.
const ROUND: f64 = 6_755_399_441_055_744.0;

/// e to the power of `x`, which is at most 700 either way.
#[inline]
pub fn exp(x: f64) -> f64 {
    let steps = x * (STEPS as f64 * std::f64::consts::LOG2_E);
    let sum = steps + ROUND;
    let whole = sum.to_bits() as i32;
    let rest = (steps - (sum - ROUND)) * (std::f64::consts::LN_2 / STEPS as f64);
    let polynomial = (1.0 + rest) + rest * rest * (0.5 + rest * (1.0 / 6.0));
    let exponent = (whole.div_euclid(STEPS as i32) + 1023).clamp(1, 2046) as u64;
    f64::from_bits(exponent << 52) * POWERS[whole.rem_euclid(STEPS as i32) as usize] * polynomial
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_the_exponential_function() {
        for n in -70_000..=70_000 {
            let x = f64::from(n) * 0.009_998;
            let (found, expected) = (exp(x), libm::exp(x));
            assert!((found / expected - 1.0).abs() < 1e-12, "exp({x}): {found} against {expected}");
        }
        assert_eq!(exp(0.0), 1.0);
    }
}
