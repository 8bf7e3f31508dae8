//! `[appointments]`: a book of them, or slots to be filled, and how people keep them.

use super::fields::{Reader, Section};
use super::law::NamedLaws;
use super::rooms::appointments as rooms;
use super::tree::{Node, Table, Value};
use crate::model::{
    Appointments, Arrivals, Booking, Closing, Day, JourneyId, Mode, Punctuality, Resource, Segment,
    Service, ServiceId,
};
use crate::time::{SimTime, Span, parse_span};

/// More than any branch books in a day.
const BOOKINGS_MAX: u64 = 100_000;
/// Nobody comes more than a day early or late.
const OFFSET_MAX: f64 = 86_400.0;

/// What appointments may name.
pub(super) struct Known<'s> {
    pub day: &'s Day,
    pub resources: &'s [Resource],
    pub services: &'s [Service],
    pub laws: &'s NamedLaws,
}

/// How many appointments each slot of a list takes.
enum Places {
    /// So many each; a fraction comes out over several slots.
    Each(f64),
    /// This share of a segment's customers, over all slots.
    Share(f64, usize),
}

impl Reader {
    /// Reads `[appointments]`, and takes the customers who book out of those who walk in.
    #[expect(
        clippy::option_option,
        reason = "none is a fault, some none is no appointments, as everywhere in the reader"
    )]
    pub(super) fn appointments(
        &mut self,
        table: &Table,
        mode: Option<Mode>,
        known: &Known<'_>,
        segments: &mut [Segment],
        arrivals: &mut Arrivals,
    ) -> Option<Option<Appointments>> {
        let Some(node) = table.get("appointments") else {
            return self.nobody_books(table, known.day).then_some(None);
        };
        let section = self.section(node, "appointments")?;
        self.keys(&section, &rooms::APPOINTMENTS);
        if let Some(Mode::SteadyState { .. }) = mode {
            self.fault(
                section.origin,
                "[appointments] means nothing in a steady state, which has no clock",
                "write `mode = \"days\"` in [run], or take it out",
            );
            return None;
        }
        if arrivals.recorded.is_some() || has_replay(table) {
            self.fault(
                section.origin,
                "[appointments] stands beside a recorded log, which has all who came",
                "take out `arrivals.replay` or [appointments]",
            );
            return None;
        }
        let before = self.faults.len();
        let punctuality = self.punctuality(&section, known.laws);
        let no_show = self.optional_number(&section, "no_show", 0.0..=1.0);
        let cancelled = self.optional_number(&section, "cancelled", 0.0..=1.0);
        let (no_show, cancelled) = (no_show.unwrap_or(0.0), cancelled.unwrap_or(0.0));
        if no_show + cancelled > 1.0 {
            self.fault(
                section.origin,
                format!(
                    "`appointments` are cancelled or not kept by {}",
                    no_show + cancelled
                ),
                "`cancelled` and `no_show` are shares of all appointments, together at most 1",
            );
        }
        let mut bookings = self.bookings(&section, known, segments, arrivals)?;
        bookings.sort_by_key(|booking| booking.at);
        let reserved = self.reserved(&section, known.resources);
        self.booked_segments(&section, &bookings, segments);
        (self.faults.len() == before).then_some(Some(Appointments {
            bookings,
            punctuality: punctuality?,
            cancelled,
            no_show,
            reserved: reserved?,
        }))
    }

    /// Whether the day does without appointments.
    fn nobody_books(&mut self, table: &Table, day: &Day) -> bool {
        let Closing::AppointmentsOnly { .. } = day.closing else {
            return true;
        };
        let written = match table.get("day").map(|node| &node.value) {
            Some(Value::Table(day)) => day.get("closing"),
            _ => None,
        };
        if let Some(node) = written {
            self.fault(
                node.origin,
                "`day.closing` is for appointments, and there are no [appointments]",
                "write `{ tickets_until = \"16:30\" }`, or add [appointments]",
            );
        }
        false
    }

    fn bookings(
        &mut self,
        section: &Section<'_>,
        known: &Known<'_>,
        segments: &mut [Segment],
        arrivals: &mut Arrivals,
    ) -> Option<Vec<Booking>> {
        if let Some(node) = section.get("book") {
            self.not_both(section, &["book"], &["slots", "overbooking"]);
            let path = section.at("book");
            let rows = self.list(node, &path)?;
            let rows: Vec<_> = rows
                .iter()
                .enumerate()
                .map(|(position, row)| {
                    let row = self.section(row, &format!("{path}.{position}"))?;
                    self.booking(&row, known, segments)
                })
                .collect();
            return rows.into_iter().collect();
        }
        let node = self.required(
            section,
            "slots",
            "{ at = [\"10:00\", \"11:00\"], per_slot = 2, segment = \"vip\" }",
        )?;
        let (factor, extra) = self.overbooking(section)?;
        let path = section.at("slots");
        let lists: Vec<(String, &Node)> = match &node.value {
            Value::List(items) => (0..)
                .zip(items)
                .map(|(position, item): (usize, _)| (format!("{path}.{position}"), item))
                .collect(),
            _ => vec![(path, node)],
        };
        let mut bookings = Vec::new();
        let mut taken = vec![0.0; segments.len()];
        for (path, node) in lists {
            let slots = self.section(node, &path)?;
            let (times, places, whose, service) = self.slots(&slots, known, segments)?;
            let count = times.len() as f64;
            let places = match places {
                Places::Each(places) => places,
                Places::Share(share, of) => {
                    taken[of] += share;
                    share * expected_of(&segments[of], arrivals) / count
                }
            };
            let mut made = 0;
            for (slot, at) in (1..).zip(times) {
                // So that fractions come out over the slots.
                let so_far = (f64::from(slot) * places * factor).round() as u64;
                for _ in 0..(so_far - made) + extra {
                    bookings.push(Booking {
                        at,
                        segment: whose,
                        service,
                    });
                }
                made = so_far;
            }
        }
        if bookings.len() as u64 > BOOKINGS_MAX {
            self.fault(
                section.origin,
                format!("`appointments` has {} of them", bookings.len()),
                format!("at most {BOOKINGS_MAX} a day"),
            );
            return None;
        }
        self.take_from_walk_ins(section, &taken, segments, arrivals)?;
        Some(bookings)
    }

    /// Whoever books does not walk in.
    fn take_from_walk_ins(
        &mut self,
        section: &Section<'_>,
        taken: &[f64],
        segments: &mut [Segment],
        arrivals: &mut Arrivals,
    ) -> Option<()> {
        if taken.iter().all(|share| *share <= 0.0) {
            return Some(());
        }
        if arrivals.gap.is_some() || arrivals.most.is_some() {
            self.fault(
                section.origin,
                "`appointments` takes a share of customers whose number is not known",
                "write `per_slot`, or give arrivals by rates",
            );
            return None;
        }
        if let Some(of) = taken.iter().position(|share| *share > 1.0) {
            let name = &segments[of].name;
            self.fault(
                section.origin,
                format!("more than all customers of `{name}` come by appointment"),
                "the shares of one segment are together at most 1",
            );
            return None;
        }
        for (segment, share) in segments.iter_mut().zip(taken) {
            segment.share *= 1.0 - share;
        }
        let left: f64 = segments.iter().map(|segment| segment.share).sum();
        for piece in &mut arrivals.pieces {
            piece.expected *= left;
        }
        if left > 0.0 {
            for segment in segments {
                segment.share /= left;
            }
        }
        Some(())
    }

    fn booking(
        &mut self,
        row: &Section<'_>,
        known: &Known<'_>,
        segments: &[Segment],
    ) -> Option<Booking> {
        self.keys(row, &rooms::BOOKING);
        let node = self.required(row, "at", "\"10:00\"")?;
        let at = self.appointed(node, &row.at("at"), known.day)?;
        let segment = self.whose(row, segments)?;
        let service = self.what_for(row, known.services, &segments[segment])?;
        Some(Booking {
            at,
            segment,
            service,
        })
    }

    /// One list of slots: when, how many places, whose, what for.
    #[expect(
        clippy::type_complexity,
        reason = "the four answers of one table, unpacked at once"
    )]
    fn slots(
        &mut self,
        section: &Section<'_>,
        known: &Known<'_>,
        segments: &[Segment],
    ) -> Option<(Vec<SimTime>, Places, usize, Option<(ServiceId, JourneyId)>)> {
        self.keys(section, &rooms::SLOTS);
        if section.get("per_slot").is_some() {
            self.not_both(section, &["per_slot"], &["share", "of"]);
        }
        let times = self.slot_times(section, known.day)?;
        let segment = self.whose(section, segments)?;
        let service = self.what_for(section, known.services, &segments[segment])?;
        let places = self.places(section, segment, segments)?;
        Some((times, places, segment, service))
    }

    /// How many appointments a list of slots takes.
    fn places(
        &mut self,
        section: &Section<'_>,
        segment: usize,
        segments: &[Segment],
    ) -> Option<Places> {
        let Some(node) = section.get("share") else {
            let node = self.required(section, "per_slot", "2")?;
            let places = self.number(node, &section.at("per_slot"), 0.0..=10_000.0)?;
            return Some(Places::Each(places));
        };
        let share = self.number(node, &section.at("share"), 0.0..=1.0)?;
        let names: Vec<&str> = segments.iter().map(|it| it.name.as_str()).collect();
        let node = self.required(section, "of", "\"vip\"")?;
        let of = self.reference(node, &section.at("of"), &names)?;
        if of == segment {
            self.fault(
                node.origin,
                format!("`{}` names the segment of those who book", section.at("of")),
                "booked customers are a segment of their own, with `share = 0`",
            );
            return None;
        }
        Some(Places::Share(share, of))
    }

    fn slot_times(&mut self, section: &Section<'_>, day: &Day) -> Option<Vec<SimTime>> {
        if let Some(node) = section.get("at") {
            self.not_both(section, &["at"], &["from", "to", "every"]);
            let path = section.at("at");
            let list = self.list(node, &path)?;
            let times: Vec<_> = list
                .iter()
                .map(|item| self.appointed(item, &path, day))
                .collect();
            let mut times = times.into_iter().collect::<Option<Vec<_>>>()?;
            times.sort_unstable();
            if times.is_empty() {
                self.fault(node.origin, format!("`{path}` is empty"), "");
                return None;
            }
            return Some(times);
        }
        let from = self.required(section, "from", "\"09:30\"")?;
        let from = self.appointed(from, &section.at("from"), day)?;
        let node = self.required(section, "to", "\"16:00\"")?;
        let to = self.appointed(node, &section.at("to"), day)?;
        let every = self.required(section, "every", "\"30min\"")?;
        let every_path = section.at("every");
        let step = self.positive_span(every, &every_path)?;
        if to < from {
            let (from, to) = (from.clock(), to.clock());
            self.fault(
                node.origin,
                format!("`{}` is {to}, before {from}", section.at("to")),
                "the last slot is at `to` or before it",
            );
            return None;
        }
        if step < Span(1_000_000) {
            self.fault(
                every.origin,
                format!("`{every_path}` is shorter than a second"),
                "",
            );
            return None;
        }
        let times = std::iter::successors(Some(from), |at| Some(at.after(step)));
        Some(times.take_while(|at| *at <= to).collect())
    }

    /// A time of day within the opening hours.
    fn appointed(&mut self, node: &Node, path: &str, day: &Day) -> Option<SimTime> {
        let at = self.clock(node, path)?;
        if (day.open..day.close).contains(&at) {
            return Some(at);
        }
        let (open, close) = (day.open.clock(), day.close.clock());
        self.fault(
            node.origin,
            format!("`{path}` is {}, when the doors are shut", at.clock()),
            format!("appointments are from {open} to before {close}"),
        );
        None
    }

    fn whose(&mut self, section: &Section<'_>, segments: &[Segment]) -> Option<usize> {
        let node = self.required(section, "segment", "\"booked\"")?;
        let names: Vec<&str> = segments.iter().map(|it| it.name.as_str()).collect();
        self.reference(node, &section.at("segment"), &names)
    }

    /// The service of a booking, which must be one of its segment's.
    #[expect(
        clippy::option_option,
        reason = "none is a fault, some none is drawn, as everywhere in the reader"
    )]
    fn what_for(
        &mut self,
        section: &Section<'_>,
        services: &[Service],
        segment: &Segment,
    ) -> Option<Option<(ServiceId, JourneyId)>> {
        let Some(node) = section.get("service") else {
            return Some(None);
        };
        let names: Vec<&str> = segment
            .services
            .iter()
            .map(|(service, ..)| services[*service].name.as_str())
            .collect();
        let found = self.reference(node, &section.at("service"), &names)?;
        let (service, journey, _) = segment.services[found];
        Some(Some((service, journey)))
    }

    /// `overbooking = 1.1`, or `{ extra = 1 }` in each slot.
    fn overbooking(&mut self, section: &Section<'_>) -> Option<(f64, u64)> {
        let Some(node) = section.get("overbooking") else {
            return Some((1.0, 0));
        };
        let path = section.at("overbooking");
        if !matches!(node.value, Value::Table(_)) {
            return Some((self.number(node, &path, 0.0..=10.0)?, 0));
        }
        let inner = self.section(node, &path)?;
        self.keys(&inner, &rooms::OVERBOOKING);
        let node = self.required(&inner, "extra", "1")?;
        Some((1.0, self.whole(node, &inner.at("extra"), 0..=1000)?))
    }

    /// `{ law = "normal", mean = "-3min", sd = "6min" }`, `"-3min"`, or any law of
    /// those who are never early.
    fn punctuality(&mut self, section: &Section<'_>, laws: &NamedLaws) -> Option<Punctuality> {
        let exact = Punctuality::Normal { mean: 0.0, sd: 0.0 };
        let Some(node) = section.get("punctuality") else {
            return Some(exact);
        };
        let path = section.at("punctuality");
        if let Value::Text(text) = &node.value
            && text.trim_start().starts_with('-')
        {
            let mean = self.offset(node, &path)?;
            return Some(Punctuality::Normal { mean, sd: 0.0 });
        }
        let Value::Table(table) = &node.value else {
            return Some(Punctuality::Late(self.law(node, &path, laws)?));
        };
        let normal = match table.get("law").map(|node| &node.value) {
            None => true,
            Some(value) => matches!(value, Value::Text(text) if text == "normal"),
        };
        if !normal {
            return Some(Punctuality::Late(self.law(node, &path, laws)?));
        }
        let inner = self.section(node, &path)?;
        self.keys(&inner, &rooms::PUNCTUALITY);
        let mean = self.required(&inner, "mean", "\"-3min\"")?;
        let mean = self.offset(mean, &inner.at("mean"))?;
        let sd = self.required(&inner, "sd", "\"6min\"")?;
        let sd = self.span(sd, &inner.at("sd"))?.seconds();
        Some(Punctuality::Normal { mean, sd })
    }

    /// A duration that may be below zero, in seconds.
    fn offset(&mut self, node: &Node, path: &str) -> Option<f64> {
        if let Value::Text(text) = &node.value
            && let Some(early) = text.trim_start().strip_prefix('-')
            && let Ok(span) = parse_span(early)
        {
            return self.not_a_day(node, path, -span.seconds());
        }
        let span = self.span(node, path)?;
        self.not_a_day(node, path, span.seconds())
    }

    fn not_a_day(&mut self, node: &Node, path: &str, seconds: f64) -> Option<f64> {
        if seconds.abs() <= OFFSET_MAX {
            return Some(seconds);
        }
        self.fault(
            node.origin,
            format!("`{path}` is more than a day"),
            "how early (below 0) or late people come, as in \"-3min\"",
        );
        None
    }

    /// `reserved = { window = 1 }`.
    fn reserved(
        &mut self,
        section: &Section<'_>,
        resources: &[Resource],
    ) -> Option<Vec<(usize, u32)>> {
        let Some(inner) = self.subsection(section, "reserved") else {
            return Some(Vec::new());
        };
        let names: Vec<&str> = resources.iter().map(|it| it.name.as_str()).collect();
        let mut reserved = Vec::new();
        for entry in inner.table.iter() {
            let path = inner.at(&entry.key);
            let resource = self.look_up(entry.key_origin, &path, &entry.key, &names)?;
            let servers = self.whole(&entry.node, &path, 1..=100_000)? as u32;
            if let Some(why) = unreservable(&resources[resource]) {
                self.fault(entry.key_origin, format!("`{path}` {why}"), "reserve servers of a resource whose servers are alike and whom nobody interrupts");
                return None;
            }
            reserved.push((resource, servers));
        }
        Some(reserved)
    }

    /// What segments of booked customers cannot have.
    fn booked_segments(
        &mut self,
        section: &Section<'_>,
        bookings: &[Booking],
        segments: &[Segment],
    ) {
        for (number, segment) in segments.iter().enumerate() {
            let booked = bookings.iter().any(|booking| booking.segment == number);
            if booked && segment.comes_again() {
                self.fault(
                    section.origin,
                    format!("`{}` has appointments and a `retry`", segment.name),
                    "who leaves an appointment unserved does not come again; take out `retry`",
                );
            }
        }
    }
}

fn unreservable(resource: &Resource) -> Option<&'static str> {
    use crate::model::{Interruption, ShiftEnd};
    if resource.told_apart() {
        return Some("reserves servers that are told apart");
    }
    if resource.queue.preemption != Interruption::None {
        return Some("reserves servers of a resource with pre-emption");
    }
    (resource.shift_end != ShiftEnd::Finish)
        .then_some("reserves servers of a resource whose `shift_end` is not \"finish\"")
}

fn has_replay(table: &Table) -> bool {
    matches!(table.get("arrivals").map(|node| &node.value), Some(Value::Table(arrivals)) if arrivals.get("replay").is_some())
}

/// Customers of a segment expected in a day.
fn expected_of(segment: &Segment, arrivals: &Arrivals) -> f64 {
    let groups: f64 = arrivals.pieces.iter().map(|piece| piece.expected).sum();
    let people: f64 = match arrivals.batches.as_slice() {
        [] => 1.0,
        batches => batches
            .iter()
            .map(|(share, people)| share * f64::from(*people))
            .sum(),
    };
    groups * people * segment.share
}
