//! What falls due while nobody writes: a record forgets before it folds, so whatever passes a decision
//! at the very moment must still be there to be folded. `Desk::ask` fails where a fact does not fold.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod desk;
mod payer;

use core_bank::rules::{
    AccountNumber, Action, Answer, AppointmentCommand, AppointmentId, AuthorisationId, BranchId,
    BusinessTime, Caller, CampaignCommand, CampaignId, Channel, ClosingAction, Coordinates, Draw,
    IdentityCheckId, Label, LoanAction, LoanId, Medium, Offer, Order, PasswordHash, PersonName,
    PinDigest, Proof, ResidentId, SessionId, Shown, SlotPlan, TerminalAction, TokenDigest,
    TokenNonce,
};
use desk::{COUNTER, KIOSK, digest, moment, yuan};
use payer::World;
use proptest::prelude::*;

const OPERATOR: Caller = Caller::Terminal(Channel::Operator);
const MINUTE: i64 = 60_000_000;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;
const BEGIN: &str = "2026-06-09T10:00:00+08:00";

/// Something that the bank does not know, or not let pass, for ever.
#[derive(Clone, Debug)]
enum Thing {
    Check(IdentityCheckId),
    Session(TokenDigest, SessionId),
    Authorisation(AuthorisationId, Order),
    Appointment(AppointmentId),
    Loan(LoanId),
    Campaign(CampaignId),
    /// A request by this key opened a card.
    Key(String),
}

/// The kinds of things that fall due, and how long each lasts.
const KINDS: [(&str, i64); 10] = [
    ("check", DAY),
    ("ended session", DAY),
    ("mobile session", 12 * HOUR),
    ("kiosk session", 15 * MINUTE),
    ("authorisation", 5 * MINUTE),
    ("slot", DAY),
    ("slot and its day", 2 * DAY),
    ("key", DAY),
    ("campaign", HOUR),
    ("campaign and its month", HOUR + 30 * DAY),
];

struct Bank {
    world: World,
    branch: BranchId,
    made: u64,
}

impl Bank {
    fn open() -> Self {
        let mut world = World::open_at(BEGIN, "1000000");
        let wish = AppointmentCommand::OpenBranch {
            name: Label::parse("市中支行").unwrap(),
            at: Coordinates::parse("36.4567", "115.9854").unwrap(),
            slots: SlotPlan {
                opens: 0,
                closes: 24 * 60,
                minutes: 1,
                places: 9,
                overbooking: 0,
            },
        };
        let opened = world.desk.ask(OPERATOR, Action::Appointment(wish));
        let Ok(Answer::BranchOpened(branch)) = opened else {
            panic!("{opened:?}")
        };
        Self {
            world,
            branch,
            made: 0,
        }
    }

    fn now(&self) -> BusinessTime {
        self.world.desk.clock
    }

    fn set(&mut self, at: i64) {
        self.world.desk.clock = BusinessTime(at);
    }

    /// One more thing of a kind, and the moment at which it falls due.
    fn make(&mut self, kind: usize) -> (Thing, i64) {
        self.made += 1;
        let (kind, lasts) = KINDS[kind];
        let name = format!("thing-{}", self.made);
        let now = self.now().0;
        let nonce = TokenNonce([0; 16]);
        let thing = match kind {
            "check" => Thing::Check(self.verify()),
            "ended session" | "mobile session" => {
                let token = digest(&name);
                let li = self.world.li;
                let wish = Action::LogIn {
                    customer: Some(li.customer),
                    device: digest("device of mobile"),
                    session: token,
                    nonce,
                };
                self.world.desk.ask(Caller::Visitor, wish).unwrap();
                if kind == "ended session" {
                    let wish = Action::LogOut { session: token };
                    self.world.desk.ask(Caller::Session(token), wish).unwrap();
                }
                Thing::Session(token, self.world.desk.state.session(token).unwrap().id)
            }
            "kiosk session" => {
                let token = digest(&name);
                let check = Some(self.verify());
                let wish = TerminalAction::LogInInPerson {
                    customer: Some(self.world.li.customer),
                    check,
                    session: token,
                    nonce,
                };
                let wish = Action::Terminal(wish);
                self.world.desk.ask(KIOSK, wish).unwrap();
                Thing::Session(token, self.world.desk.state.session(token).unwrap().id)
            }
            "authorisation" => {
                let order = self.world.order("1");
                let by = self.session();
                let id = self.world.authorise(by, Medium::Sms, &order);
                Thing::Authorisation(id, order)
            }
            "slot" | "slot and its day" => {
                let by = self.session();
                let slot = BusinessTime(now - now.rem_euclid(MINUTE) + DAY);
                match self.world.desk.ask(by, self.book(slot)) {
                    Ok(Answer::Booked(id)) => {
                        let due = slot.0 + lasts - DAY;
                        return (Thing::Appointment(id), due);
                    }
                    // One a day: somebody has one already.
                    other => assert_eq!(other, Err("appointment_exists")),
                }
                let own = self.world.desk.state.appointments();
                let own = own.of_customer(self.world.li.customer).last();
                let (id, found) = own.unwrap();
                let due = found.slot.0 + lasts - DAY;
                return (Thing::Appointment(id), due);
            }
            "campaign" | "campaign and its month" => {
                let wish = CampaignCommand::Announce {
                    name: Label::parse("June").unwrap(),
                    offer: Offer::Gift {
                        points: 5,
                        stock: 9,
                    },
                    begins: BusinessTime(now),
                    ends: BusinessTime(now + HOUR),
                };
                match self.world.desk.ask(OPERATOR, Action::Campaign(wish)) {
                    Ok(Answer::CampaignAnnounced(id)) => Thing::Campaign(id),
                    other => panic!("{other:?}"),
                }
            }
            "key" => {
                let wish = self.deposit();
                let asked = self.world.desk.ask_with_key(COUNTER, &name, wish);
                asked.unwrap();
                Thing::Key(name)
            }
            other => panic!("{other}"),
        };
        (thing, now + lasts)
    }

    fn verify(&mut self) -> IdentityCheckId {
        let wish = Action::IdentityCheck {
            name: PersonName::parse("Li Ming").unwrap(),
            resident: ResidentId::parse("11010519491231002X"),
        };
        match self.world.desk.ask(COUNTER, wish) {
            Ok(Answer::IdentityVerified(check)) => check,
            other => panic!("{other:?}"),
        }
    }

    /// A session of the mobile bank that stands.
    fn session(&mut self) -> Caller {
        self.world.log_in_again(self.world.mobile);
        self.world.mobile
    }

    fn deposit(&self) -> Action {
        Action::Deposit {
            account: Some(self.world.li.account),
            amount: yuan("1"),
        }
    }

    fn book(&self, slot: BusinessTime) -> Action {
        Action::Appointment(AppointmentCommand::Book {
            branch: Some(self.branch),
            slot,
        })
    }

    /// What may be asked that names the thing; the first record since it was made.
    #[expect(clippy::too_many_lines, reason = "a table: one way an arm")]
    fn use_it(&mut self, thing: &Thing, way: usize) -> Result<Answer, &'static str> {
        let li = self.world.li;
        let nonce = TokenNonce([1; 16]);
        let fresh = digest(&format!("fresh {}", self.now().0));
        match thing {
            Thing::Check(check) => {
                let (customer, check) = (Some(li.customer), Some(*check));
                let card = Some(li.card);
                let ways = [
                    Action::OpenCard { customer, check },
                    Action::SetPassword {
                        customer,
                        check,
                        hash: PasswordHash {
                            salt: [0; 16],
                            hash: [0; 32],
                        },
                    },
                    Action::IssueDevice {
                        customer,
                        check,
                        serial: nonce,
                    },
                    Action::SetChannel {
                        customer,
                        check,
                        channel: Channel::Mobile,
                        open: false,
                    },
                    Action::IssueSocialSecurityCard { customer, check },
                    Action::EbankingSignup {
                        customer,
                        check,
                        token: fresh,
                        nonce,
                    },
                    Action::Terminal(TerminalAction::SetPin {
                        card,
                        check,
                        pin: PinDigest([0; 16]),
                    }),
                    Action::Terminal(TerminalAction::LogInInPerson {
                        customer,
                        check,
                        session: fresh,
                        nonce,
                    }),
                    Action::Close(ClosingAction::Card { card, check }),
                    Action::Close(ClosingAction::Account {
                        account: Some(li.account),
                        check,
                    }),
                ];
                let way = ways[way % ways.len()].clone();
                self.world.desk.ask(COUNTER, way)
            }
            Thing::Session(token, id) => {
                let at_kiosk = Caller::AtTerminal(Channel::Kiosk, *token);
                let other = self.world.online;
                let close = Action::SetChannel {
                    customer: Some(li.customer),
                    check: None,
                    channel: Channel::Mobile,
                    open: false,
                };
                let end = Action::TerminateSession { session: Some(*id) };
                let ways = [
                    (Caller::Session(*token), Action::LogOut { session: *token }),
                    (
                        at_kiosk,
                        Action::Terminal(TerminalAction::LogOut { session: *token }),
                    ),
                    (other, end.clone()),
                    (other, close),
                    (Caller::Session(*token), end),
                    (at_kiosk, self.deposit()),
                ];
                let (by, way) = ways[way % ways.len()].clone();
                self.world.desk.ask(by, way)
            }
            Thing::Authorisation(id, order) => {
                let right = way.is_multiple_of(2);
                let shown = Shown {
                    id: Some(*id),
                    proof: Proof::Sms { right },
                };
                let order = order.clone();
                let wish = Action::AuthorisedTransfer { order, shown };
                self.world.desk.ask(self.world.mobile, wish)
            }
            Thing::Appointment(id) => {
                let appointment = Some(*id);
                let conclude = |kept| AppointmentCommand::Conclude { appointment, kept };
                let (by, way) = match way % 4 {
                    0 => (COUNTER, conclude(true)),
                    1 => (COUNTER, conclude(false)),
                    2 => (
                        self.world.online,
                        AppointmentCommand::Cancel { appointment },
                    ),
                    _ => {
                        let now = self.now().0;
                        let slot = BusinessTime(now - now.rem_euclid(MINUTE) + MINUTE);
                        let branch = Some(self.branch);
                        (self.world.mobile, AppointmentCommand::Book { branch, slot })
                    }
                };
                self.world.desk.ask(by, Action::Appointment(way))
            }
            Thing::Loan(loan) => {
                let loan = Some(*loan);
                let wish = Action::Loans(LoanAction::Draw { loan });
                self.world.desk.ask(COUNTER, wish)
            }
            Thing::Campaign(id) => {
                let campaign = Some(*id);
                let draw = Some(Draw {
                    campaign,
                    number: 0,
                });
                let ways = [
                    CampaignCommand::Claim { campaign },
                    CampaignCommand::CheckIn { draw },
                ];
                let way = ways[way % ways.len()].clone();
                self.world
                    .desk
                    .ask(self.world.mobile, Action::Campaign(way))
            }
            Thing::Key(key) => {
                let (key, wish) = (key.clone(), self.deposit());
                self.world.desk.ask_with_key(COUNTER, &key, wish)
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    /// Things are made at odd moments; then somebody asks for one of them at its last moment, a
    /// microsecond before and a microsecond after, and goes on asking for the others.
    #[test]
    fn whatever_passes_as_things_fall_due_also_folds(
        made in prop::collection::vec((0..KINDS.len(), 0..3 * HOUR), 1..8),
        asked in prop::collection::vec((0_usize..8, -1_i64..=1, 0_usize..10), 1..6),
    ) {
        let mut bank = Bank::open();
        let mut things = Vec::new();
        for (kind, pause) in made {
            things.push(bank.make(kind));
            bank.set(bank.now().0 + pause);
        }
        let mut asked: Vec<_> = asked
            .into_iter()
            .map(|(which, off, way)| {
                let (thing, due) = &things[which % things.len()];
                (due + off, thing, way)
            })
            .collect();
        asked.sort_by_key(|(at, ..)| *at);
        for (at, thing, way) in asked {
            bank.set(at.max(bank.now().0));
            // Whether it passes is for the table below to say; what passes must fold.
            let _ = bank.use_it(thing, way);
        }
    }
}

/// A microsecond before it falls due a thing is there, and then it is not, though nothing was
/// recorded meanwhile.
#[test]
fn each_thing_is_known_until_its_last_microsecond_and_not_then() {
    // The kind, the way to ask for it, and how it is refused when its time is over.
    let table = [
        ("check", 0, "identity_check_not_found"),
        ("mobile session", 0, "unauthenticated"),
        ("kiosk session", 1, "unauthenticated"),
        ("authorisation", 0, "authorisation_not_found"),
        ("slot and its day", 0, "appointment_not_found"),
        ("slot and its day", 1, "appointment_not_found"),
        ("slot", 2, "appointment_not_found"),
        ("campaign", 0, "campaign_not_running"),
    ];
    for (name, way, code) in table {
        for (off, expected) in [(-1, None), (0, Some(code)), (1, Some(code))] {
            let mut bank = Bank::open();
            let kind = KINDS.iter().position(|(kind, _)| *kind == name).unwrap();
            let (thing, due) = bank.make(kind);
            bank.set(due + off - MINUTE);
            // Sessions are shorter than days; a log-in forgets nothing of what is asked for.
            bank.world.log_in_again(bank.world.online);
            bank.world.log_in_again(bank.world.mobile);
            bank.set(due + off);
            let told = bank.use_it(&thing, way).err();
            assert_eq!(told, expected, "{name} at {off} µs, way {way}");
        }
    }
}

#[test]
fn an_approved_loan_is_drawn_within_its_thirty_days_and_not_then() {
    for (at, expected) in [
        ("2026-07-09T23:59:59.999999+08:00", None),
        ("2026-07-10T00:00:00+08:00", Some("loan_state")),
    ] {
        let mut bank = Bank::open();
        let account: Option<AccountNumber> = Some(bank.world.li.account);
        let wish = LoanAction::Apply {
            account,
            amount: yuan("1000"),
            months: 12,
        };
        let told = bank.world.desk.ask(COUNTER, Action::Loans(wish));
        let Ok(Answer::LoanApproved(loan)) = told else {
            panic!("{told:?}")
        };
        bank.set(moment(at).0);
        assert_eq!(bank.use_it(&Thing::Loan(loan), 0).err(), expected);
    }
}

#[test]
fn a_key_is_known_until_its_last_microsecond() {
    for (off, money) in [(-1, "1000001.00"), (0, "1000002.00")] {
        let mut bank = Bank::open();
        let kind = KINDS.iter().position(|(kind, _)| *kind == "key").unwrap();
        let (thing, due) = bank.make(kind);
        bank.set(due + off);
        bank.use_it(&thing, 0).unwrap();
        assert_eq!(bank.world.desk.balance(bank.world.li.account), money);
    }
}

/// Each record forgets a part of what was claimed; of a campaign that ended a month ago nothing is left,
/// and one that ended later is whole.
#[test]
fn a_campaign_is_forgotten_a_month_after_its_end_with_all_that_was_claimed() {
    let mut bank = Bank::open();
    let kind = KINDS
        .iter()
        .position(|(kind, _)| *kind == "campaign and its month");
    let (Thing::Campaign(first), due) = bank.make(kind.unwrap()) else {
        panic!("no campaign")
    };
    let claim = |bank: &mut Bank, id| bank.use_it(&Thing::Campaign(id), 0);
    claim(&mut bank, first).unwrap();
    bank.set(bank.now().0 + 1);
    let (Thing::Campaign(second), _) = bank.make(kind.unwrap()) else {
        panic!("no campaign")
    };
    claim(&mut bank, second).unwrap();
    assert_eq!(claim(&mut bank, first), Err("claimed_already"));
    let ids = |bank: &Bank| {
        let state = &bank.world.desk.state;
        state
            .campaigns()
            .all()
            .map(|(id, _)| id)
            .collect::<Vec<_>>()
    };
    // The moment is the last for the first campaign, and one too early for the second.
    bank.set(due - 1);
    bank.session();
    assert_eq!(ids(&bank), [first, second]);
    assert_eq!(claim(&mut bank, first), Err("campaign_not_running"));
    bank.set(due);
    assert_eq!(
        claim(&mut bank, first),
        Err("campaign_not_running"),
        "decided before"
    );
    assert_eq!(ids(&bank), [second]);
    assert_eq!(bank.world.desk.state.campaigns().left(first, 0), 0);
    assert_eq!(bank.world.desk.state.campaigns().left(second, 0), 8);
    assert_eq!(claim(&mut bank, first), Err("campaign_not_found"));
    bank.set(due + 1);
    assert_eq!(claim(&mut bank, second), Err("campaign_not_running"));
    assert_eq!(ids(&bank), Vec::new());
}
