//! Which plans the express loop takes, and what it reads of them.
//!
//! Every part of a plan is taken apart here field by field, so that whoever adds a
//! rule to the plan is made by the compiler to say whether the express loop knows it.

use super::draws::Draws;
use crate::keyed::{Key, Place, Purpose};
use crate::law::Sampler;
use crate::plan::{
    Change, Plan, PlannedJourney, PlannedPool, PlannedSegment, PlannedStep, PlannedTime,
    PlannedUnit, Request,
};
use scenarios::model::{Choice, Interruption, Lines, Order, Part, Queue, Random, ShiftEnd};

const PATIENCE: Place = Purpose::Patience.stands_at();

/// Sets of lanes and of servers are words of so many bits.
const MOST: usize = u64::BITS as usize;

/// The lane and the desk of those who need no server.
pub const NOWHERE: u32 = u32::MAX;

/// A plan as the express loop reads it.
#[derive(Debug)]
pub struct Routes<'plan> {
    /// What customers come for, segment by segment in the order of their services.
    pub aims: Vec<Aim<'plan>>,
    /// How long the only steps of customers take, and how long they are ready to wait.
    pub durations: Draws<'plan>,
    pub patience: Draws<'plan>,
    segments: Vec<Segment<'plan>>,
    /// Whether every segment comes for one thing, and the cumulative shares of all but
    /// the last.
    one_each: bool,
    shares: Vec<f64>,
    /// By priority, the highest first.
    pub lanes: Vec<LaneRule>,
    pub desks: Vec<DeskRule>,
}

/// How a segment's customers choose.
#[derive(Debug)]
struct Segment<'plan> {
    /// Share of all customers in this segment or an earlier one.
    cumulative: f64,
    /// Its services with their cumulative shares, and its first aim.
    services: &'plan [(f64, u16, u32)],
    first_aim: usize,
}

/// What a customer comes for: one journey of one segment.
#[derive(Debug)]
pub struct Aim<'plan> {
    pub segment: u16,
    pub service: u16,
    pub journey: &'plan PlannedJourney,
    /// Position of the journey in the plan.
    pub number: u32,
    pub patience: Option<&'plan Sampler>,
    /// Where it waits, and whose servers serve it; [`NOWHERE`] if it needs none.
    pub lane: u32,
    pub desk: u32,
    /// Whether these are not all equally fast.
    pub speeds_differ: bool,
    /// Its only step, if it is no more than a time.
    pub direct: Option<Direct<'plan>>,
}

/// A journey of one step that is no more than a time.
#[derive(Debug, Clone, Copy)]
pub struct Direct<'plan> {
    pub law: &'plan Sampler,
    /// Where the time is drawn.
    pub place: Place,
    pub part: Part,
}

impl<'plan> Direct<'plan> {
    fn of(journey: &'plan PlannedJourney, number: u32) -> Option<Self> {
        let [step] = &journey.steps[..] else {
            return None;
        };
        let (law, purpose) = match (&step.time, &journey.time) {
            (PlannedTime::Between(0.0, 1.0), Some(law)) => {
                let (hop, journey) = (0, number);
                (law, Purpose::JourneyTime { hop, journey })
            }
            (PlannedTime::Own(law), _) => {
                let (hop, journey, step) = (0, number, 0);
                (law, Purpose::StepTime { hop, journey, step })
            }
            _ => return None,
        };
        let bare = step.operation.is_none() && step.latency.is_none() && step.probability >= 1.0;
        bare.then(|| Self {
            law,
            place: purpose.stands_at(),
            part: step.part,
        })
    }
}

/// A lane: customers of one resource, skill and priority, who are served in the
/// order of their coming.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LaneRule {
    /// Lower is served first.
    pub rank: u32,
    /// It counts as if they had come so much earlier.
    pub credit: u64,
    pub desk: usize,
    /// Which servers told apart can serve it, one bit each.
    pub able: u64,
}

/// The servers of a resource.
#[derive(Debug, Clone)]
pub struct DeskRule {
    /// Of servers told apart, how many times as long each takes, in the order in
    /// which they are chosen; none where all are alike.
    pub slowness: Vec<f64>,
    /// The number of each of these in the scenario, and when it is there.
    pub numbers: Vec<usize>,
    pub units: Vec<PlannedUnit>,
    /// Whether who has been idle longest is chosen, instead of the first.
    pub longest_idle: bool,
    /// The lanes that it serves, one bit each, and of servers told apart each one's.
    pub lanes: u64,
    pub lanes_of_each: Vec<u64>,
}

impl<'plan> Routes<'plan> {
    /// What the express loop needs of a plan; none if the plan has a rule that only
    /// the general loop knows.
    pub fn of(plan: &'plan Plan) -> Option<Self> {
        if !has_plain_days(plan) || !plan.pools.iter().all(is_plain_pool) {
            return None;
        }
        let mut routes = Self {
            aims: Vec::new(),
            durations: Draws::None,
            patience: Draws::None,
            segments: Vec::new(),
            one_each: plan.segments.iter().all(|it| it.services.len() == 1),
            shares: plan.segments.iter().map(|it| it.cumulative).collect(),
            lanes: Vec::new(),
            desks: plan.pools.iter().map(DeskRule::of).collect(),
        };
        for (number, segment) in plan.segments.iter().enumerate() {
            if !is_plain_segment(segment) {
                return None;
            }
            let first_aim = routes.aims.len();
            routes.segments.push(Segment {
                cumulative: segment.cumulative,
                services: &segment.services,
                first_aim,
            });
            for &(_, service, journey) in &segment.services {
                let mut aim = Aim {
                    segment: number as u16,
                    service,
                    journey: &plan.journeys[journey as usize],
                    number: journey,
                    patience: segment.patience.as_ref(),
                    lane: NOWHERE,
                    desk: NOWHERE,
                    speeds_differ: false,
                    direct: Direct::of(&plan.journeys[journey as usize], journey),
                };
                let lane = match asks_of(plan, aim.journey) {
                    Asks::Nothing => None,
                    Asks::Once(request) => Some(routes.lane(plan, request, segment)?),
                    Asks::OnTheWay => return None,
                };
                if let Some(lane) = lane {
                    aim.lane = lane as u32;
                    aim.desk = routes.lanes[lane].desk as u32;
                    let mut slowness = routes.desks[aim.desk as usize].slowness.iter();
                    aim.speeds_differ = slowness.any(|it| (it - 1.0).abs() >= f64::EPSILON);
                }
                routes.aims.push(aim);
            }
        }
        if routes.lanes.len() > MOST || routes.aims.len() > usize::from(u16::MAX) {
            return None;
        }
        routes.shares.pop();
        routes.order_lanes();
        let aims = routes.aims.iter();
        routes.durations = Draws::of(aims.clone().map(|aim| {
            let direct = aim.direct.as_ref();
            direct.map(|direct| (direct.place, direct.law))
        }));
        routes.patience = Draws::of(aims.map(|aim| aim.patience.map(|law| (PATIENCE, law))));
        Some(routes)
    }

    /// What the customers with these keys come for.
    pub fn aims_of(&self, keys: &[Key], aims: &mut [u16]) {
        let each = aims.iter_mut().zip(keys);
        if !self.one_each {
            for (aim, key) in each {
                *aim = self.aim_of(*key) as u16;
            }
        } else if let [first, second] = self.shares[..] {
            // The most usual number of segments, without a loop.
            for (aim, key) in each {
                let u = key.uniform(Purpose::Segment);
                *aim = u16::from(first < u) + u16::from(second < u);
            }
        } else if !self.shares.is_empty() {
            for (aim, key) in each {
                let u = key.uniform(Purpose::Segment);
                *aim = self.shares.iter().map(|share| u16::from(*share < u)).sum();
            }
        }
    }

    /// What the customer with this key comes for.
    fn aim_of(&self, key: Key) -> usize {
        let segment = match &self.segments[..] {
            [_] => 0,
            several => {
                let u = key.uniform(Purpose::Segment);
                chosen(several.iter().map(|it| it.cumulative), u)
            }
        };
        let Segment {
            services,
            first_aim,
            ..
        } = self.segments[segment];
        match services {
            [_] => first_aim,
            several => {
                let u = key.uniform(Purpose::Service);
                first_aim + chosen(several.iter().map(|it| it.0), u)
            }
        }
    }

    /// The lane of a segment's customers with this request.
    fn lane(&mut self, plan: &Plan, request: &Request, segment: &PlannedSegment) -> Option<usize> {
        let desk = plain_desk_of(request)?;
        let units = &plan.pools[desk].units;
        let skills = request.apart.map_or(0, |(_, skills)| skills);
        let able = self.desks[desk]
            .numbers
            .iter()
            .enumerate()
            .filter(|(_, number)| units[**number].skills & skills == skills)
            .fold(0, |able, (place, _)| able | 1 << place);
        let rule = LaneRule {
            rank: segment.rank,
            credit: segment.waiting_credit,
            desk,
            able,
        };
        let known = self.lanes.iter().position(|lane| *lane == rule);
        Some(known.unwrap_or_else(|| {
            self.lanes.push(rule);
            self.lanes.len() - 1
        }))
    }

    /// Puts the lanes in the order of their priorities.
    fn order_lanes(&mut self) {
        let mut order: Vec<usize> = (0..self.lanes.len()).collect();
        order.sort_by_key(|&lane| self.lanes[lane].rank);
        self.lanes = order.iter().map(|&lane| self.lanes[lane]).collect();
        for aim in &mut self.aims {
            let lane = order.iter().position(|&it| it == aim.lane as usize);
            aim.lane = lane.map_or(NOWHERE, |lane| lane as u32);
        }
        for (number, lane) in self.lanes.iter().enumerate() {
            let desk = &mut self.desks[lane.desk];
            desk.lanes |= 1 << number;
            for (unit, lanes) in desk.lanes_of_each.iter_mut().enumerate() {
                *lanes |= (lane.able >> unit & 1) << number;
            }
        }
    }
}

/// The first of several whose cumulative share reaches a number, else the last: there
/// are as many before it as do not reach it.
#[inline]
fn chosen(cumulative: impl ExactSizeIterator<Item = f64>, u: f64) -> usize {
    let last = cumulative.len() - 1;
    let shares = cumulative.take(last);
    shares.map(|share| usize::from(share < u)).sum()
}

impl DeskRule {
    fn of(pool: &PlannedPool) -> Self {
        let units = &pool.units;
        let mut numbers: Vec<usize> = (0..units.len()).collect();
        match pool.choice {
            Choice::Lowest | Choice::LongestIdle => {}
            Choice::Fastest => numbers.sort_by(|&a, &b| units[b].speed.total_cmp(&units[a].speed)),
            Choice::MostSpecialised => numbers.sort_by_key(|&it| units[it].skills.count_ones()),
        }
        Self {
            slowness: numbers.iter().map(|&it| 1.0 / units[it].speed).collect(),
            longest_idle: pool.choice == Choice::LongestIdle,
            lanes: 0,
            lanes_of_each: vec![0; numbers.len()],
            units: numbers.iter().map(|&it| units[it].clone()).collect(),
            numbers,
        }
    }
}

/// Whether nothing happens on the plan's days but customers and rosters.
fn has_plain_days(plan: &Plan) -> bool {
    let Plan {
        seed: _,
        random,
        open: _,
        starts: _,
        close: _,
        counted_from: _,
        last_arrival: _,
        steady_state: _,
        batches,
        arrivals: _,
        parties,
        doors,
        appointments,
        recorded,
        capacity: _,
        changes,
        incidents,
        journeys: _,
        errands: _,
        requests: _,
        lines: _,
        pools: _,
        prices: _,
        interrupts,
        promotes_by_length,
        wears,
        // Only an incident lets the bank give no answer.
        outages: _,
        balks,
        requests_for: _,
        segments: _,
        channels: _,
    } = plan;
    *random == Random::Keyed
        && *batches == 1
        && parties.is_empty()
        && doors.sends_home_at.is_none()
        && doors.shut.is_empty()
        && appointments.is_none()
        && recorded.is_empty()
        && changes
            .iter()
            .all(|(_, change)| matches!(change, Change::Roster { .. }))
        && incidents.is_empty()
        && !interrupts
        && !promotes_by_length
        && !wears
        && !balks
}

fn is_plain_pool(pool: &PlannedPool) -> bool {
    let PlannedPool {
        reserved,
        queue:
            Queue {
                order,
                preemption,
                room,
                lines,
                jockeying,
                tickets,
            },
        shift_end,
        choice: _,
        drawn,
        units,
        first_unit: _,
        shared,
        breakdowns,
        breaks_at_work: _,
        jams,
    } = pool;
    *reserved == 0
        && *order == Order::Fifo
        && *preemption == Interruption::None
        && room.is_none()
        && (*lines == Lines::One || units.len() <= 1)
        && !jockeying
        && tickets.is_none()
        && *shift_end == ShiftEnd::Finish
        && drawn.is_empty()
        && units.len() <= MOST
        && !shared
        && breakdowns.is_none()
        && jams.is_none()
}

fn is_plain_segment(segment: &PlannedSegment) -> bool {
    let PlannedSegment {
        cumulative: _,
        services,
        patience: _,
        rank: _,
        waiting_credit: _,
        // Weights only lines that are served by weight, no-shows only ticket queues.
        waiting_weight: _,
        no_show: _,
        promotion,
        balking,
        retry,
        to_mobile: _,
        chooses_shorter,
        abandoned: _,
    } = segment;
    promotion.is_none()
        && balking.is_none()
        && retry.is_none()
        && (!chooses_shorter || services.len() == 1)
}

/// What a journey asks for.
enum Asks<'plan> {
    Nothing,
    /// At its start, to be held to its end.
    Once(&'plan Request),
    /// More than that.
    OnTheWay,
}

fn asks_of<'plan>(plan: &'plan Plan, journey: &PlannedJourney) -> Asks<'plan> {
    let PlannedJourney {
        channel: _,
        made_on: _,
        time: _,
        mean_seconds: _,
        holds,
        asks_bank: _,
        steps,
    } = journey;
    let alone = steps.len() == 1 && holds.is_empty();
    let once = steps
        .iter()
        .all(|step| is_plain_step(step) && (step.holds.is_empty() || alone));
    match steps.first() {
        Some(first) if once => first.first_request.map_or(Asks::Nothing, |number| {
            Asks::Once(&plan.requests[number as usize])
        }),
        _ => Asks::OnTheWay,
    }
}

fn is_plain_step(step: &PlannedStep) -> bool {
    let PlannedStep {
        part: _,
        probability: _,
        holds: _,
        keeps: _,
        request: _,
        first_request: _,
        time: _,
        operation: _,
        latency: _,
        // Only an incident lets the bank give no answer.
        on_outage: _,
        gives_up: _,
        retries: _,
        failure,
        repeat,
        branches,
        slowed_by: _,
    } = step;
    failure.is_none() && repeat.is_none() && branches.is_empty()
}

/// The resource of which a request wants one server, and nothing else.
fn plain_desk_of(request: &Request) -> Option<usize> {
    let Request {
        holds,
        starts: _,
        asks_bank: _,
        apart: _,
        first_line: _,
        lines: _,
        reserved,
        if_booked,
        order: _,
        calling_time: _,
        preemption: _,
    } = request;
    match holds[..] {
        [hold] if hold.count == 1 && !reserved && if_booked.is_none() => Some(hold.resource),
        _ => None,
    }
}
