//! What `check` says, against what the files say.

use scenarios::explain::{explain, warnings};
use scenarios::file::read;
use scenarios::model::Label;
use std::path::Path;

fn shipped(name: &str, set: &[&str]) -> scenarios::model::Scenario {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
    let set: Vec<String> = set.iter().map(|it| (*it).to_owned()).collect();
    read(&path, &set).unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn the_smart_branch_is_explained_in_words() {
    let text = explain(&shipped("smart-branch.toml", &[]));
    for words in [
        "Tuesday 9 June 2026, open 09:00 to 17:00",
        "10:00 to 11:00: 57 (57 an hour)",
        "68 % self-service customers (kiosk): leave the queue after 20 min on average",
        "cash windows (cash_window): 3 from 09:00, 2 from 11:30, 3 from 13:30",
        // 60 of 175 weights of 3.2 minutes.
        "register: 1.1 min (34.29 %), bank operation register_customer",
        "review: 36 s on average (exponential), for 50 % of customers, with 1 lobby_manager",
        "4 % fail and go on to counter_help",
        // 300,000 x 17.5 / 30 log-ins, 86 of 1150 in the busiest hour, 6 requests.
        "175000 log-ins a day, 6 requests each: ",
        "promise: share_within(time_in_branch{channel=kiosk}, 5min) >= 80%",
        "[derived] resources.kiosk.capacity = 5",
    ] {
        assert!(text.contains(words), "`{words}` is not in\n{text}");
    }
}

#[test]
fn an_overloaded_pool_is_warned_of_and_a_well_staffed_one_is_not() {
    let about = |warnings: &[Label], name: &str| warnings.iter().any(|it| it.en.contains(name));
    let well = warnings(&shipped("smart-branch.toml", &[]));
    assert!(!about(&well, "`kiosk` is asked"), "{well:?}");
    // The bank offers all of it.
    assert!(!about(&well, "mobile mix"));
    // 57 an hour, .68 of them 3.2 minutes and .3 minutes of review: 2.26 servers busy.
    let scarce = warnings(&shipped(
        "smart-branch.toml",
        &["resources.kiosk.capacity=2"],
    ));
    assert!(
        about(&scarce, "from 10:00 to 11:00 `kiosk` is asked for 113"),
        "{scarce:?}"
    );
    let generic = warnings(&shipped("generic-queue.toml", &[]));
    let words: Vec<&str> = generic.iter().map(|it| it.en.as_str()).collect();
    assert_eq!(words, ["there are no gates: nothing can fail"]);
    for warning in well.iter().chain(&scarce).chain(&generic) {
        let chinese = |character: char| ('\u{4e00}'..='\u{9fff}').contains(&character);
        assert!(warning.zh.contains(chinese), "{warning:?}");
    }
}

#[test]
fn a_question_is_asked_in_one_language_or_in_two() {
    let ask =
        |question: &str| shipped("smart-branch.toml", &[&format!("question={question}")]).question;
    assert_eq!(ask("\"Why?\""), Label::same("Why?"));
    assert_eq!(
        ask("{ en = \"Why?\", zh = \"为何？\" }"),
        Label::new("Why?", "为何？")
    );
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("half.toml");
    let minimal = "[resources.window]\ncapacity = 2\n[journeys.errand]\ntime = \"3min\"\nholds = [\"window\"]\n[arrivals]\nper_day = 200\n";
    let write = |question: &str| {
        std::fs::write(&path, format!("question = {question}\n{minimal}")).expect("written");
        read(&path, &[])
    };
    let half = write("{ zh = \"为何？\" }").expect("one language is enough");
    assert_eq!(half.question, Label::same("为何？"));
    for (wrong, told) in [
        ("5", "`question` must be text in quotes or { en ="),
        ("{ de = \"Warum?\" }", "unknown key `question.de`"),
        ("{ en = 5 }", "`question.en` must be text in quotes"),
    ] {
        let error = write(wrong).expect_err("refused");
        // Drawn in lines whose breaks depend on the path's length.
        let report = format!("{:?}", miette::Report::new(error)).replace('│', " ");
        let report: Vec<_> = report.split_whitespace().collect();
        assert!(report.join(" ").contains(told), "{report:?}");
    }
}

#[test]
fn every_shipped_scenario_asks_in_both_languages_and_still_does_when_read_as_run() {
    let folder = tempfile::tempdir().expect("a folder");
    for name in [
        "smart-branch.toml",
        "smart-branch-slow-kiosk.toml",
        "traditional-branch.toml",
        "generic-queue.toml",
        "branch-closure.toml",
        "core-bank-outage.toml",
        "core-bank-slow.toml",
        "kiosk-outage.toml",
        "sixth-window.toml",
        "pension-day.toml",
        "pension-day-five-windows.toml",
        "lunch-three-quarters.toml",
        "lunch-none.toml",
        "lunch-staggered.toml",
        "lunch-part-time.toml",
        "twenty-percent-to-mobile.toml",
        "vip-no-priority.toml",
        "vip-priority.toml",
        "vip-waiting-credit.toml",
        "appointment-heavy.toml",
        "appointment-spread.toml",
    ] {
        let scenario = shipped(name, &[]);
        let question = &scenario.question;
        assert!(
            question.en.ends_with('?') && question.zh.ends_with('？'),
            "{question:?}"
        );
        let path = folder.path().join(name);
        std::fs::write(&path, &scenario.as_run).expect("written");
        let again = read(&path, &[]).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(again.question, scenario.question);
        assert_eq!(again.hash, scenario.hash);
    }
}
