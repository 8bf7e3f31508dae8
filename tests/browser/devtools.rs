//! A headless Chromium driven over its `DevTools` protocol: just enough to open a
//! page and hear everything it says and asks for.

use serde_json::{Value, json};
use std::io::{BufRead, BufReader};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use tungstenite::stream::MaybeTlsStream;
use tungstenite::{Message, WebSocket};

/// How long anything in the browser may take.
const LIMIT: Duration = Duration::from_mins(1);

/// A running browser with one page.
pub struct Browser {
    process: Child,
    socket: WebSocket<MaybeTlsStream<TcpStream>>,
    session: String,
    next_id: u64,
    /// Every event heard so far: `(method, params)`.
    pub events: Vec<(String, Value)>,
    _profile: tempfile::TempDir,
}

impl Browser {
    /// Starts Chromium with an empty profile and attaches to a blank page.
    pub fn start() -> Self {
        let profile = tempfile::tempdir().expect("a folder for the profile");
        let mut process = Command::new("chromium")
            .args([
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                "--disable-quic",
            ])
            .args(["--no-first-run", "--disable-background-networking"])
            .args([
                "--disable-component-update",
                "--disable-sync",
                "--hide-scrollbars",
            ])
            .args(["--remote-debugging-port=0", "about:blank"])
            .arg(format!("--user-data-dir={}", profile.path().display()))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("chromium is installed (tests/run installs it)");
        let address = devtools_address(&mut process);
        let (socket, _) = tungstenite::connect(address).expect("the DevTools socket opens");
        let mut browser = Self {
            process,
            socket,
            session: String::new(),
            next_id: 1,
            events: Vec::new(),
            _profile: profile,
        };
        browser.attach();
        browser
    }

    fn attach(&mut self) {
        let page = self.call("Target.createTarget", &json!({"url": "about:blank"}));
        let attached = self.call(
            "Target.attachToTarget",
            &json!({"targetId": page["targetId"], "flatten": true}),
        );
        attached["sessionId"]
            .as_str()
            .expect("a session")
            .clone_into(&mut self.session);
        for domain in ["Page", "Runtime", "Log", "Network"] {
            self.call(&format!("{domain}.enable"), &json!({}));
        }
    }

    /// Sets the size of the window's content in CSS pixels.
    pub fn resize(&mut self, width: u32, height: u32) {
        self.call(
            "Emulation.setDeviceMetricsOverride",
            &json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600}),
        );
    }

    /// Opens a page and waits until it has loaded.
    pub fn open(&mut self, url: &str) {
        let seen = self.events.len();
        self.call("Page.navigate", &json!({"url": url}));
        let started = Instant::now();
        while !self.events[seen..]
            .iter()
            .any(|(name, _)| name == "Page.loadEventFired")
        {
            assert!(started.elapsed() < LIMIT, "{url} loads in time");
            self.hear();
        }
    }

    /// The value of a JavaScript expression in the page.
    pub fn evaluate(&mut self, expression: &str) -> Value {
        let answer = self.call(
            "Runtime.evaluate",
            &json!({"expression": expression, "returnByValue": true}),
        );
        answer["result"]["value"].clone()
    }

    fn call(&mut self, method: &str, params: &Value) -> Value {
        let id = self.next_id;
        self.next_id += 1;
        let mut request = json!({"id": id, "method": method, "params": params});
        if !self.session.is_empty() {
            request["sessionId"] = json!(self.session);
        }
        self.socket
            .send(Message::text(request.to_string()))
            .expect("the browser listens");
        let started = Instant::now();
        loop {
            assert!(started.elapsed() < LIMIT, "{method} is answered in time");
            if let Some(answer) = self.hear()
                && answer["id"] == json!(id)
            {
                assert!(answer.get("error").is_none(), "{method}: {answer}");
                return answer["result"].clone();
            }
        }
    }

    /// Reads one message; events are kept, an answer is returned.
    fn hear(&mut self) -> Option<Value> {
        let message = self.socket.read().expect("the browser speaks");
        let value: Value =
            serde_json::from_str(message.to_text().unwrap_or("{}")).unwrap_or_default();
        match value["method"].as_str() {
            Some(method) => {
                self.events
                    .push((method.to_owned(), value["params"].clone()));
                None
            }
            None => Some(value),
        }
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The address that Chromium prints on stderr when it is ready.
fn devtools_address(process: &mut Child) -> String {
    let stderr = process.stderr.take().expect("stderr is piped");
    let mut lines = BufReader::new(stderr).lines();
    let address = lines
        .by_ref()
        .map_while(Result::ok)
        .find_map(|line| {
            line.strip_prefix("DevTools listening on ")
                .map(str::to_owned)
        })
        .expect("chromium says where its DevTools listen");
    // The pipe must go on being read, or the browser blocks on a full one.
    std::thread::spawn(move || lines.map_while(Result::ok).for_each(drop));
    address
}
