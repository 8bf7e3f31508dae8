//! What a report must say of a scenario because it is not as usual: how the day
//! closes, and what an abandonment counts as.

use super::{AbandonedCounts, Closing, Label, Mode, Scenario};
use crate::time::Span;
use std::collections::BTreeMap;

impl Scenario {
    /// Definitions that differ from the usual ones, by what they define: `closing`,
    /// `abandoned`.
    pub fn definitions(&self) -> BTreeMap<String, Label> {
        let mut definitions = BTreeMap::new();
        if self.run.mode == Mode::Days
            && let Some(closing) = self.day.closing.definition()
        {
            definitions.insert("closing".to_owned(), closing);
        }
        let means =
            |segment: &super::Segment| segment.conduct.abandoned.unwrap_or(self.report.abandoned);
        let alike = self
            .segments
            .iter()
            .all(|segment| means(segment) == self.report.abandoned);
        let (mut en, mut zh) = match self.report.abandoned {
            AbandonedCounts::ByThreshold if alike => return definitions,
            AbandonedCounts::ByThreshold => (
                "customers who abandoned count as misses where they had waited longer than the threshold, and are left out otherwise".to_owned(),
                "中途离开的客户，若等候已超过阈值则计为未达标，否则不计".to_owned(),
            ),
            AbandonedCounts::Miss => (
                "every customer who abandoned counts as a miss".to_owned(),
                "中途离开的客户一律计为未达标".to_owned(),
            ),
            AbandonedCounts::LeftOut => (
                "customers who abandoned are left out".to_owned(),
                "中途离开的客户一律不计".to_owned(),
            ),
        };
        for segment in &self.segments {
            if means(segment) == self.report.abandoned {
                continue;
            }
            let (words, how) = match means(segment) {
                AbandonedCounts::ByThreshold => ("by the threshold", "按阈值判定"),
                AbandonedCounts::Miss => ("always as a miss", "一律计为未达标"),
                AbandonedCounts::LeftOut => ("never", "一律不计"),
            };
            en.push_str("; of ");
            en.push_str(&segment.label.en);
            en.push_str(", ");
            en.push_str(words);
            zh.push('；');
            zh.push_str(&segment.label.zh);
            zh.push_str("中途离开者");
            zh.push_str(how);
        }
        en.push('.');
        zh.push('。');
        definitions.insert("abandoned".to_owned(), Label { en, zh });
        definitions
    }
}

impl Closing {
    fn definition(self) -> Option<Label> {
        Some(match self {
            Self::ServeAllInside => return None,
            Self::SendHome { grace } if grace.0 == 0 => Label::new(
                "doors shut at closing time, and whoever has not begun to be served then is turned away; the time until the last customer leaves is overtime.",
                "到点关门，届时尚未开始办理的客户予以劝离；其后至最后一名客户离店的时间计为加班时间。",
            ),
            Self::SendHome { grace } => Label::new(
                format!(
                    "doors shut at closing time, and whoever has not begun to be served {grace} later is turned away; the time until the last customer leaves is overtime."
                ),
                format!(
                    "到点关门，{}后仍未开始办理的客户予以劝离；关门后至最后一名客户离店的时间计为加班时间。",
                    chinese(grace)
                ),
            ),
            Self::StopTickets { from } => {
                let from = from.clock();
                Label::new(
                    format!(
                        "from {from} on only those with an appointment get a ticket; doors shut at closing time, everyone inside is served, and the time after it is overtime."
                    ),
                    format!(
                        "{from} 起停止取号，仅接待已预约客户；到点关门，店内客户全部办完，其后的时间计为加班时间。"
                    ),
                )
            }
            Self::AppointmentsOnly { from, grace } => {
                let from = from.clock();
                let (en, zh) = match grace {
                    None => (
                        "everyone inside is served".to_owned(),
                        "店内客户全部办完".to_owned(),
                    ),
                    Some(grace) => (
                        format!(
                            "whoever has none and has not begun to be served {grace} later is turned away"
                        ),
                        format!("此后{}仍未开始办理的未预约客户予以劝离", chinese(grace)),
                    ),
                };
                Label::new(
                    format!(
                        "from {from} on only those with an appointment get in, even after closing; {en}, and the time after closing is overtime."
                    ),
                    format!(
                        "{from} 起仅接待已预约客户，关门后到店的已预约客户也予接待；{zh}，关门后的时间计为加班时间。"
                    ),
                )
            }
        })
    }
}

/// A duration as people read it in Chinese.
fn chinese(span: Span) -> String {
    let minutes = span.seconds() / 60.0;
    if minutes.fract() == 0.0 {
        format!(" {minutes} 分钟")
    } else {
        format!(" {} 秒", span.seconds())
    }
}
