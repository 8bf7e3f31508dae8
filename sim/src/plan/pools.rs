//! The rules of each resource, and the lines that customers wait in.

use super::journeys::Clearing;
use super::segments::rank;
use super::{Plan, sampler};
use crate::error::SimError;
use crate::law::Sampler;
use scenarios::model::{
    BreaksBy, Choice, Interruption, Lines, PromotedWhen, Queue, Resource, Scenario, ShiftEnd,
};

/// The rules of one resource.
#[derive(Debug)]
pub struct PlannedPool {
    /// Servers who serve nobody without an appointment.
    pub reserved: u32,
    pub queue: Queue,
    pub shift_end: ShiftEnd,
    pub choice: Choice,
    /// `(cumulative probability, servers)` of the day; none where the roster says.
    pub drawn: Vec<(f64, u32)>,
    /// Servers told apart, by number; none where all are alike.
    pub units: Vec<PlannedUnit>,
    /// Number of its first server among those of all resources.
    pub first_unit: usize,
    /// Lent by the region, server by server.
    pub shared: bool,
    /// Times up and down, and what becomes of the customer.
    pub breakdowns: Option<(Sampler, Sampler, Interruption)>,
    /// Whether the time up is time at work.
    pub breaks_at_work: bool,
    pub jams: Option<PlannedJams>,
}

/// How the servers of a resource jam.
#[derive(Debug)]
pub struct PlannedJams {
    pub every: Sampler,
    pub cleared_by: usize,
    /// The journeys of who clears a jam and has to be sent for, or is there already.
    pub cleared: u32,
    pub cleared_at_once: u32,
    /// Where a jam stands among priorities.
    pub rank: u32,
}

/// A server told apart.
#[derive(Debug, Clone)]
pub struct PlannedUnit {
    pub speed: f64,
    /// One bit for each skill.
    pub skills: u64,
    /// Whose hours are its own; else it is there if its number is below the roster's.
    pub hours: Option<Vec<(u64, u64)>>,
}

impl PlannedUnit {
    /// Whether it is on duty at a time at which so many are, if it has this number.
    pub fn is_on_duty(&self, number: usize, count: u32, at: u64) -> bool {
        match &self.hours {
            None => number < count as usize,
            Some(hours) => hours.iter().any(|(from, to)| *from <= at && at < *to),
        }
    }
}

pub(super) fn plan_pools(
    scenario: &Scenario,
    clearing: &[Clearing],
) -> Result<Vec<PlannedPool>, SimError> {
    let mut first_unit = 0;
    scenario
        .resources
        .iter()
        .zip(clearing)
        .enumerate()
        .map(|(number, (resource, clearing))| {
            let units = units(resource, scenario.day.close.0);
            let pool = PlannedPool {
                reserved: super::appointments::reserved(scenario, number),
                queue: resource.queue.clone(),
                drawn: cumulated(&resource.drawn),
                shift_end: resource.shift_end,
                choice: resource.servers.choice,
                first_unit,
                shared: resource.shared,
                breakdowns: resource
                    .servers
                    .breakdowns
                    .as_ref()
                    .map(|it| {
                        let up = sampler(&resource.name, &it.up)?;
                        let down = sampler(&resource.name, &it.down)?;
                        Ok::<_, SimError>((up, down, it.service))
                    })
                    .transpose()?,
                breaks_at_work: resource
                    .servers
                    .breakdowns
                    .as_ref()
                    .is_some_and(|it| it.by == BreaksBy::Running),
                jams: match (&resource.servers.jams, clearing) {
                    (Some(jams), Some([cleared, cleared_at_once])) => Some(PlannedJams {
                        every: sampler(&resource.name, &jams.every)?,
                        cleared_by: jams.cleared_by,
                        cleared: *cleared,
                        cleared_at_once: *cleared_at_once,
                        rank: jams.priority.map_or(0, rank),
                    }),
                    _ => None,
                },
                units,
            };
            first_unit += pool.units.len();
            Ok(pool)
        })
        .collect()
}

/// Shares of numbers, each with those before it.
pub(super) fn cumulated(drawn: &[(f64, u32)]) -> Vec<(f64, u32)> {
    let mut sum = 0.0;
    let cumulate = |(share, count): &(f64, u32)| {
        sum += share;
        (sum, *count)
    };
    drawn.iter().map(cumulate).collect()
}

/// The servers of a resource one by one; what ends at closing stays for those inside.
fn units(resource: &Resource, close: u64) -> Vec<PlannedUnit> {
    if !resource.told_apart() {
        return Vec::new();
    }
    let each = &resource.servers.each;
    let own_hours = each.iter().any(|server| server.hours.is_some());
    let each = each.iter().map(|server| PlannedUnit {
        speed: server.speed,
        skills: server.skills.iter().fold(0, |all, skill| all | 1 << skill),
        hours: own_hours.then(|| match &server.hours {
            None => vec![(0, u64::MAX)],
            Some(hours) => hours
                .iter()
                .map(|(from, to)| (from.0, if to.0 < close { to.0 } else { u64::MAX }))
                .collect(),
        }),
    });
    let alike = PlannedUnit {
        speed: 1.0,
        skills: 0,
        hours: None,
    };
    let mut units: Vec<_> = each.collect();
    units.resize(units.len().max(resource.roster.most() as usize), alike);
    units
}

impl Plan {
    /// Gives each request its lines and the rules of its first resource.
    pub(super) fn number_lines(&mut self) {
        for request in &mut self.requests {
            let apart = request
                .holds
                .iter()
                .find(|hold| !self.pools[hold.resource].units.is_empty());
            request.apart = apart.map(|hold| {
                let skills = hold.skill.map_or(0, |skill| 1 << skill);
                (hold.resource, skills)
            });
            request.first_line = self.lines;
            if let Some((resource, _)) = request.apart
                && self.pools[resource].queue.lines != Lines::One
            {
                request.lines = self.pools[resource].units.len() as u32;
            }
            self.lines += request.lines;
            let queue = &self.pools[request.holds[0].resource].queue;
            request.order = queue.order;
            request.calling_time = queue.tickets.map(|tickets| tickets.calling_time.0);
            if request.holds.len() == 1 && request.holds[0].count == 1 {
                request.preemption = queue.preemption;
            }
        }
    }

    /// Notes which rules the engine need not look at.
    pub(super) fn look_for_rules(&mut self) {
        self.interrupts = self.pools.iter().any(|pool| {
            pool.queue.preemption != Interruption::None
                || pool.shift_end == ShiftEnd::Resume
                || pool.breakdowns.is_some()
        });
        self.promotes_by_length = self
            .segments
            .iter()
            .any(|it| matches!(it.promotion, Some((_, PromotedWhen::Waiting(_)))));
        self.wears = self
            .pools
            .iter()
            .any(|pool| pool.breaks_at_work || pool.jams.is_some());
        self.balks = self.pools.iter().any(|pool| pool.queue.room.is_some())
            || self
                .segments
                .iter()
                .any(|it| it.balking.is_some() || (it.retry.is_some() && !it.to_mobile));
    }
}
