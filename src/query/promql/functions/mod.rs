//! The functions of the language: their names and types here, what they do in the files beside.

pub(super) mod calendar;
pub(super) mod histogram;
pub(super) mod label;
pub(super) mod math;
pub(super) mod range;
pub(super) mod rate;

use super::ast::Kind;
use Kind::{Matrix, Scalar, String, Vector};

/// A function's signature.
#[derive(Debug)]
pub struct Function {
    /// Its name.
    pub name: &'static str,
    /// The types of its arguments; the last one may repeat.
    pub args: &'static [Kind],
    /// How few arguments may be given.
    pub args_min: usize,
    /// How many at most.
    pub args_max: usize,
    /// The type of its result.
    pub returns: Kind,
}

const fn exact(name: &'static str, args: &'static [Kind], returns: Kind) -> Function {
    Function { name, args, args_min: args.len(), args_max: args.len(), returns }
}

const fn between(name: &'static str, args: &'static [Kind], args_min: usize, args_max: usize) -> Function {
    Function { name, args, args_min, args_max, returns: Vector }
}

const fn of_vector(name: &'static str) -> Function {
    exact(name, &[Vector], Vector)
}

const fn of_range(name: &'static str) -> Function {
    exact(name, &[Matrix], Vector)
}

const fn of_time(name: &'static str) -> Function {
    between(name, &[Vector], 0, 1)
}

/// As many arguments as one likes.
const ANY: usize = usize::MAX;

static FUNCTIONS: &[Function] = &[
    of_vector("abs"),
    of_vector("absent"),
    of_range("absent_over_time"),
    of_vector("acos"),
    of_vector("acosh"),
    of_vector("asin"),
    of_vector("asinh"),
    of_vector("atan"),
    of_vector("atanh"),
    of_range("avg_over_time"),
    of_vector("ceil"),
    of_range("changes"),
    exact("clamp", &[Vector, Scalar, Scalar], Vector),
    exact("clamp_max", &[Vector, Scalar], Vector),
    exact("clamp_min", &[Vector, Scalar], Vector),
    of_vector("cos"),
    of_vector("cosh"),
    of_range("count_over_time"),
    of_time("day_of_month"),
    of_time("day_of_week"),
    of_time("day_of_year"),
    of_time("days_in_month"),
    of_vector("deg"),
    of_range("delta"),
    of_range("deriv"),
    exact("double_exponential_smoothing", &[Matrix, Scalar, Scalar], Vector),
    of_vector("exp"),
    of_range("first_over_time"),
    of_vector("floor"),
    of_vector("histogram_avg"),
    of_vector("histogram_count"),
    exact("histogram_fraction", &[Scalar, Scalar, Vector], Vector),
    exact("histogram_quantile", &[Scalar, Vector], Vector),
    of_vector("histogram_stddev"),
    of_vector("histogram_stdvar"),
    of_vector("histogram_sum"),
    of_time("hour"),
    of_range("idelta"),
    of_range("increase"),
    of_range("irate"),
    between("label_join", &[Vector, String, String, String], 3, ANY),
    exact("label_replace", &[Vector, String, String, String, String], Vector),
    of_range("last_over_time"),
    of_vector("ln"),
    of_vector("log10"),
    of_vector("log2"),
    of_range("mad_over_time"),
    of_range("max_over_time"),
    of_range("min_over_time"),
    of_time("minute"),
    of_time("month"),
    exact("pi", &[], Scalar),
    exact("predict_linear", &[Matrix, Scalar], Vector),
    of_range("present_over_time"),
    exact("quantile_over_time", &[Scalar, Matrix], Vector),
    of_vector("rad"),
    of_range("rate"),
    of_range("resets"),
    between("round", &[Vector, Scalar], 1, 2),
    exact("scalar", &[Vector], Scalar),
    of_vector("sgn"),
    of_vector("sin"),
    of_vector("sinh"),
    of_vector("sort"),
    between("sort_by_label", &[Vector, String], 2, ANY),
    between("sort_by_label_desc", &[Vector, String], 2, ANY),
    of_vector("sort_desc"),
    of_vector("sqrt"),
    of_range("stddev_over_time"),
    of_range("stdvar_over_time"),
    of_range("sum_over_time"),
    of_vector("tan"),
    of_vector("tanh"),
    exact("time", &[], Scalar),
    of_vector("timestamp"),
    of_range("ts_of_first_over_time"),
    of_range("ts_of_last_over_time"),
    of_range("ts_of_max_over_time"),
    of_range("ts_of_min_over_time"),
    exact("vector", &[Scalar], Vector),
    of_time("year"),
];

/// The function of this name.
pub fn find(name: &str) -> Option<&'static Function> {
    FUNCTIONS.binary_search_by(|f| f.name.cmp(name)).ok().map(|at| &FUNCTIONS[at])
}

/// The names of all functions, sorted.
pub fn names() -> impl Iterator<Item = &'static str> {
    FUNCTIONS.iter().map(|f| f.name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted_for_the_search() {
        assert!(names().is_sorted());
        assert_eq!(find("rate").map(|f| f.name), Some("rate"));
        assert!(find("rat").is_none());
    }
}
