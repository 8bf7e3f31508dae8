//! Randomness by place instead of by order: every draw is a pure function of
//! (seed, replication, arrival stream, customer, purpose), so two variants of a
//! scenario meet the same customers whatever happens between two draws.
//!
//! The mixing function is the finaliser of `SplitMix64` (Steele, Lea & Flood,
//! "Fast splittable pseudorandom number generators", OOPSLA 2014), which is a
//! bijection of 64 bits; a customer's purposes are positions in a `SplitMix64`
//! sequence of its own.

const GOLDEN_GAMMA: u64 = 0x9E37_79B9_7F4A_7C15;

/// The customers of the branch.
pub const BRANCH_STREAM: u64 = 0;
/// The sessions of the mobile bank.
pub const MOBILE_STREAM: u64 = 1;
/// The servers of the branch.
pub const SERVER_STREAM: u64 = 2;
/// The sessions of the mall, and of the messenger.
pub const MALL_STREAM: u64 = 3;
pub const MESSENGER_STREAM: u64 = 4;

/// The appointments of the branch.
pub const APPOINTMENT_STREAM: u64 = 16;

/// What a draw is for; each has a fixed place of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Exponential gap before this arrival.
    Gap,
    /// Segment of the customer.
    Segment,
    /// Service within the segment.
    Service,
    /// How long the customer is ready to wait.
    Patience,
    /// The one human time of a journey; `hop` counts the journeys before it.
    JourneyTime { hop: u8, journey: u32 },
    /// A step's own human time.
    StepTime { hop: u8, journey: u32, step: u32 },
    /// Whether the customer goes through a step.
    StepTaken { hop: u8, journey: u32, step: u32 },
    /// Whether a step fails.
    Failure { hop: u8, journey: u32, step: u32 },
    /// Latency of a step's operation.
    Latency { hop: u8, journey: u32, step: u32 },
    /// A day's busyness factor.
    Busyness,
    /// Amount of money moved by the operation at this place of the session.
    Amount { place: u32 },
    /// Who is paid.
    Payee { place: u32 },
    /// Which operation of the mix.
    Mix { place: u32 },
    /// Pause before the operation at this place.
    Think { place: u32 },
    /// How long until the request at this place is made again, which is the
    /// `tries`th time.
    TryAgain { place: u32, tries: u32 },
    /// Which of the mobile bank's customers.
    Who,
    /// Whether a fraction of a copy is played.
    Copy,
    /// A copy of a session.
    CopyOf { copy: u32 },
    /// Who is next in a line in random order, when so many have been picked before.
    Pick { picks: u64 },
    /// Which of several lines.
    Line { hop: u8, journey: u32, step: u32 },
    /// Everything that is drawn anew after this.
    Again,
    /// Whether a step sends back.
    Repeat { journey: u32, step: u32 },
    /// Leaving at the sight of the queue.
    Balking,
    /// Whether to come again.
    Retry,
    /// How long to stay away.
    Away,
    /// How many come together.
    Group,
    /// Whether an appointment is kept, cancelled or forgotten.
    Keeping,
    /// How early or late someone comes.
    Punctuality,
    /// How many servers of a resource there are today.
    Capacity { resource: u32 },
    /// Which of several channels with queues alike.
    Channel,
    /// Whether someone leaves a ticket without a word.
    NoShow,
    /// How long a server works until its next breakdown, and then is repaired.
    Up { breakdowns: u32 },
    /// How long a repair takes.
    Down { breakdowns: u32 },
    /// How long a server works until it jams, when it has so often.
    Jam { jams: u32 },
    /// Clearing that jam.
    Clearing { jams: u32 },
    /// A part of the mobile bank's traffic.
    Cell { cell: u32 },
    /// A branch of a region.
    Outlet { own: u64 },
    /// How many customers a branch has that is drawn.
    Size,
    /// Where somebody (or a branch) is, east or north.
    Scatter { axis: u8 },
    /// Whether a customer of a closed branch goes elsewhere.
    Stays,
    /// Whether to the nearest.
    ToNearest,
    /// Whether to the mobile bank.
    ToMobile,
}

impl Purpose {
    #[inline(always)]
    #[expect(
        clippy::inline_always,
        reason = "of a known purpose nothing is left but a number"
    )]
    const fn place(self) -> u64 {
        match self {
            Self::Gap => 1 << 56,
            Self::Segment => 2 << 56,
            Self::Service => 3 << 56,
            Self::Patience => 4 << 56,
            Self::JourneyTime { hop, journey } => in_journey(5, hop, journey, 0),
            Self::StepTime { hop, journey, step } => in_journey(6, hop, journey, step),
            Self::StepTaken { hop, journey, step } => in_journey(7, hop, journey, step),
            Self::Failure { hop, journey, step } => in_journey(8, hop, journey, step),
            Self::Latency { hop, journey, step } => in_journey(9, hop, journey, step),
            Self::Busyness => 10 << 56,
            Self::Amount { place } => (11 << 56) | place as u64,
            Self::Payee { place } => (12 << 56) | place as u64,
            Self::Mix { place } => (13 << 56) | place as u64,
            Self::Think { place } => (14 << 56) | place as u64,
            Self::TryAgain { place, tries } => (71 << 56) | ((tries as u64) << 32) | place as u64,
            Self::Who => 15 << 56,
            Self::Copy => 16 << 56,
            Self::CopyOf { copy } => (17 << 56) | copy as u64,
            Self::Pick { picks } => (18 << 56) | (picks & ((1 << 56) - 1)),
            Self::Line { hop, journey, step } => in_journey(19, hop, journey, step),
            Self::Again => 20 << 56,
            Self::Repeat { journey, step } => in_journey(21, 0, journey, step),
            Self::Balking => 22 << 56,
            Self::Retry => 23 << 56,
            Self::Away => 24 << 56,
            Self::Group => 27 << 56,
            Self::Keeping => 32 << 56,
            Self::Punctuality => 33 << 56,
            Self::NoShow => 34 << 56,
            Self::Channel => 35 << 56,
            Self::Up { breakdowns } => (25 << 56) | breakdowns as u64,
            Self::Capacity { resource } => (28 << 56) | resource as u64,
            Self::Down { breakdowns } => (26 << 56) | breakdowns as u64,
            Self::Jam { jams } => (40 << 56) | jams as u64,
            Self::Clearing { jams } => (41 << 56) | jams as u64,
            Self::Cell { cell } => (64 << 56) | cell as u64,
            Self::Outlet { own } => (65 << 56) | (own >> 8),
            Self::Size => 66 << 56,
            Self::Scatter { axis } => (67 << 56) | axis as u64,
            Self::Stays => 68 << 56,
            Self::ToNearest => 69 << 56,
            Self::ToMobile => 70 << 56,
        }
    }
}

#[inline]
const fn in_journey(kind: u64, hop: u8, journey: u32, step: u32) -> u64 {
    (kind << 56)
        | ((hop as u64) << 48)
        | ((journey as u64 & 0xFF_FFFF) << 24)
        | (step as u64 & 0xFF_FFFF)
}

/// Where the draws of a purpose stand in a customer's sequence: what can be reckoned
/// out once for all customers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place(u64);

impl Purpose {
    /// Where this purpose's draws stand.
    #[inline(always)]
    #[expect(
        clippy::inline_always,
        reason = "of a known purpose nothing is left but a number"
    )]
    pub const fn stands_at(self) -> Place {
        Place(self.place().wrapping_add(1).wrapping_mul(GOLDEN_GAMMA))
    }
}

/// The place from which all draws of one customer (or one day) come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Key(u64);

impl Key {
    /// The key of one replication of one arrival stream.
    pub fn of_stream(seed: u64, replication: u32, stream: u64) -> Self {
        Self(mix(mix(mix(0, seed), u64::from(replication)), stream))
    }

    /// The key of the customer (or session) with this index.
    #[inline]
    pub fn nth(self, index: u64) -> Self {
        Self(mix(self.0, index))
    }

    /// The key under this one for a purpose with draws of its own.
    #[inline]
    pub fn under(self, purpose: Purpose) -> Self {
        Self(self.bits(purpose))
    }

    /// The 64 random bits at the place of a purpose.
    #[inline]
    pub fn bits(self, purpose: Purpose) -> u64 {
        self.bits_at(purpose.stands_at())
    }

    /// The 64 random bits at a place.
    #[inline]
    pub fn bits_at(self, place: Place) -> u64 {
        finalise(self.0.wrapping_add(place.0))
    }

    /// A uniform number strictly between 0 and 1 at the place of a purpose.
    #[inline]
    pub fn uniform(self, purpose: Purpose) -> f64 {
        uniform(self.bits(purpose))
    }
}

/// A uniform number strictly between 0 and 1 from 64 random bits.
#[inline]
pub fn uniform(bits: u64) -> f64 {
    // 52 bits, so that the half added to keep away from 0 does not round up to 1.
    const STEP: f64 = 1.0 / (1_u64 << 52) as f64;
    ((bits >> 12) as f64 + 0.5) * STEP
}

#[inline]
fn mix(key: u64, value: u64) -> u64 {
    finalise(key.wrapping_add(GOLDEN_GAMMA) ^ finalise(value.wrapping_add(0xD1B5_4A32_D192_ED03)))
}

/// The finaliser of `SplitMix64`.
#[inline]
pub fn finalise(mut bits: u64) -> u64 {
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    bits ^ (bits >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn splitmix_gives_the_reference_sequence() {
        // First outputs of SplitMix64 seeded with 1234567, from the reference C code.
        let state = 1_234_567_u64;
        let outputs: Vec<u64> = (1..=3)
            .map(|place: u64| finalise(state.wrapping_add(GOLDEN_GAMMA.wrapping_mul(place))))
            .collect();
        assert_eq!(
            outputs,
            [
                6_457_827_717_110_365_317,
                3_203_168_211_198_807_973,
                9_817_491_932_198_370_423
            ]
        );
    }

    #[test]
    fn draws_depend_on_every_part_of_their_key() {
        let base = Key::of_stream(1, 2, BRANCH_STREAM)
            .nth(3)
            .bits(Purpose::Segment);
        for other in [
            Key::of_stream(2, 2, BRANCH_STREAM)
                .nth(3)
                .bits(Purpose::Segment),
            Key::of_stream(1, 3, BRANCH_STREAM)
                .nth(3)
                .bits(Purpose::Segment),
            Key::of_stream(1, 2, MOBILE_STREAM)
                .nth(3)
                .bits(Purpose::Segment),
            Key::of_stream(1, 2, BRANCH_STREAM)
                .nth(4)
                .bits(Purpose::Segment),
            Key::of_stream(1, 2, BRANCH_STREAM)
                .nth(3)
                .bits(Purpose::Service),
        ] {
            assert_ne!(base, other);
        }
    }

    #[test]
    fn uniforms_are_strictly_inside_the_unit_interval() {
        assert!(uniform(0) > 0.0);
        assert!(uniform(u64::MAX) < 1.0);
    }
}
