//! A load generator that gets no processor measures itself, and says so: such a run has no verdict.

use crate::freezing_server::{Freezes, FreezingServer};
use crate::support::{alone, branchlab, said, summary};
use std::fmt::Write as _;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// 2,000 identity checks a second for so many seconds.
fn plan(seconds: u32) -> String {
    let mut plan = "at,branch,channel,customer,session,step,operation\n".to_owned();
    for number in 0..seconds * 2_000 {
        let micros = u64::from(number) * 500;
        let (second, micros) = (micros / 1_000_000, micros % 1_000_000);
        let _ = writeln!(
            plan,
            "10:00:{second:02}.{micros:06},b,kiosk,c{number},{number},0,identity_check"
        );
    }
    plan
}

/// The server stands still for a second, which is its own affair; then the generator is stopped for a
/// second, which is not the server's.
#[test]
fn a_generator_that_is_stopped_for_a_second_exits_4_with_no_verdict_on_the_server() {
    let _alone = alone();
    let server = FreezingServer::start(Some(Freezes {
        first: Duration::from_secs(2),
        period: Duration::from_secs(10),
        length: Duration::from_secs(1),
    }));
    let folder = tempfile::tempdir().expect("a folder");
    let file = |name: &str| folder.path().join(name);
    std::fs::write(file("plan.csv"), plan(8)).expect("a plan");
    let tokens = r#"{"counter":"a","kiosk":"b","atm":"c","operator":"d"}"#;
    std::fs::write(file("tokens.json"), tokens).expect("tokens");
    let url = server.base();
    let words = [
        "load",
        "plan.csv",
        "--target",
        &url,
        "--tokens",
        "tokens.json",
    ];
    let generator = branchlab(folder.path())
        .args(words)
        .args(["--out", "run", "--gate", "p50(latency) <= 1s"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the command starts");
    let signal = |name: &str| {
        let pid = generator.id().to_string();
        let sent = Command::new("kill").args([name, &pid]).status();
        assert!(sent.expect("kill is there").success());
    };
    let patience = Instant::now() + Duration::from_mins(1);
    // The first operation may be some time off: the plan is read first.
    let first = loop {
        match server.log().first {
            Some(first) => break first,
            None => assert!(Instant::now() < patience, "no operation came"),
        }
        std::thread::sleep(Duration::from_millis(10));
    };
    std::thread::sleep((first + Duration::from_secs(5)).saturating_duration_since(Instant::now()));
    signal("-STOP");
    std::thread::sleep(Duration::from_secs(1));
    signal("-CONT");
    let ended = generator.wait_with_output().expect("it ends");
    assert_eq!(ended.status.code(), Some(4), "{}", said(&ended));
    let summary = summary(&file("run"));
    assert_eq!(summary["verdict"], "invalid");
    let gates = summary["gates"].as_array().expect("gates");
    let gate = |name: &str| {
        gates
            .iter()
            .find(|gate| gate["name"] == name)
            .expect("a gate")
    };
    assert_eq!(gate("generator_kept_up")["verdict"], "invalid");
    assert_eq!(gate("nothing_lost")["verdict"], "pass");
    // Everything was sent all the same, late.
    assert_eq!(summary["load"]["succeeded"], 16_000);
    assert_eq!(server.log().answered, 16_000);
}
