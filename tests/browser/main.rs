//! The report, opened from disk in a real browser: nothing it says is an error,
//! nothing it asks for is outside the file, nothing is wider than the window.

mod devtools;

use devtools::Browser;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// One short run of the main job whose pages all tests look at.
fn pages() -> &'static Path {
    static PAGES: OnceLock<(tempfile::TempDir, PathBuf)> = OnceLock::new();
    let (_, path) = PAGES.get_or_init(|| {
        let folder = tempfile::tempdir().expect("a folder");
        let out = folder.path().join("run");
        let scenario = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/smart-branch.toml");
        let status = Command::new(env!("CARGO_BIN_EXE_branchlab"))
            .args(["run", "--quiet", "--replications", "40"])
            .args([
                "--set",
                "load.window_length=\"5min\"",
                "--set",
                "load.speed=30",
            ])
            .args([
                "--set",
                "day.interval=\"5min\"",
                "--set",
                "mobile.monthly_actives=20000",
            ])
            .arg(scenario)
            .arg("--out")
            .arg(&out)
            .status()
            .expect("the command runs");
        assert!(status.code().is_some(), "the command ends by itself");
        for lang in ["en", "zh"] {
            let page = folder.path().join(format!("{lang}.html"));
            let drawn = Command::new(env!("CARGO_BIN_EXE_branchlab"))
                .arg("report")
                .arg(&out)
                .args(["--lang", lang, "--html"])
                .arg(&page)
                .status()
                .expect("the command runs");
            assert!(drawn.success(), "the report is drawn in {lang}");
        }
        let path = folder.path().to_owned();
        (folder, path)
    });
    path
}

fn opened(lang: &str, width: u32) -> Browser {
    let page = pages().join(format!("{lang}.html"));
    let mut browser = Browser::start();
    browser.resize(width, 900);
    browser.open(&format!("file://{}", page.display()));
    browser
}

#[test]
fn the_report_opens_from_disk_without_an_error_and_asks_for_nothing_else() {
    for lang in ["en", "zh"] {
        let browser = opened(lang, 1280);
        for (event, params) in &browser.events {
            assert_ne!(event, "Runtime.exceptionThrown", "{lang}: {params}");
            assert_ne!(event, "Runtime.consoleAPICalled", "{lang}: {params}");
            assert_ne!(event, "Log.entryAdded", "{lang}: {params}");
            if event == "Network.requestWillBeSent" {
                let url = params["request"]["url"].as_str().unwrap_or_default();
                assert!(
                    url.ends_with(&format!("/{lang}.html")),
                    "{lang}: the page asks for {url}"
                );
            }
        }
        let asked = browser
            .events
            .iter()
            .filter(|(event, _)| event == "Network.requestWillBeSent")
            .count();
        assert_eq!(asked, 1, "{lang}: the page itself and nothing more");
    }
}

#[test]
fn the_report_fits_a_desk_and_a_telephone() {
    for lang in ["en", "zh"] {
        for width in [1280, 390] {
            let mut browser = opened(lang, width);
            let wide = browser.evaluate("document.documentElement.scrollWidth");
            assert!(
                wide.as_u64().is_some_and(|wide| wide <= u64::from(width)),
                "{lang} at {width}: the page is {wide} wide"
            );
            let charts = browser.evaluate("document.querySelectorAll('svg').length");
            assert!(charts.as_u64() >= Some(5), "{lang}: {charts} charts");
        }
    }
}

#[test]
fn the_report_says_its_language_and_its_verdict_first() {
    for (lang, code) in [("en", "en"), ("zh", "zh")] {
        let mut browser = opened(lang, 1280);
        let said = browser.evaluate("document.documentElement.lang");
        assert!(
            said.as_str().is_some_and(|said| said.starts_with(code)),
            "{said}"
        );
        let top =
            browser.evaluate("document.querySelector('header.banner').getBoundingClientRect().top");
        assert!(
            top.as_f64().is_some_and(|top| top < 500.0),
            "{lang}: verdict at {top}"
        );
    }
}
