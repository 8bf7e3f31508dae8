//! Reads a profile file; `docs/load.md` is its reference.

mod flows;
mod form;

use super::{Crowd, Flow, Profile, feeder, traffic};
use crate::options::Model;
use crate::placed::{Document, Fault, one_of};
use form::{ProfileTable, Question};
use scenarios::figure::FigureKind;
use scenarios::gate::Gate;
use scenarios::model::{Label, NamedGate};
use scenarios::time::{SimTime, Span, parse_clock};
use std::path::Path;
use toml::Spanned;

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
    let flows = flows::read(&document, &file.flows)?;
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

#[cfg(test)]
mod tests {
    use super::*;

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
