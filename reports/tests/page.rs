//! The HTML page: what stands in it for which data, that nothing leaves the
//! file, and that no name in a scenario can break out of it.

mod support;

use proptest::prelude::*;
use reports::{Lang, RunData, comparison_html, html};
use scenarios::gate::Verdict;
use scenarios::summary::Status;
use serde_json::Value;

const LANGUAGES: [Lang; 2] = [Lang::En, Lang::Zh];

fn pages(run: &RunData) -> Vec<String> {
    let effects = support::differences();
    LANGUAGES
        .iter()
        .flat_map(|lang| [html(run, *lang), comparison_html(run, run, &effects, *lang)])
        .collect()
}

#[test]
fn the_verdict_stands_before_everything_else() {
    let page = html(&support::whole_run(false), Lang::En);
    let order = [
        "The service promise is broken",
        "exit code 3",
        ">Gates<",
        "The promise, interval by interval",
        "Why customers missed it",
        "Where the minutes go",
        ">Waiting<",
        ">People waiting<",
        ">Occupancy<",
        ">Arrivals<",
        "What the bank does",
        "The load on the core banking system",
        ">Reconciliation<",
        ">Figures<",
        ">Assumptions<",
        "How the figures are made",
        ">The run<",
    ];
    let places: Vec<usize> = order
        .iter()
        .map(|text| page.find(text).unwrap_or_else(|| panic!("{text}")))
        .collect();
    assert!(places.is_sorted(), "{places:?}");
}

#[test]
fn what_did_not_pass_comes_first_among_the_gates() {
    let page = html(&support::whole_run(true), Lang::En);
    let gates = page.find("What had to hold").unwrap();
    let place = |text: &str| gates + page[gates..].find(text).unwrap();
    assert!(place("vip_wait") < place("service promise"));
    assert!(place("service promise") < place("counter_wait"));
}

#[test]
fn a_simulation_alone_has_no_sections_of_a_load() {
    let page = html(&support::simulation(), Lang::En);
    for absent in [
        "The load on the core",
        ">Reconciliation<",
        "What the bank does",
        "Latency over time",
    ] {
        assert!(!page.contains(absent), "{absent}");
    }
    assert!(page.contains("Where the minutes go"));
}

#[test]
fn a_run_without_a_promise_has_no_promise_and_no_misses() {
    let mut run = support::simulation();
    run.summary.gates.retain(|gate| gate.name != "promise");
    run.summary.misses = None;
    let page = html(&run, Lang::En);
    assert!(!page.contains("interval by interval"));
    assert!(!page.contains("Why customers missed it"));
}

#[test]
fn a_steady_run_without_intervals_leaves_the_charts_over_the_day_out() {
    let mut run = support::simulation();
    run.summary.figures.retain(|row| row["interval"] == "*");
    let page = html(&run, Lang::En);
    assert!(page.contains("This run has no figures of the promise by interval."));
    assert!(page.contains("This run has no rows by interval."));
    assert!(!page.contains(">Arrivals<"));
}

#[test]
fn a_run_without_figures_says_so() {
    let mut run = support::simulation();
    run.summary.figures.clear();
    run.summary.minutes.clear();
    run.summary.misses = None;
    run.summary.scenario.assumptions.clear();
    let page = html(&run, Lang::En);
    assert!(page.contains("This run has no figures."));
    assert!(page.contains("The scenario states no assumptions."));
}

#[test]
fn an_incomplete_run_is_never_called_a_pass() {
    for (status, words) in [
        (Status::Partial, "partial results"),
        (Status::Invalid, "could not measure"),
    ] {
        let mut run = support::passing_run();
        run.summary.status = status;
        let page = html(&run, Lang::En);
        let heading = page
            .split("<h1>")
            .nth(1)
            .unwrap()
            .split('<')
            .next()
            .unwrap();
        assert!(heading.contains(words), "{heading}");
    }
    let mut run = support::passing_run();
    run.summary.reconciliation.as_mut().unwrap().reconciled = false;
    assert!(html(&run, Lang::En).contains("<h1>The bank did not reconcile</h1>"));
    let mut run = support::passing_run();
    run.summary.gates.clear();
    run.summary.verdict = Verdict::Pass;
    assert!(html(&run, Lang::En).contains("<h1>No gate was asked for</h1>"));
}

/// What stands in the page from one text to the next.
fn between<'a>(page: &'a str, from: &str, to: &str) -> &'a str {
    let (_, after) = page.split_once(from).unwrap_or_else(|| panic!("{from}"));
    after.split_once(to).unwrap_or_else(|| panic!("{to}")).0
}

#[test]
fn a_run_without_a_verdict_says_in_plain_words_what_that_means() {
    for (run, meaning, chinese) in [
        (
            support::interrupted_run(),
            "stopped before its end",
            "不作判定",
        ),
        (
            support::lagging_run(),
            "could not be measured. So there is no verdict",
            "不作判定",
        ),
    ] {
        for (lang, words) in [(Lang::En, meaning), (Lang::Zh, chinese)] {
            let page = html(&run, lang);
            let banner = between(&page, "<header", "</header>");
            assert!(banner.contains(words), "{banner}");
            assert!(
                !banner.contains("Asked:") && !banner.contains("要求："),
                "{banner}"
            );
        }
    }
    let page = html(&support::lagging_run(), Lang::En);
    let banner = between(&page, "<header", "</header>");
    assert!(banner.contains(
        "Not judged: generator kept up, because it started operations up to 21.3 ms late"
    ));
    let page = html(&support::lost_run(), Lang::En);
    let banner = between(&page, "<header", "</header>");
    assert!(
        banner.contains("8,711 of 8,712 operations once each"),
        "{banner}"
    );
}

#[test]
fn the_gates_that_are_always_on_say_what_they_found_and_are_described_once() {
    let run = support::whole_run(true);
    let page = html(&run, Lang::En);
    let gates = between(&page, "What had to hold", "</section>");
    assert!(gates.contains("8,712 operations, once each"));
    assert!(gates.contains("lag 0.2") && gates.contains(" ms (p99)"));
    assert!(!gates.contains("<code class=\"sub\">every acknowledged"));
    assert!(!gates.contains("<code class=\"sub\">the load generator"));
    assert!(gates.contains("<code class=\"sub\">share_within"));
    let page = html(&run, Lang::Zh);
    assert!(page.contains("8,712 笔操作各出现一次"));
}

#[test]
fn the_banks_effect_leads_with_the_minutes_and_folds_the_rest() {
    let page = html(&support::whole_run(true), Lang::En);
    let section = between(&page, "What the bank does", "</section>");
    let (shown, folded) = section.split_once("<details>").expect("a fold");
    let rows = |text: &str| text.matches("<tr>").count();
    // A head; four rows of everyone and each of three channels, two of each of
    // four services; the other of the 110 in the fold.
    assert_eq!(rows(shown), 1 + 4 * 4 + 2 * 4);
    assert_eq!(rows(folded), 1 + 110 - 24);
    assert!(folded.contains("86 more differences"));
    for figure in [
        "mean service time",
        "mean arrivals",
        "abandoned",
        "VIP customer",
    ] {
        assert!(!shown.contains(figure), "{figure}");
    }
    assert!(!section.contains("<details open"));
}

#[test]
fn a_difference_from_assumed_latencies_is_said_to_be_one() {
    let mut run = support::whole_run(true);
    assert!(html(&run, Lang::En).contains("first with a bank that answers at once"));
    run.summary.assumed_at_first = vec!["identity_check".to_owned(), "open_card".to_owned()];
    let page = html(&run, Lang::En);
    assert!(page.contains("assumes (identity check, card opening; every other"));
    assert!(page.contains("measured less assumed") && page.contains(">assumed latency<"));
    assert!(!page.contains("answers at once, then") && !page.contains(">bank answers at once<"));
    let chinese = html(&run, Lang::Zh);
    assert!(chinese.contains("实测减假设") && chinese.contains("身份核查、开卡"));
}

#[test]
fn a_difference_that_nobody_feels_is_none() {
    let page = html(&support::whole_run(true), Lang::En);
    let section = between(&page, "What the bank does", "</section>");
    // 1 µs of waiting, and 1 µs less of review.
    assert!(section.contains("0 ms") && section.contains("below 0.05 ms"));
    assert!(!section.contains("0.00100 ms") && !section.contains("−0.001"));
    // 4.1 ms of system time stay.
    assert!(section.contains("+4.10 ms"), "{section}");
}

#[test]
fn a_comparison_leads_with_the_story_and_folds_the_rest() {
    let run = support::passing_run();
    let effects = support::whole_run(true).summary.bank_effect;
    let page = comparison_html(&run, &run, &effects, Lang::En);
    let section = between(&page, "<h2>Differences</h2>", "</section>");
    let (shown, _) = section.split_once("<details>").expect("a fold");
    // Everyone, three channels and two segments: time in branch, waiting, within 5 min.
    assert_eq!(shown.matches("<tr>").count(), 1 + 6 * 3);
    let banner = between(&page, "<header", "</header>");
    let place = |text: &str| {
        banner
            .find(text)
            .unwrap_or_else(|| panic!("{text}: {banner}"))
    };
    let story = [
        "mean time in branch",
        "within 5 min",
        "mean waiting",
        "abandoned",
    ]
    .map(place);
    assert!(story.is_sorted(), "{story:?}");
}

#[test]
fn no_chart_over_the_day_shows_what_cannot_be() {
    let mut run = support::simulation();
    for row in &mut run.summary.figures {
        // Intervals that reach below nothing and beyond all.
        if row["interval"] != "*" {
            for column in ["mean", "share_within_300s"] {
                let (low, high) = (format!("{column}_low"), format!("{column}_high"));
                if row.get(&low).is_some_and(Value::is_number) {
                    row[&low] = Value::from(-60.0);
                }
                if row["figure"] == "occupancy" || column.starts_with("share") {
                    row[&high] = Value::from(1.4);
                }
            }
        }
    }
    let page = html(&run, Lang::En);
    for drawing in page.split("<svg ").skip(1) {
        let (drawing, _) = drawing.split_once("</svg>").expect("a closing tag");
        for text in drawing.split("<text").skip(1) {
            let words = text
                .split_once('>')
                .map_or("", |(_, rest)| rest)
                .trim_start();
            assert!(!words.starts_with(['-', '−']), "{words}");
            let percent = words
                .split('<')
                .next()
                .unwrap_or_default()
                .trim()
                .strip_suffix('%');
            let share = percent.and_then(|number| number.parse::<f64>().ok());
            assert!(share.is_none_or(|share| share <= 100.0), "{words}");
        }
    }
}

#[test]
fn a_steady_state_has_no_date_and_no_business_hours() {
    let page = html(&support::steady_run(), Lang::En);
    let banner = between(&page, "<header", "</header>");
    assert!(banner.contains("steady state, 520 h each time"), "{banner}");
    assert!(!page.contains("2026-06-09 ·") && !page.contains("520:00"));
    assert!(banner.contains("nothing to judge") && !banner.contains("every gate passed"));
    assert!(page.contains("300 each time") && !page.contains("300 a day"));
    assert!(banner.contains("20 replications") && !banner.contains("simulated days"));
}

#[test]
fn the_phases_of_a_run_are_named_in_chinese() {
    let page = html(&support::whole_run(true), Lang::Zh);
    let run = between(&page, "运行记录", "</section>");
    assert!(run.contains("核心系统压测 60.4 秒") && run.contains("代入实测时延的模拟"));
    for english in ["simulating", "bank's", "loading"] {
        assert!(!run.contains(english), "{english}");
    }
}

#[test]
fn questions_and_warnings_are_said_in_the_language_of_the_page() {
    let run = support::whole_run(true);
    let (english, chinese) = (html(&run, Lang::En), html(&run, Lang::Zh));
    assert!(
        english.contains("Does the smart branch keep")
            && english.contains("Not played in this window")
    );
    assert!(chinese.contains("智慧网点能否兑现") && chinese.contains("所回放的时段内没有以下操作"));
    assert!(!chinese.contains("Not played"));
    assert!(chinese.contains("生活缴费 (5)、理财查看 (6)、商城 (4)"));
}

#[test]
fn a_percentile_without_enough_samples_is_said_to_be_so() {
    let page = html(&support::whole_run(true), Lang::En);
    assert!(page.contains("n/a (58 samples)"));
}

#[test]
fn operations_that_do_not_add_up_are_said_not_to() {
    let mut run = support::whole_run(true);
    assert!(html(&run, Lang::En).contains("39,418 planned = the sum of the others."));
    run.summary.load.as_mut().unwrap().succeeded -= 1;
    assert!(html(&run, Lang::En).contains("39,418 planned, but the others sum to 39,417."));
}

#[test]
fn latencies_of_a_generator_that_lagged_are_called_invalid() {
    let mut run = support::whole_run(true);
    assert!(html(&run, Lang::En).contains("Valid: the generator kept up"));
    let gates = &mut run.summary.gates;
    let gate = gates
        .iter_mut()
        .find(|gate| gate.name == "generator_kept_up")
        .unwrap();
    gate.verdict = Verdict::Invalid;
    assert!(html(&run, Lang::En).contains("Not valid: the generator did not keep up"));
}

#[test]
fn nothing_in_the_file_leaves_the_file() {
    for run in [
        support::whole_run(true),
        support::whole_run(false),
        support::simulation(),
        support::region_run(),
    ] {
        for page in pages(&run) {
            for reference in [
                "http://", "https://", "src=", "href=", "url(", "@import", "<link", "<script",
                "xmlns",
            ] {
                assert!(!page.contains(reference), "{reference}");
            }
        }
    }
}

#[test]
fn the_outlets_stand_in_their_order_with_reason_and_fix() {
    let run = support::region_run();
    let page = html(&run, Lang::En);
    let section = between(&page, "Outlets and the promise", "The promise, interval");
    let places: Vec<_> = ["north", "harbour", "village", "market", "station", "west"]
        .iter()
        .map(|name| {
            section
                .find(&format!(">{name}</th>"))
                .expect("it is listed")
        })
        .collect();
    assert!(places.is_sorted(), "{places:?}");
    for words in [
        "8 outlets: 4 miss the promise, 1 undecided, 2 keep it.",
        "51.2% (50.0–52.4)",
        "waiting time, 61.5% of the misses",
        "smart terminals +1: 84.2% (83.2–85.2); 72.0 yuan a day",
        "not enough with smart terminals +3",
        "more servers do not help; the service time must be shorter",
        "more simulated days decide it",
        "(shared by all)",
    ] {
        assert!(section.contains(words), "{words} in {section}");
    }
    let chinese = html(&run, Lang::Zh);
    for words in [
        "8 家网点中，4 家未达标",
        "智能终端增加 1 个",
        "增加人员与设备无效",
    ] {
        assert!(chinese.contains(words), "{words}");
    }
    assert!(!html(&support::whole_run(false), Lang::En).contains("Outlets and the promise"));
}

#[test]
fn each_outlet_knows_its_place_in_every_order() {
    let page = html(&support::region_run(), Lang::En);
    for order in 0..5 {
        let mut places: Vec<usize> = page
            .split(&format!("--o{order}:"))
            .skip(1)
            .filter_map(|rest| rest.split(';').next()?.parse().ok())
            .collect();
        places.sort_unstable();
        assert_eq!(places, (0..8).collect::<Vec<_>>(), "order {order}");
    }
}

#[test]
fn every_chart_describes_itself_and_is_drawn_at_both_widths() {
    let page = html(&support::whole_run(true), Lang::En);
    let charts = page.matches("<svg ").count();
    assert!(charts >= 16, "{charts}");
    assert_eq!(
        charts,
        page.matches("role=\"img\" aria-label=\"Chart: ").count()
    );
    assert_eq!(
        page.matches("class=\"wide\"").count(),
        page.matches("class=\"narrow\"").count()
    );
    assert_eq!(
        charts,
        2 * page.matches("The numbers of this chart").count()
    );
    // No colour of plotters' own is left: they would not follow the dark theme.
    assert!(!page.contains("fill=\"#") && !page.contains("stroke=\"#"));
}

#[test]
fn every_drawing_is_well_formed() {
    for page in pages(&support::whole_run(true)) {
        for drawing in page.split("<svg ").skip(1) {
            let (drawing, _) = drawing.split_once("</svg>").expect("a closing tag");
            support::well_formed::assert_well_formed(&format!("<svg {drawing}</svg>"));
        }
    }
}

#[test]
fn equal_runs_give_equal_bytes() {
    assert_eq!(
        pages(&support::whole_run(true)),
        pages(&support::whole_run(true))
    );
}

/// Appends a text to every string of a summary but those that are words of the format.
fn append_everywhere(value: &mut Value, text: &str) {
    const FORMAT: [&str; 8] = [
        "schema",
        "status",
        "verdict",
        "mark",
        "figure",
        "interval",
        "unit",
        "statistic",
    ];
    match value {
        Value::String(string) => string.push_str(text),
        Value::Array(items) => items
            .iter_mut()
            .for_each(|item| append_everywhere(item, text)),
        Value::Object(fields) => {
            for (key, field) in fields
                .iter_mut()
                .filter(|(key, _)| !FORMAT.contains(&key.as_str()))
            {
                // `*` stands for everyone; only names are names.
                if field != "*" && !(key == "population" && field == "*") {
                    append_everywhere(field, text);
                }
            }
        }
        _ => {}
    }
}

fn hostile(text: &str) -> Vec<RunData> {
    let run = support::region_run();
    let mut everything = serde_json::to_value(&run.summary).expect("a summary is JSON");
    append_everywhere(&mut everything, text);
    let mut labels = serde_json::to_value(&run.summary).expect("a summary is JSON");
    append_everywhere(&mut labels["scenario"]["labels"], text);
    let mut record = serde_json::to_value(&run.run).expect("a summary is JSON");
    append_everywhere(&mut record, text);
    [everything, labels]
        .into_iter()
        .map(|summary| RunData {
            summary: serde_json::from_value(summary).expect("a summary is JSON"),
            run: serde_json::from_value(record.clone()).expect("a summary is JSON"),
        })
        .collect()
}

#[test]
fn no_name_or_sentence_of_a_scenario_breaks_out_of_the_page() {
    for run in hostile("\"'></title></style></svg><script>alert(1)</script><img onerror=x>&") {
        for page in pages(&run) {
            let lower = page.to_lowercase();
            for tag in ["<script", "<img", "</title></style>", "\"'>"] {
                assert!(!lower.contains(tag), "{tag}");
            }
            assert_eq!(
                page.matches("</svg>").count(),
                page.matches("<svg ").count()
            );
            assert!(page.contains("&lt;script&gt;"));
        }
    }
}

#[test]
fn numbers_that_are_none_are_dashes() {
    let mut run = support::whole_run(false);
    let none = [f64::NAN, f64::INFINITY, f64::NEG_INFINITY];
    for (row, none) in run.summary.minutes.iter_mut().zip(none) {
        (row.wait, row.time_in_branch) = (none, none);
    }
    for (effect, none) in run.summary.bank_effect.iter_mut().zip(none) {
        (effect.first, effect.second, effect.difference) = (none, none, none);
    }
    for (gate, none) in run.summary.gates.iter_mut().zip(none) {
        (gate.estimate, gate.bound, gate.low) = (Some(none), Some(none), Some(none));
    }
    let load = run.summary.load.as_mut().unwrap();
    (load.speed, load.offered_per_second) = (f64::NAN, f64::INFINITY);
    for second in &mut load.over_time {
        (second.p50, second.max) = (Some(f64::NAN), Some(f64::INFINITY));
    }
    for part in &mut run.summary.misses.as_mut().unwrap().by_part {
        part.share = f64::NAN;
    }
    for page in pages(&run) {
        for word in ["NaN", ">inf", "-inf", " inf"] {
            assert!(!page.contains(word), "{word}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_numbers_in_the_table_can_be_drawn(
        numbers in proptest::collection::vec(prop_oneof![any::<f64>(), -2.0..2.0f64], 40),
    ) {
        let mut run = support::simulation();
        let mut next = numbers.iter().cycle();
        for row in &mut run.summary.figures {
            for value in row.values_mut().filter(|value| value.is_number()) {
                // What is not a JSON number becomes null, as in a file.
                *value = next.next().map_or(Value::Null, |number| Value::from(*number));
            }
        }
        let page = html(&run, Lang::En);
        prop_assert!(!page.contains("NaN") && !page.contains(">inf"));
    }
}
