//! A question as an API reads it: path, parameters, times. Knows no socket.

use super::answer::Fault;
use crate::query::logql::CATEGORIZE;
use crate::query::promql::{self, Matcher};
use crate::time::{Epoch, Stamp};

/// A question.
#[derive(Clone, Debug, Default)]
pub(super) struct Ask {
    /// The path's parts, decoded.
    pub(super) path: Vec<String>,
    parameters: Vec<(String, String)>,
    /// The `Accept` header.
    pub(super) accept: String,
    /// Whether labels of lines are to be told apart by where they come from.
    pub(super) categorize: bool,
}

impl Ask {
    /// Reads a path, and parameters from the address and, of a form, from the body.
    pub(super) fn read(path: &str, query: &[u8], form: &[u8], accept: String) -> Result<Ask, Fault> {
        // A plus sign is itself in a path.
        let part = |part: &str| decode(part.replace('+', "%2B").as_bytes()).next().map_or_else(String::new, |p| p.0);
        let path = path.split('/').filter(|part| !part.is_empty()).map(part).collect();
        // Those of the body come first, as Go's ParseForm has it.
        let ask = Ask { path, parameters: decode(form).chain(decode(query)).collect(), accept, categorize: false };
        let texts = ask.parameters.iter().flat_map(|(name, value)| [name, value]).chain(&ask.path);
        if texts.into_iter().any(|text| text.contains(char::REPLACEMENT_CHARACTER)) {
            return Err(Fault::bad("the request is not valid UTF-8"));
        }
        Ok(ask)
    }

    /// Takes in the header `X-Loki-Response-Encoding-Flags`: words with commas between.
    pub(super) fn flagged(self, flags: &str) -> Ask {
        Ask { categorize: flags.split(',').any(|flag| flag.trim() == CATEGORIZE), ..self }
    }

    /// The first value of a parameter; none if it is empty.
    pub(super) fn first(&self, name: &str) -> Option<&str> {
        let found = self.parameters.iter().find(|(key, _)| key == name)?;
        Some(found.1.as_str()).filter(|value| !value.is_empty())
    }

    /// All values of a parameter.
    pub(super) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.parameters.iter().filter(move |(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// A time in milliseconds since 1970.
    pub(super) fn time(&self, name: &str) -> Result<Option<i64>, Fault> {
        let read = |text| time(text).ok_or_else(|| cannot(name, text, "timestamp"));
        self.first(name).map(read).transpose()
    }

    /// A time in nanoseconds since 1970, as Loki and Tempo read it: up to ten digits are seconds, more are nanoseconds.
    pub(super) fn nanoseconds(&self, name: &str) -> Result<Option<i64>, Fault> {
        let read = |text| nanoseconds(text).ok_or_else(|| cannot(name, text, "timestamp"));
        self.first(name).map(read).transpose()
    }

    /// A duration in milliseconds: seconds as a number, or `1m30s`.
    pub(super) fn duration(&self, name: &str) -> Result<Option<i64>, Fault> {
        let read = |text| duration(text).ok_or_else(|| cannot(name, text, "duration"));
        self.first(name).map(read).transpose()
    }

    /// A whole number.
    pub(super) fn whole(&self, name: &str) -> Result<Option<i64>, Fault> {
        let wrong = |text: &str| Fault::parameter(name, format!("cannot parse {text:?} to a number"));
        self.first(name).map(|text| text.parse().map_err(|_| wrong(text))).transpose()
    }

    /// A most that may be given; zero is no limit.
    pub(super) fn limit(&self, name: &str) -> Result<usize, Fault> {
        match self.whole(name)?.map(usize::try_from) {
            None | Some(Ok(0)) => Ok(usize::MAX),
            Some(Ok(limit)) => Ok(limit),
            Some(Err(_)) => Err(Fault::parameter(name, "limit must be non-negative")),
        }
    }

    /// The selectors of `match[]`.
    pub(super) fn selectors(&self) -> Result<Vec<Vec<Matcher>>, Fault> {
        let read = |text: &str| {
            promql::parse_selector(text).map_err(|error| Fault::parameter("match[]", error.describe(text)))
        };
        self.all("match[]").map(read).collect()
    }
}

fn cannot(name: &str, text: &str, what: &str) -> Fault {
    Fault::parameter(name, format!("cannot parse {text:?} to a valid {what}"))
}

fn decode(text: &[u8]) -> impl Iterator<Item = (String, String)> {
    form_urlencoded::parse(text).into_owned()
}

/// Milliseconds within which times and durations lie: some 290,000 years.
const FAR: f64 = 9.2e15;

fn time(text: &str) -> Option<i64> {
    if let Ok(seconds) = text.parse::<f64>() {
        return millis(seconds);
    }
    let epoch = Epoch::parse(text).ok()?;
    i64::try_from(epoch.unix_ns(Stamp(0)).div_euclid(1_000_000)).ok()
}

fn nanoseconds(text: &str) -> Option<i64> {
    match text.parse::<i64>() {
        Ok(whole) if text.len() > 10 => Some(whole),
        _ => time(text)?.checked_mul(1_000_000),
    }
}

fn duration(text: &str) -> Option<i64> {
    text.parse::<f64>().map_or_else(|_| promql::parse_duration(text), millis)
}

fn millis(seconds: f64) -> Option<i64> {
    let ms = (seconds * 1000.0).round();
    (ms.abs() <= FAR).then_some(ms as i64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_seconds_or_rfc_3339_with_any_offset() {
        assert_eq!(time("1435781430.781"), Some(1_435_781_430_781));
        assert_eq!(time("2015-07-01T20:10:30.781Z"), Some(1_435_781_430_781));
        assert_eq!(time("2015-07-01T22:10:30.781+02:00"), Some(1_435_781_430_781));
        assert_eq!(time("2015-07-01T15:40:30.781-04:30"), Some(1_435_781_430_781));
        for wrong in ["", "now", "NaN", "inf", "1e300", "2015-07-01", "2015-07-01T20:10:30", "é+02:00", "+02:00"] {
            assert_eq!(time(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn long_whole_numbers_are_nanoseconds_to_loki_and_tempo() {
        assert_eq!(nanoseconds("1435781430"), Some(1_435_781_430_000_000_000));
        assert_eq!(nanoseconds("1435781430.5"), Some(1_435_781_430_500_000_000));
        assert_eq!(nanoseconds("1435781430781000001"), Some(1_435_781_430_781_000_001));
        assert_eq!(nanoseconds("2015-07-01T20:10:30.781Z"), Some(1_435_781_430_781_000_000));
        assert_eq!((nanoseconds("noon"), nanoseconds("9e15")), (None, None));
    }

    #[test]
    fn durations_are_seconds_or_words() {
        assert_eq!((duration("15"), duration("0.5"), duration("1m30s")), (Some(15_000), Some(500), Some(90_000)));
        assert_eq!((duration("NaN"), duration("soon")), (None, None));
    }

    #[test]
    fn flags_are_words_with_commas_between() {
        let categorize = |flags: &str| Ask::default().flagged(flags).categorize;
        assert!(categorize("categorize-labels") && categorize("other, categorize-labels"));
        assert!(!categorize("") && !categorize("categorize-labels-not"));
    }

    #[test]
    fn the_body_s_parameters_come_before_the_address_s_and_bad_utf_8_is_refused() {
        let ask = Ask::read("/a%2Fb/c+d", b"query=1&x=", b"query=2+3", String::new()).unwrap();
        assert_eq!(ask.path, ["a/b", "c+d"]);
        assert_eq!((ask.first("query"), ask.first("x")), (Some("2 3"), None));
        assert_eq!(ask.all("query").collect::<Vec<_>>(), ["2 3", "1"]);
        assert!(Ask::read("/", b"query=%ff", b"", String::new()).is_err());
    }
}
