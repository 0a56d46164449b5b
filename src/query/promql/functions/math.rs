//! Functions of one value, some with scalars beside it.

/// The function `name` of `v`; nothing where it drops the value.
pub(in super::super) fn apply(name: &str, v: f64, first: Option<f64>, second: Option<f64>) -> Option<f64> {
    Some(match (name, first, second) {
        ("abs", ..) => v.abs(),
        ("ceil", ..) => v.ceil(),
        ("floor", ..) => v.floor(),
        ("sqrt", ..) => v.sqrt(),
        ("exp", ..) => libm::exp(v),
        ("ln", ..) => libm::log(v),
        ("log2", ..) => libm::log2(v),
        ("log10", ..) => libm::log10(v),
        ("sin", ..) => libm::sin(v),
        ("cos", ..) => libm::cos(v),
        ("tan", ..) => libm::tan(v),
        ("asin", ..) => libm::asin(v),
        ("acos", ..) => libm::acos(v),
        ("atan", ..) => libm::atan(v),
        ("sinh", ..) => libm::sinh(v),
        ("cosh", ..) => libm::cosh(v),
        ("tanh", ..) => libm::tanh(v),
        ("asinh", ..) => libm::asinh(v),
        ("acosh", ..) => libm::acosh(v),
        ("atanh", ..) => libm::atanh(v),
        ("deg", ..) => v * 180.0 / std::f64::consts::PI,
        ("rad", ..) => v * std::f64::consts::PI / 180.0,
        ("sgn", ..) => {
            if v > 0.0 {
                1.0
            } else if v < 0.0 {
                -1.0
            } else {
                v
            }
        }
        ("round", to, _) => {
            // Multiplying by the inverse rounds better than dividing by a fraction.
            let inverse = 1.0 / to.unwrap_or(1.0);
            (v * inverse + 0.5).floor() / inverse
        }
        ("clamp_min", Some(low), _) => max(v, low),
        ("clamp_max", Some(high), _) => min(v, high),
        ("clamp", Some(low), Some(high)) => {
            if high < low {
                return None;
            }
            max(low, min(high, v))
        }
        _ => return None,
    })
}

/// The larger, NaN if either is.
fn max(a: f64, b: f64) -> f64 {
    if a.is_nan() || b.is_nan() { f64::NAN } else { a.max(b) }
}

/// The smaller, NaN if either is.
fn min(a: f64, b: f64) -> f64 {
    if a.is_nan() || b.is_nan() { f64::NAN } else { a.min(b) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounding_and_clamping() {
        assert_eq!(apply("round", -0.5, None, None), Some(0.0));
        assert_eq!(apply("round", 52.4, Some(5.0), None), Some(50.0));
        assert_eq!(apply("clamp", 7.0, Some(5.0), Some(-5.0)), None);
        assert!(apply("clamp", 7.0, Some(f64::NAN), Some(5.0)).is_some_and(f64::is_nan));
        assert_eq!(apply("sgn", -3.0, None, None), Some(-1.0));
    }
}
