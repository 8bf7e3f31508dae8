//! Appointments at branches: slots of equal length in the opening hours, never booked beyond the
//! places and the overbooking that the branch states.

use serde::{Deserialize, Serialize};

use super::{
    calendar::{Day, second_of_day},
    decide::{Decision, Desk},
    fact::Fact,
    ids::{AppointmentId, BranchId, CustomerId},
    operation::Operation,
    refusal::{Refusal, RefusalCode as Code},
    state::{State, Step},
    table::Table,
    text::Label,
    time::BusinessTime,
};

const MINUTE: i64 = 60 * 1_000_000;
const DAY: i64 = 24 * 60 * MINUTE;
/// Branches that there may be.
const BRANCHES_MAX: usize = 10_000;
/// How far ahead a slot may be booked.
pub const AHEAD_DAYS: i64 = 14;
/// How long after its slot an appointment is remembered, and so can be concluded.
const CONCLUDED_WITHIN: i64 = DAY;

/// The last slot that is forgotten by `now`. A record forgets before its facts are folded, so what a
/// decision names must lie after it.
fn last_forgotten(now: BusinessTime) -> BusinessTime {
    now.before(CONCLUDED_WITHIN)
}

/// Where something is, in millionths of a degree.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Coordinates {
    /// North of the equator.
    pub latitude: i32,
    /// East of Greenwich.
    pub longitude: i32,
}

impl Coordinates {
    /// Reads degrees with up to six decimals, like `36.4567` and `-0.5`.
    pub fn parse(latitude: &str, longitude: &str) -> Option<Self> {
        Some(Self {
            latitude: millionths(latitude, 90)?,
            longitude: millionths(longitude, 180)?,
        })
    }
}

fn millionths(text: &str, degrees_max: i32) -> Option<i32> {
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => (-1, digits),
        None => (1, text),
    };
    let (whole, decimals) = digits.split_once('.').unwrap_or((digits, "0"));
    let plain = |part: &str, most: usize| {
        (1..=most).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit())
    };
    if !plain(whole, 3) || !plain(decimals, 6) {
        return None;
    }
    let scale = 10_i32.pow(6 - decimals.len() as u32);
    let size = whole.parse::<i32>().ok()? * 1_000_000 + decimals.parse::<i32>().ok()? * scale;
    (size <= degrees_max * 1_000_000).then_some(sign * size)
}

/// When a branch takes appointments, and how many.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SlotPlan {
    /// The first slot's minute of the day in Shanghai.
    pub opens: u16,
    /// The minute by which the last slot has ended.
    pub closes: u16,
    /// The minutes of a slot.
    pub minutes: u16,
    /// The customers that a slot has room for.
    pub places: u16,
    /// The customers that may be booked beyond them.
    pub overbooking: u16,
}

impl SlotPlan {
    /// Whether there is at least one whole slot in a day.
    pub fn is_sound(self) -> bool {
        self.minutes > 0
            && self.closes <= 24 * 60
            && self
                .opens
                .checked_add(self.minutes)
                .is_some_and(|end| end <= self.closes)
    }

    /// Whether a slot begins then.
    pub fn has_slot(self, at: BusinessTime) -> bool {
        let second = second_of_day(at);
        let minute = second / 60;
        let begins_on_it = second % 60 == 0 && at.0.rem_euclid(1_000_000) == 0;
        let (opens, length) = (i64::from(self.opens), i64::from(self.minutes));
        begins_on_it
            && minute >= opens
            && (minute - opens) % length == 0
            && minute + length <= i64::from(self.closes)
    }

    /// The customers that may be booked for a slot.
    pub fn bookable(self) -> u32 {
        u32::from(self.places) + u32::from(self.overbooking)
    }
}

/// What is wanted of appointments.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AppointmentCommand {
    /// Make a branch known.
    OpenBranch {
        /// What it is called.
        name: Label,
        /// Where it is.
        at: Coordinates,
        /// When it takes appointments.
        slots: SlotPlan,
    },
    /// Book a slot.
    Book {
        /// Of which branch.
        branch: Option<BranchId>,
        /// The moment at which it begins.
        slot: BusinessTime,
    },
    /// Give a slot back.
    Cancel {
        /// Which.
        appointment: Option<AppointmentId>,
    },
    /// Note whether the customer came.
    Conclude {
        /// Which.
        appointment: Option<AppointmentId>,
        /// Whether it was kept; otherwise nobody came.
        kept: bool,
    },
}

impl AppointmentCommand {
    /// The operation by its shared name.
    pub fn operation(&self) -> Operation {
        match self {
            Self::OpenBranch { .. } => Operation::BranchSetting,
            Self::Book { .. } => Operation::Appointment,
            Self::Cancel { .. } => Operation::AppointmentCancellation,
            Self::Conclude { .. } => Operation::AppointmentOutcome,
        }
    }
}

/// What happened to appointments.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AppointmentFact {
    /// A branch is known.
    BranchOpened {
        /// Which.
        branch: BranchId,
        /// What it is called.
        name: Label,
        /// Where it is.
        at: Coordinates,
        /// When it takes appointments.
        slots: SlotPlan,
    },
    /// A slot was booked.
    Booked {
        /// Which appointment.
        appointment: AppointmentId,
        /// Whose.
        customer: CustomerId,
        /// At which branch.
        branch: BranchId,
        /// When it begins.
        slot: BusinessTime,
    },
    /// A slot was given back.
    Cancelled {
        /// Which appointment.
        appointment: AppointmentId,
    },
    /// The customer came, or did not.
    Concluded {
        /// Which appointment.
        appointment: AppointmentId,
        /// Whether it was kept.
        kept: bool,
    },
}

/// A branch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Branch {
    /// What it is called.
    pub name: Label,
    /// Where it is.
    pub at: Coordinates,
    /// When it takes appointments.
    pub slots: SlotPlan,
}

/// What became of an appointment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AppointmentStatus {
    /// It stands.
    Booked,
    /// The customer came.
    Kept,
    /// Nobody came.
    NoShow,
}

/// An appointment that was not cancelled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Appointment {
    /// Whose.
    pub customer: CustomerId,
    /// At which branch.
    pub branch: BranchId,
    /// When it begins.
    pub slot: BusinessTime,
    /// What became of it.
    pub status: AppointmentStatus,
}

/// Branches, and the appointments until a day after their slots.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Appointments {
    branches: Table<BranchId, Branch>,
    made: Table<AppointmentId, Appointment>,
    booked: Table<(BusinessTime, BranchId), u32>,
    by_slot: Table<(BusinessTime, AppointmentId), ()>,
    of_customer: Table<(CustomerId, AppointmentId), ()>,
}

impl Appointments {
    pub(super) fn each_table(&mut self, step: Step) {
        step.take(&mut self.branches);
        step.take(&mut self.made);
        step.take(&mut self.booked);
        step.take(&mut self.by_slot);
        step.take(&mut self.of_customer);
    }

    /// A branch by id.
    pub fn branch(&self, id: BranchId) -> Option<&Branch> {
        self.branches.get(&id)
    }

    /// All branches in order of id.
    pub fn branches(&self) -> impl Iterator<Item = (BranchId, &Branch)> {
        self.branches.iter().map(|(id, branch)| (*id, branch))
    }

    /// How many customers are booked for a slot.
    pub fn booked(&self, branch: BranchId, slot: BusinessTime) -> u32 {
        self.booked.get(&(slot, branch)).copied().unwrap_or(0)
    }

    /// A customer's appointments in order of booking.
    pub fn of_customer(
        &self,
        customer: CustomerId,
    ) -> impl Iterator<Item = (AppointmentId, &Appointment)> {
        let own = self
            .of_customer
            .after(Some((customer, AppointmentId::of_seq(0))));
        own.map(|(key, ())| *key)
            .take_while(move |(owner, _)| *owner == customer)
            .filter_map(|(_, id)| Some((id, self.made.get(&id)?)))
    }

    fn remove(&mut self, id: AppointmentId, appointment: &Appointment) {
        self.made.remove(&id);
        self.by_slot.remove(&(appointment.slot, id));
        self.of_customer.remove(&(appointment.customer, id));
    }
}

/// Whether a slot is to come and no further ahead than slots are booked.
pub fn is_bookable_at(slot: BusinessTime, now: BusinessTime) -> bool {
    slot > now && slot.0 <= now.0.saturating_add(AHEAD_DAYS * DAY)
}

impl Desk<'_> {
    pub(super) fn run_appointments(&self, command: &AppointmentCommand) -> Decision {
        let fact = match command {
            AppointmentCommand::OpenBranch { name, at, slots } => {
                if self.state.appointments.branches.len() >= BRANCHES_MAX {
                    return Err(Code::CatalogueFull.into());
                }
                AppointmentFact::BranchOpened {
                    branch: BranchId::of_seq(self.state.next_seq()),
                    name: name.clone(),
                    at: *at,
                    slots: *slots,
                }
            }
            AppointmentCommand::Book { branch, slot } => self.book(*branch, *slot)?,
            AppointmentCommand::Cancel { appointment } => {
                let (appointment, found) = self.standing(*appointment)?;
                if found.slot <= self.now {
                    return Err(Code::AppointmentNotFound.into());
                }
                AppointmentFact::Cancelled { appointment }
            }
            AppointmentCommand::Conclude { appointment, kept } => {
                let (appointment, found) = self.standing(*appointment)?;
                // Who comes early is there; who is not there yet may still come.
                let from = if *kept {
                    found.slot.before(DAY)
                } else {
                    found.slot
                };
                if self.now < from {
                    return Err(Code::AppointmentNotDue.into());
                }
                let kept = *kept;
                AppointmentFact::Concluded { appointment, kept }
            }
        };
        Ok(vec![Fact::Appointment(fact)])
    }

    fn book(
        &self,
        branch: Option<BranchId>,
        slot: BusinessTime,
    ) -> Result<AppointmentFact, Refusal> {
        let customer = self.by.customer().ok_or(Code::Forbidden)?;
        let appointments = &self.state.appointments;
        let id = branch.ok_or(Code::BranchNotFound)?;
        let branch = appointments.branch(id).ok_or(Code::BranchNotFound)?;
        if !branch.slots.has_slot(slot) || !is_bookable_at(slot, self.now) {
            return Err(Code::SlotNotFound.into());
        }
        let day = Day::of(slot);
        let mut own = appointments.of_customer(customer);
        // Kept or not, it was the one of its day; what was cancelled is not among them.
        let held = own.any(|(_, held)| Day::of(held.slot) == day);
        if held {
            return Err(Code::AppointmentExists.into());
        }
        if appointments.booked(id, slot) >= branch.slots.bookable() {
            return Err(Code::SlotFull.into());
        }
        Ok(AppointmentFact::Booked {
            appointment: AppointmentId::of_seq(self.state.next_seq()),
            customer,
            branch: id,
            slot,
        })
    }

    /// An appointment that still stands and that this party may dispose of.
    fn standing(
        &self,
        id: Option<AppointmentId>,
    ) -> Result<(AppointmentId, &Appointment), Refusal> {
        let id = id.ok_or(Code::AppointmentNotFound)?;
        let found = self.state.appointments.made.get(&id);
        let standing = found.filter(|found| {
            found.status == AppointmentStatus::Booked
                && found.slot > last_forgotten(self.now)
                && self.by.sees(found.customer)
        });
        Ok((id, standing.ok_or(Code::AppointmentNotFound)?))
    }
}

impl State {
    /// Branches and appointments.
    pub fn appointments(&self) -> &Appointments {
        &self.appointments
    }

    pub(super) fn fold_appointment(&mut self, fact: &AppointmentFact) -> Result<(), &'static str> {
        let book = &mut self.appointments;
        match fact {
            AppointmentFact::BranchOpened {
                branch,
                name,
                at,
                slots,
            } => book.branches.put(
                *branch,
                Branch {
                    name: name.clone(),
                    at: *at,
                    slots: *slots,
                },
            ),
            AppointmentFact::Booked {
                appointment,
                customer,
                branch,
                slot,
            } => {
                let bookable = book.branch(*branch).map(|it| it.slots.bookable());
                let booked = book.booked(*branch, *slot) + 1;
                if booked > bookable.ok_or("the branch does not exist")? {
                    return Err("a slot is booked beyond its overbooking");
                }
                book.booked.put((*slot, *branch), booked);
                let row = Appointment {
                    customer: *customer,
                    branch: *branch,
                    slot: *slot,
                    status: AppointmentStatus::Booked,
                };
                book.made.put(*appointment, row);
                book.by_slot.put((*slot, *appointment), ());
                book.of_customer.put((*customer, *appointment), ());
            }
            AppointmentFact::Cancelled { appointment } => {
                let found = book.made.get(appointment).copied();
                let found = found.ok_or("the appointment does not exist")?;
                let booked = book.booked.edit(&(found.slot, found.branch));
                let booked = booked.ok_or("the slot was not booked")?;
                *booked = booked.checked_sub(1).ok_or("the slot was not booked")?;
                book.remove(*appointment, &found);
            }
            AppointmentFact::Concluded { appointment, kept } => {
                let found = book.made.edit(appointment);
                let found = found.ok_or("the appointment does not exist")?;
                found.status = if *kept {
                    AppointmentStatus::Kept
                } else {
                    AppointmentStatus::NoShow
                };
            }
        }
        Ok(())
    }

    /// Drops what is a day past, so that the tables hold the days ahead only.
    pub(super) fn forget_appointments(&mut self, now: BusinessTime) {
        let limit = last_forgotten(now);
        let book = &mut self.appointments;
        while let Some((&(slot, id), ())) = book.by_slot.first()
            && slot <= limit
        {
            match book.made.get(&id).copied() {
                Some(found) => book.remove(id, &found),
                None => book.by_slot.remove(&(slot, id)),
            }
        }
        while let Some((&key, _)) = book.booked.first()
            && key.0 <= limit
        {
            book.booked.remove(&key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moment(text: &str) -> BusinessTime {
        BusinessTime::of(text.parse().unwrap())
    }

    #[test]
    fn degrees_have_one_spelling_and_stay_on_the_globe() {
        let read = |latitude, longitude| {
            let at = Coordinates::parse(latitude, longitude)?;
            Some((at.latitude, at.longitude))
        };
        assert_eq!(read("36.4567", "115.9854"), Some((36_456_700, 115_985_400)));
        assert_eq!(read("-0.5", "180"), Some((-500_000, 180_000_000)));
        assert_eq!(
            read("90.0", "-180.000000"),
            Some((90_000_000, -180_000_000))
        );
        for wrong in [
            "",
            "-",
            "1.",
            ".5",
            "+1",
            "90.000001",
            "1e1",
            "1.0000001",
            "0036",
            "--1",
            "NaN",
        ] {
            assert_eq!(read(wrong, "0"), None, "{wrong:?}");
        }
        assert_eq!(read("0", "180.000001"), None);
    }

    #[test]
    fn slots_lie_on_the_grid_of_the_opening_hours() {
        let plan = SlotPlan {
            opens: 9 * 60,
            closes: 17 * 60,
            minutes: 30,
            places: 2,
            overbooking: 1,
        };
        assert!(plan.is_sound());
        assert_eq!(plan.bookable(), 3);
        for right in ["09:00:00", "09:30:00", "16:30:00"] {
            assert!(
                plan.has_slot(moment(&format!("2026-06-10T{right}+08:00"))),
                "{right}"
            );
        }
        for wrong in [
            "08:30:00",
            "09:15:00",
            "17:00:00",
            "16:30:01",
            "09:00:00.000001",
        ] {
            assert!(
                !plan.has_slot(moment(&format!("2026-06-10T{wrong}+08:00"))),
                "{wrong}"
            );
        }
        let late = SlotPlan {
            closes: 9 * 60 + 29,
            ..plan
        };
        assert!(!late.is_sound());
        assert!(!SlotPlan { minutes: 0, ..plan }.is_sound());
        assert!(
            !SlotPlan {
                closes: 24 * 60 + 1,
                ..plan
            }
            .is_sound()
        );
    }
}
