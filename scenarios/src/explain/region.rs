//! The branches of a region, and who of their customers goes where.

use super::words::{Page, name, rounded, say};
use crate::language::Lang;
use crate::model::{Branches, ChoiceOfBranch, Region, Scenario};

pub(super) fn explain(page: &mut Page, scenario: &Scenario) {
    let Some(region) = scenario.region.as_deref() else {
        return;
    };
    let lang = page.lang;
    page.heading("The region", "辖区");
    page.line(format!("  {}", branches(region, lang)));
    page.line(format!("  {}", choice(region, lang)));
    for resource in scenario.resources.iter().filter(|it| it.shared) {
        let name = name(resource, lang);
        page.line(say!(
            lang,
            "  One pool for all branches: {name}.",
            "  全辖共用：{name}。"
        ));
    }
    if let Branches::Listed(branches) = &region.branches {
        for branch in branches {
            for (from, to) in &branch.closed {
                let (name, from, to) = (&branch.name, from.clock(), to.clock());
                page.line(say!(
                    lang,
                    "  {name} is closed from {from} to {to}.",
                    "  {name} 于 {from} 至 {to} 关门。"
                ));
            }
        }
    }
    if region.closes() {
        let rules = &region.closed;
        let lost = share(1.0 - rules.stay);
        let (near, mobile) = (share(rules.to_nearest), share(rules.to_mobile));
        page.line(say!(
            lang,
            "  Of a closed branch's customers {lost} are lost; of the others {near} go to the nearest, {mobile} of the rest to the mobile bank, and those who remain where way and wait are shortest.",
            "  网点关门时，其客户流失 {lost}；其余客户中 {near} 前往最近的网点，剩下的有 {mobile} 改用手机银行，其他人前往路程与等候合计最短的网点。"
        ));
    }
}

fn branches(region: &Region, lang: Lang) -> String {
    let (count, kinds) = (region.len(), region.kinds.len());
    match &region.branches {
        Branches::Listed(_) => say!(
            lang,
            "{count} branches of {kinds} kinds, as listed.",
            "共 {count} 家网点，分 {kinds} 类，逐家列出。"
        ),
        Branches::Drawn {
            per_day, grid_km, ..
        } => {
            let side = rounded(*grid_km);
            let (low, high) = (rounded(per_day.low), rounded(per_day.high));
            let mean = rounded(per_day.mean);
            say!(
                lang,
                "{count} branches drawn on a square of {side} km, with {low} to {high} customers a day, {mean} on average before these bounds.",
                "在边长 {side} 公里的正方形内随机布设 {count} 家网点，每家每日客户 {low} 至 {high} 名（加此界限之前平均 {mean} 名）。"
            )
        }
    }
}

fn choice(region: &Region, lang: Lang) -> String {
    let travel = &region.travel;
    let (nearest, speed) = (travel.considers, rounded(travel.speed_kmh));
    let looked = say!(
        lang,
        "of the {nearest} nearest to their own, at {speed} km/h on the straight line",
        "在离自己网点最近的 {nearest} 家中选择，按直线距离、时速 {speed} 公里计"
    );
    match region.choice {
        ChoiceOfBranch::Own => {
            say!(
                lang,
                "Customers go to their own branch.",
                "客户前往自己的网点。"
            )
        }
        ChoiceOfBranch::Nearest => say!(
            lang,
            "Customers go to the nearest branch {looked}.",
            "客户前往最近的网点（{looked}）。"
        ),
        ChoiceOfBranch::LeastBusy => say!(
            lang,
            "Customers go where the way and the wait that they see are shortest, {looked}.",
            "客户前往路程与所见等候合计最短的网点（{looked}）。"
        ),
    }
}

fn share(share: f64) -> String {
    format!("{}%", rounded(share * 100.0))
}
