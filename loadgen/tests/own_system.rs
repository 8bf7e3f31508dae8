//! Profiles on systems of somebody's own, in every model, in clear and over TLS, in both
//! versions of HTTP.
#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot be set up has failed"
)]

mod little_service;

use little_service::{LittleService, Speaks};
use loadgen::fate::Outcome;
use loadgen::{
    Crowd, LoadError, LoadOptions, LoadOutcome, Model, NoProgress, OwnPlan, Profile, Reach,
    StopFlag, TargetFile, play_on_own_system,
};
use scenarios::figure::{Figure, FigureRow, Population};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

const TARGET: &str = r#"
code = "/code"
headers = { accept = "application/json" }

[operations.log_in]
method = "POST"
path = "/log-ins"
body = { name = "{people.name}", number = "{number|bare}" }
captures = { token = "/token" }

[operations.look]
path = "/things/{people.name}"
headers = { authorization = "Bearer {session.token}" }
expect = { "/name" = "any" }

[operations.buy]
method = "POST"
path = "/orders"
headers = { authorization = "Bearer {session.token}", idempotency-key = "{key}" }
body = { amount = "{plan.amount}" }
before = ["ask"]
refused_codes = ["sold_out"]

[operations.ask]
method = "POST"
path = "/questions"
headers = { authorization = "Bearer {session.token}" }
captures = { answer = "/answer" }
"#;

const FLOWS: &str = r#"
[[flows]]
steps = [
  "log_in",
  { operation = "look", think = "20ms" },
  { operation = "buy", think = "10ms", amount = "12.30" },
]
[feeders.people]
file = "people.csv"
"#;

struct Played {
    outcome: LoadOutcome,
    journal: String,
}

fn play(service: &LittleService, http: &str, profile: &str) -> Result<Played, LoadError> {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    };
    write("people.csv", "name,city\nli,Liaocheng\nwang/1,Jinan\n");
    let profile = Profile::read(&write("profile.toml", &format!("{profile}\n{FLOWS}"))).unwrap();
    let target = write("target.toml", &format!("http = \"{http}\"\n{TARGET}"));
    let file = TargetFile::read(&target).unwrap();
    let endpoint = file.endpoint(
        Some(&service.base),
        service.certificate.as_deref().map(Path::to_owned),
        &Reach::Loopback,
    )?;
    let options = options(folder.path(), &profile);
    let plan = OwnPlan::Profile(Arc::new(profile));
    let outcome = play_on_own_system(
        &plan,
        &file,
        &endpoint,
        &options,
        &NoProgress,
        &StopFlag::new(),
    )?;
    let journal = std::fs::read_to_string(&options.journal).unwrap();
    Ok(Played { outcome, journal })
}

fn options(folder: &Path, profile: &Profile) -> LoadOptions {
    let mut options = LoadOptions::new("test", folder.join("operations.csv"));
    let Crowd {
        model, connections, ..
    } = profile.crowd;
    options.model = model;
    options.connections = connections;
    options.speed = profile.speed;
    options.until = Duration::from_micros(profile.crowd.lasts.0);
    options.timeout = Duration::from_micros(profile.timeout.0);
    options.drain = Duration::from_secs(5);
    options.spike = profile.spike();
    options
}

fn row(outcome: &LoadOutcome, figure: Figure) -> Option<FigureRow> {
    let total = Population::default();
    let rows = outcome.figures();
    rows.into_iter()
        .find(|row| row.figure == figure && row.population == total)
}

const CONSTANT: &str = "[[traffic]]\nshape = \"constant\"\nrate = 50\nfor = \"2s\"\n";

/// 100 sessions of three steps; the service refuses each tenth order by its own rule.
fn all_is_as_planned(played: &Played, service: &LittleService) {
    let tally = played.outcome.tally();
    assert_eq!(tally.planned(), 300, "{:?}", played.outcome.failures());
    assert_eq!(
        tally.of(Outcome::Refused),
        10,
        "{:?}",
        played.outcome.failures()
    );
    assert_eq!(
        tally.of(Outcome::Succeeded),
        290,
        "{:?}",
        played.outcome.failures()
    );
    let asked = service.asked();
    let of = |path: &str| asked.iter().filter(|it| it.path.starts_with(path)).count();
    assert_eq!(
        (
            of("/log-ins"),
            of("/things/"),
            of("/questions"),
            of("/orders")
        ),
        (100, 100, 100, 100)
    );
    // What was captured came back, and rows were taken in turn.
    assert!(asked.iter().any(|it| it.path == "/things/wang%2F1"));
    let keys: std::collections::HashSet<_> = asked.iter().filter_map(|it| it.key.clone()).collect();
    assert_eq!(keys.len(), 100);
    assert_eq!(played.journal.lines().count(), 301);
}

#[test]
fn sessions_carry_what_they_are_told_over_http_1() {
    let service = LittleService::start(Speaks::Http1, Duration::ZERO);
    let played = play(&service, "1.1", CONSTANT).unwrap();
    all_is_as_planned(&played, &service);
}

#[test]
fn the_same_over_http_2() {
    let service = LittleService::start(Speaks::Http2, Duration::ZERO);
    let played = play(&service, "2", CONSTANT).unwrap();
    all_is_as_planned(&played, &service);
    // All over one connection, since it carries many exchanges, beside the one that knocked.
    assert!(service.connections() <= 3, "{}", service.connections());
}

#[test]
fn the_same_over_tls_whose_certificate_is_believed_only_when_named() {
    for (speaks, http) in [(Speaks::Http1Tls, "1.1"), (Speaks::Http2Tls, "2")] {
        let mut service = LittleService::start(speaks, Duration::ZERO);
        let played = play(&service, http, CONSTANT).unwrap();
        all_is_as_planned(&played, &service);
        service.certificate = None;
        let refused = play(&service, http, CONSTANT);
        assert!(
            matches!(
                refused,
                Err(LoadError::Unreachable { .. } | LoadError::Certificates { .. })
            ),
            "a certificate that nobody vouches for is not believed"
        );
    }
}

#[test]
fn users_of_a_closed_model_wait_for_their_answers() {
    let service = LittleService::start(Speaks::Http1, Duration::from_millis(50));
    let closed = "[model]\nkind = \"closed\"\nusers = 4\nfor = \"2s\"\npause = \"70ms\"\n";
    let played = play(&service, "1.1", closed).unwrap();
    let tally = played.outcome.tally();
    // A session takes 4 × 50 ms, 30 ms of thought and 70 ms of pause: 300 ms. Four users
    // begin one at 0, 300, 600 … up to 1,800 ms: 28 sessions of three operations, fewer
    // on a busy machine and never more.
    assert!((60..=84).contains(&tally.planned()), "{}", tally.planned());
    assert!(service.connections() <= 5, "{}", service.connections());
    assert_eq!(
        played.outcome.load_record(&Default::default()).model,
        "closed"
    );
}

#[test]
fn an_open_model_opens_connections_as_they_are_needed_and_a_capped_one_does_not() {
    // 50 sessions a second whose steps last 0.3 s each need about 60 connections.
    let slow = Duration::from_millis(300);
    let open = format!("[model]\nkind = \"open\"\n{CONSTANT}");
    let service = LittleService::start(Speaks::Http1, slow);
    let played = play(&service, "1.1", &open).unwrap();
    assert!(service.connections() > 30, "{}", service.connections());
    let latency = row(&played.outcome, Figure::Latency).unwrap();
    assert!(latency.mean.unwrap() < 0.9, "{latency:?}");
    let capped = format!("[model]\nkind = \"capped_open\"\nconnections = 8\n{CONSTANT}");
    let service = LittleService::start(Speaks::Http1, slow);
    let played = play(&service, "1.1", &capped).unwrap();
    assert!(service.connections() <= 9, "{}", service.connections());
    let latency = row(&played.outcome, Figure::Latency).unwrap();
    // Eight connections do 27 a second of the 200 that are asked: most waits for seconds,
    // and the wait counts.
    assert!(latency.mean.unwrap() > 1.5, "{latency:?}");
    let service = row(&played.outcome, Figure::ServiceLatency).unwrap();
    assert!(service.mean.unwrap() < 0.6, "{service:?}");
    assert_eq!(played.outcome.model(), Model::CappedOpen);
}

#[test]
fn a_system_that_needs_time_after_a_spike_shows_its_recovery() {
    // Four connections of 10 ms: 400 requests a second, or 100 sessions. A spike of a
    // second with 200 sessions leaves a backlog of a second's work; beside 20 sessions a
    // second it takes about 1.25 s to go.
    let service = LittleService::start(Speaks::Http1, Duration::from_millis(10));
    let spike = "drain = \"20s\"\n[model]\nkind = \"capped_open\"\nconnections = 4\n[[traffic]]\nshape = \"spike\"\nbase = 10\npeak = 200\nbefore = \"4s\"\nlasts = \"1s\"\nafter = \"8s\"\n";
    let played = play(&service, "1.1", spike).unwrap();
    let recovery = row(&played.outcome, Figure::Recovery).unwrap();
    let seconds = recovery.mean.unwrap();
    assert!((1.0..=5.0).contains(&seconds), "{recovery:?}");
}

#[test]
fn a_plan_with_an_operation_that_the_target_lacks_is_refused_with_its_line() {
    let folder = tempfile::tempdir().unwrap();
    let profile = folder.path().join("p.toml");
    std::fs::write(
        &profile,
        format!("{CONSTANT}[[flows]]\nsteps = [\"lok\"]\n"),
    )
    .unwrap();
    let target = folder.path().join("t.toml");
    std::fs::write(
        &target,
        "url = \"http://127.0.0.1:9\"\n[operations.look]\npath = \"/\"\n",
    )
    .unwrap();
    let file = TargetFile::read(&target).unwrap();
    let endpoint = file.endpoint(None, None, &Reach::Loopback).unwrap();
    let profile = Profile::read(&profile).unwrap();
    let options = options(folder.path(), &profile);
    let plan = OwnPlan::Profile(Arc::new(profile));
    let refused = play_on_own_system(
        &plan,
        &file,
        &endpoint,
        &options,
        &NoProgress,
        &StopFlag::new(),
    );
    let said = refused.unwrap_err().to_string();
    assert!(
        said.contains("p.toml:6: ") && said.contains("has no operation `lok`; there is `look`"),
        "{said}"
    );
}
