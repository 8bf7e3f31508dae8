//! Where other simulators have crashed or been silently wrong: no servers, shifts of
//! no length, no patience, the last microsecond, empty days, everything at once.

mod generated;

use generated::{read_text, sound};
use scenarios::figure::{Figure, Population};
use sim::{CustomerFate, CustomerRecord, Options, Outcome, records, simulate};

/// A day from 9:00 to 10:00; `window` and `arrivals` are keys of these tables.
fn hour(window: &str, time: &str, rest: &str, arrivals: &str) -> String {
    format!(
        "[day]\nopen = \"09:00\"\nclose = \"10:00\"\ninterval = \"1h\"\n[run]\nreplications = 4\n\
         [resources.window]\n{window}\n[journeys.errand]\ntime = \"{time}\"\nholds = [\"window\"]\n\
         {rest}\n[arrivals]\n{arrivals}\n"
    )
}

fn day(text: &str) -> Vec<CustomerRecord> {
    let scenario = sound(text);
    records(&scenario, &Options::of(&scenario), 0).expect("it is sound")
}

fn outcome(text: &str) -> Outcome {
    let scenario = sound(text);
    simulate(&scenario, &Options::of(&scenario), &()).expect("it is sound")
}

fn mean(outcome: &Outcome, figure: Figure) -> Option<f64> {
    let row = outcome.figures.find(figure, &Population::default());
    row.and_then(|row| row.mean)
}

/// Seconds after nine at which each began and left.
fn times(day: &[CustomerRecord]) -> Vec<(Option<f64>, f64)> {
    let since = |at: u64| (at as f64 / 1e6) - 9.0 * 3600.0;
    day.iter()
        .map(|it| (it.begun.map(|begun| since(begun.0)), since(it.left.0)))
        .collect()
}

fn refusal(text: &str) -> String {
    let error = read_text(text).expect_err("it must be refused");
    let mut told = vec![error.to_string()];
    told.extend(error.related().iter().map(ToString::to_string));
    told.join("\n")
}

#[test]
fn no_servers_at_all_are_refused_in_words_where_someone_needs_one() {
    let told = refusal(&hour("capacity = 0", "1min", "", "per_day = 10"));
    assert!(told.contains("never more than 0 are on duty"), "{told}");
    // A pool that nobody needs may be empty.
    let rest = "[resources.empty]\ncapacity = 0";
    let day = day(&hour("capacity = 1", "1min", rest, "gap = \"20min\""));
    assert!(day.iter().all(|it| it.fate == CustomerFate::Served));
}

#[test]
fn no_servers_for_a_while_make_everybody_wait_and_occupancy_a_number() {
    let window = "roster = [{ count = 2, from = \"09:30\" }]";
    let text = hour(window, "1min", "", "gap = \"25min\"");
    assert_eq!(
        times(&day(&text)),
        [(Some(1800.0), 1860.0), (Some(3000.0), 3060.0)]
    );
    let outcome = outcome(&text);
    for row in &outcome.figures.rows {
        let all = [row.mean, row.sd, row.min, row.max];
        assert!(all.into_iter().flatten().all(f64::is_finite), "{row:?}");
    }
}

#[test]
fn a_shift_of_no_length_is_refused_and_the_shortest_one_serves() {
    let empty = "roster = [{ count = 1 }, { count = 1, from = \"09:10\", to = \"09:10\" }]";
    let told = refusal(&hour(empty, "1min", "", "per_day = 10"));
    assert!(told.contains("not later than it begins"), "{told}");
    // A second long: the one in service is finished, and nobody else begun.
    let short = "roster = [{ count = 0 }, { count = 1, from = \"09:10:00\", to = \"09:10:01\" }, \
                 { count = 1, from = \"09:50\" }]";
    let text = hour(
        short,
        "5min",
        "",
        "replay = [{ arrival = \"09:00\" }, { arrival = \"09:00\" }]",
    );
    assert_eq!(
        times(&day(&text)),
        [(Some(600.0), 900.0), (Some(3000.0), 3300.0)]
    );
    // A break as long as its shift leaves nobody.
    let away = "roster = [{ count = 1, break = { from = \"09:00\", to = \"10:00\" } }]";
    let told = refusal(&hour(away, "1min", "", "per_day = 10"));
    assert!(told.contains("never more than 0 are on duty"), "{told}");
}

#[test]
fn a_patience_of_zero_is_served_at_once_or_not_at_all() {
    let rest = "[segments.all]\npatience = \"0s\"";
    let arrivals =
        "replay = [{ arrival = \"09:00\" }, { arrival = \"09:00\" }, { arrival = \"09:05\" }]";
    let day = day(&hour("capacity = 1", "5min", rest, arrivals));
    let fates: Vec<_> = day.iter().map(|it| it.fate).collect();
    let (served, abandoned) = (CustomerFate::Served, CustomerFate::Abandoned);
    // The window is given back at 9:05, before the third comes.
    assert_eq!(fates, [served, abandoned, served]);
    assert_eq!(times(&day)[1], (None, 0.0));
}

#[test]
fn whoever_comes_in_the_closing_second_is_inside_and_whoever_comes_at_closing_is_not() {
    let arrivals = "replay = [{ arrival = \"09:59:59\" }, { arrival = \"3599.999999s\" }]";
    let text = hour("capacity = 1", "5min", "", arrivals);
    let found = times(&day(&text));
    assert_eq!(found[0], (Some(3599.0), 3899.0));
    assert!((found[1].1 - 4199.0).abs() < 1e-6);
    let overtime = mean(&outcome(&text), Figure::Overtime).expect("there are days");
    assert!((overtime - 599.0).abs() < 1e-6);
    let late = hour(
        "capacity = 1",
        "5min",
        "",
        "replay = [{ arrival = \"10:00\" }]",
    );
    assert!(refusal(&late).contains("when the doors are shut"));
    // Every 20 minutes: the third would come at the very closing.
    assert_eq!(
        day(&hour("capacity = 1", "5min", "", "gap = \"20min\"")).len(),
        2
    );
}

#[test]
fn a_day_on_which_nobody_comes_is_a_day() {
    for arrivals in ["per_day = 0", "per_day = 50\ncustomers = 0", "gap = \"2h\""] {
        let text = hour("capacity = 1", "5min", "", arrivals);
        assert_eq!(day(&text), []);
        let outcome = outcome(&text);
        assert_eq!(mean(&outcome, Figure::Arrivals), Some(0.0));
        assert_eq!(mean(&outcome, Figure::Overtime), Some(0.0));
        assert_eq!(mean(&outcome, Figure::Wait), None);
        assert_eq!(mean(&outcome, Figure::PeopleInBranch), Some(0.0));
        assert!(outcome.warnings.is_empty());
    }
}

#[test]
fn everything_at_one_instant_happens_in_the_documented_order() {
    // A thousand people, no time at all: all are gone at the opening.
    let arrivals = "per_day = 0\nbefore_opening = { people = 1000 }";
    let all = day(&hour("capacity = 1", "0s", "", arrivals));
    assert_eq!(all.len(), 1000);
    assert!(times(&all).into_iter().all(|it| it == (Some(0.0), 0.0)));
    // At 9:05 the first service ends, one of two servers leaves, an incident of the branch ends
    // and another begins, the second's patience ends, and the third comes.
    let rest = "[segments.all]\npatience = \"5min\"\n\
                [[incidents]]\nwhat = \"resources.window\"\nfrom = \"09:04\"\nto = \"09:05\"\ndown = 1\n\
                [[incidents]]\nwhat = \"resources.window\"\nfrom = \"09:05\"\nto = \"09:20\"\ndown = 1";
    let window = "roster = [{ count = 1 }, { count = 1, to = \"09:05\" }]";
    let arrivals = "replay = [{ arrival = \"09:00\", service = \"5min\" }, { arrival = \"09:00\", service = \"8min\" }, \
                    { arrival = \"09:00\" }, { arrival = \"09:05\" }]";
    let day = day(&hour(window, "1min", rest, arrivals));
    let fates: Vec<_> = day.iter().map(|it| it.fate).collect();
    let (served, abandoned) = (CustomerFate::Served, CustomerFate::Abandoned);
    // The window that is given back at 9:05 is one too many already (since 9:04 only one of
    // two is in use); so the third is not served, and leaves. The fourth's patience ends at 9:10.
    assert_eq!(fates, [served, served, abandoned, abandoned]);
    assert_eq!(
        times(&day),
        [
            (Some(0.0), 300.0),
            (Some(0.0), 480.0),
            (None, 300.0),
            (None, 600.0)
        ]
    );
}

#[test]
fn one_server_serves_any_number_one_after_the_other() {
    let arrivals = "per_day = 0\nbefore_opening = { people = 500 }";
    let day = day(&hour("capacity = 1", "1s", "", arrivals));
    let expected: Vec<_> = (0..500)
        .map(|it| (Some(f64::from(it)), f64::from(it + 1)))
        .collect();
    assert_eq!(times(&day), expected);
}

#[test]
fn a_day_is_over_when_servers_only_break_down_and_are_repaired() {
    // Nobody is ever served: a service takes longer than the server ever works.
    for by in ["clock", "running"] {
        let breakdowns = format!(
            "breakdowns = {{ up = \"1min\", down = \"1min\", by = \"{by}\", service = \"restart\" }}"
        );
        let window = format!("capacity = 1\n{breakdowns}");
        let text = hour(&window, "2min", "", "gap = \"25min\"");
        let outcome = outcome(&text);
        let left: Vec<_> = day(&text).iter().map(|it| it.fate).collect();
        assert_eq!(left, [CustomerFate::Unserved; 2], "{by}");
        assert_eq!(outcome.warnings.len(), 1, "{by}");
        // A breakdown and a repair every two minutes, of four days each of which is
        // over after a month, and not after ten years.
        let month = 31 * 24 * 60;
        assert!(outcome.events < 4 * 2 * month, "{by}: {}", outcome.events);
        assert!(outcome.events > 4 * month / 2, "{by}: {}", outcome.events);
    }
}

#[test]
fn whoever_is_served_at_last_is_waited_for() {
    // Repaired after three weeks, and again: what is done of the service stays done.
    let window =
        "capacity = 1\nbreakdowns = { up = \"30min\", down = \"500h\", service = \"resume\" }";
    let left = day(&hour(window, "1h", "", "customers = 1\ngap = \"10min\""));
    let fates: Vec<_> = left.iter().map(|it| it.fate).collect();
    assert_eq!(fates, [CustomerFate::Served]);
}

#[test]
fn a_step_ends_before_a_breakdown_and_a_breakdown_before_patience() {
    // At 9:05 the first service ends and the second begins; then the window breaks down,
    // before the second's patience ends, which has begun and stays. It is repaired at 9:07.
    let window = "capacity = 1\nbreakdowns = { up = \"5min\", down = \"2min\" }";
    let rest = "[segments.all]\npatience = \"1min\"";
    let arrivals = "replay = [{ arrival = \"09:00\" }, { arrival = \"09:04\" }]";
    let day = day(&hour(window, "5min", rest, arrivals));
    assert_eq!(times(&day), [(Some(0.0), 300.0), (Some(300.0), 720.0)]);
}

#[test]
fn whoever_has_booked_comes_before_who_walks_in_and_who_comes_again_after_both() {
    // At 9:10 the first who walks in comes a second time, the second for the first time,
    // and somebody has an appointment.
    let rest = "[segments.walk_in]\nshare = 1\nretry = { probability = 1, after = \"5min\" }\n\
                [segments.booked]\nshare = 0\n\
                [appointments]\nslots = [{ at = [\"09:05\", \"09:10\"], per_slot = 1, segment = \"booked\" }]";
    let arrivals = "gap = \"5min\"\ncustomers = 2";
    let day = day(&hour(
        "capacity = 1\nqueue = { room = 0 }",
        "5min",
        rest,
        arrivals,
    ));
    let begun: Vec<_> = times(&day).into_iter().map(|(begun, _)| begun).collect();
    // The two booked ones are served at once; those who walk in balk at 9:05 and 9:10, the
    // first again at 9:10, and both come again at 9:15, in the order of their going.
    assert_eq!(begun, [Some(300.0), Some(1200.0), Some(600.0), Some(900.0)]);
}

#[test]
fn hours_of_a_second_and_hours_that_never_overlap_serve_as_they_can() {
    // One server for a second, one from 9:30 on; nobody between.
    let servers = "servers = [{ from = \"09:10:00\", to = \"09:10:01\" }, { from = \"09:30\" }]";
    for (end, expected) in [
        ("finish", [(Some(600.0), 900.0), (Some(1800.0), 2100.0)]),
        // A second of it is done, the rest at 9:30 by the other one.
        ("resume", [(Some(600.0), 2099.0), (Some(2099.0), 2399.0)]),
        ("changeover", [(Some(600.0), 900.0), (Some(1800.0), 2100.0)]),
    ] {
        let window = format!("{servers}\nshift_end = \"{end}\"");
        let arrivals = "replay = [{ arrival = \"09:00\" }, { arrival = \"09:00\" }]";
        assert_eq!(
            times(&day(&hour(&window, "5min", "", arrivals))),
            expected,
            "{end}"
        );
    }
}
