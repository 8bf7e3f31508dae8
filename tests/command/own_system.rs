//! `branchlab load` with profiles: on a service that is not ours, on the bank, to the
//! limit of a small server, and watched from elsewhere.

use crate::support::{alone, branchlab, code, number, output, row, said, summary};
use serde_json::Value;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

fn profile(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("profiles")
        .join(name);
    path.to_string_lossy().into_owned()
}

/// json-server of npm, with one post in its file.
struct JsonServer {
    child: Child,
    url: String,
    file: PathBuf,
}

impl JsonServer {
    fn start(folder: &Path) -> Self {
        let installed = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/foreign/node_modules");
        let program = installed.join("json-server/lib/cli/bin.js");
        assert!(
            program.exists(),
            "json-server is not installed, so nothing that is not ours can be loaded: run tests/run, or npm install --prefix target/foreign json-server@0.17.4"
        );
        let file = folder.join("db.json");
        std::fs::write(
            &file,
            r#"{"posts":[{"id":1,"title":"first","author":"us","views":0}]}"#,
        )
        .expect("the folder is ours");
        let port = TcpListener::bind("127.0.0.1:0")
            .and_then(|listener| listener.local_addr())
            .expect("a port is free")
            .port();
        let child = Command::new("node")
            .arg(program)
            .args([
                "--host",
                "127.0.0.1",
                "--quiet",
                "--port",
                &port.to_string(),
            ])
            .arg(&file)
            .stdout(Stdio::null())
            .spawn()
            .expect("node is there, since npm is");
        let until = Instant::now() + Duration::from_secs(60);
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(
                Instant::now() < until,
                "json-server does not listen after a minute"
            );
            std::thread::sleep(Duration::from_millis(100));
        }
        Self {
            child,
            url: format!("http://127.0.0.1:{port}"),
            file,
        }
    }
}

impl Drop for JsonServer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// All gates passed; or the one on the generator itself could not, on a machine that others
/// use, and then the command says that it could not decide.
fn only_the_machine_may_be_at_fault(ended: &Output, summary: &Value) {
    let gates = summary["gates"].as_array().expect("gates are told");
    let failed: Vec<&Value> = gates.iter().filter(|it| it["verdict"] != "pass").collect();
    if failed.is_empty() {
        return assert_eq!(code(ended), 0, "{}", said(ended));
    }
    let own = |gate: &&Value| gate["name"] == "generator_kept_up" && gate["verdict"] == "invalid";
    assert!(failed.iter().all(own), "{}", said(ended));
    assert_eq!(code(ended), 4, "{}", said(ended));
}

#[test]
fn a_service_that_is_not_ours_is_loaded_as_its_target_file_says() {
    let folder = tempfile::tempdir().expect("there is a folder for temporary files");
    let server = JsonServer::start(folder.path());
    let profile = profile("json-server.toml");
    let words = ["load", &profile, "--target", &server.url, "--out", "run"];
    let ended = output(folder.path(), &words);
    let summary = summary(&folder.path().join("run"));
    only_the_machine_may_be_at_fault(&ended, &summary);
    let load = &summary["load"];
    assert_eq!(load["model"], "capped_open");
    assert_eq!(load["system"], "json-server");
    assert_eq!(load["failed"].as_u64(), Some(0), "{load}");
    assert_eq!(load["timed_out"].as_u64(), Some(0), "{load}");
    assert!(load["refused"].as_u64() > Some(0), "{load}");
    let parts = [
        "succeeded",
        "refused",
        "failed",
        "timed_out",
        "not_sent",
        "unknown",
    ];
    let sum: u64 = parts.iter().filter_map(|part| load[*part].as_u64()).sum();
    assert_eq!(load["planned"].as_u64(), Some(sum), "{load}");
    // Every operation of the target file was played and told.
    for operation in [
        "list_posts",
        "create_post",
        "read_post",
        "change_post",
        "delete_post",
        "read_nothing",
    ] {
        let row = row(&summary, "latency", &[("operation", operation)]);
        assert!(number(row, "count") > 0.0, "{row}");
    }
    // Whatever was written has been deleted again, by the identifiers that were captured.
    let until = Instant::now() + Duration::from_secs(10);
    loop {
        let text = std::fs::read_to_string(&server.file).expect("its file is there");
        if text.matches("\"id\"").count() == 1 {
            break;
        }
        assert!(Instant::now() < until, "posts are left over: {text}");
        std::thread::sleep(Duration::from_millis(100));
    }
    let report = std::fs::read_to_string(folder.path().join("run/report.html"));
    assert!(report.is_ok_and(|page| page.contains("The load on json-server")));
    assert!(said(&ended).contains("planned ="), "{}", said(&ended));
}

#[test]
fn a_host_that_is_not_this_machine_must_be_named_as_ones_own() {
    let folder = tempfile::tempdir().expect("there is a folder for temporary files");
    let profile = profile("json-server.toml");
    let far = "http://192.0.2.7:3000";
    let refused = output(folder.path(), &["load", &profile, "--target", far]);
    assert_eq!(code(&refused), 2, "{}", said(&refused));
    assert!(
        said(&refused).contains("not this machine"),
        "{}",
        said(&refused)
    );
    let other = ["--i-own-this-target", "192.0.2.8"];
    let words = [&["load", &profile, "--target", far], &other[..]].concat();
    assert_eq!(code(&output(folder.path(), &words)), 2);
}

#[test]
fn a_profile_on_a_bank_of_its_own_is_filled_loaded_and_reconciled() {
    let folder = tempfile::tempdir().expect("there is a folder for temporary files");
    let text = "customers = 20\n[[traffic]]\nshape = \"constant\"\nrate = 10\nfor = \"3s\"\n[[flows]]\nchannel = \"mobile\"\nsteps = [\"log_in\", { operation = \"transfer_own_bank\", amount = \"1.50\" }, \"log_out\"]\n[[flows]]\nchannel = \"atm\"\nsteps = [{ operation = \"withdrawal\", amount = \"100\" }]\n[gates]\nerrors = \"errors <= 0%\"\ntime = \"p99(latency{operation=withdrawal}) <= 10s\"\n";
    std::fs::write(folder.path().join("p.toml"), text).expect("the folder is ours");
    let ended = output(
        folder.path(),
        &[
            "load",
            "p.toml",
            "--out",
            "run",
            "--gate",
            "count(latency) >= 30",
        ],
    );
    // A busy machine may keep the generator from its part; the books must agree anyhow.
    assert!([0, 4].contains(&code(&ended)), "{}", said(&ended));
    let summary = summary(&folder.path().join("run"));
    assert_eq!(
        summary["reconciliation"]["reconciled"],
        true,
        "{}",
        said(&ended)
    );
    assert!(
        summary["load"]["succeeded"].as_u64() > Some(30),
        "{}",
        summary["load"]
    );
    assert_eq!(
        summary["load"]["failed"].as_u64(),
        Some(0),
        "{}",
        summary["load"]
    );
}

#[test]
fn a_profile_that_the_bank_does_not_understand_is_refused_with_its_line() {
    let folder = tempfile::tempdir().expect("there is a folder for temporary files");
    let text = "[[traffic]]\nshape = \"constant\"\nrate = 1\nfor = \"1s\"\n[[flows]]\nchannel = \"kiosk\"\nsteps = [\"balance_quer\"]\n";
    std::fs::write(folder.path().join("p.toml"), text).expect("the folder is ours");
    let refused = output(folder.path(), &["load", "p.toml"]);
    assert_eq!(code(&refused), 2);
    let said = said(&refused);
    assert!(
        said.contains("p.toml:7:") && said.contains("balance_query"),
        "{said}"
    );
    assert!(!folder.path().join("runs").exists(), "nothing was begun");
}

/// A server that does at most so many requests at a time, each for so long.
fn bounded_server(at_a_time: usize, each: Duration) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let url = format!("http://{}", listener.local_addr().expect("it listens"));
    let free = Arc::new((Mutex::new(at_a_time), Condvar::new()));
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let free = Arc::clone(&free);
            std::thread::spawn(move || serve(&stream, &free, each));
        }
    });
    url
}

fn serve(stream: &TcpStream, free: &(Mutex<usize>, Condvar), each: Duration) {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    while reader.read_line(&mut line).is_ok_and(|length| length > 0) {
        if line.trim().is_empty() {
            let mut places = free.0.lock().expect("nobody panics here");
            while *places == 0 {
                places = free.1.wait(places).expect("nobody panics here");
            }
            *places -= 1;
            drop(places);
            std::thread::sleep(each);
            *free.0.lock().expect("nobody panics here") += 1;
            free.1.notify_one();
            let mut stream = stream;
            if stream
                .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok")
                .is_err()
            {
                return;
            }
        }
        line.clear();
    }
}

#[test]
fn the_limit_of_a_small_server_is_found_between_what_it_can_and_what_it_cannot() {
    let folder = tempfile::tempdir().expect("there is a folder for temporary files");
    // Two at a time for 20 ms each: 100 a second and not one more.
    let url = bounded_server(2, Duration::from_millis(20));
    let write = |name: &str, text: &str| {
        std::fs::write(folder.path().join(name), text).expect("the folder is ours");
    };
    write("t.toml", "[operations.ask]\npath = \"/\"\n");
    write(
        "p.toml",
        "drain = \"1s\"\ntimeout = \"3s\"\n[[traffic]]\nshape = \"constant\"\nrate = 20\nfor = \"4s\"\n[[flows]]\nsteps = [\"ask\"]\n[gates]\ntime = \"p90(latency) <= 1s\"\n",
    );
    let words = [
        "load",
        "p.toml",
        "--target-file",
        "t.toml",
        "--target",
        &url,
        "--find-limit",
        "--out",
        "run",
    ];
    let ended = output(folder.path(), &words);
    let summary = summary(&folder.path().join("run"));
    let limit = &summary["load"]["limit"];
    // On a machine that others use the generator may be at its end before the server; then
    // the limit is at least what was found, and the command could not decide.
    let bound = limit["generator_bound"] == true;
    let expected = if bound { 4 } else { 0 };
    assert_eq!(code(&ended), expected, "{limit} {}", said(&ended));
    let sustained = limit["sustained_per_second"]
        .as_f64()
        .expect("some rate holds");
    let failed = limit["failed_per_second"]
        .as_f64()
        .expect("some rate does not");
    // What starts after t seconds waits for (rate/100 − 1)·t: at 128 a second the last tenth
    // of four seconds waits for a second. A busy machine makes the server slower.
    assert!((40.0..=130.0).contains(&sustained), "{limit}");
    assert!(sustained < failed && failed <= sustained * 1.08, "{limit}");
    assert!(
        bound
            || limit["limited_by"]
                .as_str()
                .is_some_and(|gate| gate.contains("p90(latency)")),
        "{limit}"
    );
    let curve = std::fs::read_to_string(folder.path().join("run/limit.csv"));
    let probes = limit["probes"]
        .as_array()
        .expect("the probes are told")
        .len();
    assert_eq!(
        curve.map(|text| text.lines().count()).ok(),
        Some(probes + 1)
    );
    let report = std::fs::read_to_string(folder.path().join("run/report.html"));
    assert!(report.is_ok_and(|page| page.contains("Latency against load")));
}

#[test]
fn a_search_without_a_gate_is_refused() {
    let folder = tempfile::tempdir().expect("there is a folder for temporary files");
    std::fs::write(
        folder.path().join("t.toml"),
        "[operations.ask]\npath = \"/\"\n",
    )
    .expect("the folder is ours");
    std::fs::write(
        folder.path().join("p.toml"),
        "[[traffic]]\nshape = \"constant\"\nrate = 1\nfor = \"1s\"\n[[flows]]\nsteps = [\"ask\"]\n",
    )
    .expect("the folder is ours");
    let words = [
        "load",
        "p.toml",
        "--target-file",
        "t.toml",
        "--target",
        "http://127.0.0.1:9",
        "--find-limit",
    ];
    let refused = output(folder.path(), &words);
    assert_eq!(code(&refused), 2);
    assert!(said(&refused).contains("is no gate"), "{}", said(&refused));
}

#[test]
fn a_run_serves_its_own_figures_while_it_lasts() {
    let _alone = alone();
    let folder = tempfile::tempdir().expect("there is a folder for temporary files");
    let url = bounded_server(8, Duration::from_millis(1));
    std::fs::write(
        folder.path().join("t.toml"),
        "[operations.ask]\npath = \"/\"\n",
    )
    .expect("the folder is ours");
    std::fs::write(folder.path().join("p.toml"), "[[traffic]]\nshape = \"constant\"\nrate = 50\nfor = \"6s\"\n[[flows]]\nsteps = [\"ask\"]\n").expect("the folder is ours");
    let mut child = branchlab(folder.path())
        .args([
            "load",
            "p.toml",
            "--target-file",
            "t.toml",
            "--target",
            &url,
            "--metrics",
            "127.0.0.1:0",
        ])
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the command starts");
    let stderr = child.stderr.take().expect("it is piped");
    let mut lines = BufReader::new(stderr).lines();
    let line = lines.next().and_then(Result::ok).expect("it says where");
    let address = line
        .strip_prefix("http://")
        .and_then(|rest| rest.strip_suffix("/metrics"))
        .expect("it says the address")
        .to_owned();
    let drain = std::thread::spawn(move || lines.for_each(drop));
    std::thread::sleep(Duration::from_secs(4));
    let mut stream = TcpStream::connect(&address).expect("it listens");
    stream
        .write_all(b"GET /metrics HTTP/1.1\r\nhost: x\r\n\r\n")
        .expect("it reads");
    let mut page = String::new();
    stream.read_to_string(&mut page).expect("it answers");
    let value = |name: &str| -> Option<f64> {
        let line = page
            .lines()
            .find(|line| line.starts_with(&format!("{name} ")))?;
        line.split(' ').next_back()?.parse().ok()
    };
    let answered = value("branchlab_load_answered_total");
    assert!(
        answered.is_some_and(|count| (50.0..=250.0).contains(&count)),
        "{page}"
    );
    assert_eq!(value("branchlab_load_planned"), Some(300.0), "{page}");
    assert!(child.wait().is_ok());
    drain.join().expect("the reader ends with the command");
}
