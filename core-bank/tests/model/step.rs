//! One step, small enough that steps collide, and how steps are drawn.

use proptest::prelude::*;

pub const PEOPLE: [&str; 3] = [
    "11010519491231002X",
    "440524188001010014",
    "110105199001010010",
];

/// One step, small enough that steps collide: 3 accounts, a handful of amounts and keys.
#[derive(Clone, Debug)]
pub enum Step {
    Deposit(usize, i64),
    Withdraw(usize, i64),
    Transfer(usize, usize, i64),
    Remit(usize, i64),
    Lose(usize),
    Lift(usize),
    /// A purchase at a point of sale.
    Buy(usize, i64),
    /// The card's limit lock: so much a day, or none.
    Lock(usize, Option<i64>),
    /// A transfer from the mobile bank by SMS, with the right code or a wrong one.
    Pay(usize, usize, i64, bool),
    /// A bill from the mobile bank by SMS.
    Bill(usize, i64, bool),
    /// Money into the wealth product.
    Subscribe(usize, i64),
    /// So many hundredths of units out of it.
    Redeem(usize, i64),
    /// A net asset value in ten-thousandths.
    Value(u32),
    /// The last transfer of this customer at the counter goes back, if two people agree.
    Undo(usize),
    /// A loan of 1,000.00 over three months, drawn at once when it is approved.
    Borrow(usize),
    /// The next instalment of the oldest loan, or all of it.
    Repay(usize, bool),
    /// Every day that is over is closed.
    EndDays,
    /// So many days pass.
    Sleep(u32),
}

impl Step {
    /// Whose keys it uses: a customer's, the card network's, the counter's, the operator's.
    pub fn asker(&self) -> usize {
        match self {
            Self::Pay(customer, ..)
            | Self::Bill(customer, ..)
            | Self::Subscribe(customer, _)
            | Self::Redeem(customer, _)
            | Self::Lock(customer, _) => *customer,
            Self::Buy(..) => 3,
            Self::Value(_) | Self::Undo(_) => 5,
            _ => 4,
        }
    }
}

/// The limits of SMS that everybody has set, in fen: small enough to be met.
pub const SMS: (i64, i64, i64) = (500, 800, 2_000);

/// The instalments of a loan of 1,000.00: principal and interest in fen, computed apart from the bank.
pub const LOAN: [(i64, i64); 3] = [(33_212, 363), (33_333, 242), (33_455, 121)];

/// The wealth product's minimum and quota, in fen.
pub const WEALTH: (i64, i64) = (50, 3_000);

pub fn step() -> impl Strategy<Value = Step> {
    let much = || {
        prop_oneof![
            Just(1_i64),
            Just(50),
            Just(99),
            Just(100),
            Just(101),
            1..1_000_i64
        ]
    };
    prop_oneof![
        3 => (0..3_usize, much()).prop_map(|(at, much)| Step::Deposit(at, much)),
        3 => (0..3_usize, much()).prop_map(|(at, much)| Step::Withdraw(at, much)),
        4 => (0..3_usize, 0..3_usize, much()).prop_map(|(from, to, much)| Step::Transfer(from, to, much)),
        2 => (0..3_usize, much()).prop_map(|(from, much)| Step::Remit(from, much)),
        1 => (0..3_usize).prop_map(Step::Lose),
        1 => (0..3_usize).prop_map(Step::Lift),
        3 => (0..3_usize, much()).prop_map(|(at, much)| Step::Buy(at, much)),
        1 => (0..3_usize, prop::option::of(much())).prop_map(|(at, limit)| Step::Lock(at, limit)),
        5 => (0..3_usize, 0..3_usize, much(), prop::bool::weighted(0.7))
            .prop_map(|(from, to, much, right)| Step::Pay(from, to, much, right)),
        3 => (0..3_usize, much(), prop::bool::weighted(0.8))
            .prop_map(|(from, much, right)| Step::Bill(from, much, right)),
        2 => (0..3_usize, much()).prop_map(|(at, much)| Step::Subscribe(at, much)),
        2 => (0..3_usize, much()).prop_map(|(at, units)| Step::Redeem(at, units)),
        1 => prop_oneof![Just(10_000_u32), Just(5_000), Just(10_234), Just(30_000)]
            .prop_map(Step::Value),
        1 => (0..3_usize).prop_map(Step::Undo),
        1 => (0..3_usize).prop_map(|at| Step::Deposit(at, 100_000)),
        1 => (0..3_usize).prop_map(Step::Borrow),
        2 => (0..3_usize, prop::bool::weighted(0.3))
            .prop_map(|(at, whole)| Step::Repay(at, whole)),
        1 => Just(Step::EndDays),
        1 => prop_oneof![Just(1_u32), 1..40_u32].prop_map(Step::Sleep),
    ]
}

/// Groups of keyed steps; `false` says that the journal refuses the group.
pub type Groups = Vec<(bool, Vec<(u8, Step)>)>;

pub fn groups() -> impl Strategy<Value = Groups> {
    let group = prop::collection::vec((0..60_u8, step()), 1..8);
    prop::collection::vec((prop::bool::weighted(0.8), group), 1..16)
}
