//! Stored loads: of each side several, paired in the order in which they were played.

use crate::arguments::CompareArguments;
use crate::exit::{Ended, Failure};
use crate::run_directory::RunDirectory;
use crate::{github, judge, summarise};
use anyhow::Context;
use jiff::Timestamp;
use reports::RunData;
use scenarios::gate::Verdict;
use scenarios::model::Label;
use scenarios::regression::conditions::{self, Differing};
use scenarios::regression::{Looks, Pair, RunFigures, judge as judge_pairs};
use scenarios::summary::{PairRecord, RegressionRecord, Status};
use std::path::{Path, PathBuf};

/// A stored load.
struct Load {
    path: PathBuf,
    data: RunData,
    started: Timestamp,
}

/// The stored loads of a side, in the order in which they were played.
pub struct Stored {
    /// As the command line names them.
    place: String,
    loads: Vec<Load>,
    /// The looks of the comparison that they were played for, if they were.
    looks: Option<Vec<u32>>,
}

impl Stored {
    /// Reads the directories of runs, folders of them, and the runs of this side of a
    /// comparison.
    pub fn read(paths: &[PathBuf], side: &str) -> Result<Self, Failure> {
        let mut loads = Vec::new();
        for path in paths {
            let directories = directories(path, side);
            if directories.is_empty() {
                return Err(Failure::usage(format!(
                    "{}: there is no load in it; give the directory that `branchlab load` wrote, or a folder of such directories",
                    path.display()
                )));
            }
            for directory in directories {
                loads.push(Load::read(directory)?);
            }
        }
        loads.sort_by_key(|load| load.started);
        let places: Vec<String> = paths
            .iter()
            .map(|path| path.display().to_string())
            .collect();
        let looks = match paths {
            [one] => looks_of(one),
            _ => None,
        };
        Ok(Self {
            place: places.join(", "),
            loads,
            looks,
        })
    }
}

/// The looks that a comparison had.
fn looks_of(path: &Path) -> Option<Vec<u32>> {
    let data = reports::read_run(path).ok()?;
    data.summary.regression.map(|it| it.looks)
}

/// The directories of loads that a path stands for: the runs of a comparison's side, the
/// path itself, or what lies in it.
pub fn directories(path: &Path, side: &str) -> Vec<PathBuf> {
    let inside = |wanted: &dyn Fn(&str) -> bool| -> Vec<PathBuf> {
        let entries = std::fs::read_dir(path).into_iter().flatten().flatten();
        let mut found: Vec<PathBuf> = entries
            .filter(|entry| entry.file_name().to_str().is_some_and(wanted))
            .map(|entry| entry.path())
            .filter(|path| path.join("summary.json").is_file())
            .collect();
        found.sort();
        found
    };
    let of_side = inside(&|name| {
        let number = name
            .strip_prefix(side)
            .and_then(|rest| rest.strip_prefix('-'));
        number.is_some_and(|it| !it.is_empty() && it.bytes().all(|byte| byte.is_ascii_digit()))
    });
    if !of_side.is_empty() {
        return of_side;
    }
    if path.join("summary.json").is_file() {
        return vec![path.to_owned()];
    }
    inside(&|_| true)
}

impl Load {
    fn read(path: PathBuf) -> Result<Self, Failure> {
        let data = reports::read_run(&path).map_err(|error| Failure::usage(error.to_string()))?;
        if data.summary.load.is_none() {
            return Err(Failure::usage(format!(
                "{}: this run has no load",
                path.display()
            )));
        }
        let started = data.run.started.parse().map_err(|error| {
            let file = path.join("run.json");
            Failure::usage(format!("{}: started: {error}", file.display()))
        })?;
        Ok(Self {
            path,
            data,
            started,
        })
    }
}

/// Judges them, and exits as `load --baseline` does.
pub fn compare(arguments: &CompareArguments, baseline: Stored, target: Stored) -> Ended {
    if baseline.loads.len() != target.loads.len() {
        return Err(Failure::usage(format!(
            "{} loads of the baseline and {} of the target: each needs its counterpart, so give as many of both",
            baseline.loads.len(),
            target.loads.len()
        )));
    }
    refuse_different_conditions(&baseline.loads, &target.loads)?;
    let record = judged(arguments.margin, &baseline, &target);
    let data = presented(record, target);
    if let Some(out) = &arguments.out {
        let directory = RunDirectory::make(Some(out), "comparison")?;
        summarise::write_pages(&directory, &data, arguments.lang)?;
    }
    if let Some(path) = &arguments.html {
        let page = reports::html(&data, arguments.lang);
        std::fs::write(path, page).with_context(|| format!("cannot write {}", path.display()))?;
    }
    github::tell(&data, arguments.lang)?;
    if arguments.json {
        let json = serde_json::to_string_pretty(&data.summary)
            .context("cannot write the comparison as JSON")?;
        println!("{json}");
    } else {
        let style = summarise::style();
        println!("{}", reports::terminal(&data, arguments.lang, style));
    }
    Ok(data.summary.exit_code)
}

fn refuse_different_conditions(baseline: &[Load], target: &[Load]) -> Result<(), Failure> {
    let Some(first) = baseline.first() else {
        return Ok(());
    };
    for load in baseline.iter().chain(target) {
        let differing = conditions::differing(
            (&first.data.summary, &first.data.run),
            (&load.data.summary, &load.data.run),
        );
        if !differing.is_empty() {
            let lines: Vec<String> = differing.iter().map(line).collect();
            return Err(Failure::usage(format!(
                "{} and {} were not made under the same conditions, so their difference would not be the target's doing:\n{}",
                first.path.display(),
                load.path.display(),
                lines.join("\n")
            )));
        }
    }
    Ok(())
}

fn line(differing: &Differing) -> String {
    let Differing {
        what,
        baseline,
        target,
    } = differing;
    format!("  {what}: {baseline} in the first, {target} in the second")
}

fn judged(margin: f64, baseline: &Stored, target: &Stored) -> RegressionRecord {
    let both = || baseline.loads.iter().zip(&target.loads);
    let runs: Vec<PairRecord> = both()
        .map(|(before, after)| PairRecord {
            baseline_first: before.started < after.started,
            baseline: RunFigures::read(&before.data.summary),
            target: RunFigures::read(&after.data.summary),
        })
        .collect();
    let pairs: Vec<Pair> = runs
        .iter()
        .map(|run| Pair {
            baseline: run.baseline,
            target: run.target,
        })
        .collect();
    let looks = match &target.looks {
        Some(looks) if baseline.looks == target.looks => Looks::planned(looks),
        _ => Looks::once(pairs.len() as u32),
    };
    let judged = judge_pairs(&pairs, &looks, margin);
    let broken = both().any(|(before, after)| {
        [before, after]
            .iter()
            .any(|load| load.data.summary.status != Status::Complete)
    });
    RegressionRecord {
        baseline: baseline.place.clone(),
        target: target.place.clone(),
        verdict: if broken {
            Verdict::Invalid
        } else {
            judged.verdict
        },
        pairs: judged.pairs,
        looks: looks.pairs().to_vec(),
        margin,
        interleaved: interleaved(&baseline.loads, &target.loads),
        repeated: 0,
        figures: judged.figures,
        runs,
    }
}

/// Whether both runs of each pair were played before those of the next.
fn interleaved(baseline: &[Load], target: &[Load]) -> bool {
    let pairs: Vec<(Timestamp, Timestamp)> = baseline
        .iter()
        .zip(target)
        .map(|(a, b)| (a.started.min(b.started), a.started.max(b.started)))
        .collect();
    pairs.windows(2).all(|two| two[0].1 < two[1].0)
}

/// The comparison beside the target's run in the middle, whose figures stand for all.
fn presented(record: RegressionRecord, target: Stored) -> RunData {
    let median = |load: &Load| RunFigures::read(&load.data.summary).p50.unwrap_or(f64::MAX);
    let mut loads = target.loads;
    loads.sort_by(|a, b| median(a).total_cmp(&median(b)));
    let middle = (loads.len() - 1) / 2;
    let mut data = loads.swap_remove(middle).data;
    "compare".clone_into(&mut data.summary.command);
    data.summary.gates.push(judge::no_regression(&record));
    if !record.interleaved {
        data.summary.warnings.push(Label::new(
            "The runs of the two sides did not take turns: what changed on the machine between them counts as a difference here, and the promise of at most 5% false alarms does not hold. `branchlab load --baseline` plays them by turns.",
            "两侧的运行并未交替进行：其间机器状态的变化也会计入差异，误报不超过 5% 的保证不再成立。`branchlab load --baseline` 可使两侧交替运行。",
        ));
    }
    let (status, verdict, exit_code) = summarise::ending(false, &data.summary.gates);
    data.summary.status = status;
    data.summary.verdict = verdict;
    data.summary.exit_code = exit_code;
    data.run.baseline = Some(record.baseline.clone());
    data.summary.regression = Some(record);
    data
}
