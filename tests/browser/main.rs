//! The report, opened from disk in a real browser: nothing it says is an error,
//! nothing it asks for is outside the file, nothing is wider than the window.

mod devtools;

use devtools::Browser;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// A run's page in each language, in a folder of its own.
type Pages = OnceLock<(tempfile::TempDir, PathBuf)>;

/// What the tests look at.
#[derive(Clone, Copy)]
enum Report {
    /// One short run of the main job.
    Branch,
    /// A region of sixty outlets, of whom some miss the promise.
    Region,
}

impl Report {
    const BOTH: [Self; 2] = [Self::Branch, Self::Region];

    fn pages(self) -> &'static Path {
        static BRANCH: Pages = OnceLock::new();
        static REGION: Pages = OnceLock::new();
        let (pages, words): (&Pages, &[&str]) = match self {
            Self::Branch => (
                &BRANCH,
                &[
                    "run",
                    "scenarios/smart-branch.toml",
                    "--replications",
                    "40",
                    "--set",
                    "load.window_length=\"5min\"",
                    "--set",
                    "load.speed=30",
                    "--set",
                    "day.interval=\"5min\"",
                    "--set",
                    "mobile.monthly_actives=20000",
                ],
            ),
            Self::Region => (
                &REGION,
                &[
                    "simulate",
                    "scenarios/region.toml",
                    "--replications",
                    "20",
                    "--set",
                    "mobile.days=0",
                ],
            ),
        };
        let (_, path) = pages.get_or_init(|| drawn(words));
        path
    }
}

/// Runs the command and draws its report in both languages.
fn drawn(words: &[&str]) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().join("run");
    let status = Command::new(env!("CARGO_BIN_EXE_branchlab"))
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .args(words)
        .arg("--quiet")
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
}

fn opened(report: Report, lang: &str, width: u32) -> Browser {
    let page = report.pages().join(format!("{lang}.html"));
    let mut browser = Browser::start();
    browser.resize(width, 900);
    browser.open(&format!("file://{}", page.display()));
    browser
}

#[test]
fn the_report_opens_from_disk_without_an_error_and_asks_for_nothing_else() {
    for (report, lang) in Report::BOTH
        .into_iter()
        .flat_map(|it| [(it, "en"), (it, "zh")])
    {
        let browser = opened(report, lang, 1280);
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
    for (report, lang) in Report::BOTH
        .into_iter()
        .flat_map(|it| [(it, "en"), (it, "zh")])
    {
        for width in [1280, 390] {
            let mut browser = opened(report, lang, width);
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
        let mut browser = opened(Report::Branch, lang, 1280);
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

/// Names of the outlets as they stand from top to bottom.
fn order_of_outlets(browser: &mut Browser) -> Vec<String> {
    let told = browser.evaluate(
        "[...document.querySelectorAll('table.outlets tbody tr')]
          .map(row => [row.getBoundingClientRect().top, row.querySelector('th').textContent])
          .sort((a, b) => a[0] - b[0]).map(pair => pair[1]).join(' ')",
    );
    let told = told.as_str().expect("names");
    told.split(' ').map(str::to_owned).collect()
}

#[test]
fn outlets_are_sorted_by_a_choice_without_a_script() {
    for width in [1280, 390] {
        let mut browser = opened(Report::Region, "en", width);
        assert_eq!(
            browser.evaluate("document.scripts.length").as_u64(),
            Some(0)
        );
        let ranked = order_of_outlets(&mut browser);
        assert_eq!(ranked.len(), 60);
        // The worst come from the country, where terminals take a minute longer.
        assert!(ranked[0].starts_with("rural"), "{}", ranked[0]);
        let mut choose = |order: &str| {
            browser.evaluate(&format!(
                "[...document.querySelectorAll('.sortable label')]
                  .find(it => it.textContent === '{order}').click()"
            ));
            order_of_outlets(&mut browser)
        };
        let by_name = choose("name of the outlet");
        assert!(by_name.is_sorted() && by_name.len() == 60);
        let by_size = choose("customers a day of the outlet");
        assert_eq!(by_size[0], "city-18", "498 customers a day are the most");
        assert_eq!(choose("ranking"), ranked);
    }
}
