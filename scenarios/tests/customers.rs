//! What customers do, as files say it: read as written, explained in words, and
//! refused in words where it is impossible.

use scenarios::explain::explain;
use scenarios::file::read;
use scenarios::language::Lang;
use scenarios::model::{
    AbandonedCounts, ChannelChoice, Closing, Order, PromotedWhen, Punctuality, Scenario,
};
use scenarios::time::Span;

const RIGHT: &str = r#"
[resources.window]
capacity = 3
[journeys.errand]
time = "3min"
holds = ["window"]
[arrivals]
per_day = 100
"#;

/// A scenario with this after it, or what is said of it.
fn with(rest: &str) -> Result<Scenario, String> {
    written(&format!("{RIGHT}{rest}"))
}

fn written(text: &str) -> Result<Scenario, String> {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("s.toml");
    std::fs::write(&path, text).expect("the folder is writable");
    let first = read(&path, &[]).map_err(|error| {
        let all = std::iter::once(&error).chain(error.related());
        let told = all.map(|it| format!("{it} {}", it.help().unwrap_or_default()));
        told.collect::<Vec<_>>().join("\n")
    })?;
    // What was run reads back as the same scenario.
    std::fs::write(&path, &first.as_run).expect("the folder is writable");
    let again = read(&path, &[]).unwrap_or_else(|error| panic!("{error}\n{}", first.as_run));
    let json = |scenario: &Scenario| serde_json::to_string(scenario).expect("it serialises");
    assert_eq!(json(&first), json(&again));
    Ok(first)
}

fn right(rest: &str) -> Scenario {
    with(rest).unwrap_or_else(|told| panic!("{told}"))
}

fn says(rest: &str, words: &str) {
    match with(rest) {
        Ok(_) => panic!("{rest} is not refused"),
        Err(told) => assert!(told.contains(words), "{rest}\n{told}"),
    }
}

#[test]
fn closings_are_read_explained_and_refused() {
    let minutes = |count: u64| Span(count * 60_000_000);
    for (written, closing, words) in [
        (
            "\"serve_all_inside\"",
            Closing::ServeAllInside,
            "who is inside at closing is served",
        ),
        (
            "\"send_home\"",
            Closing::SendHome { grace: minutes(0) },
            "who has not begun at closing is turned away",
        ),
        (
            "{ grace = \"15min\" }",
            Closing::SendHome { grace: minutes(15) },
            "who has not begun 15min after closing is turned away",
        ),
    ] {
        let scenario = right(&format!("[day]\nclosing = {written}"));
        assert_eq!(scenario.day.closing, closing);
        let text = explain(&scenario, Lang::En);
        assert!(text.contains(words), "{text}");
    }
    says("[day]\nclosing = \"send_hme\"", "did you mean `send_home`?");
    says(
        "[day]\nclosing = { grce = \"15min\" }",
        "did you mean `grace`?",
    );
    says("[day]\nclosing = {}", "`day.closing.grace` is missing");
    says("[day]\nclosing = 15", "a rule in quotes or { grace");
    says("[day]\nclosing = { grace = 15 }", "must be a duration");
    says(
        "[gates]\nhome = \"turned_away <= 1\"",
        "needs a `closing` of the day",
    );
    right("[day]\nclosing = \"send_home\"\n[gates]\nhome = \"turned_away <= 1\"");
}

/// People who walk in, and a segment that books.
const BOOKING: &str = r#"
[resources.window]
capacity = 3
[journeys.errand]
time = "3min"
holds = ["window"]
[segments.plain]
share = 0.92
[segments.vip]
share = 0.08
[segments.booked]
share = 0
[arrivals]
per_day = 340
"#;

fn booked(rest: &str) -> Result<Scenario, String> {
    written(&format!("{BOOKING}[appointments]\n{rest}"))
}

fn refuses(rest: &str, words: &str) {
    match booked(rest) {
        Ok(_) => panic!("{rest} is not refused"),
        Err(told) => assert!(told.contains(words), "{rest}\n{told}"),
    }
}

#[test]
fn a_share_of_a_segment_books_and_no_longer_walks_in() {
    let scenario = booked(
        "slots = { at = [\"10:00\", \"11:00\", \"16:00\"], share = 0.4, of = \"vip\", segment = \"booked\" }\n\
         punctuality = { law = \"normal\", mean = \"-3min\", sd = \"6min\" }\ncancelled = 0.12\nno_show = 0.04",
    )
    .unwrap_or_else(|told| panic!("{told}"));
    // 340 x .08 x .4 = 10.88 appointments over three slots: 3.63, 7.25, 10.88.
    let appointments = scenario.appointments.as_ref().expect("they book");
    let hours: Vec<String> = appointments
        .bookings
        .iter()
        .map(|it| it.at.clock())
        .collect();
    let expected: Vec<&str> = [("10:00", 4), ("11:00", 3), ("16:00", 4)]
        .into_iter()
        .flat_map(|(at, count)| vec![at; count])
        .collect();
    assert_eq!(hours, expected);
    assert_eq!(
        appointments.punctuality,
        Punctuality::Normal {
            mean: -180.0,
            sd: 360.0
        }
    );
    let walk_in: f64 = scenario.arrivals.pieces.iter().map(|it| it.expected).sum();
    assert!((walk_in - 329.12).abs() < 1e-9);
    let vip = &scenario.segments[1];
    assert!((vip.share * walk_in - 340.0 * 0.08 * 0.6).abs() < 1e-9);
    let text = explain(&scenario, Lang::En);
    for words in [
        "11 appointments a day",
        "booked: 4 at 10:00, 3 at 11:00, 4 at 16:00",
        "They come 3 min early on average (normal, spread 6 min); 12 % are cancelled, 4 % are not kept.",
    ] {
        assert!(text.contains(words), "`{words}` is not in\n{text}");
    }
}

#[test]
fn slots_are_filled_and_overbooked_as_written() {
    let count = |rest: &str| {
        let scenario = booked(rest).unwrap_or_else(|told| panic!("{told}"));
        scenario.appointments.expect("they book").bookings.len()
    };
    let slots = "slots = { from = \"10:00\", to = \"11:30\", every = \"30min\", per_slot = 2.5, segment = \"booked\" }\n";
    assert_eq!(count(slots), 10);
    assert_eq!(count(&format!("{slots}overbooking = 1.2")), 12);
    assert_eq!(count(&format!("{slots}overbooking = {{ extra = 2 }}")), 18);
    let scenario = booked(&format!("{slots}reserved = {{ window = 1 }}")).expect("it is right");
    assert!(
        explain(&scenario, Lang::En).contains("1 of window serve nobody without an appointment")
    );
}

#[test]
fn impossible_appointments_are_refused() {
    let slots = "slots = { at = [\"10:00\"], per_slot = 1, segment = \"booked\" }";
    refuses("", "`appointments.slots` is missing");
    refuses(
        "slots = { at = [\"10:00\"], per_slot = 1, segment = \"boked\" }",
        "did you mean `booked`?",
    );
    refuses(
        "slots = { at = [\"18:00\"], per_slot = 1, segment = \"booked\" }",
        "when the doors are shut",
    );
    refuses(
        "slots = { at = [\"10:00\"], share = 0.5, of = \"booked\", segment = \"booked\" }",
        "a segment of their own",
    );
    refuses(
        "slots = { at = [\"10:00\"], share = 0.5, of = \"vip\", per_slot = 2, segment = \"booked\" }",
        "stands beside",
    );
    refuses(
        "slots = { from = \"11:00\", to = \"10:00\", every = \"30min\", per_slot = 1, segment = \"booked\" }",
        "before 11:00",
    );
    refuses(
        &format!("{slots}\ncancelled = 0.6\nno_show = 0.5"),
        "together at most 1",
    );
    refuses(&format!("{slots}\nno_shw = 0.5"), "did you mean `no_show`?");
    refuses(
        &format!("{slots}\npunctuality = {{ law = \"normal\", mean = \"-3d\", sd = \"6min\" }}"),
        "is not a duration",
    );
    refuses(
        &format!("{slots}\nreserved = {{ windw = 1 }}"),
        "did you mean `window`?",
    );
    says(
        "[day]\nclosing = \"appointments_only\"",
        "there are no [appointments]",
    );
    says(
        "[day]\nclosing = { tickets_until = \"18:00\" }",
        "when the doors are shut",
    );
    says(
        "[gates]\nbooked = \"wait_from_arrival <= 3min\"",
        "needs [appointments]",
    );
    says(
        "[gates]\nshows = \"no_shows <= 3\"",
        "needs a resource with `tickets`",
    );
}

#[test]
fn tickets_weights_and_promotions_are_read_explained_and_refused() {
    let queue = "queue = { order = \"weighted\", tickets = { calling_time = \"20s\" } }\n";
    let resource = RIGHT.replace("capacity = 3\n", &format!("capacity = 3\n{queue}"));
    let scenario = written(&format!(
        "{resource}[segments.all]\nno_show = 0.04\nwaiting_weight = 2\n\
         promotion = {{ after = \"20min\", priority = 2 }}\n\
         balking = {{ sees = \"tickets\", from = 5, always = 10 }}"
    ))
    .unwrap_or_else(|told| panic!("{told}"));
    let queue = &scenario.resources[0].queue;
    assert_eq!(queue.order, Order::Weighted);
    let calling = queue.tickets.expect("there are tickets").calling_time;
    assert_eq!(calling, Span(20_000_000));
    let conduct = &scenario.segments[0].conduct;
    assert_eq!(conduct.waiting_weight, Some(2.0));
    let promotion = conduct.promotion.expect("they are promoted");
    assert_eq!(promotion.priority, 2);
    assert_eq!(promotion.when, PromotedWhen::After(Span(20 * 60_000_000)));
    let text = explain(&scenario, Lang::En);
    for words in [
        "4 % take a ticket and leave without a word",
        "their wait counts 2 times",
        "priority 2 after 20min",
    ] {
        assert!(text.contains(words), "`{words}` is not in\n{text}");
    }
    says("[segments.all]\nno_show = 0.04", "no resource has tickets");
    says(
        "[segments.all]\nbalking = { sees = \"tickets\", from = 1, always = 2 }",
        "no resource has tickets",
    );
    says(
        "[segments.all]\npromotion = { priority = 2 }",
        "must say once when",
    );
    says(
        "[segments.all]\npromotion = { after = \"0s\", priority = 2 }",
        "is zero",
    );
    says(
        "[segments.all]\npromotion = { whn = { waiting = 2 }, priority = 2 }",
        "did you mean `when`?",
    );
    says(
        "[segments.all]\nwaiting_weigt = 2",
        "did you mean `waiting_weight`?",
    );
    let wrong = |queue: &str| {
        let text = RIGHT.replace(
            "capacity = 3\n",
            &format!("capacity = 3\nqueue = {queue}\n"),
        );
        written(&text).expect_err(queue)
    };
    let told = wrong("{ lines = \"shortest\", tickets = { calling_time = \"20s\" } }");
    assert!(told.contains("one line"), "{told}");
    let told = wrong("{ tickets = {} }");
    assert!(told.contains("calling_time` is missing"), "{told}");
}

/// A service on two channels.
const CHANNELS: &str = r#"
[resources.window]
capacity = 1
[resources.kiosk]
capacity = 2
[journeys.errand]
time = "5min"
holds = ["window"]
[journeys.errand_kiosk]
channel = "kiosk"
time = "4min"
holds = ["kiosk"]
[services.errand]
journeys = ["errand", "errand_kiosk"]
[arrivals]
per_day = 100
"#;

#[test]
fn channels_retries_through_mobile_and_what_abandoning_means_are_read_and_refused() {
    let of = |rest: &str| written(&format!("{CHANNELS}[segments.all]\n{rest}"));
    let scenario = of(
        "channels = { kiosk = 70, counter = 30 }\nchoice = \"shorter\"\nabandoned = \"miss\"\n\
         patience = \"20min\"\nretry = { probability = 0.5, after = \"30min\", through = \"mobile\" }\n\
         [report]\nabandoned = \"left_out\"\n[gates]\nphone = \"tried_mobile <= 3\"",
    )
    .unwrap_or_else(|told| panic!("{told}"));
    let segment = &scenario.segments[0];
    assert_eq!(segment.services, [(0, 1, 0.7), (0, 0, 0.3)]);
    assert_eq!(segment.conduct.channel_choice, ChannelChoice::Shorter);
    assert_eq!(segment.conduct.abandoned, Some(AbandonedCounts::Miss));
    assert_eq!(scenario.report.abandoned, AbandonedCounts::LeftOut);
    assert!(segment.goes_mobile() && !segment.comes_again());
    let text = explain(&scenario, Lang::En);
    for words in [
        "50 % of those who leave unserved try it on the phone after 30 min",
        "they go where fewer wait for each server",
        "70 % errand on channel kiosk",
    ] {
        assert!(text.contains(words), "`{words}` is not in\n{text}");
    }
    let wrong = |rest: &str, words: &str| match of(rest) {
        Ok(_) => panic!("{rest} is not refused"),
        Err(told) => assert!(told.contains(words), "{rest}\n{told}"),
    };
    wrong("channels = { kiosk = 0.7, counter = 0.2 }", "sum to 0.9");
    wrong("channels = { kisk = 1 }", "did you mean `kiosk`?");
    wrong("channels = { atm = 1 }", "cannot be had on the channel atm");
    wrong(
        "channel = \"kiosk\"\nchannels = { kiosk = 1 }",
        "stands beside",
    );
    wrong(
        "channel = \"kiosk\"\nchoice = \"shorter\"",
        "has a choice and no channels",
    );
    wrong(
        "channel = \"kiosk\"\nabandoned = \"mis\"",
        "did you mean `miss`?",
    );
    wrong(
        "channel = \"kiosk\"\nretry = { after = \"30min\", through = \"mobil\" }",
        "did you mean `mobile`?",
    );
    wrong(
        "channel = \"kiosk\"\n[gates]\nphone = \"tried_mobile <= 3\"",
        "`tried_mobile` needs a `retry`",
    );
    wrong(
        "channel = \"kiosk\"\n[report]\nabandoned = \"mis\"",
        "did you mean `miss`?",
    );
}

#[test]
fn a_report_is_told_how_the_day_closes_and_what_abandoning_means_where_that_is_unusual() {
    assert!(right("").definitions().is_empty());
    let scenario = right(
        "[day]\nclosing = { grace = \"15min\" }\n[segments.one]\nshare = 0.5\n[segments.two]\nshare = 0.5\n\
         abandoned = \"miss\"\n[report]\nabandoned = \"left_out\"",
    );
    let definitions = scenario.definitions();
    let closing = &definitions["closing"];
    assert!(
        closing.en.contains("15min later is turned away"),
        "{closing:?}"
    );
    assert!(closing.zh.contains(" 15 分钟后仍未开始办理"), "{closing:?}");
    let abandoned = &definitions["abandoned"];
    assert_eq!(
        abandoned.en,
        "customers who abandoned are left out; of two, always as a miss."
    );
    for label in definitions.values() {
        assert!(
            label.zh.ends_with('。') && !label.zh.contains([',', ';', ':']),
            "{label:?}"
        );
    }
}
