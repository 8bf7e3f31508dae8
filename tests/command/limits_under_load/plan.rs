//! The plan of R13: customers who pay and use their cards around every limit and every lock, from the
//! 25th of June, 2026, to the 1st of July. There are thirteen kinds of customers, who do something else each.
//!
//! A code after `!` must be met. Without it, two outcomes are right: sessions contest the same limit, or
//! a lock is being set or its hour strikes; then the books alone tell which of them was.

use scenarios::operation::{
    Channel, LimitScope, Locks, Medium, Operation, OperationWriter, Particulars, PaymentLimits,
    PlannedOperation,
};
use scenarios::time::{SimTime, Span};

/// The last day of the month, counted from the first of the plan.
const LAST: u64 = 5;
const SECOND: u64 = 1_000_000;

/// Kinds of customers, by their numbers' remainders.
pub const KINDS: u64 = 13;

/// What one step of a session says: when, what, how much in fen, what may or must refuse it.
#[derive(Clone)]
struct Said {
    at: u64,
    operation: Operation,
    amount_fen: Option<i64>,
    allow: &'static str,
    particulars: Particulars,
}

/// A session: its channel and its steps in the order of time.
type Sitting = (Channel, Vec<Said>);

/// The operations of so many customers, in the order of time.
pub fn plan(customers: u64) -> Vec<PlannedOperation> {
    let mut rows = Vec::new();
    let mut session = 0;
    for customer in 0..customers {
        // A thousand customers begin within a hundred seconds, each at a moment of their own.
        let later = customer % 1_000 * SECOND / 10;
        for (channel, steps) in sittings(customer) {
            let mut before = None;
            for (step, said) in (0..).zip(steps) {
                let at = said.at + later;
                let pays = said.operation == Operation::TransferOwnBank;
                let allow = Some(said.allow).filter(|code| !code.is_empty());
                rows.push(PlannedOperation {
                    at: SimTime(at),
                    branch: "mobile".into(),
                    channel,
                    customer: format!("c{customer}"),
                    session,
                    step,
                    think: before.map(|before| Span(at - before)),
                    operation: said.operation,
                    amount_fen: said.amount_fen,
                    payee: pays.then(|| format!("c{}", (customer + 1) % customers)),
                    allow: allow.map(str::to_owned).into_iter().collect(),
                    particulars: said.particulars.boxed(),
                });
                before = Some(at);
            }
            session += 1;
        }
    }
    rows.sort_by_key(|row| (row.at, row.session, row.step));
    rows
}

/// The same as a file.
pub fn written(plan: &[PlannedOperation]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut writer = OperationWriter::new(&mut bytes).expect("a header");
    for operation in plan {
        writer.write(operation).expect("a row");
    }
    writer.finish().expect("all rows");
    bytes
}

fn sittings(customer: u64) -> Vec<Sitting> {
    match customer % KINDS {
        0 => sms_in_a_day(),
        1 => sms_contested(),
        2 => sms_in_a_month(),
        3 => month_contested(),
        4 => device_in_the_mobile_bank(),
        5 => device_in_the_online_bank(),
        6 => shield_contested(),
        7 => shield_in_a_day(),
        8 => locked_cards(),
        9 => locks_toggled(),
        10 => device_in_a_month_of_the_mobile_bank(),
        11 => device_in_a_month_of_the_online_bank(),
        _ => shield_month_contested(),
    }
}

/// A time of a day, as `23:50:30`.
fn on(day: u64, clock: &str) -> u64 {
    let parts: Vec<u64> = clock
        .split(':')
        .map(|it| it.parse().expect("digits"))
        .collect();
    (day * 86_400 + parts[0] * 3_600 + parts[1] * 60 + parts[2]) * SECOND
}

/// Payments out of a session that logs in a minute before the first, so many seconds apart.
fn pays(
    channel: Channel,
    medium: Medium,
    apart: u64,
    payments: &[(u64, &[(i64, &'static str)])],
) -> Sitting {
    let first = payments[0].0;
    let mut steps = vec![said(first - 60 * SECOND, Operation::LogIn)];
    for (begin, amounts) in payments {
        for (place, (fen, allow)) in (0..).zip(*amounts) {
            steps.push(Said {
                amount_fen: Some(*fen),
                allow,
                particulars: Particulars {
                    medium: Some(medium),
                    ..Particulars::default()
                },
                ..said(begin + place * apart * SECOND, Operation::TransferOwnBank)
            });
        }
    }
    let last = steps.last().map_or(first, |step| step.at);
    steps.push(said(last + 5 * SECOND, Operation::LogOut));
    (channel, steps)
}

fn said(at: u64, operation: Operation) -> Said {
    Said {
        at,
        operation,
        amount_fen: None,
        allow: "",
        particulars: Particulars::default(),
    }
}

/// C3: 10,000 at once and in a day, in the messenger; a day ends at midnight.
fn sms_in_a_day() -> Vec<Sitting> {
    let today: &[_] = &[
        (1_000_001, "!limit_per_transaction"),
        (600_000, ""),
        (400_000, ""),
        (1, "!limit_daily"),
        (1_000_001, "!limit_per_transaction"),
    ];
    let tomorrow: &[_] = &[(1_000_000, ""), (1, "!limit_daily")];
    let days = [
        (on(LAST, "23:46:00"), today),
        (on(LAST + 1, "00:02:00"), tomorrow),
    ];
    vec![pays(Channel::Messenger, Medium::Sms, 5, &days)]
}

/// Two sessions of different channels at the same time: of their payments only the first fits.
fn sms_contested() -> Vec<Sitting> {
    let both: &[_] = &[(600_000, "limit_daily"), (400_001, "limit_daily")];
    let at = [(on(LAST, "23:46:00"), both)];
    let of = |channel| pays(channel, Medium::Sms, 5, &at);
    vec![of(Channel::Messenger), of(Channel::Online)]
}

/// C3: 50,000 in a month, after five days of 10,000 but for a fen; a month ends at midnight, too.
fn sms_in_a_month() -> Vec<Sitting> {
    let day: &[_] = &[(600_000, ""), (400_000, "")];
    let short: &[_] = &[(600_000, ""), (399_999, "")];
    let last: &[_] = &[(2, "!limit_monthly"), (1, ""), (1, "!limit_monthly")];
    let next: &[_] = &[(1_000_000, "")];
    let noon = |which, amounts| {
        pays(
            Channel::Mobile,
            Medium::Sms,
            5,
            &[(on(which, "12:01:00"), amounts)],
        )
    };
    let mut days: Vec<Sitting> = (0..4).map(|which| noon(which, day)).collect();
    days.push(noon(4, short));
    let over_midnight = [
        (on(LAST, "23:46:00"), last),
        (on(LAST + 1, "00:02:00"), next),
    ];
    days.push(pays(Channel::Online, Medium::Sms, 5, &over_midnight));
    days
}

/// After 45,000 in five days, two sessions at once contest the last 5,000 of the month.
fn month_contested() -> Vec<Sitting> {
    let noon = |which| {
        let day: &[_] = &[(900_000, "")];
        pays(
            Channel::Mobile,
            Medium::Sms,
            5,
            &[(on(which, "12:01:00"), day)],
        )
    };
    let both: &[_] = &[(300_000, "limit_monthly"), (200_001, "limit_monthly")];
    let at = [(on(LAST, "23:46:00"), both)];
    let mut days: Vec<Sitting> = (0..5).map(noon).collect();
    days.push(pays(Channel::Mobile, Medium::Sms, 5, &at));
    days.push(pays(Channel::Messenger, Medium::Sms, 5, &at));
    days
}

/// C4: 200,000 at once and 1,000,000 in a day. The device shows one code a minute.
fn device_in_the_mobile_bank() -> Vec<Sitting> {
    let mut today = vec![(20_000_001, "!limit_per_transaction")];
    today.extend([(20_000_000, ""); 5]);
    today.push((1, "!limit_daily"));
    let tomorrow: &[_] = &[(20_000_000, "")];
    let days = [
        (on(LAST, "23:40:00"), &today[..]),
        (on(LAST + 1, "00:02:00"), tomorrow),
    ];
    vec![pays(Channel::Mobile, Medium::Device, 90, &days)]
}

/// C4: 50,000 at once and in a day; what the same device lets through in the mobile bank counts apart.
fn device_in_the_online_bank() -> Vec<Sitting> {
    let today: &[_] = &[
        (5_000_001, "!limit_per_transaction"),
        (3_000_000, ""),
        (2_000_000, ""),
        (1, "!limit_daily"),
    ];
    let tomorrow: &[_] = &[(5_000_000, "")];
    let days = [
        (on(LAST, "23:40:00"), today),
        (on(LAST + 1, "00:02:00"), tomorrow),
    ];
    let mobile: &[_] = &[(20_000_000, "")];
    let apart = [(on(LAST, "23:48:00"), mobile)];
    vec![
        pays(Channel::Online, Medium::Device, 90, &days),
        pays(Channel::Mobile, Medium::Device, 90, &apart),
    ]
}

/// C5: of eight times 1,000,000 in two sessions of different channels five fit into the day.
fn shield_contested() -> Vec<Sitting> {
    let both: &[_] = &[(100_000_000, "limit_daily"); 4];
    let at = [(on(LAST, "23:46:00"), both)];
    let of = |channel| pays(channel, Medium::Shield, 5, &at);
    vec![of(Channel::Mobile), of(Channel::Online)]
}

/// C5: 1,000,000 at once and 5,000,000 in a day, over both channels.
fn shield_in_a_day() -> Vec<Sitting> {
    let mobile: &[_] = &[
        (100_000_001, "!limit_per_transaction"),
        (100_000_000, ""),
        (100_000_000, ""),
        (100_000_000, ""),
    ];
    let online: &[_] = &[(100_000_000, ""), (100_000_000, ""), (1, "!limit_daily")];
    let tomorrow: &[_] = &[(100_000_000, "")];
    let then = [
        (on(LAST, "23:48:00"), online),
        (on(LAST + 1, "00:02:00"), tomorrow),
    ];
    vec![
        pays(
            Channel::Mobile,
            Medium::Shield,
            5,
            &[(on(LAST, "23:46:00"), mobile)],
        ),
        pays(Channel::Online, Medium::Shield, 5, &then),
    ]
}

/// A session that sets limits: the bank has none of a month but for SMS, and a customer may set them.
fn sets_limits(channel: Channel, day: u64, scope: LimitScope, yuan: (i64, i64, i64)) -> Sitting {
    let begin = on(day, "12:00:00");
    let (per_transaction, daily, monthly) = yuan;
    let set = Said {
        particulars: Particulars {
            limits: Some(PaymentLimits {
                scope,
                per_transaction_fen: per_transaction * 100,
                daily_fen: daily * 100,
                monthly_fen: Some(monthly * 100),
            }),
            ..Particulars::default()
        },
        ..said(begin + 2 * SECOND, Operation::LimitSetting)
    };
    let log_out = said(begin + 4 * SECOND, Operation::LogOut);
    (channel, vec![said(begin, Operation::LogIn), set, log_out])
}

/// C4: 1,000,000 in a month, as the customer has set it, filled to the fen in three days.
fn device_in_a_month_of_the_mobile_bank() -> Vec<Sitting> {
    let channel = Channel::Mobile;
    let limits = (200_000, 1_000_000, 1_000_000);
    let full: &[_] = &[(20_000_000, ""), (20_000_000, "")];
    let noon = |day| pays(channel, Medium::Device, 90, &[(on(day, "12:01:00"), full)]);
    let last: &[_] = &[
        (19_999_999, ""),
        (2, "!limit_monthly"),
        (1, ""),
        (1, "!limit_monthly"),
    ];
    let next: &[_] = &[(20_000_000, "")];
    let over_midnight = [
        (on(LAST, "23:40:00"), last),
        (on(LAST + 1, "00:02:00"), next),
    ];
    vec![
        sets_limits(channel, 0, LimitScope::DeviceMobile, limits),
        noon(0),
        noon(1),
        pays(channel, Medium::Device, 90, &over_midnight),
    ]
}

/// C4: 120,000 in a month of the online bank; what the device lets through in the mobile bank counts apart.
fn device_in_a_month_of_the_online_bank() -> Vec<Sitting> {
    let channel = Channel::Online;
    let limits = (50_000, 50_000, 120_000);
    let full: &[_] = &[(3_000_000, ""), (2_000_000, "")];
    let noon = |day| pays(channel, Medium::Device, 90, &[(on(day, "12:01:00"), full)]);
    let last: &[_] = &[
        (1_999_999, ""),
        (2, "!limit_monthly"),
        (1, ""),
        (1, "!limit_monthly"),
    ];
    let next: &[_] = &[(5_000_000, "")];
    let over_midnight = [
        (on(LAST, "23:40:00"), last),
        (on(LAST + 1, "00:02:00"), next),
    ];
    let mobile: &[_] = &[(20_000_000, "")];
    vec![
        sets_limits(channel, 0, LimitScope::DeviceOnline, limits),
        noon(0),
        noon(1),
        pays(channel, Medium::Device, 90, &over_midnight),
        pays(
            Channel::Mobile,
            Medium::Device,
            90,
            &[(on(LAST, "23:48:00"), mobile)],
        ),
    ]
}

/// C5: after 2,000,000 of the 3,000,000 that the customer has set for a month, two sessions of different
/// channels at once contest the rest.
fn shield_month_contested() -> Vec<Sitting> {
    let limits = (1_000_000, 5_000_000, 3_000_000);
    let noon: &[_] = &[(100_000_000, ""), (100_000_000, "")];
    let both: &[_] = &[(60_000_000, "limit_monthly"), (40_000_001, "limit_monthly")];
    let next: &[_] = &[(100_000_000, "")];
    let at = [(on(LAST, "23:46:00"), both)];
    let of = |channel| pays(channel, Medium::Shield, 5, &at);
    vec![
        sets_limits(Channel::Online, 0, LimitScope::Shield, limits),
        pays(
            Channel::Mobile,
            Medium::Shield,
            5,
            &[(on(0, "12:01:00"), noon)],
        ),
        of(Channel::Mobile),
        of(Channel::Online),
        pays(
            Channel::Mobile,
            Medium::Shield,
            5,
            &[(on(LAST + 1, "00:02:00"), next)],
        ),
    ]
}

/// A machine of this bank or of another, a point of sale, or a web shop.
#[derive(Clone, Copy)]
enum Where {
    Own,
    Other,
    Shop,
    Web,
}

/// Uses of a card: where, at which place, how much in fen, and what may or must refuse it. They come
/// from many machines, so each is a session of its own, as far as machines know of any.
fn uses(begin: u64, apart_millis: u64, all: &[(Where, &str, i64, &'static str)]) -> Vec<Sitting> {
    let one = |(number, (which, place, fen, allow)): (u64, &(Where, &str, i64, &'static str))| {
        let (channel, operation) = match which {
            Where::Own => (Channel::Atm, Operation::Withdrawal),
            Where::Other => (Channel::Acquirer, Operation::CardWithdrawal),
            Where::Shop => (Channel::Acquirer, Operation::PosPurchase),
            Where::Web => (Channel::Acquirer, Operation::CardNotPresentPurchase),
        };
        let step = Said {
            amount_fen: Some(*fen),
            allow,
            particulars: Particulars {
                place: Some((*place).to_owned()),
                ..Particulars::default()
            },
            ..said(begin + number * apart_millis * 1_000, operation)
        };
        (channel, vec![step])
    };
    (0..).zip(all).map(one).collect()
}

/// A session of the mobile bank that sets locks, so many milliseconds apart.
fn sets(begin: u64, apart_millis: u64, all: &[&str]) -> Sitting {
    let mut steps = vec![said(begin, Operation::LogIn)];
    for (place, locks) in (1..).zip(all) {
        let locks = Locks::parse(locks).expect("locks");
        steps.push(Said {
            particulars: Particulars {
                locks: Some(locks),
                ..Particulars::default()
            },
            ..said(begin + place * apart_millis * 1_000, Operation::LockSetting)
        });
    }
    (Channel::Mobile, steps)
}

/// C7 to C12: all five locks on one card, used at their edges; then all of them open again.
fn locked_cards() -> Vec<Sitting> {
    use Where::{Other, Own, Shop, Web};
    let all = "overseas|places:371500|night|pos_daily:1000.00|overseas_card_not_present";
    let by_day = [
        (Own, "371502", 10_000, ""),
        (Own, "JP", 10_000, "!lock_overseas"),
        (Own, "370102", 10_000, "!lock_region"),
        (Other, "371500", 10_000, ""),
        (Other, "370102", 10_000, "!lock_region"),
        (Other, "JP", 10_000, "!lock_overseas"),
        (Shop, "371500", 60_000, ""),
        (Shop, "371500", 40_001, "!lock_pos_limit"),
        (Shop, "371500", 40_000, ""),
        (Shop, "371500", 1, "!lock_pos_limit"),
        (Shop, "JP", 10_000, "!lock_overseas"),
        (Web, "371500", 10_000, ""),
        (Web, "370102", 10_000, ""),
        (Web, "JP", 10_000, "!lock_overseas_card_not_present"),
    ];
    // Between two minutes before and after the hour, whatever the clock shows when it is decided.
    let as_it_strikes = [(Own, "371500", 10_000, "lock_night"); 8];
    let by_night = [
        (Own, "371502", 10_000, "!lock_night"),
        (Other, "371500", 10_000, "!lock_night"),
        (Shop, "371500", 1, "!lock_night"),
        (Own, "JP", 10_000, "!lock_overseas"),
        (Web, "371500", 10_000, ""),
    ];
    let next_day = [
        (Own, "371500", 10_000, ""),
        (Shop, "371500", 100_000, ""),
        (Shop, "371500", 1, "!lock_pos_limit"),
    ];
    let opened = [
        (Shop, "JP", 10_000, ""),
        (Own, "370102", 10_000, ""),
        (Web, "JP", 10_000, ""),
        (Shop, "371500", 10_000, ""),
    ];
    let mut sittings = vec![sets(on(LAST, "22:46:00"), 2_000, &[all])];
    sittings.extend(uses(on(LAST, "22:48:00"), 5_000, &by_day));
    sittings.extend(uses(on(LAST, "22:57:10"), 20_000, &as_it_strikes));
    sittings.extend(uses(on(LAST, "23:04:00"), 5_000, &by_night));
    sittings.extend(uses(on(LAST + 1, "04:53:00"), 5_000, &by_night));
    sittings.extend(uses(on(LAST + 1, "04:57:10"), 20_000, &as_it_strikes));
    sittings.extend(uses(on(LAST + 1, "05:04:00"), 5_000, &next_day));
    sittings.push(sets(on(LAST + 1, "05:05:00"), 2_000, &["none"]));
    sittings.extend(uses(on(LAST + 1, "05:06:30"), 5_000, &opened));
    sittings
}

/// Locks that are set and lifted every two seconds while the card is used as often.
fn locks_toggled() -> Vec<Sitting> {
    use Where::{Other, Own, Shop, Web};
    let toggled = [
        "overseas",
        "none",
        "night",
        "places:370000",
        "overseas_card_not_present|night",
        "pos_daily:500.00",
        "none",
        "overseas|night",
    ];
    let some = [
        (Own, "371500", 10_000, "lock_night|lock_region"),
        (
            Shop,
            "JP",
            5_000,
            "lock_overseas|lock_region|lock_pos_limit",
        ),
        (Web, "JP", 10_000, "lock_overseas_card_not_present"),
        (Other, "JP", 10_000, "lock_overseas|lock_region"),
        (
            Shop,
            "371500",
            10_000,
            "lock_night|lock_region|lock_pos_limit",
        ),
    ];
    let uses_of = |begin: u64| -> Vec<Sitting> {
        (0..8)
            .flat_map(|turn| uses(begin + turn * 3 * SECOND, 430, &some))
            .collect()
    };
    // Once before the night and once in it.
    let mut sittings = Vec::new();
    for clock in ["22:50:00", "23:03:00"] {
        sittings.push(sets(on(LAST, clock), 2_000, &toggled));
        sittings.extend(uses_of(on(LAST, clock) + 3 * SECOND));
    }
    sittings
}
