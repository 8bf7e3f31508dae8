//! The load: transfers of a thousand customers in their sessions, by wrk or by a small client of
//! our own, on the second core.

use std::{
    fs,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::TcpStream,
    path::{Path, PathBuf},
    process::Command,
    sync::atomic::{AtomicU64, Ordering},
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use crate::server::{Counts, Server};

const CUSTOMERS: u32 = 1_000;

/// What is asked.
#[derive(Clone, Copy)]
pub enum Route {
    /// Reads a transfer and answers: no session, figures, id or log.
    Parse,
    /// Makes a transfer, with everything on.
    Transfers,
}

impl Route {
    fn path(self) -> &'static str {
        match self {
            Self::Parse => "/v1/test/parse",
            Self::Transfers => "/v1/transfers",
        }
    }
}

/// Who asks.
#[derive(Clone, Copy, PartialEq)]
pub enum Client {
    /// The program wrk.
    Wrk,
    /// One thread of blocking sockets a connection.
    Own,
}

impl Client {
    pub fn find() -> Self {
        let there = Command::new("wrk").arg("--version").output().is_ok();
        if there { Self::Wrk } else { Self::Own }
    }

    pub fn name(self) -> &'static str {
        match self {
            Self::Wrk => "wrk",
            Self::Own => "of our own (a thread a connection)",
        }
    }
}

/// What one run of requests came to; latencies in microseconds.
#[derive(Clone, Copy)]
pub struct Played {
    requests: f64,
    seconds: f64,
    pub p50: f64,
    pub p99: f64,
    pub p999: f64,
    before: Counts,
    after: Counts,
}

impl Played {
    pub fn per_second(&self) -> f64 {
        self.requests / self.seconds
    }

    pub fn cpu_micros(&self) -> f64 {
        (self.after.cpu_seconds - self.before.cpu_seconds) * 1e6 / self.requests
    }

    /// Records that the history lacked at the end.
    pub fn unprojected(&self) -> f64 {
        self.after.unprojected
    }

    pub fn mean_group(&self) -> f64 {
        let groups = self.after.groups - self.before.groups;
        (self.after.records - self.before.records) / groups.max(1.0)
    }
}

struct Customer {
    /// The token that its transfers come with.
    session: String,
    account: String,
}

pub struct Load {
    client: Client,
    customers: Vec<Customer>,
    folder: PathBuf,
}

static KEYS: AtomicU64 = AtomicU64::new(0);

impl Load {
    pub fn set_up(server: &Server, folder: &Path, client: Client) -> Self {
        let mut connection = Connection::open(server);
        let customers: Vec<Customer> = (0..CUSTOMERS)
            .map(|number| connection.open_customer(server, number))
            .collect();
        let list: Vec<String> = customers
            .iter()
            .map(|customer| format!("{} {}", customer.session, customer.account))
            .collect();
        fs::write(folder.join("customers"), list.join("\n")).unwrap();
        fs::write(folder.join("load.lua"), include_str!("load.lua")).unwrap();
        Self {
            client,
            customers,
            folder: folder.to_owned(),
        }
    }

    pub fn play(&self, server: &Server, route: Route, connections: u32, time: Duration) -> Played {
        let before = server.counts();
        let (requests, seconds, [p50, p99, p999]) = match self.client {
            Client::Wrk => self.wrk(server, route, connections, time),
            Client::Own => self.own(server, route, connections, time),
        };
        let after = server.counts();
        Played {
            requests,
            seconds,
            p50,
            p99,
            p999,
            before,
            after,
        }
    }

    fn wrk(
        &self,
        server: &Server,
        route: Route,
        connections: u32,
        time: Duration,
    ) -> (f64, f64, [f64; 3]) {
        let output = Command::new("taskset")
            .args(["-c", "1", "wrk", "--threads", "1", "--connections"])
            .arg(connections.to_string())
            .args(["--duration", &format!("{}s", time.as_secs()), "--script"])
            .arg(self.folder.join("load.lua"))
            .arg(format!("http://{}", server.address))
            .args(["--", route.path()])
            .arg(self.folder.join("customers"))
            .arg(KEYS.fetch_add(1, Ordering::Relaxed).to_string())
            .output()
            .unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        let line = text.lines().find_map(|line| line.strip_prefix("played "));
        let line = line.unwrap_or_else(|| panic!("wrk: {text}"));
        let figures: Vec<f64> = line.split(' ').map(|text| text.parse().unwrap()).collect();
        let [requests, micros, p50, p99, p999, errors] = figures[..] else {
            panic!("wrk: {text}")
        };
        assert!(errors == 0.0, "wrk: {text}");
        (requests, micros / 1e6, [p50, p99, p999])
    }

    fn own(
        &self,
        server: &Server,
        route: Route,
        connections: u32,
        time: Duration,
    ) -> (f64, f64, [f64; 3]) {
        let began = Instant::now();
        let mut micros: Vec<f64> = std::thread::scope(|scope| {
            let asking: Vec<_> = (0..connections)
                .map(|place| scope.spawn(move || self.ask(server, route, place, began + time)))
                .collect();
            asking
                .into_iter()
                .flat_map(|thread| thread.join().unwrap())
                .collect()
        });
        let seconds = began.elapsed().as_secs_f64();
        micros.sort_by(f64::total_cmp);
        let quantile = |q: f64| micros[(micros.len() as f64 * q) as usize];
        let quantiles = [quantile(0.5), quantile(0.99), quantile(0.999)];
        (micros.len() as f64, seconds, quantiles)
    }

    /// Asks on one connection until time is up; the time that each answer took.
    fn ask(&self, server: &Server, route: Route, place: u32, end: Instant) -> Vec<f64> {
        let mut connection = Connection::open(server);
        let mut micros = Vec::new();
        let mut number = place as usize * 7;
        while Instant::now() < end {
            let from = &self.customers[number % self.customers.len()];
            let to = &self.customers[(number + 1) % self.customers.len()];
            let body = json!({"from": from.account, "to": to.account, "amount": "0.01"});
            let began = Instant::now();
            connection.post(&from.session, route.path(), &body);
            micros.push(began.elapsed().as_secs_f64() * 1e6);
            number += 1;
        }
        micros
    }
}

/// A kept connection that asks and waits.
struct Connection(BufReader<TcpStream>);

impl Connection {
    fn open(server: &Server) -> Self {
        let stream = TcpStream::connect(server.address).unwrap();
        stream.set_nodelay(true).unwrap();
        Self(BufReader::new(stream))
    }

    fn post(&mut self, token: &str, path: &str, body: &Value) -> Value {
        let key = KEYS.fetch_add(1, Ordering::Relaxed);
        let body = body.to_string();
        let request = format!(
            "POST {path} HTTP/1.1\r\nhost: bank\r\nauthorization: Bearer {token}\r\nidempotency-key: own-{key}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        );
        self.0.get_mut().write_all(request.as_bytes()).unwrap();
        let (mut status, mut length) = (String::new(), 0);
        self.0.read_line(&mut status).unwrap();
        loop {
            let mut line = String::new();
            self.0.read_line(&mut line).unwrap();
            if line == "\r\n" {
                break;
            }
            if let Some(text) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                length = text.trim().parse().unwrap();
            }
        }
        let mut answer = vec![0; length];
        self.0.read_exact(&mut answer).unwrap();
        assert!(status.contains(" 20"), "{status}");
        serde_json::from_slice(&answer).unwrap()
    }

    /// A customer with an account and much money.
    fn open_customer(&mut self, server: &Server, number: u32) -> Customer {
        let counter = &server.tokens.counter;
        let text = |answer: &Value, member: &str| answer[member].as_str().unwrap().to_owned();
        let person = json!({"name": "Li Ming", "id_number": resident_id(number)});
        let answer = self.post(counter, "/v1/identity-checks", &person);
        let check = text(&answer, "identity_check");
        let wish = json!({"identity_check": check, "phone": "13800000000"});
        let answer = self.post(counter, "/v1/customers", &wish);
        let customer = text(&answer, "customer");
        let wish = json!({"customer": customer, "identity_check": check});
        let account = text(&self.post(counter, "/v1/cards", &wish), "account");
        let deposit = json!({"account": account, "amount": "1000000.00"});
        self.post(counter, "/v1/deposits", &deposit);
        // At a kiosk the customer is known in person: the transfer needs no medium.
        let session = server.tokens.kiosk.clone();
        Customer { session, account }
    }
}

/// The `number`-th person: a resident id with the check digit of GB 11643.
fn resident_id(number: u32) -> String {
    let body = format!("11010519{:04}01{:03}", 1900 + number / 1000, number % 1000);
    let weights = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
    let digits = body.bytes().map(|digit| u32::from(digit - b'0'));
    let sum: u32 = digits
        .zip(weights)
        .map(|(digit, weight)| digit * weight)
        .sum();
    format!("{body}{}", char::from(b"10X98765432"[(sum % 11) as usize]))
}
