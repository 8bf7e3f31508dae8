//! The calendar of holidays: days that are not as their weekday says.

use super::fields::{Reader, Section};
use super::rooms::calendar::HOLIDAY;
use super::tree::{Node, Value};
use crate::model::Holiday;
use jiff::civil::Date;

pub(super) const WEEKDAYS: [(&str, u8); 7] = [
    ("monday", 0),
    ("tuesday", 1),
    ("wednesday", 2),
    ("thursday", 3),
    ("friday", 4),
    ("saturday", 5),
    ("sunday", 6),
];
/// As which weekday a holiday counts that does not say.
const SUNDAY: u8 = 6;

impl Reader {
    /// What a list of holidays says of a date; `Some(None)` if it is not in it.
    #[expect(
        clippy::option_option,
        reason = "none is a fault, some none is no holiday, as everywhere in the reader"
    )]
    pub(super) fn holiday(&mut self, node: &Node, date: Date) -> Option<Option<Holiday>> {
        let mut found = None;
        let mut seen: Vec<Date> = Vec::new();
        for (position, item) in self.list(node, "day.holidays")?.iter().enumerate() {
            let section = self.section(item, &format!("day.holidays.{position}"))?;
            let (of, holiday) = self.one_holiday(&section)?;
            if seen.contains(&of) {
                self.fault(
                    section.origin,
                    format!("`{}` names {of} again", section.path),
                    "a date is in the calendar once",
                );
                return None;
            }
            seen.push(of);
            if of == date {
                found = Some(holiday);
            }
        }
        Some(found)
    }

    /// `{ date = "2026-10-01", name = "National Day", counts_as = "sunday", factor = 0.5 }`.
    fn one_holiday(&mut self, section: &Section<'_>) -> Option<(Date, Holiday)> {
        self.keys(section, &HOLIDAY);
        let node = self.required(section, "date", "\"2026-10-01\"")?;
        let text = self.text(node, &section.at("date"))?;
        let Ok(date) = text.parse() else {
            self.fault(
                node.origin,
                format!("`{}` is `{text}`, which is no date", section.at("date")),
                "write it like \"2026-10-01\"",
            );
            return None;
        };
        let counts_as = match section.get("counts_as") {
            Some(node) => {
                let lower = match &node.value {
                    Value::Text(text) => Node {
                        value: Value::Text(text.to_lowercase()),
                        origin: node.origin,
                    },
                    _ => node.clone(),
                };
                self.choice(&lower, &section.at("counts_as"), &WEEKDAYS)?
            }
            None => SUNDAY,
        };
        let factor = match section.get("factor") {
            Some(node) => self.number(node, &section.at("factor"), 0.0..=1000.0)?,
            None => 1.0,
        };
        let name = self.optional_text(section, "name").unwrap_or_default();
        let holiday = Holiday {
            name: name.to_owned(),
            counts_as,
            factor,
        };
        Some((date, holiday))
    }
}
