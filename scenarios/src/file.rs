//! Reading scenario files: `docs/scenario.md` is their reference.
//!
//! A file becomes a tree that remembers where everything was written; the files
//! it extends lie under it, `--set` values over it, CSV files are folded in; and
//! then each part of the tree is read into the [`crate::model`]. Whatever is
//! wrong is collected on the way and told together.

mod appointments;
mod arrivals;
mod calendar;
mod canonical;
mod checks;
mod closing;
mod conduct;
mod cost;
mod crossings;
mod customers;
mod discrete;
mod error;
mod extends;
mod fields;
mod holidays;
mod hours;
mod incidents;
mod journeys;
mod latencies;
mod law;
mod mobile;
mod not_yet;
mod overrides;
mod pools;
mod queues;
mod randomness;
mod recorded;
mod recording;
mod region;
mod rivals;
pub(crate) mod rooms;
mod sources;
mod spreadsheet;
mod steady;
mod targets;
mod traffic;
mod tree;
mod wear;

pub use error::ScenarioError;
pub use sources::FILE_BYTES_MAX;

use crate::model::{Arrivals, Label, Load, Run, Scenario};
use fields::{Reader, Section};
use rooms::top::{BRANCH, SCENARIO};
use std::path::Path;
use tree::{Entry, Node, Origin, Table, Value};

const MINIMUM: &str = "the least there is:\n  [resources.window]\n  capacity = 2\n  [journeys.errand]\n  time = \"3min\"\n  holds = [\"window\"]\n  [arrivals]\n  per_day = 200";

/// Reads, completes and checks a scenario. `overrides` are the `path=value` of
/// `--set`, laid over the file in order.
///
/// # Errors
/// Everything found wrong, each with its place and what would be right.
pub fn read(path: &Path, overrides: &[String]) -> Result<Scenario, ScenarioError> {
    let mut reader = Reader::default();
    let scenario = reader.scenario(path, overrides);
    match scenario {
        Some(scenario) if reader.faults.is_empty() => Ok(scenario),
        _ => Err(ScenarioError::of(reader.faults, &reader.sources)),
    }
}

impl Reader {
    fn scenario(&mut self, path: &Path, overrides: &[String]) -> Option<Scenario> {
        let mut table = self.with_bases(path)?;
        self.override_with(&mut table, overrides);
        self.fold_csv(&mut table);
        own_name(&mut table, path);
        let scenario = self.model(&table)?;
        // A region that is refused has been told of.
        if table.get("region").is_none() {
            self.nothing_shared(&table, &scenario);
        }
        Some(scenario)
    }

    fn model(&mut self, table: &Table) -> Option<Scenario> {
        let top = Section {
            table,
            origin: Origin {
                source: 0,
                start: 0,
                end: 0,
            },
            path: String::new(),
        };
        self.keys(&top, &SCENARIO);
        if recording::is_alone(table) {
            return self.recorded_alone(&top);
        }
        self.minimum(table);
        let name = self.scenario_name(table);
        let question = self.question(&top);
        let (branch, branch_label) = self.branch(table);
        let laws = self.named_laws(table);
        let run = self.run(table);
        let mode = run.as_ref().map(|run| run.mode);
        let day = self.day(table, mode);
        let mut resources = self.resources(table, day.as_ref(), mode, &laws);
        let cost = self.cost(table, mode, &mut resources);
        let journeys = self.journeys(table, &resources, &laws);
        let arrivals = self.arrivals(table, day.as_ref(), mode, &laws);
        let latencies = self.latencies(table, &laws);
        let incidents = self.incidents(table, &resources, day.as_ref(), mode);
        let campaigns = self.campaigns(table, mode, table.get("mobile").is_some());
        let region = self.region(table, day.as_ref());
        let mobile = self.mobile(table, &laws, mode, region.as_deref());
        let load = self.load(table, day.as_ref(), mode);
        let gates = self.gates(table);
        let report = self.report(table, &gates);
        let assumptions = self.assumptions(table);
        let journeys = journeys?;
        let services = self.services(table, &journeys)?;
        let mut segments = self.segments(table, &services, &journeys, &laws)?;
        let until = self.until(table, &segments);
        let recorded = self.recorded(table, day.as_ref(), &segments);
        self.cross_checks(table, &resources, &journeys);
        if let Some(run) = &run {
            self.streams_fit(table, run.random, &resources);
        }
        if resources.is_empty() {
            return None;
        }
        self.tickets_fit(table, &segments, &resources);
        let day = day?;
        let mut arrivals = arrivals?;
        let known = appointments::Known {
            day: &day,
            resources: &resources,
            services: &services,
            laws: &laws,
        };
        let appointments = self.appointments(table, mode, &known, &mut segments, &mut arrivals)?;
        let (gates, origins): (Vec<_>, Vec<_>) = gates.into_iter().unzip();
        let recording = load.as_ref().and_then(Load::recording);
        let as_run = canonical::document(&recording::as_kept(table, recording));
        let scenario = Scenario {
            name: name?,
            question,
            branch,
            branch_label,
            day,
            run: Run {
                until: until?,
                ..run?
            },
            resources,
            journeys,
            services,
            segments,
            arrivals: Arrivals {
                recorded: recorded?,
                ..arrivals
            },
            latencies: latencies?,
            appointments,
            incidents: incidents?,
            mobile,
            cost: cost?,
            campaigns: campaigns?,
            region,
            load,
            gates,
            report: report?,
            assumptions: assumptions?,
            hash: blake3::hash(as_run.as_bytes()).to_hex().to_string(),
            as_run,
        };
        self.gates_fit(&scenario, &origins);
        Some(scenario)
    }

    /// Resources, journeys and arrivals: without them there is nothing to run.
    fn minimum(&mut self, table: &Table) {
        let missing: Vec<&str> = ["journeys", "resources", "arrivals"]
            .into_iter()
            .filter(|key| match table.get(key).map(|node| &node.value) {
                None => true,
                Some(Value::Table(inner)) => inner.iter().len() == 0,
                Some(_) => false,
            })
            .collect();
        if missing.is_empty() {
            return;
        }
        let origin = Origin {
            source: 0,
            start: 0,
            end: 0,
        };
        self.absence(
            origin,
            format!("the scenario has no {}", missing.join(", no ")),
            MINIMUM,
        );
    }

    fn scenario_name(&mut self, table: &Table) -> Option<String> {
        let node = table.get("name")?;
        let name = self.text(node, "name")?;
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        if name.is_empty() || name.len() > 64 || !name.chars().all(plain) {
            self.fault(
                node.origin,
                format!("`{name}` cannot be the scenario's name"),
                "names are of small letters, digits and `-`, as in \"smart-branch\"",
            );
            return None;
        }
        Some(name.to_owned())
    }

    /// `question = "…"`, or `{ en = "…", zh = "…" }`; what one language lacks
    /// is said in the other.
    fn question(&mut self, top: &Section<'_>) -> Label {
        let (en, zh) = self.words(top, "question");
        let either = en.as_ref().or(zh.as_ref()).cloned().unwrap_or_default();
        Label::new(en.unwrap_or_else(|| either.clone()), zh.unwrap_or(either))
    }

    fn branch(&mut self, table: &Table) -> (String, Label) {
        let unnamed = Label {
            en: "the branch".into(),
            zh: "网点".into(),
        };
        let Some(section) = table
            .get("branch")
            .and_then(|node| self.section(node, "branch"))
        else {
            return ("branch".into(), unnamed);
        };
        self.keys(&section, &BRANCH);
        let name = self.optional_text(&section, "name").unwrap_or("branch");
        if let Some(node) = section.get("name") {
            self.plain_name(node.origin, "branch.name", name);
        }
        let label = self.label(&section, name);
        (name.to_owned(), label)
    }
}

/// The name of a file that has none is its stem, in small letters.
fn own_name(table: &mut Table, path: &Path) {
    if table.get("name").is_some() {
        return;
    }
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let plain = |c: char| {
        if c.is_ascii_alphanumeric() {
            c.to_ascii_lowercase()
        } else {
            '-'
        }
    };
    let name: String = stem.chars().map(plain).take(64).collect();
    let name = match name.trim_matches('-') {
        "" => "scenario",
        name => name,
    };
    let origin = Origin {
        source: 0,
        start: 0,
        end: 0,
    };
    table.put(Entry {
        key: "name".into(),
        key_origin: origin,
        node: Node {
            value: Value::Text(name.to_owned()),
            origin,
        },
    });
}
