//! `load --baseline`: the target and its baseline take turns until the pairs decide.
//!
//! Both are there all the time and play the same plan; which goes first is drawn for every
//! two pairs, once so and once the other way round. After every `--pairs` pairs the judge
//! looks ([`scenarios::regression`]); while it is undecided there are more, up to
//! `--pairs-max`.

use crate::arguments::LoadArguments;
use crate::exit::Failure;
use crate::load::address::To;
use crate::load::{Plan, Player};
use crate::summarise::{self, Loaded, Subject};
use scenarios::gate::Verdict;
use scenarios::model::Label;
use scenarios::regression::{Looks, Pair, RunFigures, judge};
use scenarios::summary::{PairRecord, RegressionRecord};

/// The baseline that the command line names, if it names one.
pub fn baseline(
    arguments: &LoadArguments,
    plan: &Plan,
    target: &To,
) -> Result<Option<To>, Failure> {
    let Some(url) = arguments.baseline.url.as_deref() else {
        return Ok(None);
    };
    let tokens = arguments.baseline.tokens.as_deref();
    let tokens = tokens.or(arguments.tokens.as_deref());
    let baseline = To::at(Some(url), tokens, arguments, plan)?;
    if baseline.place() == target.place() {
        return Err(Failure::usage(format!(
            "--baseline {url}: this is the target itself; name the address of another one"
        )));
    }
    Ok(Some(baseline))
}

/// What the pairs came to.
pub struct Compared {
    /// The target's run that stands for all of them.
    pub representative: Loaded,
    /// The comparison.
    pub record: RegressionRecord,
    /// What a reader should know.
    pub warnings: Vec<Label>,
}

/// A pair as it was played.
struct Played {
    record: PairRecord,
    baseline: Loaded,
    target: Loaded,
}

impl Played {
    fn kept_up(&self) -> bool {
        let both = [&self.baseline, &self.target];
        both.iter().all(|it| it.outcome.validity().kept_up)
    }
}

/// Plays pairs until they decide.
pub fn play(
    arguments: &LoadArguments,
    (baseline, target): (&To, &To),
    player: &mut Player,
    subject: &Subject,
) -> Result<Compared, Failure> {
    let looks = Looks::every(arguments.baseline.pairs, arguments.baseline.pairs_max);
    let margin = arguments.baseline.margin;
    let mut played: Vec<Played> = Vec::new();
    let mut repeated = 0;
    let mut judged = judge(&[], &looks, margin);
    while let Some(look) = looks.after(played.len() as u32) {
        while played.len() < look as usize && !player.interrupt.happened() {
            let number = played.len() as u32 + 1;
            let pair = play_pair(arguments, (baseline, target), player, subject, number)?;
            let again = !pair.kept_up() && !player.interrupt.happened();
            if again && repeated < looks.most() {
                repeated += 1;
                continue;
            }
            played.push(pair);
            if again {
                break;
            }
        }
        judged = judge(&pairs(&played), &looks, margin);
        player
            .phases
            .say(&told(played.len(), judged.verdict, player.phases.lang()));
        let ended = judged.verdict != Verdict::Undecided;
        if ended || player.interrupt.happened() || played.len() < look as usize {
            break;
        }
    }
    let record = RegressionRecord {
        baseline: baseline.place(),
        target: target.place(),
        verdict: judged.verdict,
        pairs: judged.pairs,
        looks: looks.pairs().to_vec(),
        margin,
        interleaved: true,
        repeated,
        figures: judged.figures,
        runs: played.iter().map(|pair| pair.record.clone()).collect(),
    };
    let warnings = warnings(&played);
    let representative =
        representative(played).ok_or_else(|| Failure::usage("--pairs: no pair could be played"))?;
    Ok(Compared {
        representative,
        record,
        warnings,
    })
}

fn pairs(played: &[Played]) -> Vec<Pair> {
    let each = played.iter().map(|pair| Pair {
        baseline: pair.record.baseline,
        target: pair.record.target,
    });
    each.collect()
}

fn play_pair(
    arguments: &LoadArguments,
    (baseline, target): (&To, &To),
    player: &mut Player,
    subject: &Subject,
    number: u32,
) -> Result<Played, Failure> {
    let baseline_first = baseline_first(subject.record.seed, number);
    let mut one = |name: &str, to: &To, watched: Option<u32>| {
        let directory = player.directory.inside(&format!("{name}-{number:02}"))?;
        let started = jiff::Timestamp::now().to_string();
        let mut player = Player {
            name: player.name,
            plan: player.plan,
            directory: &directory,
            interrupt: player.interrupt,
            phases: player.phases,
            metrics: player.metrics,
            watched,
            retry: player.retry,
            repeat: player.repeat,
        };
        let loaded = player.on_whichever(to, &arguments.bank)?;
        summarise::write_part(
            subject.clone(),
            loaded,
            player.interrupt,
            &directory,
            started,
        )
    };
    let (before, after);
    if baseline_first {
        before = one("baseline", baseline, arguments.baseline.process)?;
        after = one("target", target, arguments.watch_process)?;
    } else {
        after = one("target", target, arguments.watch_process)?;
        before = one("baseline", baseline, arguments.baseline.process)?;
    }
    Ok(Played {
        record: PairRecord {
            baseline_first,
            baseline: RunFigures::read(&before.0),
            target: RunFigures::read(&after.0),
        },
        baseline: before.1,
        target: after.1,
    })
}

/// Who goes first: of every two pairs each once, in an order that the seed draws.
fn baseline_first(seed: u64, number: u32) -> bool {
    let (block, second) = ((number - 1) / 2, (number - 1) % 2 == 1);
    let mut hasher = blake3::Hasher::new();
    hasher.update(b"who of a pair goes first");
    hasher.update(&seed.to_le_bytes());
    hasher.update(&block.to_le_bytes());
    let drawn = hasher.finalize().as_bytes()[0] % 2 == 0;
    drawn != second
}

/// The run that stands for all of the target's: one whose books do not agree, else one in
/// which the generator did not keep up, else that with the median of the medians.
fn representative(played: Vec<Played>) -> Option<Loaded> {
    let mut runs: Vec<Loaded> = played.into_iter().map(|pair| pair.target).collect();
    let lost = |run: &Loaded| run.reconciliation.as_ref().is_some_and(|it| !it.reconciled);
    let lagged = |run: &Loaded| !run.outcome.validity().kept_up;
    if let Some(at) = runs
        .iter()
        .position(lost)
        .or_else(|| runs.iter().position(lagged))
    {
        return Some(runs.swap_remove(at));
    }
    runs.sort_by(|a, b| median(a).total_cmp(&median(b)));
    let middle = runs.len().checked_sub(1)? / 2;
    Some(runs.swap_remove(middle))
}

fn median(run: &Loaded) -> f64 {
    use scenarios::figure::{Figure, Population};
    let rows = run.outcome.figures();
    let all = Population::default();
    let row = rows
        .iter()
        .find(|row| row.figure == Figure::Latency && row.population == all);
    row.and_then(|row| row.quantiles.iter().find(|it| it.q >= 0.5)?.value)
        .unwrap_or(f64::INFINITY)
}

fn warnings(played: &[Played]) -> Vec<Label> {
    let lost = |pair: &&Played| {
        let found = pair.baseline.reconciliation.as_ref();
        found.is_some_and(|found| !found.reconciled)
    };
    let mut warnings = Vec::new();
    if played.iter().any(|pair| lost(&pair)) {
        warnings.push(Label::new(
            "The books of the baseline's bank do not agree with what it acknowledged.",
            "基线核心系统的账目与其已确认的操作不一致。",
        ));
    }
    if played
        .iter()
        .any(|pair| pair.record.target.cpu_per_operation.is_none())
    {
        warnings.push(Label::new(
            "The target's process could not be seen, so its processor time for an operation, the steadiest figure, was not compared; --watch-process and --watch-baseline name the processes.",
            "看不到被测系统的进程，因此未比较每次操作的处理器用时（波动最小的指标）；可用 --watch-process 与 --watch-baseline 指明进程。",
        ));
    }
    warnings
}

fn told(pairs: usize, verdict: Verdict, lang: reports::Lang) -> String {
    let verdict = reports::comparison_verdict(verdict, lang);
    match lang {
        reports::Lang::En => format!("  after {pairs} pairs: {verdict}"),
        reports::Lang::Zh => format!("  已运行 {pairs} 对：{verdict}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_every_two_pairs_each_side_goes_first_once_and_seeds_differ() {
        let order = |seed| -> Vec<bool> { (1..=40).map(|at| baseline_first(seed, at)).collect() };
        for seed in 0..20 {
            for two in order(seed).chunks(2) {
                assert_ne!(two[0], two[1]);
            }
        }
        assert_ne!(order(1), order(2));
        assert!(order(3).chunks(4).any(|four| four[0] != four[2]));
    }
}
