//! The day and how often it is run.

use super::fields::{Reader, Section};
use super::rooms::calendar as rooms;
use super::tree::{Table, Value};
use crate::figure::Figure;
use crate::model::{Closing, Day, HalfWidth, Mode, Random, Run, Segment, Until, WarmUp};
use crate::time::{SimTime, Span};

pub(super) const MODES: [(&str, bool); 2] = [("days", true), ("steady_state", false)];

/// What replications may go on for.
pub(super) const UNTIL: [Figure; 6] = [
    Figure::Wait,
    Figure::Service,
    Figure::Review,
    Figure::System,
    Figure::Fallback,
    Figure::TimeInBranch,
];

impl Reader {
    /// `[run]`: 200 days from seed 1 unless it says otherwise.
    pub fn run(&mut self, table: &Table) -> Option<Run> {
        let mut run = Run {
            mode: Mode::Days,
            replications: 200,
            seed: 1,
            random: Random::Keyed,
            warm_up: WarmUp::Given,
            batches: None,
            until: None,
        };
        let Some(node) = table.get("run") else {
            return Some(run);
        };
        let section = self.section(node, "run")?;
        self.keys(&section, &rooms::RUN);
        let mode = match section.get("mode") {
            Some(node) => self.choice(node, "run.mode", &MODES),
            None => Some(true),
        };
        let whole = self.optional_whole(&section, "replications", 1..=1_000_000);
        run.replications = whole.unwrap_or(200) as u32;
        (run.random, run.seed) = self.randomness(&section)?;
        if mode? {
            for key in ["warm_up", "length", "batches"] {
                if let Some(entry) = section.table.entry(key) {
                    self.fault(
                        entry.key_origin,
                        format!("`run.{key}` belongs to a steady state"),
                        "write `mode = \"steady_state\"`, or take it out: a day starts empty and ends",
                    );
                }
            }
        } else {
            self.steady_run(&section, &mut run)?;
        }
        Some(run)
    }

    /// `until = { figure = "wait", half_width = "5s" }` or `relative = 0.05`.
    #[expect(
        clippy::option_option,
        reason = "none is a fault, some none is none asked for, as everywhere in the reader"
    )]
    pub fn until(&mut self, table: &Table, segments: &[Segment]) -> Option<Option<Until>> {
        let Some(Value::Table(run)) = table.get("run").map(|node| &node.value) else {
            return Some(None);
        };
        let Some(node) = run.get("until") else {
            return Some(None);
        };
        let section = self.section(node, "run.until")?;
        self.keys(&section, &rooms::UNTIL);
        let node = self.required(&section, "figure", "\"wait\"")?;
        let choices = UNTIL.map(|figure| (figure.name(), figure));
        let figure = self.choice(node, "run.until.figure", &choices)?;
        let names: Vec<&str> = segments.iter().map(|it| it.name.as_str()).collect();
        let segment = match section.get("segment") {
            Some(node) => Some(self.reference(node, "run.until.segment", &names)?),
            None => None,
        };
        let half_width = match (section.get("half_width"), section.get("relative")) {
            (Some(node), None) => {
                let span = self.positive_span(node, "run.until.half_width")?;
                HalfWidth::Seconds(span.seconds())
            }
            (None, Some(node)) => {
                HalfWidth::Relative(self.number(node, "run.until.relative", 1e-6..=1.0)?)
            }
            _ => {
                self.fault(
                    section.origin,
                    "`run.until` must say once how well the mean is to be known",
                    "write `half_width = \"5s\"` or `relative = 0.05`",
                );
                return None;
            }
        };
        Some(Some(Until {
            figure,
            segment,
            half_width,
        }))
    }

    /// `[day]`: 9:00 to 17:00 by half hours unless it says otherwise.
    pub fn day(&mut self, table: &Table, mode: Option<Mode>) -> Option<Day> {
        let mut day = Day {
            date: jiff::civil::date(2026, 6, 9),
            open: SimTime::from_clock(9, 0),
            close: SimTime::from_clock(17, 0),
            interval: Span(30 * 60 * 1_000_000),
            closing: Closing::ServeAllInside,
            time_zone: "Asia/Shanghai".into(),
            holiday: None,
        };
        if let Some(node) = table.get("day") {
            let section = self.section(node, "day")?;
            self.day_section(&section, &mut day, mode)?;
        }
        if let Some(Mode::SteadyState { length, .. }) = mode {
            day.open = SimTime(0);
            day.close = SimTime(length.0);
            day.interval = length;
        }
        Some(day)
    }

    fn day_section(
        &mut self,
        section: &Section<'_>,
        day: &mut Day,
        mode: Option<Mode>,
    ) -> Option<()> {
        self.keys(section, &rooms::DAY);
        if let Some(Mode::SteadyState { .. }) = mode {
            for key in ["open", "close", "interval", "closing", "holidays"] {
                if let Some(entry) = section.table.entry(key) {
                    self.fault(
                        entry.key_origin,
                        format!("`day.{key}` means nothing in a steady state"),
                        "a steady state never opens or closes; take it out",
                    );
                }
            }
        }
        if let Some(node) = section.get("date") {
            let text = self.text(node, "day.date")?;
            match text.parse() {
                Ok(date) => day.date = date,
                Err(_) => self.fault(
                    node.origin,
                    format!("`day.date` is `{text}`, which is no date"),
                    "write it like \"2026-06-09\"",
                ),
            }
        }
        if let Some(node) = section.get("holidays") {
            day.holiday = self.holiday(node, day.date)?;
        }
        if let Some(node) = section.get("time_zone") {
            let text = self.text(node, "day.time_zone")?;
            if jiff::tz::TimeZone::get(text).is_ok() {
                text.clone_into(&mut day.time_zone);
            } else {
                self.fault(
                    node.origin,
                    format!("`day.time_zone` names `{text}`, which is no time zone"),
                    "IANA names are like \"Asia/Shanghai\"",
                );
            }
        }
        day.open = self.optional_clock(section, "open").unwrap_or(day.open);
        day.close = self.optional_clock(section, "close").unwrap_or(day.close);
        let interval = self.optional_span(section, "interval");
        day.interval = interval.unwrap_or(day.interval);
        self.hours(section, day)?;
        if let Some(node) = section.get("closing") {
            day.closing = self.closing(node, day)?;
        }
        Some(())
    }

    fn hours(&mut self, section: &Section<'_>, day: &Day) -> Option<()> {
        let origin = |key: &str| section.get(key).map_or(section.origin, |node| node.origin);
        if day.close <= day.open {
            let (open, close) = (day.open.clock(), day.close.clock());
            self.fault(
                origin("close"),
                format!("`day.close` is {close}, not later than the opening at {open}"),
                "",
            );
            return None;
        }
        let hours = day.close.since(day.open);
        let minute = Span(60_000_000);
        if day.interval < minute || !hours.0.is_multiple_of(day.interval.0) {
            self.fault(
                origin("interval"),
                format!(
                    "`day.interval` is {}, which does not divide the {hours} of opening",
                    day.interval
                ),
                "15min or 30min are usual; at least 1min",
            );
            return None;
        }
        Some(())
    }
}
