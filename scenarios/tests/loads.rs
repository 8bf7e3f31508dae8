//! How a load is played, as `[load]` says it: the models, their bounds, and what is asked again.

use scenarios::explain::explain;
use scenarios::file::read;
use scenarios::language::Lang;
use scenarios::model::{Load, LoadModel, Scenario};
use scenarios::time::Span;

const BRANCH: &str = r#"
name = "a-branch"
[day]
date = "2026-06-09"
open = "09:00"
close = "17:00"
[resources.window]
capacity = 1
[journeys.errand]
time = "3min"
holds = ["window"]
[segments.all]
services = "errand"
[arrivals]
per_day = 50
"#;

fn scenario(load: &str) -> Result<Scenario, String> {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("s.toml");
    std::fs::write(&path, format!("{BRANCH}[load]\n{load}\n")).expect("the folder is ours");
    read(&path, &[]).map_err(|error| {
        let related = error.related().iter().map(ToString::to_string);
        [error.to_string()]
            .into_iter()
            .chain(related)
            .collect::<Vec<_>>()
            .join("\n")
    })
}

fn load(text: &str) -> Load {
    let read = scenario(text);
    read.unwrap_or_else(|told| panic!("{text}: {told}"))
        .load
        .expect("there is [load]")
}

#[test]
fn each_model_has_the_bound_that_it_is_given_or_its_own() {
    let minute = Span::from_seconds(60.0);
    for (text, model, connections) in [
        ("", LoadModel::CappedOpen, 64),
        (
            "model = \"capped_open\"\nconnections = 8",
            LoadModel::CappedOpen,
            8,
        ),
        ("model = \"open\"", LoadModel::Open, 20_000),
        ("model = \"open\"\nconnections = 500", LoadModel::Open, 500),
        (
            "model = { users = 50, pause = \"1min\" }",
            LoadModel::Closed {
                users: 50,
                pause: minute,
                ramp: Span(0),
            },
            50,
        ),
        (
            "connections = 9\n[load.model]\nusers = 3\nramp = \"1min\"",
            LoadModel::Closed {
                users: 3,
                pause: Span(0),
                ramp: minute,
            },
            3,
        ),
    ] {
        let load = load(text);
        assert_eq!(
            (load.model, load.connections),
            (model, connections),
            "{text}"
        );
    }
}

#[test]
fn what_is_asked_again_is_asked_for_as_long_as_it_is_said() {
    assert_eq!(load("").retry, None);
    assert_eq!(
        load("retry = \"30s\"").retry,
        Some(Span::from_seconds(30.0))
    );
}

#[test]
fn what_a_model_cannot_be_is_refused_with_what_it_can() {
    for (text, told) in [
        (
            "model = \"closed\"",
            "does not say how many users there are",
        ),
        ("model = \"opne\"", "names `opne`"),
        ("model = { pause = \"1s\" }", "users"),
        ("model = { users = 0 }", "users"),
        ("model = { users = 5, sessions = 9 }", "sessions"),
        ("retry = \"0s\"", "retry"),
        ("retry = 30", "retry"),
    ] {
        let refused = scenario(text).expect_err(text);
        assert!(refused.contains(told), "{text}: {refused}");
    }
}

#[test]
fn check_explains_the_model_in_both_languages() {
    for (text, en, zh) in [
        ("", "over at most 64 connections;", "最多 64 个连接；"),
        (
            "model = \"open\"",
            "at most 20000 (open)",
            "最多 20000 个（开放模型）",
        ),
        (
            "model = { users = 50, pause = \"10s\", ramp = \"1min\" }",
            "by 50 users who begin within 1min and take one session after another, 10s apart (closed)",
            "由 50 个用户",
        ),
        (
            "retry = \"30s\"",
            "is asked again under the same key, for 30s",
            "以同一幂等键重发，最长",
        ),
    ] {
        let scenario = scenario(text).expect("it is right");
        for (lang, told) in [(Lang::En, en), (Lang::Zh, zh)] {
            let page = explain(&scenario, lang);
            assert!(page.contains(told), "{told}:\n{page}");
        }
    }
}
