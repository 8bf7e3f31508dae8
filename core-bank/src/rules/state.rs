//! The state of the bank: what all facts so far add up to.
//!
//! Everything is held in sorted tables, so nothing depends on the order of a hash. A group of
//! commands is folded between [`State::mark`] and [`State::keep`]; when the journal refuses the
//! group, [`State::drop_changes`] undoes it at the price of the rows that were touched.

use serde::{Deserialize, Serialize};

use super::{
    answer::Answer,
    appointments::Appointments,
    calendar::{Day, DayTotal},
    campaigns::Campaigns,
    day_end::Books,
    fact::{Fact, Posting},
    few::Few,
    forgotten::Forgotten,
    ids::{
        AccountNumber, AuthorisationId, CardId, CustomerId, Fingerprint, IdentityCheckId, LoanId,
        ReturnId, TokenDigest,
    },
    interest,
    keys::{IDEMPOTENCY_MICROS, KeyDigest, Keys, Known, Looked, Remembered},
    ledger::{BookAccount, LedgerAccount},
    loans::Loan,
    locks::CardLocks,
    mall::Mall,
    media::{AUTHORISATION_MICROS, Media, Waiting},
    money::Fen,
    operation::Channel,
    refusal::Refusal,
    register::Register,
    resident::{Phone, ResidentId},
    returns::Proposal,
    rows::{Account, AccountStatus, Card, CardStatus, Customer, IdentityCheck},
    session::{Profile, Session},
    settlement::OnItsWay,
    shelf::Shelf,
    table::Table,
    terminal::Pin,
    time::BusinessTime,
    undo::Undoable,
    wealth::{Product, ProductCode},
    welfare::Welfare,
};

/// A fact that does not fit the state: the journal is not the one that made this state.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("record {seq} does not fit the records before it: {what}")]
pub struct Misfit {
    /// The record.
    pub seq: u64,
    /// What does not fit.
    pub what: String,
}

/// The whole bank in memory. A snapshot holds all of it but the keys, which the journal gives back.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct State {
    seq: u64,
    at: BusinessTime,
    pub(super) checks: Table<IdentityCheckId, IdentityCheck>,
    pub(super) customers: Register<CustomerId, Customer>,
    pub(super) residents: Table<ResidentId, CustomerId>,
    pub(super) accounts: Register<AccountNumber, Account>,
    pub(super) cards: Register<CardId, Card>,
    pub(super) sessions: Shelf<TokenDigest, Session>,
    pub(super) locks: Table<CardId, CardLocks>,
    pub(super) pos_totals: Table<CardId, DayTotal>,
    pub(super) media: Shelf<CustomerId, Media>,
    pub(super) waiting: Shelf<AuthorisationId, Waiting>,
    pub(super) ended_sessions: Table<(u64, TokenDigest), BusinessTime>,
    pub(super) products: Table<ProductCode, Product>,
    /// Hundredths of units.
    pub(super) holdings: Table<(CustomerId, ProductCode), i64>,
    pub(super) loans: Table<LoanId, Loan>,
    pub(super) loan_owners: Table<(CustomerId, LoanId), ()>,
    /// Loans by the day that their next instalment is due.
    pub(super) loans_due: Table<(Day, LoanId), ()>,
    pub(super) proposals: Table<ReturnId, Proposal>,
    /// How much of the payment of a record went back.
    pub(super) returned: Table<u64, Fen>,
    pub(super) books: Table<(), Books>,
    /// What all deposits held at the end of days that are not closed.
    pub(super) day_totals: Table<Day, i128>,
    /// What is on its way to others, of days that are not closed.
    pub(super) on_its_way: Table<Day, OnItsWay>,
    pub(super) points: Table<CustomerId, i64>,
    pub(super) social_security: Table<CustomerId, ()>,
    pub(super) pins: Table<CardId, Pin>,
    pub(super) mall: Mall,
    pub(super) welfare: Welfare,
    pub(super) campaigns: Campaigns,
    pub(super) appointments: Appointments,
    ledger: Table<LedgerAccount, Fen>,
    #[serde(skip)]
    keys: Keys,
    #[serde(skip)]
    marked: Option<(u64, BusinessTime)>,
}

impl State {
    /// The number of the last record folded; 0 before the first.
    pub fn seq(&self) -> u64 {
        self.seq
    }

    /// The number of the record that is being decided.
    pub fn next_seq(&self) -> u64 {
        self.seq + 1
    }

    /// The business time of the last record.
    pub fn at(&self) -> BusinessTime {
        self.at
    }

    /// A customer by id.
    pub fn customer(&self, id: CustomerId) -> Option<&Customer> {
        self.customers.get(&id)
    }

    /// An account by number.
    pub fn account(&self, number: AccountNumber) -> Option<&Account> {
        self.accounts.get(&number)
    }

    /// A card by id.
    pub fn card(&self, id: CardId) -> Option<&Card> {
        self.cards.get(&id)
    }

    /// A session by the digest of its token, open or lately ended.
    pub fn session(&self, digest: TokenDigest) -> Option<&Session> {
        self.sessions.get(&digest)
    }

    /// The balance of an account of the bank's own books.
    pub fn ledger(&self, account: LedgerAccount) -> Fen {
        self.ledger.get(&account).copied().unwrap_or_default()
    }

    /// The balance of either kind of account, or `None` when it does not exist.
    pub fn balance(&self, account: BookAccount) -> Option<Fen> {
        match account {
            BookAccount::Ledger(account) => Some(self.ledger(account)),
            BookAccount::Customer(number) => self.account(number).map(|account| account.balance),
        }
    }

    /// The sessions that are remembered, by the digests of their tokens.
    pub fn sessions(&self) -> impl Iterator<Item = (&TokenDigest, &Session)> {
        self.sessions.iter()
    }

    /// Customers' accounts in order of number, those after `last` or all of them.
    pub fn accounts_after(
        &self,
        last: Option<AccountNumber>,
    ) -> impl Iterator<Item = (&AccountNumber, &Account)> {
        self.accounts.after(last)
    }

    /// What all customers' accounts hold together, in fen.
    pub fn deposits(&self) -> i128 {
        self.accounts
            .iter()
            .map(|(_, account)| i128::from(account.balance.0))
            .sum()
    }

    /// The sum of the whole ledger, in fen: zero at any time.
    pub fn ledger_sum(&self) -> i128 {
        let own = self.ledger.iter().map(|(_, balance)| i128::from(balance.0));
        own.sum::<i128>() + self.deposits()
    }

    /// What is known of a request's key: memory has it, or the search beyond memory, or nobody.
    pub(super) fn known(&self, digest: KeyDigest, looked: &Looked, now: BusinessTime) -> Known {
        let lives = |found: &Remembered| found.at > now.before(IDEMPOTENCY_MICROS);
        if let Some(found) = self.keys.find(digest).filter(lives) {
            return Known::First(found);
        }
        match self.keys.crowded_out(digest, now) {
            Some(seq) if seq > looked.through => Known::Beyond(seq),
            Some(_) => looked
                .found
                .clone()
                .filter(lives)
                .map_or(Known::New, Known::First),
            None => Known::New,
        }
    }

    /// Holds no more than `bound` keys from here on. It is for a state without keys.
    pub fn bound_keys(&mut self, bound: usize) {
        self.keys = Keys::bounded(bound);
    }

    /// Holds no keys to speak of from here on: nobody will ask this state for them.
    pub fn hold_no_keys(&mut self) {
        self.keys = Keys::unasked();
    }

    /// So many keys are about to come.
    pub fn expect_keys(&mut self, count: usize) {
        self.keys.expect(count);
    }

    /// The keys of records up to `seq`, the last decided at `at`, are beyond memory.
    pub fn begin_keys_after(&mut self, seq: u64, at: BusinessTime) {
        self.keys.begin_after(seq, at);
    }

    /// Takes over what was noted of the keys that were beyond memory at the beginning, all that live.
    pub fn take_over_keys(&mut self, noted: Forgotten) {
        self.keys.take_over(noted);
    }

    /// Whether memory holds this key.
    pub fn recalls(&self, key: KeyDigest) -> bool {
        self.keys.holds(key)
    }

    /// Looks for these keys, and at what makes room for as many new ones.
    pub(super) fn draw_keys_near(&self, keys: &[KeyDigest], now: BusinessTime) {
        self.keys.draw_near(keys, now);
        self.keys.draw_oldest_near(keys.len());
    }

    /// Remembers the key of a record that is folded already, for a state that comes without keys.
    pub fn recall(&mut self, key: KeyDigest, remembered: Remembered) {
        self.keys
            .forget_before(remembered.at.before(IDEMPOTENCY_MICROS));
        self.keys.remember(key, remembered);
    }

    /// From here on changes can be undone.
    pub fn mark(&mut self) {
        self.marked = Some((self.seq, self.at));
        self.each_table(Step::Mark);
    }

    /// The changes since the mark stay.
    pub fn keep(&mut self) {
        self.marked = None;
        self.each_table(Step::Keep);
    }

    /// The changes since the mark never were.
    pub fn drop_changes(&mut self) {
        if let Some((seq, at)) = self.marked.take() {
            (self.seq, self.at) = (seq, at);
        }
        self.each_table(Step::Drop);
    }

    fn each_table(&mut self, step: Step) {
        step.take(&mut self.checks);
        step.take(&mut self.customers);
        step.take(&mut self.residents);
        step.take(&mut self.accounts);
        step.take(&mut self.cards);
        step.take(&mut self.sessions);
        step.take(&mut self.locks);
        step.take(&mut self.pos_totals);
        step.take(&mut self.media);
        step.take(&mut self.waiting);
        step.take(&mut self.ended_sessions);
        step.take(&mut self.products);
        step.take(&mut self.holdings);
        step.take(&mut self.loans);
        step.take(&mut self.loan_owners);
        step.take(&mut self.loans_due);
        step.take(&mut self.proposals);
        step.take(&mut self.returned);
        step.take(&mut self.books);
        step.take(&mut self.day_totals);
        step.take(&mut self.on_its_way);
        step.take(&mut self.points);
        step.take(&mut self.social_security);
        step.take(&mut self.pins);
        self.mall.each_table(step);
        self.welfare.each_table(step);
        self.campaigns.each_table(step);
        self.appointments.each_table(step);
        step.take(&mut self.ledger);
        match step {
            Step::Mark => self.keys.mark(),
            Step::Keep => self.keys.keep(),
            Step::Drop => self.keys.drop_changes(),
        }
    }

    /// Moves on to record `seq` at `at`, forgets what is older than a day, and remembers the
    /// request. The facts are folded by [`State::fold`] before or after: they do not depend on it.
    pub fn turn_to(
        &mut self,
        seq: u64,
        at: BusinessTime,
        key: KeyDigest,
        fingerprint: Fingerprint,
        outcome: Result<Answer, Refusal>,
    ) -> Result<(), Misfit> {
        if seq != self.next_seq() || at < self.at {
            let what = format!("it follows record {} and time cannot run back", self.seq);
            return Err(Misfit { seq, what });
        }
        (self.seq, self.at) = (seq, at);
        if seq == 1 {
            self.open_books();
        }
        self.forget_before(at.before(IDEMPOTENCY_MICROS));
        self.forget_authorisations(at.before(AUTHORISATION_MICROS));
        self.forget_appointments(at);
        self.forget_campaigns(at);
        // A key that is there already belongs to the first of two records: the first answer stands.
        self.recall(
            key,
            Remembered {
                fingerprint: fingerprint.short(),
                at,
                seq,
                outcome,
            },
        );
        Ok(())
    }

    /// Folds one fact. [`State::turn_to`] has been called for its record.
    #[expect(clippy::too_many_lines, reason = "a table: one fact an arm")]
    pub fn fold(&mut self, fact: &Fact) -> Result<(), Misfit> {
        let folded = match fact {
            Fact::IdentityVerified {
                check, resident, ..
            } => {
                self.checks.put(
                    *check,
                    IdentityCheck {
                        resident: *resident,
                        at: self.at,
                    },
                );
                Ok(())
            }
            Fact::CustomerRegistered {
                customer,
                resident,
                phone,
            } => self.add_customer(*customer, *resident, phone),
            Fact::CardOpened {
                card,
                account,
                customer,
            } => self.add_card(*card, *account, *customer),
            Fact::DeviceBound {
                customer, token, ..
            } => self.edit_customer(*customer, |owner| owner.devices.push(*token)),
            Fact::DeviceUnbound { customer, token } => self.edit_customer(*customer, |owner| {
                owner.devices.retain(|held| held != token);
            }),
            Fact::CardLost { card } => self.set_card(*card, CardStatus::Lost),
            Fact::CardLossLifted { card } => self.set_card(*card, CardStatus::Active),
            Fact::MoneyMoved { postings, .. } => self.post(postings),
            Fact::SessionStarted {
                session, customer, ..
            } => self.start_session(*session, *customer, Channel::Mobile),
            Fact::ChannelSessionStarted {
                channel,
                session,
                customer,
                ..
            } => self.start_session(*session, *customer, *channel),
            Fact::SessionEnded { session } => self.end_session(*session),
            Fact::BegunFrom { session, origin } => self.note_origin(*session, *origin),
            Fact::Refused { .. } | Fact::AlertDue { .. } => Ok(()),
            Fact::Wealth(fact) => self.fold_wealth(fact),
            Fact::Loans(fact) => self.fold_loans(fact),
            Fact::Closing(fact) => self.fold_closing(fact),
            Fact::Returns(fact) => self.fold_returns(fact),
            Fact::Books(fact) => self.fold_books(fact),
            Fact::AuthorisationAsked {
                id,
                customer,
                key,
                order,
            } => self.add_waiting(*id, *customer, *key, order),
            Fact::AuthorisationSpent { id, step } => self.spend(*id, *step),
            Fact::CodeFailed {
                customer,
                medium,
                id,
            } => self.count_failure(*customer, *medium, *id),
            Fact::AllowanceUsed {
                customer,
                scope,
                day,
                today,
                month_total,
            } => self.use_allowance(*customer, *scope, *day, (*today, *month_total)),
            Fact::PasswordSet { customer, hash } => self.set_password(*customer, hash),
            Fact::PasswordFailed { customer } => {
                self.edit_customer(*customer, |owner| owner.profile.count_wrong_password())
            }
            Fact::PasswordProved { customer } => {
                self.edit_customer(*customer, |owner| owner.profile.forgive_passwords())
            }
            Fact::ChannelSet {
                customer,
                channel,
                open,
            } => self.edit_customer(*customer, |owner| {
                owner.profile.set_channel(*channel, *open);
            }),
            Fact::AlertsSet { customer, wishes } => self.set_alerts(*customer, *wishes),
            Fact::DeviceIssued { customer, serial } => self.issue_device(*customer, *serial),
            Fact::ShieldRegistered { customer, key } => self.register_shield(*customer, *key),
            Fact::MediumUnlocked { customer, medium } => self.unlock_medium(*customer, *medium),
            Fact::LimitsSet {
                customer,
                scope,
                limits,
            } => self.set_limits(*customer, *scope, *limits),
            Fact::LocksSet { card, locks } => self.set_locks(*card, locks),
            Fact::Mall(fact) => self.fold_mall(fact),
            Fact::PointsMoved {
                customer,
                change,
                balance_after,
                ..
            } => self.move_points(*customer, *change, *balance_after),
            Fact::Welfare(fact) => self.fold_welfare(fact),
            Fact::Campaign(fact) => self.fold_campaign(fact),
            Fact::Appointment(fact) => self.fold_appointment(fact),
            Fact::SocialSecurityCardIssued { customer } => {
                self.social_security.put(*customer, ());
                Ok(())
            }
            Fact::Terminal(fact) => self.fold_terminal(fact),
            Fact::PosBought { card, day, total } => self.add_pos(
                *card,
                DayTotal {
                    day: *day,
                    total: *total,
                },
            ),
        };
        folded.map_err(|what| Misfit {
            seq: self.seq,
            what: what.to_owned(),
        })
    }

    fn add_customer(
        &mut self,
        id: CustomerId,
        resident: ResidentId,
        phone: &Phone,
    ) -> Result<(), &'static str> {
        if self.customers.contains(&id) || self.residents.contains(&resident) {
            return Err("the customer exists already");
        }
        let customer = Customer {
            resident,
            profile: Profile::default(),
            phone: *phone,
            accounts: Few::default(),
            devices: Few::default(),
            sessions: Few::default(),
        };
        self.customers.put(id, customer);
        self.residents.put(resident, id);
        Ok(())
    }

    fn add_card(
        &mut self,
        card: CardId,
        account: AccountNumber,
        customer: CustomerId,
    ) -> Result<(), &'static str> {
        if self.accounts.contains(&account) || self.cards.contains(&card) {
            return Err("the account or the card exists already");
        }
        let mut alerts = false;
        self.edit_customer(customer, |owner| {
            owner.accounts.push(account);
            alerts = owner.profile.wishes.balance_changes;
        })?;
        let today = Day::of(self.at);
        self.accounts.put(
            account,
            Account {
                customer,
                card,
                balance: Fen::ZERO,
                alerts,
                status: AccountStatus::Open,
                interest: interest::Product::starting(today),
            },
        );
        self.cards.put(
            card,
            Card {
                account,
                status: CardStatus::Active,
            },
        );
        Ok(())
    }

    pub(super) fn edit_customer(
        &mut self,
        id: CustomerId,
        change: impl FnOnce(&mut Customer),
    ) -> Result<(), &'static str> {
        let customer = self
            .customers
            .edit(&id)
            .ok_or("the customer does not exist")?;
        change(customer);
        Ok(())
    }

    pub(super) fn set_card(&mut self, id: CardId, status: CardStatus) -> Result<(), &'static str> {
        self.cards
            .edit(&id)
            .ok_or("the card does not exist")?
            .status = status;
        Ok(())
    }

    /// Double entry, checked a second time after the rules: the postings sum to zero, lead to the
    /// balances that they state, and leave no customer in debt.
    fn post(&mut self, postings: &[Posting]) -> Result<(), &'static str> {
        let sum: i128 = postings
            .iter()
            .map(|posting| i128::from(posting.amount.0))
            .sum();
        if sum != 0 || postings.len() < 2 {
            return Err("the postings do not sum to zero");
        }
        let today = Day::of(self.at);
        let mut net = 0;
        for posting in postings {
            match posting.account {
                BookAccount::Ledger(account) => {
                    let before = self.ledger(account);
                    self.ledger.put(account, posting.lead_from(before)?);
                    self.count_on_its_way(account, posting.amount)?;
                }
                BookAccount::Customer(number) => {
                    let account = self
                        .accounts
                        .edit(&number)
                        .ok_or("an account does not exist")?;
                    let after = posting.lead_from(account.balance)?;
                    if after < Fen::ZERO {
                        return Err("a customer's account falls below zero");
                    }
                    account.interest.count(today, account.balance);
                    account.balance = after;
                    net += i128::from(posting.amount.0);
                }
            }
        }
        if net != 0 {
            self.count_deposits(net);
        }
        Ok(())
    }

    /// Takes this from an account and gives it to nobody, as no sound bank would: for planted defects.
    pub fn lose(&mut self, account: BookAccount, lost: Fen) {
        match account {
            BookAccount::Ledger(own) => {
                let before = self.ledger(own);
                self.ledger.put(own, Fen(before.0 - lost.0));
            }
            BookAccount::Customer(number) => {
                if let Some(account) = self.accounts.edit(&number) {
                    account.balance = Fen(account.balance.0 - lost.0);
                    self.count_deposits(-i128::from(lost.0));
                }
            }
        }
    }

    fn forget_before(&mut self, limit: BusinessTime) {
        self.keys.forget_before(limit);
        while let Some((&check, found)) = self.checks.first()
            && found.at <= limit
        {
            self.checks.remove(&check);
        }
        while let Some((&ended, &at)) = self.ended_sessions.first()
            && at <= limit
        {
            // Tokens are random, and none comes twice; if one did, its later session would stand.
            if self.sessions.get(&ended.1).is_some_and(|it| !it.open) {
                self.sessions.remove(&ended.1);
            }
            self.ended_sessions.remove(&ended);
        }
    }
}

impl Posting {
    /// The balance after this posting, which must be the one that it states.
    fn lead_from(&self, before: Fen) -> Result<Fen, &'static str> {
        let after = before
            .checked_add(self.amount)
            .ok_or("a balance overflows")?;
        if after == self.balance_after {
            Ok(after)
        } else {
            Err("a posting does not lead to its balance")
        }
    }
}

/// What happens to every table of the state at once.
#[derive(Clone, Copy)]
pub(super) enum Step {
    Mark,
    Keep,
    Drop,
}

impl Step {
    pub(super) fn take(self, table: &mut impl Undoable) {
        match self {
            Self::Mark => table.mark(),
            Self::Keep => table.keep(),
            Self::Drop => table.drop_changes(),
        }
    }
}
