//! The page of faults: what it names exists, each row says how or why not, and each example does what it says in the
//! page's own world.

use std::collections::BTreeSet;

use allgreen::lesson::{Part, Scripted};
use allgreen::truth::Outcome;
use allgreen::world::Change;
use allgreen::{Lesson, Seed, SimTime, Simulation, World};

use crate::types::{self, Shape};
use crate::{examples, root};

/// A heading and what stands below it.
#[derive(Default)]
pub struct Section {
    /// The catalogue, and the kind within it.
    catalogue: String,
    heading: String,
    /// The line and the two cells of each row.
    rows: Vec<(usize, String, String)>,
    /// The line and the text of each example.
    changes: Vec<(usize, String)>,
}

/// Everything that a row must be there for, as the catalogues call it.
const CATALOGUES: &[(&str, &[&str])] = &[
    (
        "OpenTelemetry demo",
        &[
            "adFailure",
            "adHighCpu",
            "adManualGc",
            "cartFailure",
            "emailMemoryLeak",
            "failedReadinessProbe",
            "imageSlowLoad",
            "intlShippingSlowdown",
            "kafkaQueueProblems",
            "llmInaccurateResponse",
            "llmRateLimitError",
            "loadGeneratorFloodHomepage",
            "loadGeneratorVUs",
            "loadGeneratorTraffic",
            "paymentFailure",
            "paymentUnreachable",
            "productCatalogFailure",
            "recommendationCacheFailure",
        ],
    ),
    (
        "Chaos Mesh",
        &[
            "pod-failure",
            "pod-kill",
            "container-kill",
            "delay",
            "reorder",
            "loss",
            "duplicate",
            "corrupt",
            "partition",
            "bandwidth",
            "timeOffset",
            "clockIds",
            "abort",
            "replace",
            "patch",
            "error",
            "random",
            "cpu",
            "memory",
            "latency",
            "fault",
            "attrOverride",
            "mistake",
            "slab",
            "block I/O",
            "return",
            "exception",
            "stress",
            "gc",
            "mysql",
            "ruleData",
            "ec2-stop",
            "node-stop",
            "vm-stop",
            "detach-volume",
        ],
    ),
    (
        "LitmusChaos",
        &[
            "pod-delete",
            "container-kill",
            "pod-cpu-hog",
            "node-cpu-hog",
            "pod-memory-hog",
            "node-memory-hog",
            "pod-io-stress",
            "node-io-stress",
            "disk-fill",
            "pod-network-latency",
            "pod-network-loss",
            "pod-network-corruption",
            "pod-network-duplication",
            "pod-network-partition",
            "pod-network-rate-limit",
            "pod-dns-error",
            "pod-dns-spoof",
            "pod-http-latency",
            "pod-http-status-code",
            "pod-http-modify-body",
            "pod-http-modify-header",
            "pod-http-reset-peer",
            "pod-autoscaler",
            "node-drain",
            "node-taint",
            "node-restart",
            "kubelet-service-kill",
            "docker-service-kill",
            "ec2-terminate-by-id",
            "ebs-loss-by-id",
            "rds-instance-stop",
            "kafka-broker-pod-failure",
            "k6-loadgen",
        ],
    ),
    (
        "Train-Ticket",
        &[
            "F1 ", "F2 ", "F3 ", "F4 ", "F5 ", "F6 ", "F7 ", "F8 ", "F9 ", "F10 ", "F11 ", "F12 ", "F13 ", "F14 ",
            "F15 ", "F16 ", "F17 ", "F18 ", "F19 ", "F20 ", "F21 ", "F22 ",
        ],
    ),
    (
        "AIOpsLab",
        &[
            "k8s_target_port-misconfig",
            "auth_miss_mongodb",
            "revoke_auth_mongodb",
            "user_unregistered_mongodb",
            "misconfig_app_hotel_res",
            "scale_pod_zero",
            "assign_to_non_existent_node",
            "container_kill",
            "pod_failure",
            "pod_kill",
            "network_loss",
            "network_delay",
            "noop_detection",
            "kernel_fault",
            "disk_woreout",
            "astronomy_shop",
            "redeploy_without_PV",
            "wrong_bin_usage",
            "operator_",
            "flower_node_stop",
            "flower_model_misconfig",
        ],
    ),
    (
        "ITBench",
        &[
            "Cordoned",
            "Istio Ambient",
            "DNS Policy",
            "Init Container",
            "Ingress Port",
            "Resource Quota",
            "Container Resources",
            "Container Command",
            "API Server",
            "Horizontal Pod Autoscaler",
            "Readiness Probe",
            "Environment Variable",
            "Target Port",
            "Nonexistent Kubernetes Workload Container Image",
            "Workload Node",
            "Persistent Volume Claim",
            "Feature Flag",
            "Priority Preemption",
            "Scaled To Zero",
            "Chaos Mesh",
            "Mutual TLS",
            "Authorization Policy",
            "Resource Limits",
            "Anti Affinity",
            "Unsupported Architecture",
            "Changed Password",
            "Out of Memory",
        ],
    ),
    ("RCAEval", &["CPU", "MEM", "DISK", "SOCKET", "DELAY", "LOSS", "F1 ", "F2 ", "F3 ", "F4 ", "F5 "]),
];

fn text() -> String {
    std::fs::read_to_string(root().join("docs/faults.md")).unwrap()
}

/// The sections with tables, and the world of the examples.
pub fn page() -> (Vec<Section>, String) {
    let (mut sections, mut world, mut catalogue) = (Vec::<Section>::new(), String::new(), String::new());
    let mut fence: Option<(usize, String, String)> = None;
    for (at, line) in text().lines().enumerate() {
        if let Some((from, kind, mut body)) = fence.take() {
            if !line.starts_with("```") {
                body += line;
                body.push('\n');
                fence = Some((from, kind, body));
            } else if kind == "World" {
                world = body;
            } else if let Some(section) = sections.last_mut() {
                section.changes.push((from, body));
            }
        } else if let Some(kind) = line.strip_prefix("```ron ") {
            fence = Some((at + 1, kind.to_owned(), String::new()));
        } else if let Some(heading) = line.strip_prefix("## ").or(line.strip_prefix("### ")) {
            if line.starts_with("## ") {
                catalogue = heading.to_owned();
            }
            let heading = heading.to_owned();
            sections.push(Section { catalogue: catalogue.clone(), heading, ..Section::default() });
        } else if line.starts_with("| ") && !line.starts_with("| ---") {
            let cells: Vec<&str> = line.trim_matches('|').split(" | ").map(str::trim).collect();
            assert_eq!(cells.len(), 2, "docs/faults.md:{}: two cells", at + 1);
            let section = sections.last_mut().unwrap();
            section.rows.push((at + 1, cells[0].to_owned(), cells[1].to_owned()));
        }
    }
    sections.retain(|section| !section.rows.is_empty());
    // The first row of each table is its head.
    sections.iter_mut().for_each(|section| drop(section.rows.remove(0)));
    (sections, world)
}

/// Names in backticks that begin like a type or a variant.
fn names(cell: &str) -> impl Iterator<Item = &str> {
    let quoted = cell.split('`').skip(1).step_by(2);
    quoted.filter(|name| name.starts_with(|c: char| c.is_ascii_uppercase()) && !name.contains('_'))
}

#[test]
fn every_fault_of_the_catalogues_has_a_row() {
    let (sections, _) = page();
    for (catalogue, faults) in CATALOGUES {
        let of = sections.iter().filter(|section| section.catalogue == *catalogue);
        let rows: Vec<&String> = of.flat_map(|section| section.rows.iter().map(|(_, fault, _)| fault)).collect();
        for fault in *faults {
            assert!(rows.iter().any(|row| row.contains(fault)), "{catalogue}: no row for {fault}");
        }
    }
}

#[test]
fn every_row_names_settings_that_exist_or_says_why_it_cannot() {
    let types = types::read(&root().join("src"));
    let mut known: BTreeSet<&str> = types.values().map(|kind| kind.name.as_str()).collect();
    for kind in types.values() {
        if let Shape::Enum(variants) = &kind.shape {
            known.extend(variants.iter().map(|variant| variant.name.as_str()));
        }
    }
    let (sections, _) = page();
    for (line, fault, here) in sections.iter().flat_map(|section| &section.rows) {
        let unknown = names(here).find(|name| !known.contains(name));
        assert_eq!(unknown, None, "docs/faults.md:{line}: {fault}: there is no such setting or type");
        assert!(
            names(here).next().is_some() || here.contains("**No**") || here.starts_with("as "),
            "docs/faults.md:{line}: {fault}: neither how nor why not"
        );
    }
}

/// The world of the page in a run with a change at its third part.
fn run(world: &World, change: Option<&Change>) -> Simulation {
    let mut sim = Simulation::new(world, Seed(5));
    if let Some(change) = change {
        sim.schedule(SimTime::from_secs(20), change);
    }
    sim.run_until(SimTime::from_secs(80));
    sim
}

/// Users who did not get what they were owed.
fn harmed(sim: &Simulation) -> u64 {
    let outcomes = sim.truth().outcomes(SimTime::from_secs(20), SimTime::from_secs(60));
    outcomes.iter().sum::<u64>() - outcomes[Outcome::Right as usize]
}

/// What is wrong with a change in this world, by the checks of lessons.
pub fn problems(world: &World, change: &Change) -> Option<String> {
    let text = allgreen::starter::lesson("faults", "worlds/faults.ron", world).unwrap();
    let lesson = Lesson::from_ron("faults", &text, world.clone()).unwrap_or_else(|problems| panic!("{problems}"));
    let mut spec = lesson.spec().clone();
    spec.script.push(Scripted { at: SimTime::from_secs(20), part: Part::Background, change: change.clone() });
    Lesson::new(spec, world.clone()).err().map(|problems| problems.to_string())
}

#[test]
fn every_example_does_something_and_every_catalogue_harms_users() {
    let (sections, world) = page();
    let world = World::from_ron("docs/faults.md", &world).unwrap_or_else(|problems| panic!("{problems}"));
    let plain = run(&world, None);
    let (healthy, digest) = (harmed(&plain), plain.digest());
    assert!(healthy < 5, "{healthy} are harmed without any fault");
    let mut harmful = BTreeSet::new();
    for section in &sections {
        assert!(!section.changes.is_empty(), "{}: no example", section.heading);
        for (line, text) in &section.changes {
            let place = format!("docs/faults.md:{line} ({})", section.heading);
            let change: Change = examples::parse(text).unwrap_or_else(|why| panic!("{place}: {why}"));
            assert_eq!(problems(&world, &change), None, "{place}");
            let silent = Change { says: None, ..change };
            let sim = run(&world, Some(&silent));
            assert_ne!(sim.digest(), digest, "{place}: nothing is different");
            assert_eq!(sim.audit(), Ok(()), "{place}");
            println!("{place}: {} harmed, {healthy} without", harmed(&sim));
            if harmed(&sim) > healthy + 20 {
                harmful.insert(section.catalogue.as_str());
            }
        }
    }
    let all: BTreeSet<&str> = sections.iter().map(|section| section.catalogue.as_str()).collect();
    assert_eq!(harmful, all, "catalogues whose examples harm users");
}
