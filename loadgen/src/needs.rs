//! What must be there before the clock starts, read off the plan: whoever
//! registers or opens a card in the stream does so there; everyone else has been
//! a customer for long.

use crate::authorisation::medium_for;
use crate::bank_api::is_terminal;
use crate::offers::DEAREST_FEN;
use crate::script::Step;
use scenarios::operation::{Channel, Medium, Operation};

/// Left on an account beyond what is planned to leave it, in fen.
const MARGIN_FEN: i64 = 10_000;

/// What one customer has before the clock starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a thing that a customer has or has not"
)]
pub struct Needs {
    /// Their identity has been checked.
    pub identity_check: bool,
    /// They are a customer.
    pub registration: bool,
    /// They have an account with a card on it.
    pub card: bool,
    /// So much is on it, in fen.
    pub deposit_fen: i64,
    /// They are signed up for e-banking.
    pub ebanking: bool,
    /// They have reported the card lost.
    pub loss_report: bool,
    /// They hold a social-security card.
    pub social_security: bool,
    /// They have subscribed to alerts.
    pub alerts: bool,
    /// Their card has a PIN.
    pub pin: bool,
    /// They hold an e-cipher device.
    pub device: bool,
    /// They hold a U-shield.
    pub shield: bool,
}

impl Needs {
    /// The operations that bring it about, in order.
    pub fn operations(&self) -> Vec<Operation> {
        [
            (self.identity_check, Operation::IdentityCheck),
            (self.registration, Operation::RegisterCustomer),
            (self.card, Operation::OpenCard),
            (self.deposit_fen > 0, Operation::Deposit),
            (self.ebanking, Operation::EbankingSignup),
            (self.loss_report, Operation::ReportLoss),
        ]
        .into_iter()
        .filter_map(|(needed, operation)| needed.then_some(operation))
        .collect()
    }
}

/// Reads off a plan, step by step, what every customer needs.
#[derive(Debug, Default)]
pub struct Reader {
    /// By customer.
    walks: Vec<Walk>,
    /// Whether somebody pays them.
    paid: Vec<bool>,
}

impl Reader {
    /// The next step of the plan.
    pub fn step(&mut self, step: &Step) {
        let greatest = step.payee.unwrap_or(0).max(step.customer) as usize;
        if self.walks.len() <= greatest {
            self.walks.resize_with(greatest + 1, Walk::default);
            self.paid.resize(greatest + 1, false);
        }
        let walk = &mut self.walks[step.customer as usize];
        if step.operation == Operation::LogIn && is_terminal(step.channel) {
            walk.need_pin();
        } else {
            walk.step(step.operation, step.amount_fen.unwrap_or(0));
        }
        walk.authorise(step);
        if let Some(payee) = step.payee {
            self.paid[payee as usize] = true;
        }
    }

    /// What each of so many customers needs, in their order.
    pub fn needs(mut self, customers: usize) -> Vec<Needs> {
        self.walks.resize_with(customers, Walk::default);
        self.paid.resize(customers, false);
        let walks = self.walks.into_iter().zip(self.paid);
        walks
            .map(|(mut walk, paid)| {
                if paid {
                    walk.receive();
                }
                walk.needs()
            })
            .collect()
    }
}

/// A customer followed through the plan.
#[derive(Debug, Clone, Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a thing that a customer has or has not"
)]
struct Walk {
    needs: Needs,
    identity: bool,
    customer: bool,
    card: bool,
    device: bool,
    card_of_their_own: bool,
    registers: bool,
    loss: bool,
    spends_fen: i64,
    authorised: u64,
    authorised_fen: i64,
}

impl Walk {
    fn step(&mut self, operation: Operation, amount_fen: i64) {
        match operation {
            Operation::IdentityCheck => self.identity = true,
            Operation::RegisterCustomer => {
                self.need_identity();
                self.registers = true;
                self.customer = true;
            }
            Operation::OpenCard => {
                self.need_customer();
                self.need_identity();
                self.card_of_their_own |= !self.card;
                self.card = true;
            }
            Operation::EbankingSignup => {
                self.need_customer();
                self.need_identity();
                self.device = true;
            }
            Operation::ReportLoss => {
                self.need_card();
                self.loss = true;
            }
            Operation::LiftLoss => {
                self.need_card();
                self.need_identity();
                // A card that the stream opens can only be lost in the stream.
                self.needs.loss_report |= !self.loss && self.needs.card;
                self.loss = true;
            }
            Operation::Withdrawal
            | Operation::TransferOwnBank
            | Operation::TransferOtherBank
            | Operation::BillPayment
            | Operation::CardWithdrawal
            | Operation::PosPurchase
            | Operation::CardNotPresentPurchase
            | Operation::WelfareIssue => {
                self.need_card();
                self.spends_fen = self.spends_fen.saturating_add(amount_fen);
            }
            Operation::Mall => {
                self.need_card();
                self.spends_fen = self.spends_fen.saturating_add(DEAREST_FEN);
            }
            Operation::SocialSecurityQuery => {
                self.need_customer();
                // Whoever registers in the stream holds none yet.
                self.needs.social_security |= self.needs.registration;
            }
            // They log in for it first, so the device is there.
            Operation::Alerts => self.needs.alerts |= self.needs.ebanking,
            Operation::BalanceQuery | Operation::WealthView | Operation::LimitSetting => {
                self.need_customer();
            }
            Operation::Deposit
            | Operation::HistoryQuery
            | Operation::LockSetting
            | Operation::LoanApplication => self.need_card(),
            Operation::LogIn => self.need_device(),
            _ => {}
        }
    }

    /// A payment out of their own session.
    fn authorise(&mut self, step: &Step) {
        let payment = matches!(
            step.operation,
            Operation::TransferOwnBank
                | Operation::TransferOtherBank
                | Operation::BillPayment
                | Operation::Mall
        );
        let own = matches!(
            step.channel,
            // In the messenger messages authorise, whatever else there is.
            Channel::Online | Channel::Mobile
        );
        let named = step.particulars.as_ref().and_then(|it| it.medium);
        if let (true, Some(medium)) = (payment, named) {
            self.hold(medium);
        } else if payment && own {
            self.authorised += 1;
            let amount = match step.operation {
                Operation::Mall => DEAREST_FEN,
                _ => step.amount_fen.unwrap_or(0),
            };
            self.authorised_fen = self.authorised_fen.saturating_add(amount);
        }
    }

    fn hold(&mut self, medium: Medium) {
        self.needs.device |= medium == Medium::Device;
        self.needs.shield |= medium == Medium::Shield;
    }

    /// Somebody pays them.
    fn receive(&mut self) {
        if !self.registers {
            self.needs.card = true;
            self.need_registration();
        }
    }

    fn need_identity(&mut self) {
        self.needs.identity_check |= !self.identity;
        self.identity = true;
    }

    fn need_customer(&mut self) {
        if !self.customer {
            self.need_registration();
        }
    }

    fn need_registration(&mut self) {
        self.needs.registration = true;
        self.needs.identity_check = true;
        self.identity = true;
        self.customer = true;
    }

    fn need_card(&mut self) {
        if !self.card {
            self.need_customer();
            // Whoever registers in the stream has no account before.
            self.needs.card |= self.needs.registration;
            self.card = true;
        }
    }

    /// They log in at a terminal, with their card.
    fn need_pin(&mut self) {
        self.need_card();
        self.needs.pin |= self.needs.card;
    }

    fn need_device(&mut self) {
        if !self.device {
            self.need_customer();
            self.needs.ebanking |= self.needs.registration;
            self.device = true;
        }
    }

    /// An existing customer has an account even if they only ask for its balance.
    fn needs(mut self) -> Needs {
        self.hold(medium_for(self.authorised, self.authorised_fen));
        self.needs.card |= self.needs.registration && !self.card_of_their_own;
        if self.needs.card && self.spends_fen > 0 {
            self.needs.deposit_fen = self.spends_fen.saturating_add(MARGIN_FEN);
        }
        self.needs
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Operation::{
        BalanceQuery, Deposit, EbankingSignup, IdentityCheck, LiftLoss, LogIn, OpenCard,
        RegisterCustomer, ReportLoss, Withdrawal,
    };

    fn needed(operations: &[Operation]) -> Vec<Operation> {
        let mut walk = Walk::default();
        for operation in operations {
            walk.step(*operation, 500);
        }
        walk.needs().operations()
    }

    #[test]
    fn a_newcomer_who_does_it_all_in_the_stream_needs_nothing() {
        assert!(needed(&[IdentityCheck, RegisterCustomer, OpenCard]).is_empty());
    }

    #[test]
    fn a_customer_who_opens_a_card_in_the_stream_is_registered_before_and_has_none() {
        let expected = [IdentityCheck, RegisterCustomer];
        assert_eq!(needed(&[IdentityCheck, OpenCard]), expected);
    }

    #[test]
    fn whoever_withdraws_has_the_money_before() {
        let expected = [IdentityCheck, RegisterCustomer, OpenCard, Deposit];
        assert_eq!(needed(&[Withdrawal]), expected);
    }

    #[test]
    fn a_mobile_customer_is_signed_up_before_unless_they_do_it_themselves() {
        let expected = [IdentityCheck, RegisterCustomer, OpenCard, EbankingSignup];
        assert_eq!(needed(&[LogIn, BalanceQuery]), expected);
        let expected = [IdentityCheck, RegisterCustomer, OpenCard];
        assert_eq!(needed(&[IdentityCheck, EbankingSignup, LogIn]), expected);
    }

    #[test]
    fn only_who_lifts_a_loss_first_has_reported_it_before() {
        let lifts = [IdentityCheck, RegisterCustomer, OpenCard, ReportLoss];
        assert_eq!(needed(&[IdentityCheck, LiftLoss]), lifts);
        let reports = [IdentityCheck, RegisterCustomer, OpenCard];
        assert_eq!(needed(&[ReportLoss, IdentityCheck, LiftLoss]), reports);
    }
}
