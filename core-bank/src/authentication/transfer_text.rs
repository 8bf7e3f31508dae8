//! The one text of a payment that codes are computed over and U-shields sign.

use crate::{
    digits::Digits,
    rules::{AccountNumber, AuthorisationId, GoodsId, Order, Payee, VoucherKind},
};

/// Bytes that hold the text of most payments.
const USUAL_LENGTH: usize = 128;

/// Of a transfer five lines after the head: the authorisation, the payer's account, the payee's bank
/// (empty for this one), the payee's account, the amount with two decimals. Of a bill payment six: its
/// kind, the biller and the reference stand in place of the payee. Of orders and batches five, with a
/// word in small letters for a bank, which no bank's code is, and what is bought for an account. Each
/// line ends with a line feed and has a grammar without line feeds, so two payments never share a text.
pub fn transfer_text(id: AuthorisationId, order: &Order) -> String {
    let from = order.from.map(AccountNumber::text);
    let amount = order.amount.fen().text();
    let (id, from, amount) = (id.text(), or_nothing(from.as_ref()), amount.as_str());
    let id = id.as_str();
    // By hand, since a formatter costs more than all the rest: whoever pays waits for it.
    let text = |bank: &str, to: &str| {
        let mut text = String::with_capacity(USUAL_LENGTH);
        for line in ["branchlab-transfer-1", id, from, bank, to, amount] {
            text.push_str(line);
            text.push('\n');
        }
        text
    };
    match &order.payee {
        Payee::Here(to) => text("", or_nothing(to.map(AccountNumber::text).as_ref())),
        Payee::Elsewhere { account, bank } => text(bank, account),
        Payee::Biller(bill) => {
            let (kind, biller, reference) = (bill.kind.name(), &bill.biller, &bill.reference);
            format!("branchlab-bill-1\n{id}\n{from}\n{kind}\n{biller}\n{reference}\n{amount}\n")
        }
        Payee::Mall(wish) => {
            let goods = wish.goods.map(GoodsId::text);
            let goods = or_nothing(goods.as_ref());
            let (quantity, points) = (wish.quantity, wish.points);
            let address = wish.address.as_str();
            text("mall", &format!("{goods} {quantity} {points} {address}"))
        }
        Payee::Welfare(wish) => {
            let kind = match wish.kind {
                VoucherKind::Card => "card",
                VoucherKind::Voucher => "voucher",
            };
            let what = format!("{kind} {} {}", wish.count, wish.face_value);
            text("welfare", &what)
        }
    }
}

/// What may be missing, as text.
fn or_nothing(text: Option<&Digits>) -> &str {
    text.map_or("", Digits::as_str)
}
