//! The run's own Prometheus endpoint: what the live view shows, once a second, for
//! whoever watches from elsewhere.

use crate::exit::Failure;
use loadgen::{LoadProgress, LoadSnapshot};
use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// Whoever asks has so long to do it.
const PATIENCE: Duration = Duration::from_secs(2);

/// The endpoint; serves as long as the process lives.
pub struct Metrics {
    page: Arc<Mutex<String>>,
}

impl Metrics {
    /// Listens there; port 0 takes a free one. Says on stderr where.
    pub fn serve(address: SocketAddr) -> Result<Self, Failure> {
        let listener = TcpListener::bind(address)
            .map_err(|error| Failure::usage(format!("--metrics {address}: {error}")))?;
        if let Ok(address) = listener.local_addr() {
            eprintln!("http://{address}/metrics");
        }
        let page = Arc::new(Mutex::new(page(&LoadSnapshot::default())));
        let shown = Arc::clone(&page);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let page = shown.lock().unwrap_or_else(PoisonError::into_inner).clone();
                // Whoever goes away before the end misses something of their own.
                let _ = answer(&stream, &page);
            }
        });
        Ok(Self { page })
    }

    fn show(&self, snapshot: &LoadSnapshot) {
        *self.page.lock().unwrap_or_else(PoisonError::into_inner) = page(snapshot);
    }
}

/// Shows what it hears to both.
pub struct Both<'a> {
    pub view: &'a dyn LoadProgress,
    pub metrics: Option<&'a Metrics>,
}

impl LoadProgress for Both<'_> {
    fn setup(&self, done: u64, of: u64) {
        self.view.setup(done, of);
    }

    fn second(&self, snapshot: &LoadSnapshot) {
        self.view.second(snapshot);
        if let Some(metrics) = self.metrics {
            metrics.show(snapshot);
        }
    }
}

fn answer(mut stream: &TcpStream, page: &str) -> std::io::Result<()> {
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    let mut reader = BufReader::new(stream);
    let mut first = String::new();
    reader.read_line(&mut first)?;
    let mut line = String::from("x");
    while !line.trim().is_empty() {
        line.clear();
        reader.read_line(&mut line)?;
    }
    let (status, body) = if first.starts_with("GET /metrics ") {
        ("200 OK", page)
    } else {
        ("404 Not Found", "/metrics\n")
    };
    write!(
        stream,
        "HTTP/1.1 {status}\r\ncontent-type: text/plain; version=0.0.4\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    )
}

/// The text format, version 0.0.4.
fn page(snapshot: &LoadSnapshot) -> String {
    let mut page = String::new();
    let counts = [
        (
            "dispatched",
            "Operations handed to a connection or waiting for one.",
            snapshot.dispatched,
        ),
        ("finished", "Operations that have ended.", snapshot.finished),
        (
            "answered",
            "Operations to which a whole answer came.",
            snapshot.answered,
        ),
        (
            "succeeded",
            "Operations answered as they should.",
            snapshot.succeeded,
        ),
        (
            "errors",
            "Operations that failed or timed out.",
            snapshot.errors,
        ),
    ];
    for (name, help, count) in counts {
        let _ = writeln!(
            page,
            "# HELP branchlab_load_{name}_total {help}\n# TYPE branchlab_load_{name}_total counter\nbranchlab_load_{name}_total {count}"
        );
    }
    let gauges = [
        (
            "planned",
            "Operations of the plan, as far as it is known.",
            snapshot.planned,
        ),
        (
            "waiting",
            "Operations due that found no connection free.",
            snapshot.waiting,
        ),
        (
            "in_flight",
            "Operations on a connection.",
            snapshot.in_flight,
        ),
        (
            "places",
            "Connections, or streams of them.",
            snapshot.places,
        ),
    ];
    for (name, help, value) in gauges {
        let _ = writeln!(
            page,
            "# HELP branchlab_load_{name} {help}\n# TYPE branchlab_load_{name} gauge\nbranchlab_load_{name} {value}"
        );
    }
    let times = [
        (
            "latency_seconds",
            "Latency from the intended start, so far.",
            "0.5",
            snapshot.p50,
        ),
        ("latency_seconds", "", "0.99", snapshot.p99),
        (
            "generator_lag_seconds",
            "The generator's own lag, so far.",
            "0.99",
            snapshot.lag_p99,
        ),
    ];
    for (name, help, quantile, value) in times {
        if !help.is_empty() {
            let _ = writeln!(
                page,
                "# HELP branchlab_load_{name} {help}\n# TYPE branchlab_load_{name} gauge"
            );
        }
        if let Some(value) = value {
            let _ = writeln!(
                page,
                "branchlab_load_{name}{{quantile=\"{quantile}\"}} {value}"
            );
        }
    }
    page
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_has_a_type_for_everything_it_tells() {
        let snapshot = LoadSnapshot {
            answered: 7,
            p50: Some(0.002),
            ..LoadSnapshot::default()
        };
        let page = page(&snapshot);
        assert!(page.contains("branchlab_load_answered_total 7\n"));
        assert!(page.contains("branchlab_load_latency_seconds{quantile=\"0.5\"} 0.002\n"));
        for line in page.lines().filter(|line| !line.starts_with('#')) {
            let name = line.split(['{', ' ']).next().unwrap_or_default();
            assert!(page.contains(&format!("# TYPE {name} ")), "{line}");
        }
    }
}
