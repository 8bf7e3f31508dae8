//! C15: one in ten requests is a thief's. Every one of them is refused for its reason, and whoever is
//! honest waits no longer for it: the same honest traffic with and without thieves, by turns every half
//! second of one run, so that whatever else slows the machine slows both.

use crate::support::{code, output, said, summary};
use std::fmt::Write as _;
use std::path::Path;

/// Honest requests, five milliseconds apart, after the locks are set.
const HONEST: u32 = 1_800;
/// So many of them make a stretch: thieves come in every second one.
const STRETCH: u32 = 90;
/// A thief's after every ninth of them, so that they are one in ten.
const EVERY: u32 = 9;
const VICTIMS: u32 = 20;

/// Whether the honest request of this number has thieves for company.
fn has_thieves(number: u32) -> bool {
    number / STRETCH % 2 == 1
}

/// At cash machines customers ask for their balance and take cash out; thieves use the cards of others
/// abroad, in a web shop, and from where their holders never are, against their locks.
fn plan() -> String {
    let mut plan =
        "at,branch,channel,customer,session,step,think,operation,amount,payee,allow,place,locks\n"
            .to_owned();
    let at = |millis: u32| format!("10:00:{:02}.{:03}", millis / 1000, millis % 1000);
    let locks = "overseas|places:371500|overseas_card_not_present";
    let mut session = 0;
    let mut row = |millis: u32, what: &str| {
        let _ = writeln!(
            plan,
            "{},b,{}",
            at(millis),
            what.replace("SESSION", &session.to_string())
        );
        session += 1;
    };
    for victim in 0..VICTIMS {
        let begin = victim * 10;
        row(begin, &format!("mobile,v{victim},{victim},0,,log_in,,,,,"));
        row(
            begin,
            &format!("mobile,v{victim},{victim},1,0.3s,lock_setting,,,,,{locks}"),
        );
    }
    for n in 0..HONEST {
        let millis = 1_000 + n * 5;
        let customer = n % 100;
        let what = if n % 2 == 0 {
            "balance_query,,,,,"
        } else {
            "withdrawal,1.00,,,,"
        };
        row(millis, &format!("atm,c{customer},1SESSION,0,,{what}"));
        if has_thieves(n) && n % EVERY == EVERY - 1 {
            let victim = n / EVERY % VICTIMS;
            let what = match n / EVERY % 3 {
                0 => "pos_purchase,999.00,,!lock_overseas,JP,",
                1 => "card_not_present_purchase,999.00,,!lock_overseas_card_not_present,US,",
                _ => "card_withdrawal,999.00,,!lock_region,440300,",
            };
            row(millis, &format!("acquirer,v{victim},1SESSION,0,,{what}"));
        }
    }
    // In the order of time: a victim's second step may come after others' first.
    let (heading, rows) = plan.split_once('\n').expect("a heading");
    let mut rows: Vec<&str> = rows.lines().collect();
    rows.sort_by_key(|row| row.split_once(',').map(|(at, _)| at));
    format!("{heading}\n{}\n", rows.join("\n"))
}

/// The latency of each honest request in the order of the plan, in microseconds, and how many requests
/// were refused.
fn played(folder: &Path) -> (Vec<u64>, u64) {
    std::fs::write(folder.join("plan.csv"), plan()).expect("a plan");
    let ended = output(folder, &["load", "plan.csv", "--quiet", "--out", "run"]);
    // 4: the lag of a busy machine, which both kinds of stretches have.
    assert!([0, 4].contains(&code(&ended)), "{}", said(&ended));
    let summary = summary(&folder.join("run"));
    let load = &summary["load"];
    assert_eq!(load["failed"], 0, "{load}");
    assert_eq!(summary["reconciliation"]["reconciled"], true, "{summary}");
    let rows = folder.join("run/operations.csv");
    let mut rows = csv::Reader::from_path(rows).expect("rows");
    let headings = rows.headers().expect("a heading").clone();
    let column = |name: &str| headings.iter().position(|it| it == name).expect("a column");
    let (channel, phase) = (column("channel"), column("phase"));
    let (intended, latency) = (column("intended_micros"), column("latency_micros"));
    let honest = rows.records().map(|row| row.expect("a row"));
    let honest = honest.filter(|row| &row[channel] == "atm" && &row[phase] == "measured");
    let mut honest: Vec<(u64, u64)> = honest
        .map(|row| [intended, latency].map(|it| row[it].parse().expect("micros")))
        .map(|[intended, latency]| (intended, latency))
        .collect();
    honest.sort_unstable();
    let latencies = honest.into_iter().map(|(_, latency)| latency).collect();
    (latencies, load["refused"].as_u64().expect("a count"))
}

fn median(mut latencies: Vec<u64>) -> f64 {
    latencies.sort_unstable();
    latencies[latencies.len() / 2] as f64
}

#[test]
fn when_one_request_in_ten_is_a_thiefs_all_of_them_are_refused_and_nobody_else_waits_longer() {
    let folder = tempfile::tempdir().expect("a folder");
    let (latencies, refused) = played(folder.path());
    assert_eq!(latencies.len(), HONEST as usize);
    assert_eq!(refused, u64::from(HONEST / 2 / EVERY));
    let of = |thieves: bool| {
        let numbered = (0..).zip(&latencies);
        let those = numbered.filter(|(number, _)| has_thieves(*number) == thieves);
        median(those.map(|(_, latency)| *latency).collect())
    };
    let (with, without) = (of(true), of(false));
    println!("median {with} us with thieves, {without} us without");
    assert!(
        with < 1.25 * without,
        "median {with} us with thieves, {without} us without"
    );
}
