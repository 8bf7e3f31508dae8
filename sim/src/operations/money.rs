//! Amounts and payees: plausible, within what the bank allows one transfer, and
//! fixed by the customer's key.

use crate::keyed::{Key, Purpose};
use crate::law::{Lognormal, Sampler};
use scenarios::operation::{Operation, PlannedOperation};
use std::collections::HashSet;
use std::sync::Arc;

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

/// Who is paid: those who have accounts before the stream starts. Somebody who
/// registers in the stream has no account yet that could be paid to.
#[derive(Debug, Default)]
pub struct Payees {
    key: Key,
    /// In the order in which they first ask for something.
    customers: Vec<Arc<str>>,
}

impl Payees {
    /// Of these operations.
    pub fn of(planned: impl Iterator<Item = PlannedOperation>, key: Key) -> Self {
        let mut new: HashSet<Arc<str>> = HashSet::new();
        let mut seen: HashSet<Arc<str>> = HashSet::new();
        let mut customers: Vec<Arc<str>> = Vec::new();
        let mut transfers = false;
        for operation in planned {
            transfers |= operation.operation == Operation::TransferOwnBank;
            let known = seen.get(operation.customer.as_str()).map(Arc::clone);
            let customer = known.unwrap_or_else(|| {
                let customer: Arc<str> = operation.customer.into();
                seen.insert(Arc::clone(&customer));
                customers.push(Arc::clone(&customer));
                customer
            });
            if matches!(
                operation.operation,
                Operation::RegisterCustomer | Operation::OpenCard
            ) {
                new.insert(customer);
            }
        }
        customers.retain(|customer| transfers && !new.contains(customer));
        customers.shrink_to_fit();
        Self { key, customers }
    }

    /// Names the other customer of a transfer within the bank, never the payer.
    pub fn name(&self, planned: &mut PlannedOperation) {
        if planned.operation != Operation::TransferOwnBank {
            return;
        }
        let bits = self.key.nth(planned.session).bits(Purpose::Payee {
            place: planned.step,
        });
        let others = self.customers.len();
        let at = ((u128::from(bits) * others as u128) >> 64) as usize;
        let other = |at: usize| {
            let payee = self.customers.get(at).map(|payee| &**payee);
            payee.filter(|payee| *payee != planned.customer)
        };
        let payee = other(at).or_else(|| other((at + 1) % others.max(1)));
        planned.payee = payee.map(ToOwned::to_owned);
    }
}
