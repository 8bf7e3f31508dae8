//! A server of a few lines on a thread of its own that answers as it is told,
//! well or badly, and remembers what it was asked.
#![allow(dead_code, reason = "every test file uses its own part of it")]

use loadgen::{LoadOptions, Reach, Target, Tokens};
use scenarios::operation::{Channel, Operation, PlannedOperation};
use scenarios::time::{SimTime, Span};
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// What the server was asked.
#[derive(Debug, Clone)]
pub struct Asked {
    pub method: String,
    pub path: String,
    pub headers: HashMap<String, String>,
    pub body: String,
    /// How many operations were asked before it, knocking and audits left out.
    pub number: u64,
}

/// What it does about it.
pub enum Reply {
    Answer(u16, String),
    Later(Duration, u16, String),
    CloseEarly,
    HalfBody,
    Never,
    Garbage,
    Drip,
    /// Half an answer, and then nothing more.
    HalfThenNever,
    /// Breaks the connection without a word, as a process that is killed does.
    Reset,
}

pub struct PretendedBank {
    pub base: String,
    pub asked: Arc<Mutex<Vec<Asked>>>,
}

impl PretendedBank {
    /// `reply` decides about everything but the knock at the door. With `stall`
    /// the whole server stands still for that long at the end of each period.
    pub fn start(
        stall: Option<(Duration, Duration)>,
        reply: impl Fn(&Asked) -> Reply + Send + Sync + 'static,
    ) -> Self {
        let asked = Arc::new(Mutex::new(Vec::new()));
        let (remember, reply) = (Arc::clone(&asked), Arc::new(reply));
        let (tell, told) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap();
            runtime.block_on(async move {
                let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
                tell.send(listener.local_addr().unwrap()).unwrap();
                if let Some((period, still)) = stall {
                    tokio::spawn(async move {
                        let mut ticks = tokio::time::interval(period);
                        ticks.tick().await;
                        loop {
                            ticks.tick().await;
                            std::thread::sleep(still);
                        }
                    });
                }
                let numbers = Arc::new(AtomicU64::new(0));
                loop {
                    let (stream, _) = listener.accept().await.unwrap();
                    stream.set_nodelay(true).unwrap();
                    let (reply, remember) = (Arc::clone(&reply), Arc::clone(&remember));
                    let numbers = Arc::clone(&numbers);
                    tokio::spawn(async move {
                        let _ = serve(stream, &*reply, &remember, &numbers).await;
                    });
                }
            });
        });
        Self {
            base: format!("http://{}", told.recv().unwrap()),
            asked,
        }
    }

    pub fn target(&self) -> Target {
        Target::new(&self.base, tokens(), &Reach::Loopback).unwrap()
    }
}

pub fn tokens() -> Tokens {
    Tokens {
        counter: "counter-token".into(),
        kiosk: "kiosk-token".into(),
        atm: "atm-token".into(),
        operator: "operator-token".into(),
        acquirer: None,
    }
}

async fn serve(
    mut stream: TcpStream,
    reply: &(dyn Fn(&Asked) -> Reply + Send + Sync),
    remember: &Mutex<Vec<Asked>>,
    numbers: &AtomicU64,
) -> std::io::Result<()> {
    loop {
        let Some(mut asked) = read(&mut stream).await? else {
            return Ok(());
        };
        let knock = asked.path == "/readyz" || asked.path.starts_with("/v1/customers/nobody");
        let reply = if knock {
            Reply::Answer(200, r#"{"ready":true}"#.into())
        } else {
            if !asked.path.starts_with("/v1/audit") {
                asked.number = numbers.fetch_add(1, Ordering::Relaxed);
                remember.lock().unwrap().push(asked.clone());
            }
            reply(&asked)
        };
        match reply {
            Reply::Answer(status, body) => answer(&mut stream, status, &body).await?,
            Reply::Later(wait, status, body) => {
                tokio::time::sleep(wait).await;
                answer(&mut stream, status, &body).await?;
            }
            Reply::CloseEarly => return Ok(()),
            Reply::HalfBody => {
                let half = b"HTTP/1.1 201 Created\r\ncontent-length: 100\r\n\r\n{\"seq\":";
                return stream.write_all(half).await;
            }
            Reply::Never => std::future::pending().await,
            Reply::HalfThenNever => {
                let half = b"HTTP/1.1 201 Created\r\ncontent-length: 100\r\n\r\n{\"seq\":";
                stream.write_all(half).await?;
                std::future::pending::<()>().await;
            }
            Reply::Reset => return stream.set_zero_linger(),
            Reply::Garbage => {
                return stream
                    .write_all(b"\x16\x03\x01 what do you want?\r\n\r\n")
                    .await;
            }
            Reply::Drip => {
                stream
                    .write_all(b"HTTP/1.1 201 Created\r\ncontent-length: 9999\r\n\r\n")
                    .await?;
                loop {
                    stream.write_all(b" ").await?;
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
            }
        }
    }
}

async fn answer(stream: &mut TcpStream, status: u16, body: &str) -> std::io::Result<()> {
    let head = format!(
        "HTTP/1.1 {status} x\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(head.as_bytes()).await
}

async fn read(stream: &mut TcpStream) -> std::io::Result<Option<Asked>> {
    let mut bytes = Vec::new();
    let head = loop {
        if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            break end;
        }
        if stream.read_buf(&mut bytes).await? == 0 {
            return Ok(None);
        }
    };
    let text = String::from_utf8_lossy(&bytes[..head]).into_owned();
    let mut lines = text.lines();
    let mut first = lines.next().unwrap_or_default().split(' ');
    let headers: HashMap<String, String> = lines
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_lowercase(), value.to_owned()))
        .collect();
    let length: usize = headers
        .get("content-length")
        .map_or(0, |length| length.parse().unwrap());
    let mut body = bytes.split_off(head + 4);
    while body.len() < length {
        if stream.read_buf(&mut body).await? == 0 {
            return Ok(None);
        }
    }
    Ok(Some(Asked {
        method: first.next().unwrap_or_default().to_owned(),
        path: first.next().unwrap_or_default().to_owned(),
        headers,
        body: String::from_utf8_lossy(&body).into_owned(),
        number: 0,
    }))
}

/// What a good bank answers to anything: all members that any operation returns.
pub fn well(asked: &Asked) -> Reply {
    let n = asked.number;
    let body = format!(
        r#"{{"seq":{n},"identity_check":"I{n}","verified":true,"customer":"C{n}","card":"K{n}","account":"62{n}","device_token":"D{n}","session":"S{n}","transfer":"T{n}","balance":"1.00","accounts":[],"entries":[],"next":null}}"#
    );
    Reply::Answer(if asked.method == "POST" { 201 } else { 200 }, body)
}

/// Identity checks at a kiosk, a session each, evenly spaced: nothing need be
/// opened for them.
pub fn identity_checks(count: u64, spacing: Duration) -> Vec<PlannedOperation> {
    let micros = spacing.as_micros() as u64;
    (0..count)
        .map(|n| {
            planned(
                n,
                0,
                SimTime(n * micros),
                Channel::Kiosk,
                Operation::IdentityCheck,
            )
        })
        .collect()
}

pub fn planned(
    session: u64,
    step: u32,
    at: SimTime,
    channel: Channel,
    operation: Operation,
) -> PlannedOperation {
    PlannedOperation {
        at,
        branch: "b".into(),
        channel,
        customer: format!("customer {session}"),
        session,
        step,
        think: (step > 0).then_some(Span(1000)),
        operation,
        amount_fen: None,
        payee: None,
        allow: Vec::new(),
        particulars: None,
    }
}

/// A short-tempered run with its journal in `folder`.
pub fn options(folder: &tempfile::TempDir) -> LoadOptions {
    let mut options = LoadOptions::new("test", folder.path().join("journal.csv"));
    options.timeout = Duration::from_millis(400);
    options.drain = Duration::from_millis(500);
    options
}
