//! Plain profiles: sessions that start at a rate which follows a shape, or users who
//! begin a session when their last is over; each session goes through one of the flows.
//!
//! A session depends on the profile, its seed and its own number only, so a profile can
//! be gone through as often as needed and is never held.

mod bank;
mod curve;
mod feeder;
mod file;
mod traffic;

pub use bank::BankTraffic;
pub use file::is_profile;

use crate::course::Spike;
use crate::error::LoadError;
use crate::options::Model;
use crate::placed::{Document, Fault};
use csv::StringRecord;
use curve::{Curve, Inverse};
use feeder::{Feeder, Rows};
use rand::{RngExt, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;
use scenarios::gate::Gate;
use scenarios::model::{Label, NamedGate};
use scenarios::operation::Channel;
use scenarios::time::{SimTime, Span};
use serde::Deserialize;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// When sessions start, given the rate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Arrivals {
    /// As evenly as the rate allows: the n-th when the integral of the rate is n.
    #[default]
    Even,
    /// Each for itself, as customers do who know nothing of each other.
    Poisson,
}

/// Who starts sessions, and over how many connections.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Crowd {
    /// Open, capped or closed.
    pub model: Model,
    /// Connections at most; users of a closed model.
    pub connections: u32,
    /// In a closed model: how long users begin sessions.
    pub lasts: Span,
    /// In a closed model: over which time the users begin.
    pub ramp: Span,
    /// In a closed model: the pause of a user between two sessions.
    pub pause: Span,
    /// In a closed model: how many sessions there are at most.
    pub sessions: Option<u64>,
}

impl Default for Crowd {
    fn default() -> Self {
        Self {
            model: Model::CappedOpen,
            connections: 64,
            lasts: Span(0),
            ramp: Span(0),
            pause: Span(0),
            sessions: None,
        }
    }
}

/// What a session does, step by step.
#[derive(Debug, Clone, PartialEq)]
pub struct Flow {
    /// Its name.
    pub name: String,
    /// How often it is taken, beside the others' weights.
    pub weight: f64,
    /// On which channel, where that means something.
    pub channel: Option<Channel>,
    /// What is asked, in order.
    pub steps: Vec<FlowStep>,
    pub(crate) place: Range<usize>,
}

/// One step.
#[derive(Debug, Clone, PartialEq)]
pub struct FlowStep {
    /// Name of the operation.
    pub operation: String,
    /// Pause after the answer before it; the mean, if it varies.
    pub think: Span,
    /// The pause is drawn from an exponential law.
    pub exponential: bool,
    /// What the operation moves, in fen.
    pub amount_fen: Option<i64>,
    /// Codes of refusals that are right.
    pub allow: Arc<[String]>,
    pub(crate) place: Range<usize>,
}

/// A profile that has been read.
#[derive(Debug, Clone)]
pub struct Profile {
    /// Its name.
    pub name: String,
    /// The question that it answers.
    pub question: Label,
    /// The target file that it names.
    pub target_file: Option<PathBuf>,
    /// Root of the randomness.
    pub seed: u64,
    /// When sessions start, given the rate.
    pub arrivals: Arrivals,
    /// Times faster than true.
    pub speed: f64,
    /// Times more sessions than the traffic says.
    pub volume: f64,
    /// Real time at the start that is not measured.
    pub warm_up: Span,
    /// Real time that an answer may take.
    pub timeout: Span,
    /// Real time after the last planned start in which sessions may end.
    pub drain: Span,
    /// Customers that sessions belong to.
    pub customers: u32,
    /// Time of day at which it begins.
    pub begins: SimTime,
    /// Who starts sessions.
    pub crowd: Crowd,
    /// What sessions do.
    pub flows: Vec<Flow>,
    /// What must hold.
    pub gates: Vec<NamedGate>,
    /// Thresholds to count shares for, ascending.
    pub thresholds: Vec<Span>,
    /// Further quantiles.
    pub quantiles: Vec<f64>,
    /// The same traffic all the time.
    pub steady: bool,
    /// The first spike: seconds of the profile's time.
    spike: Option<(f64, f64)>,
    curve: Curve,
    feeders: Vec<Feeder>,
    document: Document,
}

/// A session: its flow and everything drawn for it.
#[derive(Debug, Clone)]
pub struct Session {
    /// From 0.
    pub number: u64,
    /// Nanoseconds of the profile's time; 0 in a closed model.
    pub at: u64,
    /// Position of its flow.
    pub flow: usize,
    /// Its customer, and another one.
    pub customer: u32,
    pub other: u32,
    /// Pause before each step, nanoseconds of the profile's time.
    pub thinks: Vec<u64>,
    /// A row of each feeder.
    pub rows: Arc<[Arc<StringRecord>]>,
}

impl Session {
    /// When it starts, in the profile's time.
    pub(crate) fn starts(&self) -> SimTime {
        SimTime(self.at / 1000)
    }
}

impl Profile {
    /// Reads a profile.
    ///
    /// # Errors
    /// What is wrong, with its line.
    pub fn read(path: &Path) -> Result<Self, Fault> {
        file::read(path)
    }

    /// Whether it measures what a gate looks at.
    ///
    /// # Errors
    /// Why not, and what there is.
    pub fn measures(&self, gate: &Gate) -> Result<(), String> {
        file::measured(&self.flows, gate)
    }

    /// As the file has it.
    pub fn text(&self) -> &str {
        self.document.text()
    }

    /// A hash of everything that decides the traffic: the file, and the contents of its feeders.
    /// What the command line changes (speed, volume, seed) is told beside it.
    ///
    /// # Errors
    /// [`LoadError::File`] when a feeder cannot be read any more.
    pub fn hash(&self) -> Result<String, LoadError> {
        let mut hasher = blake3::Hasher::new();
        hasher.update(self.text().as_bytes());
        for feeder in &self.feeders {
            // A hash has one length, so no content can pass for another feeder's.
            hasher.update(feeder.hash()?.as_bytes());
        }
        Ok(hasher.finalize().to_hex().to_string())
    }

    /// What is wrong at a place of it.
    pub(crate) fn fault(&self, place: &Range<usize>, why: impl Into<String>) -> Fault {
        self.document.fault(place.clone(), why)
    }

    /// The feeders: name and columns of each.
    pub fn feeders(&self) -> impl Iterator<Item = (&str, &[String])> {
        let feeders = self.feeders.iter();
        feeders.map(|feeder| (feeder.name.as_str(), feeder.columns.as_slice()))
    }

    /// How long sessions start, in the profile's own time.
    pub fn lasts(&self) -> Span {
        match self.crowd.model {
            Model::Closed => self.crowd.lasts,
            Model::Open | Model::CappedOpen => Span::from_seconds(self.curve.seconds()),
        }
    }

    /// The first spike, in real time.
    pub fn spike(&self) -> Option<Spike> {
        self.spike.map(|(begins, ends)| Spike {
            begins: begins / self.speed,
            ends: ends / self.speed,
        })
    }

    /// The highest rate of starting sessions a real second; none in a closed model.
    pub fn peak(&self) -> Option<f64> {
        (self.crowd.model != Model::Closed).then(|| self.curve.peak() * self.volume * self.speed)
    }

    /// Mean steps of a session.
    fn mean_steps(&self) -> f64 {
        let weights: f64 = self.flows.iter().map(|flow| flow.weight).sum();
        let steps = self.flows.iter();
        steps
            .map(|flow| flow.weight * flow.steps.len() as f64)
            .sum::<f64>()
            / weights
    }

    /// How many operations there will be, about; none in a closed model.
    pub fn expected(&self) -> Option<u64> {
        let sessions = self.curve.total() * self.volume;
        (self.crowd.model != Model::Closed).then(|| (sessions * self.mean_steps()).round() as u64)
    }

    /// Its sessions from the first.
    ///
    /// # Errors
    /// [`LoadError::File`] when a feeder cannot be read.
    pub fn sessions(
        &self,
    ) -> Result<impl Iterator<Item = Result<Session, LoadError>> + use<>, LoadError> {
        let rows = self.feeders.iter().map(Feeder::rows);
        let mut total = 0.0;
        let shares = self.flows.iter().map(|flow| {
            total += flow.weight;
            total
        });
        Ok(Sessions {
            shares: shares.collect(),
            flows: self.flows.clone(),
            rows: rows.collect::<Result<_, _>>()?,
            inverse: Inverse::new(self.curve.times(self.volume)),
            arrivals: self.arrivals,
            gaps: keyed(self.seed, u64::MAX),
            arrived: 0.0,
            seed: self.seed,
            crowd: self.crowd,
            customers: self.customers,
            number: 0,
            failed: false,
        })
    }
}

/// A generator of one session's own draws.
fn keyed(seed: u64, number: u64) -> Xoshiro256PlusPlus {
    // Seeding goes through SplitMix64, which scatters neighbours.
    Xoshiro256PlusPlus::seed_from_u64(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ number)
}

/// A draw of an exponential law with mean 1.
fn exponential(random: &mut Xoshiro256PlusPlus) -> f64 {
    -(1.0 - random.random::<f64>()).ln()
}

struct Sessions {
    flows: Vec<Flow>,
    /// Weights summed up.
    shares: Vec<f64>,
    rows: Vec<Rows>,
    inverse: Inverse,
    arrivals: Arrivals,
    gaps: Xoshiro256PlusPlus,
    /// Integral of the rate at the last start of Poisson arrivals.
    arrived: f64,
    seed: u64,
    crowd: Crowd,
    customers: u32,
    number: u64,
    failed: bool,
}

impl Sessions {
    /// Nanoseconds at which the next session starts.
    fn next_start(&mut self) -> Option<u64> {
        if self.crowd.model == Model::Closed {
            let most = self.crowd.sessions.unwrap_or(u64::MAX);
            return (self.number < most).then_some(0);
        }
        let count = match self.arrivals {
            Arrivals::Even => self.number as f64,
            Arrivals::Poisson => {
                self.arrived += exponential(&mut self.gaps);
                self.arrived
            }
        };
        let seconds = self.inverse.when(count)?;
        Some((seconds * 1e9).round() as u64)
    }

    fn session(&mut self, at: u64) -> Result<Option<Session>, LoadError> {
        let mut random = keyed(self.seed, self.number);
        let rows = self.rows.iter_mut();
        let rows: Option<Vec<_>> = rows
            .map(|rows| rows.next(&mut random))
            .collect::<Result<_, _>>()?;
        let Some(rows) = rows else { return Ok(None) };
        let total = self.shares.last().copied().unwrap_or(0.0);
        let drawn = random.random::<f64>() * total;
        let flow = self.shares.partition_point(|share| *share <= drawn);
        let flow = flow.min(self.flows.len() - 1);
        let customer = random.random_range(0..self.customers);
        // Another one: the next of the rest, wherever the rest begins.
        let other = random.random_range(0..self.customers - 1);
        let other = (customer + 1 + other) % self.customers;
        let steps = self.flows[flow].steps.iter().zip(0..);
        let thinks = steps.map(|(step, place)| {
            let mut think = step.think;
            if place == 0 && self.crowd.model == Model::Closed {
                think.0 = think.0.saturating_add(self.crowd.pause.0);
            }
            let nanos = think.0.saturating_mul(1000);
            if step.exponential {
                (nanos as f64 * exponential(&mut random)).round() as u64
            } else {
                nanos
            }
        });
        Ok(Some(Session {
            number: self.number,
            at,
            flow,
            customer,
            other,
            thinks: thinks.collect(),
            rows: rows.into(),
        }))
    }
}

impl Iterator for Sessions {
    type Item = Result<Session, LoadError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.failed {
            return None;
        }
        let at = self.next_start()?;
        let session = self.session(at).transpose()?;
        self.failed = session.is_err();
        self.number += 1;
        Some(session)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn profile(text: &str) -> Profile {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("p.toml");
        std::fs::write(&path, text).unwrap();
        Profile::read(&path).unwrap()
    }

    fn sessions(profile: &Profile) -> Vec<Session> {
        profile.sessions().unwrap().map(Result::unwrap).collect()
    }

    #[test]
    fn the_same_profile_has_the_same_sessions_again() {
        let profile = profile(
            "arrivals = \"poisson\"\n[[traffic]]\nshape = \"constant\"\nrate = 100\nfor = \"100s\"\n[[flows]]\nweight = 3\nsteps = [\"a\", {operation = \"b\", think = \"2s\", vary = \"exponential\"}]\n[[flows]]\nsteps = [\"c\"]\n",
        );
        let (one, two) = (sessions(&profile), sessions(&profile));
        assert_eq!(format!("{one:?}"), format!("{two:?}"));
        // Poisson: 10,000 with a deviation of 100; three quarters of them the first flow;
        // pauses with a mean of 2 s.
        assert!((9_500..10_500).contains(&one.len()), "{}", one.len());
        let first: Vec<_> = one.iter().filter(|it| it.flow == 0).collect();
        let share = first.len() as f64 / one.len() as f64;
        assert!((0.73..0.77).contains(&share), "{share}");
        let mean = first.iter().map(|it| it.thinks[1] as f64).sum::<f64>() / first.len() as f64;
        assert!((1.85e9..2.15e9).contains(&mean), "{mean}");
        assert!(one.iter().all(|it| it.customer != it.other));
        assert!(one.windows(2).all(|two| two[0].at <= two[1].at));
        // Gaps of Poisson arrivals are exponential: 1/e of them are longer than the mean.
        let long = one
            .windows(2)
            .filter(|two| two[1].at - two[0].at > 10_000_000)
            .count();
        let share = long as f64 / one.len() as f64;
        assert!((0.35..0.39).contains(&share), "{share}");
    }

    #[test]
    fn volume_makes_more_sessions_and_not_a_longer_time() {
        let mut profile = profile(
            "[[traffic]]\nshape = \"constant\"\nrate = 10\nfor = \"10s\"\n[[flows]]\nsteps = [\"a\", \"b\"]\n",
        );
        assert_eq!(profile.expected(), Some(200));
        profile.volume = 3.0;
        let sessions = sessions(&profile);
        assert_eq!(sessions.len(), 300);
        assert_eq!(sessions[299].at, 9_966_666_667);
    }
}
