//! What customers do, as files say it: read as written, explained in words, and
//! refused in words where it is impossible.

use scenarios::explain::explain;
use scenarios::file::read;
use scenarios::model::{Closing, Scenario};
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
        let text = explain(&scenario);
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
