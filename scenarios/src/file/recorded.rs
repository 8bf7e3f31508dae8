//! Arrivals beyond a rate: groups, people before the doors, kinds of days, recorded logs.

use super::fields::{Reader, Section};
use super::rooms::customers as rooms;
use super::tree::{Node, Table, Value};
use crate::model::{Arrivals, Day, Recorded, Segment};
use crate::time::{SimTime, parse_span};

/// Larger groups than any bus brings.
pub(super) const GROUP_MAX: u64 = 1000;

impl Reader {
    /// What stands beside the level of arrivals.
    pub(super) fn arrival_extras(
        &mut self,
        section: &Section<'_>,
        steady: bool,
        day: Option<&Day>,
    ) -> Option<Arrivals> {
        let before = self.faults.len();
        let mut batches = self.batches(section).unwrap_or_default();
        let mut parties = Vec::new();
        if self.flag(section, "one_ticket") {
            parties.append(&mut batches);
            if parties.is_empty() {
                self.fault(
                    section.origin,
                    format!("`{}` stands without `batches`", section.at("one_ticket")),
                    "say how many come together: `batches = [{ people = 2, share = 100 }]`",
                );
            }
        }
        let most = self.optional_whole(section, "customers", 0..=10_000_000);
        let early = self
            .subsection(section, "before_opening")
            .and_then(|it| self.before_opening(&it, (section, steady), day?));
        for key in ["day_of_week", "day_of_month", "customers"] {
            if steady && let Some(entry) = section.table.entry(key) {
                self.fault(
                    entry.key_origin,
                    format!("`{}` means nothing in a steady state", section.at(key)),
                    "a steady state never opens; take it out",
                );
            }
        }
        (self.faults.len() == before).then(|| Arrivals {
            batches,
            parties,
            most: most.map(|most| most as u32),
            ..early.unwrap_or_default()
        })
    }

    /// `before_opening = { people = 89 }`, or `{ from = "08:45", rate_per_hour = 30 }`.
    fn before_opening(
        &mut self,
        early: &Section<'_>,
        (arrivals, steady): (&Section<'_>, bool),
        day: &Day,
    ) -> Option<Arrivals> {
        self.keys(early, &rooms::BEFORE_OPENING);
        let Some(node) = early.get("from") else {
            if let Some(entry) = early.table.entry("rate_per_hour") {
                self.fault(
                    entry.key_origin,
                    format!("`{}` is missing", early.at("from")),
                    "say since when they come: `from = \"08:45\"`",
                );
                return None;
            }
            let node = self.required(early, "people", "89")?;
            let people = self.whole(node, &early.at("people"), 0..=100_000)?;
            return Some(Arrivals {
                at_opening: people as u32,
                ..Arrivals::default()
            });
        };
        self.not_both(early, &["from"], &["people"]);
        if let Some(entry) = arrivals.table.entry("gap") {
            self.fault(
                entry.key_origin,
                "`arrivals.gap` stands beside a rate before the opening",
                "write `before_opening = { people = 20 }`, or rates instead of the gap",
            );
        }
        if steady {
            self.fault(
                node.origin,
                format!("`{}` means nothing in a steady state", early.at("from")),
                "a steady state never opens; `people = 20` are there at its start",
            );
            return None;
        }
        let from = self.clock(node, &early.at("from"))?;
        if from >= day.open {
            let open = day.open.clock();
            self.fault(
                node.origin,
                format!(
                    "`{}` is {}, not before the opening at {open}",
                    early.at("from"),
                    from.clock()
                ),
                "it says since when people stand at the doors",
            );
            return None;
        }
        let node = self.required(early, "rate_per_hour", "30")?;
        let rate = self.number(node, &early.at("rate_per_hour"), 0.0..=1e6)?;
        Some(Arrivals {
            pieces: vec![super::arrivals::piece(from, day.open, rate)],
            ..Arrivals::default()
        })
    }

    /// `batches = [{ people = 1, share = 60 }, { people = 2, share = 40 }]`.
    fn batches(&mut self, section: &Section<'_>) -> Option<Vec<(f64, u32)>> {
        let node = section.get("batches")?;
        let path = section.at("batches");
        let (mut people, mut shares) = (Vec::new(), Vec::new());
        for (position, item) in self.list(node, &path)?.iter().enumerate() {
            let group = self.section(item, &format!("{path}.{position}"))?;
            self.keys(&group, &rooms::BATCH);
            let node = self.required(&group, "people", "2")?;
            people.push(self.whole(node, &group.at("people"), 1..=GROUP_MAX)? as u32);
            let node = self.required(&group, "share", "40")?;
            shares.push(self.number(node, &group.at("share"), 0.0..=100.0)?);
        }
        let shares = self.shares(node.origin, &path, &shares)?;
        Some(shares.into_iter().zip(people).collect())
    }

    /// The day's factor by its weekday (Monday first) and its day of the month.
    pub(super) fn day_factor(&mut self, section: &Section<'_>, day: &Day) -> Option<f64> {
        let mut factor = day.holiday.as_ref().map_or(1.0, |holiday| holiday.factor);
        let unscaled = ["gap", "replay"]
            .into_iter()
            .find_map(|key| section.get(key));
        if let (Some(node), Some(holiday)) = (unscaled, &day.holiday) {
            self.fault(
                node.origin,
                format!(
                    "{} is a holiday ({}), but `gap` and `replay` say themselves who comes",
                    day.date, holiday.name
                ),
                "give a rate, or take `holidays` out of [day]",
            );
            return None;
        }
        if let Some(node) = section.get("day_of_week") {
            let path = section.at("day_of_week");
            let list = self.list(node, &path)?;
            let numbers = self.numbers(list, &path)?;
            if numbers.len() != 7 {
                self.fault(
                    node.origin,
                    format!("`{path}` has {} factors", numbers.len()),
                    "seven, from Monday to Sunday",
                );
                return None;
            }
            factor *= numbers[usize::from(day.weekday())];
        }
        if let Some(days) = self.subsection(section, "day_of_month") {
            let names: Vec<String> = (1..=31).map(|it: u32| it.to_string()).collect();
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            for entry in days.table.iter() {
                let path = days.at(&entry.key);
                let number = self.look_up(entry.key_origin, &path, &entry.key, &names)?;
                let value = self.number(&entry.node, &path, 0.0..=1000.0)?;
                if number + 1 == day.date.day().unsigned_abs() as usize {
                    factor *= value;
                }
            }
        }
        Some(factor)
    }

    /// `replay = [{ arrival = "09:00:05", segment = "cash", service = "3min", patience = "20min" }, …]`.
    #[expect(
        clippy::option_option,
        reason = "none is a fault, some none is no replay, as everywhere in the reader"
    )]
    pub(super) fn recorded(
        &mut self,
        table: &Table,
        day: Option<&Day>,
        segments: &[Segment],
    ) -> Option<Option<Vec<Recorded>>> {
        let Some(Value::Table(arrivals)) = table.get("arrivals").map(|it| &it.value) else {
            return Some(None);
        };
        let (Some(node), Some(day)) = (arrivals.get("replay"), day) else {
            return Some(None);
        };
        let mut recorded: Vec<Recorded> = Vec::new();
        for (position, item) in self.list(node, "arrivals.replay")?.iter().enumerate() {
            let ticket = self.section(item, &format!("arrivals.replay.{position}"))?;
            recorded.push(self.ticket(&ticket, day, segments)?);
        }
        recorded.sort_by_key(|it| it.at);
        Some(Some(recorded))
    }

    fn ticket(
        &mut self,
        ticket: &Section<'_>,
        day: &Day,
        segments: &[Segment],
    ) -> Option<Recorded> {
        self.keys(ticket, &rooms::TICKET);
        let node = self.required(ticket, "arrival", "\"09:00:05\"")?;
        let at = self.moment(node, &ticket.at("arrival"), day)?;
        if !(day.open..day.close).contains(&at) {
            self.fault(
                node.origin,
                format!(
                    "`{}` is {}, when the doors are shut",
                    ticket.at("arrival"),
                    at.clock()
                ),
                "recorded customers come within the opening hours",
            );
            return None;
        }
        let names: Vec<&str> = segments.iter().map(|it| it.name.as_str()).collect();
        let segment = match ticket.get("segment") {
            Some(node) => self.reference(node, &ticket.at("segment"), &names)?,
            None if segments.len() == 1 => 0,
            None => {
                self.required(ticket, "segment", "\"cash\"");
                return None;
            }
        };
        let before = self.faults.len();
        let service = self.optional_span(ticket, "service");
        let patience = self.optional_span(ticket, "patience");
        (self.faults.len() == before).then_some(Recorded {
            at,
            segment,
            service,
            patience,
        })
    }

    /// A time of day, or a duration since the opening.
    fn moment(&mut self, node: &Node, path: &str, day: &Day) -> Option<SimTime> {
        if let Value::Text(text) = &node.value
            && let Ok(span) = parse_span(text)
        {
            return Some(day.open.after(span));
        }
        self.clock(node, path)
    }
}
