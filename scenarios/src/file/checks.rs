//! What must hold between the parts of a scenario: enough servers, nobody stuck
//! at closing, no circle of failures, no deadlock.

use super::fields::Reader;
use super::tree::{Origin, Table, Value};
use crate::model::{Hold, Interruption, Journey, OnOutage, Resource, ShiftEnd, Step, Stretch};
use std::collections::{BTreeMap, BTreeSet};

impl Reader {
    pub fn cross_checks(&mut self, table: &Table, resources: &[Resource], journeys: &[Journey]) {
        self.enough_on_duty(table, resources, journeys);
        self.skilled_at_closing(table, resources, journeys);
        self.no_circle_of_failures(table, journeys);
        self.no_deadlock(table, resources, journeys);
        self.one_told_apart(table, resources, journeys);
        self.no_interrupted_branches(table, resources, journeys);
        self.somebody_clears(table, resources, journeys);
    }

    /// Whoever clears jams is there until closing.
    fn somebody_clears(&mut self, table: &Table, resources: &[Resource], journeys: &[Journey]) {
        for (jams, asked, (journey, step)) in sent_for(resources, journeys) {
            let clears = &resources[asked];
            if clears
                .roster
                .steps
                .last()
                .is_some_and(|(_, count)| *count == 0)
            {
                self.fault(
                    place(table, &journeys[journey], Some(step)),
                    format!(
                        "jams of `{}` are cleared by `{}`, of whom nobody is on duty at closing: who is inside could never be served",
                        resources[jams].name, clears.name
                    ),
                    "keep one of them to the end of the day",
                );
                return;
            }
        }
    }

    /// Whom an interruption would stop in several pieces of work at once.
    fn no_interrupted_branches(
        &mut self,
        table: &Table,
        resources: &[Resource],
        journeys: &[Journey],
    ) {
        for journey in journeys {
            let parallel = journey.steps.iter().position(|it| !it.branches.is_empty());
            let held = journey.holds.iter().map(|hold| &resources[hold.resource]);
            let interrupts = |it: &&Resource| {
                it.queue.preemption != Interruption::None
                    || it.shift_end == ShiftEnd::Resume
                    || it.servers.breakdowns.is_some()
                    || it.servers.jams.is_some()
            };
            if let (Some(parallel), Some(resource)) = (parallel, held.into_iter().find(interrupts))
            {
                self.fault(
                    place(table, journey, Some(parallel)),
                    format!(
                        "`{}` holds `{}`, whose work can be interrupted, through parallel steps",
                        journey.name, resource.name
                    ),
                    "let the steps that need it hold it, or take out pre-emption, breakdowns, jams and `shift_end = \"resume\"`",
                );
                return;
            }
        }
    }

    /// Who is served holds one server of those told apart.
    fn one_told_apart(&mut self, table: &Table, resources: &[Resource], journeys: &[Journey]) {
        for journey in journeys {
            for (steps, at, of) in every_step(journey) {
                let step = &steps[at];
                let apart = |holds: &[Hold]| -> u32 {
                    let holds = holds.iter();
                    holds
                        .filter(|hold| resources[hold.resource].told_apart())
                        .map(|hold| hold.count)
                        .sum()
                };
                // A step that wants none of them still has those of the one before for a moment.
                let kept = kept_before(steps, at).map(|it| apart(&it.holds)).max();
                if apart(&journey.holds) + apart(&step.holds) + kept.unwrap_or(0) > 1 {
                    self.fault(
                        place(table, journey, Some(of)),
                        format!(
                            "`{}` holds several servers that are told apart at once",
                            journey.name
                        ),
                        "of servers with skills, speeds, breakdowns or lines of their own a customer holds one at a time",
                    );
                    return;
                }
            }
        }
    }

    /// Every step finds, at its most and at closing, as many servers as it takes.
    fn enough_on_duty(&mut self, table: &Table, resources: &[Resource], journeys: &[Journey]) {
        for journey in journeys {
            for needs in needs(journey) {
                for (resource, count) in needs.together {
                    let pool = &resources[resource];
                    let Some((last, at_closing)) = pool.roster.steps.last() else {
                        continue;
                    };
                    let most = pool.roster.most();
                    let fewest = pool.drawn.iter().map(|(_, count)| *count).min();
                    let origin = place(table, journey, needs.step);
                    let (journey, name) = (&journey.name, &pool.name);
                    if most < count {
                        self.fault(
                            origin,
                            format!("`{journey}` takes {count} of `{name}` at once, of which never more than {most} are on duty"),
                            "raise the roster or take fewer",
                        );
                        return;
                    }
                    if let Some(fewest) = fewest
                        && fewest < count
                    {
                        self.fault(
                            origin,
                            format!("on some days there are only {fewest} of `{name}`, but `{journey}` takes {count}: who is inside could never be served"),
                            "draw enough of them on every day",
                        );
                        return;
                    }
                    if *at_closing < count {
                        let last = last.clock();
                        self.fault(
                            origin,
                            format!("from {last} until closing {at_closing} of `{name}` are on duty, but `{journey}` takes {count}: who is inside could never be served"),
                            "keep enough of them to the end of the day",
                        );
                        return;
                    }
                }
            }
        }
    }

    /// Whoever is inside at closing finds somebody who can serve it.
    fn skilled_at_closing(&mut self, table: &Table, resources: &[Resource], journeys: &[Journey]) {
        for journey in journeys {
            let steps = every_step(journey);
            let of_steps = steps.flat_map(|(steps, at, of)| {
                steps[at].holds.iter().map(move |hold| (hold, Some(of)))
            });
            let all = journey.holds.iter().map(|hold| (hold, None));
            for (hold, step) in all.chain(of_steps) {
                let servers = &resources[hold.resource].servers;
                let Some(skill) = hold.skill else { continue };
                // Every change of who is there is a step: the last one lasts to the end.
                let Some((last, _)) = resources[hold.resource].roster.steps.last() else {
                    continue;
                };
                let stays = |hours: &Option<Vec<Stretch>>| match hours {
                    None => true,
                    Some(hours) => hours.iter().any(|(from, to)| from <= last && last < to),
                };
                let able = servers.each.iter().filter(|it| it.skills.contains(&skill));
                if !able.into_iter().any(|server| stays(&server.hours)) {
                    self.fault(
                        place(table, journey, step),
                        format!(
                            "`{}` takes `{}` with skill `{}`, of whom nobody is on duty until closing: who is inside could never be served",
                            journey.name, resources[hold.resource].name, servers.skills[skill]
                        ),
                        "keep one with this skill to the end of the day",
                    );
                    return;
                }
            }
        }
    }

    /// A failed customer never comes back to a journey that failed.
    fn no_circle_of_failures(&mut self, table: &Table, journeys: &[Journey]) {
        let edges =
            |journey: usize| -> BTreeSet<usize> { journeys[journey].goes_on_with().collect() };
        let graph: BTreeMap<usize, BTreeSet<usize>> =
            (0..journeys.len()).map(|at| (at, edges(at))).collect();
        let Some(circle) = circle(&graph) else {
            return;
        };
        let first = &journeys[circle[0]];
        let leads_on = |step: &Step| {
            step.failure.is_some() || matches!(step.on_outage, OnOutage::FallBack { .. })
        };
        let step = first.steps.iter().position(leads_on);
        let names: Vec<&str> = circle
            .iter()
            .map(|at| journeys[*at].name.as_str())
            .collect();
        self.fault(
            place(table, first, step),
            format!(
                "customers who fail go round in a circle: {}",
                names.join(" → ")
            ),
            "send them to a journey that does not lead back",
        );
    }

    /// Resources are taken in one order: if some journey waits for B while it
    /// holds A, no other waits (through others) for A while it holds B. Nor does
    /// one wait for more of a pool that it holds already.
    fn no_deadlock(&mut self, table: &Table, resources: &[Resource], journeys: &[Journey]) {
        let mut graph: BTreeMap<usize, BTreeSet<usize>> = BTreeMap::new();
        let mut makers: BTreeMap<(usize, usize), (usize, usize)> = BTreeMap::new();
        for (position, journey) in journeys.iter().enumerate() {
            for (steps, at, of) in every_step(journey) {
                let step = &steps[at];
                let kept = kept_before(steps, at).flat_map(|before| &before.holds);
                for held in journey.holds.iter().chain(kept) {
                    // What the first step takes besides is requested with the journey held.
                    for wanted in &step.holds {
                        let edge = (held.resource, wanted.resource);
                        graph.entry(edge.0).or_default().insert(edge.1);
                        makers.entry(edge).or_insert((position, of));
                    }
                }
            }
        }
        for (jammed, asked, maker) in sent_for(resources, journeys) {
            graph.entry(jammed).or_default().insert(asked);
            makers.entry((jammed, asked)).or_insert(maker);
        }
        let Some(circle) = circle(&graph) else {
            return;
        };
        let edge = (circle[0], circle[1]);
        let Some((journey, step)) = makers.get(&edge) else {
            return;
        };
        let names: Vec<&str> = circle
            .iter()
            .map(|at| resources[*at].name.as_str())
            .collect();
        let waits = if circle.len() == 2 {
            format!(
                "a step waits for more of `{}` while its journey holds some",
                names[0]
            )
        } else {
            format!(
                "each is waited for while the one before it is held: {}",
                names.join(" → ")
            )
        };
        self.fault(
            place(table, &journeys[*journey], Some(*step)),
            format!("customers could block each other for ever; {waits}"),
            "hold both for the whole journey, or take them in one order everywhere",
        );
    }
}

/// Every step as a position in its sequence, and the position in the journey that it
/// stands at.
fn every_step(journey: &Journey) -> impl Iterator<Item = (&[Step], usize, usize)> {
    journey
        .sequences()
        .flat_map(|(of, steps)| (0..steps.len()).map(move |at| (steps, at, of.unwrap_or(at))))
}

/// Steps that keep what they hold and that may be the last before this one: those
/// between may be left out.
fn kept_before(steps: &[Step], at: usize) -> impl Iterator<Item = &Step> {
    let mut certain = false;
    let before = steps[..at].iter().rev();
    before
        .take_while(move |step| !std::mem::replace(&mut certain, step.probability >= 1.0))
        .filter(|step| step.keeps)
}

/// Who clears a jam is asked for while all is held that the customer holds, unless
/// one of them is there: `(held, asked for, (journey, step))`.
fn sent_for(resources: &[Resource], journeys: &[Journey]) -> Vec<(usize, usize, (usize, usize))> {
    let mut all = Vec::new();
    for (position, journey) in journeys.iter().enumerate() {
        for (steps, at, of) in every_step(journey) {
            let held = || {
                journey
                    .holds
                    .iter()
                    .chain(&steps[at].holds)
                    .map(|hold| hold.resource)
            };
            let jams = held().filter_map(|held| resources[held].servers.jams.as_ref());
            for asked in jams.map(|it| it.cleared_by) {
                if held().all(|held| held != asked) {
                    all.extend(held().map(|held| (held, asked, (position, of))));
                }
            }
        }
    }
    all
}

/// What is held at once, and in which step (none: through the whole journey).
struct Needs {
    step: Option<usize>,
    together: BTreeMap<usize, u32>,
}

fn needs(journey: &Journey) -> Vec<Needs> {
    let sum = |holds: &mut dyn Iterator<Item = &Hold>| {
        let mut together: BTreeMap<usize, u32> = BTreeMap::new();
        for hold in holds {
            *together.entry(hold.resource).or_default() += hold.count;
        }
        together
    };
    let mut all = vec![Needs {
        step: None,
        together: sum(&mut journey.holds.iter()),
    }];
    for (steps, at, position) in every_step(journey) {
        let step = &steps[at];
        all.push(Needs {
            step: Some(position),
            together: sum(&mut journey.holds.iter().chain(&step.holds)),
        });
    }
    all
}

/// A circle in the graph, its first node again at its end.
fn circle(graph: &BTreeMap<usize, BTreeSet<usize>>) -> Option<Vec<usize>> {
    let mut done = BTreeSet::new();
    for &start in graph.keys() {
        let mut path: Vec<usize> = vec![start];
        let mut open: Vec<Vec<usize>> = vec![next(graph, start)];
        while let Some(choices) = open.last_mut() {
            let Some(node) = choices.pop() else {
                open.pop();
                done.extend(path.pop());
                continue;
            };
            if let Some(at) = path.iter().position(|it| *it == node) {
                let mut circle = path.split_off(at);
                circle.push(node);
                return Some(circle);
            }
            if !done.contains(&node) {
                path.push(node);
                open.push(next(graph, node));
            }
        }
    }
    None
}

fn next(graph: &BTreeMap<usize, BTreeSet<usize>>, node: usize) -> Vec<usize> {
    graph.get(&node).into_iter().flatten().copied().collect()
}

/// Where a journey, or one of its steps, stands in the file.
fn place(table: &Table, journey: &Journey, step: Option<usize>) -> Origin {
    let nowhere = Origin {
        source: 0,
        start: 0,
        end: 0,
    };
    let Some(Value::Table(journeys)) = table.get("journeys").map(|node| &node.value) else {
        return nowhere;
    };
    let Some(entry) = journeys.entry(&journey.name) else {
        return nowhere;
    };
    let Value::Table(fields) = &entry.node.value else {
        return entry.key_origin;
    };
    let field = |key: &str| fields.get(key).map(|node| &node.value);
    match (step, field("steps"), fields.get("holds")) {
        (Some(step), Some(Value::List(items)), _) => {
            items.get(step).map_or(entry.key_origin, |item| item.origin)
        }
        (None, _, Some(holds)) => holds.origin,
        _ => entry.key_origin,
    }
}
