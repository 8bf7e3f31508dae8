//! What the bank counts about itself, in the text format of Prometheus.

use std::{
    sync::{PoisonError, RwLock},
    time::Duration,
};

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
    routes: RwLock<Vec<RouteFigures>>,
    group_records: Histogram,
    appends: Counter,
    append_seconds: Histogram,
    queue_seconds: Histogram,
    tidy_seconds: Histogram,
    connections: Gauge,
    projected_seq: Gauge,
    alert_delay: Histogram,
    journal_seq: Gauge,
    keys_looked_for: Counter,
}

/// The figures of one route, found without making labels: there are a few dozen at most, since routes
/// and methods are closed sets.
struct RouteFigures {
    method: &'static str,
    route: String,
    seconds: Histogram,
    statuses: Vec<(u16, Counter)>,
}

impl RouteFigures {
    /// Counts an answer, unless it is the first with its status.
    fn count(&self, status: u16, took: Duration) -> bool {
        let known = self.statuses.iter().find(|(found, _)| *found == status);
        if let Some((_, counter)) = known {
            counter.inc();
            self.seconds.observe(took.as_secs_f64());
        }
        known.is_some()
    }
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
        let queue_seconds = latency_histogram();
        registry.register(
            "queue_seconds",
            "How long the first request of a group waited for the writer",
            queue_seconds.clone(),
        );
        let tidy_seconds = latency_histogram();
        registry.register(
            "journal_tidy_seconds",
            "How long the writer stood still for a checkpoint of the journal",
            tidy_seconds.clone(),
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
        let alert_delay = latency_histogram();
        registry.register(
            "alert_delay_seconds",
            "Time from an event to its alert in the inbox",
            alert_delay.clone(),
        );
        let keys_looked_for = Counter::default();
        registry.register(
            "keys_looked_for",
            "Looks for a request's key beyond memory",
            keys_looked_for.clone(),
        );
        Self {
            registry,
            requests,
            seconds,
            routes: RwLock::default(),
            group_records,
            appends,
            append_seconds,
            queue_seconds,
            tidy_seconds,
            connections,
            projected_seq,
            alert_delay,
            journal_seq,
            keys_looked_for,
        }
    }
}

impl Metrics {
    /// A request was answered.
    pub fn answered(&self, method: &'static str, route: &str, status: u16, took: Duration) {
        let is_it = |figures: &&RouteFigures| figures.method == method && figures.route == route;
        let routes = self.routes.read().unwrap_or_else(PoisonError::into_inner);
        let counted = routes
            .iter()
            .find(is_it)
            .is_some_and(|figures| figures.count(status, took));
        drop(routes);
        if !counted {
            self.answered_newly(method, route, status, took);
        }
    }

    /// The first answer of a route with a status makes its labels.
    fn answered_newly(&self, method: &'static str, route: &str, status: u16, took: Duration) {
        let mut routes = self.routes.write().unwrap_or_else(PoisonError::into_inner);
        let is_it = |figures: &RouteFigures| figures.method == method && figures.route == route;
        let place = routes.iter().position(is_it).unwrap_or_else(|| {
            let labels = [("method", method.to_owned()), ("route", route.to_owned())];
            routes.push(RouteFigures {
                method,
                route: route.to_owned(),
                seconds: self.seconds.get_or_create(&labels).clone(),
                statuses: Vec::new(),
            });
            routes.len() - 1
        });
        let figures = &mut routes[place];
        // Another thread may have been first.
        if figures.count(status, took) {
            return;
        }
        let labels = [
            ("method", method.to_owned()),
            ("route", route.to_owned()),
            ("status", status.to_string()),
        ];
        let counter = self.requests.get_or_create(&labels).clone();
        figures.statuses.push((status, counter));
        figures.count(status, took);
    }

    /// A group became durable.
    pub fn appended(&self, records: usize, last_seq: u64, took: Duration) {
        self.appends.inc();
        self.group_records.observe(records as f64);
        self.append_seconds.observe(took.as_secs_f64());
        self.durable(last_seq);
    }

    /// The writer took a group whose first request waited so long.
    pub fn taken(&self, waited: Duration) {
        self.queue_seconds.observe(waited.as_secs_f64());
    }

    /// The writer tidied the journal.
    pub fn tidied(&self, took: Duration) {
        self.tidy_seconds.observe(took.as_secs_f64());
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

    /// An alert reached its inbox so long after its event.
    pub fn alerted(&self, delay: Duration) {
        self.alert_delay.observe(delay.as_secs_f64());
    }

    /// A request's key was looked for beyond memory.
    pub fn looked_for_key(&self) {
        self.keys_looked_for.inc();
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
