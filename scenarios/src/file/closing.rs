//! What happens at closing: `closing = "send_home"`, or a table such as
//! `{ grace = "15min" }`, `{ tickets_until = "16:30" }`, `{ appointments_only = "16:30" }`.

use super::fields::Reader;
use super::rooms::calendar::CLOSING;
use super::tree::{Node, Value};
use crate::model::{Closing, Day};
use crate::time::{SimTime, Span};

/// A rule that needs the day's hours.
type Rule = fn(&Day) -> Closing;

/// Rules that have a name.
pub(super) const RULES: [(&str, Rule); 3] = [
    ("serve_all_inside", |_| Closing::ServeAllInside),
    ("send_home", |_| Closing::SendHome { grace: Span(0) }),
    ("appointments_only", |day| Closing::AppointmentsOnly {
        from: day.close,
        grace: None,
    }),
];

impl Reader {
    /// Read when the day's hours are known.
    pub(super) fn closing(&mut self, node: &Node, day: &Day) -> Option<Closing> {
        let path = "day.closing";
        if matches!(node.value, Value::Text(_)) {
            let rule = self.choice(node, path, &RULES)?;
            return Some(rule(day));
        }
        let Value::Table(_) = node.value else {
            self.wrong_kind(node, path, "a rule in quotes or { grace = \"15min\" }");
            return None;
        };
        let section = self.section(node, path)?;
        self.keys(&section, &CLOSING);
        let grace = match section.get("grace") {
            Some(node) => Some(self.span(node, &section.at("grace"))?),
            None => None,
        };
        if let Some(node) = section.get("tickets_until") {
            self.not_both(
                &section,
                &["tickets_until"],
                &["grace", "appointments_only"],
            );
            let from = self.while_open(node, &section.at("tickets_until"), day)?;
            return Some(Closing::StopTickets { from });
        }
        if let Some(node) = section.get("appointments_only") {
            let from = self.while_open(node, &section.at("appointments_only"), day)?;
            return Some(Closing::AppointmentsOnly { from, grace });
        }
        self.required(&section, "grace", "\"15min\"")?;
        Some(Closing::SendHome { grace: grace? })
    }

    fn while_open(&mut self, node: &Node, path: &str, day: &Day) -> Option<SimTime> {
        let at = self.clock(node, path)?;
        if (day.open..=day.close).contains(&at) {
            return Some(at);
        }
        let (open, close) = (day.open.clock(), day.close.clock());
        self.fault(
            node.origin,
            format!("`{path}` is {}, when the doors are shut", at.clock()),
            format!("it lies between {open} and {close}"),
        );
        None
    }
}
