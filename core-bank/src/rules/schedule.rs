//! The schedule of a loan: equal instalments (等额本息), to the fen.
//!
//! The instalment is P·r·(1+r)ⁿ / ((1+r)ⁿ − 1) with the month's rate r, rounded to whole fen, halves up.
//! A month's interest is what is outstanding times r, rounded the same way; the rest of the instalment
//! is principal. The last instalment pays whatever is left, so the principal sums to the loan exactly.

use rust_decimal::Decimal;

use super::{interest::round_to_fen, money::Fen};

/// The yearly rate of loans: 4.35%, the benchmark of one year since October 2015 (assumption).
pub fn loan_rate() -> Decimal {
    Decimal::new(435, 4)
}

/// One instalment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Instalment {
    /// What of it is principal.
    pub principal: Fen,
    /// What of it is interest.
    pub interest: Fen,
}

/// What a month costs on what is outstanding, at a yearly rate.
fn month_interest(outstanding: Fen, yearly: Decimal) -> Option<Fen> {
    let year = Decimal::from(outstanding.0).checked_mul(yearly)?;
    round_to_fen(year.checked_div(Decimal::from(12))?)
}

/// The equal instalment of a loan over `months`.
fn equal_instalment(principal: Fen, months: u16, yearly: Decimal) -> Option<Fen> {
    let rate = yearly.checked_div(Decimal::from(12))?;
    let mut growth = Decimal::ONE;
    for _ in 0..months {
        growth = growth.checked_mul(Decimal::ONE.checked_add(rate)?)?;
    }
    let due = Decimal::from(principal.0)
        .checked_mul(rate)?
        .checked_mul(growth)?;
    round_to_fen(due.checked_div(growth.checked_sub(Decimal::ONE)?)?)
}

/// The whole schedule of a loan of `principal` over `months` at the bank's rate; `None` for amounts
/// beyond any loan.
pub fn schedule(principal: Fen, months: u16) -> Option<Vec<Instalment>> {
    schedule_at(principal, months, loan_rate())
}

fn schedule_at(principal: Fen, months: u16, yearly: Decimal) -> Option<Vec<Instalment>> {
    let instalment = equal_instalment(principal, months, yearly)?;
    let mut outstanding = principal;
    let mut lines = Vec::with_capacity(usize::from(months));
    for month in 1..=months {
        let interest = month_interest(outstanding, yearly)?;
        let principal = if month == months {
            outstanding
        } else {
            Fen((instalment.0 - interest.0).clamp(0, outstanding.0))
        };
        outstanding = Fen(outstanding.0 - principal.0);
        lines.push(Instalment {
            principal,
            interest,
        });
    }
    Some(lines)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_hundred_thousand_over_a_year_at_one_percent_a_month_costs_8884_88_a_month() {
        // The textbook's annuity: 100,000 × 0.01 × 1.01¹² / (1.01¹² − 1) = 8,884.88.
        let lines = schedule_at(Fen(10_000_000), 12, Decimal::new(12, 2)).unwrap();
        assert_eq!(
            (lines[0].principal, lines[0].interest),
            (Fen(788_488), Fen(100_000))
        );
        for line in &lines[..11] {
            assert_eq!(line.principal.0 + line.interest.0, 888_488);
        }
        let last = lines[11].principal.0 + lines[11].interest.0;
        assert!(
            (last - 888_488).abs() <= 6,
            "the last one takes the roundings: {last}"
        );
    }

    #[test]
    fn a_loan_of_three_months_at_the_banks_rate_by_hand() {
        // 1,200.00 at 0.3625% a month: the instalment is 402.9034…, so 402.90. Interest is 4.35 on
        // 1,200.00, 2.90525 on 801.45 and 1.4552925 on 401.46.
        let line = |principal, interest| Instalment {
            principal: Fen(principal),
            interest: Fen(interest),
        };
        let expected = [line(39_855, 435), line(39_999, 291), line(40_146, 146)];
        assert_eq!(schedule(Fen(120_000), 3).unwrap(), expected);
    }

    proptest! {
        #[test]
        fn principal_sums_to_the_loan_and_every_instalment_but_the_last_is_equal(
            fen in 100_000..=30_000_000_i64, months in 2..=36_u16,
        ) {
            let lines = schedule(Fen(fen), months).unwrap();
            prop_assert_eq!(lines.iter().map(|line| line.principal.0).sum::<i64>(), fen);
            let whole = |line: &Instalment| line.principal.0 + line.interest.0;
            let (last, others) = lines.split_last().unwrap();
            for line in others {
                prop_assert_eq!(whole(line), whole(&others[0]));
                prop_assert!(line.principal.0 > 0 && line.interest.0 >= 0);
            }
            // At most a half fen of each month ends up in the last, with its interest.
            prop_assert!((whole(last) - whole(&lines[0])).abs() <= i64::from(months));
        }
    }
}
