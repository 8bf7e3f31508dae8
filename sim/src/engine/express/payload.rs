//! What the end of a step means, in the bits of its event.

use super::desks::ANY;
use crate::engine::calendar::SLOTS;
use crate::engine::heap::Event;
use scenarios::model::ResourceId;

/// So many resources have numbers in an event, with one to spare for none.
pub const MOST_DESKS: usize = NO_DESK as usize;
const NO_DESK: u64 = (1 << 12) - 1;

/// Set in the events of those who leave; their other bits are the desk, then
/// whether they are counted, then the server (64 where all are alike).
const LEAVES: u64 = SLOTS as u64;
/// The sequence number of an event stands above these bits of its tag.
pub const BITS: u32 = LEAVES.trailing_zeros() + 1;
const DESK_SHIFT: u32 = 8;
const COUNTED: u64 = 1 << 7;
const UNIT_MASK: u64 = COUNTED - 1;
const ANY_UNIT: u64 = 64;

/// What the end of a step means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Payload {
    /// The customer in this slot goes on to its next step.
    GoesOn { slot: usize },
    /// A customer leaves, who may be counted, and its server (if it has one) is free.
    Leaves {
        desk: Option<ResourceId>,
        unit: u32,
        counted: bool,
    },
}

impl Payload {
    #[inline]
    pub fn bits(self) -> u64 {
        match self {
            Self::GoesOn { slot } => slot as u64 & (LEAVES - 1),
            Self::Leaves {
                desk,
                unit,
                counted,
            } => {
                let desk = desk.map_or(NO_DESK, |desk| desk as u64);
                let unit = if unit == ANY {
                    ANY_UNIT
                } else {
                    u64::from(unit)
                };
                LEAVES | (desk << DESK_SHIFT) | (u64::from(counted) << 7) | unit
            }
        }
    }

    #[inline]
    pub fn of(event: Event) -> Self {
        let bits = event.tag();
        if bits & LEAVES == 0 {
            return Self::GoesOn {
                slot: (bits & (LEAVES - 1)) as usize,
            };
        }
        let desk = (bits >> DESK_SHIFT) & NO_DESK;
        let unit = bits & UNIT_MASK;
        Self::Leaves {
            desk: (desk != NO_DESK).then_some(desk as ResourceId),
            unit: if unit == ANY_UNIT { ANY } else { unit as u32 },
            counted: bits & COUNTED != 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_packed_is_unpacked() {
        let goes_on = [0, 1, SLOTS - 1].map(|slot| Payload::GoesOn { slot });
        let mut all = goes_on.to_vec();
        for desk in [None, Some(0), Some(MOST_DESKS - 1)] {
            for unit in [0, 63, ANY] {
                for counted in [false, true] {
                    all.push(Payload::Leaves {
                        desk,
                        unit,
                        counted,
                    });
                }
            }
        }
        for payload in all {
            let tag = (7 << BITS) | payload.bits();
            assert_eq!(Payload::of(Event::new(5, tag)), payload);
        }
    }
}
