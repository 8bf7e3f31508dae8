//! How many customers a second the engine takes through, and the loops that are written
//! for one model alone: `cargo bench -p sim --bench speed`. What is compared as a ratio is
//! measured in turns by `ratios`.

mod models;

use divan::Bencher;
use divan::counter::ItemsCount;
use models::{BRANCH_DAYS, Branch, QUEUE_CUSTOMERS, bare_queue, network, queue, read};

fn main() {
    // cargo passes --bench; `cargo test --benches` does not, and wants no long run.
    if std::env::args().any(|argument| argument == "--bench") {
        let (_, outcome) = Branch::read().engine(BRANCH_DAYS, 1);
        let (_, told) = Branch::by_hand(BRANCH_DAYS, 1);
        Branch::agree(&outcome, &told);
        divan::main();
    }
}

/// M/M/10 at rho 0.9 by a 4-ary heap, integer time and ziggurat draws.
#[divan::bench(sample_count = 9, sample_size = 1)]
fn queue_by_a_bare_loop(bencher: Bencher<'_, '_>) {
    let counted = bencher.counter(ItemsCount::new(QUEUE_CUSTOMERS));
    counted.bench_local(|| bare_queue(QUEUE_CUSTOMERS, 1));
}

/// The same by the engine, with all figures and their intervals.
#[divan::bench(sample_count = 9, sample_size = 1)]
fn queue_by_the_engine(bencher: Bencher<'_, '_>) {
    let scenario = read("queue.toml");
    let counted = bencher.counter(ItemsCount::new(QUEUE_CUSTOMERS));
    counted.bench_local(|| queue(&scenario, 1));
}

/// A branch day of 911 customers by hand.
#[divan::bench(sample_count = 5, sample_size = 1)]
fn branch_days_by_hand(bencher: Bencher<'_, '_>) {
    let customers = Branch::by_hand(BRANCH_DAYS, 1).0;
    let counted = bencher.counter(ItemsCount::new(customers));
    counted.bench_local(|| Branch::by_hand(BRANCH_DAYS, 1).0);
}

/// The same by the engine, on one thread and on two.
#[divan::bench(sample_count = 5, sample_size = 1, args = [1, 2])]
fn branch_days_by_the_engine(bencher: Bencher<'_, '_>, threads: usize) {
    let branch = Branch::read();
    let customers = branch.engine(BRANCH_DAYS, 1).0;
    let counted = bencher.counter(ItemsCount::new(customers));
    counted.bench_local(|| branch.engine(BRANCH_DAYS, threads).0);
}

/// A day of 15,500 branches on one thread.
#[divan::bench(sample_count = 3, sample_size = 1)]
fn branches_of_the_network(bencher: Bencher<'_, '_>) {
    let counted = bencher.counter(ItemsCount::new(network(1)));
    counted.bench_local(|| network(1));
}
