//! Intervals over days cover the truth as often as they say: nineteen times of twenty.
//!
//! The days are Law's bank (60 customers an hour, 4.5 minutes each, five or seven
//! tellers; everybody inside at closing is served), whose truth is computed here from
//! the Kolmogorov equations of M/M/c that starts empty, and compared with the
//! published means of eight hours. Customers of one of these days are far from
//! independent. To be done soon, the bank opens for two hours.

use scenarios::figure::{Figure, FigureRow, Population};
use scenarios::file::read;
use scenarios::model::Scenario;
use sim::{Options, Outcome, compare, simulate};

const EIGHT_HOURS: f64 = 28_800.0;
const TWO_HOURS: f64 = 7_200.0;
const COME_PER_SECOND: f64 = 1.0 / 60.0;
const SERVED_PER_SECOND: f64 = 1.0 / 270.0;

/// Runs, each of so many days.
const SEEDS: u64 = 300;
const DAYS: u32 = 200;

/// How long customers of a day wait who come to so many tellers.
struct Truth {
    tellers: usize,
    /// The share of customers who find so many inside.
    find: Vec<f64>,
}

impl Truth {
    /// By Runge and Kutta, in steps of five seconds. Customers come as a Poisson
    /// stream, so they find what an observer of the clock finds.
    fn of(tellers: usize, open_seconds: f64) -> Self {
        const STATES: usize = 160;
        const STEP: f64 = 5.0;
        let flow = |p: &[f64]| -> Vec<f64> {
            let up = |n: usize| {
                if n + 1 < STATES {
                    COME_PER_SECOND * p[n]
                } else {
                    0.0
                }
            };
            let down = |n: usize| SERVED_PER_SECOND * n.min(tellers) as f64 * p[n];
            (0..STATES)
                .map(|n| {
                    let before = if n > 0 { up(n - 1) } else { 0.0 };
                    let after = if n + 1 < STATES { down(n + 1) } else { 0.0 };
                    before + after - up(n) - down(n)
                })
                .collect()
        };
        let along = |p: &[f64], slope: &[f64], step: f64| -> Vec<f64> {
            p.iter().zip(slope).map(|(p, s)| p + step * s).collect()
        };
        let mut p = vec![0.0; STATES];
        p[0] = 1.0;
        let mut find = vec![0.0; STATES];
        let steps = (open_seconds / STEP) as usize;
        for _ in 0..steps {
            let first = flow(&p);
            let second = flow(&along(&p, &first, STEP / 2.0));
            let third = flow(&along(&p, &second, STEP / 2.0));
            let fourth = flow(&along(&p, &third, STEP));
            let next: Vec<f64> = (0..STATES)
                .map(|n| {
                    p[n] + STEP / 6.0 * (first[n] + 2.0 * second[n] + 2.0 * third[n] + fourth[n])
                })
                .collect();
            for n in 0..STATES {
                find[n] += f64::midpoint(p[n], next[n]) / steps as f64;
            }
            p = next;
        }
        Self { tellers, find }
    }

    fn mean(&self) -> f64 {
        let rate = SERVED_PER_SECOND * self.tellers as f64;
        let wait = |n: usize| (n + 1).saturating_sub(self.tellers) as f64 / rate;
        self.find.iter().enumerate().map(|(n, p)| p * wait(n)).sum()
    }

    /// The share who wait at most so long: for Erlang's law of as many services as
    /// there are customers ahead.
    fn within(&self, seconds: f64) -> f64 {
        let y = SERVED_PER_SECOND * self.tellers as f64 * seconds;
        let (mut term, mut fewer, mut longer) = ((-y).exp(), 0.0, 0.0);
        for (ahead, p) in self.find[self.tellers..].iter().enumerate() {
            fewer += term;
            term *= y / (ahead + 1) as f64;
            longer += p * fewer;
        }
        1.0 - longer
    }

    fn quantile(&self, q: f64) -> f64 {
        let (mut low, mut high) = (0.0, 20_000.0);
        while high - low > 1e-6 {
            let middle = f64::midpoint(low, high);
            if self.within(middle) < q {
                low = middle;
            } else {
                high = middle;
            }
        }
        high
    }
}

#[test]
fn the_truth_of_these_days_is_as_published() {
    let file: serde_json::Value =
        serde_json::from_str(include_str!("cases/exact.json")).expect("the cases are JSON");
    let cases = file["cases"].as_array().expect("a list");
    for (id, tellers) in [("law_jockey_5", 5), ("law_jockey_7", 7)] {
        let case = cases.iter().find(|case| case["id"] == id);
        let published = case.expect("it is there")["expected"]["mean_delay_pooled"]
            .as_f64()
            .expect("a number");
        let own = Truth::of(tellers, EIGHT_HOURS).mean();
        assert!((own / published - 1.0).abs() < 1e-4, "{own} {published}");
    }
}

fn scenario(text: &str) -> Scenario {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("days.toml");
    std::fs::write(&path, text).expect("the folder is writable");
    read(&path, &[]).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

fn laws_bank(tellers: usize, further: &str) -> Scenario {
    scenario(&format!(
        "[day]\nopen = \"09:00\"\nclose = \"11:00\"\ninterval = \"2h\"\n[run]\nreplications = {DAYS}\n{further}\n\
         [resources.teller]\ncapacity = {tellers}\n\
         [journeys.errand]\ntime = {{ law = \"exponential\", mean = \"4.5min\" }}\nholds = [\"teller\"]\n\
         [arrivals]\nrate_per_hour = 60\n"
    ))
}

fn run(scenario: &Scenario, seed: u64) -> Outcome {
    let options = Options {
        seed,
        threads: 2,
        ..Options::of(scenario)
    };
    simulate(scenario, &options, &()).expect("the scenario is sound")
}

fn total(outcome: &Outcome, figure: Figure) -> &FigureRow {
    let found = outcome.figures.find(figure, &Population::default());
    found.unwrap_or_else(|| panic!("no {figure:?}"))
}

/// How often the intervals called by a name covered the truth.
#[derive(Default)]
struct Covered {
    counts: Vec<(String, u64, u64)>,
}

impl Covered {
    fn add(&mut self, what: &str, interval: (Option<f64>, Option<f64>), truth: f64) {
        let (low, high) = (interval.0.expect("low"), interval.1.expect("high"));
        let at = self.counts.iter().position(|(name, ..)| name == what);
        let at = at.unwrap_or_else(|| {
            self.counts.push((what.to_owned(), 0, 0));
            self.counts.len() - 1
        });
        self.counts[at].1 += u64::from((low..=high).contains(&truth));
        self.counts[at].2 += 1;
    }

    /// Each within 3.3 standard deviations of a binomial share of its nominal one.
    fn are_near(&self, nominal: f64) {
        assert!(!self.counts.is_empty());
        let mut off = Vec::new();
        for (what, covered, runs) in &self.counts {
            let share = *covered as f64 / *runs as f64;
            let deviation = (nominal * (1.0 - nominal) / *runs as f64).sqrt();
            println!("{what}: {share:.3} of {runs}");
            if (share - nominal).abs() > 3.3 * deviation {
                off.push(format!("{what}: {share:.3} of {runs}, not {nominal:.3}"));
            }
        }
        assert!(off.is_empty(), "{}", off.join("\n"));
    }
}

#[test]
fn intervals_over_days_cover_the_truth_nineteen_times_of_twenty() {
    let truths = [5, 7].map(|tellers| Truth::of(tellers, TWO_HOURS));
    let scenarios = [laws_bank(5, ""), laws_bank(7, "")];
    let mut covered = Covered::default();
    let mut before = run(&scenarios[1], 0);
    for seed in 1..=SEEDS {
        let outcomes = [run(&scenarios[0], seed), run(&scenarios[1], seed)];
        for (truth, outcome) in truths.iter().zip(&outcomes) {
            let tellers = truth.tellers;
            let arrivals = total(outcome, Figure::Arrivals);
            let interval = (arrivals.mean_low, arrivals.mean_high);
            covered.add(&format!("arrivals, {tellers}"), interval, 120.0);
            let wait = total(outcome, Figure::Wait);
            let interval = (wait.mean_low, wait.mean_high);
            covered.add(&format!("mean wait, {tellers}"), interval, truth.mean());
            let share = wait.shares.first().expect("five minutes");
            let interval = (share.low, share.high);
            covered.add(
                &format!("within five minutes, {tellers}"),
                interval,
                truth.within(300.0),
            );
            for quantile in wait
                .quantiles
                .iter()
                .filter(|it| truth.quantile(it.q) > 1.0)
            {
                covered.add(
                    &format!("quantile {} of the wait, {tellers}", quantile.q),
                    (quantile.low, quantile.high),
                    truth.quantile(quantile.q),
                );
            }
        }
        for (what, second, paired) in [("paired", &outcomes[1], true), ("apart", &before, false)] {
            let effects = compare(&outcomes[0].days.rows(), &second.days.rows(), paired);
            let effect = |statistic: &str| {
                let mut of_wait = effects.iter().filter(|it| it.figure == "wait");
                let found = of_wait.find(|it| it.statistic == statistic && it.population == "*");
                let found = found.expect("there are days");
                (Some(found.low), Some(found.high))
            };
            let difference = truths[1].mean() - truths[0].mean();
            covered.add(&format!("wait, {what}"), effect("mean"), difference);
            let difference = truths[1].within(300.0) - truths[0].within(300.0);
            let share = effect("share_within_300s");
            covered.add(&format!("within five minutes, {what}"), share, difference);
        }
        // Other customers came at the seed before.
        [_, before] = outcomes;
    }
    covered.are_near(0.95);
}

#[test]
fn a_run_that_stops_by_itself_covers_the_truth_hardly_less_often() {
    let truth = Truth::of(7, TWO_HOURS);
    let until = "until = { figure = \"wait\", half_width = \"1.5s\" }";
    let scenario = laws_bank(7, until);
    let mut covered = Covered::default();
    let (mut rounds, seeds) = (0, 100);
    for seed in 1..=seeds {
        let options = Options {
            seed,
            threads: 2,
            replications: 2048,
            ..Options::of(&scenario)
        };
        let outcome = simulate(&scenario, &options, &()).expect("the scenario is sound");
        rounds += outcome.replications / 64;
        let wait = total(&outcome, Figure::Wait);
        let half = (wait.mean_high.expect("high") - wait.mean_low.expect("low")) / 2.0;
        assert!(half <= 1.5 || outcome.replications == 2048);
        covered.add("stopped", (wait.mean_low, wait.mean_high), truth.mean());
    }
    println!("{} rounds a run", f64::from(rounds) / seeds as f64);
    assert!(rounds > 2 * seeds as u32);
    covered.are_near(0.95);
}

/// The probability of so many hits.
fn binomial(trials: u32, p: f64, hits: u32) -> f64 {
    let first = (1.0 - p).powi(trials.cast_signed());
    (1..=hits).fold(first, |term, k| {
        term * f64::from(trials - k + 1) / f64::from(k) * p / (1.0 - p)
    })
}

#[test]
fn the_interval_of_days_that_keep_the_promise_covers_as_often_as_wilsons() {
    // One customer a day, served at once for four minutes on average: a day keeps its
    // promise when that customer took at most five.
    let kept = 1.0 - (-300.0_f64 / 240.0).exp();
    let days = 60;
    let scenario = scenario(&format!(
        "[day]\nopen = \"09:00\"\nclose = \"10:00\"\ninterval = \"1h\"\n[run]\nreplications = {days}\n\
         [resources.teller]\ncapacity = 1\n\
         [journeys.errand]\ntime = {{ law = \"exponential\", mean = \"4min\" }}\nholds = [\"teller\"]\n\
         [arrivals]\ngap = \"40min\"\n\
         [gates]\npromise = \"share_within(time_in_branch, 5min) >= 80%\"\n"
    ));
    // Wilson's interval covers when the hits are near enough to what is expected.
    let z = 1.959_963_985;
    let covers = |hits: u32| {
        let (n, share) = (f64::from(days), f64::from(hits) / f64::from(days));
        (share - kept).abs() <= z * (kept * (1.0 - kept) / n).sqrt()
    };
    let nominal = (0..=days)
        .filter(|hits| covers(*hits))
        .map(|hits| binomial(days, kept, hits))
        .sum();
    let mut covered = Covered::default();
    for seed in 1..=2000 {
        let outcome = run(&scenario, seed);
        let row = total(&outcome, Figure::PromiseKept);
        assert_eq!(row.count, u64::from(days));
        covered.add("promise kept", (row.mean_low, row.mean_high), kept);
    }
    println!("nominal {nominal}");
    covered.are_near(nominal);
}
