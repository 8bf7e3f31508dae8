//! The load: transfers at a kiosk, on the second core, by a client of our own. Closed: each connection
//! asks again when it is answered. Open: requests have their intended instants, from which their
//! latency counts, so a stalled server cannot hide its stall.

use std::{
    future::poll_fn,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::TcpStream,
    sync::atomic::{AtomicU64, Ordering},
    task::Poll,
    time::{Duration, Instant},
};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::server::{Counts, Server};

/// What is asked.
#[derive(Clone, Copy, PartialEq)]
pub enum Route {
    /// Reads a transfer and answers: no session, figures, id or log.
    Parse,
    /// Makes a transfer, with everything on; payees all over the city.
    Transfers,
    /// The same, and one payee receives everything.
    HotPayee,
}

impl Route {
    fn path(self) -> &'static str {
        match self {
            Self::Parse => "/v1/test/parse",
            Self::Transfers | Self::HotPayee => "/v1/transfers",
        }
    }
}

/// What one run of requests came to; latencies in microseconds.
#[derive(Clone, Copy, Default)]
pub struct Played {
    requests: f64,
    seconds: f64,
    pub p50: f64,
    pub p99: f64,
    pub p999: f64,
    /// How late the client itself woke up for a request, when nothing but the clock kept it.
    pub late_p99: f64,
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

    /// Requests that were answered, and records that they made.
    pub fn decided(&self) -> (u64, u64) {
        let records = self.after.records - self.before.records;
        (self.requests as u64, records as u64)
    }

    /// Records that the history lacked at the end.
    pub fn unprojected(&self) -> f64 {
        self.after.unprojected
    }

    /// Of one stage of the writer: how many passes a second took more than 4 ms, and the mean in
    /// microseconds.
    pub fn stage(&self, stage: usize) -> (f64, f64) {
        let (before, after) = (self.before.stages[stage], self.after.stages[stage]);
        let passes = (after.count - before.count).max(1.0);
        (
            (after.long - before.long) / self.seconds,
            (after.seconds - before.seconds) / passes * 1e6,
        )
    }

    /// Of the threads of one name: microseconds on the processor for a request, milliseconds a second
    /// in which they were kept from it, and how often a second they slept and were interrupted.
    pub fn thread(&self, place: usize) -> [f64; 4] {
        let used = self.after.threads[place].since(&self.before.threads[place]);
        [
            used.ran * 1e6 / self.requests,
            used.waited * 1e3 / self.seconds,
            used.slept / self.seconds,
            used.interrupted / self.seconds,
        ]
    }

    pub fn mean_group(&self) -> f64 {
        let groups = self.after.groups - self.before.groups;
        (self.after.records - self.before.records) / groups.max(1.0)
    }
}

/// A row, and the bare route of the same server right before and right after it: what the machine does
/// with its speed meanwhile, it does to both.
#[derive(Clone, Copy)]
pub struct Beside {
    pub row: Played,
    pub parse: [Played; 2],
}

impl Beside {
    /// Requests a second of the row for one of the bare route.
    pub fn by_rate(&self) -> f64 {
        let [before, after] = self.parse.map(|parse| parse.per_second());
        self.row.per_second() / f64::midpoint(before, after)
    }

    /// CPU of a bare request for that of one of the row.
    pub fn by_cpu(&self) -> f64 {
        let [before, after] = self.parse.map(|parse| parse.cpu_micros());
        f64::midpoint(before, after) / self.row.cpu_micros()
    }
}

/// Who pays whom.
pub struct Load<'a> {
    pub server: &'a Server,
    pub accounts: &'a [String],
}

static KEYS: AtomicU64 = AtomicU64::new(0);

/// A number that no request has had for its key.
pub fn fresh_key() -> u64 {
    KEYS.fetch_add(1, Ordering::Relaxed)
}

/// A write as it goes over the wire.
pub fn post(path: &str, token: &str, key: u64, body: &str) -> String {
    format!(
        "POST {path} HTTP/1.1\r\nhost: bank\r\nauthorization: Bearer {token}\r\nidempotency-key: own-{key}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
}

impl Load<'_> {
    fn request(&self, route: Route) -> String {
        let key = fresh_key();
        let place = |factor: u64| (key.wrapping_mul(factor) >> 11) as usize % self.accounts.len();
        let hot = self.accounts.len() - 1;
        let from = place(0x9e37_79b9_7f4a_7c15).min(hot - 1);
        let to = match route {
            Route::HotPayee => hot,
            _ => (from + 1 + place(0xbf58_476d_1ce4_e5b9) % hot) % self.accounts.len(),
        };
        let body = format!(
            "{{\"from\":\"{}\",\"to\":\"{}\",\"amount\":\"0.01\"}}",
            self.accounts[from], self.accounts[to]
        );
        post(route.path(), &self.server.tokens.kiosk, key, &body)
    }

    /// Measures a row between two of the bare route with as many connections, each half as long.
    pub fn beside_parse(
        &self,
        connections: u32,
        time: Duration,
        row: impl FnOnce() -> Played,
    ) -> Beside {
        let parse = || self.closed(Route::Parse, connections, time / 2);
        let (before, row, after) = (parse(), row(), parse());
        Beside {
            row,
            parse: [before, after],
        }
    }

    /// Asks as fast as the answers come.
    pub fn closed(&self, route: Route, connections: u32, time: Duration) -> Played {
        self.closed_with(connections, time, &|| Some(self.request(route)))
    }

    /// The same with requests that somebody else makes, as long as there are any.
    pub fn closed_with(
        &self,
        connections: u32,
        time: Duration,
        next: &dyn Fn() -> Option<String>,
    ) -> Played {
        self.server.settle();
        let before = self.server.counts();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        let began = Instant::now();
        let asking = (0..connections).map(|_| self.ask(next, began + time));
        let micros = runtime.block_on(join(asking, Rest::WhenIdle));
        self.played(&before, began, micros, Vec::new())
    }

    async fn ask(&self, next: &dyn Fn() -> Option<String>, end: Instant) -> Vec<f64> {
        let mut stream = stream(self.server).await;
        let mut micros = Vec::new();
        while Instant::now() < end {
            let Some(request) = next() else { break };
            let began = Instant::now();
            answered(&mut stream, &request).await;
            micros.push(began.elapsed().as_secs_f64() * 1e6);
        }
        micros
    }

    /// Asks so many times a second, whether or not answers come. One thread, which never sleeps: with a
    /// thread for each connection the client was as busy as the server, and what it measured was itself.
    pub fn open(&self, route: Route, connections: u32, rate: f64, time: Duration) -> Played {
        self.server.settle();
        let before = self.server.counts();
        // After every round of its connections it looks at their sockets.
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .event_interval(1)
            .build()
            .unwrap();
        let began = Instant::now() + Duration::from_millis(100);
        let asking = (0..connections).map(async |place| {
            let mut stream = stream(self.server).await;
            let mut asked = Vec::new();
            for turn in 0.. {
                let number = f64::from(turn) * f64::from(connections) + f64::from(place);
                let intended = Duration::from_secs_f64(number / rate);
                if intended > time {
                    break;
                }
                let intended = began + intended;
                let request = self.request(route);
                let was_free = Instant::now() < intended;
                due(intended).await;
                let late = was_free.then(|| intended.elapsed().as_secs_f64() * 1e6);
                answered(&mut stream, &request).await;
                asked.push((intended.elapsed().as_secs_f64() * 1e6, late));
            }
            asked
        });
        let asked = runtime.block_on(join(asking, Rest::Never));
        let late = asked.iter().filter_map(|(_, late)| *late).collect();
        let micros = asked.iter().map(|(micros, _)| *micros).collect();
        self.played(&before, began, micros, late)
    }

    fn played(
        &self,
        before: &Counts,
        began: Instant,
        mut micros: Vec<f64>,
        mut late: Vec<f64>,
    ) -> Played {
        let seconds = began.elapsed().as_secs_f64();
        micros.sort_by(f64::total_cmp);
        late.sort_by(f64::total_cmp);
        let quantile = |q: f64| micros[(micros.len() as f64 * q) as usize];
        let late_p99 = late.get(late.len() * 99 / 100).copied().unwrap_or_default();
        Played {
            requests: micros.len() as f64,
            seconds,
            p50: quantile(0.5),
            p99: quantile(0.99),
            p999: quantile(0.999),
            late_p99,
            before: *before,
            after: self.server.counts(),
        }
    }
}

/// Whether the client's thread may sleep.
#[derive(Clone, Copy, PartialEq)]
enum Rest {
    WhenIdle,
    Never,
}

/// Waits for all of them on this thread.
async fn join<T>(asking: impl Iterator<Item = impl Future<Output = Vec<T>>>, rest: Rest) -> Vec<T> {
    let mut waiting: Vec<_> = asking.map(Box::pin).collect();
    let mut done = vec![false; waiting.len()];
    let mut all = Vec::new();
    poll_fn(|context| {
        for (future, done) in waiting.iter_mut().zip(&mut done) {
            if !*done && let Poll::Ready(asked) = future.as_mut().poll(context) {
                *done = true;
                all.extend(asked);
            }
        }
        if done.iter().all(|done| *done) {
            return Poll::Ready(());
        }
        if rest == Rest::Never {
            context.waker().wake_by_ref();
        }
        Poll::Pending
    })
    .await;
    all
}

/// Returns at that moment; it has to be polled all the time.
async fn due(moment: Instant) {
    poll_fn(|_| {
        if Instant::now() < moment {
            Poll::Pending
        } else {
            Poll::Ready(())
        }
    })
    .await;
}

async fn stream(server: &Server) -> tokio::net::TcpStream {
    let stream = tokio::net::TcpStream::connect(server.address).await;
    let stream = stream.unwrap();
    stream.set_nodelay(true).unwrap();
    stream
}

/// Asks and waits for the whole answer.
async fn answered(stream: &mut tokio::net::TcpStream, request: &str) {
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = [0; 2_048];
    let mut length = 0;
    while !is_whole(&answer[..length]) {
        let read = stream.read(&mut answer[length..]).await.unwrap();
        assert!(read > 0, "the server hung up");
        length += read;
    }
}

/// Whether these bytes are an answer to its end; it must be a good one.
fn is_whole(bytes: &[u8]) -> bool {
    let Some(head) = bytes.windows(4).position(|window| window == b"\r\n\r\n") else {
        return false;
    };
    assert!(
        bytes.starts_with(b"HTTP/1.1 20"),
        "{}",
        String::from_utf8_lossy(bytes)
    );
    let text = String::from_utf8_lossy(&bytes[..head]);
    let length = text
        .lines()
        .find_map(|line| line.strip_prefix("content-length: "));
    bytes.len() >= head + 4 + length.map_or(0, |length| length.parse::<usize>().unwrap())
}

/// A connection of one's own.
pub fn connect(server: &Server) -> BufReader<TcpStream> {
    let stream = TcpStream::connect(server.address).unwrap();
    stream.set_nodelay(true).unwrap();
    BufReader::new(stream)
}

/// Asks and waits for the answer, which must be a good one: its body.
pub fn exchange(stream: &mut BufReader<TcpStream>, request: &str) -> Vec<u8> {
    stream.get_mut().write_all(request.as_bytes()).unwrap();
    let (mut line, mut length) = (String::new(), 0);
    stream.read_line(&mut line).unwrap();
    assert!(line.contains(" 20"), "{line}");
    loop {
        line.clear();
        stream.read_line(&mut line).unwrap();
        if line == "\r\n" {
            break;
        }
        if let Some(text) = line.strip_prefix("content-length:") {
            length = text.trim().parse().unwrap();
        }
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body).unwrap();
    body
}
