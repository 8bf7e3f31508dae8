//! What customers do at the sight of the queue and after leaving.

use super::fields::{Reader, Section};
use super::law::NamedLaws;
use super::rooms::customers as rooms;
use super::tree::{Table, Value};
use crate::model::{
    AbandonedCounts, Balking, ChannelChoice, Conduct, PromotedWhen, Promotion, Resource, Retry,
    Sees, Segment, Through,
};
use crate::time::Span;

pub(super) const SEES: [(&str, Sees); 3] = [
    ("waiting", Sees::Waiting),
    ("present", Sees::Present),
    ("tickets", Sees::Tickets),
];
pub(super) const CHOICES: [(&str, ChannelChoice); 2] = [
    ("drawn", ChannelChoice::Drawn),
    ("shorter", ChannelChoice::Shorter),
];
pub(super) const THROUGH: [(&str, Through); 2] =
    [("branch", Through::Branch), ("mobile", Through::Mobile)];
/// What an abandonment means for a promise.
pub(super) const ABANDONED: [(&str, AbandonedCounts); 3] = [
    ("by_threshold", AbandonedCounts::ByThreshold),
    ("miss", AbandonedCounts::Miss),
    ("left_out", AbandonedCounts::LeftOut),
];
/// Longer queues than anybody counts.
pub(super) const COUNTED_MAX: u64 = 10_000;

impl Reader {
    pub fn conduct(&mut self, section: &Section<'_>, laws: &NamedLaws) -> Option<Conduct> {
        let before = self.faults.len();
        let waiting_credit = self.optional_span(section, "waiting_credit");
        let waiting_weight = self.optional_number(section, "waiting_weight", 1e-6..=1e6);
        let no_show = self.optional_number(section, "no_show", 0.0..=1.0);
        let promotion = self
            .subsection(section, "promotion")
            .and_then(|it| self.promotion(&it));
        let balking = self
            .subsection(section, "balking")
            .and_then(|it| self.balking(&it));
        let retry = self
            .subsection(section, "retry")
            .and_then(|it| self.retry(&it, laws));
        let choice = section
            .get("choice")
            .and_then(|node| self.choice(node, &section.at("choice"), &CHOICES));
        if let (Some(entry), None) = (section.table.entry("choice"), section.get("channels")) {
            self.fault(
                entry.key_origin,
                format!("`{}` has a choice and no channels", section.path),
                "add `channels = { kiosk = 0.7, counter = 0.3 }`",
            );
        }
        let abandoned = section
            .get("abandoned")
            .and_then(|node| self.choice(node, &section.at("abandoned"), &ABANDONED));
        (self.faults.len() == before).then_some(Conduct {
            channel_choice: choice.unwrap_or_default(),
            abandoned,
            waiting_credit: waiting_credit.unwrap_or(Span(0)),
            waiting_weight,
            no_show: no_show.unwrap_or(0.0),
            promotion,
            balking,
            retry,
        })
    }

    /// `{ after = "20min", priority = 2 }` or `{ when = { waiting = 10 }, priority = 2 }`.
    fn promotion(&mut self, section: &Section<'_>) -> Option<Promotion> {
        self.keys(section, &rooms::PROMOTION);
        self.required(section, "priority", "2")?;
        let priority = self.priority(section)?;
        let when = match (section.get("after"), section.get("when")) {
            (Some(node), None) => {
                PromotedWhen::After(self.positive_span(node, &section.at("after"))?)
            }
            (None, Some(node)) => {
                let when = self.section(node, &section.at("when"))?;
                self.keys(&when, &rooms::WHEN);
                let node = self.required(&when, "waiting", "10")?;
                let waiting = self.whole(node, &when.at("waiting"), 1..=COUNTED_MAX)?;
                PromotedWhen::Waiting(waiting as u32)
            }
            _ => {
                self.fault(
                    section.origin,
                    format!("`{}` must say once when", section.path),
                    "write `after = \"20min\"` or `when = { waiting = 10 }`",
                );
                return None;
            }
        };
        Some(Promotion { priority, when })
    }

    /// What customers do in ticket queues needs one.
    pub fn tickets_fit(&mut self, table: &Table, segments: &[Segment], resources: &[Resource]) {
        if resources.iter().any(|it| it.queue.tickets.is_some()) {
            return;
        }
        let Some(Value::Table(all)) = table.get("segments").map(|node| &node.value) else {
            return;
        };
        for segment in segments {
            let sees = segment.conduct.balking.as_ref().map(|it| it.sees);
            let what = if segment.conduct.no_show > 0.0 {
                "has a `no_show`"
            } else if sees == Some(Sees::Tickets) {
                "sees tickets"
            } else {
                continue;
            };
            if let Some(entry) = all.entry(&segment.name) {
                self.fault(
                    entry.key_origin,
                    format!("`{}` {what}, and no resource has tickets", segment.name),
                    "add `queue = { tickets = { calling_time = \"20s\" } }` to a resource",
                );
            }
        }
    }

    /// `{ from = 5, always = 10 }`: 0 up to `from` people, then rising evenly to 1;
    /// or `{ probability = [0, 0, 0.5, 1] }`. `sees` says who is counted.
    fn balking(&mut self, section: &Section<'_>) -> Option<Balking> {
        self.keys(section, &rooms::BALKING);
        let sees = match section.get("sees") {
            Some(node) => self.choice(node, &section.at("sees"), &SEES)?,
            None => Sees::Waiting,
        };
        if let Some(node) = section.get("probability") {
            self.not_both(section, &["probability"], &["from", "always"]);
            let path = section.at("probability");
            let list = self.list(node, &path)?;
            let numbers: Vec<_> = list
                .iter()
                .map(|item| self.number(item, &path, 0.0..=1.0))
                .collect();
            let probability = numbers.into_iter().collect::<Option<Vec<f64>>>()?;
            if probability.is_empty() {
                self.fault(
                    node.origin,
                    format!("`{path}` is empty"),
                    "write [0, 0, 0.5, 1]",
                );
                return None;
            }
            return Some(Balking { sees, probability });
        }
        let node = self.required(section, "from", "5")?;
        let from = self.whole(node, &section.at("from"), 0..=COUNTED_MAX)?;
        let node = self.required(section, "always", "10")?;
        let always = self.whole(node, &section.at("always"), 0..=COUNTED_MAX)?;
        if always <= from {
            self.fault(
                node.origin,
                format!(
                    "`{}` is {always}, not more than `from`",
                    section.at("always")
                ),
                "nobody leaves up to `from` people, everybody from `always` on",
            );
            return None;
        }
        let probability = (0..=always)
            .map(|seen| seen.saturating_sub(from) as f64 / (always - from) as f64)
            .collect();
        Some(Balking { sees, probability })
    }

    /// `{ probability = 0.5, after = LAW, through = "mobile" }`.
    fn retry(&mut self, section: &Section<'_>, laws: &NamedLaws) -> Option<Retry> {
        self.keys(section, &rooms::RETRY);
        let through = match section.get("through") {
            Some(node) => self.choice(node, &section.at("through"), &THROUGH)?,
            None => Through::Branch,
        };
        let probability = self.optional_number(section, "probability", 0.0..=1.0);
        let node = self.required(
            section,
            "after",
            "{ law = \"exponential\", mean = \"30min\" }",
        )?;
        let after = self.law(node, &section.at("after"), laws)?;
        if after.mean() <= 0.0 {
            self.fault(
                node.origin,
                format!("`{}` is zero", section.at("after")),
                "whoever comes again stays away for a while",
            );
            return None;
        }
        Some(Retry {
            probability: probability.unwrap_or(1.0),
            after,
            through,
        })
    }
}
