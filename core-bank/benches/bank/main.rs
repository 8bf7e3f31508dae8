//! The speed of the whole bank over HTTP, beside what the disk and the bare server can do in the
//! same run: `cargo bench -p core-bank --bench bank`. `BANK_ROUNDS` and `BANK_SECONDS` set how long.
#![allow(
    clippy::unwrap_used,
    reason = "a measurement that cannot be set up has failed"
)]

mod client;
mod disk;
mod replay;
mod server;
mod table;

use std::{env, time::Duration};

use client::{Client, Load, Route};
use server::Server;
use table::{Round, print};

fn main() {
    if let Ok(data) = env::var("BENCH_BANK_DATA") {
        return server::serve(&data);
    }
    // cargo passes --bench; `cargo test --benches` does not, and wants no long run.
    if !env::args().any(|argument| argument == "--bench") {
        return;
    }
    if let Ok(data) = env::var("BENCH_BANK_REPLAY") {
        let data = std::path::PathBuf::from(data);
        if !data.exists() {
            replay::prepare(&data, 100_000, 1_000_000);
        }
        for _ in 0..3 {
            println!("{:?}", replay::open(&data));
        }
        return;
    }
    let number = |name, or: u64| env::var(name).ok().map_or(or, |text| text.parse().unwrap());
    let rounds = number("BANK_ROUNDS", 5);
    let seconds = Duration::from_secs(number("BANK_SECONDS", 4));
    let folder = tempfile::tempdir_in(env::var("BANK_FOLDER").unwrap_or_else(|_| ".".to_owned()));
    let folder = folder.unwrap();
    let server = Server::start(&folder.path().join("bank"));
    let client = Client::find();
    let load = Load::set_up(&server, folder.path(), client);
    load.play(&server, Route::Transfers, 64, Duration::from_secs(2));
    let measured: Vec<Round> = (0..rounds)
        .map(|_| Round {
            probe: disk::probe(folder.path()),
            parse_64: load.play(&server, Route::Parse, 64, seconds),
            durable_64: load.play(&server, Route::Transfers, 64, seconds),
            durable_1: load.play(&server, Route::Transfers, 1, seconds),
        })
        .collect();
    print(&measured, client, server.resident_mib());
}
