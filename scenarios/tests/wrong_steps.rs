//! Impossible steps: each is refused in words that say what would be right.

use scenarios::file::{ScenarioError, read};

const RIGHT: &str = r"
[resources.window]
capacity = 3
[resources.manager]
capacity = 1
[arrivals]
per_day = 100
";

fn told(journey: &str) -> String {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("s.toml");
    let text = format!("{RIGHT}{journey}");
    std::fs::write(&path, &text).expect("the folder is writable");
    let error = read(&path, &[]).expect_err(&text);
    let in_words = |error: &ScenarioError| {
        let help = ScenarioError::help(error).unwrap_or_default();
        format!("{error}\n  {help}")
    };
    let mut all = vec![in_words(&error)];
    all.extend(error.related().iter().map(in_words));
    all.join("\n")
}

fn says(journey: &str, words: &str) {
    let told = told(journey);
    assert!(told.contains(words), "{journey}\n{told}");
}

#[test]
fn parallel_steps_that_cannot_be_are_refused() {
    let both = |branches: &str, rest: &str| {
        format!("[journeys.errand]\nsteps = [{{ name = \"both\", parallel = [{branches}]{rest} }}]")
    };
    let step =
        |name: &str, rest: &str| format!("{{ name = \"{name}\", duration = \"1min\"{rest} }}");
    let (a, b) = (step("a", ""), step("b", ""));
    for (branches, rest, words) in [
        (a.clone(), "", "has 1 branches"),
        (
            format!("{a}, {a}"),
            "",
            "a second step of the journey is named `a`",
        ),
        (format!("{a}, []"), "", "must be a step or a list of steps"),
        (
            format!("{a}, {b}"),
            ", duration = \"1min\"",
            "has both `parallel` and `duration`",
        ),
        (
            format!("{a}, {b}"),
            ", holds = [\"window\"]",
            "has both `parallel` and `holds`",
        ),
        (
            format!("{a}, {{ name = \"b\", weight = 1 }}"),
            "",
            "weights share one time out to steps one after another",
        ),
        (
            format!(
                "{a}, {}",
                step("b", ", fails = { probability = 1, to = \"errand\" }")
            ),
            "",
            "give `fails` to the step that has `parallel`",
        ),
        (
            format!(
                "{a}, {{ name = \"b\", parallel = [{}, {}] }}",
                step("c", ""),
                step("d", "")
            ),
            "",
            "branches have no branches",
        ),
        (
            format!(
                "{a}, {}",
                step("b", ", repeats = { probability = 0.1, from = \"a\" }")
            ),
            "",
            "names `a`, which nothing defines",
        ),
        (
            format!(
                "{a}, {}",
                step("b", ", holds = [{ resource = \"manager\", count = 2 }]")
            ),
            "",
            "never more than 1 are on duty",
        ),
        (
            format!("{a}, {}", step("b", ", holds = [\"windw\"]")),
            "",
            "did you mean `window`?",
        ),
    ] {
        says(&both(&branches, rest), words);
    }
    // One keeps the window and wants the manager, the other the other way round.
    let kept = |first: &str, second: &str, a: &str, b: &str| {
        format!(
            "[{}, {}]",
            step(a, &format!(", holds = [\"{first}\"], keeps = true")),
            step(b, &format!(", holds = [\"{second}\"]"))
        )
    };
    let circle = format!(
        "{}, {}",
        kept("window", "manager", "a", "b"),
        kept("manager", "window", "c", "d")
    );
    says(&both(&circle, ""), "could block each other for ever");
}

#[test]
fn whoever_can_be_interrupted_does_one_thing_at_a_time() {
    says(
        "[resources.desk]\ncapacity = 1\nqueue = { preemption = \"resume\" }\n\
         [journeys.errand]\nholds = [\"desk\"]\nsteps = [{ name = \"both\", parallel = [\
         { name = \"a\", duration = \"1min\" }, { name = \"b\", duration = \"1min\" }] }]",
        "whose work can be interrupted, through parallel steps",
    );
}
