//! When servers are on duty: rosters of pools, and the shifts and breaks of servers
//! listed one by one.

use super::fields::{Reader, Section};
use super::pools::SERVERS_MAX;
use super::rooms::resources as rooms;
use super::tree::{Node, Value};
use crate::model::{Day, Mode, Servers, ShiftEnd, Stretch};
use crate::time::SimTime;

/// Who is there when: so many servers over a stretch of the day, several times.
pub(super) struct Hours(Vec<(u32, Stretch)>);

impl Hours {
    /// So many from the opening to the end.
    pub fn always(count: u32, day: &Day) -> Self {
        Self(vec![(count, (day.open, day.close))])
    }

    /// Of servers listed one by one.
    pub fn of(servers: &Servers, day: &Day) -> Self {
        let each = servers.each.iter().flat_map(|server| match &server.hours {
            None => vec![(1, (day.open, day.close))],
            Some(hours) => hours.iter().map(|stretch| (1, *stretch)).collect(),
        });
        Self(each.collect())
    }

    /// How many are on duty from when on; what ends at closing stays for those
    /// inside. Where one goes as another comes the team changes, not the number:
    /// a step only for those who are relieved as a team or told apart.
    pub fn steps(&self, day: &Day, shift_end: ShiftEnd, apart: bool) -> Vec<(SimTime, u32)> {
        let ends = self.0.iter().flat_map(|(_, (from, to))| [*from, *to]);
        let mut moments: Vec<SimTime> = ends.collect();
        moments.push(day.open);
        moments.retain(|moment| *moment < day.close);
        moments.sort_unstable();
        moments.dedup();
        let count = |at: SimTime| {
            let on = self
                .0
                .iter()
                .filter(|(_, (from, to))| *from <= at && at < *to);
            let sum: u64 = on.map(|(count, _)| u64::from(*count)).sum();
            sum.min(u64::from(u32::MAX)) as u32
        };
        let mut steps: Vec<_> = moments.into_iter().map(|at| (at, count(at))).collect();
        if shift_end != ShiftEnd::Changeover && !apart {
            steps.dedup_by_key(|(_, count)| *count);
        }
        steps
    }
}

impl Reader {
    /// `roster = [{ count = 2, from = "09:00", … }, …]`.
    pub fn roster(&mut self, node: &Node, path: &str, day: &Day) -> Option<Hours> {
        let list = self.list(node, path)?;
        let mut all = Vec::new();
        let before = self.faults.len();
        for (position, item) in list.iter().enumerate() {
            let path = format!("{path}.{position}");
            if let Some(section) = self.section(item, &path) {
                self.keys(&section, &rooms::ROSTER);
                let count = self
                    .required(&section, "count", "2")
                    .and_then(|node| self.whole(node, &section.at("count"), 0..=SERVERS_MAX));
                if let (Some(count), Some(stretches)) = (count, self.shift(&section, day)) {
                    all.extend(stretches.into_iter().map(|it| (count as u32, it)));
                }
            }
        }
        if self.faults.len() > before {
            return None;
        }
        if list.is_empty() {
            self.fault(
                node.origin,
                format!("`{path}` has no shifts"),
                "write `[{ count = 2 }]`",
            );
            return None;
        }
        Some(Hours(all))
    }

    /// The hours of a server listed: `from`, `to` and `break`, or several `shifts`
    /// of these; none where it says nothing of hours.
    pub fn hours_of_server(
        &mut self,
        section: &Section<'_>,
        (day, mode): (&Day, Mode),
    ) -> Option<Vec<Stretch>> {
        let plain = ["from", "to", "break"]
            .into_iter()
            .find_map(|key| section.get(key));
        let Some(shifts) = section.get("shifts") else {
            let path = section.at("from");
            self.has_a_clock(plain?, &path, Some(mode))?;
            return self.shift(section, day);
        };
        let path = section.at("shifts");
        self.has_a_clock(shifts, &path, Some(mode))?;
        if plain.is_some() {
            self.fault(
                shifts.origin,
                format!("`{}` has `shifts` and hours beside them", section.path),
                "write all of them in `shifts`",
            );
            return None;
        }
        let mut all = Vec::new();
        for (position, item) in self.list(shifts, &path)?.iter().enumerate() {
            let path = format!("{path}.{position}");
            let section = self.section(item, &path)?;
            self.keys(&section, &rooms::SHIFT);
            all.extend(self.shift(&section, day)?);
        }
        all.sort_unstable();
        if let Some(pair) = all.windows(2).find(|pair| pair[1].0 < pair[0].1) {
            self.fault(
                shifts.origin,
                format!(
                    "of `{path}` one begins at {} before another ends at {}",
                    pair[1].0.clock(),
                    pair[0].1.clock()
                ),
                "one server is there once at a time; write another server",
            );
            return None;
        }
        // One after the other without a gap is one.
        all.dedup_by(|next, last| {
            let follows = last.1 == next.0;
            if follows {
                last.1 = next.1;
            }
            follows
        });
        Some(all)
    }

    /// A steady state has no clock.
    pub fn has_a_clock(&mut self, node: &Node, path: &str, mode: Option<Mode>) -> Option<()> {
        if let Some(Mode::SteadyState { .. }) = mode {
            self.fault(
                node.origin,
                format!("`{path}` means nothing in a steady state"),
                "a steady state has no clock; write `capacity = 3`",
            );
            return None;
        }
        Some(())
    }

    /// From `from` to `to`, the opening hours where they are not said, without the
    /// `break`, or several.
    fn shift(&mut self, section: &Section<'_>, day: &Day) -> Option<Vec<Stretch>> {
        let hours = (day.open, day.close);
        let from = self.within(section, "from", hours, "the opening hours");
        let to = self.within(section, "to", hours, "the opening hours");
        let shift = (from.unwrap_or(day.open), to.unwrap_or(day.close));
        self.in_order(section, shift)?;
        let mut pauses = Vec::new();
        match section.get("break").map(|node| (node, &node.value)) {
            None => {}
            Some((node, Value::List(items))) => {
                let path = section.at("break");
                for (position, item) in items.iter().enumerate() {
                    let pause = self.section(item, &format!("{path}.{position}"))?;
                    pauses.push(self.pause(&pause, shift)?);
                }
                pauses.sort_unstable();
                if pauses.windows(2).any(|pair| pair[1].0 < pair[0].1) {
                    self.fault(
                        node.origin,
                        format!("of `{path}` one begins before another has ended"),
                        "write them as one",
                    );
                    return None;
                }
            }
            Some(_) => {
                let pause = self.subsection(section, "break")?;
                pauses.push(self.pause(&pause, shift)?);
            }
        }
        let mut stretches = Vec::new();
        let mut from = shift.0;
        for (begins, ends) in pauses {
            stretches.push((from, begins));
            from = ends;
        }
        stretches.push((from, shift.1));
        stretches.retain(|(from, to)| from < to);
        Some(stretches)
    }

    /// `{ from = "11:30", to = "13:30" }` within a shift.
    fn pause(&mut self, section: &Section<'_>, shift: Stretch) -> Option<Stretch> {
        self.keys(section, &rooms::BREAK);
        self.required(section, "from", "\"11:30\"");
        self.required(section, "to", "\"13:30\"");
        let from = self.within(section, "from", shift, "its shift")?;
        let to = self.within(section, "to", shift, "its shift")?;
        self.in_order(section, (from, to))?;
        Some((from, to))
    }
}
