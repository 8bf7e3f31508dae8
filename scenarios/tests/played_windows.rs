//! `[load]`: which stretch of the day is played, in one file and over another.

use scenarios::file::read;
use scenarios::model::{Played, Window};
use scenarios::time::{SimTime, Span};

const LEAST: &str = "[resources.window]\ncapacity = 2\n[journeys.errand]\ntime = \"3min\"\nholds = [\"window\"]\n[arrivals]\nper_day = 200\n";
const MINUTE: u64 = 60_000_000;

/// The window of a file with this `[load]`, as a variant with `over` and `--set` change it; or what is wrong.
fn window(load: &str, over: Option<&str>, set: &[&str]) -> Result<Window, String> {
    let folder = tempfile::tempdir().expect("a folder");
    let file = |name: &str, text: String| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).expect("the folder is ours");
        path
    };
    let mut path = file("base.toml", format!("{LEAST}[load]\n{load}\n"));
    if let Some(over) = over {
        path = file(
            "over.toml",
            format!("extends = \"base.toml\"\n[load]\n{over}\n"),
        );
    }
    let set: Vec<String> = set.iter().map(|it| format!("load.{it}")).collect();
    let scenario = read(&path, &set).map_err(|error| error.to_string())?;
    match scenario.load.expect("there is a [load]").played {
        Played::Day(window) => Ok(window),
        Played::Recorded(_) => Err("nothing was recorded".to_owned()),
    }
}

const BUSIEST: &str = "window = \"busiest\"\nwindow_length = \"30min\"";
const NOON: &str = "from = \"12:00\"\nto = \"13:00\"";
const DAY: &str = "window = \"day\"";

fn noon() -> Window {
    Window::Between(SimTime::from_clock(12, 0), SimTime::from_clock(13, 0))
}

#[test]
fn a_window_is_the_busiest_one_a_stretch_or_the_whole_day() {
    assert_eq!(
        window("", None, &[]),
        Ok(Window::Busiest(Span(30 * MINUTE)))
    );
    assert_eq!(window(NOON, None, &[]), Ok(noon()));
    assert_eq!(window(DAY, None, &[]), Ok(Window::Day));
}

#[test]
fn what_a_variant_or_the_shell_says_of_the_window_stands_alone() {
    let busiest = |minutes: u64| Ok(Window::Busiest(Span(minutes * MINUTE)));
    for below in [BUSIEST, NOON, DAY] {
        assert_eq!(window(below, Some(DAY), &[]), Ok(Window::Day), "{below}");
        assert_eq!(window(below, Some(NOON), &[]), Ok(noon()), "{below}");
        let length = "window_length = \"20min\"";
        assert_eq!(window(below, Some(length), &[]), busiest(20), "{below}");
        let set = ["window=day"];
        assert_eq!(window(below, None, &set), Ok(Window::Day), "{below}");
        let set = ["from=12:00", "to=13:00"];
        assert_eq!(window(below, None, &set), Ok(noon()), "{below}");
        assert_eq!(window(below, Some(DAY), &set), Ok(noon()), "{below}");
    }
    // Nothing of it is said: it stays.
    assert_eq!(window(NOON, Some("speed = 3"), &["volume=2"]), Ok(noon()));
}

#[test]
fn two_windows_in_one_file_are_refused_at_the_second() {
    let both = format!("{DAY}\nwindow_length = \"30min\"");
    let told = window(&both, None, &[]).expect_err("a day has no length");
    assert!(
        told.contains("base.toml:10:1: `load.window_length`"),
        "{told}"
    );
    let both = format!("{DAY}\n{NOON}");
    let told = window(&both, None, &[]).expect_err("one or the other");
    assert!(
        told.contains("`load.window` stands beside `from`"),
        "{told}"
    );
}
