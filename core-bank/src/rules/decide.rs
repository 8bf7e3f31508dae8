//! The decision: what one command does to this state, or why it does nothing.

use super::{
    card_use::refused,
    command::{Action, Command},
    fact::{Fact, Posting},
    ids::{AccountNumber, CardId, CustomerId, IdentityCheckId, SessionId, TransferId},
    keys::IDEMPOTENCY_MICROS,
    ledger::{BookAccount, LedgerAccount},
    locks::Place,
    money::Fen,
    operation::Channel,
    origin::Origin,
    party::Party,
    payment::{Order, Payee},
    refusal::{Refusal, RefusalCode as Code},
    resident::ResidentId,
    rows::{Account, AccountStatus, Card, CardStatus, Customer},
    state::State,
    time::BusinessTime,
};

/// Open accounts, each with its card, that one customer may have. A closed one counts no longer and
/// stays readable.
const CARDS_MAX: usize = 1_000;

pub(super) type Decision = Result<Vec<Fact>, Refusal>;

/// Decides a command on the state at business time `now`. Whether the channel may ask at all, and
/// whether the request is a repetition, was settled before (see [`super::judge`]).
pub fn decide(state: &State, command: &Command, now: BusinessTime) -> Decision {
    let desk = Desk {
        state,
        by: command.by.who(),
        session: command.by.session(),
        from: command.by.origin(),
        now,
    };
    match decide_at(&desk, &command.action) {
        // Whoever closed a channel wants to hear of what is tried on it.
        Err(Refusal {
            code: Code::ChannelClosed,
            customer: Some(customer),
        }) => Ok(refused(Code::ChannelClosed, customer)),
        decision => decision,
    }
}

#[expect(clippy::too_many_lines, reason = "a table: one command an arm")]
fn decide_at(desk: &Desk, action: &Action) -> Decision {
    let state = desk.state;
    match action {
        Action::IdentityCheck { name, resident } => {
            let resident = resident.ok_or(Code::IdentityNotVerified)?;
            let check = IdentityCheckId::of_seq(state.next_seq());
            Ok(vec![Fact::IdentityVerified {
                check,
                name: name.clone(),
                resident,
            }])
        }
        Action::RegisterCustomer { check, phone } => {
            let resident = desk.identified(*check)?;
            if let Some(customer) = state.residents.get(&resident) {
                return Err(Refusal {
                    code: Code::CustomerExists,
                    customer: Some(*customer),
                });
            }
            let customer = CustomerId::of_seq(state.next_seq());
            Ok(vec![Fact::CustomerRegistered {
                customer,
                resident,
                phone: *phone,
            }])
        }
        Action::OpenCard { customer, check } => desk.open_card(*customer, *check),
        Action::EbankingSignup {
            customer,
            check,
            token,
            nonce,
        } => desk.bind_device(*customer, *check, *token, *nonce),
        Action::ReportLoss { card } => desk.report_loss(*card),
        Action::LiftLoss { card, check } => desk.lift_loss(*card, *check),
        Action::Deposit { account, amount } => {
            let (number, _) = desk.account(*account)?;
            let customer = BookAccount::Customer(number);
            desk.move_money(
                None,
                &[(customer, amount.fen()), (desk.cash()?, amount.outgoing())],
            )
        }
        Action::Withdrawal { account, amount } => desk.withdraw(*account, *amount, Place::HOME),
        Action::WithdrawalAt {
            account,
            amount,
            place,
        } => desk.withdraw(*account, *amount, *place),
        Action::SetLocks { card, locks } => desk.set_locks(*card, locks),
        Action::CardUse {
            card,
            entry,
            amount,
            place,
            ..
        } => desk.use_card(*card, *entry, *amount, *place),
        Action::TransferOwnBank { from, to, amount } => {
            let (from, amount) = (*from, *amount);
            let payee = Payee::Here(*to);
            desk.plain_payment(&Order {
                from,
                payee,
                amount,
            })
        }
        Action::TransferOtherBank {
            from,
            to,
            bank,
            amount,
        } => {
            let payee = Payee::Elsewhere {
                account: to.clone(),
                bank: bank.clone(),
            };
            let (from, amount) = (*from, *amount);
            desk.plain_payment(&Order {
                from,
                payee,
                amount,
            })
        }
        Action::AskAuthorisation { wish, order } => desk.ask_authorisation(wish, order),
        Action::AuthorisedTransfer { order, shown } => desk.authorised_transfer(order, shown),
        Action::IssueDevice {
            customer,
            check,
            serial,
        } => desk.issue_device(*customer, *check, *serial),
        Action::RegisterShield {
            customer,
            check,
            key,
        } => desk.register_shield(*customer, *check, *key),
        Action::UnlockMedium {
            customer,
            check,
            medium,
        } => desk.unlock_medium(*customer, *check, *medium),
        Action::SetLimits {
            customer,
            check,
            scope,
            limits,
        } => desk.set_limits(*customer, *check, *scope, *limits),
        Action::LogInByPassword {
            channel,
            customer,
            password,
            right,
            session,
            nonce,
        } => desk.log_in_by_password(*channel, *customer, (*password, *right), (*session, *nonce)),
        Action::SetPassword {
            customer,
            check,
            hash,
        } => desk.set_password(*customer, *check, hash),
        Action::TerminateSession { session } => desk.terminate(*session),
        Action::SetChannel {
            customer,
            check,
            channel,
            open,
        } => desk.set_channel(*customer, *check, *channel, *open),
        Action::SetAlerts { wishes } => desk.set_alerts(*wishes),
        Action::LogInTo {
            channel,
            customer,
            device,
            session,
            nonce,
        } => desk.log_in(*channel, *customer, *device, (*session, *nonce)),
        Action::LogIn {
            customer,
            device,
            session,
            nonce,
        } => desk.log_in(Channel::Mobile, *customer, *device, (*session, *nonce)),
        Action::PayBill { from, bill, amount } => {
            let (from, amount) = (*from, *amount);
            let payee = Payee::Biller(bill.clone());
            desk.plain_payment(&Order {
                from,
                payee,
                amount,
            })
        }
        Action::Wealth(action) => desk.wealth(action),
        Action::Loans(action) => desk.loans(action),
        Action::Close(action) => desk.close(action),
        Action::Returns(action) => desk.returns(action),
        Action::Books(action) => desk.books(action),
        Action::LogOut { session } => desk.log_out(*session),
        Action::Mall(command) => desk.run_mall(command),
        Action::Welfare(command) => desk.run_welfare(command),
        Action::Campaign(command) => desk.run_campaigns(command),
        Action::Appointment(command) => desk.run_appointments(command),
        Action::IssueSocialSecurityCard { customer, check } => {
            desk.issue_social_security_card(*customer, *check)
        }
        Action::Terminal(action) => desk.at_terminal(action),
        Action::RemoveDevices { customer, check } => desk.remove_devices(*customer, *check),
    }
}

/// One command's view of the state: who stands at the desk, and when.
pub(super) struct Desk<'a> {
    pub(super) state: &'a State,
    pub(super) by: Party,
    /// In which session; only the locks of the card that it was begun with go by it.
    pub(super) session: Option<SessionId>,
    /// Where a log-in came from.
    pub(super) from: Option<Origin>,
    pub(super) now: BusinessTime,
}

impl<'a> Desk<'a> {
    /// The person of an identity check that still stands.
    fn identified(&self, check: Option<IdentityCheckId>) -> Result<ResidentId, Refusal> {
        let found = check.and_then(|check| self.state.checks.get(&check));
        match found {
            Some(found) if found.at > self.now.before(IDEMPOTENCY_MICROS) => Ok(found.resident),
            _ => Err(Code::IdentityCheckNotFound.into()),
        }
    }

    /// A customer who is present and was identified.
    pub(super) fn present_customer(
        &self,
        customer: Option<CustomerId>,
        check: Option<IdentityCheckId>,
    ) -> Result<(CustomerId, &'a Customer), Refusal> {
        let resident = self.identified(check)?;
        let id = customer.ok_or(Code::CustomerNotFound)?;
        let customer = self.state.customer(id).ok_or(Code::CustomerNotFound)?;
        if !self.by.sees(id) {
            return Err(Code::CustomerNotFound.into());
        }
        if customer.resident != resident {
            return Err(Code::IdentityMismatch.into());
        }
        self.serves(id)?;
        Ok((id, customer))
    }

    /// Whoever is logged in, for themselves; otherwise somebody who is present and was identified.
    pub(super) fn present_or_own(
        &self,
        customer: Option<CustomerId>,
        check: Option<IdentityCheckId>,
    ) -> Result<(CustomerId, &'a Customer), Refusal> {
        match self.by.customer() {
            None => self.present_customer(customer, check),
            Some(own) if customer == Some(own) => self.own(),
            Some(_) => Err(Code::CustomerNotFound.into()),
        }
    }

    pub(super) fn any_account(
        &self,
        number: Option<AccountNumber>,
    ) -> Result<(AccountNumber, &'a Account), Refusal> {
        let number = number.ok_or(Code::AccountNotFound)?;
        let account = self.state.account(number).ok_or(Code::AccountNotFound)?;
        match account.status {
            AccountStatus::Open => Ok((number, account)),
            AccountStatus::Closed => Err(Code::AccountClosed.into()),
        }
    }

    /// An account that this party may dispose of. Somebody else's account is not said to exist.
    pub(super) fn account(
        &self,
        number: Option<AccountNumber>,
    ) -> Result<(AccountNumber, &'a Account), Refusal> {
        let own = number.and_then(|number| self.state.account(number));
        let own = own.filter(|account| self.by.sees(account.customer));
        self.serves(own.ok_or(Code::AccountNotFound)?.customer)?;
        self.any_account(number)
    }

    /// A card that this party may dispose of, with the owner of its account.
    pub(super) fn card(
        &self,
        card: Option<CardId>,
    ) -> Result<(CardId, &'a Card, CustomerId), Refusal> {
        let id = card.ok_or(Code::CardNotFound)?;
        let card = self.state.card(id).ok_or(Code::CardNotFound)?;
        let account = self.state.account(card.account).ok_or(Code::CardNotFound)?;
        if !self.by.sees(account.customer) {
            return Err(Code::CardNotFound.into());
        }
        self.serves(account.customer)?;
        Ok((id, card, account.customer))
    }

    fn open_card(&self, customer: Option<CustomerId>, check: Option<IdentityCheckId>) -> Decision {
        let (customer, owner) = self.present_customer(customer, check)?;
        let open = owner.accounts.iter().filter(|number| {
            let account = self.state.account(**number);
            account.is_some_and(|account| account.status == AccountStatus::Open)
        });
        if open.count() >= CARDS_MAX {
            return Err(Code::CardLimit.into());
        }
        let seq = self.state.next_seq();
        let (card, account) = (CardId::of_seq(seq), AccountNumber::of_seq(seq));
        Ok(vec![Fact::CardOpened {
            card,
            account,
            customer,
        }])
    }

    fn report_loss(&self, card: Option<CardId>) -> Decision {
        let (id, card, owner) = self.card(card)?;
        match card.status {
            CardStatus::Lost => Err(Code::CardAlreadyLost.into()),
            CardStatus::Closed => Err(Code::CardClosed.into()),
            CardStatus::Active => {
                let mut facts = vec![Fact::CardLost { card: id }];
                self.end_sessions_of(id, owner, &mut facts);
                Ok(facts)
            }
        }
    }

    fn lift_loss(&self, card: Option<CardId>, check: Option<IdentityCheckId>) -> Decision {
        let resident = self.identified(check)?;
        let (id, card, owner) = self.card(card)?;
        if self
            .state
            .customer(owner)
            .is_none_or(|owner| owner.resident != resident)
        {
            return Err(Code::IdentityMismatch.into());
        }
        match card.status {
            CardStatus::Lost => Ok(vec![Fact::CardLossLifted { card: id }]),
            CardStatus::Active | CardStatus::Closed => Err(Code::CardNotLost.into()),
        }
    }

    /// Where the cash of this channel lies.
    pub(super) fn cash(&self) -> Result<BookAccount, Refusal> {
        match self.by.channel() {
            Channel::Counter => Ok(BookAccount::Ledger(LedgerAccount::CashCounter)),
            Channel::Atm => Ok(BookAccount::Ledger(LedgerAccount::CashAtm)),
            _ => Err(Code::Forbidden.into()),
        }
    }

    pub(super) fn move_money(
        &self,
        transfer: Option<TransferId>,
        lines: &[(BookAccount, Fen)],
    ) -> Decision {
        let mut facts = Vec::with_capacity(3);
        self.movement(transfer, lines, &mut facts)?;
        Ok(facts)
    }

    /// Postings on accounts that differ from each other; whoever subscribed is told of each account
    /// that changes.
    pub(super) fn movement(
        &self,
        transfer: Option<TransferId>,
        lines: &[(BookAccount, Fen)],
        facts: &mut Vec<Fact>,
    ) -> Result<(), Refusal> {
        let mut alerts = Vec::new();
        let mut postings = Vec::with_capacity(lines.len());
        for &(account, amount) in lines {
            let before = match account {
                BookAccount::Ledger(account) => self.state.ledger(account),
                BookAccount::Customer(number) => {
                    let account = self.state.account(number).ok_or(Code::AccountNotFound)?;
                    if account.alerts {
                        alerts.push((account.customer, number));
                    }
                    account.balance
                }
            };
            let balance_after = before.checked_add(amount).ok_or(Code::BalanceOverflow)?;
            postings.push(Posting {
                account,
                amount,
                balance_after,
            });
        }
        facts.push(Fact::MoneyMoved { transfer, postings });
        facts.extend(
            alerts
                .into_iter()
                .map(|(customer, account)| Fact::AlertDue {
                    customer,
                    account: Some(account),
                }),
        );
        Ok(())
    }
}
