//! Randomness that cannot be: each is refused in words.

use scenarios::file::read;
use scenarios::model::Random;

const RIGHT: &str = r#"
[resources.window]
capacity = 3
[journeys.errand]
time = "3min"
holds = ["window"]
[arrivals]
per_day = 100
"#;

fn path_of(text: &str) -> (tempfile::TempDir, std::path::PathBuf) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("s.toml");
    std::fs::write(&path, text).expect("the folder is writable");
    (folder, path)
}

fn told_of(text: &str) -> String {
    let (_folder, path) = path_of(text);
    let error = read(&path, &[]).expect_err(text);
    let mut all = vec![error.to_string()];
    all.extend(error.help().map(str::to_owned));
    for other in error.related() {
        all.push(other.to_string());
        all.extend(other.help().map(str::to_owned));
    }
    all.join("\n")
}

#[test]
fn sources_of_random_numbers_that_cannot_be_are_refused() {
    for (keys, words) in [
        (
            "random = \"mrg32k3a-stream\"",
            "did you mean `mrg32k3a-streams`",
        ),
        ("random = \"mrg32k3a-streams\"\nseed = 0", "impossible"),
        (
            "random = \"mrg32k3a-streams\"\nseed = 4294944443",
            "impossible",
        ),
    ] {
        let told = told_of(&format!("{RIGHT}[run]\n{keys}"));
        assert!(told.contains(words), "{keys}\n{told}");
    }
    for (queue, words) in [
        ("\"random\"", "is served in random order"),
        ("{ lines = \"shortest\" }", "has a line for each server"),
    ] {
        let text = RIGHT.replace("capacity = 3", &format!("capacity = 3\nqueue = {queue}"));
        let told = told_of(&format!("{text}[run]\nrandom = \"mrg32k3a-streams\""));
        assert!(told.contains(words), "{queue}\n{told}");
    }
}

#[test]
fn streams_begin_from_the_seed_of_their_packages() {
    let (_folder, path) = path_of(&format!("{RIGHT}[run]\nrandom = \"mrg32k3a-streams\""));
    let scenario = read(&path, &[]).expect("the scenario is right");
    assert_eq!(scenario.run.random, Random::Mrg32k3aStreams);
    assert_eq!(scenario.run.seed, 12_345);
    assert!(scenarios::explain::explain(&scenario).contains("one thread"));
    let (_folder, path) = path_of(RIGHT);
    assert_eq!(read(&path, &[]).expect("the scenario is right").run.seed, 1);
}
