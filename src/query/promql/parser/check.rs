//! Types and arities: what the grammar allows but the language does not.

use super::super::ast::{AggregateOp, BinaryOp, Cardinality, Expr, Kind, Matching};
use super::super::error::{Error, Result, Span};
use super::super::functions::{self, Function};
use crate::query::syntax::nearest;

/// An aggregation's arguments.
pub(super) fn aggregate(op: AggregateOp, word: &str, parameter: Option<&Expr>, expr: &Expr) -> Result<()> {
    if let (Some(wanted), Some(given)) = (op.parameter(), parameter) {
        expect_kind(given, wanted, &format!("aggregation parameter of {word}"))?;
    }
    expect_kind(expr, Kind::Vector, &format!("aggregation expression of {word}"))
}

/// A function's arguments.
pub(super) fn arguments(function: &Function, args: &[Expr], span: Span) -> Result<()> {
    let (name, given) = (function.name, args.len());
    let (min, max) = (function.args_min, function.args_max);
    let wanted = if given < min && min < max {
        format!("at least {min}")
    } else if given > max && min < max {
        format!("at most {max}")
    } else if given < min || given > max {
        min.to_string()
    } else {
        for (i, arg) in args.iter().enumerate() {
            if let Some(kind) = function.args.get(i).or(function.args.last()) {
                expect_kind(arg, *kind, &format!("call to function {name:?}"))?;
            }
        }
        return Ok(());
    };
    Err(Error::parse(span, format!("expected {wanted} argument(s) in call to {name:?}, got {given}")))
}

/// A sign's operand.
pub(super) fn sign(expr: &Expr) -> Result<()> {
    match expr.kind() {
        Kind::Scalar | Kind::Vector => Ok(()),
        other => {
            let message =
                format!("unary expression only allowed on expressions of type scalar or instant vector, got {other}");
            Err(Error::parse(expr.span.clone(), message))
        }
    }
}

/// A binary operator's operands and modifiers.
pub(super) fn binary(
    op: BinaryOp,
    op_span: &Span,
    lhs: &Expr,
    rhs: &Expr,
    return_bool: bool,
    matching: Option<&Matching>,
) -> Result<()> {
    let fail = |message: &str| Err(Error::parse(op_span.clone(), message));
    for side in [lhs, rhs] {
        if !matches!(side.kind(), Kind::Scalar | Kind::Vector) {
            let message = "binary expression must contain only scalar and instant vector types";
            return Err(Error::parse(side.span.clone(), format!("{message}, got {}", side.kind())));
        }
    }
    if return_bool && !op.is_comparison() {
        return fail("bool modifier can only be used on comparison operators");
    }
    let both_scalar = lhs.kind() == Kind::Scalar && rhs.kind() == Kind::Scalar;
    if both_scalar && op.is_comparison() && !return_bool {
        return fail("comparisons between scalars must use BOOL modifier");
    }
    let both_vector = lhs.kind() == Kind::Vector && rhs.kind() == Kind::Vector;
    if op.is_set() && !both_vector {
        return fail("set operator not allowed in binary scalar expression");
    }
    let Some(matching) = matching else { return Ok(()) };
    if !both_vector {
        return fail("vector matching only allowed between instant vectors");
    }
    if op.is_set() && matching.cardinality != Cardinality::One {
        return fail("no grouping allowed for set operations");
    }
    if let Some(twice) = matching.include.iter().find(|l| matching.on && matching.labels.contains(l)) {
        return fail(&format!("label {twice:?} must not occur in ON and GROUP clause at once"));
    }
    Ok(())
}

fn expect_kind(expr: &Expr, wanted: Kind, context: &str) -> Result<()> {
    let got = expr.kind();
    if got == wanted {
        return Ok(());
    }
    Err(Error::parse(expr.span.clone(), format!("expected type {wanted} in {context}, got {got}")))
}

/// `, did you mean "rate"?` if a function or an aggregation has nearly this name.
pub(super) fn suggestion(word: &str) -> String {
    let names = functions::names().chain(AggregateOp::ALL.iter().map(|(name, _)| *name));
    nearest(word, names).map_or_else(String::new, |name| format!(", did you mean {name:?}?"))
}

#[cfg(test)]
mod tests {
    use super::super::parse;

    fn error(query: &str) -> String {
        parse(query).unwrap_err().describe(query)
    }

    #[test]
    fn errors_say_where_and_what() {
        assert_eq!(
            error("raet(x[5m])"),
            r#"1:1: parse error: unknown function with name "raet", did you mean "rate"?"#
        );
        assert_eq!(
            error("sum(x"),
            r#"1:6: parse error: unexpected end of input, expected "," or ")" after an argument"#
        );
        assert_eq!(
            error("rate(x)"),
            r#"1:6: parse error: expected type range vector in call to function "rate", got instant vector"#
        );
        assert_eq!(error("1 > 2"), "1:3: parse error: comparisons between scalars must use BOOL modifier");
        assert_eq!(
            error("x{}[5m:]offset"),
            "1:15: parse error: unexpected end of input, expected a duration after offset"
        );
        assert_eq!(
            error("{a=~\".*\"}"),
            "1:1: parse error: vector selector must contain at least one non-empty matcher"
        );
        assert_eq!(error(""), "1:1: parse error: no expression found in input");
        assert_eq!(
            error("round(x, 1, 2)"),
            r#"1:1: parse error: expected at most 2 argument(s) in call to "round", got 3"#
        );
    }

    #[test]
    fn keywords_may_name_metrics_and_labels() {
        for query in [
            "sum",
            "by{on=\"x\"}",
            "offset offset 5m",
            "sum by (by, bool) (and)",
            "{\"a.b\", \"c d\"=\"e\"}",
            "start",
            "x @ end()",
        ] {
            assert!(parse(query).is_ok(), "{query}");
        }
    }

    #[test]
    fn a_hostile_depth_is_an_error() {
        for open in ["(", "-", "sum(", "1+(", "1^", "x or "] {
            assert!(error(&open.repeat(100_000)).contains("deep"), "{open}");
        }
        assert!(error(&format!("x{}", "+x".repeat(100_000))).contains("deep"));
        assert!(error(&format!("x{}", "[5m:1m]".repeat(100_000))).contains("subquery"));
    }
}
