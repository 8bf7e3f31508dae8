//! How long a bank that starts takes to know which keys of the day memory has no room for: a day of five
//! million transfers, of which memory holds the keys of the last million.

use std::{
    path::Path,
    thread,
    time::{Duration, Instant},
};

use core_bank::{JournalPlace, rebuild};

use crate::{replay, server::Server};

const CUSTOMERS: u32 = 1_000;
const TRANSFERS: u64 = 5_000_000;

/// Starts the bank in `data` again and again; makes it when it is not there, with a snapshot of its last
/// record, so that a start reads no keys but those that memory holds.
pub fn noted(data: &Path, rounds: u64) {
    if !data.exists() {
        replay::prepare(data, CUSTOMERS, TRANSFERS);
        rebuild(data, &JournalPlace::Folder(data.to_owned())).unwrap();
    }
    for _ in 0..rounds {
        let server = Server::start(data, "full");
        let (began, mut used) = (Instant::now(), 0.0);
        while let Some(so_far) = server.thread_ran("bank-keys") {
            used = so_far;
            thread::sleep(Duration::from_millis(5));
        }
        let took = began.elapsed().as_secs_f64();
        assert!(used > 0.0, "nothing was read");
        println!("keys beyond memory known after {took:.2} s, {used:.2} s of CPU");
    }
}
