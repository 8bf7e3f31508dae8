//! Wealth products (M3): launched and valued by the operator, subscribed to and redeemed by customers.
//!
//! Money is whole fen, units are whole hundredths, a net asset value has four decimals; products of
//! them are computed by `rust_decimal` and cut down, never up: units for money, and money for units. So
//! nobody gets more out than went in at one value, and what is cut off stays with the fund.

use std::fmt;

use rust_decimal::{Decimal, RoundingStrategy};
use serde::{Deserialize, Serialize};

use super::{
    decide::{Decision, Desk},
    fact::Fact,
    ids::{AccountNumber, CustomerId},
    ledger::{BookAccount, LedgerAccount},
    money::{Amount, Fen},
    operation::Operation,
    refusal::{Refusal, RefusalCode as Code},
    state::State,
};

/// A product's code: 2 to 12 capital letters or digits.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ProductCode(String);

impl ProductCode {
    /// Reads a code; any other text names nothing.
    pub fn parse(text: &str) -> Option<Self> {
        let plain = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit();
        let right = (2..=12).contains(&text.len()) && text.bytes().all(plain);
        right.then(|| Self(text.to_owned()))
    }

    /// Comes before every code.
    fn lowest() -> Self {
        Self(String::new())
    }
}

impl fmt::Display for ProductCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What one unit is worth, in ten-thousandths of a yuan.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct NetAssetValue(u32);

/// From 0.0100 to 9999.9999 yuan.
const VALUES: std::ops::RangeInclusive<u32> = 100..=99_999_999;

impl NetAssetValue {
    /// One yuan, where every product starts.
    pub const ONE: Self = Self(10_000);

    /// Reads `1.0234`: digits, a point, and one to four decimals, or digits alone.
    pub fn parse(text: &str) -> Option<Self> {
        let (yuan, decimals) = text.split_once('.').unwrap_or((text, "0"));
        let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        let right = (1..=4).contains(&yuan.len())
            && (1..=4).contains(&decimals.len())
            && digits(yuan)
            && digits(decimals)
            && (yuan.len() == 1 || !yuan.starts_with('0'));
        if !right {
            return None;
        }
        let number = format!("{yuan}{decimals:0<4}").parse().ok()?;
        VALUES.contains(&number).then_some(Self(number))
    }

    fn yuan(self) -> Decimal {
        Decimal::new(i64::from(self.0), 4)
    }

    /// The units, in hundredths, that so much money buys: cut down to whole hundredths.
    pub fn units_for(self, money: Fen) -> Option<i64> {
        let units = Decimal::new(money.0, 2).checked_div(self.yuan())?;
        hundredths(units)
    }

    /// What so many hundredths of units are worth: cut down to whole fen.
    pub fn worth_of(self, units: i64) -> Option<Fen> {
        let money = Decimal::new(units, 2).checked_mul(self.yuan())?;
        hundredths(money).map(Fen)
    }
}

fn hundredths(number: Decimal) -> Option<i64> {
    let cut = number.round_dp_with_strategy(2, RoundingStrategy::ToZero);
    let scale = 2_u32.checked_sub(cut.scale())?;
    i64::try_from(cut.mantissa().checked_mul(10_i128.pow(scale))?).ok()
}

impl fmt::Display for NetAssetValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:04}", self.0 / 10_000, self.0 % 10_000)
    }
}

/// A product.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Product {
    /// For people.
    pub name: String,
    /// The least that is subscribed at once.
    pub minimum: Fen,
    /// The most that is ever subscribed by all together; redeeming makes no room again.
    pub quota: Fen,
    /// What was subscribed so far.
    pub subscribed: Fen,
    /// Hundredths of units that customers hold.
    pub units: i64,
    /// What a unit is worth.
    pub value: NetAssetValue,
}

/// What is wanted of wealth products.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WealthAction {
    /// Offer a product, at a net asset value of 1.
    Launch {
        /// Its code.
        code: ProductCode,
        /// Its name for people.
        name: String,
        /// The least that is subscribed at once.
        minimum: Amount,
        /// The most that is ever subscribed by all together.
        quota: Amount,
    },
    /// State what a unit is worth from now on.
    Value {
        /// Of which product.
        code: Option<ProductCode>,
        /// So much.
        value: NetAssetValue,
    },
    /// Put money into a product.
    Subscribe {
        /// Out of this account.
        account: Option<AccountNumber>,
        /// Which product.
        code: Option<ProductCode>,
        /// How much.
        amount: Amount,
    },
    /// Take money out of a product.
    Redeem {
        /// Into this account.
        account: Option<AccountNumber>,
        /// Which product.
        code: Option<ProductCode>,
        /// How many hundredths of units.
        units: Amount,
    },
}

impl WealthAction {
    /// The operation by its shared name.
    pub fn operation(&self) -> Operation {
        match self {
            Self::Launch { .. } => Operation::WealthLaunch,
            Self::Value { .. } => Operation::WealthValuation,
            Self::Subscribe { .. } => Operation::WealthSubscription,
            Self::Redeem { .. } => Operation::WealthRedemption,
        }
    }

    /// The customer's account.
    pub fn account(&self) -> Option<AccountNumber> {
        match self {
            Self::Subscribe { account, .. } | Self::Redeem { account, .. } => *account,
            Self::Launch { .. } | Self::Value { .. } => None,
        }
    }

    /// The money that is to move, where the request says it.
    pub fn amount(&self) -> Option<Amount> {
        match self {
            Self::Subscribe { amount, .. } => Some(*amount),
            _ => None,
        }
    }
}

/// What happened to wealth products.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WealthFact {
    /// A product is offered.
    Launched {
        /// Its code.
        code: ProductCode,
        /// Its name for people.
        name: String,
        /// The least that is subscribed at once.
        minimum: Fen,
        /// The most that is ever subscribed by all together.
        quota: Fen,
    },
    /// A unit is worth so much from now on.
    Valued {
        /// Of which product.
        code: ProductCode,
        /// So much.
        value: NetAssetValue,
    },
    /// A customer has more units.
    Subscribed {
        /// Who.
        customer: CustomerId,
        /// Of which product.
        code: ProductCode,
        /// What was paid for them.
        amount: Fen,
        /// Hundredths of units.
        units: i64,
    },
    /// A customer has fewer units.
    Redeemed {
        /// Who.
        customer: CustomerId,
        /// Of which product.
        code: ProductCode,
        /// Hundredths of units.
        units: i64,
        /// What was paid out for them.
        amount: Fen,
    },
}

const FUNDS: BookAccount = BookAccount::Ledger(LedgerAccount::WealthFunds);

impl Desk<'_> {
    pub(super) fn wealth(&self, action: &WealthAction) -> Decision {
        match action {
            WealthAction::Launch {
                code,
                name,
                minimum,
                quota,
            } => {
                if self.state.products.contains(code) {
                    return Err(Code::ProductExists.into());
                }
                Ok(vec![Fact::Wealth(WealthFact::Launched {
                    code: code.clone(),
                    name: name.clone(),
                    minimum: minimum.fen(),
                    quota: quota.fen(),
                })])
            }
            WealthAction::Value { code, value } => self.value_product(code.as_ref(), *value),
            WealthAction::Subscribe {
                account,
                code,
                amount,
            } => self.subscribe(*account, code.as_ref(), *amount),
            WealthAction::Redeem {
                account,
                code,
                units,
            } => self.redeem(*account, code.as_ref(), units.fen().0),
        }
    }

    fn product<'s>(
        &'s self,
        code: Option<&'s ProductCode>,
    ) -> Result<(&'s ProductCode, &'s Product), Refusal> {
        let found = code.and_then(|code| Some((code, self.state.products.get(code)?)));
        found.ok_or(Code::ProductNotFound.into())
    }

    /// A new value, and with it what the bank owes the holders: the difference goes against what the
    /// money is invested in.
    fn value_product(&self, code: Option<&ProductCode>, value: NetAssetValue) -> Decision {
        let (code, _) = self.product(code)?;
        let worth = |(of, product): (&ProductCode, &Product)| {
            let value = if of == code { value } else { product.value };
            value.worth_of(product.units)
        };
        let owed = self.state.products.iter().map(worth);
        let owed = owed.collect::<Option<Vec<_>>>();
        let owed = owed.and_then(|owed| {
            let mut sums = owed.into_iter();
            sums.try_fold(Fen::ZERO, Fen::checked_add)
        });
        let held = self.state.ledger(LedgerAccount::WealthFunds);
        let change = owed.and_then(|owed| owed.checked_add(held.checked_neg()?));
        let change = change.ok_or(Code::BalanceOverflow)?;
        let mut facts = vec![Fact::Wealth(WealthFact::Valued {
            code: code.clone(),
            value,
        })];
        if change != Fen::ZERO {
            let against = change.checked_neg().ok_or(Code::BalanceOverflow)?;
            let investments = BookAccount::Ledger(LedgerAccount::WealthInvestments);
            self.movement(None, &[(FUNDS, change), (investments, against)], &mut facts)?;
        }
        Ok(facts)
    }

    fn subscribe(
        &self,
        account: Option<AccountNumber>,
        code: Option<&ProductCode>,
        amount: Amount,
    ) -> Decision {
        let (number, account) = self.account(account)?;
        let (code, product) = self.product(code)?;
        if amount.fen() < product.minimum {
            return Err(Code::BelowMinimum.into());
        }
        let subscribed = product.subscribed.checked_add(amount.fen());
        if subscribed.is_none_or(|subscribed| subscribed > product.quota) {
            return Err(Code::QuotaExhausted.into());
        }
        if account.balance < amount.fen() {
            return Err(Code::InsufficientFunds.into());
        }
        let units = product.value.units_for(amount.fen());
        let units = units.ok_or(Code::BalanceOverflow)?;
        if units == 0 {
            return Err(Code::BelowMinimum.into());
        }
        let mut facts = vec![Fact::Wealth(WealthFact::Subscribed {
            customer: account.customer,
            code: code.clone(),
            amount: amount.fen(),
            units,
        })];
        let lines = [
            (BookAccount::Customer(number), amount.outgoing()),
            (FUNDS, amount.fen()),
        ];
        self.movement(None, &lines, &mut facts)?;
        Ok(facts)
    }

    fn redeem(
        &self,
        account: Option<AccountNumber>,
        code: Option<&ProductCode>,
        units: i64,
    ) -> Decision {
        let (number, account) = self.account(account)?;
        let (code, product) = self.product(code)?;
        if self.state.units_of(account.customer, code) < units {
            return Err(Code::UnitsInsufficient.into());
        }
        let amount = product.value.worth_of(units);
        let amount = amount.ok_or(Code::BalanceOverflow)?;
        let against = amount.checked_neg().ok_or(Code::BalanceOverflow)?;
        if amount == Fen::ZERO {
            return Err(Code::BelowMinimum.into());
        }
        let mut facts = vec![Fact::Wealth(WealthFact::Redeemed {
            customer: account.customer,
            code: code.clone(),
            units,
            amount,
        })];
        let lines = [(BookAccount::Customer(number), amount), (FUNDS, against)];
        self.movement(None, &lines, &mut facts)?;
        Ok(facts)
    }
}

type Folded = Result<(), &'static str>;

impl State {
    /// All products in order of code.
    pub fn products(&self) -> impl Iterator<Item = (&ProductCode, &Product)> {
        self.products.iter()
    }

    /// Hundredths of units of a product that a customer holds.
    pub fn units_of(&self, customer: CustomerId, code: &ProductCode) -> i64 {
        let held = self.holdings.get(&(customer, code.clone()));
        held.copied().unwrap_or(0)
    }

    /// What a customer holds, in order of code.
    pub fn holdings_of(&self, customer: CustomerId) -> impl Iterator<Item = (&ProductCode, i64)> {
        let first = (customer, ProductCode::lowest());
        let own = self.holdings.after(Some(first));
        own.take_while(move |((owner, _), _)| *owner == customer)
            .map(|((_, code), units)| (code, *units))
    }

    pub(super) fn fold_wealth(&mut self, fact: &WealthFact) -> Folded {
        match fact {
            WealthFact::Launched {
                code,
                name,
                minimum,
                quota,
            } => {
                if self.products.contains(code) {
                    return Err("the product exists already");
                }
                let product = Product {
                    name: name.clone(),
                    minimum: *minimum,
                    quota: *quota,
                    subscribed: Fen::ZERO,
                    units: 0,
                    value: NetAssetValue::ONE,
                };
                self.products.put(code.clone(), product);
                Ok(())
            }
            WealthFact::Valued { code, value } => {
                let product = self.products.edit(code);
                product.ok_or("the product does not exist")?.value = *value;
                Ok(())
            }
            WealthFact::Subscribed {
                customer,
                code,
                amount,
                units,
            } => {
                self.change_units(*customer, code, *units)?;
                let product = self.products.edit(code);
                let product = product.ok_or("the product does not exist")?;
                let subscribed = product.subscribed.checked_add(*amount);
                let subscribed = subscribed.filter(|subscribed| *subscribed <= product.quota);
                product.subscribed = subscribed.ok_or("a quota is oversold")?;
                Ok(())
            }
            WealthFact::Redeemed {
                customer,
                code,
                units,
                ..
            } => self.change_units(*customer, code, -units),
        }
    }

    fn change_units(&mut self, customer: CustomerId, code: &ProductCode, units: i64) -> Folded {
        let held = self.units_of(customer, code).checked_add(units);
        let held = held
            .filter(|held| *held >= 0)
            .ok_or("units that nobody holds")?;
        let product = self.products.edit(code);
        let product = product.ok_or("the product does not exist")?;
        let all = product.units.checked_add(units);
        product.units = all.ok_or("units overflow")?;
        let key = (customer, code.clone());
        if held == 0 {
            self.holdings.remove(&key);
        } else {
            self.holdings.put(key, held);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_value_has_one_to_four_decimals_and_nothing_else() {
        let read = |text: &str| NetAssetValue::parse(text).map(|value| value.to_string());
        assert_eq!(read("1.0234").as_deref(), Some("1.0234"));
        assert_eq!(read("1").as_deref(), Some("1.0000"));
        assert_eq!(read("0.5").as_deref(), Some("0.5000"));
        for wrong in [
            "", "0", "0.0099", "1.00001", "01", ".5", "5.", "1e2", "-1", "10000",
        ] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn units_and_money_are_cut_down_by_hand() {
        let value = NetAssetValue::parse("1.0234").unwrap();
        // 1,000 / 1.0234 = 977.135…; 977.13 × 1.0234 = 999.994…
        assert_eq!(value.units_for(Fen(100_000)), Some(97_713));
        assert_eq!(value.worth_of(97_713), Some(Fen(99_999)));
        let value = NetAssetValue::parse("3").unwrap();
        assert_eq!(value.units_for(Fen(100)), Some(33));
        assert_eq!(value.worth_of(33), Some(Fen(99)));
    }

    proptest! {
        #[test]
        fn units_are_the_most_that_the_money_pays_for(
            fen in 1..=999_999_999_999_999_i64, value in 100..=99_999_999_u32,
        ) {
            let units = i128::from(NetAssetValue(value).units_for(Fen(fen)).unwrap());
            // In ten-thousandths of a fen, exactly: units × value ≤ money < (units + 1) × value.
            let (money, value) = (i128::from(fen) * 10_000, i128::from(value));
            prop_assert!(units * value <= money && money < (units + 1) * value);
            let back = NetAssetValue(value as u32).worth_of(units as i64).unwrap();
            prop_assert!(back.0 <= fen);
        }
    }
}
