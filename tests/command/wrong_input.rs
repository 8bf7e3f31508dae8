//! Wrong input: exit 2, the place and what would be right are named, nothing is written.

use crate::support::{code, library, output, said};
use std::fs;
use std::path::Path;

/// A scenario of a dozen lines that is right.
const RIGHT: &str = r#"
[day]
open = "09:00"
close = "17:00"

[resources.teller]
roster = [{ from = "09:00", to = "17:00", count = 3 }]

[journeys.visit]
time = { law = "lognormal", mean = "4min", cv = 0.7 }
holds = ["teller"]
steps = [{ name = "serve", weight = 1 }]

[arrivals]
per_day = 200

[gates]
promise = "share_within(time_in_branch, 5min) >= 1%"
"#;

/// Runs `simulate` on `content` and expects exit 2, these words, and no run.
fn assert_refused(content: &[u8], words: &[&str]) {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("wrong.toml"), content).expect("the file is written");
    assert_refused_in(folder.path(), words);
}

fn assert_refused_in(folder: &Path, words: &[&str]) {
    for command in ["simulate", "run", "check"] {
        let before = entries(folder);
        let ended = output(folder, &[command, "wrong.toml"]);
        let said = said(&ended);
        assert_eq!(code(&ended), 2, "{command}: {said}");
        for word in words {
            assert!(said.contains(word), "{command} says {word:?}: {said}");
        }
        assert_eq!(entries(folder), before, "{command} writes nothing");
    }
}

fn entries(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> = fs::read_dir(folder)
        .expect("the folder is there")
        .filter_map(Result::ok)
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

fn changed(from: &str, to: &str) -> String {
    assert!(RIGHT.contains(from), "{from:?} is in the right scenario");
    RIGHT.replacen(from, to, 1)
}

#[test]
fn the_right_scenario_is_accepted() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("right.toml"), RIGHT).expect("the file is written");
    let ended = output(folder.path(), &["check", "right.toml"]);
    assert_eq!(code(&ended), 0, "{}", said(&ended));
}

#[test]
fn an_unknown_key_is_refused_with_the_nearest_right_one() {
    assert_refused(
        changed("per_day = 200", "per_dya = 200").as_bytes(),
        &["wrong.toml:15:1", "per_dya", "per_day"],
    );
}

#[test]
fn an_unknown_name_is_refused_with_the_nearest_right_one() {
    assert_refused(
        changed(r#"holds = ["teller"]"#, r#"holds = ["tellr"]"#).as_bytes(),
        &["wrong.toml:11:", "tellr", "teller"],
    );
}

#[test]
fn negative_and_absurd_durations_are_refused() {
    assert_refused(
        changed(r#"mean = "4min""#, r#"mean = "-4min""#).as_bytes(),
        &["wrong.toml:10:", "-4min"],
    );
    assert_refused(
        changed(r#"mean = "4min""#, r#"mean = "9999999h""#).as_bytes(),
        &["wrong.toml:10:", "9999999h"],
    );
}

#[test]
fn shares_that_do_not_sum_are_refused() {
    let segments = "\n[segments.a]\nshare = 0.6\n[segments.b]\nshare = 0.3\n";
    assert_refused(
        format!("{RIGHT}{segments}").as_bytes(),
        &["wrong.toml:", "0.9", "share"],
    );
}

#[test]
fn a_roster_outside_opening_hours_is_refused() {
    assert_refused(
        changed(r#"from = "09:00", to"#, r#"from = "07:00", to"#).as_bytes(),
        &["wrong.toml:7:", "07:00", "09:00"],
    );
}

#[test]
fn a_gate_on_a_figure_that_does_not_exist_is_refused() {
    assert_refused(
        changed(
            "share_within(time_in_branch,",
            "share_within(time_in_brnch,",
        )
        .as_bytes(),
        &["wrong.toml:18:", "time_in_brnch", "time_in_branch"],
    );
    assert_refused(
        changed("time_in_branch,", "time_in_branch{channel=kisok},").as_bytes(),
        &["wrong.toml:18:", "kisok"],
    );
}

#[test]
fn an_empty_file_is_refused() {
    assert_refused(b"", &["wrong.toml:1:1", "has no journeys"]);
}

#[test]
fn a_file_of_100_mb_is_refused() {
    assert_refused(&vec![b'#'; 100 * 1024 * 1024], &["wrong.toml", "MB"]);
}

#[test]
fn a_file_that_is_not_utf8_is_refused() {
    let mut bytes = RIGHT.as_bytes().to_vec();
    bytes.extend(b"# \xb9\xf1\xb9\xfa\n");
    assert_refused(&bytes, &["wrong.toml", "UTF-8"]);
}

#[test]
fn a_profile_with_a_missing_column_or_a_broken_row_is_refused_with_its_row() {
    let scenario = changed("per_day = 200", "per_day = 200\nprofile = \"profile.csv\"");
    for (csv, words) in [
        (
            "from,portion\n09:00,50\n13:00,50\n",
            ["profile.csv", "share"],
        ),
        (
            "from,share\n09:00,50\n13:00,fifty\n",
            ["profile.csv:3", "fifty"],
        ),
        ("from,share\n09:00,50\n13:00\n", ["profile.csv:3", "13:00"]),
    ] {
        let folder = tempfile::tempdir().expect("a folder");
        fs::write(folder.path().join("wrong.toml"), &scenario).expect("the file is written");
        fs::write(folder.path().join("profile.csv"), csv).expect("the file is written");
        assert_refused_in(folder.path(), &words[..1]);
        let ended = output(folder.path(), &["check", "wrong.toml"]);
        assert!(said(&ended).contains(words[1]), "{}", said(&ended));
    }
}

#[test]
fn scenarios_that_extend_each_other_are_refused_with_the_chain() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(
        folder.path().join("wrong.toml"),
        "extends = \"other.toml\"\n",
    )
    .expect("written");
    fs::write(
        folder.path().join("other.toml"),
        "extends = \"wrong.toml\"\n",
    )
    .expect("written");
    assert_refused_in(folder.path(), &["wrong.toml", "other.toml"]);
}

#[test]
fn targets_are_refused_with_where_they_belong() {
    assert_refused(
        format!("targets = 5\n{RIGHT}").as_bytes(),
        &["wrong.toml:1:", "targets", "[gates]"],
    );
}

#[test]
fn a_log_that_is_not_there_is_refused_with_the_line_that_names_it() {
    assert_refused(
        format!("{RIGHT}\n[load]\noperations = \"log.csv\"\n").as_bytes(),
        &["wrong.toml:21:", "`log.csv` cannot be read"],
    );
}

#[test]
fn populations_that_cannot_be_crossed_are_refused_with_what_can() {
    for (asked, said) in [
        ("segment", "reported in every run"),
        ("channel,interval", "reported in every run"),
        ("servce,channel", "did you mean `service`?"),
        ("service,service", "twice"),
    ] {
        assert_refused(
            format!("{RIGHT}\n[report]\npopulations = [\"{asked}\"]\n").as_bytes(),
            &["wrong.toml:21:", "populations", said],
        );
    }
}

#[test]
fn a_scenario_that_is_not_there_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let ended = output(folder.path(), &["run", "nowhere.toml"]);
    assert_eq!(code(&ended), 2, "{}", said(&ended));
    assert!(said(&ended).contains("nowhere.toml"));
}

#[test]
fn a_wrong_change_from_the_shell_is_refused_with_its_words() {
    let folder = tempfile::tempdir().expect("a folder");
    let scenario = library("smart-branch");
    let scenario = scenario.to_str().expect("a UTF-8 path");
    for (change, nearest) in [
        ("resources.kisok.capacity=4", "kiosk"),
        ("resources.kiosk.capacty=4", "capacity"),
    ] {
        let ended = output(folder.path(), &["simulate", scenario, "--set", change]);
        assert_eq!(code(&ended), 2, "{}", said(&ended));
        assert!(said(&ended).contains(nearest), "{}", said(&ended));
    }
    assert!(entries(folder.path()).is_empty(), "nothing is written");
}
