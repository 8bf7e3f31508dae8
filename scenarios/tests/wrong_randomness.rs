//! Randomness that cannot be: each is refused in words.

use scenarios::file::read;
use scenarios::language::Lang;
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
fn tables_that_cannot_be_are_refused() {
    for (capacity, words) in [
        ("{ table = [] }", "is empty"),
        ("{ tables = [[3, 80]] }", "did you mean `table`"),
        ("{ table = [[3, 80, 1]] }", "a list of [servers, weight]"),
        ("{ table = [[3, 0]] }", "impossible"),
        ("{ table = [[2.5, 10]] }", "a whole number"),
        (
            "{ table = [[3, 80], [0, 20]] }",
            "on some days there are only 0",
        ),
    ] {
        let text = RIGHT.replace("capacity = 3", &format!("capacity = {capacity}"));
        let told = told_of(&text);
        assert!(told.contains(words), "{capacity}\n{told}");
    }
    for (values, words) in [
        ("values = []", "is empty"),
        ("value = 3", "did you mean `values`"),
        ("values = [\"1min\"]", "a list of [value, weight]"),
        ("values = [[\"1min\", -1]]", "impossible"),
        ("values = [[\"soon\", 1]]", "not a duration"),
        ("csv = \"no-such.csv\"", "no-such.csv"),
    ] {
        let law = format!("time = {{ law = \"table\", {values} }}");
        let told = told_of(&RIGHT.replace("time = \"3min\"", &law));
        assert!(told.contains(words), "{values}\n{told}");
    }
}

#[test]
fn people_before_the_opening_that_cannot_be_are_refused() {
    let arrivals = |keys: &str| told_of(&RIGHT.replace("per_day = 100", keys));
    for (keys, words) in [
        (
            "per_day = 9\nbefore_opening = { from = \"09:00\", rate_per_hour = 1 }",
            "not before the opening at 09:00",
        ),
        (
            "per_day = 9\nbefore_opening = { from = \"08:00\" }",
            "`arrivals.before_opening.rate_per_hour` is missing",
        ),
        (
            "per_day = 9\nbefore_opening = { rate_per_hour = 1 }",
            "`arrivals.before_opening.from` is missing",
        ),
        (
            "per_day = 9\nbefore_opening = { from = \"08:00\", rate_per_hour = 1, people = 3 }",
            "says the same otherwise",
        ),
        (
            "gap = \"3min\"\nbefore_opening = { from = \"08:00\", rate_per_hour = 1 }",
            "stands beside a rate before the opening",
        ),
        (
            "per_day = 9\nbefore_opening = { form = \"08:00\", rate_per_hour = 1 }",
            "did you mean `from`",
        ),
    ] {
        let told = arrivals(keys);
        assert!(told.contains(words), "{keys}\n{told}");
    }
}

#[test]
fn a_table_in_a_file_is_read_like_one_in_the_scenario() {
    let (folder, path) = path_of(&RIGHT.replace(
        "time = \"3min\"",
        "time = { law = \"table\", csv = \"times.csv\" }",
    ));
    std::fs::write(
        folder.path().join("times.csv"),
        "value,weight\n60,1\n3min,3\n",
    )
    .expect("the folder is writable");
    let scenario = read(&path, &[]).unwrap_or_else(|error| panic!("{error}"));
    let law = scenario.journeys[0].time.as_ref().expect("a time");
    assert!((law.mean() - 150.0).abs() < 1e-9);
    assert!(
        scenario.as_run.contains("[\"3min\", 3]"),
        "{}",
        scenario.as_run
    );
    let again = path_of(&scenario.as_run);
    assert_eq!(
        read(&again.1, &[]).expect("it is read again").hash,
        scenario.hash
    );
}

#[test]
fn what_is_drawn_is_explained() {
    let text = RIGHT
        .replace("capacity = 3", "capacity = { table = [[3, 80], [1, 20]] }")
        .replace(
            "per_day = 100",
            "per_day = 100\nbefore_opening = { from = \"08:45\", rate_per_hour = 40 }",
        );
    let (_folder, path) = path_of(&text);
    let told =
        scenarios::explain::explain(&read(&path, &[]).expect("the scenario is right"), Lang::En);
    assert!(
        told.contains("3 on 80 % of the days, 1 on 20 % of the days"),
        "{told}"
    );
    assert!(
        told.contains("08:45 to 09:00: 10 (40 an hour), who wait for the doors to open"),
        "{told}"
    );
}

#[test]
fn streams_begin_from_the_seed_of_their_packages() {
    let (_folder, path) = path_of(&format!("{RIGHT}[run]\nrandom = \"mrg32k3a-streams\""));
    let scenario = read(&path, &[]).expect("the scenario is right");
    assert_eq!(scenario.run.random, Random::Mrg32k3aStreams);
    assert_eq!(scenario.run.seed, 12_345);
    assert!(scenarios::explain::explain(&scenario, Lang::En).contains("one thread"));
    let (_folder, path) = path_of(RIGHT);
    assert_eq!(read(&path, &[]).expect("the scenario is right").run.seed, 1);
}

#[test]
fn steady_states_that_cannot_be_are_refused() {
    let steady = |keys: &str| {
        let text = RIGHT.replace("per_day = 100", "rate_per_hour = 9");
        told_of(&format!("{text}[run]\nmode = \"steady_state\"\n{keys}"))
    };
    for (keys, words) in [
        (
            "warm_up = \"mser\"\nlength = \"9h\"",
            "did you mean `mser5`",
        ),
        (
            "warm_up = \"1h\"\nlength = \"9h\"\nbatches = 1",
            "impossible",
        ),
        (
            "warm_up = \"1h\"\nlength = \"9h\"\nbatches = 1000",
            "impossible",
        ),
        (
            "warm_up = \"1h\"\nlength = \"9h\"\nbatches = 30\nreplications = 2",
            "but there are 2 replications",
        ),
        (
            "warm_up = \"1h\"\nlength = \"9h\"\nbatches = 30\nuntil = { figure = \"wait\", relative = 0.1 }",
            "batches cut one long run",
        ),
    ] {
        let told = steady(keys);
        assert!(told.contains(words), "{keys}\n{told}");
    }
    assert!(told_of(&format!("{RIGHT}[run]\nbatches = 30")).contains("belongs to a steady state"));
    let early = RIGHT.replace(
        "per_day = 100",
        "rate_per_hour = 9\nbefore_opening = { from = \"00:00\", rate_per_hour = 9 }",
    );
    let run = "[run]\nmode = \"steady_state\"\nwarm_up = \"1h\"\nlength = \"9h\"";
    assert!(told_of(&format!("{early}{run}")).contains("nothing in a steady state"));
}

#[test]
fn a_steady_state_with_batches_is_explained() {
    let text = RIGHT.replace("per_day = 100", "rate_per_hour = 9");
    let run =
        "[run]\nmode = \"steady_state\"\nwarm_up = \"mser5\"\nlength = \"900h\"\nbatches = 30";
    let (_folder, path) = path_of(&format!("{text}{run}"));
    let scenario = read(&path, &[]).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(
        (scenario.run.replications, scenario.run.batches),
        (1, Some(30))
    );
    let told = scenarios::explain::explain(&scenario, Lang::En);
    assert!(
        told.contains("as MSER-5 says") && told.contains("30 batches"),
        "{told}"
    );
    let again = path_of(&scenario.as_run);
    assert_eq!(
        read(&again.1, &[]).expect("it is read again").hash,
        scenario.hash
    );
}
