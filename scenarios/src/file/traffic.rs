//! The mobile bank's traffic and how operations are played on a bank.

use super::fields::{Reader, Section};
use super::law::NamedLaws;
use super::tree::{Node, Table};
use crate::model::{Day, Load, Mobile, Mode, Window};
use crate::operation::Operation;
use crate::time::Span;

impl Reader {
    fn needs_days(&mut self, table: &Table, key: &str, mode: Option<Mode>) -> Option<()> {
        let entry = table.entry(key)?;
        if let Some(Mode::SteadyState { .. }) = mode {
            self.fault(
                entry.key_origin,
                format!("[{key}] means nothing in a steady state, which has no clock"),
                "write `mode = \"days\"` in [run], or take it out",
            );
            return None;
        }
        Some(())
    }

    pub fn mobile(
        &mut self,
        table: &Table,
        laws: &NamedLaws,
        mode: Option<Mode>,
    ) -> Option<Mobile> {
        self.needs_days(table, "mobile", mode)?;
        let section = self.section(table.get("mobile")?, "mobile")?;
        let known = [
            "monthly_actives",
            "log_ins_per_month",
            "hourly_weights",
            "requests_per_session",
            "think",
            "mix",
        ];
        self.keys(&section, "mobile", &known);
        let actives = self
            .required(&section, "monthly_actives", "300000")
            .and_then(|node| self.whole(node, "mobile.monthly_actives", 0..=2_000_000_000));
        let log_ins = self
            .required(&section, "log_ins_per_month", "17.5")
            .and_then(|node| self.number(node, "mobile.log_ins_per_month", 0.0..=10_000.0));
        let weights = self
            .required(&section, "hourly_weights", "[12, 7, … 24 numbers]")
            .and_then(|node| self.hourly_weights(node));
        let requests = self
            .required(&section, "requests_per_session", "6")
            .and_then(|node| self.whole(node, "mobile.requests_per_session", 1..=1000));
        let think = self
            .required(
                &section,
                "think",
                "{ law = \"lognormal\", mean = \"14s\", cv = 1.0 }",
            )
            .and_then(|node| self.law(node, "mobile.think", laws));
        let mix = self
            .required(
                &section,
                "mix",
                "{ balance_query = 75, history_query = 25 }",
            )
            .and_then(|node| self.mobile_mix(node));
        let (mix, mix_left_out) = mix?;
        Some(Mobile {
            monthly_actives: actives?,
            log_ins_per_month: log_ins?,
            hourly_weights: weights?,
            requests_per_session: requests? as u32,
            think: think?,
            mix,
            mix_left_out,
        })
    }

    fn hourly_weights(&mut self, node: &Node) -> Option<[f64; 24]> {
        let path = "mobile.hourly_weights";
        let list = self.list(node, path)?;
        let numbers: Vec<_> = list
            .iter()
            .map(|item| self.number(item, path, 0.0..=1e9))
            .collect();
        let numbers: Vec<f64> = numbers.into_iter().collect::<Option<_>>()?;
        match <[f64; 24]>::try_from(numbers) {
            Ok(weights) if weights.iter().sum::<f64>() > 0.0 => Some(weights),
            Ok(_) => {
                self.fault(node.origin, format!("`{path}` are all zero"), "");
                None
            }
            Err(numbers) => {
                self.fault(
                    node.origin,
                    format!("`{path}` has {} numbers", numbers.len()),
                    "it has 24, one for each hour from 0 to 23",
                );
                None
            }
        }
    }

    /// What the bank offers, and what it does not offer yet.
    #[expect(
        clippy::type_complexity,
        reason = "two lists of one kind, unpacked at once"
    )]
    fn mobile_mix(
        &mut self,
        node: &Node,
    ) -> Option<(Vec<(Operation, f64)>, Vec<(Operation, f64)>)> {
        let section = self.section(node, "mobile.mix")?;
        let mut mix = Vec::new();
        for entry in section.table.iter() {
            let weight = self.number(&entry.node, &section.at(&entry.key), 0.0..=100.0);
            if let Ok(operation) = entry.key.parse::<Operation>() {
                mix.push(weight.map(|weight| (operation, weight)));
            } else {
                self.look_up(
                    entry.key_origin,
                    "mobile.mix",
                    &entry.key,
                    &Operation::names(),
                );
                mix.push(None);
            }
        }
        let mix: Vec<(Operation, f64)> = mix.into_iter().collect::<Option<_>>()?;
        let weights: Vec<f64> = mix.iter().map(|(_, weight)| *weight).collect();
        self.shares(node.origin, "mobile.mix", &weights)?;
        let (offered, left_out): (Vec<_>, Vec<_>) = mix
            .into_iter()
            .partition(|(operation, _)| operation.is_offered());
        if offered.iter().all(|(_, weight)| *weight <= 0.0) {
            self.fault(
                node.origin,
                "`mobile.mix` has nothing that the bank offers yet",
                "add balance_query or history_query",
            );
            return None;
        }
        Some((offered, left_out))
    }

    pub fn load(&mut self, table: &Table, day: Option<&Day>, mode: Option<Mode>) -> Option<Load> {
        self.needs_days(table, "load", mode)?;
        let section = self.section(table.get("load")?, "load")?;
        let known = [
            "window",
            "window_length",
            "from",
            "to",
            "speed",
            "volume",
            "connections",
            "timeout",
            "warm_up",
        ];
        self.keys(&section, "load", &known);
        let window = day.and_then(|day| self.window(&section, day));
        let speed = self.optional_number(&section, "speed", 0.001..=1e6);
        let volume = self.optional_number(&section, "volume", 0.001..=1e6);
        let connections = self.optional_whole(&section, "connections", 1..=65_536);
        let timeout = match section.get("timeout") {
            Some(node) => self.positive_span(node, "load.timeout")?,
            None => Span::from_seconds(30.0),
        };
        let warm_up = self.optional_span(&section, "warm_up");
        Some(Load {
            window: window?,
            speed: speed.unwrap_or(1.0),
            volume: volume.unwrap_or(1.0),
            connections: connections.unwrap_or(64) as u32,
            timeout,
            warm_up: warm_up.unwrap_or(Span::from_seconds(2.0)),
        })
    }

    fn window(&mut self, section: &Section<'_>, day: &Day) -> Option<Window> {
        let (from, to) = (section.get("from"), section.get("to"));
        if from.is_none() && to.is_none() {
            if let Some(node) = section.get("window") {
                self.choice(node, "load.window", &[("busiest", ())])?;
            }
            let length = match section.get("window_length") {
                Some(node) => self.positive_span(node, "load.window_length")?,
                None => Span(30 * 60 * 1_000_000),
            };
            let hours = day.close.since(day.open);
            if length > hours {
                let node = section.get("window_length");
                self.fault(
                    node.map_or(section.origin, |node| node.origin),
                    format!("`load.window_length` is {length}, longer than the {hours} of opening"),
                    "",
                );
                return None;
            }
            return Some(Window::Busiest(length));
        }
        for key in ["window", "window_length"] {
            if let Some(entry) = section.table.entry(key) {
                self.fault(
                    entry.key_origin,
                    format!("`load.{key}` stands beside `from` and `to`"),
                    "the busiest stretch is looked for, or the stretch is given; keep one",
                );
                return None;
            }
        }
        let from_node = self.required(section, "from", "\"10:00\"");
        let to_node = self.required(section, "to", "\"10:30\"");
        let from = self.clock(from_node?, "load.from");
        let to = self.clock(to_node?, "load.to");
        let (from, to) = (from?, to?);
        if !(day.open <= from && from < to && to <= day.close) {
            self.fault(
                to_node.map_or(section.origin, |node| node.origin),
                format!("`load` plays {} to {}", from.clock(), to.clock()),
                format!(
                    "it must be a stretch of the opening hours, {} to {}",
                    day.open.clock(),
                    day.close.clock()
                ),
            );
            return None;
        }
        Some(Window::Between(from, to))
    }
}
