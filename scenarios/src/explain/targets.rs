//! What must hold, and where the numbers come from.

use super::words::{Page, say};
use crate::model::{Mark, Scenario};

pub(super) fn explain(page: &mut Page, scenario: &Scenario) {
    let lang = page.lang;
    page.heading("What must hold", "判据");
    for named in &scenario.gates {
        let (name, gate) = (&named.name, &named.gate.text);
        page.line(say!(lang, "  {name}: {gate}", "  {name}：{gate}"));
    }
    if scenario.gates.is_empty() {
        page.line(lang.pick("  nothing", "  无"));
    }
    if !scenario.assumptions.is_empty() {
        page.heading("Where the numbers come from", "数值的来源");
    }
    for assumption in &scenario.assumptions {
        let mark = match assumption.mark {
            Mark::Sourced => lang.pick("sourced", "有出处"),
            Mark::Derived => lang.pick("derived", "推算"),
            Mark::Assumed => lang.pick("assumed", "假定"),
        };
        let (about, value) = (&assumption.about, &assumption.value);
        let because = &assumption.because;
        page.line(say!(
            lang,
            "  [{mark}] {about} = {value}\n    {because}",
            "  〔{mark}〕{about} = {value}\n    {because}"
        ));
    }
}
