//! The hold model (Jones, CACM 29(4), 1986): pop the next event, push one an exponential time later; the number pending
//! stays the same. The agenda beside std's `BinaryHeap`.

mod support;

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::hint::black_box;

use allgreen::SimTime;
use allgreen::engine::Agenda;
use divan::Bencher;
use divan::counter::ItemsCount;
use support::{Luck, best_of};

const HOLDS: u64 = 200_000;
const PENDING: [u64; 4] = [1_000, 10_000, 100_000, 1_000_000];
const MEAN_NS: f64 = 1e9;

fn main() {
    ratios();
    divan::main();
}

#[allow(clippy::print_stdout, reason = "a bench reports on standard output")]
fn ratios() {
    println!("hold model, ns for one pop and one push:");
    let mut first = None;
    for pending in PENDING {
        let (mut agenda, mut heap) = (agenda_of(pending), heap_of(pending));
        let (mut luck, mut other) = (Luck(1), Luck(1));
        let [ours, theirs] =
            best_of(7, [&mut || hold_agenda(&mut agenda, &mut luck), &mut || hold_heap(&mut heap, &mut other)]);
        let each = |secs: f64| secs / HOLDS as f64 * 1e9;
        let first = *first.get_or_insert(ours);
        println!(
            "  {pending:>8} pending: agenda {:6.1}, BinaryHeap {:6.1} ({:.2}×); agenda against 1000 pending {:.2}×",
            each(ours),
            each(theirs),
            theirs / ours,
            ours / first
        );
    }
}

fn agenda_of(pending: u64) -> Agenda<u64> {
    let (mut agenda, mut luck) = (Agenda::new(), Luck(2));
    (0..pending).for_each(|event| agenda.push(SimTime(luck.exponential(MEAN_NS)), event));
    agenda
}

fn heap_of(pending: u64) -> BinaryHeap<Reverse<(u64, u64, u64)>> {
    let mut luck = Luck(2);
    (0..pending).map(|event| Reverse((luck.exponential(MEAN_NS), event, event))).collect()
}

fn hold_agenda(agenda: &mut Agenda<u64>, luck: &mut Luck) {
    for _ in 0..HOLDS {
        if let Some((at, event)) = agenda.pop_until(SimTime(u64::MAX)) {
            agenda.push(SimTime(at.0 + luck.exponential(MEAN_NS)), black_box(event));
        }
    }
}

/// Events leave in order of (time, sequence), as the agenda's do.
fn hold_heap(heap: &mut BinaryHeap<Reverse<(u64, u64, u64)>>, luck: &mut Luck) {
    for _ in 0..HOLDS {
        if let Some(Reverse((at, sequence, event))) = heap.pop() {
            heap.push(Reverse((at + luck.exponential(MEAN_NS), sequence + 1, black_box(event))));
        }
    }
}

#[divan::bench(args = PENDING, sample_count = 10)]
fn agenda(bencher: Bencher<'_, '_>, pending: u64) {
    let (mut agenda, mut luck) = (agenda_of(pending), Luck(1));
    bencher.counter(ItemsCount::new(HOLDS)).bench_local(|| hold_agenda(&mut agenda, &mut luck));
}

#[divan::bench(args = PENDING, sample_count = 10)]
fn binary_heap(bencher: Bencher<'_, '_>, pending: u64) {
    let (mut heap, mut luck) = (heap_of(pending), Luck(1));
    bencher.counter(ItemsCount::new(HOLDS)).bench_local(|| hold_heap(&mut heap, &mut luck));
}
