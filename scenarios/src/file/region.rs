//! `[region]`: many branches, from a CSV file or a list, or drawn.

use super::fields::{Reader, Section};
use super::incidents::is_of_a_branch;
use super::overrides::lay;
use super::rooms::region as rooms;
use super::tree::{Entry, Node, Origin, Table, Value};
use crate::model::{
    Branches, ChoiceOfBranch, ClosedRules, Day, PerDay, Region, RegionBranch, Scenario, Travel,
};
use crate::time::SimTime;
use std::collections::{BTreeMap, BTreeSet};

/// More branches than any bank has.
pub(super) const MOST_BRANCHES: u64 = 100_000;
/// What a whole region says once; the rest of a file is what a branch is like.
const OF_THE_REGION: [&str; 9] = [
    "region",
    "mobile",
    "campaigns",
    "load",
    "gates",
    "report",
    "assumptions",
    "name",
    "question",
];
/// What a template leaves to the file that names it.
const OF_THE_FILE: [&str; 3] = ["day", "run", "branch"];
pub(super) const CHOICES: [(&str, ChoiceOfBranch); 3] = [
    ("own", ChoiceOfBranch::Own),
    ("nearest", ChoiceOfBranch::Nearest),
    ("least_busy", ChoiceOfBranch::LeastBusy),
];

/// The kinds of branches met so far, by template and overrides.
struct Kinds<'t> {
    document: &'t Table,
    numbers: BTreeMap<(String, String), usize>,
    each: Vec<Scenario>,
}

impl Reader {
    pub fn region(&mut self, document: &Table, day: Option<&Day>) -> Option<Box<Region>> {
        let node = document.get("region")?;
        let section = self.section(node, "region")?;
        self.keys(&section, &rooms::REGION);
        let choice = match section.get("choice") {
            Some(node) => self.choice(node, "region.choice", &CHOICES)?,
            None => ChoiceOfBranch::Own,
        };
        let travel = Travel {
            speed_kmh: self
                .optional_number(&section, "speed_kmh", 0.1..=1000.0)
                .unwrap_or(20.0),
            scatter_km: self
                .optional_number(&section, "scatter_km", 0.0..=1000.0)
                .unwrap_or(0.0),
            considers: self
                .optional_whole(&section, "considers", 1..=1000)
                .unwrap_or(8) as u32,
        };
        let closed = self.closed_rules(&section)?;
        let told = self.optional_whole(&section, "told", 0..=MOST_BRANCHES);
        let mut kinds = Kinds {
            document,
            numbers: BTreeMap::new(),
            each: Vec::new(),
        };
        // The file itself is the first kind.
        self.kind(&mut kinds, &section, "", &Table::default(), node.origin)?;
        let written = self.required(&section, "branches", "\"branches.csv\"")?;
        let branches = match &written.value {
            Value::List(items) => self.listed(items, &section, &mut kinds, day?)?,
            Value::Table(_) => self.drawn(written)?,
            // A file that could not be read, which has been said.
            Value::Text(_) => return None,
            _ => {
                self.wrong_kind(written, "region.branches", "a list, a file or a table");
                return None;
            }
        };
        let mut branches = branches;
        self.close_branches(document, &mut branches, day?)?;
        let region = Region {
            kinds: kinds.each,
            branches,
            choice,
            travel,
            closed,
            told: told.unwrap_or(500) as u32,
        };
        self.region_fits(&region, &section)?;
        Some(Box::new(region))
    }

    fn closed_rules(&mut self, section: &Section<'_>) -> Option<ClosedRules> {
        let mut rules = ClosedRules {
            stay: 0.72,
            to_nearest: 0.5,
            to_mobile: 0.15,
        };
        if section.get("closed").is_none() {
            return Some(rules);
        }
        let closed = self.subsection(section, "closed")?;
        self.keys(&closed, &rooms::CLOSED_RULES);
        for (key, place) in [
            ("stay", &mut rules.stay),
            ("to_nearest", &mut rules.to_nearest),
            ("to_mobile", &mut rules.to_mobile),
        ] {
            if let Some(share) = self.optional_number(&closed, key, 0.0..=1.0) {
                *place = share;
            }
        }
        Some(rules)
    }

    fn drawn(&mut self, node: &Node) -> Option<Branches> {
        let section = self.section(node, "region.branches")?;
        self.keys(&section, &rooms::DRAWN);
        let count = self
            .required(&section, "count", "60")
            .and_then(|node| self.whole(node, "region.branches.count", 1..=MOST_BRANCHES))?;
        let grid_km = self
            .optional_number(&section, "grid_km", 0.0..=10_000.0)
            .unwrap_or(40.0);
        let example = "{ mean = 250, cv = 0.5, low = 80, high = 500 }";
        let node = self.required(&section, "per_day", example)?;
        let path = "region.branches.per_day";
        let per_day = if let Value::Table(_) = node.value {
            let law = self.section(node, path)?;
            self.keys(&law, &rooms::PER_DAY);
            let mean = self
                .required(&law, "mean", "250")
                .and_then(|node| self.number(node, &law.at("mean"), 0.001..=1e6))?;
            let number = |reader: &mut Self, key: &str, default: f64| {
                let given = reader.optional_number(&law, key, 0.0..=1e6);
                given.unwrap_or(default)
            };
            PerDay {
                mean,
                cv: number(self, "cv", 0.0),
                low: number(self, "low", 0.0),
                high: number(self, "high", 1e6),
            }
        } else {
            let mean = self.number(node, path, 0.0..=1e6)?;
            PerDay {
                mean,
                cv: 0.0,
                low: mean,
                high: mean,
            }
        };
        if per_day.low > per_day.high {
            self.fault(
                node.origin,
                format!("`{path}.low` is above `{path}.high`"),
                "swap them",
            );
            return None;
        }
        Some(Branches::Drawn {
            count: count as u32,
            per_day,
            grid_km,
        })
    }

    fn listed<'t>(
        &mut self,
        items: &[Node],
        region: &Section<'t>,
        kinds: &mut Kinds<'t>,
        day: &Day,
    ) -> Option<Branches> {
        let mut names = BTreeSet::new();
        let mut branches = Vec::new();
        for (position, item) in items.iter().enumerate() {
            let path = format!("region.branches.{position}");
            let Some(section) = self.section(item, &path) else {
                continue;
            };
            if let Some(branch) = self.one(&section, region, kinds, day) {
                if !names.insert(branch.name.clone()) {
                    let name = &branch.name;
                    self.fault(
                        section.origin,
                        format!("there is a second branch `{name}`"),
                        "every branch has a name of its own",
                    );
                }
                branches.push(branch);
            }
        }
        if items.is_empty() {
            self.fault(
                region.origin,
                "`region.branches` is empty",
                "list a branch, or name a CSV file",
            );
        }
        (branches.len() == items.len() && !branches.is_empty())
            .then_some(Branches::Listed(branches))
    }

    fn one<'t>(
        &mut self,
        section: &Section<'_>,
        region: &Section<'t>,
        kinds: &mut Kinds<'t>,
        day: &Day,
    ) -> Option<RegionBranch> {
        self.keys(section, &rooms::REGION_BRANCH);
        let node = self.required(section, "name", "\"market-street\"")?;
        let name = self.text(node, &section.at("name"))?.to_owned();
        self.plain_name(node.origin, &section.at("name"), &name);
        let template = self.optional_text(section, "template").unwrap_or("");
        let template = template.to_owned();
        let nothing = Table::default();
        let set = self.subsection(section, "set");
        let set = set.as_ref().map_or(&nothing, |it| it.table);
        let per_day = self.optional_number(section, "per_day", 0.0..=1e6);
        let mobile_actives = self.optional_whole(section, "mobile_actives", 0..=100_000_000);
        let x_km = self.optional_number(section, "x_km", -20_000.0..=20_000.0);
        let y_km = self.optional_number(section, "y_km", -20_000.0..=20_000.0);
        let closed = self.closed(section, day)?;
        let kind = self.kind(kinds, region, &template, set, section.origin)?;
        Some(RegionBranch {
            name,
            kind,
            per_day,
            mobile_actives,
            x_km: x_km.unwrap_or(0.0),
            y_km: y_km.unwrap_or(0.0),
            closed,
        })
    }

    /// `closed = true`, or `{ from = "10:00", to = "12:00" }`.
    fn closed(&mut self, section: &Section<'_>, day: &Day) -> Option<Vec<(SimTime, SimTime)>> {
        let Some(node) = section.get("closed") else {
            return Some(Vec::new());
        };
        let whole = (day.open, day.close);
        match &node.value {
            Value::Boolean(false) => Some(Vec::new()),
            Value::Boolean(true) => Some(vec![whole]),
            Value::Table(_) => {
                let stretch = self.subsection(section, "closed")?;
                self.keys(&stretch, &rooms::CLOSED);
                let from = self.within(&stretch, "from", whole, "the opening hours");
                let to = self.within(&stretch, "to", whole, "the opening hours");
                let stretch_of = (from.unwrap_or(day.open), to.unwrap_or(day.close));
                self.in_order(&stretch, stretch_of)?;
                Some(vec![stretch_of])
            }
            _ => {
                let path = section.at("closed");
                self.wrong_kind(node, &path, "yes, no or { from = …, to = … }");
                None
            }
        }
    }

    /// The number of the kind with this template and these overrides.
    fn kind<'t>(
        &mut self,
        kinds: &mut Kinds<'t>,
        region: &Section<'t>,
        template: &str,
        set: &Table,
        origin: Origin,
    ) -> Option<usize> {
        let told = set.iter().map(|entry| {
            let written = super::canonical::shown(&entry.node);
            format!("{}={written};", entry.key)
        });
        let key = (template.to_owned(), told.collect::<String>());
        if let Some(number) = kinds.numbers.get(&key) {
            return Some(*number);
        }
        let mut table = self.kind_document(kinds, region, template, origin)?;
        for entry in set.iter() {
            lay(self, &mut table, &entry.key, entry.node.clone(), origin);
        }
        let before = self.faults.len();
        let scenario = self.model(&table);
        // What is wrong with the file itself is wrong with every kind of branch, and
        // told once.
        let mut new = self.faults.split_off(before);
        new.retain(|fault| !self.faults.iter().any(|known| known.is_again(fault)));
        let any = !new.is_empty();
        self.faults.extend(new);
        if any && !kinds.each.is_empty() {
            let what = if template.is_empty() {
                "this branch"
            } else {
                template
            };
            self.fault(
                origin,
                format!("what is wrong above is in the scenario of {what}"),
                "a template is a whole scenario; an override a path that `--set` takes",
            );
        }
        let scenario = scenario?;
        if let Some(first) = kinds.each.first()
            && let Some(what) = difference(first, &scenario)
        {
            self.fault(
                origin,
                format!("a branch has other {what} than the file itself"),
                "all branches of a region have the same services, segments, journeys and resources by name, in the same order",
            );
            return None;
        }
        kinds.each.push(scenario);
        kinds.numbers.insert(key, kinds.each.len() - 1);
        Some(kinds.each.len() - 1)
    }

    fn kind_document(
        &mut self,
        kinds: &Kinds<'_>,
        region: &Section<'_>,
        template: &str,
        origin: Origin,
    ) -> Option<Table> {
        let mut table = if template.is_empty() {
            kinds.document.clone()
        } else {
            let templates = self.subsection(region, "templates");
            let names: Vec<&str> = templates
                .as_ref()
                .map(|it| it.table.keys().collect())
                .unwrap_or_default();
            self.look_up(origin, "template", template, &names)?;
            let node = templates.as_ref()?.table.get(template)?;
            let Value::Table(table) = &node.value else {
                self.wrong_kind(node, &format!("region.templates.{template}"), "a table");
                return None;
            };
            let mut table = table.clone();
            for key in OF_THE_FILE {
                table.remove(key);
                if let Some(entry) = kinds.document.entry(key) {
                    table.put(entry.clone());
                }
            }
            table
        };
        for key in OF_THE_REGION {
            table.remove(key);
        }
        if let Some(mut incidents) = table.remove("incidents") {
            if let Value::List(list) = &mut incidents.node.value {
                list.retain(|incident| !is_of_a_branch(incident));
            }
            table.put(incidents);
        }
        table.put(Entry {
            key: "name".into(),
            key_origin: origin,
            node: Node {
                value: Value::Text("branch".into()),
                origin,
            },
        });
        Some(table)
    }

    /// Without a region there is nobody to share with.
    pub fn nothing_shared(&mut self, table: &Table, scenario: &Scenario) {
        for resource in scenario.resources.iter().filter(|it| it.shared) {
            let node = table.get("resources");
            let nowhere = Origin {
                source: 0,
                start: 0,
                end: 0,
            };
            let origin = node.map_or(nowhere, |node| node.origin);
            self.fault(
                origin,
                format!(
                    "`resources.{}.shared` means nothing without a region",
                    resource.name
                ),
                "add [region] with its branches, or take `shared` out",
            );
        }
    }

    /// What cannot be together in a region.
    fn region_fits(&mut self, region: &Region, section: &Section<'_>) -> Option<()> {
        let replayed = region.kinds.iter().any(|it| it.arrivals.recorded.is_some());
        if replayed && (region.choice != ChoiceOfBranch::Own || region.closes()) {
            self.fault(
                section.origin,
                "a recorded log is of customers who were at their branch: `replay` does not go with a choice of branch or a closed branch",
                "give the branches a rate, or take out `choice` and `closed`",
            );
            return None;
        }
        let books = region.kinds.iter().any(|it| it.appointments.is_some());
        if books && (region.choice != ChoiceOfBranch::Own || region.closes() || region.shares()) {
            self.fault(
                section.origin,
                "who has booked has booked one branch: `appointments` do not go with a choice of branch, closed branches or shared resources",
                "take them out, or let every branch keep its customers and its servers",
            );
            return None;
        }
        let closes = |kind: &Scenario| {
            let mut incidents = kind.incidents.iter();
            incidents.any(|it| it.effect == crate::model::Effect::Closed)
        };
        if region.kinds.iter().any(closes) {
            self.fault(
                section.origin,
                "an incident closes every branch of the region at once",
                "name the one: `what = \"branches.harbour\"`",
            );
            return None;
        }
        let run = &region.kinds[0].run;
        if run.batches.is_some() || run.warm_up == crate::model::WarmUp::Mser5 {
            self.fault(
                section.origin,
                "`batches` of one long run, and a warm-up that is found, do not go with a region",
                "give it replications and a warm-up",
            );
            return None;
        }
        if region.kinds[0].run.random != crate::model::Random::Keyed {
            self.fault(
                section.origin,
                "a region draws every number from its own place: `random` does not go with it",
                "take out `random` in [run]",
            );
            return None;
        }
        if let Branches::Listed(branches) = &region.branches {
            for branch in branches.iter().filter(|branch| branch.per_day.is_some()) {
                let kind = &region.kinds[branch.kind].arrivals;
                if kind.gap.is_some() || kind.recorded.is_some() {
                    let name = &branch.name;
                    self.fault(
                        section.origin,
                        format!(
                            "`per_day` of the branch `{name}` stands beside a `gap` or a `replay`"
                        ),
                        "these say themselves when customers come; take `per_day` out",
                    );
                    return None;
                }
            }
        }
        self.shared_fits(region, section)
    }

    /// Shared resources are held by steps alone.
    fn shared_fits(&mut self, region: &Region, section: &Section<'_>) -> Option<()> {
        for kind in &region.kinds {
            for journey in &kind.journeys {
                let shared = |holds: &[crate::model::Hold]| {
                    let mut shared = holds.iter().filter(|it| kind.resources[it.resource].shared);
                    shared.next().is_some()
                };
                let name = &journey.name;
                // What a branch of parallel steps holds is asked for by itself.
                let alone = journey.sequences().all(|(of, steps)| {
                    steps.iter().enumerate().all(|(place, step)| {
                        !shared(&step.holds)
                            || (step.holds.len() == 1
                                && step.holds[0].count == 1
                                && !step.keeps
                                && (place > 0 || of.is_some() || journey.holds.is_empty()))
                    })
                });
                if shared(&journey.holds) || !alone {
                    self.fault(
                        section.origin,
                        format!("journey `{name}` holds a shared resource together with others"),
                        "a step holds one server of a shared resource alone, does not keep it, and is not the first of a journey that holds something",
                    );
                    return None;
                }
            }
            for resource in kind.resources.iter().filter(|it| it.shared) {
                let plain = !resource.told_apart()
                    && resource.queue.order == crate::model::Order::Fifo
                    && resource.queue.preemption == crate::model::Interruption::None
                    && resource.queue.room.is_none();
                let number = kind.resource(&resource.name);
                let touched = kind.incidents.iter().any(|it| {
                    matches!(it.what, crate::model::Affected::Resource(of) if Some(of) == number)
                });
                let clears = kind.resources.iter().any(|it| {
                    let jams = it.servers.jams.as_ref();
                    jams.is_some_and(|jams| Some(jams.cleared_by) == number)
                });
                if !plain || touched || clears || !resource.drawn.is_empty() {
                    self.fault(
                        section.origin,
                        format!("the shared resource `{}` has rules of its own", resource.name),
                        "a shared resource is a pool of like servers with one line, first come, first served within a priority, without incidents of its own",
                    );
                    return None;
                }
            }
        }
        Some(())
    }
}

/// What differs by name between two kinds, if anything does.
fn difference(first: &Scenario, other: &Scenario) -> Option<&'static str> {
    let resources =
        |it: &Scenario| -> Vec<String> { it.resources.iter().map(|it| it.name.clone()).collect() };
    let journeys = |it: &Scenario| -> Vec<_> {
        let journeys = it.journeys.iter();
        journeys.map(|it| (it.name.clone(), it.channel)).collect()
    };
    let services =
        |it: &Scenario| -> Vec<String> { it.services.iter().map(|it| it.name.clone()).collect() };
    let segments =
        |it: &Scenario| -> Vec<String> { it.segments.iter().map(|it| it.name.clone()).collect() };
    let differ = [
        ("resources", resources(first) != resources(other)),
        ("journeys", journeys(first) != journeys(other)),
        ("services", services(first) != services(other)),
        ("segments", segments(first) != segments(other)),
    ];
    differ
        .into_iter()
        .find(|(_, differ)| *differ)
        .map(|it| it.0)
}
