//! The one text of a payment that codes are computed over and U-shields sign.

use std::fmt::{self, Display, Write as _};

use crate::rules::{AuthorisationId, Order, Payee, VoucherKind};

/// Bytes that hold the text of most payments.
const USUAL_LENGTH: usize = 128;

/// Of a transfer five lines after the head: the authorisation, the payer's account, the payee's bank
/// (empty for this one), the payee's account, the amount with two decimals. Of a bill payment six: its
/// kind, the biller and the reference stand in place of the payee. Of orders and batches five, with a
/// word in small letters for a bank, which no bank's code is, and what is bought for an account. Each
/// line ends with a line feed and has a grammar without line feeds, so two payments never share a text.
pub fn transfer_text(id: AuthorisationId, order: &Order) -> String {
    let (from, amount) = (OrNothing(order.from), order.amount);
    let text = |bank: &str, to: &dyn Display| {
        let mut text = String::with_capacity(USUAL_LENGTH);
        // A string takes whatever is written.
        let _ = write!(
            text,
            "branchlab-transfer-1\n{id}\n{from}\n{bank}\n{to}\n{amount}\n"
        );
        text
    };
    match &order.payee {
        Payee::Here(to) => text("", &OrNothing(*to)),
        Payee::Elsewhere { account, bank } => text(bank, account),
        Payee::Biller(bill) => {
            let (kind, biller, reference) = (bill.kind.name(), &bill.biller, &bill.reference);
            format!("branchlab-bill-1\n{id}\n{from}\n{kind}\n{biller}\n{reference}\n{amount}\n")
        }
        Payee::Mall(wish) => {
            let goods = OrNothing(wish.goods);
            let (quantity, points) = (wish.quantity, wish.points);
            let address = wish.address.as_str();
            text(
                "mall",
                &format_args!("{goods} {quantity} {points} {address}"),
            )
        }
        Payee::Welfare(wish) => {
            let kind = match wish.kind {
                VoucherKind::Card => "card",
                VoucherKind::Voucher => "voucher",
            };
            text(
                "welfare",
                &format_args!("{kind} {} {}", wish.count, wish.face_value),
            )
        }
    }
}

/// What may be missing, as text.
struct OrNothing<T>(Option<T>);

impl<T: Display> Display for OrNothing<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|there| there.fmt(f))
    }
}
