//! The generator beside its peers, all against the same tiny server in one run:
//!
//!     cargo bench -p loadgen --bench peers -- [closed] [open] [memory] [freeze] [--rounds 5]
//!
//! Without names all four run. Server and generator have a processor each (`taskset`); wrk, ab, hey and
//! oha take part where they are installed (`apt-get install wrk apache2-utils hey`, `cargo install oha`).
//! Rounds are interleaved, each figure is the median of the rounds, and what `docs/performance.md` says
//! of the generator is what this prints on a machine at rest.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a benchmark that cannot be set up ends, and its output is its purpose"
)]

#[path = "../../tests/freezing_server/mod.rs"]
mod freezing_server;

mod bare;
mod closed;
mod freeze;
mod memory;
mod open;
mod ours;
mod process;
mod table;
mod tiny_server;

use std::env;

/// A comparison of so many rounds.
type Part = fn(usize);

fn main() {
    let mut words: Vec<String> = env::args().skip(1).collect();
    // `cargo test` only asks whether it still runs; `cargo bench` says so.
    let is_bench = words.iter().any(|word| word == "--bench");
    words.retain(|word| word != "--bench");
    // The program starts itself again, pinned, in each of its parts.
    match words.first().map(String::as_str) {
        Some("part:server") => return tiny_server::serve(),
        Some("part:bare-sockets") => return bare::sockets(&words[1..]),
        Some("part:bare-timer") => return bare::timer(&words[1..]),
        Some("part:ours-closed") => return ours::closed(&words[1..]),
        Some("part:ours-open") => return ours::open(&words[1..]),
        _ => {}
    }
    let rounds = words
        .iter()
        .position(|word| word == "--rounds")
        .and_then(|at| words.get(at + 1))
        .map_or(5, |rounds| rounds.parse().expect("--rounds takes a number"));
    let parts: [(&str, Part); 4] = [
        ("closed", closed::compare),
        ("open", open::compare),
        ("memory", memory::measure),
        ("freeze", freeze::compare),
    ];
    if !is_bench && words.is_empty() {
        return closed::compare(1);
    }
    let named = |name: &str| words.iter().any(|word| word == name);
    let all = !parts.iter().any(|(name, _)| named(name));
    for (name, run) in parts {
        if all || named(name) {
            run(rounds);
        }
    }
}
