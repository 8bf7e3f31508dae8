//! Random sequences of commands against a bank of a page: balances, sessions of money, lost cards
//! and idempotency, with groups that are undone on the way.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod asked;
mod bank;
mod naive;
mod naive_loan;
mod naive_sms;
mod naive_time;
mod step;

use std::cell::Cell;
use std::collections::BTreeMap;

use core_bank::rules::{
    Action, BookAccount, BusinessTime, Caller, Channel, Envelope, Fact, Fingerprint,
    IdempotencyKey, LedgerAccount, Looked, PersonName, ResidentId, State, Verdict, judge,
};
use proptest::{
    prelude::*,
    test_runner::{RngAlgorithm, TestRng, TestRunner},
};

use crate::{
    bank::{Bank, product},
    naive::Model,
    naive_loan::Loan,
    step::{Group, PEOPLE, Step, groups},
};

/// Follows the groups on the bank and the model; how many steps they held.
fn follow(groups: Vec<Group>) -> Result<u64, TestCaseError> {
    let (mut bank, mut model) = (Bank::open(), Model::new());
    let mut steps = 0;
    for group in groups {
        let before = (!group.durable).then(|| (bank.clone(), model.clone()));
        bank.state.mark();
        for (key, step) in &group.steps {
            if let Step::Wait(wait) = step {
                bank.now = BusinessTime(model.moment(*wait));
            }
            prop_assert_eq!(bank.ask(*key, step), model.ask(*key, step), "{:?}", step);
            steps += 1;
        }
        match before {
            None => bank.state.keep(),
            Some(before) => {
                bank.state.drop_changes();
                prop_assert!(bank.state == before.0.state, "an undone group left a trace");
                (bank, model) = before;
            }
        }
        compare(&bank, &model)?;
    }
    // Every balance is the sum of its postings, whatever the state says it is.
    let mut sums: BTreeMap<BookAccount, i64> = BTreeMap::new();
    for fact in &bank.facts {
        let Fact::MoneyMoved { postings, .. } = fact else {
            continue;
        };
        prop_assert_eq!(postings.iter().map(|line| line.amount.0).sum::<i64>(), 0);
        for line in postings {
            *sums.entry(line.account).or_default() += line.amount.0;
        }
    }
    for (account, sum) in sums {
        prop_assert_eq!(bank.state.balance(account).unwrap().0, sum);
    }
    Ok(steps)
}

fn compare(bank: &Bank, model: &Model) -> Result<(), TestCaseError> {
    prop_assert_eq!(bank.state.ledger_sum(), 0);
    for (at, (account, _)) in bank.accounts.iter().enumerate() {
        let found = bank.state.balance(BookAccount::Customer(*account)).unwrap();
        prop_assert_eq!(found.0, model.balances[at]);
        let units = bank.state.units_of(bank.customers[at], &product());
        prop_assert_eq!(units, model.units[at]);
    }
    for (account, expected) in [
        (LedgerAccount::CashCounter, model.cash),
        (LedgerAccount::Settlement, model.abroad.values().sum()),
        (LedgerAccount::BillsPayable, model.bills.values().sum()),
        (LedgerAccount::Nostro, model.settled),
        (LedgerAccount::CardNetwork, model.network),
        (LedgerAccount::WealthFunds, model.funds),
        (
            LedgerAccount::Loans,
            -model.loans.iter().map(Loan::outstanding).sum::<i64>(),
        ),
    ] {
        prop_assert_eq!(bank.state.ledger(account).0, expected, "{:?}", account);
    }
    if model.closed == model.day as usize {
        let payable = bank.state.ledger(LedgerAccount::DepositInterestPayable);
        prop_assert_eq!(payable.0, model.interest);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_bank_answers_like_the_model_and_its_books_balance(groups in groups()) {
        follow(groups)?;
    }
}

/// The same from a seed of its own, so that a long run can be told and repeated:
/// `MODEL_COMMANDS=10000000 MODEL_SEED=2026 cargo test --release -p core-bank --test model -- --nocapture`.
#[test]
fn the_bank_answers_like_the_model_from_a_stated_seed() {
    let told = |name: &str, usual: u64| {
        std::env::var(name).map_or(usual, |text| text.parse::<u64>().unwrap())
    };
    let (commands, seed) = (told("MODEL_COMMANDS", 5_000), told("MODEL_SEED", 2026));
    let done = Cell::new(0);
    for batch in 0_u64.. {
        if done.get() >= commands {
            break;
        }
        let mut bytes = [0; 32];
        bytes[..8].copy_from_slice(&seed.to_le_bytes());
        bytes[8..16].copy_from_slice(&batch.to_le_bytes());
        let config = ProptestConfig {
            cases: 100,
            failure_persistence: None,
            ..ProptestConfig::default()
        };
        let random = TestRng::from_seed(RngAlgorithm::ChaCha, &bytes);
        let run = TestRunner::new_with_rng(config, random).run(&groups(), |groups| {
            done.set(done.get() + follow(groups)?);
            Ok(())
        });
        if let Err(failure) = run {
            panic!("seed {seed}, batch {batch}: {failure}");
        }
    }
    println!("{} commands from seed {seed}: no difference", done.get());
}

#[test]
fn an_idempotency_key_lives_24_hours_of_business_time() {
    let mut state = State::default();
    let hour = 3_600_000_000;
    let resident = ResidentId::parse(PEOPLE[0]);
    let name = PersonName::parse("Ann").unwrap();
    let envelope = Envelope {
        caller: Caller::Terminal(Channel::Kiosk),
        key: IdempotencyKey::parse("k").unwrap(),
        fingerprint: Fingerprint([0; 16]),
        action: Action::IdentityCheck { name, resident },
        from: None,
        looked: Looked::default(),
    };
    let mut ask = |at: i64| {
        let at = BusinessTime(at);
        match judge(&state, &envelope, at) {
            Verdict::Decided(command, outcome) => {
                let seq = state.next_seq();
                let key = &envelope.key;
                state
                    .record(seq, at, &command, key, envelope.fingerprint, &outcome)
                    .unwrap()
                    .unwrap();
                "decided"
            }
            Verdict::Repeated(..) => "repeated",
            Verdict::LookFirst(..) => panic!("no key is beyond memory"),
            Verdict::TurnedAway(_) => "turned away",
        }
    };
    assert_eq!(ask(0), "decided");
    assert_eq!(ask(24 * hour - 1), "repeated");
    assert_eq!(ask(24 * hour), "decided");
    assert_eq!(ask(25 * hour), "repeated");
    assert_eq!(ask(48 * hour), "decided");
}
