//! Expressions: log queries, aggregations, operators between them.

use super::super::super::syntax::{MAX_OPERATORS, anchored, parse_float};
use super::super::ast::{
    Aggregation, Binary, Cardinality, Conversion, Expr, Grouping, LabelReplace, LogExpr, MetricExpr, RangeAggregation,
    Unwrap,
};
use super::super::ops::{BinaryOp, RangeOp, VectorOp};
use super::super::token::{Kind, Token};
use super::super::value::arithmetic;
use super::{Parsed, Parser};

/// What stands in a range aggregation's parentheses, while it is read.
struct RangeParts {
    log: LogExpr,
    unwrap: Option<Unwrap>,
    range: Option<i64>,
    offset: i64,
}

impl Parser<'_> {
    pub(super) fn expr(&mut self, least: u8) -> Parsed<Expr> {
        self.deeper(|parser| {
            let start = parser.token().clone();
            let mut left = parser.primary()?;
            while let Some((op, precedence)) = parser.operator().filter(|(_, precedence)| *precedence >= least) {
                let sign = parser.advance();
                parser.operators += 1;
                if parser.operators > MAX_OPERATORS {
                    return Err(parser.error_at(&sign, format!("more than {MAX_OPERATORS} operators")));
                }
                let modifier = parser.modifier(op, &sign)?;
                let right_start = parser.token().clone();
                // Power binds to the right, the others to the left.
                let right = parser.expr(if op == BinaryOp::Power { precedence } else { precedence + 1 })?;
                left = parser.binary(modifier, (left, &start), (right, &right_start))?;
            }
            Ok(left)
        })
    }

    fn operator(&self) -> Option<(BinaryOp, u8)> {
        let op = match self.peek() {
            Kind::Word(word) => BinaryOp::named(word)?,
            Kind::Sign(sign) => BinaryOp::named(sign)?,
            _ => return None,
        };
        Some((
            op,
            match op {
                BinaryOp::Or => 1,
                BinaryOp::And | BinaryOp::Unless => 2,
                op if op.comparison().is_some() => 3,
                BinaryOp::Add | BinaryOp::Subtract => 4,
                BinaryOp::Power => 6,
                _ => 5,
            },
        ))
    }

    fn modifier(&mut self, op: BinaryOp, sign: &Token) -> Parsed<Binary> {
        let none = MetricExpr::Literal(0.0);
        let mut binary = Binary {
            op,
            bool_modifier: self.take_word("bool"),
            on: false,
            labels: Vec::new(),
            cardinality: Cardinality::OneToOne,
            include: Vec::new(),
            left: none.clone(),
            right: none,
        };
        if !self.is_word("on") && !self.is_word("ignoring") {
            return Ok(binary);
        }
        binary.on = self.advance().kind == Kind::Word("on".to_owned());
        binary.labels = self.names_in_parentheses()?;
        binary.cardinality = match self.peek() {
            Kind::Word(word) if word == "group_left" => Cardinality::ManyToOne,
            Kind::Word(word) if word == "group_right" => Cardinality::OneToMany,
            _ => return Ok(binary),
        };
        self.at += 1;
        if op.is_set() {
            return Err(self.error_at(sign, format!("no grouping allowed for the set operator `{}`", op.name())));
        }
        // `group_left (…)`: a list of labels, or the right side in parentheses.
        let is_list =
            matches!((self.peek_at(1), self.peek_at(2)), (Kind::Sign(")"), _) | (Kind::Name(_), Kind::Sign("," | ")")));
        if self.is_sign("(") && is_list {
            binary.include = self.names_in_parentheses()?;
        }
        Ok(binary)
    }

    fn binary(&self, mut binary: Binary, left: (Expr, &Token), right: (Expr, &Token)) -> Parsed<Expr> {
        let op = binary.op;
        let side = |(expr, token): (Expr, &Token), side: &str| match expr {
            Expr::Log(_) => {
                Err(self.error_at(token, format!("the {side} side of `{}` is a log query, not a number", op.name())))
            }
            Expr::Metric(MetricExpr::Variants(_)) => Err(self.error_at(token, "variants cannot be an operand")),
            Expr::Metric(MetricExpr::Literal(_)) if op.is_set() => Err(self.error_at(
                token,
                format!("the {side} side of the set operator `{}` is a plain number; use vector(…)", op.name()),
            )),
            Expr::Metric(metric) => Ok(metric),
        };
        binary.left = side(left, "left")?;
        binary.right = side(right, "right")?;
        if let (MetricExpr::Literal(a), MetricExpr::Literal(b)) = (&binary.left, &binary.right) {
            let value = match op.comparison() {
                Some(compare) => f64::from(u8::from(compare.holds(*a, *b))),
                None => arithmetic(op, *a, *b),
            };
            return Ok(Expr::Metric(MetricExpr::Literal(value)));
        }
        Ok(Expr::Metric(MetricExpr::Binary(Box::new(binary))))
    }

    fn primary(&mut self) -> Parsed<Expr> {
        match self.peek().clone() {
            Kind::Sign("{") => {
                let matchers = self.selector()?;
                let stages = self.pipeline()?;
                if self.is_sign("|") {
                    self.at += 1;
                    return Err(self.error(
                        "`unwrap` goes only inside a range aggregation, such as sum_over_time(… | unwrap x [5m])",
                    ));
                }
                Ok(Expr::Log(LogExpr { matchers, stages }))
            }
            Kind::Sign("(") => {
                self.at += 1;
                let inner = self.expr(0)?;
                self.expect(")")?;
                Ok(inner)
            }
            Kind::Number(_) | Kind::Sign("+" | "-") => Ok(Expr::Metric(MetricExpr::Literal(self.number()?))),
            Kind::Word(word) => self.call(&word).map(Expr::Metric),
            _ => Err(self.unexpected(["`{`", "`(`", "a number", "a function"])),
        }
    }

    fn call(&mut self, word: &str) -> Parsed<MetricExpr> {
        let token = self.token().clone();
        if let Some(op) = RangeOp::named(word) {
            self.at += 1;
            return self.range_aggregation(op, &token);
        }
        if let Some(op) = VectorOp::named(word) {
            self.at += 1;
            return self.aggregation(op, &token);
        }
        match word {
            "vector" => {
                self.at += 1;
                self.expect("(")?;
                let value = self.number()?;
                self.expect(")")?;
                Ok(MetricExpr::Vector(value))
            }
            "label_replace" => {
                self.at += 1;
                self.label_replace()
            }
            "variants" => {
                self.at += 1;
                self.variants()
            }
            _ => Err(self.unexpected(["`{`", "`(`", "a number", "a function"])),
        }
    }

    fn metric(&mut self) -> Parsed<MetricExpr> {
        let token = self.token().clone();
        match self.expr(0)? {
            Expr::Metric(metric) => Ok(metric),
            Expr::Log(_) => {
                Err(self
                    .error_at(&token, "a log query, not numbers; count its lines with a range, such as rate(… [5m])"))
            }
        }
    }

    fn label_replace(&mut self) -> Parsed<MetricExpr> {
        self.expect("(")?;
        let inner = self.metric()?;
        self.expect(",")?;
        let (to, to_token) = self.text()?;
        self.expect(",")?;
        let (replacement, _) = self.text()?;
        self.expect(",")?;
        let (from, _) = self.text()?;
        self.expect(",")?;
        let (regex, token) = self.text()?;
        self.expect(")")?;
        let is_name = to.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
            && to.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
        if !is_name {
            return Err(self.error_at(&to_token, format!("{to:?} is no label's name")));
        }
        let regex = anchored(&regex).map_err(|why| self.error_at(&token, format!("bad regular expression: {why}")))?;
        Ok(MetricExpr::LabelReplace(Box::new(LabelReplace { inner, to, replacement, from, regex })))
    }

    fn variants(&mut self) -> Parsed<MetricExpr> {
        self.expect("(")?;
        let inner = self.list(Self::metric)?;
        self.expect(")")?;
        if !self.take_word("of") {
            return Err(self.unexpected(["`of`"]));
        }
        self.expect("(")?;
        let token = self.token().clone();
        let parts = self.range_parts()?;
        self.expect(")")?;
        if parts.range.is_none() {
            return Err(self.error_at(&token, "a range such as [5m] is missing"));
        }
        Ok(MetricExpr::Variants(inner))
    }

    fn grouping(&mut self) -> Parsed<Option<Grouping>> {
        let without = self.is_word("without");
        if !without && !self.is_word("by") {
            return Ok(None);
        }
        self.at += 1;
        Ok(Some(Grouping { without, labels: self.names_in_parentheses()? }))
    }

    fn aggregation(&mut self, op: VectorOp, token: &Token) -> Parsed<MetricExpr> {
        let mut grouping = self.grouping()?;
        self.expect("(")?;
        let ranked = matches!(op, VectorOp::Topk | VectorOp::Bottomk | VectorOp::ApproxTopk);
        let mut parameter = 0;
        if let (Kind::Number(text), Kind::Sign(",")) = (self.peek().clone(), self.peek_at(1)) {
            if !ranked {
                return Err(self.error(format!("`{}` takes no parameter", op.name())));
            }
            parameter = text.parse::<usize>().ok().filter(|k| (1..=1_000_000).contains(k)).ok_or_else(|| {
                self.error(format!("the parameter of `{}` must be a whole number above 0", op.name()))
            })?;
            self.at += 2;
        } else if ranked {
            return Err(self.error(format!("`{}` needs a number first, such as {}(10, …)", op.name(), op.name())));
        }
        let inner = self.metric()?;
        self.expect(")")?;
        if grouping.is_none() {
            grouping = self.grouping()?;
        }
        let named = grouping.as_ref().is_some_and(|grouping| !grouping.labels.is_empty());
        let ungrouped = matches!(op, VectorOp::Sort | VectorOp::SortDesc) && named
            || op == VectorOp::ApproxTopk && grouping.is_some();
        if ungrouped {
            return Err(self.error_at(token, format!("`{}` does not allow grouping", op.name())));
        }
        let grouping = grouping.unwrap_or(Grouping { without: false, labels: Vec::new() });
        Ok(MetricExpr::Aggregate(Box::new(Aggregation { op, parameter, grouping, inner })))
    }

    fn range_aggregation(&mut self, op: RangeOp, token: &Token) -> Parsed<MetricExpr> {
        self.expect("(")?;
        let mut parameter = None;
        if let Kind::Number(text) = self.peek().clone() {
            if op != RangeOp::Quantile {
                return Err(self.error(format!("`{}` takes no parameter", op.name())));
            }
            parameter = parse_float(&text);
            self.at += 1;
            self.expect(",")?;
        } else if op == RangeOp::Quantile {
            return Err(self.error("`quantile_over_time` needs a quantile first, such as quantile_over_time(0.99, …)"));
        }
        let parts = self.range_parts()?;
        let Some(range) = parts.range else {
            return Err(self.unexpected(["a range such as [5m]"]));
        };
        self.expect(")")?;
        let grouping = self.grouping()?;
        self.check_range(op, token, parts.unwrap.is_some(), grouping.is_some())?;
        Ok(MetricExpr::Range(Box::new(RangeAggregation {
            op,
            parameter,
            log: parts.log,
            unwrap: parts.unwrap,
            range,
            offset: parts.offset,
            grouping,
        })))
    }

    fn check_range(&self, op: RangeOp, token: &Token, unwrapped: bool, grouped: bool) -> Parsed<()> {
        use RangeOp as R;
        let statistic =
            matches!(op, R::Avg | R::Stddev | R::Stdvar | R::Quantile | R::Max | R::Min | R::First | R::Last);
        let fails = |message: String| Err(self.error_at(token, message));
        if grouped && !statistic {
            return fails(format!("`{}` does not allow grouping; group with sum by (…) around it", op.name()));
        }
        if unwrapped && matches!(op, R::Bytes | R::BytesRate | R::Count) {
            return fails(format!("`{}` counts lines and takes no `unwrap`", op.name()));
        }
        if !unwrapped && (statistic || matches!(op, R::Sum | R::RateCounter)) {
            return fails(format!("`{}` needs a value: add `| unwrap LABEL` before the range", op.name()));
        }
        Ok(())
    }

    fn range_parts(&mut self) -> Parsed<RangeParts> {
        self.deeper(|parser| {
            if !parser.take_sign("(") {
                return parser.plain_range();
            }
            let mut parts = parser.range_parts()?;
            parser.expect(")")?;
            if parts.range.is_none() {
                parser.range_and_offset(&mut parts)?;
                if parts.range.is_some() && parts.unwrap.is_none() && parts.log.stages.is_empty() {
                    parts.unwrap = parser.unwrap()?;
                }
            }
            Ok(parts)
        })
    }

    fn plain_range(&mut self) -> Parsed<RangeParts> {
        if !self.is_sign("{") {
            return Err(self.unexpected(["`{`", "`(`"]));
        }
        let matchers = self.selector()?;
        let stages = self.pipeline()?;
        let mut parts =
            RangeParts { log: LogExpr { matchers, stages }, unwrap: self.unwrap()?, range: None, offset: 0 };
        self.range_and_offset(&mut parts)?;
        if parts.range.is_some() && parts.log.stages.is_empty() && parts.unwrap.is_none() {
            parts.log.stages = self.pipeline()?;
            parts.unwrap = self.unwrap()?;
        }
        Ok(parts)
    }

    fn range_and_offset(&mut self, parts: &mut RangeParts) -> Parsed<()> {
        let Kind::Range(range) = *self.peek() else { return Ok(()) };
        self.at += 1;
        parts.range = Some(range);
        if self.take_word("offset") {
            let Kind::Duration(offset) = *self.peek() else { return Err(self.unexpected(["a duration such as 5m"])) };
            self.at += 1;
            parts.offset = offset;
        }
        Ok(())
    }

    fn unwrap(&mut self) -> Parsed<Option<Unwrap>> {
        if !self.is_sign("|") {
            return Ok(None);
        }
        self.at += 1;
        if !self.take_word("unwrap") {
            return Err(self.unexpected(["`unwrap`"]));
        }
        let conversion = match self.peek() {
            Kind::Word(word) if word == "bytes" => Conversion::Bytes,
            Kind::Word(word) if matches!(word.as_str(), "duration" | "duration_seconds") => Conversion::Duration,
            _ => Conversion::Number,
        };
        let label = if conversion == Conversion::Number {
            self.name()?
        } else {
            self.at += 1;
            self.expect("(")?;
            let label = self.name()?;
            self.expect(")")?;
            label
        };
        let mut filters = Vec::new();
        while self.is_sign("|") {
            self.at += 1;
            if matches!(self.peek(), Kind::Word(_)) {
                return Err(self.error("only label filters may follow `unwrap`"));
            }
            filters.push(self.label_filter()?);
        }
        Ok(Some(Unwrap { label, conversion, filters }))
    }
}
