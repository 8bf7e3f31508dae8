//! A journal and what follows from it as plain text, to be compared with what was written down when the
//! journal was recorded: a line a record, and a line for each thing that the bank then has.

use std::fmt::Write as _;

use core_bank::{
    journal::Record,
    rules::{
        AccountStatus, AppointmentStatus, Channel, Day, Fact, LedgerAccount, Medium, Scope, State,
    },
};

/// The channels that a customer may close.
const CHANNELS: [Channel; 5] = [
    Channel::Mobile,
    Channel::Online,
    Channel::Messenger,
    Channel::Kiosk,
    Channel::Atm,
];

fn name_of(scope: Scope) -> &'static str {
    match scope {
        Scope::Sms => "sms",
        Scope::DeviceOnline => "device_online",
        Scope::DeviceMobile => "device_mobile",
        Scope::Shield => "shield",
    }
}

/// One line a record: number, time, key, who asked by which channel, what for, what it came to.
pub fn records(records: &[Record]) -> String {
    let mut text = String::new();
    for record in records {
        let action = &record.command.action;
        let outcome = match record.answer() {
            Ok(_) => "applied",
            Err(refusal) => refusal.code.code(),
        };
        let amount = action
            .amount()
            .map_or(String::new(), |amount| format!(" {}", amount.fen()));
        let facts = record.outcome.as_ref().map_or(0, Vec::len);
        writeln!(
            text,
            "{} {} {} {} {}{amount} {outcome} {facts}",
            record.seq,
            record.at,
            record.key,
            record.command.by.channel().name(),
            action.operation().name(),
        )
        .unwrap();
        for posting in record.postings() {
            writeln!(
                text,
                "  {} {} {}",
                posting.account, posting.amount, posting.balance_after
            )
            .unwrap();
        }
    }
    text
}

/// What the bank has after these records.
pub fn state(records: &[Record], state: &State) -> String {
    let mut lines = vec![format!("record {} at {}", state.seq(), state.at())];
    for account in LedgerAccount::ALL {
        let balance = state.ledger(*account);
        if balance.0 != 0 {
            lines.push(format!("ledger {} {balance}", account.name()));
        }
    }
    for (number, account) in state.accounts_after(None) {
        let status = match account.status {
            AccountStatus::Open => "open",
            AccountStatus::Closed => "closed",
        };
        let card = state.card(account.card).unwrap().status.name();
        lines.push(format!(
            "account {number} of {} {} {status} card {} {card}",
            account.customer, account.balance, account.card
        ));
        lines.push(format!(
            "  bought today {}",
            state.pos_today(account.card, state.at())
        ));
        let locks = state.card_locks(account.card);
        lines.push(format!(
            "  locks overseas {} places {} night {} daily {} overseas without card {}",
            locks.overseas,
            locks.places.map_or(0, |places| places.len()),
            locks.night,
            locks
                .pos_daily
                .map_or("-".to_owned(), |amount| amount.fen().to_string()),
            locks.overseas_card_not_present
        ));
        lines.push(format!(
            "  PIN set by {}",
            state.pin(account.card).map_or(0, |pin| pin.set)
        ));
    }
    of_customers(records, state, &mut lines);
    of_offers(state, &mut lines);
    let books = state.books();
    let closed = books
        .closed
        .map_or("none".to_owned(), |day| day.to_string());
    lines.push(format!(
        "books closed {closed} settled {}",
        books.settled_seq
    ));
    for record in records {
        let returned = state.returned(record.seq);
        if returned.0 != 0 {
            lines.push(format!("returned of {} {returned}", record.seq));
        }
    }
    lines.join("\n") + "\n"
}

fn of_customers(records: &[Record], state: &State, lines: &mut Vec<String>) {
    let registered = records
        .iter()
        .flat_map(|record| record.outcome.iter().flatten());
    let registered = registered.filter_map(|fact| match fact {
        Fact::CustomerRegistered { customer, .. } => Some(*customer),
        _ => None,
    });
    for id in registered {
        let customer = state.customer(id).unwrap();
        lines.push(format!(
            "customer {id} points {} accounts {} devices {} sessions {} closed to [{}]",
            state.points(id),
            customer.accounts.len(),
            customer.devices.len(),
            customer.sessions.len(),
            CHANNELS
                .into_iter()
                .filter(|channel| customer.profile.is_closed(*channel))
                .map(Channel::name)
                .collect::<Vec<_>>()
                .join(" "),
        ));
        let media = state.media(id);
        for scope in Scope::ALL {
            let allowance = media.allowance(scope);
            let (today, month) = allowance.used(Day::of(state.at()));
            lines.push(format!(
                "  {} {} {} {} used {today} {month}",
                name_of(scope),
                allowance.limits.per_transaction,
                allowance.limits.daily,
                allowance
                    .limits
                    .monthly
                    .map_or("-".to_owned(), |fen| fen.to_string())
            ));
        }
        let locked =
            [Medium::Sms, Medium::Device, Medium::Shield].map(|medium| media.is_locked(medium));
        lines.push(format!("  locked {locked:?}"));
        for (code, units) in state.holdings_of(id) {
            lines.push(format!("  units of {code} {units}"));
        }
        for (loan, held) in state.loans_of(id) {
            lines.push(format!(
                "  loan {loan} {} over {} paid {} outstanding {}",
                held.principal, held.months, held.paid, held.outstanding
            ));
        }
        for (voucher, held) in state.welfare().vouchers_of(id, None) {
            let order = held
                .redeemed
                .map_or("-".to_owned(), |order| order.to_string());
            lines.push(format!("  voucher {voucher} of {} for {order}", held.batch));
        }
        for (appointment, made) in state.appointments().of_customer(id) {
            let status = match made.status {
                AppointmentStatus::Booked => "booked",
                AppointmentStatus::Kept => "kept",
                AppointmentStatus::NoShow => "no show",
            };
            lines.push(format!(
                "  appointment {appointment} at {} {} {status}",
                made.branch, made.slot
            ));
        }
        let signed_in = state.campaigns().last_sign_in(id);
        lines.push(format!(
            "  signed in {}",
            signed_in.map_or("-".to_owned(), |day| day.to_string())
        ));
    }
}

fn of_offers(state: &State, lines: &mut Vec<String>) {
    for (code, product) in state.products() {
        lines.push(format!(
            "product {code} at {} subscribed {} of {}",
            product.value, product.subscribed, product.quota
        ));
    }
    for (goods, held, stock) in state.mall().catalogue_after(None) {
        lines.push(format!(
            "goods {goods} at {} left {stock}",
            held.price.fen()
        ));
    }
    for (campaign, _) in state.campaigns().all() {
        lines.push(format!(
            "campaign {campaign} left {}",
            state.campaigns().left(campaign, 0)
        ));
    }
    for (branch, held) in state.appointments().branches() {
        lines.push(format!("branch {branch} takes {}", held.slots.bookable()));
    }
    for (id, proposal) in state.proposals_after(None) {
        lines.push(format!("return {id} of {} waits", proposal.original.seq));
    }
}
