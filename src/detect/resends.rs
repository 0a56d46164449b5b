//! The share of an arrow's attempts that repeat one, by the resend count of their spans: what was tried again may have been
//! done twice, and answers with 200.

use super::Finding;
use super::counts::{Counts, Subject};
use super::rule::{Noise, Rule, Side, figure};
use crate::telemetry::{ABSENT, SpanKind, SpanShape, Telemetry};

/// The share strays by half a percentage point at least.
const STRAY: f64 = 0.005;
/// A minute of fewer attempts says nothing.
const FEWEST: f64 = 10.0;
/// The attributes that count.
const RESENDS: [&str; 2] = ["http.request.resend_count", "app.call.resend_count"];

/// The place of the count among a span's own attributes, and the other end of the arrow.
fn counted<'a>(telemetry: &'a Telemetry, shape: &SpanShape) -> Option<(usize, &'a str)> {
    let is_call = matches!(shape.kind, SpanKind::Client | SpanKind::Producer);
    let text = |symbol| telemetry.names.text(symbol);
    let place = shape.template.fields.iter().position(|field| RESENDS.contains(&text(field.name)))?;
    let to = shape.constants.iter().find(|(key, _)| text(*key) == "server.address")?;
    is_call.then(|| (place, text(to.1)))
}

pub(super) fn detect(telemetry: &Telemetry) -> Vec<Finding> {
    let shapes: Vec<_> = telemetry.spans.shapes().iter().map(|shape| counted(telemetry, shape)).collect();
    let mut counts = Counts::new(telemetry);
    for span in telemetry.spans.iter() {
        let Some((place, to)) = shapes.get(usize::from(span.shape.0)).copied().flatten() else { continue };
        let again = span.args.get(place).is_some_and(|count| *count != ABSENT && *count > 0);
        let arrow = Subject::new(telemetry.resource(span.resource).service.as_str(), to);
        counts.add(&arrow, span.start + span.duration, [f64::from(u8::from(again)), 1.0]);
    }
    let rule = Rule { side: Side::Above, noise: Noise::Share, floor: STRAY, share: 0.25, fewest: FEWEST };
    rule.findings(&counts, |subject, now, before| {
        let [now, before] = [now, before].map(|share| figure(100.0 * share));
        format!("{now} % of the calls {} -> {} repeat one, {before} % before", subject.service, subject.of)
    })
}
