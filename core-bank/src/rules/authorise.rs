//! Authorised payments: asking for an authorisation, and the one transfer that it is for.
//!
//! The order of decisions: the session and its channel (before), payer and payee, the medium and what
//! it proves, the limits per transaction, day and month, the balance.

use super::{
    calendar::Day,
    card_use::refused,
    decide::{Decision, Desk},
    fact::Fact,
    ids::{
        AccountNumber, AuthorisationId, CustomerId, IdentityCheckId, ShieldKey, TokenNonce,
        TransferId,
    },
    ledger::{BookAccount, LedgerAccount},
    media::{Limits, Medium, MediumKey, Scope, Waiting},
    payment::{MediumWish, Order, Payee, Proof, Shown},
    refusal::{Refusal, RefusalCode as Code},
    rows::Account,
    time::BusinessTime,
};

/// Seconds of a time step of the device: the `T1M` of its OCRA suite.
pub const STEP_SECONDS: i64 = 60;

/// The number of the time step at a moment; a device's code counts in the steps beside it, too.
pub fn time_step(at: BusinessTime) -> u64 {
    u64::try_from(at.0.div_euclid(STEP_SECONDS * 1_000_000)).unwrap_or(0)
}

impl Desk<'_> {
    /// The payer, when what is to be paid exists, as far as this bank can know it.
    fn payable(&self, order: &Order) -> Result<(AccountNumber, &Account), Refusal> {
        let (number, account) = self.account(order.from)?;
        match &order.payee {
            Payee::Here(to) => {
                let (to, _) = self.any_account(*to)?;
                if number == to {
                    return Err(Code::SameAccount.into());
                }
            }
            Payee::Elsewhere { .. } => {}
            Payee::Biller(bill) => {
                bill.biller()?;
            }
            Payee::Mall(wish) => self.orderable(wish, order.amount, account.customer)?,
            Payee::Welfare(wish) => Self::batch_for_sale(wish, order.amount)?,
        }
        Ok((number, account))
    }

    /// What a payment brings about that passed everything else.
    fn settle(
        &self,
        (payer, owner): (AccountNumber, CustomerId),
        order: &Order,
        facts: &mut Vec<Fact>,
    ) -> Result<(), Refusal> {
        let amount = order.amount;
        let to = match &order.payee {
            Payee::Here(to) => BookAccount::Customer(self.any_account(*to)?.0),
            Payee::Elsewhere { .. } => BookAccount::Ledger(LedgerAccount::Settlement),
            Payee::Biller(_) => BookAccount::Ledger(LedgerAccount::BillsPayable),
            Payee::Mall(wish) => return self.order_facts((payer, owner), wish, amount, facts),
            Payee::Welfare(wish) => return self.batch_facts((payer, owner), wish, amount, facts),
        };
        self.movement(
            Some(TransferId::of_seq(self.state.next_seq())),
            &[
                (BookAccount::Customer(payer), amount.outgoing()),
                (to, amount.fen()),
            ],
            facts,
        )
    }

    pub(super) fn ask_authorisation(&self, wish: &MediumWish, order: &Order) -> Decision {
        let (payer, account) = self.payable(order)?;
        let customer = account.customer;
        let key = match wish {
            MediumWish::Sms { .. } => MediumKey::Sms,
            MediumWish::Device(serial) => MediumKey::Device(*serial),
            MediumWish::Shield(key) => MediumKey::Shield(*key),
        };
        let media = self.state.media(customer);
        let medium = key.medium();
        if !media.holds(key) {
            return Err(Code::MediumNotFound.into());
        }
        if Scope::of(medium, self.by.channel()).is_none() {
            return Err(Code::MediumInsufficient.into());
        }
        if media.is_locked(medium) {
            return Ok(refused(Code::MediumLocked, customer));
        }
        if let MediumWish::Sms { phone, tail } = wish {
            let held = self.state.customer(customer).map(|owner| &owner.phone);
            if held != Some(phone) || payer.last_six() != *tail {
                return Ok(failed(Code::SmsDetailsWrong, customer, medium, None));
            }
        }
        Ok(vec![Fact::AuthorisationAsked {
            id: AuthorisationId::of_seq(self.state.next_seq()),
            customer,
            key,
            order: order.clone(),
        }])
    }

    /// A payment at a counter or a kiosk, where the customer is known in person: no medium. Out of a
    /// session nothing moves without one.
    pub(super) fn plain_payment(&self, order: &Order) -> Decision {
        let (number, account) = self.payable(order)?;
        if let Some(customer) = self.by.away() {
            return Ok(refused(Code::AuthorisationRequired, customer));
        }
        if account.balance < order.amount.fen() {
            return Err(Code::InsufficientFunds.into());
        }
        let mut facts = Vec::with_capacity(3);
        self.settle((number, account.customer), order, &mut facts)?;
        Ok(facts)
    }

    /// A payment out of a session, with an authorisation.
    pub(super) fn authorised_transfer(&self, order: &Order, shown: &Shown) -> Decision {
        let (payer, account) = self.payable(order)?;
        let customer = account.customer;
        let waiting = shown.id.and_then(|id| Some((id, self.state.waiting(id)?)));
        let Some((id, waiting)) =
            waiting.filter(|(_, waiting)| waiting.customer == customer && waiting.stands(self.now))
        else {
            return Err(Code::AuthorisationNotFound.into());
        };
        let media = self.state.media(customer);
        let medium = waiting.key().medium();
        if !media.holds(waiting.key()) {
            return Err(Code::AuthorisationNotFound.into());
        }
        let Some(scope) = Scope::of(medium, self.by.channel()) else {
            return Err(Code::MediumInsufficient.into());
        };
        if media.is_locked(medium) {
            return Ok(refused(Code::MediumLocked, customer));
        }
        let last_step = media.device().map_or(0, |(_, last)| last);
        let step = match self.proved(waiting, order, &shown.proof, last_step) {
            Ok(step) => step,
            Err(code) => return Ok(failed(code, customer, medium, Some(id))),
        };
        let day = Day::of(self.now);
        // The authorisation stands: whoever frees the limit or pays money in pays with the same proof.
        let refuse = |code| Ok(refused(code, customer));
        let (today, month_total) = match media.allowance(scope).after(order.amount, day) {
            Ok(totals) => totals,
            Err(code) => return refuse(code),
        };
        if account.balance < order.amount.fen() {
            return refuse(Code::InsufficientFunds);
        }
        let mut facts = Vec::with_capacity(5);
        self.settle((payer, customer), order, &mut facts)?;
        facts.push(Fact::AllowanceUsed {
            customer,
            scope,
            day,
            today,
            month_total,
        });
        facts.push(Fact::AuthorisationSpent { id, step });
        Ok(facts)
    }

    /// Whether what was shown proves this very payment; the device's step, when it was one.
    fn proved(
        &self,
        waiting: &Waiting,
        order: &Order,
        proof: &Proof,
        last_step: u64,
    ) -> Result<Option<u64>, Code> {
        if !waiting.is_for(order) {
            return Err(Code::AuthorisationMismatch);
        }
        match (waiting.key(), proof) {
            (MediumKey::Sms, Proof::Sms { right: true }) => Ok(None),
            (MediumKey::Shield(held), Proof::Shield { key, right: true }) if held == *key => {
                Ok(None)
            }
            (
                MediumKey::Device(held),
                Proof::Device {
                    serial,
                    step: Some(step),
                },
            ) if held == *serial && time_step(self.now).abs_diff(*step) <= 1 => {
                if *step > last_step {
                    Ok(Some(*step))
                } else {
                    Err(Code::CodeReplayed)
                }
            }
            (MediumKey::Sms, Proof::Sms { .. })
            | (MediumKey::Shield(_), Proof::Shield { .. })
            | (MediumKey::Device(_), Proof::Device { .. }) => Err(Code::CodeWrong),
            _ => Err(Code::AuthorisationMismatch),
        }
    }

    pub(super) fn issue_device(
        &self,
        customer: Option<CustomerId>,
        check: Option<IdentityCheckId>,
        serial: TokenNonce,
    ) -> Decision {
        let (customer, _) = self.present_customer(customer, check)?;
        Ok(vec![Fact::DeviceIssued { customer, serial }])
    }

    pub(super) fn register_shield(
        &self,
        customer: Option<CustomerId>,
        check: Option<IdentityCheckId>,
        key: ShieldKey,
    ) -> Decision {
        let (customer, _) = self.present_customer(customer, check)?;
        Ok(vec![Fact::ShieldRegistered { customer, key }])
    }

    /// The way back for a medium that wrong codes have locked: in person.
    pub(super) fn unlock_medium(
        &self,
        customer: Option<CustomerId>,
        check: Option<IdentityCheckId>,
        medium: Medium,
    ) -> Decision {
        let (customer, _) = self.present_customer(customer, check)?;
        Ok(vec![Fact::MediumUnlocked { customer, medium }])
    }

    /// A session lowers limits; whoever is there in person may raise them up to the bank's own.
    pub(super) fn set_limits(
        &self,
        customer: Option<CustomerId>,
        check: Option<IdentityCheckId>,
        scope: Scope,
        limits: Limits,
    ) -> Decision {
        let (customer, greatest) = match self.by.customer() {
            None => {
                let (customer, _) = self.present_customer(customer, check)?;
                (customer, scope.greatest_limits())
            }
            Some(own) if customer == Some(own) => {
                (own, self.state.media(own).allowance(scope).limits)
            }
            Some(_) => return Err(Code::CustomerNotFound.into()),
        };
        if !limits.within(greatest) {
            return Err(Code::LimitTooHigh.into());
        }
        Ok(vec![Fact::LimitsSet {
            customer,
            scope,
            limits,
        }])
    }
}

/// A refusal with a wrong code, which counts.
fn failed(
    code: Code,
    customer: CustomerId,
    medium: Medium,
    id: Option<AuthorisationId>,
) -> Vec<Fact> {
    vec![
        Fact::Refused { code, customer },
        Fact::CodeFailed {
            customer,
            medium,
            id,
        },
    ]
}
