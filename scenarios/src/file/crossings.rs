//! Populations that `[report]` asks for beyond the standard ones.

use super::fields::{Reader, Section};
use super::tree::Node;
use crate::model::Crossing;
use crate::names::nearest;

pub(super) const DIMENSIONS: [&str; 4] = ["channel", "service", "segment", "interval"];

impl Reader {
    /// `populations = ["service,channel"]`, and the older `service_by_interval` and
    /// `segment_by_interval`, each once and in the order of the file.
    pub(super) fn crossings(&mut self, section: &Section<'_>) -> Option<Vec<Crossing>> {
        let mut crossings = Vec::new();
        for (flag, service) in [
            ("service_by_interval", true),
            ("segment_by_interval", false),
        ] {
            if self.flag(section, flag) {
                crossings.push(Crossing {
                    channel: false,
                    service,
                    segment: !service,
                    interval: true,
                });
            }
        }
        if let Some(node) = section.get("populations") {
            for item in self.list(node, "report.populations")? {
                let crossing = self.crossing(item)?;
                if !crossings.contains(&crossing) {
                    crossings.push(crossing);
                }
            }
        }
        Some(crossings)
    }

    fn crossing(&mut self, item: &Node) -> Option<Crossing> {
        let path = "report.populations";
        let text = self.text(item, path)?;
        let named: Vec<&str> = text.split([',', '×']).map(str::trim).collect();
        if let Some(unknown) = named.iter().find(|name| !DIMENSIONS.contains(name)) {
            let help = match nearest(unknown, DIMENSIONS) {
                Some(right) => format!("did you mean `{right}`?"),
                None => format!("customers are told apart by {}", DIMENSIONS.join(", ")),
            };
            let message =
                format!("`{path}` names `{unknown}`, by which no customers are told apart");
            self.fault(item.origin, message, help);
            return None;
        }
        let holds = |dimension: &str| named.contains(&dimension);
        let crossing = Crossing {
            channel: holds("channel"),
            service: holds("service"),
            segment: holds("segment"),
            interval: holds("interval"),
        };
        let dimensions = crossing.dimensions();
        if dimensions.len() < named.len() {
            let message = format!("`{path}` names a dimension twice in `{text}`");
            self.fault(item.origin, message, "each once, as in \"service,channel\"");
            return None;
        }
        if dimensions.len() < 2 || dimensions == ["channel", "interval"] {
            self.fault(
                item.origin,
                format!("`{text}` is reported in every run"),
                "take it out; `populations` is for what is told apart by two or more of channel, \
                 service, segment and interval",
            );
            return None;
        }
        Some(crossing)
    }
}
