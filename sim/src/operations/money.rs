//! Amounts and payees: plausible, within what the bank allows one transfer, and
//! fixed by the customer's key.

use crate::keyed::{Key, Purpose};
use crate::law::{Lognormal, Sampler};
use scenarios::operation::{Operation, PlannedOperation};
use std::collections::HashSet;

const FEN_PER_YUAN: f64 = 100.0;
/// No operation moves more: the limit of one transfer confirmed by short message.
const MOST_YUAN: f64 = 10_000.0;
/// Spread of the logarithm of amounts.
const AMOUNT_SIGMA: f64 = 1.0;
const MEDIAN_PAID_YUAN: f64 = 800.0;
const MEDIAN_DEPOSITED_YUAN: f64 = 2_000.0;
const MEDIAN_BILL_YUAN: f64 = 120.0;
const MEDIAN_LOAN_YUAN: f64 = 5_000.0;
/// The smallest loan that anybody applies for.
const LEAST_LOAN_YUAN: f64 = 1_000.0;

/// What one welfare voucher is worth, in fen.
pub const VOUCHER_FEN: i64 = 10_000;

/// Amount in fen of the operation at this place of a session, if it moves money.
pub fn amount_fen(operation: Operation, key: Key, place: u32) -> Option<i64> {
    let median = match operation {
        Operation::Deposit => MEDIAN_DEPOSITED_YUAN,
        Operation::BillPayment => MEDIAN_BILL_YUAN,
        Operation::LoanApplication => MEDIAN_LOAN_YUAN,
        Operation::Withdrawal | Operation::TransferOwnBank | Operation::TransferOtherBank => {
            MEDIAN_PAID_YUAN
        }
        _ => return None,
    };
    let law = Sampler::Lognormal(Lognormal::new(libm::log(median), AMOUNT_SIGMA));
    let yuan = law.seconds(key.bits(Purpose::Amount { place })).clamp(
        match operation {
            Operation::LoanApplication => LEAST_LOAN_YUAN,
            _ => 0.01,
        },
        MOST_YUAN,
    );
    Some((yuan * FEN_PER_YUAN).round() as i64)
}

/// Refusals that are as good an answer as success: whether money suffices
/// depends on what else was asked in the meantime.
pub fn allowed(operation: Operation) -> Vec<String> {
    match operation {
        Operation::Withdrawal
        | Operation::TransferOwnBank
        | Operation::TransferOtherBank
        | Operation::BillPayment => vec!["insufficient_funds".to_owned()],
        // Others may be quicker, and who comes again has been there.
        Operation::Mall => [
            "goods_sold_out",
            "points_insufficient",
            "insufficient_funds",
        ]
        .map(ToOwned::to_owned)
        .to_vec(),
        Operation::CheckIn => vec!["checked_in_already".to_owned()],
        Operation::Appointment => ["slot_full", "appointment_exists"]
            .map(ToOwned::to_owned)
            .to_vec(),
        _ => Vec::new(),
    }
}

/// Names the other customer of every transfer within the bank: one of those who
/// have accounts before the stream starts, never the payer. Somebody who
/// registers in the stream has no account yet that could be paid to.
pub fn name_payees(planned: &mut [PlannedOperation], key: Key) {
    let new: HashSet<&str> = planned
        .iter()
        .filter(|operation| {
            matches!(
                operation.operation,
                Operation::RegisterCustomer | Operation::OpenCard
            )
        })
        .map(|operation| operation.customer.as_str())
        .collect();
    let mut seen = HashSet::new();
    let mut customers: Vec<String> = Vec::new();
    for operation in planned.iter() {
        let customer = operation.customer.as_str();
        if !new.contains(customer) && seen.insert(customer) {
            customers.push(customer.to_owned());
        }
    }
    for operation in planned
        .iter_mut()
        .filter(|operation| operation.operation == Operation::TransferOwnBank)
    {
        let bits = key.nth(operation.session).bits(Purpose::Payee {
            place: operation.step,
        });
        let others = customers.len() as u128;
        let at = ((u128::from(bits) * others) >> 64) as usize;
        let payee = customers
            .get(at)
            .filter(|payee| **payee != operation.customer)
            .or_else(|| customers.get((at + 1) % customers.len().max(1)))
            .filter(|payee| **payee != operation.customer);
        operation.payee = payee.cloned();
    }
}
