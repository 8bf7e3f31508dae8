//! How customers wait for a resource, and its servers one by one.

use super::fields::{Reader, Section};
use super::law::NamedLaws;
use super::rooms::resources as rooms;
use super::tree::{Node, Value};
use crate::model::{
    Breakdowns, BreaksBy, Choice, Day, Interruption, Lines, Mode, Order, Queue, Server, Servers,
    ShiftEnd, Tickets,
};

pub(super) const ORDERS: [(&str, Order); 4] = [
    ("fifo", Order::Fifo),
    ("lifo", Order::Lifo),
    ("random", Order::Random),
    ("weighted", Order::Weighted),
];
pub(super) const PREEMPTIONS: [(&str, Interruption); 4] = [
    ("none", Interruption::None),
    ("resume", Interruption::Resume),
    ("restart", Interruption::Restart),
    ("resample", Interruption::Resample),
];
pub(super) const LINES: [(&str, Lines); 3] = [
    ("one", Lines::One),
    ("random", Lines::Random),
    ("shortest", Lines::Shortest),
];
pub(super) const CHOICES: [(&str, Choice); 4] = [
    ("longest_idle", Choice::LongestIdle),
    ("lowest", Choice::Lowest),
    ("fastest", Choice::Fastest),
    ("most_specialised", Choice::MostSpecialised),
];
/// So many skills fit into a word.
const SKILLS_MAX: usize = 64;
/// More servers told apart than any branch has.
pub(super) const TOLD_APART_MAX: u64 = 10_000;

impl Reader {
    /// `queue = "lifo"`, or a table.
    pub fn queue(&mut self, section: &Section<'_>) -> Queue {
        let mut queue = Queue::default();
        let Some(node) = section.get("queue") else {
            return queue;
        };
        let path = section.at("queue");
        if let Value::Text(_) = node.value {
            queue.order = self.choice(node, &path, &ORDERS).unwrap_or_default();
            return queue;
        }
        let Some(section) = self.section(node, &path) else {
            return queue;
        };
        self.keys(&section, &rooms::QUEUE);
        if let Some(node) = section.get("order") {
            let order = self.choice(node, &section.at("order"), &ORDERS);
            queue.order = order.unwrap_or_default();
        }
        if let Some(node) = section.get("preemption") {
            let preemption = self.choice(node, &section.at("preemption"), &PREEMPTIONS);
            queue.preemption = preemption.unwrap_or_default();
        }
        if let Some(node) = section.get("lines") {
            let lines = self.choice(node, &section.at("lines"), &LINES);
            queue.lines = lines.unwrap_or_default();
        }
        let room = self.optional_whole(&section, "room", 0..=10_000_000);
        queue.room = room.map(|room| room as u32);
        queue.jockeying = self.flag(&section, "jockeying");
        if queue.jockeying && queue.lines == Lines::One {
            self.fault(
                section.origin,
                format!("`{path}` has jockeying in one line"),
                "add `lines = \"shortest\"`",
            );
        }
        if let Some(tickets) = self.subsection(&section, "tickets") {
            queue.tickets = self.tickets(&tickets, queue.lines);
        }
        if queue.order == Order::Weighted && queue.lines != Lines::One {
            self.fault(
                section.origin,
                format!("`{path}` has a line for each server and weighted waits"),
                "weighted waits go with `lines = \"one\"`",
            );
        }
        queue
    }

    /// `tickets = { calling_time = "20s" }`.
    fn tickets(&mut self, section: &Section<'_>, lines: Lines) -> Option<Tickets> {
        self.keys(section, &rooms::TICKETS);
        let node = self.required(section, "calling_time", "\"20s\"")?;
        let calling_time = self.span(node, &section.at("calling_time"))?;
        if lines != Lines::One {
            self.fault(
                section.origin,
                format!("`{}` stands beside a line for each server", section.path),
                "tickets are called from one line; take out `lines`",
            );
            return None;
        }
        Some(Tickets { calling_time })
    }

    /// `servers = [{ count = 2, speed = 1.2, skills = ["cash"] }, …]`, `choice`, `breakdowns`.
    pub fn servers(
        &mut self,
        section: &Section<'_>,
        clock: Option<(&Day, Mode)>,
        laws: &NamedLaws,
    ) -> Servers {
        let mut servers = Servers::default();
        if let Some(node) = section.get("choice") {
            let choice = self.choice(node, &section.at("choice"), &CHOICES);
            servers.choice = choice.unwrap_or_default();
        }
        if let Some(breakdowns) = self.subsection(section, "breakdowns") {
            servers.breakdowns = self.breakdowns(&breakdowns, laws);
        }
        let Some(node) = section.get("servers") else {
            return servers;
        };
        let path = section.at("servers");
        for (position, item) in self
            .list(node, &path)
            .unwrap_or_default()
            .iter()
            .enumerate()
        {
            if let Some(section) = self.section(item, &format!("{path}.{position}")) {
                self.server(&section, clock, &mut servers);
            }
        }
        servers
    }

    fn server(
        &mut self,
        section: &Section<'_>,
        clock: Option<(&Day, Mode)>,
        servers: &mut Servers,
    ) -> Option<()> {
        self.keys(section, &rooms::SERVER);
        let count = self.optional_whole(section, "count", 1..=TOLD_APART_MAX);
        let speed = self.optional_number(section, "speed", 0.01..=100.0);
        let mut skills = Vec::new();
        if let Some(node) = section.get("skills") {
            let path = section.at("skills");
            for item in self.list(node, &path)? {
                let name = self.text(item, &path)?;
                self.plain_name(item.origin, &path, name);
                let known = servers.skills.iter().position(|it| it == name);
                let skill = known.unwrap_or_else(|| {
                    servers.skills.push(name.to_owned());
                    servers.skills.len() - 1
                });
                if skill >= SKILLS_MAX {
                    self.fault(
                        item.origin,
                        format!("`{path}` names more than {SKILLS_MAX} skills"),
                        "a resource has at most so many",
                    );
                    return None;
                }
                skills.push(skill);
            }
        }
        skills.sort_unstable();
        skills.dedup();
        let server = Server {
            speed: speed.unwrap_or(1.0),
            skills,
            hours: clock.and_then(|clock| self.hours_of_server(section, clock)),
        };
        for _ in 0..count.unwrap_or(1) {
            servers.each.push(server.clone());
        }
        Some(())
    }

    /// How many servers a list of them names.
    pub fn server_count(&mut self, node: &Node, path: &str) -> Option<u32> {
        let mut count = 0;
        for item in self.list(node, path)? {
            let Value::Table(table) = &item.value else {
                continue;
            };
            count += match table.get("count").map(|node| &node.value) {
                Some(Value::Integer(number)) => (*number).clamp(0, TOLD_APART_MAX.cast_signed()),
                _ => 1,
            };
        }
        if count == 0 || count > TOLD_APART_MAX.cast_signed() {
            self.fault(
                node.origin,
                format!("`{path}` names {count} servers"),
                format!("list 1 to {TOLD_APART_MAX} of them"),
            );
            return None;
        }
        Some(count as u32)
    }

    /// What does not go together where servers are told apart.
    pub fn told_apart(
        &mut self,
        section: &Section<'_>,
        queue: &Queue,
        servers: &Servers,
        shift_end: ShiftEnd,
    ) {
        let mut refuse = |key: &str, why: &str, help: &str| {
            let origin = section
                .table
                .entry(key)
                .map_or(section.origin, |it| it.key_origin);
            self.fault(origin, format!("`{}` {why}", section.path), help);
        };
        if queue.lines != Lines::One && section.get("roster").is_some() {
            refuse(
                "roster",
                "has a roster and a line for each server",
                "nobody tells those in the line of a server who goes home where to stand; write `capacity = 3` or `lines = \"one\"`",
            );
        }
        let by_clock = |it: &Breakdowns| it.by == BreaksBy::Clock;
        if servers.jams.is_some() && servers.breakdowns.as_ref().is_some_and(by_clock) {
            refuse(
                "jams",
                "jams and breaks down by the clock",
                "a server that stands jammed would break down, too; write `breakdowns = { by = \"running\", … }`",
            );
        }
        if queue.lines != Lines::One && queue.preemption != Interruption::None {
            refuse(
                "queue",
                "has a line for each server and pre-emption",
                "pre-emption goes with `lines = \"one\"`",
            );
        }
        if queue.lines != Lines::One && !servers.skills.is_empty() {
            refuse(
                "servers",
                "has a line for each server and skills",
                "skills go with `lines = \"one\"`",
            );
        }
        let hours = servers.each.iter().any(|server| server.hours.is_some());
        if queue.lines != Lines::One && hours {
            refuse(
                "servers",
                "has servers with hours and a line for each",
                "nobody tells those in the line of a server who goes home where to stand; write `lines = \"one\"`",
            );
        }
        let machines = servers.jams.is_some() || servers.breakdowns.is_some();
        match shift_end {
            ShiftEnd::Changeover if machines => refuse(
                "shift_end",
                "is relieved as a team and breaks down or jams",
                "machines are not relieved; write `shift_end = \"finish\"` or `\"resume\"`",
            ),
            ShiftEnd::Resume if servers.jams.is_some() => refuse(
                "shift_end",
                "stops on the minute and jams",
                "a server that stands jammed would be switched off, too; write `shift_end = \"finish\"`",
            ),
            _ => {}
        }
    }
}
