//! `[load]`: how operations are played on a bank.

use super::fields::{Reader, Section};
use super::rooms::bank::{CLOSED, LOAD};
use super::tree::{Node, Table, Value};
use crate::model::{Day, Load, LoadModel, Mode, Played, Window};
use crate::time::Span;

/// Stretches of the day that have a name.
#[derive(Clone, Copy)]
pub(super) enum NamedWindow {
    Busiest,
    Day,
}
pub(super) const WINDOWS: [(&str, NamedWindow); 2] =
    [("busiest", NamedWindow::Busiest), ("day", NamedWindow::Day)];

/// Models in which the day starts sessions, and the connections there may be unless it is said.
pub(super) const MODELS: [(&str, (LoadModel, u32)); 2] = [
    ("open", (LoadModel::Open, 20_000)),
    ("capped_open", (LoadModel::CappedOpen, 64)),
];
/// Connections and users at most: a machine has no more ports for one address.
pub(super) const CONNECTIONS_MAX: u64 = 65_535;

impl Reader {
    pub(super) fn needs_days(
        &mut self,
        table: &Table,
        key: &str,
        mode: Option<Mode>,
    ) -> Option<()> {
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

    pub fn load(&mut self, table: &Table, day: Option<&Day>, mode: Option<Mode>) -> Option<Load> {
        self.needs_days(table, "load", mode)?;
        let section = self.section(table.get("load")?, "load")?;
        self.keys(&section, &LOAD);
        let has_mobile = table.get("mobile").is_some();
        let played = if let Some(node) = section.get("operations") {
            self.recording(&section, node).map(Played::Recorded)
        } else {
            let window = day.and_then(|day| self.window(&section, day, has_mobile));
            window.map(Played::Day)
        };
        let speed = self.optional_number(&section, "speed", 0.001..=1e6);
        let volume = self.optional_number(&section, "volume", 0.001..=1e6);
        let (model, usual) = self.load_model(&section)?;
        self.recorded_is_open(&section, model);
        let connections = self.optional_whole(&section, "connections", 1..=CONNECTIONS_MAX);
        let retry = match section.get("retry") {
            Some(node) => Some(self.positive_span(node, "load.retry")?),
            None => None,
        };
        let repeat = self.optional_number(&section, "repeat", 0.0..=1.0);
        let skip_quiet = match section.get("skip_quiet") {
            Some(node) => Some(self.positive_span(node, "load.skip_quiet")?),
            None => None,
        };
        let timeout = match section.get("timeout") {
            Some(node) => self.positive_span(node, "load.timeout")?,
            None => Span::from_seconds(30.0),
        };
        let warm_up = self.optional_span(&section, "warm_up");
        Some(Load {
            played: played?,
            speed: speed.unwrap_or(1.0),
            volume: volume.unwrap_or(1.0),
            model,
            connections: match model {
                LoadModel::Closed { users, .. } => users,
                _ => connections.map_or(usual, |number| number as u32),
            },
            retry,
            repeat: repeat.unwrap_or(0.0),
            skip_quiet,
            timeout,
            warm_up: warm_up.unwrap_or(Span::from_seconds(2.0)),
        })
    }

    /// `model = "open"`, `"capped_open"` or `{ users = 50, pause = "10s", ramp = "1min" }`, and the
    /// connections that there are unless it is said.
    fn load_model(&mut self, section: &Section<'_>) -> Option<(LoadModel, u32)> {
        const PATH: &str = "load.model";
        let Some(node) = section.get("model") else {
            return Some(MODELS[1].1);
        };
        if let Value::Text(_) = node.value {
            return self.named_model(node, PATH);
        }
        let closed = self.section(node, PATH)?;
        self.keys(&closed, &CLOSED);
        let users = self.required(&closed, "users", "50")?;
        let users = self.whole(users, "load.model.users", 1..=CONNECTIONS_MAX)? as u32;
        let model = LoadModel::Closed {
            users,
            pause: self.optional_span(&closed, "pause").unwrap_or_default(),
            ramp: self.optional_span(&closed, "ramp").unwrap_or_default(),
        };
        Some((model, users))
    }

    fn named_model(&mut self, node: &Node, path: &str) -> Option<(LoadModel, u32)> {
        if matches!(&node.value, Value::Text(text) if text == "closed") {
            self.fault(
                node.origin,
                format!("`{path} = \"closed\"` does not say how many users there are"),
                "write `model = { users = 50 }`, with `pause` and `ramp` if they have any",
            );
            return None;
        }
        self.choice(node, path, &MODELS)
    }

    fn whole_day(&mut self, section: &Section<'_>) -> Option<Window> {
        let Some(entry) = section.table.entry("window_length") else {
            return Some(Window::Day);
        };
        self.fault(
            entry.key_origin,
            "`load.window_length` stands beside `window = \"day\"`",
            "a day is as long as it is; it says how long the busiest stretch is; keep one",
        );
        None
    }

    fn window(&mut self, section: &Section<'_>, day: &Day, has_mobile: bool) -> Option<Window> {
        let (from, to) = (section.get("from"), section.get("to"));
        if from.is_none() && to.is_none() {
            let named = match section.get("window") {
                Some(node) => self.choice(node, "load.window", &WINDOWS)?,
                None => NamedWindow::Busiest,
            };
            if let NamedWindow::Day = named {
                return self.whole_day(section);
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
        // The mobile bank is open day and night.
        let inside = has_mobile || day.open <= from && to <= day.close;
        if !(inside && from < to) {
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
