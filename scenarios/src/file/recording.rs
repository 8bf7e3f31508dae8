//! `[load] operations = "log.csv"`: recorded operations in place of those of the simulated day.
//!
//! The file is gone through when the scenario is read, so that what is wrong in it is told before
//! anything runs. It is not folded in, because logs are long: a run keeps a copy beside its scenario,
//! which names it by its hash.

use super::canonical;
use super::fields::{Reader, Section};
use super::tree::{Entry, Node, Origin, Table, Value};
use crate::model::{Arrivals, Cost, LoadModel, Mode, Recording, Run, Scenario};
use crate::operation::{OperationReader, StreamError};
use crate::time::SimTime;
use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::PathBuf;

/// What a scenario says when it only plays recorded operations: there is no branch in it.
const WITHOUT_A_BRANCH: [&str; 7] = [
    "name",
    "question",
    "day",
    "load",
    "gates",
    "report",
    "assumptions",
];
/// What makes a branch.
const OF_A_BRANCH: [&str; 3] = ["resources", "journeys", "arrivals"];
const PATH: &str = "load.operations";

/// The stretch that the file has to keep to.
type Bounds = Option<(SimTime, SimTime)>;

impl Reader {
    /// What is played by `operations`; nothing else may say it.
    pub(super) fn recording(&mut self, section: &Section<'_>, node: &Node) -> Option<Recording> {
        let before = self.faults.len();
        let named_windows = ["window", "window_length"];
        self.not_both(section, &["operations"], &named_windows);
        if let Some(entry) = section.table.entry("volume") {
            self.fault(
                entry.key_origin,
                "`load.volume` stands beside `operations`: what was recorded is played once",
                "take it out; `speed` plays it faster",
            );
        }
        let bounds = self.bounds(section)?;
        let name = self.text(node, PATH)?;
        let folder = self.sources.get(node.origin.source)?.folder.clone();
        let path = folder.join(name);
        let recording = match gone_through(path, bounds) {
            Ok(recording) => recording,
            Err(wrong) => {
                self.fault(node.origin, format!("`{name}`{}", wrong.what), wrong.help);
                return None;
            }
        };
        self.same_as_before(section, name, &recording);
        (self.faults.len() == before).then_some(recording)
    }

    /// `from` and `to`, between which the recorded sessions must start.
    fn bounds(&mut self, section: &Section<'_>) -> Option<Bounds> {
        if section.get("from").is_none() && section.get("to").is_none() {
            return Some(None);
        }
        let from = self.required(section, "from", "\"10:00\"");
        let to = self.required(section, "to", "\"10:30\"");
        let to_origin = to?.origin;
        let from = self.clock(from?, "load.from");
        let to = self.clock(to?, "load.to");
        let (from, to) = (from?, to?);
        if from >= to {
            let (from, to) = (from.clock(), to.clock());
            self.fault(
                to_origin,
                format!("`load` plays {from} to {to}"),
                "`from` must lie before `to`",
            );
            return None;
        }
        Some(Some((from, to)))
    }

    /// `operations_hash`, by which a run's scenario knows its file again.
    fn same_as_before(&mut self, section: &Section<'_>, name: &str, recording: &Recording) {
        let Some(node) = section.get("operations_hash") else {
            return;
        };
        let told = self.text(node, "load.operations_hash").map(str::to_owned);
        let Some(told) = told.filter(|told| *told != recording.hash) else {
            return;
        };
        let (hash, told): (&str, String) = (&recording.hash, told.chars().take(64).collect());
        self.fault(
            node.origin,
            format!("`{name}` is not what it was: its hash is {hash}, not {told}"),
            "put the file back, or take `operations_hash` out",
        );
    }

    /// Users would take sessions in their own time; a recorded one has its moment.
    pub(super) fn recorded_is_open(&mut self, section: &Section<'_>, model: LoadModel) {
        let closed = matches!(model, LoadModel::Closed { .. });
        for key in ["operations", "skip_quiet"] {
            if let (true, Some(entry)) = (closed, section.table.entry(key)) {
                self.fault(
                    entry.key_origin,
                    format!("`load.{key}` stands beside a model with users"),
                    "users take one session after another, whenever it was to start; take \"open\" or \"capped_open\"",
                );
                return;
            }
        }
    }

    /// A scenario without a branch, of which recorded operations are played and nothing is simulated.
    pub(super) fn recorded_alone(&mut self, top: &Section<'_>) -> Option<Scenario> {
        let table = top.table;
        let besides = table
            .iter()
            .filter(|entry| !WITHOUT_A_BRANCH.contains(&entry.key.as_str()));
        for entry in besides {
            let key = &entry.key;
            self.fault(
                entry.key_origin,
                format!("`{key}` means nothing where recorded operations are played and no branch is simulated"),
                "take it out, or say what the branch is like in [resources], [journeys] and [arrivals]",
            );
        }
        let name = self.scenario_name(table);
        let question = self.question(top);
        let (branch, branch_label) = self.branch(table);
        let day = self.day(table, Some(Mode::Days));
        let load = self.load(table, day.as_ref(), Some(Mode::Days));
        let gates = self.gates(table);
        let report = self.report(table, &gates);
        let assumptions = self.assumptions(table);
        let run = self.run(&Table::default());
        let (gates, origins): (Vec<_>, Vec<_>) = gates.into_iter().unzip();
        let load = load?;
        let as_run = canonical::document(&as_kept(table, load.recording()));
        let scenario = Scenario {
            name: name?,
            question,
            branch,
            branch_label,
            day: day?,
            run: Run {
                replications: 1,
                ..run?
            },
            resources: Vec::new(),
            journeys: Vec::new(),
            services: Vec::new(),
            segments: Vec::new(),
            arrivals: Arrivals::default(),
            latencies: Vec::new(),
            appointments: None,
            incidents: Vec::new(),
            mobile: None,
            cost: Cost::default(),
            campaigns: Vec::new(),
            region: None,
            load: Some(load),
            gates,
            report: report?,
            assumptions: assumptions?,
            hash: blake3::hash(as_run.as_bytes()).to_hex().to_string(),
            as_run,
        };
        self.gates_fit(&scenario, &origins);
        Some(scenario)
    }
}

/// Whether a file plays recorded operations and says nothing of a branch.
pub(super) fn is_alone(table: &Table) -> bool {
    let recorded = match table.get("load").map(|node| &node.value) {
        Some(Value::Table(load)) => load.get("operations").is_some(),
        _ => false,
    };
    recorded && OF_A_BRANCH.iter().all(|key| table.get(key).is_none())
}

/// The file as a run keeps it: with its recorded operations in a copy beside it.
pub(super) fn as_kept(table: &Table, recording: Option<&Recording>) -> Table {
    let mut kept = table.clone();
    let (Some(recording), Some(load)) = (recording, kept.get_mut("load")) else {
        return kept;
    };
    let origin = load.origin;
    if let Value::Table(load) = &mut load.value {
        load.put(text("operations", Recording::COPY, origin));
        load.put(text("operations_hash", &recording.hash, origin));
    }
    kept
}

fn text(key: &str, text: &str, origin: Origin) -> Entry {
    Entry {
        key: key.to_owned(),
        key_origin: origin,
        node: Node {
            value: Value::Text(text.to_owned()),
            origin,
        },
    }
}

/// What is wrong with a file, after its name; and what would be right.
struct Wrong {
    what: String,
    help: &'static str,
}

const HOW_IT_IS_WRITTEN: &str = "docs/operations.md says what stands in such a file";

impl From<StreamError> for Wrong {
    fn from(error: StreamError) -> Self {
        Self {
            what: format!(": {error}"),
            help: HOW_IT_IS_WRITTEN,
        }
    }
}

/// Goes through a file of recorded operations and holds none.
fn gone_through(path: PathBuf, bounds: Bounds) -> Result<Recording, Wrong> {
    let unreadable = |error: io::Error| Wrong {
        what: format!(" cannot be read: {error}"),
        help: "recorded operations stand in a file beside the one that names it",
    };
    let mut input = Hashed::new(BufReader::new(File::open(&path).map_err(unreadable)?));
    let mut extent: Option<(SimTime, SimTime)> = None;
    let (mut count, mut channels, mut kinds) = (0, BTreeSet::new(), BTreeSet::new());
    let mut operations = OperationReader::new(&mut input)?;
    while let Some(planned) = operations.next() {
        let planned = planned?;
        if let Some((from, to)) = bounds
            && (planned.at < from || planned.step == 0 && planned.at >= to)
        {
            let (at, from, to) = (planned.at.clock(), from.clock(), to.clock());
            return Err(Wrong {
                what: format!(
                    ": row {}: a session starts at {at}, and {from} to {to} is played",
                    operations.row()
                ),
                help: "without `from` and `to` all of it is played",
            });
        }
        let (first, _) = extent.unwrap_or((planned.at, planned.at));
        extent = Some((first, planned.at));
        count += 1;
        channels.insert(planned.channel);
        kinds.insert(planned.operation);
    }
    let Some(extent) = extent else {
        return Err(Wrong {
            what: " holds no operation".to_owned(),
            help: HOW_IT_IS_WRITTEN,
        });
    };
    let (from, to) = bounds.unwrap_or(extent);
    Ok(Recording {
        path,
        hash: input.hash(),
        from,
        to,
        operations: count,
        channels,
        kinds,
    })
}

/// A file whose hash is known when it has been read.
struct Hashed<R> {
    inner: R,
    hasher: blake3::Hasher,
}

impl<R> Hashed<R> {
    fn new(inner: R) -> Self {
        Self {
            inner,
            hasher: blake3::Hasher::new(),
        }
    }

    fn hash(&self) -> String {
        self.hasher.finalize().to_hex().to_string()
    }
}

impl<R: Read> Read for Hashed<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.hasher.update(&buffer[..read]);
        Ok(read)
    }
}
