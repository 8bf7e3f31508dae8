//! The mobile bank's traffic: sessions that start openly, a log-in, then requests
//! with pauses between them. Whoever needs it (the stream of operations, the
//! figures of the offered traffic) gets the same sessions from here.

mod counts;
mod day;
mod figures;

pub use counts::{Counts, MobileDay, MobileSecond};
pub use day::Requests;
pub use figures::{Told, rows};

use crate::SimError;
use crate::arrivals::{ArrivalCurve, ArrivalTimes, Reached};
use crate::keyed::{Key, MALL_STREAM, MESSENGER_STREAM, MOBILE_STREAM, Purpose};
use crate::law::Sampler;
use crate::source::Keyed;
use scenarios::model::{
    Affected, App, ArrivalPiece, Arrivals, Effect, Incident, Mobile, MobileRetry, Scenario,
    Sessions,
};
use scenarios::operation::Operation;
use scenarios::time::SimTime;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

/// Sessions of a day that are simulated together; more are cut into cells of
/// their own. Independent Poisson processes together are one, so a cell is as
/// good as the whole, and its calendar stays small.
const SESSIONS_OF_A_CELL: f64 = 262_144.0;

/// The sessions of one application of a scenario's mobile bank, ready to be drawn from.
#[derive(Debug)]
pub struct Traffic {
    /// Which application.
    pub app: App,
    /// Whether the load generator plays it: the bank offers what it asks for.
    pub is_played: bool,
    stream: u64,
    seed: u64,
    curve: ArrivalCurve,
    think: Sampler,
    mix: Mix,
    requests: u32,
    actives: u64,
    /// Of active users, numbered branch by branch, how many are of each branch and
    /// those before it; none where they are not told by branch.
    up_to_branch: Vec<u64>,
    silence: Option<Silence>,
    /// Parts of the day's traffic: each one's share of the curve.
    cells: Vec<f64>,
}

/// When the bank gives no answer, and what users do then.
#[derive(Debug)]
struct Silence {
    /// From when until when.
    stretches: Vec<(u64, u64)>,
    after: Sampler,
    tries: u32,
}

/// One request of a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Request {
    /// Microseconds since midnight, with a bank that answers at once.
    pub at: u64,
    /// The session's number in its cell, and the request's in the session, from 0.
    pub session: u32,
    pub place: u32,
    /// How often the same has been asked in vain before.
    pub tries: u32,
    /// Position in [`Traffic::operations`].
    pub operation: usize,
    /// Whether the session ends with it.
    pub last: bool,
    /// Whether it gets no answer.
    pub in_vain: bool,
}

impl Request {
    /// Whether a session starts with it.
    pub fn starts(&self) -> bool {
        self.place == 0 && self.tries == 0
    }
}

impl Traffic {
    /// Makes a scenario's mobile bank ready, application by application.
    ///
    /// # Errors
    /// Its laws or weights cannot be drawn from.
    pub fn of(scenario: &Scenario, seed: u64) -> Result<Vec<Self>, SimError> {
        let Some(mobile) = &scenario.mobile else {
            return Ok(Vec::new());
        };
        let apps = mobile.apps();
        apps.map(|(app, sessions)| Self::new(scenario, mobile, (app, sessions), seed))
            .collect()
    }

    fn new(
        scenario: &Scenario,
        mobile: &Mobile,
        (app, sessions): (App, &Sessions),
        seed: u64,
    ) -> Result<Self, SimError> {
        let refuse = |problem: String| SimError::Scenario {
            place: "mobile".to_owned(),
            problem,
        };
        let curve = ArrivalCurve::new(&day(sessions).map_err(refuse)?, 0, false)
            .map_err(refuse)?
            .with_campaigns(scenario.campaigns.iter().filter(|it| it.mobile));
        let cells = (sessions.sessions_per_day() / SESSIONS_OF_A_CELL)
            .ceil()
            .clamp(1.0, 1e6);
        let mut sum = 0;
        let up_to_branch = mobile.by_branch.iter().map(|actives| {
            sum += actives;
            sum
        });
        let silence = mobile
            .retry
            .as_ref()
            .map(|retry| Silence::of(&scenario.incidents, retry).map_err(refuse))
            .transpose()?;
        Ok(Self {
            app,
            is_played: sessions.is_played(),
            stream: match app {
                App::Bank => MOBILE_STREAM,
                App::Mall => MALL_STREAM,
                App::Messenger => MESSENGER_STREAM,
            },
            seed,
            curve,
            think: Sampler::new(&sessions.think).map_err(refuse)?,
            mix: Mix::new(sessions),
            requests: sessions.requests_per_session,
            actives: sessions.monthly_actives,
            up_to_branch: up_to_branch.collect(),
            silence: silence.filter(|it| !it.stretches.is_empty()),
            cells: vec![1.0 / cells; cells as usize],
        })
    }

    /// How many cells it is cut into.
    pub fn cells(&self) -> usize {
        self.cells.len()
    }

    /// What is asked for: the log-in first, then the mix as offered.
    pub fn operations(&self) -> &[Operation] {
        &self.mix.operations
    }

    /// Where the draws of a cell's sessions come from.
    pub fn key(&self, replication: u32, cell: usize) -> Key {
        let key = Key::of_stream(self.seed, replication, self.stream);
        if self.cells.len() == 1 {
            key
        } else {
            key.under(Purpose::Cell { cell: cell as u32 })
        }
    }

    /// When the sessions of a cell start, with their keys.
    pub fn starts(&self, replication: u32, cell: usize) -> ArrivalTimes<'_, Keyed> {
        let key = self.key(replication, cell);
        self.curve.times_scaled(key, &Keyed, self.cells[cell])
    }

    /// Those after the ones that came before they were left.
    pub fn later_starts(&self, reached: &Reached) -> ArrivalTimes<'_, Keyed> {
        self.curve.go_on(reached, &Keyed)
    }

    /// The pause before a session's request at this place, in microseconds; none
    /// if the session has no such request.
    #[inline]
    pub fn pause(&self, key: Key, place: u32) -> Option<u64> {
        if self.ends_before(place) {
            return None;
        }
        let bits = key.bits(Purpose::Think { place });
        Some(if place == 0 {
            0
        } else {
            self.think.micros(bits)
        })
    }

    /// What a session asks for at this place, as a position in `operations`.
    #[inline]
    pub fn operation(&self, key: Key, place: u32) -> usize {
        if place == 0 {
            return 0;
        }
        self.mix.at(key.uniform(Purpose::Mix { place }))
    }

    /// Whether a request at this moment gets no answer.
    #[inline]
    pub fn is_in_vain(&self, at: u64) -> bool {
        self.silence.as_ref().is_some_and(|silence| {
            let mut stretches = silence.stretches.iter();
            stretches.any(|(from, to)| *from <= at && at < *to)
        })
    }

    /// How long after a request in vain the same is asked again; none if the user
    /// gives up.
    pub fn tries_again_after(&self, key: Key, place: u32, tries: u32) -> Option<u64> {
        let silence = self.silence.as_ref().filter(|it| tries < it.tries)?;
        let tries = tries + 1;
        let after = silence
            .after
            .micros(key.bits(Purpose::TryAgain { place, tries }));
        Some(after.max(1))
    }

    /// Which active user a session is of.
    fn who(&self, key: Key) -> u64 {
        let who = (u128::from(key.bits(Purpose::Who)) * u128::from(self.actives.max(1))) >> 64;
        who as u64
    }

    /// How many branches have active users of their own.
    pub fn branches(&self) -> usize {
        self.up_to_branch.len()
    }

    /// Whose branch's active user a session is of, where they are told by branch.
    pub fn branch(&self, key: Key) -> Option<usize> {
        let all = *self.up_to_branch.last()?;
        // Of another application there may be more or fewer users: alike among the branches.
        let who = u128::from(self.who(key)) * u128::from(all) / u128::from(self.actives.max(1));
        let branch = self
            .up_to_branch
            .partition_point(|up_to| u128::from(*up_to) <= who);
        Some(branch.min(self.up_to_branch.len() - 1))
    }

    /// The name of the customer whose session it is.
    pub fn customer(&self, key: Key) -> String {
        format!("m{}", self.who(key))
    }

    /// Whether a session has no request at this place any more.
    fn ends_before(&self, place: u32) -> bool {
        place > 0 && (place >= self.requests || self.mix.is_empty())
    }

    /// Goes through one day on so many threads; the counts do not depend on them.
    /// None if interrupted.
    pub fn count(
        &self,
        replication: u32,
        threads: usize,
        stop: Option<&AtomicBool>,
    ) -> Option<Counts> {
        let next = AtomicUsize::new(0);
        let stopped = || stop.is_some_and(|flag| flag.load(Ordering::Relaxed));
        let work = || {
            let mut counts = Counts::new(self.operations().len(), self.branches());
            loop {
                let cell = next.fetch_add(1, Ordering::Relaxed);
                if cell >= self.cells.len() || stopped() {
                    return counts;
                }
                for request in Requests::new(self, replication, cell) {
                    counts.add(&request);
                }
                if self.branches() > 0 {
                    for (_, key) in self.starts(replication, cell) {
                        counts.add_of_branch(self.branch(key));
                    }
                }
            }
        };
        let threads = threads.clamp(1, self.cells.len().max(1));
        let shares: Vec<Counts> = if threads == 1 {
            vec![work()]
        } else {
            thread::scope(|scope| {
                let handles: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
                let joined = handles.into_iter().map(|handle| {
                    handle
                        .join()
                        .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
                });
                joined.collect()
            })
        };
        if stopped() {
            return None;
        }
        shares.into_iter().reduce(|mut all, share| {
            all.merge(&share);
            all
        })
    }
}

/// Which of the mobile bank's customers a session is of.
pub fn customer(mobile: &Mobile, key: Key) -> String {
    let actives = mobile.bank.monthly_actives.max(1);
    let who = (u128::from(key.bits(Purpose::Who)) * u128::from(actives)) >> 64;
    format!("m{who}")
}

impl Silence {
    fn of(incidents: &[Incident], retry: &MobileRetry) -> Result<Self, String> {
        let silent = incidents.iter().filter(|it| {
            it.what == Affected::Bank && matches!(it.effect, Effect::Stopped | Effect::Unanswered)
        });
        Ok(Self {
            stretches: silent.map(|it| (it.from.0, it.to.0)).collect(),
            after: Sampler::new(&retry.after)?,
            tries: retry.tries,
        })
    }
}

/// The day's sessions, hour by hour.
fn day(mobile: &Sessions) -> Result<Arrivals, String> {
    let weights: f64 = mobile.hourly_weights.iter().sum();
    let sessions = mobile.sessions_per_day();
    if !(weights.is_finite() && weights > 0.0 && sessions.is_finite() && sessions >= 0.0) {
        return Err(
            "its hourly weights must sum to more than 0 and its log-ins be 0 or more".to_owned(),
        );
    }
    let pieces = mobile
        .hourly_weights
        .iter()
        .zip(0..)
        .map(|(weight, hour)| ArrivalPiece {
            from: SimTime::from_clock(hour, 0),
            to: SimTime::from_clock(hour + 1, 0),
            expected: sessions * weight / weights,
            tilt: 0.0,
        })
        .collect();
    Ok(Arrivals {
        pieces,
        ..Arrivals::default()
    })
}

/// What is offered after the log-in, by cumulative shares of it.
#[derive(Debug)]
struct Mix {
    /// The log-in, then what is offered.
    operations: Vec<Operation>,
    /// Up to each of those offered.
    cumulative: Vec<f64>,
}

impl Mix {
    fn new(sessions: &Sessions) -> Self {
        let asked = sessions.asked().iter();
        let offered = asked.filter(|(_, weight)| *weight > 0.0);
        let total: f64 = offered.clone().map(|(_, weight)| weight).sum();
        let mut sum = 0.0;
        let mut mix = Self {
            operations: vec![Operation::LogIn],
            cumulative: Vec::new(),
        };
        for (operation, weight) in offered {
            sum += weight / total;
            mix.operations.push(*operation);
            mix.cumulative.push(sum);
        }
        mix
    }

    fn is_empty(&self) -> bool {
        self.cumulative.is_empty()
    }

    /// The operation at a uniform number, as a position in `operations`.
    fn at(&self, u: f64) -> usize {
        // A count of those passed, without a branch to be guessed wrong.
        let passed: usize = self
            .cumulative
            .iter()
            .map(|cumulative| usize::from(*cumulative < u))
            .sum();
        1 + passed.min(self.cumulative.len() - 1)
    }
}
