//! What goes wrong.

use super::words::{Page, counted, name, say};
use crate::model::{Affected, Effect, Scenario};

pub(super) fn explain(page: &mut Page, scenario: &Scenario) {
    if !scenario.incidents.is_empty() {
        page.heading("What goes wrong", "异常事件");
    }
    let lang = page.lang;
    for incident in &scenario.incidents {
        let what = match incident.what {
            Affected::Branch if incident.effect == Effect::Closed => {
                say!(lang, "the branch", "网点")
            }
            Affected::Branch => say!(lang, "every journey", "全部流程"),
            Affected::Bank => say!(lang, "journeys that ask the bank", "需要核心系统的流程"),
            Affected::Resource(resource) => name(&scenario.resources[resource], lang),
        };
        let effect = match incident.effect {
            Effect::Down(count) => {
                let count = match incident.what {
                    Affected::Resource(resource) => {
                        counted(count, &scenario.resources[resource], lang)
                    }
                    Affected::Branch | Affected::Bank => count.to_string(),
                };
                say!(lang, "{count} down", "停用 {count}")
            }
            Effect::Stopped => say!(lang, "none starts", "不再开始新的办理"),
            Effect::Unanswered => {
                say!(lang, "no answer until it is over", "核心系统在此期间不应答")
            }
            Effect::Closed => say!(lang, "the doors are shut", "关门"),
            Effect::Slower(factor) => say!(
                lang,
                "{factor} times as long if started then",
                "在此期间开始的，用时为平时的 {factor} 倍"
            ),
        };
        let (from, to) = (incident.from.clock(), incident.to.clock());
        page.line(say!(
            lang,
            "  {from} to {to}: {what}, {effect}",
            "  {from} 至 {to}：{what}，{effect}"
        ));
    }
}
