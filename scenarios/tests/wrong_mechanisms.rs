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
fn hours_of_servers_that_cannot_be_are_refused() {
    let of = |servers: &str| RIGHT.replace("capacity = 3", servers);
    for (servers, words) in [
        (
            "servers = [{ from = \"10:00\", to = \"10:00\" }, {}]",
            "not later than it begins",
        ),
        (
            "servers = [{ from = \"08:00\" }, {}]",
            "outside the opening hours",
        ),
        (
            "servers = [{ to = \"12:00\", break = { from = \"11:00\", to = \"13:00\" } }, {}]",
            "outside its shift",
        ),
        (
            "servers = [{ break = [{ from = \"11:00\", to = \"13:00\" }, { from = \"12:00\", to = \"14:00\" }] }, {}]",
            "begins before another has ended",
        ),
        (
            "servers = [{ from = \"10:00\", shifts = [{ to = \"12:00\" }] }, {}]",
            "has `shifts` and hours beside them",
        ),
        (
            "servers = [{ shifts = [{ to = \"12:00\" }, { from = \"11:00\" }] }, {}]",
            "one begins at 11:00 before another ends at 12:00",
        ),
        (
            "servers = [{ to = \"12:00\" }, { to = \"16:00\" }]",
            "from 16:00 until closing 0 of `window` are on duty",
        ),
        (
            "servers = [{ to = \"12:00\" }, {}]\nqueue = { lines = \"shortest\" }",
            "has servers with hours and a line for each",
        ),
        (
            "capacity = 3\nshift_end = \"changeover\"\nbreakdowns = { up = \"1h\", down = \"5min\" }",
            "is relieved as a team and breaks down or jams",
        ),
    ] {
        let told = told_of(&of(servers));
        assert!(told.contains(words), "{servers}\n{told}");
    }
    let skilled = of("servers = [{}, { skills = [\"fx\"], to = \"16:00\" }]")
        .replace("\"window\"]", "{ resource = \"window\", skill = \"fx\" }]");
    let told = told_of(&skilled);
    assert!(
        told.contains("with skill `fx`, of whom nobody is on duty until closing"),
        "{told}"
    );
    let steady = of("servers = [{ to = \"12:00\" }, {}]").replace(
        "per_day = 100",
        "rate_per_hour = 20\n[run]\nmode = \"steady_state\"\nwarm_up = \"1h\"\nlength = \"9h\"",
    );
    let told = told_of(&steady);
    assert!(told.contains("means nothing in a steady state"), "{told}");
}

#[test]
fn costs_that_cannot_be_are_refused() {
    for (cost, words) in [
        ("{}", "`resources.window.cost.purchase` is missing"),
        (
            "{ purchase = 9 }",
            "`resources.window.cost.years` is missing",
        ),
        (
            "{ purchase = 9, years = 0 }",
            "`resources.window.cost.years`",
        ),
        (
            "{ purchase = 9, years = 5 }\n[run]\nmode = \"steady_state\"\nwarm_up = \"1h\"\nlength = \"9h\"",
            "is by the day, and a steady state has none",
        ),
    ] {
        let text = RIGHT.replace("capacity = 3", &format!("capacity = 3\ncost = {cost}"));
        let told = told_of(&text);
        assert!(told.contains(words), "{cost}\n{told}");
    }
    says("[cost]\nwaiting_per_hour = -1", "`cost.waiting_per_hour`");
    // Without what it counts there is no such figure.
    says(
        "[gates]\ncheap = \"cost <= 700\"",
        "`cost` needs a `cost_per_hour`",
    );
    says(
        "[cost]\nwaiting_per_hour = 30\n[gates]\ncheap = \"cost{interval=10:00} <= 700\"",
        "`cost` is not reported by interval",
    );
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

#[test]
fn queues_and_servers_that_cannot_be_are_refused() {
    let resource = |keys: &str| told_of(&RIGHT.replace("capacity = 3", keys));
    for (keys, words) in [
        (
            "capacity = 3\nqueue = \"sideways\"",
            "which nothing defines",
        ),
        (
            "capacity = 3\nqueue = { jockeying = true }",
            "jockeying in one line",
        ),
        (
            "capacity = 3\nqueue = { lines = \"random\", preemption = \"resume\" }",
            "pre-emption",
        ),
        (
            "roster = [{ count = 3 }]\nqueue = { lines = \"random\" }",
            "a roster and a line for each server",
        ),
        ("capacity = 3\nservers = [{ count = 2 }]", "says twice"),
        ("servers = []", "names 0 servers"),
        ("servers = [{ speed = 0 }]", "impossible"),
        (
            "servers = [{ speeds = 2 }]",
            "unknown key `resources.window.servers.0.speeds`",
        ),
        (
            "capacity = 3\nbreakdowns = { up = \"0s\", down = \"1h\" }",
            "a time of zero",
        ),
        (
            "capacity = 3\nbreakdowns = { up = \"1h\" }",
            "`resources.window.breakdowns.down` is missing",
        ),
        (
            "capacity = 3\nshift_end = \"late\"",
            "which nothing defines",
        ),
    ] {
        let told = resource(keys);
        assert!(told.contains(words), "{keys}\n{told}");
    }
    let two = RIGHT
        .replace(
            "capacity = 3",
            "servers = [{ count = 3, skills = [\"cash\"] }]",
        )
        .replace("[\"window\"]", "[{ resource = \"window\", count = 2 }]");
    assert!(told_of(&two).contains("told apart"));
    let unknown = RIGHT
        .replace(
            "capacity = 3",
            "servers = [{ count = 3, skills = [\"cash\"] }]",
        )
        .replace(
            "[\"window\"]",
            "[{ resource = \"window\", skill = \"fx\" }]",
        );
    assert!(told_of(&unknown).contains("`fx`, which nothing defines"));
}

#[test]
fn conduct_that_cannot_be_is_refused() {
    for (keys, words) in [
        ("balking = { from = 5, always = 5 }", "not more than `from`"),
        ("balking = { probability = [] }", "is empty"),
        ("balking = { probability = [2] }", "impossible"),
        (
            "balking = { probability = [1], from = 3 }",
            "says the same otherwise",
        ),
        (
            "retry = { probability = 0.5 }",
            "`segments.all.retry.after` is missing",
        ),
        ("retry = { after = \"0s\" }", "is zero"),
        ("waiting_credit = 90", "must be a duration"),
    ] {
        says(&format!("[segments.all]\n{keys}"), words);
    }
}

#[test]
fn steps_that_repeat_without_end_or_from_nowhere_are_refused() {
    for (repeats, words) in [
        ("{ probability = 1 }", "impossible"),
        (
            "{ probability = 0.5, from = \"later\" }",
            "which nothing defines",
        ),
        ("{ from = \"now\" }", "is missing"),
    ] {
        let steps = format!(
            "steps = [{{ name = \"now\", duration = \"1min\", repeats = {repeats} }}, {{ name = \"later\", duration = \"1min\" }}]"
        );
        let told = told_of(&RIGHT.replace("time = \"3min\"", &steps));
        assert!(told.contains(words), "{repeats}\n{told}");
    }
    let circle = "[resources.second]\ncapacity = 1\n[journeys.errand]\nsteps = [\
        { name = \"a\", duration = \"1min\", holds = [\"window\"], keeps = true },\
        { name = \"b\", duration = \"1min\", holds = [\"second\"], keeps = true },\
        { name = \"c\", duration = \"1min\", holds = [\"window\"] }]";
    let text = RIGHT.replace(
        "[journeys.errand]\ntime = \"3min\"\nholds = [\"window\"]",
        circle,
    );
    assert!(told_of(&text).contains("block each other for ever"));
    // Who leaves out the step between still has what the one before it kept.
    let left_out = circle.replace("name = \"b\",", "name = \"b\", probability = 0.5,");
    let left_out = left_out.replace("holds = [\"second\"], keeps = true", "");
    let text = RIGHT.replace(
        "[journeys.errand]\ntime = \"3min\"\nholds = [\"window\"]",
        &left_out,
    );
    assert!(told_of(&text).contains("block each other for ever"));
    let apart = text.replace("capacity = 3", "servers = [{ count = 3, speed = 2 }]");
    assert!(told_of(&apart).contains("told apart"));
}

#[test]
fn arrivals_that_cannot_be_are_refused() {
    let arrivals = |keys: &str| told_of(&RIGHT.replace("per_day = 100", keys));
    for (keys, words) in [
        ("gap = \"0s\"", "`arrivals.gap` is zero"),
        ("gap = \"5min\"\nper_day = 3", "says twice"),
        ("per_day = 100\nday_of_week = [1, 1]", "has 2 factors"),
        (
            "per_day = 100\nday_of_month = { 32 = 2.0 }",
            "which nothing defines",
        ),
        (
            "per_day = 100\nbatches = [{ people = 0, share = 1 }]",
            "impossible",
        ),
        (
            "per_day = 100\nbatches = [{ people = 2, share = 0.5 }]",
            "sum to 0.5",
        ),
        ("per_day = 100\nbefore_opening = { }", "is missing"),
        (
            "replay = [{ arrival = \"08:00\" }]",
            "when the doors are shut",
        ),
        ("replay = [{ segment = \"all\" }]", "is missing"),
        ("replay = \"no-such.csv\"", "no-such.csv"),
        ("replay = []\nbusyness_cv = 0.1", "stands beside `replay`"),
        (
            "gap = \"5min\"\nday_of_week = [1, 1, 1, 1, 1, 1, 1]",
            "stands beside `gap`",
        ),
        (
            "rate_per_hour = 5\nwithin = \"linear\"",
            "stands beside `rate_per_hour`",
        ),
    ] {
        let told = arrivals(keys);
        assert!(told.contains(words), "{keys}\n{told}");
    }
    let steady = "[run]\nmode = \"steady_state\"\nwarm_up = \"1h\"\nlength = \"9h\"\n";
    let text = RIGHT.replace("per_day = 100", "rate_per_hour = 9\ncustomers = 5");
    assert!(told_of(&format!("{steady}{text}")).contains("nothing in a steady state"));
}

#[test]
fn a_stopping_rule_that_cannot_be_is_refused() {
    for (keys, words) in [
        ("{ half_width = \"5s\" }", "`run.until.figure` is missing"),
        ("{ figure = \"wait\" }", "must say once"),
        (
            "{ figure = \"wait\", half_width = \"5s\", relative = 0.1 }",
            "must say once",
        ),
        (
            "{ figure = \"cost\", relative = 0.1 }",
            "which nothing defines",
        ),
        (
            "{ figure = \"wait\", relative = 0.1, segment = \"vip\" }",
            "which nothing defines",
        ),
        ("{ figure = \"wait\", relative = 0 }", "impossible"),
    ] {
        says(&format!("[run]\nuntil = {keys}"), words);
    }
}
