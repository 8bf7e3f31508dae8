//! Impossible incidents, queues and arrivals: each is refused in words.

use scenarios::file::read;

const RIGHT: &str = r#"
[resources.window]
capacity = 3
[journeys.errand]
time = "3min"
holds = ["window"]
[arrivals]
per_day = 100
"#;

/// What is said of a scenario with this after it.
fn told(rest: &str) -> String {
    told_of(&format!("{RIGHT}{rest}"))
}

fn told_of(text: &str) -> String {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("s.toml");
    std::fs::write(&path, text).expect("the folder is writable");
    let error = read(&path, &[]).expect_err(text);
    let mut all = vec![error.to_string()];
    all.extend(error.related().iter().map(ToString::to_string));
    all.join("\n")
}

fn says(rest: &str, words: &str) {
    let told = told(rest);
    assert!(told.contains(words), "{rest}\n{told}");
}

#[test]
fn incidents_that_cannot_be_are_refused() {
    let incident = |keys: &str| format!("[[incidents]]\n{keys}");
    for (keys, words) in [
        (
            "from = \"10:00\"\nto = \"11:00\"\ndown = 1",
            "`incidents.0.what` is missing",
        ),
        (
            "what = \"resources.kiosk\"\nfrom = \"10:00\"\nto = \"11:00\"\ndown = 1",
            "which nothing defines",
        ),
        (
            "what = \"bank\"\nfrom = \"10:00\"\nto = \"11:00\"\ndown = 1",
            "is of a resource",
        ),
        (
            "what = \"bank\"\nfrom = \"11:00\"\nto = \"10:00\"\nstopped = true",
            "not later than it begins",
        ),
        (
            "what = \"bank\"\nfrom = \"08:00\"\nto = \"10:00\"\nstopped = true",
            "outside the opening hours",
        ),
        (
            "what = \"bank\"\nfrom = \"10:00\"\nto = \"11:00\"",
            "must say one thing",
        ),
        (
            "what = \"bank\"\nfrom = \"10:00\"\nto = \"11:00\"\nstopped = true\nslower = 2",
            "must say one thing",
        ),
        (
            "what = \"bank\"\nfrom = \"10:00\"\nto = \"11:00\"\nstopped = false",
            "is not true",
        ),
        (
            "what = \"bank\"\nfrom = \"10:00\"\nto = \"11:00\"\nslower = 0",
            "impossible",
        ),
    ] {
        says(&incident(keys), words);
    }
    says("[incidents]\nwhat = \"bank\"", "must be a list");
}
