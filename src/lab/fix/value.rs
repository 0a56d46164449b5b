//! The values that fixes take, whatever their types, so that faces and checks treat all kinds alike.

use crate::time::Duration;
use crate::world::{Ack, Balance, FallbackValue, HealthCheck, Overflow, Severity};

/// One value of a fix.
#[derive(Clone, Debug, PartialEq)]
pub enum FixValue {
    /// None, where that means something.
    None,
    /// A length of time.
    Time(Duration),
    /// A whole number.
    Count(u64),
    /// A share of one.
    Share(f64),
    /// One of some words, or a name.
    Word(String),
    /// What a health page checks.
    Checks(Vec<HealthCheck>),
}

/// The type of a field of [`super::Fix`].
pub(super) trait FieldType: Sized {
    fn give(&self) -> FixValue;
    fn take(value: &FixValue) -> Option<Self>;
}

impl FieldType for Duration {
    fn give(&self) -> FixValue {
        FixValue::Time(*self)
    }
    fn take(value: &FixValue) -> Option<Self> {
        if let FixValue::Time(time) = value { Some(*time) } else { None }
    }
}

impl FieldType for f64 {
    fn give(&self) -> FixValue {
        FixValue::Share(*self)
    }
    fn take(value: &FixValue) -> Option<Self> {
        if let FixValue::Share(share) = value { Some(*share) } else { None }
    }
}

impl FieldType for String {
    fn give(&self) -> FixValue {
        FixValue::Word(self.clone())
    }
    fn take(value: &FixValue) -> Option<Self> {
        if let FixValue::Word(word) = value { Some(word.clone()) } else { None }
    }
}

impl FieldType for Vec<HealthCheck> {
    fn give(&self) -> FixValue {
        FixValue::Checks(self.clone())
    }
    fn take(value: &FixValue) -> Option<Self> {
        if let FixValue::Checks(checks) = value { Some(checks.clone()) } else { None }
    }
}

macro_rules! counts {
    ($($type:ty),*) => {$(
        impl FieldType for $type {
            fn give(&self) -> FixValue {
                FixValue::Count((*self).into())
            }
            fn take(value: &FixValue) -> Option<Self> {
                if let FixValue::Count(count) = value { (*count).try_into().ok() } else { None }
            }
        }
    )*};
}
counts!(u8, u16, u32);

macro_rules! optional {
    ($($type:ty),*) => {$(
        impl FieldType for Option<$type> {
            fn give(&self) -> FixValue {
                self.as_ref().map_or(FixValue::None, FieldType::give)
            }
            fn take(value: &FixValue) -> Option<Self> {
                if *value == FixValue::None { Some(None) } else { <$type>::take(value).map(Some) }
            }
        }
    )*};
}
optional!(Duration, f64, u32, FallbackValue);

macro_rules! words {
    ($($type:ty: $($value:path = $word:literal),+;)*) => {$(
        impl FieldType for $type {
            fn give(&self) -> FixValue {
                FixValue::Word(match self { $($value => $word,)+ }.to_owned())
            }
            fn take(value: &FixValue) -> Option<Self> {
                match value {
                    $(FixValue::Word(word) if word == $word => Some($value),)+
                    _ => None,
                }
            }
        }
    )*};
}
words! {
    FallbackValue: FallbackValue::Default = "default", FallbackValue::Empty = "empty", FallbackValue::Stale = "stale";
    Severity: Severity::Debug = "debug", Severity::Info = "info", Severity::Warn = "warn", Severity::Error = "error";
    Overflow: Overflow::Reject = "reject", Overflow::DropNewest = "drop-newest", Overflow::DropOldest = "drop-oldest";
    Ack: Ack::AfterHandling = "after-handling", Ack::OnDelivery = "on-delivery";
    Balance: Balance::RoundRobin = "round-robin", Balance::LeastConnections = "least-connections",
        Balance::Random = "random", Balance::Hash = "hash";
}

impl FieldType for bool {
    fn give(&self) -> FixValue {
        FixValue::Word(if *self { "on" } else { "off" }.to_owned())
    }
    fn take(value: &FixValue) -> Option<Self> {
        match value {
            FixValue::Word(word) if word == "on" => Some(true),
            FixValue::Word(word) if word == "off" => Some(false),
            _ => None,
        }
    }
}
