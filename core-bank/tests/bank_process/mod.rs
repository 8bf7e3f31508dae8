//! A real bank as a process of its own, and a plain HTTP client for it. The test binary starts
//! itself again as the server, so no other program has to be built first.

#![allow(
    dead_code,
    reason = "each test binary uses its own part of this module"
)]

use std::{
    env, fs,
    io::{self, BufRead as _, BufReader, Read as _, Write as _},
    net::{SocketAddr, TcpStream},
    path::Path,
    process::{Child, Command, ExitStatus, Stdio},
    sync::atomic::{AtomicU64, Ordering},
    thread,
    time::{Duration, Instant},
};

use core_bank::{ServeOptions, TerminalTokens, TlsFiles, serve, start_log};
use rustix::process::{Pid, Resource, Rlimit, prlimit, setrlimit};
use serde_json::{Value, json};

/// The server's side: not a test, and it returns at once unless a test started it.
#[test]
#[ignore = "started by the other tests as their server"]
fn server_of_the_other_tests() {
    let Ok(data) = env::var("TEST_BANK_DATA") else {
        return;
    };
    let mut options = ServeOptions::new(([127, 0, 0, 1], 0).into(), data.into());
    options.test = true;
    let mut log = None;
    for option in env::var("TEST_BANK_OPTIONS")
        .unwrap_or_default()
        .split_whitespace()
    {
        if option == "honest" {
            options.test = false;
            continue;
        }
        match option.split_once('=').unwrap() {
            ("slow", slow) => options.slow.push(ServeOptions::parse_slow(slow).unwrap()),
            ("plant", plant) => options.plant = Some(plant.parse().unwrap()),
            ("clock", clock) => options.clock = Some(ServeOptions::parse_clock(clock).unwrap()),
            ("snapshots", every) => options.records_per_snapshot = every.parse().unwrap(),
            ("postgres", url) => options.postgres = Some(url.replace('+', " ")),
            ("keys", keys) => options.keys_in_memory = keys.parse().unwrap(),
            ("speed", speed) => options.clock_speed = speed.parse().unwrap(),
            ("customer_rate", rate) => options.customer_rate = Some(rate.parse().unwrap()),
            ("address_rate", rate) => options.address_rate = Some(rate.parse().unwrap()),
            ("tls", folder) => {
                let folder = Path::new(folder);
                options.tls = Some(TlsFiles {
                    certificate: folder.join("certificate.pem"),
                    key: folder.join("key.pem"),
                });
            }
            ("descriptors", limits) => limit_descriptors(limits),
            // All of it, as the command writes it.
            ("log", file) => log = Some(start_log(fs::File::create(file).unwrap(), "trace".into())),
            other => panic!("{other:?}"),
        }
    }
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let ended = runtime.block_on(serve(options));
    drop(log);
    // Ends here: the harness would go on to write to an output that nobody reads.
    match ended {
        Ok(()) => std::process::exit(0),
        Err(error) => {
            eprintln!("{error}");
            std::process::exit(1);
        }
    }
}

/// `soft:hard`, as a shell or a service manager would have set them.
fn limit_descriptors(limits: &str) {
    let (current, maximum) = limits.split_once(':').unwrap();
    let limits = Rlimit {
        current: Some(current.parse().unwrap()),
        maximum: Some(maximum.parse().unwrap()),
    };
    setrlimit(Resource::Nofile, limits).unwrap();
}

pub struct BankProcess {
    child: Child,
    pub address: SocketAddr,
    pub tokens: TerminalTokens,
}

/// A bank in a folder of its own.
pub fn start(options: &str) -> (tempfile::TempDir, BankProcess) {
    let data = tempfile::tempdir().unwrap();
    let bank = BankProcess::start(data.path(), options);
    (data, bank)
}

impl BankProcess {
    pub fn start(data: &Path, options: &str) -> Self {
        let (child, line) = spawn(data, options);
        let line = line.unwrap_or_else(|| panic!("the server said nothing"));
        let address = line
            .strip_prefix("listening on ")
            .and_then(|line| line.split_once("://"))
            .unwrap()
            .1
            .trim()
            .parse()
            .unwrap();
        let tokens = fs::read(data.join("tokens.json")).unwrap();
        Self {
            child,
            address,
            tokens: serde_json::from_slice(&tokens).unwrap(),
        }
    }

    /// Starts a server that is expected not to come up; returns what it said on standard error.
    pub fn start_in_vain(data: &Path) -> String {
        Self::start_in_vain_with(data, "")
    }

    /// The same with options.
    pub fn start_in_vain_with(data: &Path, options: &str) -> String {
        let (mut child, line) = spawn(data, options);
        assert_eq!(line, None, "the server came up");
        assert!(!child.wait().unwrap().success());
        let mut said = String::new();
        child
            .stderr
            .take()
            .unwrap()
            .read_to_string(&mut said)
            .unwrap();
        said
    }

    pub fn client(&self) -> Client {
        Client::new(self.address)
    }

    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// No file of the server may grow beyond this length; `None` for no limit.
    pub fn limit_files(&self, bytes: Option<u64>) {
        let limits = Rlimit {
            current: bytes,
            maximum: None,
        };
        let pid = Pid::from_raw(i32::try_from(self.child.id()).unwrap());
        prlimit(pid, Resource::Fsize, limits).unwrap();
    }

    pub fn send_terminate(&self) {
        self.signal("-TERM");
    }

    pub fn send_kill(&self) {
        self.signal("-KILL");
    }

    /// Stops the process, and lets it go on after a while.
    pub fn stand_still_for(&self, time: Duration) {
        self.signal("-STOP");
        thread::sleep(time);
        self.signal("-CONT");
    }

    fn signal(&self, name: &str) {
        let pid = self.child.id().to_string();
        let sent = Command::new("kill").args([name, &pid]).status().unwrap();
        assert!(sent.success());
    }

    pub fn wait(mut self) -> ExitStatus {
        let patience = Instant::now() + Duration::from_secs(30);
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            assert!(Instant::now() < patience, "the server did not end");
            thread::sleep(Duration::from_millis(10));
        }
    }
}

impl Drop for BankProcess {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn spawn(data: &Path, options: &str) -> (Child, Option<String>) {
    let mut child = Command::new(env::current_exe().unwrap())
        .args([
            "--exact",
            "bank_process::server_of_the_other_tests",
            "--ignored",
            "--nocapture",
        ])
        .env("TEST_BANK_DATA", data)
        .env("TEST_BANK_OPTIONS", options)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // The test harness speaks first; the server's line follows its own.
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut lines = lines.map_while(Result::ok);
    let line = lines.find_map(|line| line.find("listening on").map(|at| line[at..].to_owned()));
    if line.is_some()
        && let Some(said) = child.stderr.take()
    {
        // After a minute the harness around it says so, and ends where nobody listens.
        thread::spawn(move || lines.for_each(drop));
        // Its last words belong to the test that it failed; and whom nobody hears out stands still.
        thread::spawn(move || {
            for line in BufReader::new(said).lines().map_while(Result::ok) {
                eprintln!("the bank: {line}");
            }
        });
    }
    (child, line)
}

#[derive(Debug)]
pub struct Response {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Value,
    /// The body as it came.
    pub raw: String,
}

impl Response {
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(found, _)| found == name);
        found.map(|(_, value)| value.as_str())
    }

    pub fn code(&self) -> &str {
        self.body["code"].as_str().unwrap_or_default()
    }

    #[track_caller]
    pub fn text(&self, member: &str) -> String {
        self.body[member]
            .as_str()
            .unwrap_or_else(|| panic!("{member}: {self:?}"))
            .to_owned()
    }

    #[track_caller]
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{self:?}");
        self
    }

    #[track_caller]
    pub fn refused(self, status: u16, code: &str) -> Self {
        assert_eq!((self.status, self.code()), (status, code), "{self:?}");
        assert_eq!(
            self.header("content-type"),
            Some("application/problem+json")
        );
        assert_eq!(self.body["status"], status);
        for member in ["type", "title", "detail", "instance", "effect"] {
            assert!(self.body[member].is_string(), "{member}: {self:?}");
        }
        assert!(self.body["retryable"].is_boolean());
        self
    }
}

/// A client with one kept connection.
pub struct Client {
    address: SocketAddr,
    stream: Option<BufReader<TcpStream>>,
}

static KEYS: AtomicU64 = AtomicU64::new(0);

pub fn fresh_key() -> String {
    format!("key-{}", KEYS.fetch_add(1, Ordering::Relaxed))
}

impl Client {
    pub fn new(address: SocketAddr) -> Self {
        Self {
            address,
            stream: None,
        }
    }

    pub fn get(&mut self, token: &str, path: &str) -> Response {
        self.try_get(token, path).unwrap()
    }

    pub fn try_get(&mut self, token: &str, path: &str) -> io::Result<Response> {
        let head =
            format!("GET {path} HTTP/1.1\r\nhost: bank\r\nauthorization: Bearer {token}\r\n\r\n");
        self.exchange(head.as_bytes())
    }

    pub fn post(&mut self, token: &str, path: &str, body: &Value) -> Response {
        self.post_with_key(token, &fresh_key(), path, body)
    }

    pub fn post_with_key(&mut self, token: &str, key: &str, path: &str, body: &Value) -> Response {
        self.try_post(token, key, path, body).unwrap()
    }

    pub fn try_post(
        &mut self,
        token: &str,
        key: &str,
        path: &str,
        body: &Value,
    ) -> io::Result<Response> {
        self.exchange(&post_bytes(token, key, path, body.to_string().as_bytes()))
    }

    pub fn put(&mut self, token: &str, path: &str, body: &Value) -> Response {
        let body = body.to_string();
        let request = format!(
            "PUT {path} HTTP/1.1\r\nhost: bank\r\nauthorization: Bearer {token}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        );
        self.exchange(request.as_bytes()).unwrap()
    }

    pub fn delete(&mut self, token: &str, key: &str, path: &str) -> Response {
        self.exchange(&delete_bytes(token, key, path)).unwrap()
    }

    /// Sends bytes as they are and reads one answer.
    pub fn exchange(&mut self, request: &[u8]) -> io::Result<Response> {
        let mut stream = self
            .stream
            .take()
            .map_or_else(|| connect(self.address), Ok)?;
        stream.get_mut().write_all(request)?;
        let response = read_response(&mut stream)?;
        if response.header("connection") != Some("close") {
            self.stream = Some(stream);
        }
        Ok(response)
    }
}

fn connect(address: SocketAddr) -> io::Result<BufReader<TcpStream>> {
    let stream = TcpStream::connect(address)?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(Duration::from_secs(30)))?;
    Ok(BufReader::new(stream))
}

pub fn post_bytes(token: &str, key: &str, path: &str, body: &[u8]) -> Vec<u8> {
    let mut request = format!(
        "POST {path} HTTP/1.1\r\nhost: bank\r\nauthorization: Bearer {token}\r\nidempotency-key: {key}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
        body.len()
    )
    .into_bytes();
    request.extend_from_slice(body);
    request
}

pub fn delete_bytes(token: &str, key: &str, path: &str) -> Vec<u8> {
    format!(
        "DELETE {path} HTTP/1.1\r\nhost: bank\r\nauthorization: Bearer {token}\r\nidempotency-key: {key}\r\n\r\n"
    )
    .into_bytes()
}

pub fn read_response(stream: &mut BufReader<TcpStream>) -> io::Result<Response> {
    read_response_of(stream)
}

/// Reads an answer from whatever carries it.
pub fn read_response_of(stream: &mut impl io::BufRead) -> io::Result<Response> {
    let torn = || io::Error::new(io::ErrorKind::UnexpectedEof, "the answer is torn");
    let mut line = String::new();
    stream.read_line(&mut line)?;
    let status = line
        .split(' ')
        .nth(1)
        .and_then(|code| code.parse().ok())
        .ok_or_else(torn)?;
    let mut headers = Vec::new();
    loop {
        line.clear();
        stream.read_line(&mut line)?;
        let Some((name, value)) = line.trim_end().split_once(':') else {
            break;
        };
        headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
    }
    let length = headers.iter().find(|(name, _)| name == "content-length");
    let length = length
        .and_then(|(_, value)| value.parse().ok())
        .unwrap_or(0);
    let mut body = vec![0; length];
    stream.read_exact(&mut body)?;
    let raw = String::from_utf8(body).unwrap();
    let body = serde_json::from_str(&raw).unwrap_or_else(|_| Value::String(raw.clone()));
    Ok(Response {
        status,
        headers,
        body,
        raw,
    })
}

/// The `number`-th person: a resident id with a right check digit.
pub fn resident_id(number: u32) -> String {
    let body = format!("11010519{:04}01{:03}", 1900 + number / 1000, number % 1000);
    let weights = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
    let sum: u32 = body
        .bytes()
        .zip(weights)
        .map(|(digit, weight)| u32::from(digit - b'0') * weight)
        .sum();
    format!("{body}{}", char::from(b"10X98765432"[(sum % 11) as usize]))
}

pub struct Person {
    pub check: String,
    pub customer: String,
    pub card: String,
    pub account: String,
}

/// Makes a person a customer with an account.
pub fn new_person(bank: &BankProcess, number: u32) -> Person {
    let (mut client, counter) = (bank.client(), &bank.tokens.counter);
    let identity = json!({"name": "李明", "id_number": resident_id(number)});
    let check = client
        .post(counter, "/v1/identity-checks", &identity)
        .expect(201);
    let check = check.text("identity_check");
    let registration = json!({"identity_check": check, "phone": "13800000000"});
    let customer = client
        .post(counter, "/v1/customers", &registration)
        .expect(201)
        .text("customer");
    let wish = json!({"customer": customer, "identity_check": check});
    let opened = client.post(counter, "/v1/cards", &wish).expect(201);
    Person {
        card: opened.text("card"),
        account: opened.text("account"),
        check,
        customer,
    }
}

/// A person with money.
pub fn new_rich_person(bank: &BankProcess, number: u32, amount: &str) -> Person {
    let person = new_person(bank, number);
    let deposit = json!({"account": person.account, "amount": amount});
    bank.client()
        .post(&bank.tokens.counter, "/v1/deposits", &deposit)
        .expect(201);
    person
}

/// A session of a person's mobile bank.
pub fn log_in(bank: &BankProcess, person: &Person) -> String {
    let wish = json!({"customer": person.customer, "identity_check": person.check});
    let mut client = bank.client();
    let device = client
        .post(&bank.tokens.kiosk, "/v1/ebanking", &wish)
        .expect(201);
    let credentials = json!({
        "customer": person.customer,
        "device_token": device.text("device_token"),
        "channel": "mobile",
    });
    client
        .post("", "/v1/sessions", &credentials)
        .expect(201)
        .text("session")
}

/// A transfer out of a session, authorised by SMS: what the transfer answers.
pub fn pay_by_sms(
    client: &mut Client,
    bank: &BankProcess,
    session: &str,
    transfer: &Value,
) -> Response {
    pay_by_sms_at("/v1/transfers", client, bank, session, transfer)
}

/// Any payment out of a session, authorised by SMS.
pub fn pay_by_sms_at(
    path: &str,
    client: &mut Client,
    bank: &BankProcess,
    session: &str,
    transfer: &Value,
) -> Response {
    let transfer = authorised_by_sms(client, bank, session, transfer);
    client.post(session, path, &transfer)
}

/// Asks for the authorisation of a payment by SMS: the payment with its proof.
pub fn authorised_by_sms(
    client: &mut Client,
    bank: &BankProcess,
    session: &str,
    payment: &Value,
) -> Value {
    let from = payment["from"].as_str().unwrap();
    let mut wish = payment.clone();
    wish["medium"] = json!("sms");
    wish["phone"] = json!("13800000000");
    wish["account_tail"] = json!(from[from.len() - 6..]);
    let asked = client
        .post(session, "/v1/authorisations", &wish)
        .expect(201);
    let id = asked.text("authorisation");
    let sent = client.get(&bank.tokens.operator, &format!("/v1/test/outbox/{id}"));
    let mut payment = payment.clone();
    payment["authorisation"] = json!({"id": id, "code": sent.expect(200).text("code")});
    payment
}

pub fn balance(bank: &BankProcess, person: &Person) -> String {
    let path = format!("/v1/customers/{}/accounts", person.customer);
    let answer = bank.client().get(&bank.tokens.counter, &path).expect(200);
    answer.body["accounts"][0]["balance"]
        .as_str()
        .unwrap()
        .to_owned()
}
