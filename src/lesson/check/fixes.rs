//! Fixes that a lesson names: each is about something that exists and that can be changed so.

use super::Place;
use crate::diagnostic::{DataPath, Findings};
use crate::lab::Fix;
use crate::lesson::LessonSpec;
use crate::world::check::{cache_ttl, health_check, ranges};

pub(super) fn check(spec: &LessonSpec, place: &Place<'_>, found: &mut Findings) {
    let fixes = DataPath::root().field("fixes");
    for (at, named) in spec.fixes.iter().enumerate() {
        let path = fixes.at(at).field("fix");
        target(spec, place, found, &path, &named.fix);
        numbers(place, found, &path, &named.fix);
    }
}

/// The arrow that a fix changes.
pub(in crate::lesson) fn arrow_of(fix: &mut Fix) -> Option<&mut String> {
    match fix {
        Fix::SetTimeout { arrow, .. }
        | Fix::SetRetries { arrow, .. }
        | Fix::SetFallback { arrow, .. }
        | Fix::LogFallback { arrow }
        | Fix::SetPool { arrow, .. }
        | Fix::RemoveBreaker { arrow }
        | Fix::PropagateTrace { arrow }
        | Fix::AddClientSpans { arrow } => Some(arrow),
        Fix::RollBack { .. }
        | Fix::Restart { .. }
        | Fix::Scale { .. }
        | Fix::SetConcurrency { .. }
        | Fix::FlushCache { .. }
        | Fix::SetCacheTtl { .. }
        | Fix::DeepenHealth { .. }
        | Fix::ReportDataVersion { .. }
        | Fix::SyncClocks { .. }
        | Fix::SetQueueCapacity { .. } => None,
    }
}

fn target(spec: &LessonSpec, place: &Place<'_>, found: &mut Findings, path: &DataPath, fix: &Fix) {
    match fix {
        Fix::RollBack { change } => {
            if !spec.script.iter().any(|scripted| scripted.change.id == *change) {
                let known = spec.script.iter().map(|scripted| scripted.change.id.as_str());
                found.unknown(&path.field("change"), "scripted change", change, known);
            }
        }
        Fix::SetTimeout { arrow, .. }
        | Fix::SetRetries { arrow, .. }
        | Fix::SetFallback { arrow, .. }
        | Fix::LogFallback { arrow }
        | Fix::SetPool { arrow, .. }
        | Fix::RemoveBreaker { arrow }
        | Fix::PropagateTrace { arrow }
        | Fix::AddClientSpans { arrow } => {
            place.arrow(found, &path.field("arrow"), arrow);
        }
        Fix::Restart { node }
        | Fix::Scale { node, .. }
        | Fix::SetConcurrency { node, .. }
        | Fix::DeepenHealth { node, .. }
        | Fix::ReportDataVersion { node }
        | Fix::SyncClocks { node } => {
            place.node(found, &path.field("node"), node);
        }
        Fix::FlushCache { node } | Fix::SetCacheTtl { node, .. } => {
            if place.node(found, &path.field("node"), node).is_some_and(|known| known.cache.is_none()) {
                found.value(&path.field("node"), format!("`{node}` is not a cache"), "name a node with a cache");
            }
        }
        Fix::SetQueueCapacity { node, .. } => {
            if place.node(found, &path.field("node"), node).is_some_and(|known| known.queue.is_none()) {
                found.value(&path.field("node"), format!("`{node}` is not a queue"), "name a node with a queue");
            }
        }
    }
}

fn numbers(place: &Place<'_>, found: &mut Findings, path: &DataPath, fix: &Fix) {
    match fix {
        Fix::SetTimeout { timeout: Some(timeout), .. } => {
            ranges::some_time(found, &path.field("timeout"), "`timeout`", *timeout);
        }
        Fix::SetRetries { attempts, .. } => {
            found.range(&path.field("attempts"), "the number of attempts", *attempts, ranges::ATTEMPTS);
        }
        Fix::SetPool { size, .. } => {
            found.range(&path.field("size"), "the pool's `size`", *size, ranges::POOL_SIZE);
        }
        Fix::Scale { replicas, .. } => {
            found.range(&path.field("replicas"), "the number of replicas", *replicas, ranges::REPLICAS);
        }
        Fix::SetConcurrency { concurrency, .. } => {
            found.range(&path.field("concurrency"), "`concurrency`", *concurrency, ranges::CONCURRENCY);
        }
        Fix::SetCacheTtl { ttl, .. } => cache_ttl(found, &path.field("ttl"), *ttl),
        Fix::SetQueueCapacity { capacity, .. } => {
            found.range(&path.field("capacity"), "the queue's `capacity`", *capacity, ranges::QUEUE_CAPACITY);
        }
        Fix::DeepenHealth { node, checks } => {
            for (at, check) in checks.iter().enumerate() {
                let path = path.field("checks").at(at);
                health_check(found, &path, (place.spec, &place.out), node, check);
            }
        }
        Fix::RollBack { .. }
        | Fix::SetTimeout { timeout: None, .. }
        | Fix::SetFallback { .. }
        | Fix::LogFallback { .. }
        | Fix::RemoveBreaker { .. }
        | Fix::Restart { .. }
        | Fix::FlushCache { .. }
        | Fix::PropagateTrace { .. }
        | Fix::AddClientSpans { .. }
        | Fix::ReportDataVersion { .. }
        | Fix::SyncClocks { .. } => {}
    }
}
