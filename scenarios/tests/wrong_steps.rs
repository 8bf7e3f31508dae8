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

const ASKS: &str = "[journeys.errand]\nholds = [\"window\"]\nsteps = [{ name = \"check\", duration = \"1min\", operation = \"identity_check\"";

#[test]
fn what_a_customer_does_when_the_bank_is_silent_is_one_thing_that_can_be() {
    for (keys, words) in [
        ("on_outage = \"wayt\"", "did you mean `wait`?"),
        (
            "on_outage = { retry = 3 }",
            "`journeys.errand.steps.0.on_outage.every` is missing",
        ),
        ("on_outage = { retry = 3, every = \"0s\" }", "is zero"),
        (
            "on_outage = { every = \"20s\" }",
            "must say one thing that the customer does",
        ),
        (
            "on_outage = { fall_back = \"erand\", after = \"30s\" }",
            "did you mean `errand`?",
        ),
        ("retry = 2", "tries a step again that cannot fail"),
        ("retrie = 2", "did you mean `retry`?"),
    ] {
        says(&format!("{ASKS}, {keys} }}]"), words);
    }
    says(
        &format!(
            "{ASKS}, on_outage = {{ fall_back = \"errand\", after = \"30s\" }} }}]\n\
             [services.any]\njourneys = [\"errand\"]"
        ),
        "customers who fail go round in a circle",
    );
    says(
        "[journeys.errand]\nsteps = [{ name = \"a\", duration = \"1min\", on_outage = \"wait\" }]",
        "asks the bank for nothing",
    );
    says(
        "[latencies]\nidentity_chek = \"1s\"\n[journeys.errand]\ntime = \"1min\"\nholds = [\"window\"]",
        "did you mean `identity_check`?",
    );
    says(
        "[[incidents]]\nwhat = \"resources.window\"\nfrom = \"10:00\"\nto = \"11:00\"\nunanswered = true\n\
         [journeys.errand]\ntime = \"1min\"\nholds = [\"window\"]",
        "is of the bank",
    );
}

#[test]
fn machines_that_nobody_could_clear_are_refused() {
    let kiosk = |keys: &str| {
        format!(
            "[resources.kiosk]\ncapacity = 2\n{keys}\n\
             [journeys.errand]\ntime = \"1min\"\nholds = [\"kiosk\"]"
        )
    };
    for (keys, words) in [
        (
            "jams = { every = \"0s\", cleared_by = \"manager\", takes = \"1min\" }",
            "has a time of zero",
        ),
        (
            "jams = { every = \"1h\", cleared_by = \"manger\", takes = \"1min\" }",
            "did you mean `manager`?",
        ),
        (
            "jams = { every = \"1h\", cleared_by = \"kiosk\", takes = \"1min\" }",
            "clears its own jams",
        ),
        (
            "jams = { every = \"1h\", cleared_by = \"manager\" }",
            "`resources.kiosk.jams.takes` is missing",
        ),
        (
            "jams = { every = \"1h\", cleared_by = \"manager\", takes = \"1min\" }\n\
             breakdowns = { up = \"1h\", down = \"1h\" }",
            "by = \"running\"",
        ),
        (
            "breakdowns = { up = \"1h\", down = \"1h\", by = \"runing\" }",
            "did you mean `running`?",
        ),
        (
            "jams = { every = \"1h\", cleared_by = \"night_watch\", takes = \"1min\" }\n\
             [resources.night_watch]\nroster = [{ count = 1, to = \"10:00\" }]",
            "nobody is on duty at closing",
        ),
    ] {
        says(&kiosk(keys), words);
    }
    // The manager comes with the kiosk's jam, and waits for a kiosk with her customer.
    says(
        "[resources.kiosk]\ncapacity = 1\njams = { every = \"1h\", cleared_by = \"manager\", takes = \"1min\" }\n\
         [segments.all]\nservices = { errand = 50, guided = 50 }\n\
         [journeys.errand]\ntime = \"1min\"\nholds = [\"kiosk\"]\n\
         [journeys.guided]\nholds = [\"manager\"]\nsteps = [\
         { name = \"ask\", duration = \"1min\" }, { name = \"do\", duration = \"1min\", holds = [\"kiosk\"] }]",
        "could block each other for ever",
    );
}
