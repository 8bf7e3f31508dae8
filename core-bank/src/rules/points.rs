//! Points: what they are worth, how they are earned, and that nobody has fewer than none.

use rust_decimal::{Decimal, RoundingStrategy, prelude::ToPrimitive as _};
use serde::{Deserialize, Serialize};

use super::{fact::Fact, ids::CustomerId, money::Fen, state::State};

/// Why points moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PointsReason {
    /// They paid a part of an order.
    MallOffset,
    /// They were earned by what an order cost in money.
    MallEarned,
    /// The day's sign-in.
    CheckIn,
    /// They were won.
    Prize,
    /// A gift for logging in.
    Gift,
    /// What a voucher was worth beyond the goods that it paid for.
    Voucher,
    /// An order was cancelled: what paid a part of it came back, or what it earned was taken back.
    OrderCancelled,
}

impl PointsReason {
    /// The name in answers.
    pub fn name(self) -> &'static str {
        match self {
            Self::MallOffset => "mall_offset",
            Self::MallEarned => "mall_earned",
            Self::CheckIn => "check_in",
            Self::Prize => "prize",
            Self::Gift => "gift",
            Self::Voucher => "voucher",
            Self::OrderCancelled => "order_cancelled",
        }
    }
}

/// What points are worth and how they are earned: assumptions, the same for everybody.
pub struct PointsTerms;

impl PointsTerms {
    /// What one point pays, in yuan.
    pub const WORTH_YUAN: Decimal = Decimal::from_parts(1, 0, 0, false, 2);
    /// Points for each yuan of money that an order costs.
    pub const EARNED_PER_YUAN: Decimal = Decimal::ONE;
    /// The share of a price that points may pay.
    pub const SHARE_MAX: Decimal = Decimal::from_parts(5, 0, 0, false, 1);
    /// Points for a sign-in.
    pub const CHECK_IN: u32 = 5;

    /// What so many points pay, whole fen, rounded down.
    pub fn worth(points: u32) -> Option<Fen> {
        whole(Decimal::from(points) * Self::WORTH_YUAN * Decimal::ONE_HUNDRED).map(Fen)
    }

    /// The most that points may pay of a price, whole fen, rounded down.
    pub fn share_of(price: Fen) -> Option<Fen> {
        whole(Decimal::from(price.0).checked_mul(Self::SHARE_MAX)?).map(Fen)
    }

    /// What an order earns that cost so much money, whole points, rounded down.
    pub fn earned(paid: Fen) -> Option<i64> {
        let yuan = Decimal::from(paid.0).checked_div(Decimal::ONE_HUNDRED)?;
        whole(yuan.checked_mul(Self::EARNED_PER_YUAN)?)
    }

    /// The points that pay so much, whole points, rounded down.
    pub fn paying(fen: Fen) -> Option<i64> {
        let yuan = Decimal::from(fen.0).checked_div(Decimal::ONE_HUNDRED)?;
        whole(yuan.checked_div(Self::WORTH_YUAN)?)
    }
}

fn whole(number: Decimal) -> Option<i64> {
    let down = number.round_dp_with_strategy(0, RoundingStrategy::ToZero);
    down.to_i64()
}

/// A change of somebody's points on top of what they hold, as a fact.
pub(super) fn moved(
    customer: CustomerId,
    reason: PointsReason,
    (held, change): (i64, i64),
) -> Option<(i64, Fact)> {
    let balance_after = held.checked_add(change)?;
    let fact = Fact::PointsMoved {
        customer,
        reason,
        change,
        balance_after,
    };
    Some((balance_after, fact))
}

impl State {
    /// What a customer has.
    pub fn points(&self, customer: CustomerId) -> i64 {
        self.points.get(&customer).copied().unwrap_or(0)
    }

    pub(super) fn move_points(
        &mut self,
        customer: CustomerId,
        change: i64,
        balance_after: i64,
    ) -> Result<(), &'static str> {
        if !self.customers.contains(&customer) {
            return Err("the customer does not exist");
        }
        let after = self.points(customer).checked_add(change);
        if after != Some(balance_after) || balance_after < 0 {
            return Err("points do not lead to their balance, or below zero");
        }
        self.points.put(customer, balance_after);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_point_is_a_fen_and_a_yuan_earns_one_rounded_down() {
        assert_eq!(PointsTerms::worth(0), Some(Fen(0)));
        assert_eq!(PointsTerms::worth(1), Some(Fen(1)));
        assert_eq!(PointsTerms::worth(u32::MAX), Some(Fen(4_294_967_295)));
        for (fen, points) in [
            (0, 0),
            (1, 0),
            (99, 0),
            (100, 1),
            (1_299, 12),
            (999_999, 9_999),
        ] {
            assert_eq!(PointsTerms::earned(Fen(fen)), Some(points), "{fen}");
        }
        assert_eq!(PointsTerms::paying(Fen(1_299)), Some(1_299));
    }

    #[test]
    fn points_pay_at_most_half_rounded_down() {
        for (price, most) in [(1, 0), (2, 1), (3, 1), (1_000, 500), (1_001, 500)] {
            assert_eq!(
                PointsTerms::share_of(Fen(price)),
                Some(Fen(most)),
                "{price}"
            );
        }
    }
}
