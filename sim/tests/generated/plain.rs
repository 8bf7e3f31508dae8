//! Branches without the rarer rules.

use super::{MINUTES_OPEN, arrivals, clock, day, law};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::{Strategy, any};
use proptest::sample::{select, subsequence};
use std::fmt::Write;

/// A journey: at which resource, its time, its steps, the skill wanted.
type Journey = (usize, Option<String>, Vec<Step>, &'static str);
/// A step: its time, whether it asks the bank, its probability, whether it is a review.
type Step = (String, bool, Option<f64>, bool);
/// A segment: its patience, priority and credit.
type Segment = (Option<String>, u32, Option<u32>);

/// A branch where everybody wants one server of one resource (or none) from beginning
/// to end, who serves in the order of priority and coming. With `shifts`, servers come
/// and go.
pub fn plain_branch(shifts: bool) -> impl Strategy<Value = String> {
    let resource = proptest::prop_oneof![alike(shifts), apart(shifts)];
    let who = (
        option::weighted(0.6, law()),
        0_u32..3,
        option::weighted(0.3, 1_u32..600),
    );
    let parts = (vec(resource, 2), vec(journey(), 2..4), vec(who, 1..4));
    let closing = select(vec![
        "\"serve_all_inside\"",
        "{ tickets_until = \"10:45\" }",
    ]);
    (parts, arrivals(), closing, 0_u32..1_000_000).prop_map(
        |((resources, journeys, segments), arrivals, closing, seed)| {
            // Several people on one ticket are counted by the general loop.
            let arrivals = arrivals.replace("one_ticket = true", "one_ticket = false");
            let mut text = format!("{}closing = {closing}\n", day(seed));
            for (number, (resource, _)) in resources.iter().enumerate() {
                let _ = writeln!(text, "[resources.r{number}]\n{resource}");
            }
            for (number, journey) in journeys.iter().enumerate() {
                let told_apart = resources.get(journey.0).map(|(_, apart)| *apart);
                write_journey(&mut text, number, journey, told_apart);
            }
            write_segments(&mut text, journeys.len(), &segments);
            // Groups on one ticket are for the general loop.
            let arrivals = arrivals.replace("one_ticket = true", "one_ticket = false");
            let _ = writeln!(text, "[arrivals]\n{arrivals}");
            text
        },
    )
}

/// Keys of servers who are alike, and that they are not told apart.
fn alike(shifts: bool) -> impl Strategy<Value = (String, bool)> {
    let shift = (1_u32..3, 0..MINUTES_OPEN, 0..MINUTES_OPEN)
        .prop_filter("a shift has a length", |(_, from, to)| from < to);
    let several = if shifts { 0..4 } else { 0..1 };
    (vec(shift, several), 0_u32..3).prop_map(move |(of_shifts, all_day)| {
        let all_day = if shifts { all_day } else { all_day + 1 };
        let mut roster: Vec<String> = of_shifts
            .iter()
            .map(|(count, from, to)| {
                let (from, to) = (clock(*from), clock(*to));
                format!("{{ count = {count}, from = \"{from}\", to = \"{to}\" }}")
            })
            .collect();
        // Somebody is there at closing, but perhaps nobody before ten.
        roster.push(match all_day {
            0 => "{ count = 1, from = \"10:00\", to = \"11:00\" }".to_owned(),
            count => format!("{{ count = {count} }}"),
        });
        (format!("roster = [{}]", roster.join(", ")), false)
    })
}

/// Keys of servers told apart, one of whom can do everything all day.
fn apart(shifts: bool) -> impl Strategy<Value = (String, bool)> {
    let choice = select(vec![
        "longest_idle",
        "lowest",
        "fastest",
        "most_specialised",
    ]);
    let skills = subsequence(vec!["\"a\"", "\"b\""], 0..=2);
    let hours = option::weighted(0.5, (0..MINUTES_OPEN, 0..MINUTES_OPEN)).prop_map(move |hours| {
        let hours = hours.filter(|(from, to)| shifts && from < to);
        hours.map_or(String::new(), |(from, to)| {
            format!(", from = \"{}\", to = \"{}\"", clock(from), clock(to))
        })
    });
    let server = (skills, select(vec!["0.5", "1", "1.5"]), hours);
    (vec(server, 0..4), choice).prop_map(|(servers, choice)| {
        let all = ("[\"a\", \"b\"]".to_owned(), "1", String::new());
        let servers = servers
            .into_iter()
            .map(|(skills, speed, hours)| (format!("[{}]", skills.join(", ")), speed, hours));
        let servers: Vec<String> = std::iter::once(all)
            .chain(servers)
            .map(|(skills, speed, hours)| {
                format!("{{ skills = {skills}, speed = {speed}{hours} }}")
            })
            .collect();
        let text = format!("servers = [{}]\nchoice = \"{choice}\"", servers.join(", "));
        (text, true)
    })
}

fn journey() -> impl Strategy<Value = Journey> {
    let step = (
        law(),
        any::<bool>(),
        option::weighted(0.3, 0.0..1.0_f64),
        any::<bool>(),
    );
    let whole = option::weighted(0.7, law());
    let skill = select(vec!["", "a", "b"]);
    (0_usize..3, whole, vec(step, 1..4), skill)
}

/// `told_apart` is none where the journey needs no server.
fn write_journey(text: &mut String, number: usize, journey: &Journey, told_apart: Option<bool>) {
    let (at, whole, steps, skill) = journey;
    let _ = writeln!(text, "[journeys.j{number}]");
    if let Some(apart) = told_apart {
        let skill = Some(skill).filter(|skill| apart && !skill.is_empty());
        let skill = skill.map_or(String::new(), |it| format!(", skill = \"{it}\""));
        let _ = writeln!(text, "holds = [{{ resource = \"r{at}\"{skill} }}]");
    }
    if let Some(whole) = whole {
        let _ = writeln!(text, "time = {whole}");
        if steps.len() == 1 {
            return;
        }
    }
    let _ = writeln!(text, "steps = [");
    for (place, (time, asks, probability, review)) in steps.iter().enumerate() {
        let time = match (whole, review) {
            (Some(_), false) => format!("weight = {}", place + 1),
            (Some(_), true) if place == 0 => "weight = 1".to_owned(),
            _ => format!("duration = {time}"),
        };
        let operation = if *asks {
            ", operation = \"identity_check\""
        } else {
            ""
        };
        let part = if *review { ", part = \"review\"" } else { "" };
        let probability = probability.filter(|_| !time.starts_with("weight"));
        let probability = probability.map_or(String::new(), |it| format!(", probability = {it}"));
        let _ = writeln!(
            text,
            "  {{ name = \"t{place}\", {time}{part}{operation}{probability} }},"
        );
    }
    let _ = writeln!(text, "]");
}

fn write_segments(text: &mut String, journeys: usize, segments: &[Segment]) {
    for number in 0..journeys {
        let _ = writeln!(text, "[services.j{number}]");
    }
    let of_each = 100.0 / journeys as f64;
    let services = (0..journeys).map(|it| format!("j{it} = {of_each}"));
    let services: Vec<String> = services.collect();
    let services = services.join(", ");
    let share = 100.0 / segments.len() as f64;
    for (number, (patience, priority, credit)) in segments.iter().enumerate() {
        let _ = writeln!(
            text,
            "[segments.c{number}]\nshare = {share}\nservices = {{ {services} }}\npriority = {priority}"
        );
        if let Some(patience) = patience {
            let _ = writeln!(text, "patience = {patience}");
        }
        if let Some(credit) = credit {
            let _ = writeln!(text, "waiting_credit = \"{credit}s\"");
        }
    }
}
