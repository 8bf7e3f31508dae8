//! Where random numbers come from.

use super::fields::{Reader, Section};
use super::tree::{Table, Value};
use crate::model::{Lines, Order, Random, Resource};

pub(super) const SOURCES: [(&str, Random); 2] = [
    ("keyed", Random::Keyed),
    ("mrg32k3a-streams", Random::Mrg32k3aStreams),
];

/// Seeds of `MRG32k3a` are below its second modulus.
const MRG32K3A_SEED_MAX: u64 = 4_294_944_442;
/// The seed that packages with `MRG32k3a` begin with.
const MRG32K3A_SEED: u64 = 12_345;

impl Reader {
    /// `random` and `seed` of `[run]`.
    pub(super) fn randomness(&mut self, section: &Section<'_>) -> Option<(Random, u64)> {
        let random = match section.get("random") {
            Some(node) => self.choice(node, "run.random", &SOURCES)?,
            None => Random::Keyed,
        };
        let (seeds, usual) = match random {
            Random::Keyed => (0..=u64::MAX, 1),
            Random::Mrg32k3aStreams => (1..=MRG32K3A_SEED_MAX, MRG32K3A_SEED),
        };
        let seed = self.optional_whole(section, "seed", seeds);
        Some((random, seed.unwrap_or(usual)))
    }

    /// Refuses what looks at a random number more than once, which streams cannot give.
    pub(super) fn streams_fit(&mut self, table: &Table, random: Random, resources: &[Resource]) {
        if random != Random::Mrg32k3aStreams {
            return;
        }
        for resource in resources {
            let what = if resource.queue.order == Order::Random {
                "is served in random order"
            } else if resource.queue.lines != Lines::One {
                "has a line for each server"
            } else {
                continue;
            };
            let Some(Value::Table(all)) = table.get("resources").map(|it| &it.value) else {
                return;
            };
            if let Some(entry) = all.entry(&resource.name) {
                self.fault(
                    entry.key_origin,
                    format!("`{}` {what}, which random streams do not support", resource.name),
                    "take `random = \"mrg32k3a-streams\"` out of [run], or give it one line in the order of coming",
                );
            }
        }
    }
}
