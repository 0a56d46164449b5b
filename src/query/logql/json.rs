//! Answers as Loki's HTTP API writes them: the `data` field.

use serde_json::{Map, Value, json};

use super::super::syntax::float_text;
use super::value::{Answer, Labels};

impl Answer {
    /// The `data` field: `resultType` and `result`.
    pub fn to_json(&self) -> Value {
        let (kind, result) = match self {
            Answer::Streams(streams) => {
                let one = |stream: &super::value::Stream| {
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
