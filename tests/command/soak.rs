//! A soak, shortened: a steady load tells whether latency and memory drift.

use crate::support::{code, output, row, said, summary};
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::time::{Duration, Instant};

#[test]
fn a_steady_load_on_a_bank_of_its_own_tells_both_drifts_and_judges_them() {
    let folder = tempfile::tempdir().expect("a folder");
    let text = "customers = 20\nwarm_up = \"1s\"\n[[traffic]]\nshape = \"constant\"\nrate = 40\nfor = \"18s\"\n[[flows]]\nchannel = \"kiosk\"\nsteps = [\"identity_check\", \"balance_query\"]\n[gates]\nlatency = \"latency_drift <= 100%\"\nmemory = \"memory_drift <= 100%\"\n";
    std::fs::write(folder.path().join("p.toml"), text).expect("it is written");
    let ended = output(
        folder.path(),
        &["load", "p.toml", "--quiet", "--out", "run"],
    );
    // On a busy machine a median of a millisecond may double, and the generator be kept from its part.
    assert!([0, 3, 4].contains(&code(&ended)), "{}", said(&ended));
    let found = summary(&folder.path().join("run"));
    for figure in ["latency_drift", "memory_drift"] {
        let told = row(&found, figure, &[]);
        assert!(told["mean"].is_f64(), "{told}");
    }
    let gates = found["gates"].as_array().expect("gates are told");
    for (name, right) in [
        ("latency", &["pass", "fail"][..]),
        ("memory", &["pass"][..]),
    ] {
        let gate = gates.iter().find(|gate| gate["name"] == name);
        let verdict = gate.and_then(|gate| gate["verdict"].as_str());
        assert!(right.contains(&verdict.expect("it is judged")), "{gates:?}");
    }
}

/// A server that takes 2 ms for six seconds from its first connection and 30 ms afterwards.
fn tiring_server() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let url = format!("http://{}", listener.local_addr().expect("it listens"));
    std::thread::spawn(move || {
        let mut first = None;
        for stream in listener.incoming().flatten() {
            let first = *first.get_or_insert_with(Instant::now);
            let fresh_until = first + Duration::from_secs(6);
            std::thread::spawn(move || answer(&stream, fresh_until));
        }
    });
    url
}

fn answer(mut stream: &TcpStream, fresh_until: Instant) {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    while reader.read_line(&mut line).is_ok_and(|length| length > 0) {
        if line.trim().is_empty() {
            let fresh = Instant::now() < fresh_until;
            std::thread::sleep(Duration::from_millis(if fresh { 2 } else { 30 }));
            let written = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok");
            if written.is_err() {
                return;
            }
        }
        line.clear();
    }
}

#[test]
fn a_system_that_tires_is_told_by_its_drift() {
    let folder = tempfile::tempdir().expect("a folder");
    let text = "[[traffic]]\nshape = \"constant\"\nrate = 40\nfor = \"18s\"\n[[flows]]\nsteps = [\"ask\"]\n[gates]\nlatency = \"latency_drift <= 100%\"\n";
    std::fs::write(folder.path().join("p.toml"), text).expect("it is written");
    let target = "[operations.ask]\npath = \"/\"\n";
    std::fs::write(folder.path().join("t.toml"), target).expect("it is written");
    let url = tiring_server();
    let words = [
        "load",
        "p.toml",
        "--target-file",
        "t.toml",
        "--target",
        &url,
    ];
    let ended = output(
        folder.path(),
        &[&words[..], &["--quiet", "--out", "run"]].concat(),
    );
    let found = summary(&folder.path().join("run"));
    let gates = found["gates"].as_array().expect("gates are told");
    let gate = gates.iter().find(|gate| gate["name"] == "latency");
    assert_eq!(gate.expect("it is judged")["verdict"], "fail", "{gates:?}");
    assert!([3, 4].contains(&code(&ended)), "{}", said(&ended));
}
