//! How fast a bank starts: 100,000 accounts, a tail of a million transfers.

use std::{path::Path, time::Instant};

use core_bank::{
    JournalPlace, SeedOptions,
    journal::{Journal, RECORD_VERSION, Record, SqliteJournal},
    rebuild, recover,
    rules::{
        AccountNumber, Action, Amount, BusinessTime, Channel, Command, Fingerprint, IdempotencyKey,
        Party, Phone, State, TokenDigest, decide,
    },
    seed,
};

use crate::{decide::Payer, mobile::Person};

const KEYS: usize = 1_000_000;

/// The people of a bank.
pub struct City {
    pub accounts: Vec<AccountNumber>,
    pub texts: Vec<String>,
    /// A thousand of them.
    pub payers: Vec<Payer>,
    pub people: Vec<Person>,
}

/// Seeds a bank.
pub fn seed_city(data: &Path, customers: u32) -> City {
    let mut city = City {
        accounts: Vec::new(),
        texts: Vec::new(),
        payers: Vec::new(),
        people: Vec::new(),
    };
    let options = SeedOptions {
        customers,
        seed: 1,
        balance: Amount::parse("10000.00").unwrap(),
        at: "2026-06-09T10:00+08:00".parse().unwrap(),
        password: None,
    };
    let began = Instant::now();
    let records = seed(data, &options, &mut |customer| {
        city.accounts.push(customer.account);
        city.texts.push(customer.account.to_string());
        if city.payers.len() < 1_000 {
            city.payers.push(Payer {
                customer: customer.customer,
                account: customer.account,
                device: TokenDigest(*blake3::hash(customer.device_token.as_bytes()).as_bytes()),
                phone: Phone::parse(&customer.phone).unwrap(),
            });
        }
        city.people.push(Person {
            customer: customer.customer.to_string(),
            account: customer.account.to_string(),
            phone: customer.phone,
            device_token: customer.device_token,
        });
        Ok(())
    })
    .unwrap();
    let took = began.elapsed();
    println!("seeded {customers} customers, {records} records, in {took:.1?}");
    city
}

/// Seeds a bank, snapshots it, and appends transfers between its customers to the journal.
pub fn prepare(data: &Path, customers: u32, transfers: u64) -> City {
    let city = seed_city(data, customers);
    rebuild(data, &JournalPlace::Folder(data.to_owned())).unwrap();
    let mut journal = SqliteJournal::open(&data.join("journal.sqlite")).unwrap();
    let recovered = recover(&mut journal, data, KEYS).unwrap();
    append(&mut journal, recovered.state, &city.accounts, transfers);
    city
}

/// The state of a bank.
pub fn state(data: &Path) -> State {
    let mut journal = SqliteJournal::open(&data.join("journal.sqlite")).unwrap();
    recover(&mut journal, data, KEYS).unwrap().state
}

/// Transfers from one account to another, all over the city.
fn append(journal: &mut SqliteJournal, mut state: State, accounts: &[AccountNumber], count: u64) {
    let mut group = Vec::new();
    for number in 0..count {
        let place = |factor: u64| (number.wrapping_mul(factor) >> 11) as usize % accounts.len();
        let from = place(0x9e37_79b9_7f4a_7c15);
        let to = (from + 1 + place(0xbf58_476d_1ce4_e5b9) % (accounts.len() - 1)) % accounts.len();
        let record = transfer(&state, accounts[from], accounts[to]);
        record.fold_into(&mut state).unwrap().unwrap();
        group.push(record);
        if group.len() == 64 || number + 1 == count {
            journal
                .append(state.seq() - group.len() as u64, &group)
                .unwrap();
            journal.tidy().unwrap();
            group.clear();
        }
    }
}

/// A transfer of one fen as the record that the writer would make of it.
pub fn transfer(state: &State, from: AccountNumber, to: AccountNumber) -> Record {
    let command = Command {
        by: Party::Terminal(Channel::Counter),
        action: Action::TransferOwnBank {
            from: Some(from),
            to: Some(to),
            amount: Amount::parse("0.01").unwrap(),
        },
    };
    let seq = state.next_seq();
    let at = BusinessTime(state.at().0 + 50);
    let outcome = decide(state, &command, at);
    assert!(outcome.is_ok());
    Record {
        v: RECORD_VERSION,
        seq,
        at,
        key: IdempotencyKey::parse(&format!("bench-{seq:020}")).unwrap(),
        fingerprint: Fingerprint([7; 16]),
        command,
        outcome,
    }
}

/// The same on both cores, as a bank starts on its machine.
pub fn on_both_cores(data: &Path) -> (f64, f64, u64) {
    crate::pin("0,1");
    let opened = open(data);
    crate::pin("1");
    opened
}

/// Opens the bank: seconds, CPU seconds, records replayed.
pub fn open(data: &Path) -> (f64, f64, u64) {
    let cpu = cpu_seconds();
    let began = Instant::now();
    let mut journal = SqliteJournal::open(&data.join("journal.sqlite")).unwrap();
    let recovered = recover(&mut journal, data, KEYS).unwrap();
    let seconds = began.elapsed().as_secs_f64();
    let used = cpu_seconds() - cpu;
    (seconds, used, recovered.state.seq() - recovered.snapshot)
}

pub fn cpu_seconds() -> f64 {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    time.tv_sec as f64 + time.tv_nsec as f64 / 1e9
}
