//! The names of operations: comparisons, aggregations, operators.

/// A comparison of numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compare {
    /// `==`
    Equal,
    /// `!=`
    NotEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterEqual,
    /// `<`
    Less,
    /// `<=`
    LessEqual,
}

impl Compare {
    /// Whether the comparison holds.
    pub fn holds<T: PartialOrd>(self, left: T, right: T) -> bool {
        match self {
            Compare::Equal => left == right,
            Compare::NotEqual => left != right,
            Compare::Greater => left > right,
            Compare::GreaterEqual => left >= right,
            Compare::Less => left < right,
            Compare::LessEqual => left <= right,
        }
    }
}

macro_rules! named {
    ($(#[$doc:meta])* $name:ident { $($(#[$item_doc:meta])* $item:ident = $text:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum $name { $(#[doc = concat!("`", $text, "`")] $item,)* }

        impl $name {
            /// The operation of this name.
            pub fn named(name: &str) -> Option<Self> {
                match name { $($text => Some($name::$item),)* _ => None }
            }

            /// Its name.
            pub fn name(self) -> &'static str {
                match self { $($name::$item => $text,)* }
            }
        }
    };
}

named! {
    /// An aggregation over a range of lines.
    RangeOp {
        Rate = "rate", RateCounter = "rate_counter", Count = "count_over_time", BytesRate = "bytes_rate",
        Bytes = "bytes_over_time", Avg = "avg_over_time", Sum = "sum_over_time", Min = "min_over_time",
        Max = "max_over_time", Stdvar = "stdvar_over_time", Stddev = "stddev_over_time",
        Quantile = "quantile_over_time", First = "first_over_time", Last = "last_over_time",
        Absent = "absent_over_time",
    }
}

named! {
    /// An aggregation over series.
    VectorOp {
        Sum = "sum", Avg = "avg", Max = "max", Min = "min", Count = "count", Stddev = "stddev", Stdvar = "stdvar",
        Bottomk = "bottomk", Topk = "topk", ApproxTopk = "approx_topk", Sort = "sort", SortDesc = "sort_desc",
    }
}

named! {
    /// An operator between two expressions.
    BinaryOp {
        Or = "or", And = "and", Unless = "unless", Equal = "==", NotEqual = "!=", Greater = ">",
        GreaterEqual = ">=", Less = "<", LessEqual = "<=", Add = "+", Subtract = "-", Multiply = "*",
        Divide = "/", Modulo = "%", Power = "^",
    }
}

impl BinaryOp {
    /// Whether it works on sets of series.
    pub fn is_set(self) -> bool {
        matches!(self, BinaryOp::Or | BinaryOp::And | BinaryOp::Unless)
    }

    /// The comparison it makes, if it makes one.
    pub fn comparison(self) -> Option<Compare> {
        Some(match self {
            BinaryOp::Equal => Compare::Equal,
            BinaryOp::NotEqual => Compare::NotEqual,
            BinaryOp::Greater => Compare::Greater,
            BinaryOp::GreaterEqual => Compare::GreaterEqual,
            BinaryOp::Less => Compare::Less,
            BinaryOp::LessEqual => Compare::LessEqual,
            _ => return None,
        })
    }
}
