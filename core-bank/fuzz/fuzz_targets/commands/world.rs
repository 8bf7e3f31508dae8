//! The bank that is tried, and what must be true of it after every command.

use core_bank::{
    journal::{ChainHash, RECORD_VERSION, Record, decode_group, encode_group},
    rules::{
        AccountNumber, Action, Amount, BusinessTime, Caller, Channel, CustomerId, Envelope, Fen,
        Fingerprint, IdempotencyKey, IdentityCheckId, LedgerAccount, Looked, Origin, Original, PersonName,
        Phone, Placed, ResidentId, State, TokenDigest, TokenNonce, Verdict, judge,
    },
};

use crate::PEOPLE;

/// Noon of a day in June 2026, Beijing time.
pub const NOON: BusinessTime = BusinessTime(1_780_977_600_000_000);

#[derive(Default)]
pub struct World {
    pub state: State,
    pub now: BusinessTime,
    /// Where requests come from.
    pub from: Option<Origin>,
    /// What was recorded and stays.
    pub records: Vec<Record>,
    /// Payments that may be returned.
    pub payments: Vec<Original>,
    /// Orders of the mall, also those that are not there any more.
    pub placed: Vec<Placed>,
}

impl World {
    /// Two customers with cards, money and a device each.
    pub fn settled() -> Self {
        let mut world = Self {
            now: NOON,
            ..Self::default()
        };
        for (number, person) in PEOPLE.iter().take(2).enumerate() {
            let first = world.state.next_seq();
            let (check, customer) = (
                Some(IdentityCheckId::of_seq(first)),
                Some(CustomerId::of_seq(first + 1)),
            );
            let actions = [
                Action::IdentityCheck {
                    name: PersonName::parse("A").expect("a name"),
                    resident: ResidentId::parse(person),
                },
                Action::RegisterCustomer {
                    check,
                    phone: Phone::parse("13800000000").expect("a phone"),
                },
                Action::OpenCard { customer, check },
                Action::EbankingSignup {
                    customer,
                    check,
                    token: TokenDigest([number as u8; 32]),
                    nonce: TokenNonce([number as u8; 16]),
                },
                Action::Deposit {
                    account: Some(AccountNumber::of_seq(first + 2)),
                    amount: Amount::try_from(Fen(100_000_000)).expect("an amount"),
                },
            ];
            for (at, action) in actions.into_iter().enumerate() {
                let key = 200 + (number * 10 + at) as u8;
                let record = world.decide(Caller::Terminal(Channel::Counter), key, action);
                world.records.extend(record);
            }
        }
        assert_eq!(world.state.seq(), 10);
        world
    }

    /// Decides a command as the writer does, and folds it.
    pub fn decide(&mut self, caller: Caller, key: u8, action: Action) -> Option<Record> {
        let envelope = Envelope {
            caller,
            key: IdempotencyKey::parse(&format!("k{key}")).expect("a key"),
            fingerprint: Fingerprint([key; 16]),
            action,
            from: self.from,
            looked: Looked::default(),
        };
        let Verdict::Decided(command, outcome) = judge(&self.state, &envelope, self.now) else {
            return None;
        };
        let record = Record {
            v: RECORD_VERSION,
            seq: self.state.next_seq(),
            at: self.now,
            key: envelope.key,
            fingerprint: envelope.fingerprint,
            command,
            outcome,
        };
        let folded = record.fold_into(&mut self.state);
        assert!(folded.is_ok(), "{record:?}: {folded:?}");
        Some(record)
    }

    /// What was decided stays.
    pub fn keep(&mut self, record: Record) {
        let (bytes, _) = encode_group(ChainHash::GENESIS, std::slice::from_ref(&record))
            .expect("a record is written");
        let read = decode_group(record.seq, bytes.into()).expect("a record reads");
        assert_eq!(read[0].record, record);
        self.payments.extend(record.original());
        self.placed.extend(Placed::of(record.outcome.iter().flatten()));
        self.records.push(record);
    }

    /// What no sequence of commands may break.
    pub fn check(&self) {
        assert_eq!(self.state.ledger_sum(), 0);
        let mut accounts = self.state.accounts_after(None);
        assert!(accounts.all(|(_, account)| account.balance >= Fen::ZERO));
        // What was taken for vouchers is there as long as they are.
        assert!(self.state.ledger(LedgerAccount::WelfareVouchers) >= Fen::ZERO);
    }

    /// A replay of the journal makes the same state.
    pub fn check_replay(&self) {
        let mut again = State::default();
        for record in &self.records {
            let folded = record.fold_into(&mut again);
            assert!(folded.is_ok(), "it folded before: {folded:?}");
        }
        assert!(again == self.state, "a replay makes another state");
    }
}
