//! One step, small enough that steps collide, and how steps are drawn.

use std::fmt;

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
    /// The card's limit lock, so much a day or none, and whether the night lock is on.
    Lock(usize, Option<i64>, bool),
    /// A transfer from the mobile bank by SMS, with the right code or a wrong one.
    Pay(usize, usize, i64, bool),
    /// A bill from the mobile bank by SMS.
    Bill(usize, i64, bool),
    /// The authorisation of a transfer by SMS, for later, so many times.
    Ask(usize, usize, i64, u8),
    /// The transfer that was asked for last, or before that, with the right code or a wrong one.
    Show(usize, usize, bool),
    /// A new session of the mobile bank.
    LogIn(usize),
    /// The customer shows a document again.
    Identify(usize),
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
    /// The last transfer of this customer to another bank comes back, if two people agree.
    SendBack(usize),
    /// Days that are over are closed, so many at most.
    EndDays(usize),
    /// So many days pass; then everybody logs in.
    Sleep(u32),
    /// Some time passes.
    Wait(Wait),
}

/// How much time passes.
#[derive(Clone, Copy, Debug)]
pub enum Wait {
    Micros(i64),
    Seconds(i64),
    Minutes(i64),
    Hours(i64),
    /// Until such a moment comes next, so many microseconds before it or after it.
    Until(Edge, i64),
    /// Until something of what is due falls due: the first of it, the second and so on.
    Due(usize, i64),
}

/// A moment at which rules change.
#[derive(Clone, Copy, Debug)]
pub enum Edge {
    /// 23:00, when the night lock sets in.
    Night,
    /// 05:00, when it ends.
    Morning,
    Midnight,
    /// The midnight after the month's last day.
    Month,
}

impl Step {
    /// Whose keys it uses: a customer's, the card network's, the counter's, the operator's.
    pub fn asker(&self) -> usize {
        match self {
            Self::Pay(customer, ..)
            | Self::Bill(customer, ..)
            | Self::Ask(customer, ..)
            | Self::Show(customer, ..)
            | Self::Subscribe(customer, _)
            | Self::Redeem(customer, _)
            | Self::Lock(customer, ..) => *customer,
            Self::Buy(..) => 3,
            Self::Value(_) | Self::Undo(_) | Self::SendBack(_) => 5,
            _ => 4,
        }
    }

    /// Whose session of the mobile bank it needs.
    pub fn session(&self) -> Option<usize> {
        Some(self.asker()).filter(|asker| *asker < 3)
    }

    /// Whether it is asked for under a key.
    pub fn has_key(&self) -> bool {
        !matches!(
            self,
            Self::Sleep(_) | Self::Wait(_) | Self::EndDays(_) | Self::LogIn(_)
        )
    }
}

/// What everybody has at first, in fen.
pub const MONEY: i64 = 1_500;

/// The limits of SMS that everybody has set, in fen: small enough to be met.
pub const SMS: (i64, i64, i64) = (500, 800, 1_000);

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
    // So that a few payments meet the limits of SMS.
    let paid = || {
        prop_oneof![
            2 => much(),
            1 => Just(300_i64),
            1 => Just(499),
            2 => Just(500),
            1 => Just(501)
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
        2 => (0..3_usize, prop::option::of(much()), any::<bool>())
            .prop_map(|(at, limit, night)| Step::Lock(at, limit, night)),
        6 => (0..3_usize, 0..3_usize, paid(), prop::bool::weighted(0.7))
            .prop_map(|(from, to, much, right)| Step::Pay(from, to, much, right)),
        4 => (0..3_usize, paid(), prop::bool::weighted(0.8))
            .prop_map(|(from, much, right)| Step::Bill(from, much, right)),
        4 => (0..3_usize, 0..3_usize, paid(), prop_oneof![4 => Just(1_u8), 1 => 2..6_u8])
            .prop_map(|(from, to, much, times)| Step::Ask(from, to, much, times)),
        8 => (0..3_usize, prop_oneof![2 => Just(0_usize), 3 => 0..6_usize], prop::bool::weighted(0.6))
            .prop_map(|(from, back, right)| Step::Show(from, back, right)),
        8 => (0..3_usize).prop_map(Step::LogIn),
        1 => (0..3_usize).prop_map(Step::Identify),
        4 => wait().prop_map(Step::Wait),
        2 => (0..3_usize, much()).prop_map(|(at, much)| Step::Subscribe(at, much)),
        2 => (0..3_usize, much()).prop_map(|(at, units)| Step::Redeem(at, units)),
        1 => prop_oneof![Just(10_000_u32), Just(5_000), Just(10_234), Just(30_000)]
            .prop_map(Step::Value),
        1 => (0..3_usize).prop_map(Step::Undo),
        1 => (0..3_usize).prop_map(|at| Step::Deposit(at, 100_000)),
        1 => (0..3_usize).prop_map(Step::Borrow),
        2 => (0..3_usize, prop::bool::weighted(0.3))
            .prop_map(|(at, whole)| Step::Repay(at, whole)),
        1 => (0..3_usize).prop_map(Step::SendBack),
        2 => prop_oneof![Just(1_usize), Just(2), Just(99)].prop_map(Step::EndDays),
        1 => prop_oneof![Just(1_u32), 1..40_u32].prop_map(Step::Sleep),
    ]
}

fn wait() -> impl Strategy<Value = Wait> {
    let beside = || prop_oneof![Just(0_i64), Just(-1), Just(1)];
    let edge = prop_oneof![
        Just(Edge::Night),
        Just(Edge::Morning),
        Just(Edge::Midnight),
        Just(Edge::Month)
    ];
    prop_oneof![
        1 => (1..3_i64).prop_map(Wait::Micros),
        1 => (1..60_i64).prop_map(Wait::Seconds),
        3 => (1..6_i64).prop_map(Wait::Minutes),
        1 => (1..14_i64).prop_map(Wait::Hours),
        3 => (edge, beside()).prop_map(|(edge, beside)| Wait::Until(edge, beside)),
        2 => (prop_oneof![0..3_usize, 0..12_usize], beside()).prop_map(|(which, beside)| Wait::Due(which, beside)),
    ]
}

/// Keyed steps that are decided together; a journal that refuses the group undoes it.
#[derive(Clone)]
pub struct Group {
    pub durable: bool,
    pub steps: Vec<(u8, Step)>,
}

/// A line a step, so that a shrunk failure can be read.
impl fmt::Debug for Group {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.durable { "kept:" } else { "undone:" })?;
        let mut steps = self.steps.iter();
        steps.try_for_each(|(key, step)| write!(f, "\n  key {key}: {step:?}"))
    }
}

pub fn groups() -> impl Strategy<Value = Vec<Group>> {
    let steps = prop::collection::vec((0..60_u8, step()), 1..8);
    let group = (prop::bool::weighted(0.8), steps);
    let group = group.prop_map(|(durable, steps)| Group { durable, steps });
    prop::collection::vec(group, 1..32)
}
