//! Branches that nobody has thought of: scenario files in which mechanisms are
//! combined at random, for properties that hold whatever the branch.
#![allow(dead_code, reason = "each test file uses what it needs")]

pub mod plain;

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::{BoxedStrategy, Strategy, any};
use proptest::sample::{select, subsequence};
use proptest::test_runner::RngSeed;
use scenarios::file::{ScenarioError, read};
use scenarios::model::Scenario;
use std::fmt::Write;

/// Doors are open from 9:00 to 11:00.
const MINUTES_OPEN: u32 = 120;

/// The usual tests see the same branches every time, so that what they find and how
/// long they take is no accident; with `BRANCHLAB_CASES` they see new ones.
pub fn seed() -> RngSeed {
    if std::env::var_os("BRANCHLAB_CASES").is_some() {
        RngSeed::Random
    } else {
        RngSeed::Fixed(20_261_124)
    }
}

/// Reads a scenario file that is only a text.
pub fn read_text(text: &str) -> Result<Scenario, ScenarioError> {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("generated.toml");
    std::fs::write(&path, text).expect("the folder is writable");
    read(&path, &[])
}

/// Reads a scenario file that must be sound.
pub fn sound(text: &str) -> Scenario {
    read_text(text).unwrap_or_else(|error| panic!("{error} {:?}\n{text}", error.related()))
}

fn clock(minutes: u32) -> String {
    format!("{:02}:{:02}", 9 + minutes / 60, minutes % 60)
}

/// A time that people take; zero, too.
fn law() -> impl Strategy<Value = String> {
    (0_u32..9, 1_u32..300).prop_map(|(kind, mean)| match kind {
        8 => format!("{{ law = \"table\", values = [[\"0s\", 20], [\"{mean}s\", 80]] }}"),
        0 | 1 => format!("\"{mean}s\""),
        2 => "\"0s\"".to_owned(),
        3 => format!("{{ law = \"lognormal\", mean = \"{mean}s\", cv = 0.9 }}"),
        4 => format!("{{ law = \"uniform\", low = \"0s\", high = \"{mean}s\" }}"),
        5 => format!("{{ law = \"erlang\", k = 2, mean = \"{mean}s\" }}"),
        _ => format!("{{ law = \"exponential\", mean = \"{mean}s\" }}"),
    })
}

/// A time that is not zero.
fn positive_law() -> impl Strategy<Value = String> {
    (any::<bool>(), 600_u32..6000).prop_map(|(constant, mean)| {
        if constant {
            format!("\"{mean}s\"")
        } else {
            format!("{{ law = \"exponential\", mean = \"{mean}s\" }}")
        }
    })
}

/// When a server is there, in minutes since the opening, and its break.
#[derive(Debug, Clone, Copy)]
pub struct Hours {
    from: u32,
    to: u32,
    pause: Option<(u32, u32)>,
}

impl Hours {
    fn keys(self) -> String {
        let mut keys = format!(
            ", from = \"{}\", to = \"{}\"",
            clock(self.from),
            clock(self.to)
        );
        if let Some((from, to)) = self.pause {
            let (from, to) = (clock(from), clock(to));
            let _ = write!(keys, ", break = {{ from = \"{from}\", to = \"{to}\" }}");
        }
        keys
    }

    /// Whether the server may begin with somebody at a second since the opening: at
    /// the very moment it goes, too, if it is given back then. What ends at closing
    /// lasts.
    pub fn may_begin(self, second: f64) -> bool {
        let at = |minute: u32| f64::from(minute) * 60.0;
        let inside = at(self.from) <= second && (second <= at(self.to) || self.to == MINUTES_OPEN);
        let away = |(from, to): (u32, u32)| at(from) < second && second < at(to);
        inside && !self.pause.is_some_and(away)
    }
}

/// Hours of a server, of every second one its own.
fn hours() -> impl Strategy<Value = Option<Hours>> {
    let moments = [
        0..=MINUTES_OPEN,
        0..=MINUTES_OPEN,
        0..=MINUTES_OPEN,
        0..=MINUTES_OPEN,
    ];
    let hours = (moments, any::<bool>()).prop_filter_map(
        "a shift of no length is refused",
        |(mut moments, pause)| {
            moments.sort_unstable();
            let [from, begins, ends, to] = moments;
            let pause = (pause && begins < ends && ends < to).then_some((begins, ends));
            (from < to).then_some(Hours { from, to, pause })
        },
    );
    option::of(hours)
}

/// A resource and whether its servers are told apart.
fn resource() -> impl Strategy<Value = (String, bool)> {
    let order = select(vec!["fifo", "lifo", "random"]);
    let preemption = select(vec!["none", "resume", "restart", "resample"]);
    let queue = (order, preemption, option::weighted(0.2, 0_u32..6));
    (servers(), queue).prop_map(|((servers, apart, lined), (order, preemption, room))| {
        let mut queue = format!("order = \"{order}\"");
        if lined.is_empty() {
            let _ = write!(queue, ", preemption = \"{preemption}\"");
        } else {
            let _ = write!(queue, ", {lined}");
        }
        if let Some(room) = room {
            let _ = write!(queue, ", room = {room}");
        }
        (format!("{servers}\nqueue = {{ {queue} }}"), apart)
    })
}

/// Keys of servers, whether they are told apart, and keys of their lines.
fn servers() -> BoxedStrategy<(String, bool, String)> {
    let plain = |text: String| (text, false, String::new());
    let pool = (1_u32..4).prop_map(move |count| plain(format!("capacity = {count}")));
    let drawn = (1_u32..4, 1_u32..4).prop_map(move |(one, other)| {
        let other = if one == other { one + 1 } else { other };
        plain(format!(
            "capacity = {{ table = [[{one}, 60], [{other}, 40]] }}"
        ))
    });
    let shift = (0_u32..4, 0..MINUTES_OPEN, 0..MINUTES_OPEN).prop_filter_map(
        "a shift of no length is refused",
        |(count, from, to)| {
            (from < to).then(|| {
                let (from, to) = (clock(from), clock(to));
                format!("{{ count = {count}, from = \"{from}\", to = \"{to}\" }}")
            })
        },
    );
    let shift_end = select(vec!["finish", "changeover", "resume"]);
    let roster = (vec(shift, 0..4), 1_u32..3, shift_end).prop_map(move |(shifts, all_day, end)| {
        let mut shifts = shifts;
        shifts.push(format!("{{ count = {all_day} }}"));
        plain(format!(
            "roster = [{}]\nshift_end = \"{end}\"",
            shifts.join(", ")
        ))
    });
    let skills = subsequence(vec!["\"a\"", "\"b\""], 0..=2);
    let server =
        (skills, select(vec!["0.5", "1", "2"]), hours()).prop_map(|(skills, speed, hours)| {
            let hours = hours.map_or(String::new(), Hours::keys);
            format!(
                "{{ skills = [{}], speed = {speed}{hours} }}",
                skills.join(", ")
            )
        });
    let choice = select(vec![
        "longest_idle",
        "lowest",
        "fastest",
        "most_specialised",
    ]);
    let ends = select(vec!["finish", "changeover", "resume"]);
    let apart = (vec(server, 0..3), choice, ends).prop_map(|(mut servers, choice, end)| {
        servers.push("{ skills = [\"a\", \"b\"] }".to_owned());
        let servers = servers.join(", ");
        let text = format!("servers = [{servers}]\nchoice = \"{choice}\"\nshift_end = \"{end}\"");
        (text, true, String::new())
    });
    let service = select(vec!["resume", "restart", "resample"]);
    let breaking = (1_u32..4, positive_law(), positive_law(), service).prop_map(
        |(count, up, down, service)| {
            let text = format!(
                "capacity = {count}\nbreakdowns = {{ up = {up}, down = {down}, service = \"{service}\" }}"
            );
            (text, true, String::new())
        },
    );
    let arrangement = select(vec!["random", "shortest"]);
    let lined = (1_u32..4, arrangement, any::<bool>()).prop_map(|(count, lines, jockeying)| {
        let keys = format!("lines = \"{lines}\", jockeying = {jockeying}");
        (format!("capacity = {count}"), true, keys)
    });
    proptest::prop_oneof![pool, drawn, roster, apart, breaking, lined].boxed()
}

/// A step: keys that mean the same in every journey, and what depends on it.
#[derive(Debug, Clone)]
struct Step {
    keys: String,
    /// Whether it holds the third resource, and keeps it.
    holds: Option<bool>,
    skill: Option<&'static str>,
    /// Whether, and by which time, it goes on to the next journey.
    fails: Option<(f64, &'static str)>,
    /// Times of three steps, the first beside the two others.
    parallel: Option<[String; 3]>,
}

fn step() -> impl Strategy<Value = Step> {
    let kind = select(vec![
        "",
        ", part = \"review\"",
        ", operation = \"identity_check\"",
    ]);
    let probability = option::weighted(0.3, 0.0..1.0_f64);
    let repeats = option::weighted(0.3, 0.0..0.6_f64);
    let keys =
        (law(), kind, probability, repeats).prop_map(|(time, kind, probability, repeats)| {
            let mut keys = format!("duration = {time}{kind}");
            if let Some(probability) = probability {
                let _ = write!(keys, ", probability = {probability}");
            }
            if let Some(probability) = repeats {
                let _ = write!(keys, ", repeats = {{ probability = {probability} }}");
            }
            keys
        });
    let holds = option::of(any::<bool>());
    let skill = option::of(select(vec!["a", "b"]));
    let fails = option::weighted(
        0.3,
        (0.0..1.0_f64, select(vec!["ticket", "joining", "front"])),
    );
    let parallel = option::weighted(0.15, [law(), law(), law()]);
    (keys, holds, skill, fails, parallel).prop_map(|(keys, holds, skill, fails, parallel)| Step {
        keys,
        holds,
        skill,
        fails,
        parallel,
    })
}

/// A journey: one time at resources, or steps.
#[derive(Debug, Clone)]
struct Journey {
    whole: Option<String>,
    /// Which resources, as a mask, and how many of a pool.
    holds: [bool; 3],
    two: bool,
    steps: Vec<Step>,
}

fn journey() -> impl Strategy<Value = Journey> {
    let whole = option::of(law());
    (whole, any::<[bool; 3]>(), any::<bool>(), vec(step(), 1..4)).prop_map(
        |(whole, holds, two, steps)| Journey {
            whole,
            holds,
            two,
            steps,
        },
    )
}

fn segment() -> impl Strategy<Value = String> {
    let balking = option::weighted(
        0.2,
        (0_u32..4, 1_u32..6, select(vec!["waiting", "present"])),
    );
    let retry = option::weighted(0.3, (0.0..0.9_f64, positive_law()));
    let credit = option::weighted(0.2, 1_u32..600);
    (option::of(law()), 0_u32..3, credit, balking, retry).prop_map(
        |(patience, priority, credit, balking, retry)| {
            let mut keys = format!("priority = {priority}\n");
            if let Some(patience) = patience {
                let _ = writeln!(keys, "patience = {patience}");
            }
            if let Some(credit) = credit {
                let _ = writeln!(keys, "waiting_credit = \"{credit}s\"");
            }
            if let Some((from, more, sees)) = balking {
                let always = from + more;
                let _ = writeln!(
                    keys,
                    "balking = {{ sees = \"{sees}\", from = {from}, always = {always} }}"
                );
            }
            if let Some((probability, after)) = retry {
                let _ = writeln!(
                    keys,
                    "retry = {{ probability = {probability}, after = {after} }}"
                );
            }
            keys
        },
    )
}

fn arrivals() -> BoxedStrategy<String> {
    let level = proptest::prop_oneof![
        (0_u32..200).prop_map(|per_day| format!("per_day = {per_day}")),
        (0_u32..120, 0_u32..120, 0_u32..120)
            .prop_map(|(a, b, c)| format!("rates_per_hour = [{a}, {b}, {c}]\nwithin = \"linear\"")),
        (0_u32..120, 0_u32..120).prop_map(|(a, b)| format!(
            "rates_per_hour = [{a}, {b}]\nbusyness_cv = 0.5\nday_of_month = {{ 9 = 1.5 }}"
        )),
        (20_u32..600).prop_map(|gap| format!("gap = \"{gap}s\"")),
    ];
    let extras = (
        option::weighted(0.4, (0_u32..20, any::<bool>())),
        option::weighted(0.3, (1_u32..5, any::<bool>())),
        option::weighted(0.2, 0_u32..100),
    );
    (level, extras)
        .prop_map(|(level, (before, group, most))| {
            let mut text = level;
            if let Some((people, together)) = before {
                let keys = if together || text.contains("gap") {
                    format!("people = {people}")
                } else {
                    format!("from = \"08:40\", rate_per_hour = {people}")
                };
                let _ = write!(text, "\nbefore_opening = {{ {keys} }}");
            }
            if let Some((people, one_ticket)) = group {
                let _ = write!(
                    text,
                    "\nbatches = [{{ people = 1, share = 60 }}, {{ people = {people}, share = 40 }}]\n\
                     one_ticket = {one_ticket}"
                );
            }
            if let Some(most) = most {
                let _ = write!(text, "\ncustomers = {most}");
            }
            text
        })
        .boxed()
}

fn incident() -> impl Strategy<Value = (String, u32, u32)> {
    let what = proptest::prop_oneof![
        (1_u32..4).prop_map(|down| format!("what = \"resources.r0\"\ndown = {down}")),
        select(vec!["resources.r0", "resources.r1", "bank", "branch"])
            .prop_map(|what| format!("what = \"{what}\"\nstopped = true")),
        (
            select(vec!["resources.r0", "resources.r1", "bank", "branch"]),
            0.5..4.0_f64
        )
            .prop_map(|(what, slower)| format!("what = \"{what}\"\nslower = {slower}")),
        proptest::strategy::Just("what = \"branch\"\nclosed = true".to_owned()),
    ];
    (what, 0..MINUTES_OPEN, 0..MINUTES_OPEN)
        .prop_filter("incidents have a length", |(_, from, to)| from < to)
}

/// Customers who have booked, a segment of their own.
fn appointments() -> impl Strategy<Value = String> {
    let slots = (1_u32..4, select(vec!["10min", "25min"]));
    let shares = (0.0..0.5_f64, 0.0..0.5_f64, 0_u32..4);
    let punctuality = option::of(select(vec![
        "{ law = \"normal\", mean = \"-3min\", sd = \"6min\" }",
        "\"-5min\"",
        "\"2min\"",
    ]));
    (slots, shares, punctuality, option::of(law())).prop_map(
        |((each, every), (cancelled, no_show, extra), punctuality, patience)| {
            let mut text = format!(
                "[segments.booked]\nshare = 0\nservices = \"j0\"\npriority = 1\n{}\
                 [appointments]\ncancelled = {cancelled}\nno_show = {no_show}\noverbooking = {{ extra = {extra} }}\n\
                 slots = [{{ from = \"09:10\", to = \"10:50\", every = \"{every}\", per_slot = {each}, segment = \"booked\" }}]\n",
                patience.map_or(String::new(), |it| format!("patience = {it}\n")),
            );
            if let Some(punctuality) = punctuality {
                let _ = writeln!(text, "punctuality = {punctuality}");
            }
            text
        },
    )
}

/// A whole scenario file in which anything may be combined with anything. Some
/// of them are refused by the reader.
pub fn branch() -> impl Strategy<Value = String> {
    let parts = (
        vec(resource(), 3),
        vec(journey(), 3),
        vec(segment(), 1..4),
        arrivals(),
        vec(incident(), 0..3),
        option::weighted(0.3, appointments()),
    );
    let closing = select(vec![
        "\"serve_all_inside\"",
        "\"send_home\"",
        "{ grace = \"5min\" }",
        "{ tickets_until = \"10:45\" }",
        "{ appointments_only = \"10:30\", grace = \"10min\" }",
    ]);
    (parts, closing, 0_u32..1_000_000).prop_map(
        |((resources, journeys, segments, arrivals, incidents, booked), closing, seed)| {
            let closing = if booked.is_none() && closing.contains("appointments") {
                "\"serve_all_inside\""
            } else {
                closing
            };
            let mut text = format!("{}closing = {closing}\n", day(seed));
            // Costs change nothing that happens.
            text.push_str("[cost]\nusual = true\n");
            for (number, (resource, _)) in resources.iter().enumerate() {
                let _ = writeln!(text, "[resources.r{number}]\n{resource}");
            }
            // Who is served on parallel steps cannot be interrupted.
            let interrupts = ["resume", "restart", "resample"];
            let steady = !resources
                .iter()
                .any(|(text, _)| interrupts.iter().any(|it| text.contains(it)));
            let apart: Vec<bool> = resources.iter().map(|(_, apart)| *apart).collect();
            for (number, journey) in journeys.iter().enumerate() {
                let mut journey = journey.clone();
                if !steady {
                    journey.steps.iter_mut().for_each(|it| it.parallel = None);
                }
                write_journey(&mut text, number, &journey, &apart, &resources);
            }
            for number in 0..journeys.len() {
                let _ = writeln!(text, "[services.j{number}]");
            }
            let share = 100.0 / segments.len() as f64;
            for (number, segment) in segments.iter().enumerate() {
                let _ = writeln!(
                    text,
                    "[segments.s{number}]\nshare = {share}\nservices = \"j{number}\"\n{segment}"
                );
            }
            let _ = writeln!(text, "[arrivals]\n{arrivals}");
            if let Some(booked) = booked {
                text.push_str(&booked);
            }
            for (what, from, to) in &incidents {
                let (from, to) = (clock(*from), clock(*to));
                let _ = writeln!(
                    text,
                    "[[incidents]]\n{what}\nfrom = \"{from}\"\nto = \"{to}\""
                );
            }
            text
        },
    )
}

fn write_journey(
    text: &mut String,
    number: usize,
    journey: &Journey,
    apart: &[bool],
    resources: &[(String, bool)],
) {
    let _ = writeln!(text, "[journeys.j{number}]\nchannel = \"counter\"");
    // Servers of the first resource before those of the second: no circle of holding.
    let mut held_apart = false;
    let held: Vec<String> = (0..2)
        .filter(|&it| journey.holds[it])
        .filter(|&it| {
            let both = apart[it] && held_apart;
            held_apart |= apart[it];
            !both
        })
        .map(|it| {
            let pool_of_two = resources[it].0.starts_with("capacity = 2")
                || resources[it].0.starts_with("capacity = 3");
            let count = if journey.two && pool_of_two && !apart[it] {
                2
            } else {
                1
            };
            format!("{{ resource = \"r{it}\", count = {count} }}")
        })
        .collect();
    let _ = writeln!(text, "holds = [{}]", held.join(", "));
    if let Some(whole) = &journey.whole {
        let _ = writeln!(text, "time = {whole}");
        return;
    }
    let _ = writeln!(text, "steps = [");
    for (place, step) in journey.steps.iter().enumerate() {
        if let Some([one, two, three]) = &step.parallel {
            let holds = if step.holds.is_some() && !apart[2] {
                ", holds = [\"r2\"]"
            } else {
                ""
            };
            let _ = writeln!(
                text,
                "  {{ name = \"t{place}\", parallel = [\n    {{ name = \"t{place}a\", duration = {one}{holds} }},\n    \
                 [{{ name = \"t{place}b\", duration = {two} }}, {{ name = \"t{place}c\", part = \"review\", duration = {three} }}],\n  ] }},"
            );
            continue;
        }
        let mut keys = format!("name = \"t{place}\", {}", step.keys);
        if let Some(keeps) = step.holds
            && !(apart[2] && held_apart)
        {
            let skilled = resources[2].0.starts_with("servers");
            let skill = step.skill.filter(|_| skilled);
            let skill = skill.map_or(String::new(), |skill| format!(", skill = \"{skill}\""));
            let _ = write!(
                keys,
                ", holds = [{{ resource = \"r2\"{skill} }}], keeps = {keeps}"
            );
        }
        if let Some((probability, by)) = step.fails
            && number < 2
        {
            let to = number + 1;
            let _ = write!(
                keys,
                ", fails = {{ probability = {probability}, to = \"j{to}\", queue_by = \"{by}\" }}"
            );
        }
        let _ = writeln!(text, "  {{ {keys} }},");
    }
    let _ = writeln!(text, "]");
}

/// Pools that never change, each with one journey and one segment of its own:
/// `(scenario file, capacity of each)`. Segment, journey and pool have one number.
pub fn separate_pools() -> impl Strategy<Value = (String, Vec<u32>)> {
    let pool = (
        1_u32..4,
        select(vec!["fifo", "lifo", "random"]),
        law(),
        option::weighted(0.3, law()),
        0_u32..3,
    );
    let arrivals = (30_u32..300, option::weighted(0.5, 2_u32..4));
    (vec(pool, 1..4), arrivals, 0_u32..1_000_000).prop_map(|(pools, (per_day, group), seed)| {
        let mut text = day(seed);
        let capacities = pools.iter().map(|pool| pool.0).collect();
        let share = 100.0 / pools.len() as f64;
        for (number, (capacity, order, time, patience, priority)) in pools.iter().enumerate() {
            let _ = writeln!(
                text,
                "[resources.r{number}]\ncapacity = {capacity}\nqueue = \"{order}\"\n\
                 [journeys.j{number}]\ntime = {time}\nholds = [\"r{number}\"]\n\
                 [segments.s{number}]\nshare = {share}\nservices = \"j{number}\"\npriority = {priority}"
            );
            if let Some(patience) = patience {
                let _ = writeln!(text, "patience = {patience}");
            }
        }
        let _ = writeln!(text, "[arrivals]\nper_day = {per_day}");
        if let Some(people) = group {
            let _ = writeln!(
                text,
                "batches = [{{ people = 1, share = 60 }}, {{ people = {people}, share = 40 }}]"
            );
        }
        (text, capacities)
    })
}

/// One pool whose services all take the same time, under several rules of who is
/// next: the scenario files differ in nothing else.
pub fn same_work_under_other_rules() -> impl Strategy<Value = Vec<String>> {
    (1_u32..5, 1_u32..400, 30_u32..400, 0_u32..1_000_000).prop_map(
        |(capacity, seconds, per_day, seed)| {
            let rules = [
                ("fifo", 0, "0s"),
                ("lifo", 0, "0s"),
                ("random", 0, "0s"),
                ("fifo", 1, "0s"),
                ("random", 1, "0s"),
                ("fifo", 0, "4min"),
            ];
            let text = |(order, priority, credit): (&str, u32, &str)| {
                format!(
                    "{}[resources.r0]\ncapacity = {capacity}\nqueue = \"{order}\"\n\
                     [journeys.j0]\ntime = \"{seconds}s\"\nholds = [\"r0\"]\n\
                     [segments.s0]\nshare = 70\n[segments.s1]\nshare = 30\npriority = {priority}\n\
                     waiting_credit = \"{credit}\"\n[arrivals]\nper_day = {per_day}\n",
                    day(seed)
                )
            };
            rules.into_iter().map(text).collect()
        },
    )
}

/// Servers told apart at one constant service; each speed is another, so that the
/// time a service takes tells who served: `(scenario file, seconds and hours of each
/// server)`.
pub fn servers_told_by_their_speed() -> impl Strategy<Value = (String, Vec<(u64, Option<Hours>)>)> {
    let choice = select(vec![
        "longest_idle",
        "lowest",
        "fastest",
        "most_specialised",
    ]);
    let queue = proptest::prop_oneof![
        select(vec!["fifo", "lifo", "random"]).prop_map(|order| format!("order = \"{order}\"")),
        (select(vec!["random", "shortest"]), any::<bool>())
            .prop_map(|(lines, jockeying)| format!("lines = \"{lines}\", jockeying = {jockeying}")),
    ];
    let hours = vec(hours(), 0..4);
    (hours, choice, queue, 30_u32..300, 0_u32..1_000_000).prop_map(
        |(mut hours, choice, queue, per_day, seed)| {
            // Somebody is there all day, and where each has a line, everybody.
            hours.push(None);
            if queue.contains("lines") {
                hours.fill(None);
            }
            let keys = |it: &Option<Hours>| it.map_or(String::new(), Hours::keys);
            let each = hours.iter().enumerate();
            let servers: Vec<String> = each
                .map(|(number, it)| {
                    format!("{{ speed = {}{} }}", 1.0 / f64::from(1 << number), keys(it))
                })
                .collect();
            let text = format!(
                "{}[resources.r0]\nservers = [{}]\nchoice = \"{choice}\"\nqueue = {{ {queue} }}\n\
                 [journeys.j0]\ntime = \"100s\"\nholds = [\"r0\"]\n[arrivals]\nper_day = {per_day}\n",
                day(seed),
                servers.join(", ")
            );
            let each = hours.into_iter().enumerate();
            (text, each.map(|(number, it)| (100 << number, it)).collect())
        },
    )
}

fn day(seed: u32) -> String {
    format!(
        "[run]\nreplications = 3\nseed = {seed}\n[day]\ndate = \"2026-06-09\"\nopen = \"09:00\"\n\
         close = \"11:00\"\ninterval = \"30min\"\n"
    )
}
