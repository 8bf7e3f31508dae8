//! Published models with exact expectations (`cases/exact.json`), each as a scenario
//! file through the reader and the engine that users have. A figure may be off by
//! 3.3 standard errors at the fixed seed, and its 95% half-width must be below 1%
//! of it (2% where service is heavy-tailed, .001 for a probability). What has no
//! standard error (a standard deviation, a quantile) may be off by 3%.
//!
//! As usual, half-widths may be two and a half times as wide; `BRANCHLAB_EXACT=7` runs
//! everything seven times as long and asks for these.

mod exact;

use exact::{Model, ratio};
use scenarios::figure::Figure;
use sim::CustomerRecord;

/// Cases that no branch can be put into, or that are about something else, and why.
const NOT_SCENARIOS: [(&str, &str); 6] = [
    (
        "mg1_ps",
        "people and machines serve one customer at a time; what shares itself out among many is \
         the core bank's processor, which is measured under load and not simulated",
    ),
    ("mm3_ps_ciw", "the same"),
    (
        "ggc_approx",
        "the errors of an approximation, which no figure uses; its exact values are cases of their own",
    ),
    (
        "t_ci_law10",
        "an interval of ten numbers; checked where it is computed, in statistics/published.rs",
    ),
    (
        "quantile_ci_ranks",
        "ranks of an interval; checked where they are computed, in statistics/published.rs",
    ),
    (
        "wilson_sla",
        "an interval of a share; checked where it is computed, in statistics/published.rs",
    ),
];

/// The cases of this file.
const SIMULATED: [&str; 39] = [
    "asymp_var_mm1_50",
    "asymp_var_mm1_90",
    "mm1_rho80",
    "mm3_ciw_readme",
    "mm5_law_bank40",
    "mm8_branch",
    "mm50_garnett_noab",
    "staffing_80_20",
    "split_5xmm1",
    "mm2k3_simmer",
    "mm20_20_erlangB",
    "balk_ciw_guide",
    "retrial_mm1",
    "mg1_det",
    "mg1_exp",
    "mg1_logn",
    "mm1_disciplines",
    "md1_rho80",
    "md5_rho90",
    "me2_3",
    "dm1_appt",
    "e3m5_rho90",
    "erlanga_garnett50",
    "erlanga_bench",
    "mmc_det_patience",
    "prio_ciw_lit",
    "prio_pr_mg1_3",
    "preempt_semantics",
    "mm1_feedback",
    "tandem_block0",
    "forkjoin2",
    "jsq2_rho90",
    "law_jockey_5",
    "law_jockey_7",
    "mt_d_inf",
    "nhpp_linear_hour",
    "init_bias_mm10",
    "mg1_vacation",
    "inspection_paradox",
];

#[test]
fn every_case_is_simulated_or_named_with_its_reason() {
    let mut named: Vec<&str> = SIMULATED.to_vec();
    named.extend(NOT_SCENARIOS.iter().map(|(id, _)| *id));
    named.sort_unstable();
    let mut all = exact::ids();
    all.sort_unstable();
    assert_eq!(all, named);
}

#[test]
fn queues_of_the_textbook() {
    for id in [
        "mm1_rho80",
        "mm3_ciw_readme",
        "mm5_law_bank40",
        "mm8_branch",
        "mm50_garnett_noab",
    ] {
        let case = exact::case(id);
        let servers = case.parameter("servers");
        let service = 1.0 / case.parameter("service_rate");
        let mut model = Model::steady(case.parameter("arrival_rate"), servers as u32);
        let customers = match id {
            "mm8_branch" => 15e6,
            "mm50_garnett_noab" => 160e6,
            "mm3_ciw_readme" => 4e6,
            _ => 9.5e6,
        };
        model.exponential(service).customers(customers);
        let mut run = model.run(id);
        run.queue_figures();
        run.probability("P_Wq_le_180s", 180.0, false);
        run.probability("P_Wq_le_300s", 300.0, false);
        run.deviation("Wq_std");
        for (key, q) in [
            ("Wq_p50", 0.5),
            ("Wq_p90", 0.9),
            ("Wq_p95", 0.95),
            ("Wq_p99", 0.99),
        ] {
            run.quantile(key, q);
        }
        run.holds();
    }
    let case = exact::case("staffing_80_20");
    let mut model = Model::steady(case.parameter("arrival_rate"), case.expected("c") as u32);
    model
        .exponential(1.0 / case.parameter("service_rate"))
        .customers(2.5e6);
    let mut run = model.run("staffing_80_20");
    run.probability("service_level", 20.0, false);
    run.holds();
}

#[test]
fn separate_lines() {
    let mut model = Model::steady(1.0 / 60.0, 5);
    model
        .exponential(270.0)
        .resource("queue = { lines = \"random\" }")
        .customers(12e6);
    let mut run = model.run("split_5xmm1");
    run.mean("utilisation", Figure::Occupancy, "*");
    run.mean("Wq_mean", Figure::Wait, "*");
    run.mean("W_mean", Figure::TimeInBranch, "*");
    run.mean_each("Lq_mean", Figure::QueueLength, 5.0);
    run.mean_each("L_mean", Figure::PeopleInBranch, 5.0);
    run.probability("P_wait", 1e-6, true);
    run.probability("P_Wq_le_180s", 180.0, false);
    run.probability("P_Wq_le_300s", 300.0, false);
    run.deviation("Wq_std");
    run.holds();
    let mut model = Model::steady(0.03, 2);
    model
        .exponential(60.0)
        .resource("queue = { lines = \"shortest\" }")
        .customers(8e6);
    let mut run = model.run("jsq2_rho90");
    run.queue_figures();
    run.holds();
    // With jockeying no server idles while another has a line: as one line for both.
    let mut model = Model::steady(0.03, 2);
    model
        .exponential(60.0)
        .resource("queue = { lines = \"shortest\", jockeying = true }")
        .customers(8e6);
    let mut run = model.run("jsq2_rho90");
    run.mean("Wq_pooled_MM2", Figure::Wait, "*");
    run.holds();
}

#[test]
fn jockeying_days() {
    for (id, tellers) in [("law_jockey_5", 5), ("law_jockey_7", 7)] {
        let mut model = Model::days("09:00", "17:00", "rate_per_hour = 60", tellers);
        model
            .exponential(270.0)
            .resource("queue = { lines = \"shortest\", jockeying = true }")
            .replications(20_000);
        let mut run = model.run(id);
        run.mean("customers_mean", Figure::Arrivals, "*");
        run.mean("mean_delay_pooled", Figure::Wait, "*");
        run.mean("mean_close_overrun", Figure::Overtime, "*");
        run.holds();
    }
}

#[test]
fn finite_room_and_balking() {
    for id in ["mm2k3_simmer", "mm20_20_erlangB"] {
        let case = exact::case(id);
        let servers = case.parameter("servers") as u32;
        let room = case.parameter("capacity") as u32 - servers;
        let mut model = Model::steady(case.parameter("arrival_rate"), servers);
        model
            .exponential(1.0 / case.parameter("service_rate"))
            .resource(&format!("queue = {{ room = {room} }}"))
            .customers(4e6);
        let mut run = model.run(id);
        run.share_of_arrivals("P_lost", Figure::Balked);
        run.mean("L_mean", Figure::PeopleInBranch, "*");
        run.mean("Lq_mean", Figure::QueueLength, "*");
        run.mean("Wq_mean_accepted", Figure::Wait, "*");
        run.mean("W_mean_accepted", Figure::TimeInBranch, "*");
        run.mean("utilisation", Figure::Occupancy, "*");
        run.throughput("throughput");
        run.holds();
    }
    let mut model = Model::steady(1.0 / 12.0, 1);
    model
        .exponential(6.0)
        .segment("balking = { sees = \"present\", probability = [0, 0, 0, 0.5, 0.5, 0.5, 0.5, 1] }")
        .customers(4e6);
    let mut run = model.run("balk_ciw_guide");
    run.share_of_arrivals("P_balk", Figure::Balked);
    run.mean("L_mean", Figure::PeopleInBranch, "*");
    run.mean("Wq_mean_joined", Figure::Wait, "*");
    run.mean("utilisation", Figure::Occupancy, "*");
    run.holds();
}

#[test]
fn coming_again() {
    let mut model = Model::steady(0.7 / 60.0, 1);
    model
        .exponential(60.0)
        .resource("queue = { room = 0 }")
        .segment("retry = { after = { law = \"exponential\", mean = \"120s\" } }")
        .customers(6e6);
    let away = |it: &CustomerRecord| it.away.0 as f64 / 1e6;
    let mut records = model.records("retrial_mm1");
    records.mean("wait_in_orbit_mean", move |day| ratio(day, away));
    records.mean("P_blocked_first_try", |day| {
        ratio(day, |it| f64::from(u8::from(it.away.0 > 0)))
    });
    // By Little's law: those away are the arrival rate times the time away.
    records.mean("orbit_mean", move |day| {
        let (sum, count) = ratio(day, away);
        (sum * 0.7 / 60.0, count)
    });
    records.holds();
}

#[test]
fn other_services_and_other_arrivals() {
    let exponential = "{ law = \"exponential\", mean = \"180s\" }";
    let lognormal = "{ law = \"lognormal\", mean = \"180s\", cv = 1.2 }";
    for (id, law, customers) in [
        ("mg1_det", "\"180s\"", 4e6),
        ("mg1_exp", exponential, 8e6),
        ("mg1_logn", lognormal, 14e6),
    ] {
        let mut model = Model::steady(0.8 / 180.0, 1);
        model.service(law).customers(customers);
        let mut run = model.run(id);
        run.heavy_tailed = id == "mg1_logn";
        run.queue_figures();
        run.deviation("Wq_std");
        run.holds();
    }
    for (id, servers, customers) in [("md1_rho80", 1, 8e6), ("md5_rho90", 5, 27e6)] {
        let case = exact::case(id);
        let mut model = Model::steady(case.parameter("arrival_rate"), servers);
        model.service("\"180s\"").customers(customers);
        let mut run = model.run(id);
        run.queue_figures();
        for seconds in [30.0, 90.0, 180.0, 300.0] {
            run.probability(&format!("P_Wq_le_{seconds}s"), seconds, false);
        }
        run.holds();
    }
    let mut model = Model::steady(0.015, 3);
    model
        .service("{ law = \"erlang\", k = 2, mean = \"180s\" }")
        .customers(8e6);
    let mut run = model.run("me2_3");
    run.queue_figures();
    run.holds();
    for (id, servers, gap, mean, customers) in [
        ("dm1_appt", 1, "\"300s\"", 300.0, 8e6),
        (
            "e3m5_rho90",
            5,
            "{ law = \"erlang\", k = 3, mean = \"53.333333s\" }",
            160.0 / 3.0,
            34e6,
        ),
    ] {
        let mut model = Model::steady(1.0 / mean, servers);
        model
            .exponential(240.0)
            .arrivals(&format!("gap = {gap}"))
            .customers(customers);
        let mut run = model.run(id);
        run.queue_figures();
        run.probability("P_Wq_le_180s", 180.0, false);
        run.quantile("Wq_p90", 0.9);
        run.holds();
    }
}

#[test]
fn orders_of_the_line() {
    for (order, key) in [
        ("fifo", "Wq_std_FIFO"),
        ("random", "Wq_std_SIRO"),
        ("lifo", "Wq_std_LIFO"),
    ] {
        let mut model = Model::steady(0.00625, 1);
        model
            .exponential(120.0)
            .resource(&format!("queue = \"{order}\""))
            .customers(3e6);
        let mut run = model.run("mm1_disciplines");
        run.heavy_tailed = true;
        run.mean("Wq_mean_all", Figure::Wait, "*");
        run.deviation(key);
        run.holds();
    }
}

#[test]
fn impatience() {
    for (id, customers) in [("erlanga_garnett50", 6e6), ("erlanga_bench", 6e6)] {
        let case = exact::case(id);
        let patience = 1.0 / case.parameter("abandon_rate");
        let mut model = Model::steady(
            case.parameter("arrival_rate"),
            case.parameter("servers") as u32,
        );
        model
            .exponential(1.0 / case.parameter("service_rate"))
            .segment(&format!(
                "patience = {{ law = \"exponential\", mean = \"{patience}s\" }}"
            ))
            .customers(customers);
        let mut run = model.run(id);
        run.share_of_arrivals("P_abandon", Figure::Abandoned);
        run.mean("Wq_mean_served", Figure::Wait, "*");
        run.mean("Lq_mean", Figure::QueueLength, "*");
        run.mean("utilisation", Figure::Occupancy, "*");
        run.of_all("W_mean_all", |day| {
            (day.wait_served + day.wait_abandoned, day.arrivals)
        });
        run.of_all("W_mean_abandoned", |day| {
            (day.wait_abandoned, day.abandoned)
        });
        run.of_all("P_served_within_300s_of_all", |day| {
            (day.within_300, day.arrivals)
        });
        run.holds();
    }
    let mut model = Model::steady(130.0 / 3600.0, 8);
    model
        .exponential(240.0)
        .segment("patience = \"600s\"")
        .customers(6e6);
    let mut run = model.run("mmc_det_patience");
    run.share_of_arrivals("P_abandon", Figure::Abandoned);
    run.of_all("W_mean_all", |day| {
        (day.wait_served + day.wait_abandoned, day.arrivals)
    });
    run.holds();
}

#[test]
fn priority_and_preemption() {
    let mut model = Model::steady(0.8 / 60.0, 1);
    model
        .journeys("[journeys.errand]\ntime = { law = \"exponential\", mean = \"60s\" }\nholds = [\"server\"]")
        .segments("[segments.hi]\nshare = 0.25\npriority = 1\n[segments.lo]\nshare = 0.75")
        .customers(8e6);
    let mut run = model.run("prio_ciw_lit");
    run.mean("Wq_hi", Figure::Wait, "hi");
    run.mean("Wq_lo", Figure::Wait, "lo");
    run.mean("W_hi", Figure::TimeInBranch, "hi");
    run.mean("W_lo", Figure::TimeInBranch, "lo");
    run.holds();

    // Second moments: exponential, constant, Erlang of two phases.
    let laws = [
        "{ law = \"exponential\", mean = \"60s\" }",
        "\"90s\"",
        "{ law = \"erlang\", k = 2, mean = \"80s\" }",
    ];
    let mut model = Model::steady(0.55 / 60.0, 1);
    model
        .resource("queue = { preemption = \"resume\" }")
        .classes(&[(0.1, laws[0]), (0.2, laws[1]), (0.25, laws[2])])
        .customers(8e6);
    let mut run = model.run("prio_pr_mg1_3");
    for (key, segment) in [("W_1", "class1"), ("W_2", "class2"), ("W_3", "class3")] {
        run.mean(key, Figure::TimeInBranch, segment);
    }
    run.holds();

    let exponential = "{ law = \"exponential\", mean = \"90s\" }";
    for (preemption, law, key) in [
        ("resume", "\"90s\"", "W_low_fixed_resume"),
        ("restart", "\"90s\"", "W_low_fixed_restart"),
        ("resume", exponential, "W_low_exp_resume"),
        ("resample", exponential, "W_low_exp_resample"),
        ("restart", exponential, "W_low_exp_restart_same"),
    ] {
        let mut model = Model::steady(0.35 / 60.0, 1);
        model
            .resource(&format!("queue = {{ preemption = \"{preemption}\" }}"))
            .classes(&[(0.1, laws[0]), (0.25, law)])
            .customers(6e6);
        let mut run = model.run("preempt_semantics");
        run.heavy_tailed = key == "W_low_exp_restart_same";
        run.mean("W_high", Figure::TimeInBranch, "class1");
        run.mean(key, Figure::TimeInBranch, "class2");
        run.holds();
    }
}

#[test]
fn loops_and_blocking() {
    let mut model = Model::steady(0.01, 1);
    model
        .journeys(
            "[journeys.errand]\nsteps = [{ name = \"serve\", holds = [\"server\"], \
             duration = { law = \"exponential\", mean = \"60s\" }, repeats = { probability = 0.2 } }]",
        )
        .customers(6e6);
    let mut run = model.run("mm1_feedback");
    run.mean("utilisation", Figure::Occupancy, "*");
    run.mean("L_mean", Figure::PeopleInBranch, "*");
    run.mean("W_mean_total", Figure::TimeInBranch, "*");
    run.mean_each("visits_mean", Figure::Service, 60.0);
    run.holds();

    // Everybody is there at opening: the last leaves after so many times the time between two.
    let people = 20_000;
    let arrivals = format!("rate_per_hour = 0\nbefore_opening = {{ people = {people} }}");
    let mut model = Model::days("00:00", "01:00", &arrivals, 1);
    model
        .resource("[resources.second]\ncapacity = 1")
        .journeys(
            "[journeys.errand]\nsteps = [\
             { name = \"first\", holds = [\"server\"], keeps = true, duration = { law = \"exponential\", mean = \"60s\" } },\
             { name = \"second\", holds = [\"second\"], duration = { law = \"exponential\", mean = \"60s\" } }]",
        )
        .replications(100);
    let mut records = model.records("tandem_block0");
    // The first passes through an empty branch: one and a half services fewer than later ones.
    records.mean("throughput", move |day| {
        let last = day.iter().map(|it| it.left.0).max().unwrap_or(0);
        (f64::from(people), last as f64 / 1e6)
    });
    records.holds();
}

#[test]
fn parallel_steps_that_join() {
    let case = exact::case("forkjoin2");
    let mean = 1.0 / case.parameter("service_rate");
    let branch = |name: &str, resource: &str| {
        format!(
            "{{ name = \"{name}\", holds = [\"{resource}\"], \
             duration = {{ law = \"exponential\", mean = \"{mean}s\" }} }}"
        )
    };
    let mut model = Model::steady(case.parameter("arrival_rate"), 1);
    model
        .resource("[resources.vault]\ncapacity = 1")
        .journeys(&format!(
            "[journeys.errand]\nsteps = [{{ name = \"both\", parallel = [{}, {}] }}]",
            branch("check", "server"),
            branch("fetch", "vault")
        ))
        .customers(6e6);
    let mut run = model.run("forkjoin2");
    run.mean("W_mean", Figure::TimeInBranch, "*");
    run.holds();
}

#[test]
fn days_that_change() {
    let mut model = Model::days("09:00", "12:00", "rates_per_hour = [30, 90, 45]", 1000);
    model.service("\"900s\"").replications(40_000);
    let mut records = model.records("mt_d_inf");
    for seconds in [900, 3600, 4050, 4500, 7200, 7650, 10800] {
        let at = (9 * 3600 + seconds) * 1_000_000;
        records.mean(&format!("mean_at_{seconds}s"), move |day| {
            let inside = day.iter().filter(|it| it.arrived.0 < at && it.left.0 >= at);
            (inside.count() as f64, 1.0)
        });
    }
    records.holds();

    let mut model = Model::days(
        "09:00",
        "10:00",
        "rates_per_hour = [20, 80]\nwithin = \"linear\"",
        1000,
    );
    model.service("\"1s\"").replications(20_000);
    let mut records = model.records("nhpp_linear_hour");
    let since_opening = |it: &CustomerRecord| it.arrived.0 as f64 / 1e6 - 9.0 * 3600.0;
    records.mean("count_mean", |day| (day.len() as f64, 1.0));
    records.mean("count_var", |day| ((day.len() as f64 - 50.0).powi(2), 1.0));
    records.mean("mean_arrival_time", move |day| ratio(day, since_opening));
    let between = move |day: &[CustomerRecord], from: f64, to: f64| {
        let inside = day
            .iter()
            .filter(|it| (from..to).contains(&since_opening(it)));
        (inside.count() as f64, 1.0)
    };
    records.mean("first_quarter_mean", move |day| between(day, 0.0, 900.0));
    records.mean("last_quarter_mean", move |day| between(day, 2700.0, 3600.0));
    records.holds();

    let mut model = Model::days(
        "00:00",
        "23:00",
        "rate_per_hour = 540\ncustomers = 5000",
        10,
    );
    model.exponential(60.0).replications(2000);
    let mut records = model.records("init_bias_mm10");
    records.tolerance = 0.04;
    let wait = |it: &CustomerRecord| it.wait.0 as f64 / 1e6;
    for n in [1, 100, 1000, 5000] {
        records.mean(&format!("mean_of_first_{n}"), move |day| {
            ratio(&day[..n], wait)
        });
    }
    records.holds();
}

#[test]
fn a_teller_with_work_in_the_back_office() {
    // Tasks of 90 s of the lowest priority, so many that one is always there: the teller
    // takes one whenever no customer waits.
    let mut model = Model::steady(0.025, 1);
    model
        .journeys(
            "[journeys.errand]\ntime = { law = \"exponential\", mean = \"120s\" }\nholds = [\"server\"]\n\
             [journeys.task]\ntime = \"90s\"\nholds = [\"server\"]",
        )
        .segments(
            "[segments.customer]\nshare = 0.2\nservices = \"errand\"\npriority = 1\n\
             [segments.task]\nshare = 0.8\nservices = \"task\"\npatience = \"2000s\"",
        )
        .customers(12e6);
    let mut run = model.run("mg1_vacation");
    run.mean("Wq_mean", Figure::Wait, "customer");
    run.holds();
}

#[test]
fn a_passer_by_meets_the_longer_gaps() {
    // A bus is a server that is there for a moment, takes along everybody who waits, and
    // is away for a gap.
    for (key, gap, heavy_tailed, customers) in [
        (
            "exp",
            "{ law = \"exponential\", mean = \"600s\" }",
            false,
            3e6,
        ),
        (
            "erlang2",
            "{ law = \"erlang\", k = 2, mean = \"600s\" }",
            false,
            2e6,
        ),
        ("deterministic", "\"600s\"", false, 1e6),
        (
            "hyperexp_p9_200_p1_4200",
            "{ law = \"mixture\", parts = [{ weight = 90, law = \"exponential\", mean = \"200s\" }, \
             { weight = 10, law = \"exponential\", mean = \"4200s\" }] }",
            true,
            8e6,
        ),
    ] {
        let mut model = Model::steady(0.02, 1);
        model
            .service("\"0s\"")
            .resource(&format!(
                "breakdowns = {{ up = \"0.000001s\", down = {gap} }}"
            ))
            .customers(customers);
        let mut run = model.run("inspection_paradox");
        run.heavy_tailed = heavy_tailed;
        run.mean(key, Figure::Wait, "*");
        run.holds();
    }
}

#[test]
fn run_lengths_are_planned_by_how_much_means_of_waits_differ() {
    // The constant that says how long a queue must be watched. A variance is known from
    // so many runs to a tenth, not to a hundredth.
    for (id, rate, customers, runs) in [
        ("asymp_var_mm1_50", 0.5, 4e6, 800),
        ("asymp_var_mm1_90", 0.9, 60e6, 600),
    ] {
        let mut model = Model::steady(rate, 1);
        model
            .exponential(1.0)
            .customers(customers / 0.6)
            .replications(runs);
        let mut run = model.run(id);
        run.asymptotic_variance("asymptotic_variance");
        run.mean("Wq_mean", Figure::Wait, "*");
        run.holds();
    }
}
