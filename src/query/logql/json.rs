//! Answers as Loki's HTTP API writes them: the `data` field.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::super::syntax::float_text;
use super::value::{Answer, Labels, Line, Stream};

impl Answer {
    /// The `data` field: `resultType` and `result`.
    pub fn to_json(&self) -> Value {
        let (kind, result) = match self {
            Answer::Streams(streams) => {
                let one = |stream: &Stream| {
                    let values: Vec<Value> =
                        stream.lines.iter().map(|line| json!([line.at.to_string(), line.text])).collect();
                    json!({"stream": labels_json(&stream.labels), "values": values})
                };
                ("streams", streams.iter().map(one).collect())
            }
            Answer::Vector(at, samples) => {
                let one = |sample: &super::value::Sample| json!({"metric": labels_json(&sample.labels), "value": point(*at, sample.value)});
                ("vector", samples.iter().map(one).collect())
            }
            Answer::Scalar(at, value) => ("scalar", point(*at, *value)),
            Answer::Matrix(series) => {
                let one = |series: &super::value::Series| {
                    let values: Vec<Value> = series.points.iter().map(|(at, value)| point(*at, *value)).collect();
                    json!({"metric": labels_json(&series.labels), "values": values})
                };
                ("matrix", series.iter().map(one).collect())
            }
        };
        json!({"resultType": kind, "result": result, "stats": {}})
    }

    /// The `data` field for who asks to tell labels apart by where they come from. `backwards` says how lines are ordered.
    pub fn to_categorized_json(&self, backwards: bool) -> Value {
        let mut data = match self {
            Answer::Streams(streams) => {
                json!({"resultType": "streams", "result": categorized(streams, backwards), "stats": {}})
            }
            _ => self.to_json(),
        };
        data["encodingFlags"] = json!([CATEGORIZE]);
        data
    }
}

/// What asks for it, in the header `X-Loki-Response-Encoding-Flags`.
pub const CATEGORIZE: &str = "categorize-labels";

/// Lines by the labels of their streams, each with its other labels.
fn categorized(streams: &[Stream], backwards: bool) -> Vec<Value> {
    let mut found: BTreeMap<Labels, Vec<(&Line, Value)>> = BTreeMap::new();
    for stream in streams {
        let others = others(stream);
        found.entry(stream.own()).or_default().extend(stream.lines.iter().map(|line| (line, others.clone())));
    }
    let one = |(labels, mut lines): (Labels, Vec<(&Line, Value)>)| {
        lines.sort_by(|(a, _), (b, _)| if backwards { b.at.cmp(&a.at) } else { a.at.cmp(&b.at) });
        let value = |(line, others): (&Line, Value)| json!([line.at.to_string(), line.text, others]);
        let values: Vec<Value> = lines.into_iter().map(value).collect();
        json!({"stream": labels_json(&labels), "values": values})
    };
    found.into_iter().map(one).collect()
}

/// The labels that are not the stream's own, by where they come from; kinds of which there are none are left out.
fn others(stream: &Stream) -> Value {
    let kinds = [("structuredMetadata", &stream.metadata), ("parsed", &stream.parsed)];
    let some = kinds.into_iter().filter(|(_, labels)| !labels.is_empty());
    Value::Object(some.map(|(kind, labels)| (kind.to_owned(), labels_json(labels))).collect::<Map<_, _>>())
}

/// Labels as an object.
pub fn labels_json(labels: &Labels) -> Value {
    Value::Object(labels.iter().map(|(name, value)| (name.to_owned(), Value::from(value))).collect::<Map<_, _>>())
}

/// An instant in seconds and a number as text.
fn point(at: i64, value: f64) -> Value {
    let millis = at.div_euclid(1_000_000);
    let seconds = if millis % 1000 == 0 { Value::from(millis / 1000) } else { Value::from(millis as f64 / 1000.0) };
    json!([seconds, float_text(value)])
}
