//! A tiny server that answers everything at once, except while it stands still, and that writes down
//! when it did and how long an answer took it: what the truth about its latencies is computed from.
//! It keeps books of the identity checks that it acknowledged, so that a run can be reconciled.
#![allow(dead_code, reason = "every user of this module has its own part of it")]

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// When the server stands still, counted from the first operation that reaches it.
#[derive(Debug, Clone, Copy)]
pub struct Freezes {
    /// From the first operation to the first freeze, and what is left of a period after it.
    pub first: Duration,
    /// From one freeze to the next.
    pub period: Duration,
    /// How long it stands still.
    pub length: Duration,
}

/// What the server wrote down.
#[derive(Debug, Clone, Default)]
pub struct Log {
    /// When the first operation came.
    pub first: Option<Instant>,
    /// From when to when it stood still.
    pub freezes: Vec<(Instant, Instant)>,
    /// Operations answered.
    pub answered: u64,
    /// What the answers took together, from the whole request in memory to the answer handed to the
    /// system.
    pub service: Duration,
    /// The keys of what was answered, in order.
    keys: Vec<String>,
}

/// The server, on a thread of its own.
pub struct FreezingServer {
    pub address: SocketAddr,
    log: Arc<Mutex<Log>>,
}

impl FreezingServer {
    /// Listens on a free port of this machine; with no freezes it always answers at once.
    pub fn start(freezes: Option<Freezes>) -> Self {
        let log = Arc::new(Mutex::new(Log::default()));
        let kept = Arc::clone(&log);
        let (tell, told) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .expect("a runtime");
            runtime.block_on(async move {
                let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
                tell.send(listener.local_addr().expect("an address"))
                    .expect("somebody waits for it");
                if let Some(freezes) = freezes {
                    tokio::spawn(freeze(freezes, Arc::clone(&log)));
                }
                loop {
                    let (stream, _) = listener.accept().await.expect("a connection");
                    let log = Arc::clone(&log);
                    tokio::spawn(async move {
                        // A connection that breaks is its client's affair.
                        let _ = serve(stream, &log).await;
                    });
                }
            });
        });
        Self {
            address: told.recv().expect("the server listens"),
            log: kept,
        }
    }

    pub fn base(&self) -> String {
        format!("http://{}", self.address)
    }

    pub fn log(&self) -> Log {
        self.log.lock().expect("nobody panics with it").clone()
    }
}

async fn freeze(freezes: Freezes, log: Arc<Mutex<Log>>) {
    let locked = || log.lock().expect("nobody panics with it");
    let first = loop {
        let first = locked().first;
        match first {
            Some(first) => break first,
            None => tokio::time::sleep(Duration::from_millis(5)).await,
        }
    };
    let mut next = first + freezes.first;
    loop {
        tokio::time::sleep_until(next.into()).await;
        let from = Instant::now();
        // Blocks the only thread: nobody is answered meanwhile.
        std::thread::sleep((next + freezes.length).saturating_duration_since(from));
        locked().freezes.push((from, Instant::now()));
        next += freezes.period;
    }
}

async fn serve(mut stream: TcpStream, log: &Mutex<Log>) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let locked = || log.lock().expect("nobody panics with it");
    let mut bytes = Vec::with_capacity(4096);
    loop {
        let end = loop {
            if let Some(end) = whole_request(&bytes) {
                break end;
            }
            if stream.read_buf(&mut bytes).await? == 0 {
                return Ok(());
            }
        };
        let began = Instant::now();
        let request = String::from_utf8_lossy(&bytes[..end]).into_owned();
        bytes.drain(..end);
        let path = request.split(' ').nth(1).unwrap_or_default();
        if path == "/readyz" || path.starts_with("/v1/audit") || path.starts_with("/v1/customers") {
            let page = page(path, &locked());
            stream.write_all(answer("200 OK", &page).as_bytes()).await?;
            continue;
        }
        let key = header(&request, "idempotency-key").unwrap_or_default();
        let seq = {
            let mut log = locked();
            log.first.get_or_insert(began);
            log.keys.push(key.to_owned());
            log.keys.len()
        };
        let body = format!(r#"{{"seq":{seq},"identity_check":"I{seq}","verified":true}}"#);
        stream
            .write_all(answer("201 Created", &body).as_bytes())
            .await?;
        let mut log = locked();
        log.answered += 1;
        log.service += began.elapsed();
    }
}

fn answer(status: &str, body: &str) -> String {
    let length = body.len();
    format!(
        "HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}"
    )
}

/// What a bank's door and its books say.
fn page(path: &str, log: &Log) -> String {
    let last = log.keys.len();
    if path.starts_with("/v1/audit/records") {
        let after = path.split_once("after=").map_or("", |(_, rest)| rest);
        let digits: String = after.chars().take_while(char::is_ascii_digit).collect();
        let after: usize = digits.parse().unwrap_or(0);
        let rows: Vec<String> = (after + 1..=last)
            .take(10_000)
            .map(|seq| {
                let key = &log.keys[seq - 1];
                format!(
                    r#"{{"seq":{seq},"operation":"identity_check","key":"{key}","outcome":"applied","postings":[]}}"#
                )
            })
            .collect();
        return format!(r#"{{"records":[{}]}}"#, rows.join(","));
    }
    if path.starts_with("/v1/audit/trial-balance") {
        return format!(r#"{{"seq":{last},"sum":"0.00","accounts":[]}}"#);
    }
    r#"{"ready":true,"accounts":[],"next":null}"#.to_owned()
}

fn header<'a>(request: &'a str, wanted: &str) -> Option<&'a str> {
    request.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case(wanted).then(|| value.trim())
    })
}

/// Where the first request in these bytes ends, if all of it is there.
fn whole_request(bytes: &[u8]) -> Option<usize> {
    let head = bytes.windows(4).position(|four| four == b"\r\n\r\n")? + 4;
    let text = std::str::from_utf8(&bytes[..head]).ok()?;
    let length = header(text, "content-length").and_then(|length| length.parse::<usize>().ok());
    let end = head + length.unwrap_or(0);
    (bytes.len() >= end).then_some(end)
}

impl Log {
    /// The true latencies of `count` operations that were due every `spacing` from the first one on,
    /// ascending: first come, first served, nobody during a freeze, each taking the mean of what
    /// answers took.
    pub fn truth(&self, count: u32, spacing: Duration) -> Vec<Duration> {
        let first = self.first.expect("an operation came");
        let service = self.service / u32::try_from(self.answered).expect("a count");
        let mut free = first;
        let mut latencies: Vec<Duration> = (0..count)
            .map(|number| {
                let due = first + spacing * number;
                let mut start = due.max(free);
                for (from, to) in &self.freezes {
                    if (*from..*to).contains(&start) {
                        start = *to;
                    }
                }
                free = start + service;
                free - due
            })
            .collect();
        latencies.sort_unstable();
        latencies
    }
}

/// The value that a share `q` of the ascending values does not exceed.
pub fn quantile(ascending: &[Duration], q: f64) -> Duration {
    let rank = (q * ascending.len() as f64).ceil() as usize;
    ascending[rank.clamp(1, ascending.len()) - 1]
}
