//! What `check` and `schema` say, and in which language.

use crate::support::{code, library, output, said};
use std::fs;

fn stdout(folder: &std::path::Path, words: &[&str]) -> String {
    let ended = output(folder, words);
    assert_eq!(code(&ended), 0, "{}", said(&ended));
    String::from_utf8(ended.stdout).expect("it is text")
}

#[test]
fn check_explains_in_the_language_asked_for() {
    let folder = tempfile::tempdir().expect("a folder");
    let scenario = library("smart-branch");
    let scenario = scenario.to_str().expect("a path");
    let english = stdout(folder.path(), &["check", scenario]);
    assert!(english.contains("Who and what serves"), "{english}");
    let chinese = stdout(folder.path(), &["check", scenario, "--lang", "zh"]);
    assert!(
        chinese.contains("人员与设备") && !chinese.contains("Who and what"),
        "{chinese}"
    );
    let kiosks = "resources.kiosk.capacity=2";
    let warned = output(
        folder.path(),
        &["check", scenario, "--lang", "zh", "--set", kiosks],
    );
    let told = String::from_utf8_lossy(&warned.stderr).into_owned();
    assert!(
        told.contains("提示：10:00 至 11:00，`kiosk` 的业务量达到其办理能力的 113"),
        "{told}"
    );
}

#[test]
fn what_is_wrong_is_told_with_its_place_in_either_language() {
    let folder = tempfile::tempdir().expect("a folder");
    let wrong = "[resources.window]\ncapcity = 2\n[journeys.errand]\ntime = \"3min\"\n[arrivals]\nper_day = 5\n";
    fs::write(folder.path().join("wrong.toml"), wrong).expect("written");
    let mut told = Vec::new();
    for lang in ["en", "zh"] {
        let ended = output(folder.path(), &["check", "wrong.toml", "--lang", lang]);
        assert_eq!(code(&ended), 2, "{}", said(&ended));
        assert!(ended.stdout.is_empty(), "{}", said(&ended));
        told.push(String::from_utf8(ended.stderr).expect("it is text"));
    }
    assert_eq!(told[0], told[1]);
    for words in [
        "unknown key `resources.window.capcity`",
        "did you mean `capacity`?",
        "wrong.toml:2:1",
    ] {
        assert!(told[0].contains(words), "{words}: {}", told[0]);
    }
    let ended = output(folder.path(), &["check", "wrong.toml", "--lang", "fr"]);
    assert_eq!(code(&ended), 2, "{}", said(&ended));
    assert!(
        said(&ended).contains("take `en` or `zh`"),
        "{}",
        said(&ended)
    );
}

#[test]
fn schema_prints_a_json_schema() {
    let folder = tempfile::tempdir().expect("a folder");
    let schema = stdout(folder.path(), &["schema"]);
    let schema: serde_json::Value = serde_json::from_str(&schema).expect("it is JSON");
    assert_eq!(
        schema["$schema"],
        "https://json-schema.org/draft/2020-12/schema"
    );
    assert_eq!(schema["additionalProperties"], false);
    assert!(schema["properties"]["resources"]["description"].is_string());
}
