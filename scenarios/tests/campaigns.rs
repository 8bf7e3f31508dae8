//! Campaigns and the mobile bank's own days, right and wrong.

use scenarios::file::read;
use scenarios::language::Lang;
use scenarios::model::{Campaign, Scenario};
use scenarios::time::{SimTime, Span};

const BRANCH: &str = r#"
[resources.window]
capacity = 3
[journeys.errand]
time = "3min"
holds = ["window"]
[arrivals]
per_day = 100
"#;

const MOBILE: &str = r#"
[mobile]
days = 2
monthly_actives = 1000
log_ins_per_month = 17.5
hourly_weights = [1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1]
requests_per_session = 6
think = "14s"
mix = { balance_query = 100 }
"#;

fn told(text: &str) -> Result<Scenario, String> {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("s.toml");
    std::fs::write(&path, text).expect("the folder is writable");
    read(&path, &[]).map_err(|error| {
        let mut all = vec![error.to_string()];
        all.extend(error.related().iter().map(ToString::to_string));
        all.join("\n")
    })
}

#[test]
fn campaigns_are_read_and_written_as_they_stand() {
    let text = format!(
        "{BRANCH}{MOBILE}
[[campaigns]]
at = \"20:00\"
factor = 10
half_life = \"3min\"
[[campaigns]]
at = \"10:00\"
factor = 2.5
half_life = \"1h\"
channels = [\"branch\", \"mobile\"]
"
    );
    let scenario = told(&text).expect("the scenario is sound");
    let campaign = |at, factor, minutes: u64, branch| Campaign {
        at: SimTime::from_clock(at, 0),
        factor,
        half_life: Span(minutes * 60_000_000),
        mobile: true,
        branch,
        prizes: None,
        welfare_vouchers: 0,
    };
    let both = [campaign(20, 10.0, 3, false), campaign(10, 2.5, 60, true)];
    assert_eq!(scenario.campaigns, both);
    assert_eq!(scenario.mobile.as_ref().map(|it| it.days), Some(2));
    let again = told(&scenario.as_run).expect("what was run can be read");
    assert_eq!(again.campaigns, both);
    assert_eq!(again.hash, scenario.hash);
    let words = scenarios::explain::explain(&scenario, Lang::En);
    assert!(words.contains("A campaign at 20:00 brings 10 times as many sessions"));
}

#[test]
fn impossible_campaigns_are_refused_in_words() {
    let campaign = |keys: &str| format!("{BRANCH}{MOBILE}[[campaigns]]\n{keys}\n");
    let right = "at = \"20:00\"\nfactor = 10\nhalf_life = \"3min\"";
    for (text, words) in [
        (
            campaign("factor = 10\nhalf_life = \"3min\""),
            "`campaigns.0.at` is missing",
        ),
        (
            campaign("at = \"20:00\"\nfactor = 0.5\nhalf_life = \"3min\""),
            "factor",
        ),
        (
            campaign("at = \"20:00\"\nfactor = 10\nhalf_life = \"0s\""),
            "is zero",
        ),
        (
            campaign("at = \"24:00\"\nfactor = 10\nhalf_life = \"1s\""),
            "is not a time of day",
        ),
        (
            campaign(&format!("{right}\nhalflife = \"1s\"")),
            "unknown key `campaigns.0.halflife`",
        ),
        (
            campaign(&format!("{right}\nchannels = [\"mobil\"]")),
            "names `mobil`",
        ),
        (campaign(&format!("{right}\nchannels = []")), "is empty"),
        (
            format!("{BRANCH}[[campaigns]]\n{right}\n"),
            "has no [mobile]",
        ),
        (
            format!("{BRANCH}{MOBILE}[gates]\nx = \"mean(mobile_rate{{interval=10:30}}) <= 5/s\""),
            "10:30",
        ),
        (
            format!("{BRANCH}[gates]\nx = \"mobile_rate <= 5/s\""),
            "needs [mobile] with `days = 1`",
        ),
    ] {
        let error = told(&text).expect_err(&text);
        assert!(error.contains(words), "{text}\n{error}");
    }
}
