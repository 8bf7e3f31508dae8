//! Scenario files for published models, and how far their figures are off.

use scenarios::figure::{Figure, FigureRow, Population};
use scenarios::file::read;
use scenarios::model::Scenario;
use serde_json::Value;
use sim::{CustomerRecord, Options, Outcome, records, simulate};
use std::fmt::Write;
use std::thread;

/// So many standard errors a figure may be off.
const LIMIT: f64 = 3.3;
/// Replications of a steady state, and the 97.5% quantile of Student's t with a degree of
/// freedom less, from tables.
const REPLICATIONS: (u32, f64) = (40, 2.022_691);
/// Where those would be longer than a run may be.
const MORE_REPLICATIONS: (u32, f64) = (80, 1.990_450);
/// Seconds that a run may have, a little less than ten years.
const LONGEST: f64 = 3.1e8;
const NORMAL_975: f64 = 1.959_964;
/// The usual run is too short for the half-widths of the long one.
const SHORT_WIDTHS: f64 = 2.5;
/// The long one is so many times as long, at least.
const LONG: f64 = 7.0;

/// How many times as long to run, from the environment.
fn times_as_long() -> f64 {
    let asked = std::env::var("BRANCHLAB_EXACT").ok();
    asked.and_then(|it| it.parse().ok()).unwrap_or(1.0)
}

fn all() -> Vec<Value> {
    let file: Value =
        serde_json::from_str(include_str!("../cases/exact.json")).expect("the cases are JSON");
    file["cases"].as_array().expect("a list").clone()
}

pub fn ids() -> Vec<String> {
    let id = |case: &Value| case["id"].as_str().expect("a text").to_owned();
    all().iter().map(id).collect()
}

/// One case of the file.
pub struct Case(Value);

pub fn case(id: &str) -> Case {
    let found = all().into_iter().find(|case| case["id"] == id);
    Case(found.unwrap_or_else(|| panic!("no case {id}")))
}

impl Case {
    pub fn parameter(&self, key: &str) -> f64 {
        self.0["parameters"][key].as_f64().expect("a number")
    }

    pub fn expected(&self, key: &str) -> f64 {
        let value = self.0["expected"][key].as_f64();
        value.unwrap_or_else(|| panic!("the case expects no {key}"))
    }
}

/// A scenario file in the making: one resource, `server`.
pub struct Model {
    steady: bool,
    run: String,
    rate: f64,
    servers: u32,
    customers: f64,
    replications: u32,
    resource: String,
    journeys: String,
    segments: String,
    arrivals: String,
}

impl Model {
    pub fn steady(rate: f64, servers: u32) -> Self {
        Self {
            steady: true,
            run: String::new(),
            rate,
            servers,
            customers: 1e6,
            replications: REPLICATIONS.0,
            resource: String::new(),
            journeys: String::new(),
            segments: String::new(),
            arrivals: format!("rate_per_hour = {}", rate * 3600.0),
        }
    }

    pub fn days(open: &str, close: &str, arrivals: &str, servers: u32) -> Self {
        Self {
            steady: false,
            run: format!("[day]\nopen = \"{open}\"\nclose = \"{close}\"\ninterval = \"1h\"\n"),
            arrivals: arrivals.to_owned(),
            ..Self::steady(1.0, servers)
        }
    }

    pub fn exponential(&mut self, seconds: f64) -> &mut Self {
        self.service(&format!(
            "{{ law = \"exponential\", mean = \"{seconds}s\" }}"
        ))
    }

    pub fn service(&mut self, law: &str) -> &mut Self {
        self.journeys(&format!(
            "[journeys.errand]\ntime = {law}\nholds = [\"server\"]"
        ))
    }

    pub fn journeys(&mut self, text: &str) -> &mut Self {
        text.clone_into(&mut self.journeys);
        self
    }

    /// Keys of the resource, or a further one.
    pub fn resource(&mut self, keys: &str) -> &mut Self {
        keys.clone_into(&mut self.resource);
        self
    }

    pub fn segments(&mut self, text: &str) -> &mut Self {
        text.clone_into(&mut self.segments);
        self
    }

    /// Keys of the only segment.
    pub fn segment(&mut self, keys: &str) -> &mut Self {
        self.segments(&format!("[segments.all]\n{keys}"))
    }

    /// Classes by arrivals a minute and law of service, the first served first.
    pub fn classes(&mut self, classes: &[(f64, &str)]) -> &mut Self {
        let all: f64 = classes.iter().map(|(rate, _)| rate).sum();
        let (mut journeys, mut segments) = (String::new(), String::new());
        for (number, (rate, law)) in (1..).zip(classes) {
            let (share, priority) = (rate / all, classes.len() - number);
            let _ = writeln!(
                journeys,
                "[journeys.class{number}]\ntime = {law}\nholds = [\"server\"]"
            );
            let _ = writeln!(
                segments,
                "[segments.class{number}]\nshare = {share}\nservices = \"class{number}\"\npriority = {priority}"
            );
        }
        self.journeys(&journeys).segments(&segments)
    }

    pub fn arrivals(&mut self, keys: &str) -> &mut Self {
        keys.clone_into(&mut self.arrivals);
        self
    }

    /// Customers of all replications of a steady state together.
    pub fn customers(&mut self, customers: f64) -> &mut Self {
        self.customers = customers * times_as_long() * 0.6;
        if self.length() > LONGEST {
            self.replications = MORE_REPLICATIONS.0;
        }
        self
    }

    pub fn replications(&mut self, replications: u32) -> &mut Self {
        self.replications = (f64::from(replications) * times_as_long()) as u32;
        self
    }

    /// Seconds counted in each replication of a steady state.
    fn counted(&self) -> f64 {
        (self.customers / self.rate / f64::from(self.replications)).ceil()
    }

    fn warm_up(&self) -> f64 {
        (self.counted() / 10.0).ceil()
    }

    fn length(&self) -> f64 {
        self.warm_up() + self.counted()
    }

    /// Student's t of as many replications, or the normal law of as many days.
    fn t(&self) -> f64 {
        let mut known = [REPLICATIONS, MORE_REPLICATIONS].into_iter();
        let of_steady = known.find(|(replications, _)| *replications == self.replications);
        match of_steady {
            Some((_, t)) if self.steady => t,
            _ => NORMAL_975,
        }
    }

    fn scenario(&self) -> Scenario {
        let (warm_up, length, replications) = (self.warm_up(), self.length(), self.replications);
        let run = if self.steady {
            format!("mode = \"steady_state\"\nwarm_up = \"{warm_up}s\"\nlength = \"{length}s\"")
        } else {
            String::new()
        };
        let text = format!(
            "[run]\n{run}\nreplications = {replications}\nseed = 20\n{}\n\
             [report]\nthresholds = [\"0.000001s\", \"20s\", \"30s\", \"90s\", \"180s\", \"300s\"]\n\
             [resources.server]\ncapacity = {}\n{}\n{}\n{}\n[arrivals]\n{}\n",
            self.run, self.servers, self.resource, self.journeys, self.segments, self.arrivals
        );
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("case.toml");
        std::fs::write(&path, &text).expect("the folder is writable");
        read(&path, &[]).unwrap_or_else(|error| panic!("{error}\n{text}"))
    }

    pub fn run(&self, id: &'static str) -> Run {
        let scenario = self.scenario();
        let options = Options {
            threads: 2,
            ..Options::of(&scenario)
        };
        let outcome = simulate(&scenario, &options, &()).expect("the scenario is sound");
        assert!(outcome.warnings.is_empty(), "{id}: {:?}", outcome.warnings);
        Run {
            outcome,
            case: case(id),
            id,
            counted: self.counted(),
            t: self.t(),
            heavy_tailed: false,
            off: Vec::new(),
        }
    }

    pub fn records(&self, id: &'static str) -> Records {
        Records {
            scenario: self.scenario(),
            replications: self.replications,
            case: case(id),
            id,
            tolerance: 0.01,
            figures: Vec::new(),
        }
    }
}

/// Whether a value is off, in words.
fn fault(
    what: &str,
    (value, error, t): (f64, f64, f64),
    expected: f64,
    tolerance: f64,
) -> Option<String> {
    if expected == 0.0 {
        return (value.abs() > 1e-12).then(|| format!("{what}: {value} instead of 0"));
    }
    let z = (value - expected) / error;
    let strict = times_as_long() >= LONG;
    let allowed = tolerance * if strict { 1.0 } else { SHORT_WIDTHS };
    let half = t * error;
    // Seen with `--nocapture`: how wide it was against the width that is asked for.
    println!(
        "{what}: z = {z:.2}, half-width {:.2} of what is allowed",
        half / tolerance
    );
    if z.is_nan() || z.abs() >= LIMIT {
        Some(format!("{what}: {value} instead of {expected}, z = {z:.2}"))
    } else if half.is_nan() || half > allowed {
        Some(format!(
            "{what}: {value} ± {half} is wider than ± {allowed}"
        ))
    } else {
        None
    }
}

/// Value and standard error of a ratio of sums over replications.
fn ratio_of_sums(pairs: &[(f64, f64)]) -> (f64, f64) {
    let (sum, count) = pairs
        .iter()
        .fold((0.0, 0.0), |(s, n), (sum, count)| (s + sum, n + count));
    let value = sum / count;
    let days = pairs.len() as f64;
    let squares: f64 = pairs.iter().map(|(s, n)| (s - value * n).powi(2)).sum();
    (value, (days / (days - 1.0) * squares).sqrt() / count)
}

/// One replication's sums, in customers and seconds.
#[derive(Default, Clone)]
pub struct DaySums {
    pub arrivals: f64,
    pub abandoned: f64,
    pub wait_served: f64,
    pub wait_abandoned: f64,
    pub within_300: f64,
}

/// A run of a model and what is off in it.
pub struct Run {
    outcome: Outcome,
    case: Case,
    id: &'static str,
    counted: f64,
    t: f64,
    /// Waits so uneven that half-widths of 2% must do.
    pub heavy_tailed: bool,
    off: Vec<String>,
}

impl Run {
    fn row(&self, figure: Figure, of: &str) -> &FigureRow {
        let mut population = Population::default();
        if of != "*" {
            population.segment = Some(of.to_owned());
        } else if matches!(figure, Figure::QueueLength | Figure::Occupancy) {
            population.resource = Some("server".to_owned());
        }
        let found = self.outcome.figures.find(figure, &population);
        found.unwrap_or_else(|| panic!("{}: no {figure} of {of}", self.id))
    }

    fn check(&mut self, key: &str, value: f64, half: f64, tolerance: f64) {
        let what = format!("{} {key}", self.id);
        let expected = self.case.expected(key);
        let measured = (value, half / self.t, self.t);
        self.off.extend(fault(&what, measured, expected, tolerance));
    }

    fn relative(&self, key: &str) -> f64 {
        self.case.expected(key) * if self.heavy_tailed { 0.02 } else { 0.01 }
    }

    fn scaled_mean(&mut self, key: &str, figure: Figure, of: &str, scale: f64) {
        let row = self.row(figure, of);
        let half = (row.mean_high.expect("an interval") - row.mean_low.expect("an interval")) / 2.0;
        let value = row.mean.expect("a mean");
        let tolerance = self.relative(key);
        self.check(key, value * scale, half * scale, tolerance);
    }

    pub fn mean(&mut self, key: &str, figure: Figure, of: &str) {
        self.scaled_mean(key, figure, of, 1.0);
    }

    /// The mean for each of several like servers.
    pub fn mean_each(&mut self, key: &str, figure: Figure, servers: f64) {
        self.scaled_mean(key, figure, "*", 1.0 / servers);
    }

    /// How much the mean waits of replications of n customers differ, times n. The
    /// estimate of a variance from R values is off by a share of sqrt(2 / (R − 1)).
    pub fn asymptotic_variance(&mut self, key: &str) {
        let rows = self.outcome.days.rows().into_iter();
        let rows = rows.filter(|row| {
            row.figure == "wait"
                && row.channel.is_none()
                && row.service.is_none()
                && row.segment.is_none()
        });
        let pairs: Vec<(f64, f64)> = rows.map(|row| (row.sum, row.count as f64)).collect();
        let count: f64 = pairs.iter().map(|pair| pair.1).sum();
        let mean = pairs.iter().map(|pair| pair.0).sum::<f64>() / count;
        let squares: f64 = pairs.iter().map(|(s, n)| (s - mean * n).powi(2)).sum();
        let freedom = pairs.len() as f64 - 1.0;
        // n (mean − W)² = (s − n W)² / n, with n the mean count.
        let value = squares / freedom / (count / pairs.len() as f64);
        let error = value * (2.0 / freedom).sqrt();
        let expected = self.case.expected(key);
        let what = format!("{} {key}", self.id);
        let measured = (value, error, NORMAL_975);
        self.off
            .extend(fault(&what, measured, expected, 0.15 * expected));
    }

    pub fn throughput(&mut self, key: &str) {
        let per_second = 1.0 / self.counted;
        self.scaled_mean(key, Figure::Served, "*", per_second);
    }

    pub fn share_of_arrivals(&mut self, key: &str, figure: Figure) {
        let arrivals = self.row(Figure::Arrivals, "*").mean.expect("a mean");
        let row = self.row(figure, "*");
        let half = (row.mean_high.expect("an interval") - row.mean_low.expect("an interval")) / 2.0;
        let value = row.mean.expect("a mean");
        self.check(key, value / arrivals, half / arrivals, 0.001);
    }

    /// The share of waits within so many seconds, or of those beyond.
    pub fn probability(&mut self, key: &str, seconds: f64, beyond: bool) {
        let row = self.row(Figure::Wait, "*");
        let share = row
            .shares
            .iter()
            .find(|it| (it.threshold_seconds - seconds).abs() < 1e-9)
            .unwrap_or_else(|| panic!("no threshold of {seconds} s"));
        let half = (share.high.expect("an interval") - share.low.expect("an interval")) / 2.0;
        let value = share.share.expect("a share");
        let value = if beyond { 1.0 - value } else { value };
        // What is too rare to have been seen has no width: as near as is asked for.
        let rare = half <= 0.0 && (value - self.case.expected(key)).abs() < 0.001;
        if rare {
            return;
        }
        self.check(key, value, half, 0.001);
    }

    /// Whatever of the usual figures of a queue the case expects.
    pub fn queue_figures(&mut self) {
        for (key, figure) in [
            ("Wq_mean", Figure::Wait),
            ("W_mean", Figure::TimeInBranch),
            ("Lq_mean", Figure::QueueLength),
            ("L_mean", Figure::PeopleInBranch),
            ("utilisation", Figure::Occupancy),
        ] {
            if self.case.0["expected"][key].is_f64() {
                self.mean(key, figure, "*");
            }
        }
        if self.case.0["expected"]["P_wait"].is_f64() {
            self.probability("P_wait", 1e-6, true);
        }
    }

    fn near(&mut self, key: &str, value: f64) {
        let expected = self.case.expected(key);
        let allowed = if self.heavy_tailed { 0.05 } else { 0.03 };
        if (value - expected).abs() > allowed * expected {
            self.off
                .push(format!("{} {key}: {value} instead of {expected}", self.id));
        }
    }

    pub fn deviation(&mut self, key: &str) {
        let value = self.row(Figure::Wait, "*").sd.expect("a deviation");
        self.near(key, value);
    }

    pub fn quantile(&mut self, key: &str, q: f64) {
        let row = self.row(Figure::Wait, "*");
        let found = row.quantiles.iter().find(|it| (it.q - q).abs() < 1e-9);
        let found = found.expect("the quantile is told");
        let value = found.value.expect("a quantile");
        let half = (found.high.expect("an interval") - found.low.expect("an interval")) / 2.0;
        let expected = self.case.expected(key);
        // Its interval is by resampling 40 replications, itself known to a tenth or so only.
        let allowed = (half / NORMAL_975 * LIMIT).max(0.03 * expected);
        if (value - expected).abs() > allowed {
            self.off.push(format!(
                "{} {key}: {value} ± {half} instead of {expected}",
                self.id
            ));
        }
    }

    /// A ratio of sums over all who came.
    pub fn of_all(&mut self, key: &str, pair: impl Fn(&DaySums) -> (f64, f64)) {
        let mut days = vec![DaySums::default(); self.outcome.replications as usize];
        let everybody =
            |it: &sim::DayRow| it.channel.is_none() && it.service.is_none() && it.segment.is_none();
        for row in self.outcome.days.rows().into_iter().filter(everybody) {
            let day = &mut days[row.replication as usize];
            match row.figure.as_ref() {
                "arrivals" => day.arrivals = row.count as f64,
                "abandoned" => {
                    day.abandoned = row.count as f64;
                    day.wait_abandoned = row.sum;
                }
                "wait" => {
                    day.wait_served = row.sum;
                    day.within_300 = row.within as f64;
                }
                _ => {}
            }
        }
        let pairs: Vec<_> = days.iter().map(pair).collect();
        let (value, error) = ratio_of_sums(&pairs);
        let tolerance = if key.starts_with("P_") {
            0.001
        } else {
            self.relative(key)
        };
        self.check(key, value, error * self.t, tolerance);
    }

    pub fn holds(self) {
        assert!(self.off.is_empty(), "{}", self.off.join("\n"));
    }
}

/// Sum and number of something over customers.
pub fn ratio(day: &[CustomerRecord], of: impl Fn(&CustomerRecord) -> f64) -> (f64, f64) {
    (day.iter().map(of).sum(), day.len() as f64)
}

type OfDay = Box<dyn Fn(&[CustomerRecord]) -> (f64, f64) + Sync>;

/// What is looked at customer by customer.
pub struct Records {
    scenario: Scenario,
    replications: u32,
    case: Case,
    id: &'static str,
    /// Relative half-width allowed.
    pub tolerance: f64,
    figures: Vec<(String, OfDay)>,
}

impl Records {
    /// A ratio of sums over replications to look at.
    pub fn mean(
        &mut self,
        key: &str,
        of: impl Fn(&[CustomerRecord]) -> (f64, f64) + Sync + 'static,
    ) {
        self.figures.push((key.to_owned(), Box::new(of)));
    }

    pub fn holds(self) {
        let options = Options::of(&self.scenario);
        let half = self.replications / 2;
        let work = |replications: std::ops::Range<u32>| -> Vec<Vec<(f64, f64)>> {
            replications
                .map(|replication| {
                    let day = records(&self.scenario, &options, replication).expect("it is sound");
                    self.figures.iter().map(|(_, of)| of(&day)).collect()
                })
                .collect()
        };
        let days = thread::scope(|scope| {
            let first = scope.spawn(|| work(0..half));
            let mut second = work(half..self.replications);
            second.extend(first.join().expect("it does not panic"));
            second
        });
        let mut off = Vec::new();
        for (number, (key, _)) in self.figures.iter().enumerate() {
            let pairs: Vec<_> = days.iter().map(|day| day[number]).collect();
            let (value, error) = ratio_of_sums(&pairs);
            let expected = self.case.expected(key);
            let what = format!("{} {key}", self.id);
            let measured = (value, error, NORMAL_975);
            let tolerance = self.tolerance * expected;
            off.extend(fault(&what, measured, expected, tolerance));
        }
        assert!(off.is_empty(), "{}", off.join("\n"));
    }
}
