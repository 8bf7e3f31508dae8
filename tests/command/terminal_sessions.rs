//! A recorded log in which customers sit down at counters, kiosks and cash machines: the generator logs
//! in with their cards, acts within their sessions and leaves, and the books agree.

use crate::support::{code, output, said, summary};
use std::fmt::Write as _;

#[test]
fn customers_log_in_and_out_at_terminals_and_do_their_business_in_between() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut plan =
        "at,branch,channel,customer,session,step,think,operation,amount,payee,allow\n".to_owned();
    let mut rows: Vec<(u32, String)> = Vec::new();
    for n in 0..30_u32 {
        let (channel, business) = match n % 3 {
            0 => ("atm", "withdrawal,50.00,,"),
            1 => ("kiosk", "transfer_own_bank,20.00,c0,"),
            _ => ("counter", "deposit,70.00,,"),
        };
        // Whoever comes again sits down again.
        for turn in 0..2 {
            let session = n * 2 + turn;
            let begin = n * 40 + turn * 2_000;
            let steps = ["log_in,,,", "balance_query,,,", business, "log_out,,,"];
            for (step, what) in (0..).zip(steps) {
                let millis = begin + step * 100;
                let at = format!("10:00:{:02}.{:03}", millis / 1000, millis % 1000);
                let think = if step == 0 { "" } else { "0.1s" };
                rows.push((
                    millis,
                    format!("{at},b,{channel},c{n},{session},{step},{think},{what}"),
                ));
            }
        }
    }
    rows.sort_by_key(|(at, _)| *at);
    for (_, row) in rows {
        let _ = writeln!(plan, "{row}");
    }
    std::fs::write(folder.path().join("plan.csv"), plan).expect("a plan");
    let ended = output(folder.path(), &["load", "plan.csv", "--out", "run"]);
    // 4: this machine was too busy to judge latencies, which is not asked here.
    assert!([0, 4].contains(&code(&ended)), "{}", said(&ended));
    let summary = summary(&folder.path().join("run"));
    assert_eq!(summary["load"]["succeeded"], 240, "{}", summary["load"]);
    assert_eq!(summary["reconciliation"]["reconciled"], true, "{summary}");
}
