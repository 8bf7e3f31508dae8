//! What the bank counts about itself, in the text format of Prometheus.

use std::time::Duration;

use prometheus_client::{
    encoding::text::encode,
    metrics::{
        counter::Counter,
        family::Family,
        gauge::Gauge,
        histogram::{Histogram, exponential_buckets},
    },
    registry::Registry,
};

type Labels = [(&'static str, String); 3];
type RouteLabels = [(&'static str, String); 2];

/// All figures; every method takes `&self` and none waits for the journal.
pub struct Metrics {
    registry: Registry,
    requests: Family<Labels, Counter>,
    seconds: Family<RouteLabels, Histogram, fn() -> Histogram>,
    group_records: Histogram,
    appends: Counter,
    append_seconds: Histogram,
    connections: Gauge,
    projected_seq: Gauge,
    journal_seq: Gauge,
}

fn latency_histogram() -> Histogram {
    // 0.25 ms to 8 s, doubling.
    Histogram::new(exponential_buckets(0.000_25, 2.0, 16))
}

impl Default for Metrics {
    fn default() -> Self {
        let mut registry = Registry::with_prefix("bank");
        let requests = Family::default();
        registry.register(
            "requests",
            "Answers by route, method and status",
            requests.clone(),
        );
        let seconds: Family<RouteLabels, Histogram, fn() -> Histogram> =
            Family::new_with_constructor(latency_histogram);
        registry.register(
            "request_seconds",
            "Time to answer by route",
            seconds.clone(),
        );
        let group_records = Histogram::new(exponential_buckets(1.0, 2.0, 11));
        registry.register(
            "group_records",
            "Records in one durable commit",
            group_records.clone(),
        );
        let appends = Counter::default();
        registry.register("journal_appends", "Durable commits", appends.clone());
        let append_seconds = latency_histogram();
        registry.register(
            "journal_append_seconds",
            "Time of a commit",
            append_seconds.clone(),
        );
        let connections = Gauge::default();
        registry.register("connections", "Open connections", connections.clone());
        let journal_seq = Gauge::default();
        registry.register("journal_seq", "Last durable record", journal_seq.clone());
        let projected_seq = Gauge::default();
        registry.register(
            "projected_seq",
            "Last projected record",
            projected_seq.clone(),
        );
        Self {
            registry,
            requests,
            seconds,
            group_records,
            appends,
            append_seconds,
            connections,
            projected_seq,
            journal_seq,
        }
    }
}

impl Metrics {
    /// A request was answered.
    pub fn answered(&self, method: &str, route: &str, status: u16, took: Duration) {
        let (method, route) = (method.to_owned(), route.to_owned());
        let labels = [
            ("method", method.clone()),
            ("route", route.clone()),
            ("status", status.to_string()),
        ];
        self.requests.get_or_create(&labels).inc();
        let labels = [("method", method), ("route", route)];
        self.seconds
            .get_or_create(&labels)
            .observe(took.as_secs_f64());
    }

    /// A group became durable.
    pub fn appended(&self, records: usize, last_seq: u64, took: Duration) {
        self.appends.inc();
        self.group_records.observe(records as f64);
        self.append_seconds.observe(took.as_secs_f64());
        self.durable(last_seq);
    }

    /// The journal's last record is this one.
    pub fn durable(&self, seq: u64) {
        self.journal_seq.set(i64::try_from(seq).unwrap_or(i64::MAX));
    }

    /// The projection reached this record.
    pub fn projected(&self, seq: u64) {
        self.projected_seq
            .set(i64::try_from(seq).unwrap_or(i64::MAX));
    }

    /// A connection opened.
    pub fn connected(&self) {
        self.connections.inc();
    }

    /// A connection closed.
    pub fn disconnected(&self) {
        self.connections.dec();
    }

    /// The text that `/metrics` serves.
    pub fn text(&self) -> String {
        let mut text = String::new();
        // Writing into a string does not fail; an empty page would show if it did.
        if encode(&mut text, &self.registry).is_err() {
            text.clear();
        }
        text
    }
}
