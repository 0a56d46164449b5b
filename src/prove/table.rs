//! The table of proofs as a page in Markdown. Knows proofs; nothing of how they are made.

use crate::lesson::{Proof, ProofTable, Property, Proved};

/// The page, with how each property is tested.
pub fn markdown(table: &ProofTable) -> String {
    let mut out = String::from("# What is proved of the lessons\n\n");
    out += &format!("Made by `{}`; do not edit.\n\n", table.command);
    let names: Vec<&str> = Property::ALL.map(Property::name).to_vec();
    out += &format!("| lesson | seeds | {} | clean log |\n", names.join(" | "));
    out += &format!("| --- | ---: |{} --- |\n", " ---: |".repeat(names.len()));
    for proof in &table.lessons {
        let cells: Vec<String> = proof.properties.iter().map(cell).collect();
        let clean = proof.clean_log.map_or("–", |clean| if clean { "yes" } else { "no" });
        out += &format!("| [{0}](#{0}) | {1} | {2} | {clean} |\n", proof.lesson, seeds(proof), cells.join(" | "));
    }
    out += &format!("\nClean-log index: {:.2}.\n\n", table.clean_log_index);
    out += METHOD;
    for proof in &table.lessons {
        out += &format!("\n## {}\n\n", proof.lesson);
        for proved in &proof.properties {
            out += &format!("- **{}** {}: {}{}\n", proved.property.name(), cell(proved), proved.words, failed(proved));
            for detail in &proved.details {
                out += &format!("  - {detail}\n");
            }
        }
    }
    out
}

fn seeds(proof: &Proof) -> String {
    format!("{}..{}", proof.first_seed, proof.first_seed + proof.seeds)
}

fn cell(proved: &Proved) -> String {
    if proved.holds { proved.share() } else { format!("**FAILS** {}", proved.share()) }
}

fn failed(proved: &Proved) -> String {
    let seeds: Vec<String> = proved.failed_on.iter().map(u64::to_string).collect();
    if seeds.is_empty() { String::new() } else { format!(" (not on seeds {})", seeds.join(", ")) }
}

const METHOD: &str = "\
## How

All runs of a seed share every draw; they differ by the changes alone. The incident lasts from the cause to the learner's
arrival. Counts are harmed requests by the ground truth, whatever their status was; what chance does to a count is three
standard deviations of a Poisson count.

- **silent**: each minute of the incident is compared with healthy ones: the same minutes of the runs of all seeds without
  the cause. Six alarms (share of errors, 95th and 99th percentile of latency at the edge, health pages that are not ok,
  lines at WARN, lines at ERROR) have two exact one-sided rank tests each: how many minutes are in the upper quarter of
  all (a small rise that lasts), and how many are above every healthy one (a large rise, however short). Both are
  hypergeometric. Holm's procedure over the twelve keeps false alarms of a silent seed to 1 %, as far as minutes are
  independent. The bound on the share of all seeds that alarm is Clopper and Pearson's.
- **harmful**: more requests are harmed than without the cause, beyond chance. If nothing is wrong: not more.
- **solvable**: each chart that the lesson names as evidence, drawn when the learner arrives, looks otherwise than without
  the cause, as the debrief judges pinned evidence. AUC is the area under the ROC curve of its points since the cause.
- **fixable**: each root fix, ordered when the learner arrives, gets the verdict `root fix` of the debrief.
- **honest**: each other fix gets the verdict that the lesson states. Symptom patches are tried on every seed, as root fixes
  are; what is said to do nothing or to harm, on each tenth, from the first.
- **minimal**: the same script without the cause harms at most a tenth as much beyond background life, beyond chance.
- **unspoiled**: each red herring alone, with background life, harms nobody beyond chance.
- **clean log**: on most seeds there is no log line that names the cause. A line does if there are more such lines (same
  words, same node) than without the cause, beyond chance, and its words name a place of the cause or the change, or it is
  at WARN or above and a place of the cause wrote it. The index is the share of lessons with an incident that are clean.

On one seed a property that is true fails by chance at most 1 % of the time. A lesson has it unless more seeds fail than
that explains at 95 % confidence: none of 2 to 5, one of 6 to 35, two of 36 to 82, three of 100.
";
