//! What happens at closing: `closing = "send_home"` or `closing = { grace = "15min" }`.

use super::fields::Reader;
use super::tree::{Node, Value};
use crate::model::Closing;
use crate::time::Span;

const CLOSINGS: [(&str, Closing); 2] = [
    ("serve_all_inside", Closing::ServeAllInside),
    ("send_home", Closing::SendHome { grace: Span(0) }),
];

impl Reader {
    pub(super) fn closing(&mut self, node: &Node) -> Option<Closing> {
        let path = "day.closing";
        if matches!(node.value, Value::Text(_)) {
            return self.choice(node, path, &CLOSINGS);
        }
        let Value::Table(_) = node.value else {
            self.wrong_kind(node, path, "a rule in quotes or { grace = \"15min\" }");
            return None;
        };
        let section = self.section(node, path)?;
        self.keys(&section, "closing", &["grace"]);
        let node = self.required(&section, "grace", "\"15min\"")?;
        let grace = self.span(node, &section.at("grace"))?;
        Some(Closing::SendHome { grace })
    }
}
