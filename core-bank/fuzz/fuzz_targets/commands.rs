//! Any bytes as a sequence of commands: whatever is asked in whatever order, decided facts fold, the
//! books sum to zero, nobody falls below it, and a group that is undone leaves no trace.
#![no_main]

use core_bank::{
    journal::{ChainHash, RECORD_VERSION, Record, decode_group, encode_group},
    rules::{
        AccountNumber, Action, Amount, AuthorisationId, BusinessTime, Caller, CardEntry, CardId,
        CardLocks, Channel, CustomerId, Envelope, Fen, Fingerprint, IdempotencyKey,
        IdentityCheckId, Limits, Looked, Medium, MediumWish, Order, Payee, PersonName, Phone, Place,
        Proof, ResidentId, Scope, SessionId, ShieldKey, Shown, State, TokenDigest, TokenNonce,
        Verdict, judge,
    },
};
use libfuzzer_sys::fuzz_target;

const PEOPLE: [&str; 3] = [
    "11010519491231002X",
    "440524188001010014",
    "110105199001010010",
];

/// The bytes that are left; after their end everything is zero.
struct Bytes<'a>(&'a [u8]);

impl Bytes<'_> {
    fn next(&mut self) -> u8 {
        match self.0.split_first() {
            Some((first, rest)) => {
                self.0 = rest;
                *first
            }
            None => 0,
        }
    }

    fn below(&mut self, bound: u8) -> u8 {
        self.next() % bound
    }

    /// Records are few, so small numbers name things that exist.
    fn seq(&mut self) -> u64 {
        u64::from(self.below(48))
    }

    fn account(&mut self) -> Option<AccountNumber> {
        Some(AccountNumber::of_seq(self.seq()))
    }

    fn card(&mut self) -> Option<CardId> {
        Some(CardId::of_seq(self.seq()))
    }

    fn customer(&mut self) -> Option<CustomerId> {
        Some(CustomerId::of_seq(self.seq()))
    }

    fn check(&mut self) -> Option<IdentityCheckId> {
        Some(IdentityCheckId::of_seq(self.seq()))
    }

    fn token(&mut self) -> TokenDigest {
        TokenDigest([self.below(8); 32])
    }

    fn amount(&mut self) -> Amount {
        let fen = match self.below(4) {
            0 => 1,
            1 => i64::from(self.next()) + 1,
            2 => (i64::from(self.next()) + 1) * 100_000,
            _ => 999_999_999_999_999,
        };
        Amount::try_from(Fen(fen)).expect("an amount")
    }

    fn place(&mut self) -> Place {
        let places = ["371500", "371502", "110101", "JP", "HK"];
        Place::parse(places[usize::from(self.below(5))]).expect("a place")
    }

    fn channel(&mut self) -> Channel {
        [Channel::Mobile, Channel::Online, Channel::Messenger][usize::from(self.below(3))]
    }

    fn phone() -> Phone {
        Phone::parse("13800000000").expect("a phone")
    }

    fn order(&mut self) -> Order {
        let payee = if self.below(4) == 0 {
            Payee::Elsewhere {
                account: "6227".to_owned(),
                bank: "CCB".to_owned(),
            }
        } else {
            Payee::Here(self.account())
        };
        Order {
            from: self.account(),
            payee,
            amount: self.amount(),
        }
    }

    fn caller(&mut self) -> Caller {
        match self.below(7) {
            0 => Caller::Terminal(Channel::Counter),
            1 => Caller::Terminal(Channel::Kiosk),
            2 => Caller::Terminal(Channel::Atm),
            3 => Caller::Terminal(Channel::Acquirer),
            4 => Caller::Visitor,
            _ => Caller::Session(self.token()),
        }
    }

    fn limits(&mut self) -> Limits {
        Limits {
            per_transaction: self.amount().fen(),
            daily: self.amount().fen(),
            monthly: (self.below(2) == 0).then(|| self.amount().fen()),
        }
    }

    fn action(&mut self) -> Action {
        let nonce = TokenNonce([self.0.len() as u8; 16]);
        match self.below(26) {
            0 => Action::IdentityCheck {
                name: PersonName::parse("A").expect("a name"),
                resident: ResidentId::parse(PEOPLE[usize::from(self.below(3))]),
            },
            1 => Action::RegisterCustomer {
                check: self.check(),
                phone: Self::phone(),
            },
            2 => Action::OpenCard {
                customer: self.customer(),
                check: self.check(),
            },
            3 => Action::EbankingSignup {
                customer: self.customer(),
                check: self.check(),
                token: self.token(),
                nonce,
            },
            4 => Action::ReportLoss { card: self.card() },
            5 => Action::LiftLoss {
                card: self.card(),
                check: self.check(),
            },
            6 | 7 => Action::Deposit {
                account: self.account(),
                amount: self.amount(),
            },
            8 => Action::Withdrawal {
                account: self.account(),
                amount: self.amount(),
            },
            9 => Action::WithdrawalAt {
                account: self.account(),
                amount: self.amount(),
                place: self.place(),
            },
            10 => Action::TransferOwnBank {
                from: self.account(),
                to: self.account(),
                amount: self.amount(),
            },
            11 => Action::TransferOtherBank {
                from: self.account(),
                to: "6227".to_owned(),
                bank: "CCB".to_owned(),
                amount: self.amount(),
            },
            12 => Action::LogInTo {
                channel: self.channel(),
                customer: self.customer(),
                device: self.token(),
                session: self.token(),
                nonce,
            },
            13 => Action::LogIn {
                customer: self.customer(),
                device: self.token(),
                session: self.token(),
                nonce,
            },
            14 => Action::LogOut {
                session: self.token(),
            },
            15 => Action::SetLocks {
                card: self.card(),
                locks: CardLocks {
                    overseas: self.below(2) == 0,
                    places: (self.below(2) == 0).then(|| vec![self.place()]),
                    night: self.below(2) == 0,
                    pos_daily: (self.below(2) == 0).then(|| self.amount()),
                    overseas_card_not_present: self.below(2) == 0,
                },
            },
            16 => Action::CardUse {
                card: self.card(),
                entry: [CardEntry::Atm, CardEntry::Pos, CardEntry::CardNotPresent]
                    [usize::from(self.below(3))],
                amount: self.amount(),
                place: self.place(),
                merchant: String::new(),
            },
            17 => Action::AskAuthorisation {
                wish: match self.below(3) {
                    0 => MediumWish::Sms {
                        phone: Self::phone(),
                        tail: u32::from(self.next()),
                    },
                    1 => MediumWish::Device(TokenNonce([self.below(4); 16])),
                    _ => MediumWish::Shield(ShieldKey([self.below(4); 32])),
                },
                order: self.order(),
            },
            18 => Action::AuthorisedTransfer {
                order: self.order(),
                shown: Shown {
                    id: Some(AuthorisationId::of_seq(self.seq())),
                    proof: match self.below(3) {
                        0 => Proof::Sms {
                            right: self.below(2) == 0,
                        },
                        1 => Proof::Device {
                            serial: TokenNonce([self.below(4); 16]),
                            step: Some(u64::from(self.next())),
                        },
                        _ => Proof::Shield {
                            key: ShieldKey([self.below(4); 32]),
                            right: self.below(2) == 0,
                        },
                    },
                },
            },
            19 => Action::IssueDevice {
                customer: self.customer(),
                check: self.check(),
                serial: TokenNonce([self.below(4); 16]),
            },
            20 => Action::RegisterShield {
                customer: self.customer(),
                check: self.check(),
                key: ShieldKey([self.below(4); 32]),
            },
            21 => Action::UnlockMedium {
                customer: self.customer(),
                check: self.check(),
                medium: [Medium::Sms, Medium::Device, Medium::Shield]
                    [usize::from(self.below(3))],
            },
            22 => Action::SetLimits {
                customer: self.customer(),
                check: self.check(),
                scope: Scope::ALL[usize::from(self.below(4))],
                limits: self.limits(),
            },
            23 => Action::TerminateSession {
                session: Some(SessionId::of_seq(self.seq())),
            },
            24 => Action::SetChannel {
                customer: self.customer(),
                check: self.check(),
                channel: self.channel(),
                open: self.below(2) == 0,
            },
            _ => Action::LogInByPassword {
                channel: self.channel(),
                customer: self.customer(),
                password: Some(self.seq()),
                right: self.below(2) == 0,
                session: self.token(),
                nonce,
            },
        }
    }
}

/// Decides a command as the writer does, and records it.
fn decide(state: &mut State, caller: Caller, key: u8, action: Action, now: BusinessTime) {
    let envelope = Envelope {
        caller,
        key: IdempotencyKey::parse(&format!("k{key}")).expect("a key"),
        fingerprint: Fingerprint([key; 16]),
        action,
        looked: Looked::default(),
    };
    let Verdict::Decided(command, outcome) = judge(state, &envelope, now) else {
        return;
    };
    let record = Record {
        v: RECORD_VERSION,
        seq: state.next_seq(),
        at: now,
        key: envelope.key,
        fingerprint: envelope.fingerprint,
        command,
        outcome,
    };
    let folded = record.fold_into(state);
    assert!(folded.is_ok(), "{record:?}: {folded:?}");
    let (bytes, _) = encode_group(ChainHash::GENESIS, std::slice::from_ref(&record))
        .expect("a record is written");
    let read = decode_group(record.seq, bytes.into()).expect("a record reads");
    assert_eq!(read[0].record, record);
}

/// Two customers with cards, money and a device each.
fn settle(state: &mut State, now: BusinessTime) {
    for (number, person) in PEOPLE.iter().take(2).enumerate() {
        let first = state.next_seq();
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
                phone: Bytes::phone(),
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
                amount: Amount::try_from(Fen(1_000_000)).expect("an amount"),
            },
        ];
        for (at, action) in actions.into_iter().enumerate() {
            let key = 200 + (number * 10 + at) as u8;
            decide(state, Caller::Terminal(Channel::Counter), key, action, now);
        }
    }
    assert_eq!(state.seq(), 10);
}

/// What an undone group must not change, as far as it shows.
fn picture(state: &State) -> (u64, i128, Vec<(AccountNumber, Fen)>, usize) {
    let accounts = state.accounts_after(None);
    (
        state.seq(),
        state.deposits(),
        accounts.map(|(number, account)| (*number, account.balance)).collect(),
        state.sessions().count(),
    )
}

fuzz_target!(|bytes: &[u8]| {
    let mut bytes = Bytes(bytes);
    let mut state = State::default();
    // Noon of a day in June 2026, Beijing time.
    let mut now = BusinessTime(1_780_977_600_000_000);
    settle(&mut state, now);
    for key in 0..64_u8 {
        if bytes.0.is_empty() {
            return;
        }
        let (step, undone) = (bytes.below(8), bytes.below(8) == 0);
        // Mostly at once, sometimes minutes, hours or a day later.
        now = now.after(match step {
            0 => 61_000_000,
            1 => 3_600_000_000,
            2 => 86_400_000_000,
            _ => 1,
        });
        let before = undone.then(|| picture(&state));
        state.mark();
        let (caller, action) = (bytes.caller(), bytes.action());
        let key = if bytes.below(8) == 0 { 0 } else { key };
        decide(&mut state, caller, key, action, now);
        match before {
            Some(before) => {
                state.drop_changes();
                assert_eq!(picture(&state), before);
            }
            None => state.keep(),
        }
        assert_eq!(state.ledger_sum(), 0);
        assert!(state.accounts_after(None).all(|(_, account)| account.balance >= Fen::ZERO));
    }
});
