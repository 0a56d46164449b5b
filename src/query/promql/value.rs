//! Results of queries, and their JSON as in the `data` field of Prometheus's HTTP API.

use super::labels::Labels;
use super::number;
use super::storage::Point;
use serde_json::{Map, Number, Value as Json, json};

/// One series' value at the time of an instant query.
#[derive(Debug, Clone, PartialEq)]
pub struct Sample {
    /// The labels of the result.
    pub labels: Labels,
    /// When and how much.
    pub point: Point,
}

/// One series of a range query's result.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// The labels of the result.
    pub labels: Labels,
    /// One point for each step that has a value.
    pub points: Vec<Point>,
}

/// The result of a query.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// One number.
    Scalar(Point),
    /// A string literal, and the time of the query in milliseconds.
    String(i64, String),
    /// Values of series at one time.
    Vector(Vec<Sample>),
    /// Series over time.
    Matrix(Vec<Row>),
}

impl Value {
    /// `{"resultType": …, "result": …}`.
    pub fn to_json(&self) -> Json {
        let (kind, result) = match self {
            Self::Scalar(point) => ("scalar", point_json(*point)),
            Self::String(t, text) => ("string", json!([time_json(*t), text])),
            Self::Vector(samples) => ("vector", samples.iter().map(sample_json).collect()),
            Self::Matrix(rows) => ("matrix", rows.iter().map(row_json).collect()),
        };
        json!({ "resultType": kind, "result": result })
    }
}

fn sample_json(sample: &Sample) -> Json {
    json!({ "metric": labels_json(&sample.labels), "value": point_json(sample.point) })
}

fn row_json(row: &Row) -> Json {
    let values: Json = row.points.iter().map(|p| point_json(*p)).collect();
    json!({ "metric": labels_json(&row.labels), "values": values })
}

/// Labels as a JSON object.
pub fn labels_json(labels: &Labels) -> Json {
    labels.iter().map(|(n, v)| (n.to_string(), Json::from(&**v))).collect::<Map<_, _>>().into()
}

fn point_json(point: Point) -> Json {
    json!([time_json(point.t), number::format(point.v)])
}

/// Seconds since the epoch, with a fraction only where there is one.
fn time_json(ms: i64) -> Json {
    if ms % 1000 == 0 {
        return Json::from(ms / 1000);
    }
    Number::from_f64(ms as f64 / 1000.0).map_or(Json::Null, Json::Number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_is_the_api_s() {
        let sample =
            Sample { labels: Labels::new([("__name__", "up")]), point: Point { t: 1_435_781_430_781, v: 1.0 } };
        let json = Value::Vector(vec![sample]).to_json().to_string();
        assert_eq!(
            json,
            r#"{"result":[{"metric":{"__name__":"up"},"value":[1435781430.781,"1"]}],"resultType":"vector"}"#
        );
        let scalar = Value::Scalar(Point { t: 2000, v: f64::INFINITY }).to_json().to_string();
        assert_eq!(scalar, r#"{"result":[2,"+Inf"],"resultType":"scalar"}"#);
    }
}
