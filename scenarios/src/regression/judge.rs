//! The judge of pairs: pass, regress, or not decided.

use super::figures::{Compared, RunFigures};
use super::looks::{FALSE_ALARMS, FALSE_PASSES, Looks};
use super::paired::{self, Centre};
use crate::gate::Verdict;
use crate::summary::ComparedRecord;

/// A difference of less than this share of the margin is no regression, however sure.
const WORTH_TELLING: f64 = 0.5;
/// Nothing is said by fewer pairs.
const FEWEST: usize = 3;

/// A run of each, one after the other.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pair {
    /// The baseline's.
    pub baseline: RunFigures,
    /// The target's.
    pub target: RunFigures,
}

/// What the pairs came to.
#[derive(Debug, Clone, PartialEq)]
pub struct Judged {
    /// Pass, fail (a regression), or undecided.
    pub verdict: Verdict,
    /// The pairs that it took.
    pub pairs: u32,
    /// Each figure that every run has.
    pub figures: Vec<ComparedRecord>,
}

/// Judges the pairs at each look in turn until one decides:
///
/// - a figure *regresses* when it is surely worse (its share of the 5% allowed) and by at
///   least half of the margin: then the comparison fails;
/// - a figure *passes* when it is surely less than the margin worse, and stays passed;
/// - the comparison passes when all figures that are waited for have passed.
///
/// Pairs beyond the last look that is full are not looked at.
pub fn judge(pairs: &[Pair], looks: &Looks, margin: f64) -> Judged {
    let figures = figures_of(pairs);
    let weights: f64 = figures.iter().map(|it| it.figure.weight()).sum();
    let shares = looks.alarm_shares().into_iter().zip(looks.pass_shares());
    let mut verdicts = vec![Verdict::Undecided; figures.len()];
    let mut used = 0;
    for (look, (alarm, pass)) in looks.pairs().iter().zip(shares) {
        let look = *look as usize;
        if look > pairs.len() {
            break;
        }
        if look < FEWEST {
            continue;
        }
        used = look;
        for (of, verdict) in figures.iter().zip(&mut verdicts) {
            let spend = Spend {
                alarm: FALSE_ALARMS * alarm * of.figure.weight() / weights,
                pass: FALSE_PASSES * pass,
            };
            *verdict = at_a_look(of, used, margin, &spend, *verdict);
        }
        if overall(&figures, &verdicts) != Verdict::Undecided {
            break;
        }
    }
    let records = figures
        .iter()
        .zip(&verdicts)
        .map(|(of, verdict)| of.record(pairs, used, margin, *verdict));
    Judged {
        verdict: overall(&figures, &verdicts),
        pairs: used as u32,
        figures: records.collect(),
    }
}

/// A figure's differences, in the order of the pairs.
struct Differences {
    figure: Compared,
    of_pairs: Vec<f64>,
}

struct Spend {
    alarm: f64,
    pass: f64,
}

/// The figures that all pairs have.
fn figures_of(pairs: &[Pair]) -> Vec<Differences> {
    let all = |figure: Compared| {
        let each = pairs
            .iter()
            .map(|pair| figure.difference(&pair.baseline, &pair.target));
        each.collect::<Option<Vec<f64>>>()
    };
    let found = Compared::ALL.into_iter().filter_map(|figure| {
        let of_pairs = all(figure)?;
        Some(Differences { figure, of_pairs })
    });
    found.collect()
}

fn at_a_look(
    of: &Differences,
    pairs: usize,
    margin: f64,
    spend: &Spend,
    before: Verdict,
) -> Verdict {
    let differences = &of.of_pairs[..pairs];
    let Some(centre) = paired::centre(differences) else {
        return before;
    };
    let margin = of.figure.margin(margin);
    let told = of.figure.from_scale(centre.estimate);
    let surely_worse = paired::chance_not_above(differences, 0.0) <= spend.alarm;
    if surely_worse && told >= WORTH_TELLING * margin {
        return Verdict::Fail;
    }
    let bound = of.figure.to_scale(margin);
    if paired::chance_not_below(differences, bound) <= spend.pass {
        return Verdict::Pass;
    }
    before
}

fn overall(figures: &[Differences], verdicts: &[Verdict]) -> Verdict {
    if verdicts.contains(&Verdict::Fail) {
        return Verdict::Fail;
    }
    let waited_for = || {
        figures
            .iter()
            .zip(verdicts)
            .filter(|(of, _)| of.figure.is_waited_for())
    };
    let passed = waited_for().all(|(_, verdict)| *verdict == Verdict::Pass);
    if passed && waited_for().next().is_some() {
        Verdict::Pass
    } else {
        Verdict::Undecided
    }
}

impl Differences {
    fn record(&self, pairs: &[Pair], used: usize, margin: f64, verdict: Verdict) -> ComparedRecord {
        // With too few pairs for a look, what there is is told all the same.
        let used = if used == 0 { pairs.len() } else { used };
        let side = |of: fn(&Pair) -> &RunFigures| {
            let values = pairs[..used].iter().map(|pair| of(pair).of(self.figure));
            median(values.flatten().collect())
        };
        let told = |it: f64| self.figure.from_scale(it);
        let centre: Option<Centre> = paired::centre(&self.of_pairs[..used]);
        ComparedRecord {
            figure: self.figure,
            verdict,
            waited_for: self.figure.is_waited_for(),
            margin: self.figure.margin(margin),
            baseline: side(|pair| &pair.baseline),
            target: side(|pair| &pair.target),
            worse: centre.map(|it| told(it.estimate)),
            low: centre.map(|it| told(it.low)),
            high: centre.map(|it| told(it.high)),
        }
    }
}

fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let last = values.len().checked_sub(1)?;
    Some(f64::midpoint(values[last / 2], values[values.len() / 2]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::regression::MARGIN;

    fn run(cpu: f64, p50: f64, errors: f64) -> RunFigures {
        RunFigures {
            cpu_per_operation: Some(cpu),
            p50: Some(p50),
            p99: None,
            throughput: Some(1000.0),
            errors: Some(errors),
        }
    }

    /// Fifteen pairs that differ by a little from run to run.
    fn pairs(worse: impl Fn(usize) -> RunFigures) -> Vec<Pair> {
        (0..15)
            .map(|at| {
                let wobble = 1.0 + 0.01 * (at % 4) as f64;
                Pair {
                    baseline: run(1e-4 * wobble, 0.002 / wobble, 0.0),
                    target: worse(at),
                }
            })
            .collect()
    }

    fn judged(pairs: &[Pair]) -> Judged {
        judge(pairs, &Looks::every(5, 15), MARGIN)
    }

    #[test]
    fn equal_builds_pass_at_the_first_look_when_the_machine_is_quiet() {
        let found = judged(&pairs(|at| {
            run(1e-4 * (1.0 + 0.01 * (at % 3) as f64), 0.002, 0.0)
        }));
        assert_eq!((found.verdict, found.pairs), (Verdict::Pass, 5));
        assert_eq!(found.figures.len(), 4, "p99 is not there");
    }

    #[test]
    fn a_tenth_more_processor_time_is_a_regression_and_says_which() {
        let found = judged(&pairs(|at| {
            run(1.1e-4 * (1.0 + 0.01 * (at % 3) as f64), 0.002, 0.0)
        }));
        assert_eq!(found.verdict, Verdict::Fail);
        let failed: Vec<Compared> = found
            .figures
            .iter()
            .filter(|it| it.verdict == Verdict::Fail)
            .map(|it| it.figure)
            .collect();
        assert_eq!(failed, [Compared::CpuPerOperation]);
        let worse = found.figures[0].worse.unwrap();
        assert!((0.08..0.12).contains(&worse), "{worse}");
    }

    #[test]
    fn what_is_surely_worse_by_a_trifle_is_no_regression() {
        let found = judged(&pairs(|at| {
            let wobble = 1.0 + 0.01 * (at % 4) as f64;
            run(1.03e-4 * wobble, 0.002 / wobble, 0.0)
        }));
        assert_eq!(found.verdict, Verdict::Pass);
        assert!((found.figures[0].worse.unwrap() - 0.03).abs() < 1e-9);
        assert!(found.figures[0].low.unwrap() > 0.0, "it is sure");
    }

    #[test]
    fn wild_runs_leave_it_undecided() {
        let found = judged(&pairs(|at| {
            let wild = if at % 2 == 0 { 2.0 } else { 0.5 };
            run(1e-4 * wild, 0.002, 0.0)
        }));
        assert_eq!((found.verdict, found.pairs), (Verdict::Undecided, 15));
    }

    #[test]
    fn new_errors_are_a_regression_even_when_all_else_is_the_same() {
        let found = judged(&pairs(|at| {
            run(1e-4, 0.002, 0.01 + 0.001 * (at % 3) as f64)
        }));
        assert_eq!(found.verdict, Verdict::Fail);
        assert_eq!(found.figures.last().unwrap().verdict, Verdict::Fail);
    }

    #[test]
    fn a_single_pair_says_nothing() {
        let all = pairs(|_| run(3e-4, 0.009, 0.5));
        for few in 0..5 {
            let found = judged(&all[..few]);
            assert_eq!((found.verdict, found.pairs), (Verdict::Undecided, 0));
        }
        let one = judge(&all[..1], &Looks::once(1), MARGIN);
        assert_eq!((one.verdict, one.pairs), (Verdict::Undecided, 0));
        assert!((one.figures[0].target.unwrap() - 3e-4).abs() < 1e-12);
    }

    #[test]
    fn a_regression_is_told_at_the_first_look_that_is_sure() {
        let all = pairs(|at| run(2e-4 * (1.0 + 0.01 * (at % 3) as f64), 0.002, 0.0));
        assert_eq!(judged(&all).pairs, 5);
        assert_eq!(judged(&all[..7]), judged(&all[..5]));
    }
}
