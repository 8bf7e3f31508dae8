//! Steady state: the stretch that is run, what of its start is left out, and whether
//! one long run is cut into batches.

use super::fields::{Reader, Section};
use super::tree::{Node, Value};
use crate::model::{Mode, Run, WarmUp};
use crate::time::Span;

/// What has a name instead of a duration.
pub(super) const WARM_UPS: [(&str, Option<Span>); 1] = [("mser5", None)];

impl Reader {
    /// `warm_up`, `length` and `batches` of a `[run]` in steady state.
    pub(super) fn steady_run(&mut self, section: &Section<'_>, run: &mut Run) -> Option<()> {
        let node = self.required(section, "warm_up", "\"20h\"");
        let warm_up = node.and_then(|node| self.warm_up(node));
        let node = self.required(section, "length", "\"500h\"")?;
        let length = self.positive_span(node, "run.length")?;
        let warm_up = warm_up?;
        if warm_up.is_none() {
            run.warm_up = WarmUp::Mser5;
        }
        let warm_up = warm_up.unwrap_or(Span(0));
        if warm_up >= length {
            self.fault(
                node.origin,
                format!("`run.length` is {length}, not longer than the warm-up of {warm_up}"),
                "the length counts the warm-up in",
            );
            return None;
        }
        run.mode = Mode::SteadyState { warm_up, length };
        self.batch_means(section, run)
    }

    /// A duration, or none for the name of the rule that finds it.
    #[expect(
        clippy::option_option,
        reason = "none is a fault, some none is a warm-up to be found, as everywhere in the reader"
    )]
    fn warm_up(&mut self, node: &Node) -> Option<Option<Span>> {
        if let Value::Text(text) = &node.value
            && text.starts_with(|c: char| c.is_ascii_alphabetic())
        {
            return self.choice(node, "run.warm_up", &WARM_UPS);
        }
        self.span(node, "run.warm_up").map(Some)
    }

    /// `batches = 30`: intervals from batches of one long run.
    fn batch_means(&mut self, section: &Section<'_>, run: &mut Run) -> Option<()> {
        let Some(node) = section.get("batches") else {
            return Some(());
        };
        let batches = self.whole(node, "run.batches", 2..=256)?;
        run.batches = Some(batches as u32);
        if let Some(entry) = section.table.entry("until") {
            self.fault(
                entry.key_origin,
                "`run.until` adds replications, and batches cut one long run",
                "lengthen the run, or take `batches` out",
            );
        }
        match section.get("replications") {
            None => run.replications = 1,
            Some(_) if run.replications == 1 => {}
            Some(node) => {
                let replications = run.replications;
                self.fault(
                    node.origin,
                    format!("`run.batches` cuts one long run, but there are {replications} replications"),
                    "write `replications = 1`, or take `batches` out: replications are independent as they are",
                );
                return None;
            }
        }
        Some(())
    }
}
