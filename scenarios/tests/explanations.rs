//! What `check` says, against what the files say.

use scenarios::explain::{explain, warnings};
use scenarios::file::read;
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
    let about = |warnings: &[String], name: &str| warnings.iter().any(|it| it.contains(name));
    let well = warnings(&shipped("smart-branch.toml", &[]));
    assert!(!about(&well, "`kiosk` is asked"), "{well:?}");
    assert!(about(&well, "mobile mix"));
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
    assert_eq!(generic, ["there are no gates: nothing can fail"]);
}
