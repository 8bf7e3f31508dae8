//! `load --find-limit`: the highest rate at which the gates hold. Rates grow until one
//! fails, then the gap between the best and the worst is halved until it is small; what
//! lies at its ends is repeated, because one noisy run must not decide.

use crate::arguments::LoadArguments;
use crate::exit::Failure;
use crate::judge::{self, Judging, Measured};
use crate::load::address::To;
use crate::load::{Plan, Player};
use crate::run_directory::RunDirectory;
use crate::summarise::Loaded;
use scenarios::figure::{Figure, FigureTable, Population};
use scenarios::gate::{self, Verdict};
use scenarios::model::NamedGate;
use scenarios::summary::{LimitRecord, ProbeRecord};
use std::fmt::Write as _;

/// Ends of the gap so near each other are one.
const NEAR: f64 = 1.05;
/// From one rate to the next while they all hold, or all fail.
const GROWTH: f64 = 2.0;
/// So much more or less than the profile's own volume is not tried.
const FARTHEST: f64 = 1024.0;
/// More runs than this are not made.
const MOST_PROBES: usize = 40;
/// So many runs in which the generator could not do its part are its limit, not an accident
/// of a machine that others use, too.
const NO_ACCIDENT: usize = 3;
/// A rate at an end of the gap is settled when so many runs of it agree.
const AGREE: usize = 2;

/// What the search ended with.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Gap {
    /// The highest volume that holds, confirmed.
    holds: Option<f64>,
    /// The lowest volume above it that does not, and how it did not.
    fails: Option<(f64, Verdict)>,
}

/// Looks for the highest volume that holds; `probe` runs one. A run with too few operations
/// for a gate is undecided: more volume brings more of them. No verdict ends the search.
fn search<E>(mut probe: impl FnMut(f64) -> Result<Option<Verdict>, E>) -> Result<Gap, E> {
    let mut runs: Vec<(f64, Verdict)> = Vec::new();
    let mut volume = 1.0;
    loop {
        let Some(verdict) = probe(volume)? else {
            return Ok(gap(&runs));
        };
        runs.push((volume, verdict));
        if runs.len() < MOST_PROBES && is_an_accident(&runs, volume) {
            continue;
        }
        let gap = gap(&runs);
        // What is undecided bounds the search from below, and holds not.
        let below = runs
            .iter()
            .filter(|(_, verdict)| *verdict == Verdict::Undecided);
        let below = below.map(|(volume, _)| *volume).reduce(f64::max);
        let next = match (gap.holds.or(below), gap.fails) {
            (None, Some((fails, _))) => fails / GROWTH,
            (Some(low), None) => low * GROWTH,
            (Some(low), Some((fails, _))) if fails / low > NEAR => (low * fails).sqrt(),
            // Both ends are near: what has not been repeated is.
            (Some(low), Some((fails, _))) => {
                let open = [low, fails].into_iter().find(|it| !settled(&runs, *it));
                let Some(open) = open else { return Ok(gap) };
                open
            }
            (None, None) => return Ok(gap),
        };
        if runs.len() >= MOST_PROBES || !(1.0 / FARTHEST..=FARTHEST).contains(&next) {
            return Ok(gap);
        }
        volume = next;
    }
}

/// The ends as the runs have them; a volume holds if more of its runs held than not.
fn gap(runs: &[(f64, Verdict)]) -> Gap {
    let decided = runs
        .iter()
        .filter(|(_, verdict)| *verdict != Verdict::Undecided);
    let mut volumes: Vec<f64> = decided.map(|(volume, _)| *volume).collect();
    volumes.sort_by(f64::total_cmp);
    volumes.dedup();
    let fails = volumes
        .iter()
        .find_map(|volume| Some((*volume, failing(runs, *volume)?)));
    let below = fails.map_or(f64::INFINITY, |(volume, _)| volume);
    let holds = volumes
        .iter()
        .rev()
        .find(|volume| **volume < below)
        .copied();
    Gap { holds, fails }
}

/// The generator could not do its part at this volume, and it may have been an accident.
fn is_an_accident(runs: &[(f64, Verdict)], volume: f64) -> bool {
    let of_it = || runs.iter().filter(|(at, _)| *at == volume);
    of_it().all(|(_, verdict)| *verdict == Verdict::Invalid) && of_it().count() < NO_ACCIDENT
}

/// The runs of a volume that count: those in which the generator did its part, if there are any.
fn counting(runs: &[(f64, Verdict)], volume: f64) -> Vec<Verdict> {
    let of_it = runs.iter().filter(|(at, _)| *at == volume);
    let of_it: Vec<Verdict> = of_it.map(|(_, verdict)| *verdict).collect();
    let judged = of_it.iter().filter(|it| **it != Verdict::Invalid);
    let judged: Vec<Verdict> = judged.copied().collect();
    if judged.is_empty() { of_it } else { judged }
}

/// How a volume failed, if most of its runs did.
fn failing(runs: &[(f64, Verdict)], volume: f64) -> Option<Verdict> {
    let runs = counting(runs, volume);
    let failed = runs.iter().filter(|verdict| **verdict != Verdict::Pass);
    let last = failed.clone().next_back()?;
    (2 * failed.count() > runs.len()).then_some(*last)
}

fn settled(runs: &[(f64, Verdict)], volume: f64) -> bool {
    let runs = counting(runs, volume);
    let passed = runs.iter().filter(|it| **it == Verdict::Pass).count();
    passed >= AGREE || runs.len() - passed >= AGREE
}

/// One run of the search.
struct Probe {
    record: ProbeRecord,
    loaded: Loaded,
}

/// Runs the search and gives the load at the highest rate that holds (or the lowest that
/// does not, if none does) with what was found.
pub fn find(
    arguments: &LoadArguments,
    to: &To,
    player: &mut Player,
    gates: &[NamedGate],
) -> Result<Loaded, Failure> {
    let plan = player.plan.clone();
    plan.can_be_scaled()
        .map_err(|why| Failure::usage(format!("--find-limit: {why}")))?;
    if gates.is_empty() {
        return Err(Failure::usage(
            "--find-limit looks for the highest rate at which the gates hold, and there is no gate; add one, e.g. --gate 'p99(latency) <= 200ms'",
        ));
    }
    let directory = player.directory;
    let mut best: Option<Probe> = None;
    let mut probes: Vec<ProbeRecord> = Vec::new();
    let gap = search(|volume| -> Result<Option<Verdict>, Failure> {
        let number = probes.len() + 1;
        let inside = directory.inside(&format!("probe-{number:02}"))?;
        let scaled = plan.times(volume);
        let probe = run(arguments, to, player, gates, (&scaled, volume), &inside)?;
        let verdict = probe.record.verdict;
        player.phases.say(&told(&probe.record));
        probes.push(probe.record.clone());
        if is_better(&probe.record, best.as_ref().map(|it| &it.record)) {
            best = Some(probe);
        }
        // Interrupted, nobody waits for further rates any more.
        Ok((!player.interrupt.happened()).then_some(verdict))
    })?;
    let Some(best) = best else {
        return Err(Failure::usage("--find-limit: no rate could be tried"));
    };
    probes.sort_by(|a, b| a.volume.total_cmp(&b.volume));
    directory.write("limit.csv", table(&probes).as_bytes())?;
    let offered = |volume: f64| {
        let of_it = probes.iter().find(|probe| probe.volume == volume);
        of_it.map(|probe| probe.offered_per_second)
    };
    let failed = gap.fails.and_then(|(volume, verdict)| {
        let mut of_it = probes.iter().filter(|probe| probe.volume == volume);
        of_it.find(|probe| probe.verdict == verdict)
    });
    let mut loaded = best.loaded;
    loaded.record.limit = Some(LimitRecord {
        sustained_per_second: gap.holds.and_then(offered),
        failed_per_second: gap.fails.and_then(|(volume, _)| offered(volume)),
        limited_by: failed.map(|probe| probe.reason.clone()),
        generator_bound: !matches!(gap.fails, Some((_, Verdict::Fail))),
        probes,
    });
    Ok(loaded)
}

/// The highest that passes; while none does, the lowest.
fn is_better(new: &ProbeRecord, old: Option<&ProbeRecord>) -> bool {
    let Some(old) = old else { return true };
    match (new.verdict == Verdict::Pass, old.verdict == Verdict::Pass) {
        (true, true) => new.volume >= old.volume,
        (true, false) => true,
        (false, true) => false,
        (false, false) => new.volume < old.volume,
    }
}

fn run(
    arguments: &LoadArguments,
    to: &To,
    player: &mut Player,
    gates: &[NamedGate],
    (plan, volume): (&Plan, f64),
    directory: &RunDirectory,
) -> Result<Probe, Failure> {
    let mut player = Player {
        name: player.name,
        plan,
        directory,
        interrupt: player.interrupt,
        phases: player.phases,
        metrics: player.metrics,
        watched: player.watched,
        retry: player.retry,
        repeat: player.repeat,
    };
    let loaded = player.on_whichever(to, &arguments.bank)?;
    let mut table = FigureTable::default();
    table.rows.extend(loaded.outcome.figures());
    let (mut records, _) = judge::gates(gates, &table, Measured::Load, Judging::ByInterval);
    if loaded.has_books {
        records.push(judge::nothing_lost(loaded.reconciliation.as_ref()));
    }
    records.push(judge::generator_kept_up(&loaded.outcome.validity().reasons));
    let kept_up = loaded.outcome.validity().kept_up;
    let worst = gate::worst(&records);
    let reason = records.iter().find(|record| record.verdict == worst);
    let verdict = match worst {
        // The generator did its part, so there was too little for a gate to look at.
        Verdict::Invalid if kept_up => Verdict::Undecided,
        verdict => verdict,
    };
    let total = |figure| table.find(figure, &Population::default());
    let quantile = |q: f64| {
        let row = total(Figure::Latency)?;
        let found = row
            .quantiles
            .iter()
            .find(|value| (value.q - q).abs() < 1e-9);
        found?.value
    };
    let record = ProbeRecord {
        volume,
        offered_per_second: loaded.record.offered_per_second,
        achieved_per_second: loaded.record.achieved_per_second,
        p50: quantile(0.5),
        p99: quantile(0.99),
        errors: total(Figure::Errors).and_then(|row| row.mean),
        reason: match (verdict, reason) {
            (Verdict::Pass, _) | (_, None) => String::new(),
            (_, Some(record)) => format!("{}: {}", record.gate, record.reason),
        },
        verdict,
    };
    Ok(Probe { record, loaded })
}

/// A probe in a line.
fn told(probe: &ProbeRecord) -> String {
    let milliseconds = |latency: Option<f64>| {
        latency.map_or_else(|| "–".to_owned(), |seconds| format!("{:.1}", seconds * 1e3))
    };
    format!(
        "  {:.1}/s → {:.1}/s  p50 {} ms  p99 {} ms  {}  {}",
        probe.offered_per_second,
        probe.achieved_per_second,
        milliseconds(probe.p50),
        milliseconds(probe.p99),
        probe.verdict.name(),
        probe.reason
    )
}

/// `limit.csv`: the curve of latency against load.
fn table(probes: &[ProbeRecord]) -> String {
    let mut text = String::from(
        "volume,offered_per_second,achieved_per_second,p50,p99,errors,verdict,reason\n",
    );
    let number = |value: Option<f64>| value.map_or_else(String::new, |value| value.to_string());
    for probe in probes {
        let _ = writeln!(
            text,
            "{},{},{},{},{},{},{},\"{}\"",
            probe.volume,
            probe.offered_per_second,
            probe.achieved_per_second,
            number(probe.p50),
            number(probe.p99),
            number(probe.errors),
            probe.verdict.name(),
            probe.reason.replace('"', "\"\"")
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(mut holds: impl FnMut(f64) -> Verdict) -> (Gap, usize) {
        let mut runs = 0;
        let gap = search(|volume| {
            runs += 1;
            Ok::<_, ()>(Some(holds(volume)))
        });
        (gap.unwrap(), runs)
    }

    fn below(limit: f64) -> impl FnMut(f64) -> Verdict {
        move |volume| {
            if volume <= limit {
                Verdict::Pass
            } else {
                Verdict::Fail
            }
        }
    }

    #[test]
    fn a_sharp_limit_is_found_within_five_per_cent_wherever_it_lies() {
        for limit in [0.013, 0.7, 1.0, 3.3, 40.0, 700.0] {
            let (gap, runs) = found(below(limit));
            let (holds, fails) = (gap.holds.unwrap(), gap.fails.unwrap().0);
            assert!(holds <= limit && limit < fails, "{limit}: {gap:?}");
            assert!(fails / holds <= NEAR, "{limit}: {gap:?}");
            assert!(runs <= 25, "{runs}");
        }
    }

    #[test]
    fn one_noisy_run_does_not_decide() {
        let mut runs = 0;
        // The fourth run fails though its rate holds.
        let (gap, _) = found(|volume| {
            runs += 1;
            if runs == 4 {
                Verdict::Fail
            } else {
                below(100.0)(volume)
            }
        });
        let holds = gap.holds.unwrap();
        assert!(holds <= 100.0 && gap.fails.unwrap().0 > 4.0, "{gap:?}");
        // The end of the gap that it would have made (8) was repeated and held.
        assert!(holds > 50.0, "{gap:?}");
    }

    #[test]
    fn what_never_holds_and_what_always_holds_ends() {
        let (gap, _) = found(|_| Verdict::Fail);
        assert_eq!(gap.holds, None);
        let (gap, _) = found(|_| Verdict::Pass);
        assert_eq!((gap.holds, gap.fails), (Some(FARTHEST), None));
    }

    #[test]
    fn too_few_operations_for_a_gate_ask_for_more_of_them() {
        let (gap, runs) = found(|volume| match volume {
            ..3.0 => Verdict::Undecided,
            ..=50.0 => Verdict::Pass,
            _ => Verdict::Fail,
        });
        assert!(
            gap.holds
                .is_some_and(|holds| (47.0..=50.0).contains(&holds)),
            "{gap:?}"
        );
        assert!(runs < 20, "{runs}");
        let (gap, _) = found(|volume| match volume {
            ..3.0 => Verdict::Undecided,
            _ => Verdict::Fail,
        });
        assert_eq!(gap.holds, None);
    }

    #[test]
    fn a_generator_at_its_end_is_not_the_targets_limit() {
        let (gap, _) = found(|volume| {
            if volume <= 5.0 {
                Verdict::Pass
            } else {
                Verdict::Invalid
            }
        });
        assert_eq!(gap.fails.unwrap().1, Verdict::Invalid);
    }

    #[test]
    fn an_accident_of_the_machine_is_repeated_and_decides_nothing() {
        let mut runs = 0;
        // Every third run is disturbed.
        let (gap, _) = found(|volume| {
            runs += 1;
            match runs % 3 {
                0 => Verdict::Invalid,
                _ => below(10.0)(volume),
            }
        });
        let (holds, fails) = (gap.holds.unwrap(), gap.fails.unwrap());
        assert!(holds <= 10.0 && fails.0 > 10.0, "{gap:?}");
        assert_eq!(fails.1, Verdict::Fail);
    }
}
