//! `[mobile]` and `[[campaigns]]`: the mobile bank's traffic, and its spikes.

use super::fields::{Reader, Section};
use super::law::NamedLaws;
use super::rooms::bank as rooms;
use super::tree::{Node, Table};
use crate::model::{Branches, Campaign, Mobile, MobileRetry, Mode, Region, Sessions};
use crate::operation::Operation;

/// Actives, at most: more than any bank's.
pub(super) const ACTIVES_MAX: u64 = 2_000_000_000;

/// Where a campaign brings customers: whether by phone.
pub(super) const CAMPAIGN_CHANNELS: [(&str, bool); 2] = [("mobile", true), ("branch", false)];

impl Reader {
    pub fn mobile(
        &mut self,
        table: &Table,
        laws: &NamedLaws,
        mode: Option<Mode>,
        region: Option<&Region>,
    ) -> Option<Mobile> {
        self.needs_days(table, "mobile", mode)?;
        let section = self.section(table.get("mobile")?, "mobile")?;
        self.keys(&section, &rooms::MOBILE);
        let by_branch = self.actives_by_branch(&section, region);
        let actives = match (&by_branch, section.get("monthly_actives")) {
            (Some(each), None) => Some(each.iter().sum()),
            _ => self.monthly_actives(&section),
        };
        let log_ins = self
            .required(&section, "log_ins_per_month", "17.5")
            .and_then(|node| self.log_ins_per_month(node, &section));
        let weights = self
            .required(&section, "hourly_weights", "[12, 7, … 24 numbers]")
            .and_then(|node| self.hourly_weights(node, &section.at("hourly_weights")));
        let requests = self
            .required(&section, "requests_per_session", "6")
            .and_then(|node| self.requests_per_session(node, &section));
        let think = self
            .required(
                &section,
                "think",
                "{ law = \"lognormal\", mean = \"14s\", cv = 1.0 }",
            )
            .and_then(|node| self.law(node, "mobile.think", laws));
        let mix = self
            .required(
                &section,
                "mix",
                "{ balance_query = 75, history_query = 25 }",
            )
            .and_then(|node| self.mobile_mix(node, &section.at("mix")));
        if let (Some(node), Some((offered, _))) = (section.get("mix"), &mix)
            && offered.iter().all(|(_, weight)| *weight <= 0.0)
        {
            self.fault(
                node.origin,
                "`mobile.mix` has nothing that the bank offers yet",
                "add balance_query or history_query",
            );
            return None;
        }
        let retry = match section.get("retry") {
            Some(_) => Some(self.mobile_retry(&section, laws)?),
            None => None,
        };
        let days = self.optional_whole(&section, "days", 0..=366);
        let (mix, mix_left_out) = mix?;
        let bank = Sessions {
            monthly_actives: actives?,
            log_ins_per_month: log_ins?,
            hourly_weights: weights?,
            requests_per_session: requests?,
            think: think?,
            mix,
            mix_left_out,
        };
        let mut other = |key: &str| match section.get(key) {
            Some(_) => Some(Some(self.other_app(&section, key, &bank, laws)?)),
            None => Some(None),
        };
        let (mall, messenger) = (other("mall")?, other("messenger")?);
        Some(Mobile {
            bank,
            mall,
            messenger,
            retry,
            by_branch: by_branch.unwrap_or_default(),
            days: days.unwrap_or(0) as u32,
        })
    }

    /// Each branch's active users, if any branch tells its own; those that do not have
    /// none.
    fn actives_by_branch(
        &mut self,
        section: &Section<'_>,
        region: Option<&Region>,
    ) -> Option<Vec<u64>> {
        let Branches::Listed(branches) = &region?.branches else {
            return None;
        };
        if branches
            .iter()
            .all(|branch| branch.mobile_actives.is_none())
        {
            return None;
        }
        if let Some(node) = section.get("monthly_actives") {
            self.fault(
                node.origin,
                "`mobile.monthly_actives` stands beside `mobile_actives` of branches",
                "theirs add up to the whole; take `monthly_actives` out",
            );
        }
        let each = branches.iter().map(|it| it.mobile_actives.unwrap_or(0));
        Some(each.collect())
    }

    /// `mall = { monthly_actives = 60000, mix = { … } }`: what it does not say is as in
    /// the mobile bank.
    fn other_app(
        &mut self,
        section: &Section<'_>,
        key: &str,
        bank: &Sessions,
        laws: &NamedLaws,
    ) -> Option<Sessions> {
        let app = self.subsection(section, key)?;
        self.keys(&app, &rooms::APPLICATION);
        let actives = self.monthly_actives(&app);
        let log_ins = match app.get("log_ins_per_month") {
            Some(node) => self.log_ins_per_month(node, &app),
            None => Some(bank.log_ins_per_month),
        };
        let weights = match app.get("hourly_weights") {
            Some(node) => self.hourly_weights(node, &app.at("hourly_weights")),
            None => Some(bank.hourly_weights),
        };
        let requests = match app.get("requests_per_session") {
            Some(node) => self.requests_per_session(node, &app),
            None => Some(bank.requests_per_session),
        };
        let think = match app.get("think") {
            Some(node) => self.law(node, &app.at("think"), laws),
            None => Some(bank.think.clone()),
        };
        let mix = self
            .required(&app, "mix", "{ mall = 80, balance_query = 20 }")
            .and_then(|node| self.mobile_mix(node, &app.at("mix")));
        let (mix, mix_left_out) = mix?;
        Some(Sessions {
            monthly_actives: actives?,
            log_ins_per_month: log_ins?,
            hourly_weights: weights?,
            requests_per_session: requests?,
            think: think?,
            mix,
            mix_left_out,
        })
    }

    /// `retry = { after = "5s", tries = 3 }`.
    fn mobile_retry(&mut self, section: &Section<'_>, laws: &NamedLaws) -> Option<MobileRetry> {
        let retry = self.subsection(section, "retry")?;
        self.keys(&retry, &rooms::MOBILE_RETRY);
        let after = self
            .required(&retry, "after", "\"5s\"")
            .and_then(|node| self.law(node, &retry.at("after"), laws));
        let tries = self.optional_whole(&retry, "tries", 1..=1000);
        Some(MobileRetry {
            after: after?,
            tries: tries.unwrap_or(3) as u32,
        })
    }

    fn monthly_actives(&mut self, section: &Section<'_>) -> Option<u64> {
        let node = self.required(section, "monthly_actives", "300000")?;
        self.whole(node, &section.at("monthly_actives"), 0..=ACTIVES_MAX)
    }

    fn log_ins_per_month(&mut self, node: &Node, section: &Section<'_>) -> Option<f64> {
        self.number(node, &section.at("log_ins_per_month"), 0.0..=10_000.0)
    }

    fn requests_per_session(&mut self, node: &Node, section: &Section<'_>) -> Option<u32> {
        let requests = self.whole(node, &section.at("requests_per_session"), 1..=1000)?;
        Some(requests as u32)
    }

    fn hourly_weights(&mut self, node: &Node, path: &str) -> Option<[f64; 24]> {
        let list = self.list(node, path)?;
        let numbers: Vec<_> = list
            .iter()
            .map(|item| self.number(item, path, 0.0..=1e9))
            .collect();
        let numbers: Vec<f64> = numbers.into_iter().collect::<Option<_>>()?;
        match <[f64; 24]>::try_from(numbers) {
            Ok(weights) if weights.iter().sum::<f64>() > 0.0 => Some(weights),
            Ok(_) => {
                self.fault(node.origin, format!("`{path}` are all zero"), "");
                None
            }
            Err(numbers) => {
                self.fault(
                    node.origin,
                    format!("`{path}` has {} numbers", numbers.len()),
                    "it has 24, one for each hour from 0 to 23",
                );
                None
            }
        }
    }

    /// What the bank offers, and what it does not offer yet.
    #[expect(
        clippy::type_complexity,
        reason = "two lists of one kind, unpacked at once"
    )]
    fn mobile_mix(
        &mut self,
        node: &Node,
        path: &str,
    ) -> Option<(Vec<(Operation, f64)>, Vec<(Operation, f64)>)> {
        let section = self.section(node, path)?;
        let mut mix = Vec::new();
        for entry in section.table.iter() {
            let weight = self.number(&entry.node, &section.at(&entry.key), 0.0..=100.0);
            if let Ok(operation) = entry.key.parse::<Operation>() {
                mix.push(weight.map(|weight| (operation, weight)));
            } else {
                self.look_up(entry.key_origin, path, &entry.key, &Operation::names());
                mix.push(None);
            }
        }
        let mix: Vec<(Operation, f64)> = mix.into_iter().collect::<Option<_>>()?;
        let weights: Vec<f64> = mix.iter().map(|(_, weight)| *weight).collect();
        self.shares(node.origin, path, &weights)?;
        Some(
            mix.into_iter()
                .partition(|(operation, _)| operation.is_offered()),
        )
    }

    /// `[[campaigns]]`: spikes of the mobile bank's traffic, or of the branch's.
    pub fn campaigns(
        &mut self,
        table: &Table,
        mode: Option<Mode>,
        has_mobile: bool,
    ) -> Option<Vec<Campaign>> {
        let Some(entry) = table.entry("campaigns") else {
            return Some(Vec::new());
        };
        self.needs_days(table, "campaigns", mode)?;
        let list = self.list(&entry.node, "campaigns")?;
        let mut campaigns = Vec::new();
        for (position, item) in list.iter().enumerate() {
            let section = self.section(item, &format!("campaigns.{position}"));
            campaigns.push(section.and_then(|it| self.campaign(&it, has_mobile)));
        }
        campaigns.into_iter().collect()
    }

    fn campaign(&mut self, section: &Section<'_>, has_mobile: bool) -> Option<Campaign> {
        self.keys(section, &rooms::CAMPAIGN);
        let at = self
            .required(section, "at", "\"20:00\"")
            .and_then(|node| self.clock(node, &section.at("at")));
        let factor = self
            .required(section, "factor", "10")
            .and_then(|node| self.number(node, &section.at("factor"), 1.0..=10_000.0));
        let half_life = self
            .required(section, "half_life", "\"3min\"")
            .and_then(|node| self.positive_span(node, &section.at("half_life")));
        let (mobile, branch) = match section.get("channels") {
            Some(node) => self.campaign_channels(node, &section.at("channels"))?,
            None => (true, false),
        };
        let prizes = self.optional_whole(section, "prizes", 0..=100_000_000);
        let vouchers = self.optional_whole(section, "welfare_vouchers", 0..=10_000);
        if !mobile && (prizes.is_some() || vouchers.is_some()) {
            self.fault(
                section.origin,
                format!(
                    "`{}` has prizes or vouchers, and is not of the mobile bank",
                    section.path
                ),
                "name \"mobile\" in `channels`",
            );
            return None;
        }
        if mobile && !has_mobile {
            self.fault(
                section.origin,
                format!(
                    "`{}` is of the mobile bank, and the scenario has no [mobile]",
                    section.path
                ),
                "add [mobile], or write `channels = [\"branch\"]`",
            );
            return None;
        }
        Some(Campaign {
            at: at?,
            factor: factor?,
            half_life: half_life?,
            mobile,
            branch,
            prizes: prizes.map(|prizes| prizes as u32),
            welfare_vouchers: vouchers.unwrap_or(0) as u32,
        })
    }

    /// Whether `channels` names the mobile bank, and the branch.
    fn campaign_channels(&mut self, node: &Node, path: &str) -> Option<(bool, bool)> {
        let list = self.list(node, path)?;
        let mut named = (false, false);
        for item in list {
            let is_mobile = self.choice(item, path, &CAMPAIGN_CHANNELS)?;
            named.0 |= is_mobile;
            named.1 |= !is_mobile;
        }
        if named == (false, false) {
            self.fault(
                node.origin,
                format!("`{path}` is empty"),
                "name \"mobile\", \"branch\" or both",
            );
            return None;
        }
        Some(named)
    }
}
