//! Who did what from where: what a record says of session and address, what it costs, and that nothing
//! else changes by it.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod desk;

use core_bank::{
    journal::{ChainHash, RECORD_VERSION, Record, decode_group, encode_group},
    rules::{
        Action, AlertWishes, Answer, Caller, Channel, Command, CustomerId, Fact, Fingerprint,
        IdempotencyKey, Origin, Party, PinDigest, SessionId, TerminalAction, TokenNonce,
    },
};
use desk::{ATM, COUNTER, Desk, Holder, digest, moment};

fn at(text: &str) -> Origin {
    Origin::of(text.parse().unwrap())
}

fn wish() -> Action {
    let wishes = AlertWishes::default();
    Action::SetAlerts { wishes }
}

/// What the last record says of who asked.
fn asked(desk: &Desk) -> (Option<SessionId>, Option<Origin>) {
    let by = desk.records.last().unwrap().command.by;
    (by.session(), by.origin())
}

#[test]
fn a_record_names_its_session_and_the_address_where_that_is_another() {
    let mut desk = Desk::open_at("2026-06-09T10:00:00+08:00");
    let li = desk.holder(0, "10");
    desk.from = Some(at("192.0.2.1"));
    let phone = desk.session(li, "phone");
    let begun = desk.state.seq();
    assert_eq!(
        asked(&desk),
        (None, Some(at("192.0.2.1"))),
        "a log-in says from where"
    );
    let session = Some(SessionId::of_seq(begun));
    for (from, told) in [
        ("192.0.2.1", None),
        ("192.0.2.2", Some(at("192.0.2.2"))),
        ("::ffff:192.0.2.1", None),
        ("2001:db8::1", Some(at("2001:db8::1"))),
        ("192.0.2.1", None),
    ] {
        desk.from = Some(at(from));
        desk.ask(phone, wish()).unwrap();
        assert_eq!(asked(&desk), (session, told), "{from}");
    }
    // Whoever began it where nobody looked says from where each time.
    desk.from = None;
    let tablet = desk.session(li, "tablet");
    let session = Some(SessionId::of_seq(desk.state.seq()));
    desk.ask(tablet, wish()).unwrap();
    assert_eq!(asked(&desk), (session, None));
    desk.from = Some(at("192.0.2.1"));
    desk.ask(tablet, wish()).unwrap();
    assert_eq!(asked(&desk), (session, Some(at("192.0.2.1"))));
}

#[test]
fn a_subscriber_of_ipv6_is_one_place() {
    let mut desk = Desk::open_at("2026-06-09T10:00:00+08:00");
    let li = desk.holder(0, "10");
    desk.from = Some(at("2001:db8:1:2::1"));
    let phone = desk.session(li, "phone");
    for (from, told) in [
        ("2001:db8:1:2:a:b:c:d", None),
        ("2001:db8:1:3::1", Some(at("2001:db8:1:3::1"))),
    ] {
        desk.from = Some(at(from));
        desk.ask(phone, wish()).unwrap();
        assert_eq!(asked(&desk).1, told, "{from}");
    }
}

#[test]
fn terminals_and_whoever_fails_to_log_in_say_where_they_are() {
    let mut desk = Desk::open_at("2026-06-09T10:00:00+08:00");
    let li = desk.holder(0, "10");
    desk.from = Some(at("10.1.0.7"));
    let pin = TerminalAction::SetPin {
        card: Some(li.card),
        check: Some(li.check),
        pin: PinDigest([1; 16]),
    };
    desk.ask(COUNTER, Action::Terminal(pin)).unwrap();
    assert_eq!(asked(&desk), (None, Some(at("10.1.0.7"))));
    let set = desk.state.seq();
    desk.from = Some(at("10.1.0.9"));
    let insert = |right| {
        Action::Terminal(TerminalAction::LogInByPin {
            card: Some(li.card),
            pin: Some(set),
            right,
            session: digest("machine"),
            nonce: TokenNonce([0; 16]),
        })
    };
    assert_eq!(desk.ask(ATM, insert(false)), Err("wrong_credentials"));
    assert_eq!(asked(&desk), (None, Some(at("10.1.0.9"))));
    desk.ask(ATM, insert(true)).unwrap();
    let session = Some(SessionId::of_seq(desk.state.seq()));
    let machine = Caller::AtTerminal(Channel::Atm, digest("machine"));
    let out = Action::Terminal(TerminalAction::LogOut {
        session: digest("machine"),
    });
    desk.ask(machine, out).unwrap();
    assert_eq!(asked(&desk), (session, None));
    desk.from = Some(at("198.51.100.1"));
    let guess = Action::LogIn {
        customer: Some(li.customer),
        device: digest("a guess"),
        session: digest("nobody"),
        nonce: TokenNonce([0; 16]),
    };
    assert_eq!(desk.ask(Caller::Visitor, guess), Err("wrong_credentials"));
    assert_eq!(asked(&desk), (None, Some(at("198.51.100.1"))));
}

#[test]
fn a_key_is_the_same_whatever_session_and_address_it_comes_from() {
    let mut desk = Desk::open_at("2026-06-09T10:00:00+08:00");
    let li = desk.holder(0, "10");
    desk.from = Some(at("192.0.2.1"));
    let phone = desk.session(li, "phone");
    let tablet = desk.session(li, "tablet");
    desk.ask_with_key(phone, "once", wish()).unwrap();
    let seq = desk.state.seq();
    for (session, from) in [(phone, "192.0.2.2"), (tablet, "2001:db8::1")] {
        desk.from = Some(at(from));
        assert_eq!(desk.ask_with_key(session, "once", wish()), Ok(Answer::Done));
        assert_eq!(desk.state.seq(), seq, "a repetition");
    }
    for (from, by) in [("10.1.0.7", COUNTER), ("10.1.0.8", COUNTER)] {
        desk.from = Some(at(from));
        let check = desk.ask_with_key(by, "check", identity(li));
        assert!(check.is_ok());
        assert_eq!(desk.state.seq(), seq + 1);
    }
}

fn identity(_: Holder) -> Action {
    Action::IdentityCheck {
        name: core_bank::rules::PersonName::parse("Li Ming").unwrap(),
        resident: core_bank::rules::ResidentId::parse("11010519491231002X"),
    }
}

/// A record of this length whoever asked.
fn bytes_of(by: Party, facts: Vec<Fact>) -> usize {
    let record = Record {
        v: RECORD_VERSION,
        seq: 3_000_000,
        at: moment("2026-06-09T10:00:00+08:00"),
        key: IdempotencyKey::parse("key").unwrap(),
        fingerprint: Fingerprint([0; 16]),
        command: Command { by, action: wish() },
        outcome: Ok(facts),
    };
    let (bytes, _) = encode_group(ChainHash::GENESIS, std::slice::from_ref(&record)).unwrap();
    let read = decode_group(record.seq, bytes.clone().into()).unwrap();
    assert_eq!(read[0].record, record);
    bytes.len()
}

#[test]
fn a_session_costs_three_bytes_an_address_five_and_a_log_in_forty_three() {
    let customer = CustomerId::of_seq(1_000_000);
    let early = SessionId::of_seq(2_000_000);
    let late = SessionId::of_seq(200_000_000);
    let online = Channel::Online;
    let plain = bytes_of(Party::Customer(customer), Vec::new());
    let of = |by| bytes_of(by, Vec::new()) - plain;
    assert_eq!(of(Party::CustomerIn(customer, early)), 3);
    assert_eq!(of(Party::CustomerIn(customer, late)), 4);
    let plain = bytes_of(Party::Session(customer, online), Vec::new());
    let of = |by| bytes_of(by, Vec::new()) - plain;
    assert_eq!(of(Party::SessionIn(customer, online, early)), 3);
    let v4 = Origin::of("192.0.2.1".parse().unwrap());
    let v6 = Origin::of("2001:db8::1".parse().unwrap());
    assert_eq!(of(Party::Elsewhere(customer, online, early, v4)), 3 + 5);
    let plain = bytes_of(Party::Terminal(Channel::Atm), Vec::new());
    let of = |by| bytes_of(by, Vec::new()) - plain;
    assert_eq!(of(Party::TerminalAt(Channel::Atm, v4)), 5);
    assert_eq!(of(Party::TerminalAt(Channel::Atm, v6)), 17);
    let plain = bytes_of(Party::Visitor, Vec::new());
    let begun = Fact::BegunFrom {
        session: digest("phone"),
        origin: v4,
    };
    assert_eq!(bytes_of(Party::VisitorAt(v4), vec![begun]) - plain, 5 + 38);
}

#[test]
fn parties_of_old_journals_read_as_they_were_written() {
    // By position: the variant, then what it holds.
    for (bytes, party) in [
        (&[0, 2][..], Party::Terminal(Channel::Atm)),
        (&[1, 7], Party::Customer(CustomerId::of_seq(7))),
        (&[2], Party::Visitor),
        (
            &[3, 7, 6],
            Party::Session(CustomerId::of_seq(7), Channel::Online),
        ),
        (
            &[4, 7, 9],
            Party::CustomerIn(CustomerId::of_seq(7), SessionId::of_seq(9)),
        ),
    ] {
        assert_eq!(postcard::from_bytes::<Party>(bytes), Ok(party));
        assert_eq!(party.who().customer(), party.customer());
        assert_eq!(party.who().channel(), party.channel());
    }
}
