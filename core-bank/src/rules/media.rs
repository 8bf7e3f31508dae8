//! What a customer authorises payments with, and how much each medium may move (C2 to C6).

use serde::{Deserialize, Serialize};

use super::{
    calendar::Day,
    ids::{AccountNumber, AuthorisationId, CustomerId, ShieldKey, TokenNonce},
    money::{Amount, Fen},
    operation::Channel,
    payment::{Order, Payee},
    refusal::RefusalCode as Code,
    state::State,
    time::BusinessTime,
};

/// How long an authorisation that was asked for waits to be used: 5 minutes, in microseconds.
pub const AUTHORISATION_MICROS: i64 = 5 * 60 * 1_000_000;
/// Wrong codes after which an authorisation is dead.
pub const TRIES_MAX: u8 = 3;
/// Wrong codes in a row after which a medium is locked.
pub const FAILURES_MAX: u8 = 5;
/// Authorisations that may wait at a time; a further one takes the place of the oldest.
const WAITING_MAX: usize = 4;

/// The kinds of media.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Medium {
    /// A code sent to the customer's phone (C3).
    Sms,
    /// The e-cipher device: a display, a keypad, six digits (C4).
    Device,
    /// The U-shield: a key that signs (C5).
    Shield,
}

/// One medium of one customer, as an authorisation names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MediumKey {
    /// The customer's phone.
    Sms,
    /// The device of this serial number.
    Device(TokenNonce),
    /// The U-shield of this public key.
    Shield(ShieldKey),
}

impl MediumKey {
    /// The kind.
    pub fn medium(self) -> Medium {
        match self {
            Self::Sms => Medium::Sms,
            Self::Device(_) => Medium::Device,
            Self::Shield(_) => Medium::Shield,
        }
    }
}

/// What shares one set of limits: SMS over all channels together and the U-shield, too; the device
/// per channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// SMS on any channel.
    Sms,
    /// The device on the online bank.
    DeviceOnline,
    /// The device on the mobile bank.
    DeviceMobile,
    /// The U-shield on the online and the mobile bank.
    Shield,
}

impl Scope {
    /// All of them, in the order of the documentation.
    pub const ALL: [Self; 4] = [
        Self::Sms,
        Self::DeviceOnline,
        Self::DeviceMobile,
        Self::Shield,
    ];

    /// What a medium counts under on a channel; `None` where it does not suffice at all: the
    /// messenger does simple finance, by SMS.
    pub fn of(medium: Medium, channel: Channel) -> Option<Self> {
        match (medium, channel) {
            (Medium::Sms, Channel::Online | Channel::Mobile | Channel::Messenger) => {
                Some(Self::Sms)
            }
            (Medium::Device, Channel::Online) => Some(Self::DeviceOnline),
            (Medium::Device, Channel::Mobile) => Some(Self::DeviceMobile),
            (Medium::Shield, Channel::Online | Channel::Mobile) => Some(Self::Shield),
            _ => None,
        }
    }

    /// What holds until the customer sets something else.
    pub const fn default_limits(self) -> Limits {
        match self {
            Self::Sms => Limits::of_yuan(10_000, 10_000, Some(50_000)),
            Self::DeviceOnline => Limits::of_yuan(50_000, 50_000, None),
            Self::DeviceMobile => Limits::of_yuan(200_000, 1_000_000, None),
            Self::Shield => Limits::of_yuan(1_000_000, 5_000_000, None),
        }
    }

    /// The most that the bank lets a customer set. The story calls the device's limits defaults, so
    /// there is room above those of the online bank, up to the mobile bank's (assumption).
    pub fn greatest_limits(self) -> Limits {
        match self {
            Self::DeviceOnline => Self::DeviceMobile.default_limits(),
            _ => self.default_limits(),
        }
    }
}

/// Limits in fen, all inclusive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// Of one payment.
    pub per_transaction: Fen,
    /// Of a calendar day in Shanghai.
    pub daily: Fen,
    /// Of a calendar month in Shanghai, where there is one.
    pub monthly: Option<Fen>,
}

impl Limits {
    const fn of_yuan(per_transaction: i64, daily: i64, monthly: Option<i64>) -> Self {
        Self {
            per_transaction: Fen(per_transaction * 100),
            daily: Fen(daily * 100),
            monthly: match monthly {
                Some(yuan) => Some(Fen(yuan * 100)),
                None => None,
            },
        }
    }

    /// Whether no limit is above the other's.
    pub fn within(self, greatest: Self) -> bool {
        let most = Fen(i64::MAX);
        self.per_transaction <= greatest.per_transaction
            && self.daily <= greatest.daily
            && self.monthly.unwrap_or(most) <= greatest.monthly.unwrap_or(most)
    }
}

/// What a scope's limits are and what was used of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Allowance {
    /// The limits.
    pub limits: Limits,
    day: Day,
    today: Fen,
    month_total: Fen,
}

impl Allowance {
    const fn new(scope: Scope) -> Self {
        Self {
            limits: scope.default_limits(),
            day: Day(0),
            today: Fen::ZERO,
            month_total: Fen::ZERO,
        }
    }

    /// Used on the day and in the month of `day`.
    pub fn used(&self, day: Day) -> (Fen, Fen) {
        let today = if self.day == day {
            self.today
        } else {
            Fen::ZERO
        };
        let month = if self.day == day || self.day.month() == day.month() {
            self.month_total
        } else {
            Fen::ZERO
        };
        (today, month)
    }

    /// The totals after a payment of `amount` on `day`, or the first limit that it would exceed, in
    /// the order of decisions.
    pub fn after(&self, amount: Amount, day: Day) -> Result<(Fen, Fen), Code> {
        let amount = amount.fen();
        if amount > self.limits.per_transaction {
            return Err(Code::LimitPerTransaction);
        }
        let (today, month) = self.used(day);
        let today = today.checked_add(amount).ok_or(Code::LimitDaily)?;
        if today > self.limits.daily {
            return Err(Code::LimitDaily);
        }
        let month = month.checked_add(amount).ok_or(Code::LimitMonthly)?;
        if self.limits.monthly.is_some_and(|limit| month > limit) {
            return Err(Code::LimitMonthly);
        }
        Ok((today, month))
    }
}

/// The media of one customer. There is a row for each who ever paid from afar, so it is as small as can
/// be, and a payment by SMS changes it without an allocation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Media {
    sms: Allowance,
    failures: [u8; 3],
    /// The authorisations that wait; [`NONE`] where there is none.
    waiting: [AuthorisationId; WAITING_MAX],
    hardware: Option<Box<Hardware>>,
}

/// No record has this number.
const NONE: AuthorisationId = AuthorisationId::of_seq(0);

/// What only those have who hold or set more than SMS.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Hardware {
    /// The device and the last time step whose code was accepted or spent.
    device: Option<(TokenNonce, u64)>,
    shield: Option<ShieldKey>,
    device_online: Allowance,
    device_mobile: Allowance,
    by_shield: Allowance,
}

/// The media of a customer who never used any.
static NEW: Media = Media::new();

impl Hardware {
    const fn new() -> Self {
        Self {
            device: None,
            shield: None,
            device_online: Allowance::new(Scope::DeviceOnline),
            device_mobile: Allowance::new(Scope::DeviceMobile),
            by_shield: Allowance::new(Scope::Shield),
        }
    }
}

impl Media {
    const fn new() -> Self {
        Self {
            sms: Allowance::new(Scope::Sms),
            failures: [0; 3],
            waiting: [NONE; WAITING_MAX],
            hardware: None,
        }
    }

    /// The device and the last time step whose code was accepted or spent.
    pub fn device(&self) -> Option<(TokenNonce, u64)> {
        self.hardware.as_ref()?.device
    }

    fn shield(&self) -> Option<ShieldKey> {
        self.hardware.as_ref()?.shield
    }

    fn edit_hardware(&mut self) -> &mut Hardware {
        self.hardware
            .get_or_insert_with(|| Box::new(Hardware::new()))
    }

    /// A scope's limits and use.
    pub fn allowance(&self, scope: Scope) -> Allowance {
        match (scope, &self.hardware) {
            (Scope::Sms, _) => self.sms,
            (_, None) => Allowance::new(scope),
            (Scope::DeviceOnline, Some(hardware)) => hardware.device_online,
            (Scope::DeviceMobile, Some(hardware)) => hardware.device_mobile,
            (Scope::Shield, Some(hardware)) => hardware.by_shield,
        }
    }

    fn edit_allowance(&mut self, scope: Scope) -> &mut Allowance {
        match scope {
            Scope::Sms => &mut self.sms,
            Scope::DeviceOnline => &mut self.edit_hardware().device_online,
            Scope::DeviceMobile => &mut self.edit_hardware().device_mobile,
            Scope::Shield => &mut self.edit_hardware().by_shield,
        }
    }

    /// Whether too many wrong codes in a row locked it.
    pub fn is_locked(&self, medium: Medium) -> bool {
        self.failures[medium as usize] >= FAILURES_MAX
    }

    /// Whether the customer holds it.
    pub fn holds(&self, key: MediumKey) -> bool {
        match key {
            MediumKey::Sms => true,
            MediumKey::Device(serial) => self.device().is_some_and(|(held, _)| held == serial),
            MediumKey::Shield(key) => self.shield() == Some(key),
        }
    }
}

/// An authorisation that was asked for and waits to be used. A city has hundreds of thousands of them on
/// a busy day, most of them by SMS and within the bank, so what others have more is kept apart.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Waiting {
    /// Who asked.
    pub customer: CustomerId,
    at: BusinessTime,
    wish: Wish,
    tries: u8,
}

/// What is to prove it, and the one payment that it is for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum Wish {
    /// SMS, for a transfer within the bank: from where, to where.
    HereBySms(AccountNumber, AccountNumber, Amount),
    Other(Box<(MediumKey, Order)>),
}

impl Waiting {
    fn new(customer: CustomerId, at: BusinessTime, key: MediumKey, order: &Order) -> Self {
        let wish = match (key, order.from, &order.payee) {
            (MediumKey::Sms, Some(from), Payee::Here(Some(to))) => {
                Wish::HereBySms(from, *to, order.amount)
            }
            _ => Wish::Other(Box::new((key, order.clone()))),
        };
        Self {
            customer,
            at,
            wish,
            tries: 0,
        }
    }

    /// What is to prove it.
    pub fn key(&self) -> MediumKey {
        match &self.wish {
            Wish::HereBySms(..) => MediumKey::Sms,
            Wish::Other(other) => other.0,
        }
    }

    /// The one payment that it is for.
    pub fn order(&self) -> Order {
        match &self.wish {
            Wish::HereBySms(from, to, amount) => Order {
                from: Some(*from),
                payee: Payee::Here(Some(*to)),
                amount: *amount,
            },
            Wish::Other(other) => other.1.clone(),
        }
    }

    /// Whether it is for this payment.
    pub fn is_for(&self, order: &Order) -> bool {
        match &self.wish {
            Wish::HereBySms(from, to, amount) => {
                let here = matches!(&order.payee, Payee::Here(Some(payee)) if payee == to);
                here && order.from == Some(*from) && order.amount == *amount
            }
            Wish::Other(other) => other.1 == *order,
        }
    }

    /// Whether it may still be used.
    pub fn stands(&self, now: BusinessTime) -> bool {
        self.at > now.before(AUTHORISATION_MICROS)
    }
}

type Folded = Result<(), &'static str>;

impl State {
    /// The media of a customer; those of one who never used any are as new.
    pub fn media(&self, customer: CustomerId) -> &Media {
        self.media.get(&customer).unwrap_or(&NEW)
    }

    /// An authorisation that waits.
    pub fn waiting(&self, id: AuthorisationId) -> Option<&Waiting> {
        self.waiting.get(&id)
    }

    fn edit_media(&mut self, customer: CustomerId) -> Result<&mut Media, &'static str> {
        let exists = || self.customers.contains(&customer);
        let media = self.media.edit_or(&customer, || exists().then(Media::new));
        media.ok_or("the customer does not exist")
    }

    pub(super) fn add_waiting(
        &mut self,
        id: AuthorisationId,
        customer: CustomerId,
        key: MediumKey,
        order: &Order,
    ) -> Folded {
        let media = self.edit_media(customer)?;
        // A free place is before the oldest authorisation.
        let oldest = media.waiting.iter_mut().min();
        let former = oldest.map(|oldest| std::mem::replace(oldest, id));
        if let Some(former) = former.filter(|former| *former != NONE) {
            self.waiting.remove(&former);
        }
        let waiting = Waiting::new(customer, self.at(), key, order);
        self.waiting.put(id, waiting);
        Ok(())
    }

    /// The authorisation was used, whether or not the payment passed: it is gone, the device's step
    /// is spent, and its medium has proved itself.
    pub(super) fn spend(&mut self, id: AuthorisationId, step: Option<u64>) -> Folded {
        let waiting = self.waiting.remove(&id);
        let waiting = waiting.ok_or("the authorisation is gone")?;
        let media = self.edit_media(waiting.customer)?;
        media.failures[waiting.key().medium() as usize] = 0;
        media.free(id);
        let Some(step) = step else { return Ok(()) };
        match &mut media.edit_hardware().device {
            Some((_, last)) if step > *last => *last = step,
            _ => return Err("a time step is spent twice"),
        }
        Ok(())
    }

    /// A wrong code: it counts against the authorisation, if there is one, and the medium.
    pub(super) fn count_failure(
        &mut self,
        customer: CustomerId,
        medium: Medium,
        id: Option<AuthorisationId>,
    ) -> Folded {
        let mut dead = None;
        if let Some(id) = id {
            let waiting = self.waiting.edit(&id).ok_or("the authorisation is gone")?;
            waiting.tries += 1;
            if waiting.tries >= TRIES_MAX {
                self.waiting.remove(&id);
                dead = Some(id);
            }
        }
        let media = self.edit_media(customer)?;
        let failures = &mut media.failures[medium as usize];
        *failures = failures.saturating_add(1);
        if let Some(id) = dead {
            media.free(id);
        }
        Ok(())
    }

    pub(super) fn unlock_medium(&mut self, customer: CustomerId, medium: Medium) -> Folded {
        self.edit_media(customer)?.failures[medium as usize] = 0;
        Ok(())
    }

    pub(super) fn issue_device(&mut self, customer: CustomerId, serial: TokenNonce) -> Folded {
        let media = self.edit_media(customer)?;
        media.edit_hardware().device = Some((serial, 0));
        media.failures[Medium::Device as usize] = 0;
        Ok(())
    }

    pub(super) fn register_shield(&mut self, customer: CustomerId, key: ShieldKey) -> Folded {
        let media = self.edit_media(customer)?;
        media.edit_hardware().shield = Some(key);
        media.failures[Medium::Shield as usize] = 0;
        Ok(())
    }

    pub(super) fn set_limits(
        &mut self,
        customer: CustomerId,
        scope: Scope,
        limits: Limits,
    ) -> Folded {
        self.edit_media(customer)?.edit_allowance(scope).limits = limits;
        Ok(())
    }

    pub(super) fn use_allowance(
        &mut self,
        customer: CustomerId,
        scope: Scope,
        day: Day,
        (today, month_total): (Fen, Fen),
    ) -> Folded {
        let allowance = self.edit_media(customer)?.edit_allowance(scope);
        let (used_today, used_month) = allowance.used(day);
        if day < allowance.day || today <= used_today || month_total <= used_month {
            return Err("the use of a limit shrinks");
        }
        allowance.day = day;
        allowance.today = today;
        allowance.month_total = month_total;
        Ok(())
    }

    /// A payment of the same day went back, and its limit with it.
    pub(super) fn restore_allowance(
        &mut self,
        customer: CustomerId,
        scope: Scope,
        day: Day,
        amount: Fen,
    ) -> Folded {
        let allowance = self.edit_media(customer)?.edit_allowance(scope);
        let (today, month_total) = allowance.used(day);
        if amount > today || day < allowance.day {
            return Err("more of a limit is restored than was used");
        }
        allowance.day = day;
        allowance.today = Fen(today.0 - amount.0);
        allowance.month_total = Fen(month_total.0 - amount.0);
        Ok(())
    }

    /// Drops authorisations that nobody can use any more.
    pub(super) fn forget_authorisations(&mut self, limit: BusinessTime) {
        while let Some((&id, waiting)) = self.waiting.first()
            && waiting.at <= limit
        {
            let customer = waiting.customer;
            self.waiting.remove(&id);
            if let Some(media) = self.media.edit(&customer) {
                media.free(id);
            }
        }
    }
}

impl Media {
    fn free(&mut self, id: AuthorisationId) {
        for place in &mut self.waiting {
            if *place == id {
                *place = NONE;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_of_the_many_are_small() {
        assert_eq!(size_of::<Option<(CustomerId, Media)>>(), 112);
        assert_eq!(size_of::<Option<(AuthorisationId, Waiting)>>(), 64);
    }

    #[test]
    fn an_authorisation_says_what_it_is_for_however_it_is_kept() {
        let (from, to) = (AccountNumber::of_seq(1), AccountNumber::of_seq(2));
        let amount = Amount::parse("12.34").unwrap();
        let elsewhere = Payee::Elsewhere {
            account: "6227".to_owned(),
            bank: "CCB".to_owned(),
        };
        let payees = [
            Payee::Here(Some(to)),
            Payee::Here(Some(from)),
            Payee::Here(None),
            elsewhere,
        ];
        let orders: Vec<Order> = payees
            .into_iter()
            .flat_map(|payee| {
                let amounts = [amount, Amount::parse("12.35").unwrap()];
                amounts.map(|amount| (payee.clone(), amount))
            })
            .flat_map(|(payee, amount)| {
                [Some(from), Some(to), None].map(|from| Order {
                    from,
                    payee: payee.clone(),
                    amount,
                })
            })
            .collect();
        for key in [MediumKey::Sms, MediumKey::Shield(ShieldKey([7; 32]))] {
            for order in &orders {
                let at = BusinessTime(7);
                let waiting = Waiting::new(CustomerId::of_seq(1), at, key, order);
                assert_eq!((waiting.key(), &waiting.order()), (key, order));
                let its_own = orders.iter().filter(|other| waiting.is_for(other));
                assert!(its_own.eq([order]));
            }
        }
    }

    #[test]
    fn every_scope_starts_with_the_storys_limits_and_within_the_banks() {
        let yuan = |limits: Limits| {
            let of = |fen: Fen| fen.0 / 100;
            (
                of(limits.per_transaction),
                of(limits.daily),
                limits.monthly.map(of),
            )
        };
        let defaults = Scope::ALL.map(|scope| yuan(scope.default_limits()));
        assert_eq!(
            defaults,
            [
                (10_000, 10_000, Some(50_000)),
                (50_000, 50_000, None),
                (200_000, 1_000_000, None),
                (1_000_000, 5_000_000, None),
            ]
        );
        for scope in Scope::ALL {
            assert!(scope.default_limits().within(scope.greatest_limits()));
        }
        let endless = Limits {
            monthly: None,
            ..Scope::Sms.default_limits()
        };
        assert!(!endless.within(Scope::Sms.greatest_limits()));
    }
}
