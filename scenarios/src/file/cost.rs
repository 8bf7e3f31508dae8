//! What people, machines and waiting cost.

use super::fields::{Reader, Section};
use super::rooms::resources::{COST, MACHINE_COST};
use super::tree::Table;
use crate::model::{Cost, MachineCost, Mode, Resource, ResourceKind};

/// Yuan, at most: more than any machine costs, and exact in sums of a day.
pub(super) const YUAN_MAX: f64 = 1e8;
/// Opening days of a year: those of five days a week without holidays.
const DAYS_PER_YEAR: f64 = 250.0;

/// The usual costs (`docs/figures.md`): yuan for a rostered hour of a teller, of a
/// lobby manager, for a customer's hour of waiting, and of a machine.
const TELLER_PER_HOUR: f64 = 80.0;
const LOBBY_MANAGER_PER_HOUR: f64 = 75.0;
const WAITING_PER_HOUR: f64 = 30.0;
const MACHINE: MachineCost = MachineCost {
    purchase: 60_000.0,
    years: 5.0,
    service_per_year: 6_000.0,
    days_per_year: DAYS_PER_YEAR,
};

impl Reader {
    /// `[cost]`: `waiting_per_hour = 30`; with `usual = true` what no resource says
    /// of itself is as usual for its kind.
    pub fn cost(
        &mut self,
        table: &Table,
        mode: Option<Mode>,
        resources: &mut [Resource],
    ) -> Option<Cost> {
        let Some(node) = table.get("cost") else {
            return Some(Cost::default());
        };
        let section = self.section(node, "cost")?;
        self.keys(&section, &COST);
        let mut waiting_per_hour =
            self.optional_number(&section, "waiting_per_hour", 0.0..=YUAN_MAX);
        if self.flag(&section, "usual") {
            waiting_per_hour = waiting_per_hour.or(Some(WAITING_PER_HOUR));
            let machines = !matches!(mode, Some(Mode::SteadyState { .. }));
            for resource in resources.iter_mut().filter(|it| !it.has_cost()) {
                match resource.kind {
                    ResourceKind::Teller | ResourceKind::VipWindow => {
                        resource.cost_per_hour = Some(TELLER_PER_HOUR);
                    }
                    ResourceKind::LobbyManager => {
                        resource.cost_per_hour = Some(LOBBY_MANAGER_PER_HOUR);
                    }
                    ResourceKind::Kiosk | ResourceKind::Atm if machines => {
                        resource.machine = Some(MACHINE);
                    }
                    _ => {}
                }
            }
        }
        Some(Cost { waiting_per_hour })
    }

    /// `cost = { purchase = 60000, years = 5, service_per_year = 6000 }` of a machine.
    pub fn machine_cost(
        &mut self,
        section: &Section<'_>,
        mode: Option<Mode>,
    ) -> Option<MachineCost> {
        let cost = self.subsection(section, "cost")?;
        self.keys(&cost, &MACHINE_COST);
        if let Some(Mode::SteadyState { .. }) = mode {
            self.fault(
                cost.origin,
                format!("`{}` is by the day, and a steady state has none", cost.path),
                "write `cost_per_hour = 9`",
            );
            return None;
        }
        let purchase = self.required(&cost, "purchase", "60000")?;
        let purchase = self.number(purchase, &cost.at("purchase"), 0.0..=YUAN_MAX);
        let years = self.required(&cost, "years", "5")?;
        let years = self.number(years, &cost.at("years"), 0.1..=100.0);
        let service_per_year = self.optional_number(&cost, "service_per_year", 0.0..=YUAN_MAX);
        let days_per_year = self.optional_number(&cost, "days_per_year", 1.0..=366.0);
        Some(MachineCost {
            purchase: purchase?,
            years: years?,
            service_per_year: service_per_year.unwrap_or(0.0),
            days_per_year: days_per_year.unwrap_or(DAYS_PER_YEAR),
        })
    }
}
