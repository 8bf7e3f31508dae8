//! Closed loop: the server is saturated first, so the measure is the generator's processor time for a
//! request.

use crate::process::{Ran, Server, run, run_part};
use crate::table::{self, Rounds};
use std::time::Instant;

const CONNECTIONS: &str = "32";
const REQUESTS: &str = "400000";
const SECONDS: &str = "4";

/// Runs every generator in turn, round by round.
pub fn compare(rounds: usize) {
    let mut rows = [
        ("bare socket loop", Rounds::default()),
        ("branchlab", Rounds::default()),
        ("wrk", Rounds::default()),
        ("ab", Rounds::default()),
        ("oha", Rounds::default()),
        ("hey", Rounds::default()),
    ];
    for _ in 0..rounds {
        for (name, figures) in &mut rows {
            let server = Server::start();
            let address = server.address.to_string();
            let url = format!("http://{address}/hello");
            let began = Instant::now();
            let Some((ran, requests)) = ran(name, &address, &url) else {
                continue;
            };
            let seconds = began.elapsed().as_secs_f64();
            let micros = ran.processor_seconds * 1e6 / requests;
            figures.add(&[micros, requests / seconds]);
        }
    }
    table::print(
        "Closed loop, 32 connections, a processor each for server and generator",
        &[
            "generator",
            "processor time a request, µs",
            "requests a second",
        ],
        &rows,
    );
}

fn ran(name: &str, address: &str, url: &str) -> Option<(Ran, f64)> {
    let fixed: f64 = REQUESTS.parse().unwrap();
    let (ran, requests) = match name {
        "bare socket loop" => (
            run_part("part:bare-sockets", &[address, CONNECTIONS, REQUESTS]),
            fixed,
        ),
        "branchlab" => (
            run_part("part:ours-closed", &[address, CONNECTIONS, REQUESTS]),
            fixed,
        ),
        "wrk" => {
            let duration = format!("{SECONDS}s");
            let ran = run("wrk", &["-t1", "-c", CONNECTIONS, "-d", &duration, url])?;
            let requests = before(&ran.said, " requests in");
            (ran, requests)
        }
        "ab" => (
            run("ab", &["-q", "-k", "-c", CONNECTIONS, "-n", REQUESTS, url])?,
            fixed,
        ),
        "oha" => (
            run("oha", &["--no-tui", "-c", CONNECTIONS, "-n", REQUESTS, url])?,
            fixed,
        ),
        _ => (
            run("hey", &["-c", CONNECTIONS, "-n", REQUESTS, url])?,
            fixed,
        ),
    };
    assert!(ran.succeeded, "{name}: {}", ran.said);
    Some((ran, requests))
}

/// The number before these words.
fn before(said: &str, words: &str) -> f64 {
    let line = said.lines().find(|line| line.contains(words)).unwrap();
    let (number, _) = line.split_once(words).unwrap();
    number.trim().parse().unwrap()
}
