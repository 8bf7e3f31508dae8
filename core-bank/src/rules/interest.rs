//! Interest: how much, for how long, and how it is rounded.
//!
//! Deposits count by products, as banks do by hand (积数计息): each account adds up what it held at the
//! end of every day, in fen times days. Nothing is rounded until interest is credited, and then once.
//! The year has 360 days, the days are counted as they come (actual/360).

use rust_decimal::{Decimal, RoundingStrategy};
use serde::{Deserialize, Serialize};

use super::{calendar::Day, money::Fen};

/// The yearly rate of demand deposits: 0.30% (what the big banks list since October 2015; assumption).
pub fn demand_rate() -> Decimal {
    Decimal::new(30, 4)
}

/// Days of a year of interest.
const YEAR: u32 = 360;

/// Rounds a number of fen to whole fen, halves away from zero (四舍五入); `None` beyond what an account
/// can hold.
pub fn round_to_fen(fen: Decimal) -> Option<Fen> {
    let whole = fen.round_dp_with_strategy(0, RoundingStrategy::MidpointAwayFromZero);
    i64::try_from(whole.mantissa() / 10_i128.pow(whole.scale()))
        .ok()
        .map(Fen)
}

/// The interest on a product of fen and days.
pub fn interest_on(fen_days: i128) -> Option<Fen> {
    let product = Decimal::try_from_i128_with_scale(fen_days, 0).ok()?;
    let year = product.checked_mul(demand_rate())?;
    round_to_fen(year.checked_div(Decimal::from(YEAR))?)
}

/// What an account has added up since interest was last credited.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Product {
    /// Fen times days in two halves: an `i128` would have every account aligned to 16 bytes.
    fen_days: (i64, u64),
    since: Day,
}

impl Product {
    /// Nothing yet, from this day on.
    pub fn starting(since: Day) -> Self {
        let fen_days = (0, 0);
        Self { fen_days, since }
    }

    /// Everything up to the end of the day before `today`, for an account that has held `balance`
    /// since its last change.
    pub fn until(&self, today: Day, balance: Fen) -> i128 {
        let days = i128::from(today.0) - i128::from(self.since.0);
        let (high, low) = self.fen_days;
        let counted = i128::from(high) << 64 | i128::from(low);
        counted + i128::from(balance.0) * days.max(0)
    }

    /// Counts `balance` up to the end of the day before `today`, ahead of a change.
    pub fn count(&mut self, today: Day, balance: Fen) {
        let counted = self.until(today, balance);
        self.fen_days = ((counted >> 64) as i64, counted as u64);
        self.since = self.since.max(today);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hundred_thousand_yuan_earn_75_yuan_in_90_days() {
        // 100,000 × 0.30% × 90 / 360, by hand.
        assert_eq!(interest_on(10_000_000 * 90), Some(Fen(7_500)));
    }

    #[test]
    fn half_a_fen_rounds_up_and_less_does_not() {
        // 0.5 fen = product × 0.003 / 360, so the product is 60,000 fen-days.
        assert_eq!(interest_on(60_000), Some(Fen(1)));
        assert_eq!(interest_on(59_999), Some(Fen(0)));
        assert_eq!(interest_on(180_000), Some(Fen(2)));
        assert_eq!(interest_on(-60_000), Some(Fen(-1)));
    }

    #[test]
    fn a_product_counts_what_was_held_at_the_end_of_each_day() {
        let mut product = Product::starting(Day(10));
        // 100 fen paid in on day 10, 50 more on day 12 in two parts, asked on day 15.
        product.count(Day(10), Fen(0));
        product.count(Day(12), Fen(100));
        product.count(Day(12), Fen(120));
        assert_eq!(product.until(Day(15), Fen(150)), 2 * 100 + 3 * 150);
    }

    #[test]
    fn a_product_is_exact_beyond_64_bits_and_below_zero() {
        for balance in [i64::MAX, i64::MIN, -1] {
            let mut product = Product::starting(Day(0));
            product.count(Day(100), Fen(balance));
            assert_eq!(product.until(Day(100), Fen(5)), i128::from(balance) * 100);
        }
    }

    #[test]
    fn what_no_account_can_hold_is_no_interest() {
        assert_eq!(interest_on(i128::MAX), None);
    }
}
