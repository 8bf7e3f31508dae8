//! Reads a profile file; `docs/load.md` is its reference.

use super::{Arrivals, Crowd, Flow, FlowStep, Profile, feeder, traffic};
use crate::options::Model;
use crate::placed::{Document, Fault, one_of};
use scenarios::figure::FigureKind;
use scenarios::gate::Gate;
use scenarios::model::{Label, NamedGate};
use scenarios::operation::Channel;
use scenarios::time::{SimTime, Span, parse_clock};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::Path;
use toml::Spanned;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ProfileTable {
    name: Option<String>,
    question: Option<Question>,
    target_file: Option<Spanned<String>>,
    #[serde(default)]
    seed: u64,
    #[serde(default)]
    arrivals: Arrivals,
    speed: Option<Spanned<f64>>,
    volume: Option<Spanned<f64>>,
    warm_up: Option<Spanned<String>>,
    timeout: Option<Spanned<String>>,
    drain: Option<Spanned<String>>,
    customers: Option<Spanned<u32>>,
    begins: Option<Spanned<String>>,
    model: Option<ModelTable>,
    #[serde(default)]
    traffic: Vec<Spanned<traffic::Table>>,
    #[serde(default)]
    flows: Vec<Spanned<FlowTable>>,
    #[serde(default)]
    feeders: BTreeMap<String, feeder::Table>,
    #[serde(default)]
    gates: BTreeMap<String, Spanned<String>>,
    #[serde(default)]
    thresholds: Vec<Spanned<String>>,
    #[serde(default)]
    quantiles: Vec<Spanned<f64>>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Question {
    Both { en: String, zh: String },
    One(String),
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ModelTable {
    kind: Spanned<String>,
    connections: Option<Spanned<u32>>,
    users: Option<Spanned<u32>>,
    #[serde(rename = "for")]
    lasts: Option<Spanned<String>>,
    ramp: Option<Spanned<String>>,
    pause: Option<Spanned<String>>,
    sessions: Option<Spanned<u64>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct FlowTable {
    name: Option<String>,
    weight: Option<Spanned<f64>>,
    channel: Option<Spanned<String>>,
    steps: Spanned<Vec<Spanned<StepForm>>>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum StepForm {
    Name(String),
    Table(StepTable),
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct StepTable {
    operation: String,
    think: Option<String>,
    vary: Option<String>,
    amount: Option<String>,
    #[serde(default)]
    allow: Vec<String>,
}

/// Whether a TOML file is a profile: it has traffic or a model and no journeys.
pub fn is_profile(path: &Path) -> bool {
    let Ok(document) = Document::read(path) else {
        return false;
    };
    let table: Result<toml::Table, _> = document.text().parse();
    table.is_ok_and(|table| {
        table.contains_key("flows") || table.contains_key("traffic") || table.contains_key("model")
    })
}

/// Reads a profile.
pub fn read(path: &Path) -> Result<Profile, Fault> {
    let document = Document::read(path)?;
    let file: ProfileTable = document.parse()?;
    let reader = Reader {
        document: &document,
        file: &file,
    };
    let crowd = reader.crowd()?;
    let curve = traffic::curve(&document, &file.traffic)?;
    let flows = reader.flows()?;
    let (spike, steady) = traffic::course(&document, &file.traffic)?;
    match crowd.model {
        Model::Closed if !file.traffic.is_empty() => {
            let why = "users of a closed model decide themselves when they start; leave [[traffic]] out, or take another model";
            return Err(document.at(&file.traffic[0], why));
        }
        Model::Open | Model::CappedOpen if file.traffic.is_empty() => {
            let why = "nothing says how many sessions start; add a table\n[[traffic]]\nshape = \"constant\"\nrate = 10\nfor = \"30s\"";
            return Err(crate::placed::whole_file(path, why));
        }
        _ => {}
    }
    let feeders = file.feeders.iter();
    let feeders = feeders.map(|(name, table)| feeder::Feeder::read(&document, name, table));
    let stem = path
        .file_stem()
        .map(|stem| stem.to_string_lossy().into_owned());
    let name = file.name.clone().or(stem).unwrap_or_default();
    Ok(Profile {
        question: reader.question(&name),
        target_file: file
            .target_file
            .as_ref()
            .map(|it| document.beside(it.get_ref())),
        seed: file.seed,
        arrivals: file.arrivals,
        speed: reader.factor(file.speed.as_ref())?,
        volume: reader.factor(file.volume.as_ref())?,
        warm_up: reader.span(file.warm_up.as_ref(), Span(0))?,
        timeout: reader.positive(file.timeout.as_ref(), Span::from_seconds(10.0))?,
        drain: reader.span(file.drain.as_ref(), Span::from_seconds(30.0))?,
        customers: reader.customers()?,
        begins: reader.begins()?,
        spike,
        steady: steady || crowd.model == Model::Closed,
        crowd,
        curve,
        gates: reader.gates(&flows)?,
        flows,
        feeders: feeders.collect::<Result<_, _>>()?,
        thresholds: reader.thresholds()?,
        quantiles: reader.quantiles()?,
        name,
        document,
    })
}

struct Reader<'a> {
    document: &'a Document,
    file: &'a ProfileTable,
}

impl Reader<'_> {
    fn question(&self, name: &str) -> Label {
        match &self.file.question {
            Some(Question::Both { en, zh }) => Label::new(en.clone(), zh.clone()),
            Some(Question::One(text)) => Label::new(text.clone(), text.clone()),
            None => Label::new(
                format!("How does the system answer the traffic of {name}?"),
                format!("系统如何应答 {name} 的流量？"),
            ),
        }
    }

    fn span(&self, given: Option<&Spanned<String>>, usual: Span) -> Result<Span, Fault> {
        given.map_or(Ok(usual), |given| self.document.span(given))
    }

    fn positive(&self, given: Option<&Spanned<String>>, usual: Span) -> Result<Span, Fault> {
        let span = self.span(given, usual)?;
        match given {
            Some(given) if span.0 == 0 => Err(self.document.at(given, "it must be above 0")),
            _ => Ok(span),
        }
    }

    fn factor(&self, given: Option<&Spanned<f64>>) -> Result<f64, Fault> {
        match given {
            None => Ok(1.0),
            Some(value) if (1e-6..=1e6).contains(value.get_ref()) => Ok(*value.get_ref()),
            Some(value) => Err(self
                .document
                .at(value, "it must lie between 0.000001 and 1000000")),
        }
    }

    fn customers(&self) -> Result<u32, Fault> {
        match &self.file.customers {
            None => Ok(1000),
            Some(count) if (2..=10_000_000).contains(count.get_ref()) => Ok(*count.get_ref()),
            Some(count) => Err(self
                .document
                .at(count, "it must lie between 2 and 10000000")),
        }
    }

    fn begins(&self) -> Result<SimTime, Fault> {
        self.file
            .begins
            .as_ref()
            .map_or(Ok(SimTime::from_clock(10, 0)), |text| {
                parse_clock(text.get_ref())
                    .map_err(|error| self.document.at(text, error.to_string()))
            })
    }

    fn crowd(&self) -> Result<Crowd, Fault> {
        let document = self.document;
        let Some(table) = &self.file.model else {
            return Ok(Crowd::default());
        };
        let kind = table.kind.get_ref().as_str();
        let model = match kind {
            "open" => Model::Open,
            "capped_open" => Model::CappedOpen,
            "closed" => Model::Closed,
            _ => {
                let why =
                    format!("there is no model `{kind}`; there is `open`, `capped_open`, `closed`");
                return Err(document.at(&table.kind, why));
            }
        };
        let closed = model == Model::Closed;
        let of_closed = [
            ("users", table.users.as_ref().map(Spanned::span)),
            ("for", table.lasts.as_ref().map(Spanned::span)),
            ("ramp", table.ramp.as_ref().map(Spanned::span)),
            ("pause", table.pause.as_ref().map(Spanned::span)),
            ("sessions", table.sessions.as_ref().map(Spanned::span)),
        ];
        for (key, place) in of_closed {
            if let (Some(place), false) = (place, closed) {
                let why = format!("only a closed model has `{key}`");
                return Err(document.fault(place, why));
            }
        }
        if let (Some(connections), true) = (&table.connections, closed) {
            let why = "in a closed model each user has a connection; say `users`";
            return Err(document.at(connections, why));
        }
        let need = |key: &str| document.at(&table.kind, format!("a closed model needs `{key}`"));
        let usual = match model {
            // What a system gives one program is mostly a little more.
            Model::Open => 20_000,
            _ => 64,
        };
        let connections = match (model, &table.users) {
            (Model::Closed, None) => return Err(need("users")),
            (Model::Closed, Some(users)) => Some(users),
            _ => table.connections.as_ref(),
        };
        if let Some(connections) = connections
            && !(1..=65_535).contains(connections.get_ref())
        {
            return Err(document.at(connections, "it must lie between 1 and 65535"));
        }
        if closed && table.lasts.is_none() {
            return Err(need("for"));
        }
        Ok(Crowd {
            model,
            connections: connections.map_or(usual, |it| *it.get_ref()),
            lasts: self.positive(table.lasts.as_ref(), Span(0))?,
            ramp: self.span(table.ramp.as_ref(), Span(0))?,
            pause: self.span(table.pause.as_ref(), Span(0))?,
            sessions: table.sessions.as_ref().map(|it| *it.get_ref()),
        })
    }

    fn flows(&self) -> Result<Vec<Flow>, Fault> {
        if self.file.flows.is_empty() {
            let why = "nothing says what a session asks; add a table\n[[flows]]\nsteps = [\"balance_query\"]";
            return Err(crate::placed::whole_file(self.document.path(), why));
        }
        let flows = (1..).zip(&self.file.flows);
        flows
            .map(|(number, table)| self.flow(number, table.get_ref()))
            .collect()
    }

    fn flow(&self, number: u32, table: &FlowTable) -> Result<Flow, Fault> {
        let weight = match &table.weight {
            None => 1.0,
            Some(weight) if weight.get_ref().is_finite() && *weight.get_ref() > 0.0 => {
                *weight.get_ref()
            }
            Some(weight) => return Err(self.document.at(weight, "it must be above 0")),
        };
        let channel: Option<Channel> = match &table.channel {
            None => None,
            Some(written) => Some(written.get_ref().parse().map_err(
                |error: scenarios::names::UnknownName| self.document.at(written, error.to_string()),
            )?),
        };
        if table.steps.get_ref().is_empty() {
            return Err(self.document.at(&table.steps, "there is no step in it"));
        }
        let steps = table.steps.get_ref().iter().map(|step| self.step(step));
        Ok(Flow {
            name: table
                .name
                .clone()
                .unwrap_or_else(|| format!("flow {number}")),
            weight,
            channel,
            steps: steps.collect::<Result<_, _>>()?,
            place: table.steps.span(),
        })
    }

    fn step(&self, form: &Spanned<StepForm>) -> Result<FlowStep, Fault> {
        let bad = |why: String| self.document.at(form, why);
        let plain = |operation: &String| FlowStep {
            operation: operation.clone(),
            think: Span(0),
            exponential: false,
            amount_fen: None,
            allow: [].into(),
            place: form.span(),
        };
        let table = match form.get_ref() {
            StepForm::Name(operation) => return Ok(plain(operation)),
            StepForm::Table(table) => table,
        };
        let think = match &table.think {
            None => Span(0),
            Some(text) => {
                scenarios::time::parse_span(text).map_err(|error| bad(error.to_string()))?
            }
        };
        let exponential = match table.vary.as_deref() {
            None | Some("none") => false,
            Some("exponential") => true,
            Some(other) => {
                return Err(bad(format!(
                    "`vary` is `none` or `exponential`, not `{other}`"
                )));
            }
        };
        let amount_fen = match &table.amount {
            None => None,
            Some(text) => Some(fen(text).ok_or_else(|| {
                bad(format!(
                    "`{text}` is no amount; write yuan above 0 like \"12.34\""
                ))
            })?),
        };
        Ok(FlowStep {
            think,
            exponential,
            amount_fen,
            allow: table.allow.clone().into(),
            ..plain(&table.operation)
        })
    }

    fn gates(&self, flows: &[Flow]) -> Result<Vec<NamedGate>, Fault> {
        let gates = self.file.gates.iter();
        gates
            .map(|(name, text)| {
                let gate = scenarios::gate::parse(text.get_ref()).map_err(|error| {
                    self.document.at(text, format!("{error}; {}", error.help()))
                })?;
                measured(flows, &gate).map_err(|why| self.document.at(text, why))?;
                Ok(NamedGate {
                    name: name.clone(),
                    gate,
                })
            })
            .collect()
    }

    fn thresholds(&self) -> Result<Vec<Span>, Fault> {
        let spans = self.file.thresholds.iter();
        let mut spans: Vec<Span> = spans
            .map(|text| self.document.span(text))
            .collect::<Result<_, _>>()?;
        spans.sort_unstable();
        spans.dedup();
        Ok(spans)
    }

    fn quantiles(&self) -> Result<Vec<f64>, Fault> {
        let quantiles = self.file.quantiles.iter();
        quantiles
            .map(|q| match q.get_ref() {
                value if (0.0..1.0).contains(value) => Ok(*value),
                _ => Err(self
                    .document
                    .at(q, "it must lie between 0 and 1, such as 0.999")),
            })
            .collect()
    }
}

/// Whether a load of these flows measures what the gate looks at; else why not.
pub fn measured(flows: &[Flow], gate: &Gate) -> Result<(), String> {
    if gate.figure.kind() != FigureKind::Load {
        return Err(format!("a load does not measure `{}`", gate.figure));
    }
    if let Some(operation) = &gate.population.operation {
        let steps = flows.iter().flat_map(|flow| &flow.steps);
        let mut operations: Vec<&str> = steps.map(|step| step.operation.as_str()).collect();
        operations.sort_unstable();
        operations.dedup();
        if !operations.contains(&operation.as_str()) {
            let known = one_of(operations.iter().copied(), operation);
            return Err(format!("no flow has an operation `{operation}`; {known}"));
        }
    }
    Ok(())
}

/// Yuan with up to two decimals, in fen; above 0.
fn fen(text: &str) -> Option<i64> {
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || part.len() > 2 || !digits(whole) || !digits(part) {
        return None;
    }
    let yuan: i64 = whole.parse().ok()?;
    let fen: i64 = format!("{part:0<2}").parse().ok()?;
    let sum = yuan.checked_mul(100)?.checked_add(fen)?;
    (sum > 0).then_some(sum)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_yuan_with_two_decimals() {
        let cases = [
            ("12.34", Some(1234)),
            ("5", Some(500)),
            ("0.1", Some(10)),
            ("0", None),
            ("-1", None),
            ("1.234", None),
            ("", None),
        ];
        for (text, expected) in cases {
            assert_eq!(fen(text), expected, "{text}");
        }
    }

    fn refused(text: &str) -> String {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("p.toml");
        std::fs::write(&path, text).unwrap();
        let said = read(&path).unwrap_err().to_string();
        said.replace(&path.display().to_string(), "p.toml")
    }

    const TRAFFIC: &str = "[[traffic]]\nshape = \"constant\"\nrate = 1\nfor = \"1s\"\n";
    const FLOW: &str = "[[flows]]\nsteps = [\"look\"]\n";

    #[test]
    fn what_is_wrong_in_a_profile_is_told_with_its_line() {
        let cases = [
            (
                format!("speed = 0\n{TRAFFIC}{FLOW}"),
                "p.toml:1: it must lie",
            ),
            (
                format!("sped = 1\n{TRAFFIC}{FLOW}"),
                "p.toml:1: unknown field `sped`",
            ),
            (
                TRAFFIC.to_owned(),
                "p.toml: nothing says what a session asks",
            ),
            (
                FLOW.to_owned(),
                "p.toml: nothing says how many sessions start",
            ),
            (
                format!("[model]\nkind = \"closed\"\nusers = 3\nfor = \"1s\"\n{TRAFFIC}{FLOW}"),
                "p.toml:5: users of a closed model",
            ),
            (
                format!("[model]\nkind = \"open\"\nusers = 3\n{TRAFFIC}{FLOW}"),
                "p.toml:3: only a closed model has `users`",
            ),
            (
                format!("{TRAFFIC}{FLOW}[gates]\na = \"p99(latency{{operation=lok}}) <= 1s\"\n"),
                "p.toml:8: no flow has an operation `lok`; there is `look`",
            ),
            (
                format!("{TRAFFIC}{FLOW}[gates]\na = \"mean(wait) <= 1s\"\n"),
                "p.toml:8: a load does not measure `wait`",
            ),
            (
                format!("{TRAFFIC}[[flows]]\nsteps = [{{operation = \"look\", think = \"3\"}}]\n"),
                "p.toml:6: `3` has no unit",
            ),
        ];
        for (text, expected) in cases {
            let said = refused(&text);
            assert!(said.starts_with(expected), "{said}\nfor\n{text}");
        }
    }
}
