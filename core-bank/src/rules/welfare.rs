//! Welfare of enterprises (B2B2C): an enterprise buys prepaid cards or e-vouchers, issues them to its
//! employees, and each employee chooses goods once.
//!
//! The money waits in the books as a debt of the bank until a voucher is redeemed. One command issues
//! at most [`ISSUE_MAX`] vouchers, so that a large batch is many short decisions.

use serde::{Deserialize, Serialize};

use super::{
    decide::{Decision, Desk},
    fact::Fact,
    ids::{AccountNumber, BatchId, CustomerId, GoodsId, OrderId, VoucherId},
    ledger::{BookAccount, LedgerAccount},
    mall::MallFact,
    money::{Amount, Fen},
    operation::Operation,
    payment::Order,
    points::{PointsReason, PointsTerms, moved},
    refusal::{Refusal, RefusalCode as Code},
    state::{State, Step},
    table::Table,
    text::Address,
};

/// Vouchers that one batch may hold.
pub const BATCH_MAX: u32 = 10_000;
/// Vouchers that one command may issue.
pub const ISSUE_MAX: usize = 50;
const _: () = assert!(ISSUE_MAX <= VoucherId::PER_RECORD);

/// The form of a voucher.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum VoucherKind {
    /// A prepaid card.
    Card,
    /// An e-voucher.
    Voucher,
}

/// What an enterprise wants to buy; the amount of the payment is their product.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WelfareWish {
    /// In which form.
    pub kind: VoucherKind,
    /// What one is worth.
    pub face_value: Amount,
    /// How many.
    pub count: u32,
}

/// What is wanted of welfare beside paying for it out of a session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WelfareCommand {
    /// Buy a batch at a counter, where the enterprise's agent is known in person.
    Buy {
        /// The payment, whose payee is a batch of vouchers.
        order: Order,
    },
    /// Issue vouchers of a batch.
    Issue {
        /// The batch.
        batch: Option<BatchId>,
        /// To whom, each once.
        to: Vec<Option<CustomerId>>,
    },
    /// Choose goods for a voucher.
    Redeem {
        /// The voucher.
        voucher: Option<VoucherId>,
        /// The goods, one piece.
        goods: Option<GoodsId>,
        /// Where the parcel goes.
        address: Address,
    },
}

impl WelfareCommand {
    /// The operation by its shared name.
    pub fn operation(&self) -> Operation {
        match self {
            Self::Buy { .. } => Operation::WelfarePurchase,
            Self::Issue { .. } => Operation::WelfareIssue,
            Self::Redeem { .. } => Operation::WelfareRedemption,
        }
    }
}

/// What happened to vouchers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WelfareFact {
    /// A batch was bought.
    Bought {
        /// The batch.
        batch: BatchId,
        /// By whom.
        customer: CustomerId,
        /// What.
        wish: WelfareWish,
    },
    /// Vouchers were issued, in the order of their places.
    Issued {
        /// Of this batch.
        batch: BatchId,
        /// To these.
        to: Vec<CustomerId>,
    },
    /// A voucher was spent.
    Redeemed {
        /// Which.
        voucher: VoucherId,
        /// The order that it paid for.
        order: OrderId,
    },
    /// A voucher may be spent again, since what it paid for was cancelled.
    Restored {
        /// Which.
        voucher: VoucherId,
        /// The order that it had paid for.
        order: OrderId,
    },
    /// Vouchers that nobody has been issued were taken back.
    Returned {
        /// Of this batch.
        batch: BatchId,
        /// So many.
        count: u32,
    },
}

/// A batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Batch {
    /// Whose it is.
    pub customer: CustomerId,
    /// What was bought, less what was taken back.
    pub wish: WelfareWish,
    /// How many of it were issued.
    pub issued: u32,
}

/// A voucher.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Voucher {
    /// The batch that it is of.
    pub batch: BatchId,
    /// Who may spend it.
    pub customer: CustomerId,
    /// What it was spent on.
    pub redeemed: Option<OrderId>,
}

/// Batches and vouchers as they stand.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Welfare {
    batches: Table<BatchId, Batch>,
    vouchers: Table<VoucherId, Voucher>,
    /// Who has one of which batch.
    given: Table<(BatchId, CustomerId), ()>,
    of_customer: Table<(CustomerId, VoucherId), ()>,
}

impl Welfare {
    pub(super) fn each_table(&mut self, step: Step) {
        step.take(&mut self.batches);
        step.take(&mut self.vouchers);
        step.take(&mut self.given);
        step.take(&mut self.of_customer);
    }

    /// A batch by id.
    pub fn batch(&self, id: BatchId) -> Option<&Batch> {
        self.batches.get(&id)
    }

    /// A voucher by id.
    pub fn voucher(&self, id: VoucherId) -> Option<&Voucher> {
        self.vouchers.get(&id)
    }

    /// A customer's vouchers after `last`, in order of id.
    pub fn vouchers_of(
        &self,
        customer: CustomerId,
        last: Option<VoucherId>,
    ) -> impl Iterator<Item = (VoucherId, &Voucher)> {
        let from = (customer, last.unwrap_or(VoucherId::of_seq(0)));
        let own = self.of_customer.after(Some(from));
        own.map(|(key, ())| *key)
            .take_while(move |(owner, _)| *owner == customer)
            .filter_map(|(_, id)| Some((id, self.vouchers.get(&id)?)))
    }
}

impl Desk<'_> {
    pub(super) fn run_welfare(&self, command: &WelfareCommand) -> Decision {
        match command {
            WelfareCommand::Buy { order } => self.plain_payment(order),
            WelfareCommand::Issue { batch, to } => self.issue_vouchers(*batch, to),
            WelfareCommand::Redeem {
                voucher,
                goods,
                address,
            } => self.redeem_voucher(*voucher, *goods, address),
        }
    }

    /// Whether the payment is for so many vouchers of that worth.
    pub(super) fn batch_for_sale(wish: &WelfareWish, amount: Amount) -> Result<(), Refusal> {
        if !(1..=BATCH_MAX).contains(&wish.count) {
            return Err(Code::BatchTooLarge.into());
        }
        let price = wish.face_value.fen().0.checked_mul(i64::from(wish.count));
        if price != Some(amount.fen().0) {
            return Err(Code::PriceDiffers.into());
        }
        Ok(())
    }

    pub(super) fn batch_facts(
        &self,
        (payer, owner): (AccountNumber, CustomerId),
        wish: &WelfareWish,
        amount: Amount,
        facts: &mut Vec<Fact>,
    ) -> Result<(), Refusal> {
        facts.push(Fact::Welfare(WelfareFact::Bought {
            batch: BatchId::of_seq(self.state.next_seq()),
            customer: owner,
            wish: *wish,
        }));
        let owed = BookAccount::Ledger(LedgerAccount::WelfareVouchers);
        let payer = BookAccount::Customer(payer);
        let lines = [(payer, amount.outgoing()), (owed, amount.fen())];
        self.movement(None, &lines, facts)
    }

    /// How many vouchers that nobody has been issued are worth so much together, when the batch that
    /// was bought by record `seq` holds as many.
    pub(super) fn unissued(&self, seq: u64, worth: Amount) -> Result<(BatchId, u32), Code> {
        let id = BatchId::of_seq(seq);
        let batch = self.state.welfare.batch(id).ok_or(Code::PaymentNotFound)?;
        let (face, worth) = (batch.wish.face_value.fen().0, worth.fen().0);
        if worth % face != 0 {
            return Err(Code::ReturnNotWhole);
        }
        let left = batch.wish.count.saturating_sub(batch.issued);
        match u32::try_from(worth / face) {
            Ok(count) if count <= left => Ok((id, count)),
            _ => Err(Code::ReturnTooLarge),
        }
    }

    /// What the vouchers of such a batch that nobody has been issued are worth.
    pub(super) fn worth_unissued(&self, seq: u64) -> Result<Amount, Code> {
        let batch = self.state.welfare.batch(BatchId::of_seq(seq));
        let batch = batch.ok_or(Code::PaymentNotFound)?;
        let left = i64::from(batch.wish.count.saturating_sub(batch.issued));
        let worth = batch.wish.face_value.fen().0.checked_mul(left);
        let worth = worth.and_then(|fen| Amount::try_from(Fen(fen)).ok());
        worth.ok_or(Code::ReturnTooLarge)
    }

    fn issue_vouchers(&self, batch: Option<BatchId>, to: &[Option<CustomerId>]) -> Decision {
        let welfare = &self.state.welfare;
        let id = batch.ok_or(Code::BatchNotFound)?;
        let batch = welfare.batch(id).filter(|it| self.by.sees(it.customer));
        let batch = batch.ok_or(Code::BatchNotFound)?;
        let left = (batch.wish.count - batch.issued) as usize;
        if to.is_empty() || to.len() > left.min(ISSUE_MAX) {
            return Err(Code::BatchExhausted.into());
        }
        let mut employees = Vec::with_capacity(to.len());
        for employee in to {
            let employee = self.state.may_receive(id, *employee)?;
            if employees.contains(&employee) {
                return Err(Refusal {
                    code: Code::VoucherIssuedAlready,
                    customer: Some(employee),
                });
            }
            employees.push(employee);
        }
        Ok(vec![Fact::Welfare(WelfareFact::Issued {
            batch: id,
            to: employees,
        })])
    }

    /// One piece of goods for a voucher; what it is worth beyond them becomes points.
    fn redeem_voucher(
        &self,
        voucher: Option<VoucherId>,
        goods: Option<GoodsId>,
        address: &Address,
    ) -> Decision {
        let welfare = &self.state.welfare;
        let id = voucher.ok_or(Code::VoucherNotFound)?;
        let voucher = welfare.voucher(id).ok_or(Code::VoucherNotFound)?;
        if self.by.customer() != Some(voucher.customer) {
            return Err(Code::VoucherNotFound.into());
        }
        if voucher.redeemed.is_some() {
            return Err(Code::VoucherRedeemed.into());
        }
        let batch = welfare.batch(voucher.batch).ok_or(Code::BatchNotFound)?;
        let face = batch.wish.face_value.fen();
        let (goods, price) = self.in_stock(goods, 1)?;
        if price > face {
            return Err(Code::VoucherTooSmall.into());
        }
        let customer = voucher.customer;
        let order = OrderId::of_seq(self.state.next_seq());
        let mut facts = vec![
            Fact::Mall(MallFact::Ordered {
                order,
                customer,
                goods,
                quantity: 1,
                paid: Fen::ZERO,
                points: 0,
                address: address.clone(),
            }),
            Fact::Welfare(WelfareFact::Redeemed { voucher: id, order }),
        ];
        let rest = Fen(face.0 - price.0);
        let ledger = BookAccount::Ledger;
        let lines = [
            (ledger(LedgerAccount::WelfareVouchers), Fen(-face.0)),
            (ledger(LedgerAccount::MallMerchants), price),
            (ledger(LedgerAccount::PointsExpense), rest),
        ];
        let lines = if rest == Fen::ZERO {
            &lines[..2]
        } else {
            &lines[..]
        };
        self.movement(None, lines, &mut facts)?;
        let points = PointsTerms::paying(rest).ok_or(Code::BalanceOverflow)?;
        if points != 0 {
            let held = self.state.points(customer);
            let moved = moved(customer, PointsReason::Voucher, (held, points));
            facts.push(moved.ok_or(Code::BalanceOverflow)?.1);
        }
        Ok(facts)
    }
}

impl State {
    /// Whether these of `count` customers could each be issued a voucher of a batch, were all of them decided
    /// together now.
    ///
    /// # Errors
    ///
    /// The refusal of the first who could not.
    pub fn may_issue(
        &self,
        batch: Option<BatchId>,
        to: &[Option<CustomerId>],
        count: usize,
    ) -> Result<(), Refusal> {
        let id = batch.ok_or(Code::BatchNotFound)?;
        let batch = self.welfare.batch(id).ok_or(Code::BatchNotFound)?;
        if count > (batch.wish.count - batch.issued) as usize {
            return Err(Code::BatchExhausted.into());
        }
        let mut to = to.iter();
        to.try_for_each(|customer| self.may_receive(id, *customer).map(drop))
    }

    /// A customer who has no voucher of this batch yet.
    fn may_receive(
        &self,
        batch: BatchId,
        customer: Option<CustomerId>,
    ) -> Result<CustomerId, Refusal> {
        let customer = customer.ok_or(Code::CustomerNotFound)?;
        let refused = |code| Refusal {
            code,
            customer: Some(customer),
        };
        if self.customer(customer).is_none() {
            return Err(refused(Code::CustomerNotFound));
        }
        if self.welfare.given.contains(&(batch, customer)) {
            return Err(refused(Code::VoucherIssuedAlready));
        }
        Ok(customer)
    }
}

impl State {
    /// Batches and vouchers.
    pub fn welfare(&self) -> &Welfare {
        &self.welfare
    }

    pub(super) fn fold_welfare(&mut self, fact: &WelfareFact) -> Result<(), &'static str> {
        match fact {
            WelfareFact::Bought {
                batch,
                customer,
                wish,
            } => self.welfare.batches.put(
                *batch,
                Batch {
                    customer: *customer,
                    wish: *wish,
                    issued: 0,
                },
            ),
            WelfareFact::Issued { batch, to } => {
                let held = self.welfare.batches.edit(batch);
                let held = held.ok_or("the batch does not exist")?;
                held.issued += to.len() as u32;
                if held.issued > held.wish.count {
                    return Err("more vouchers are issued than were bought");
                }
                for (place, customer) in to.iter().enumerate() {
                    let id = VoucherId::of_place(self.seq(), place);
                    let voucher = Voucher {
                        batch: *batch,
                        customer: *customer,
                        redeemed: None,
                    };
                    self.welfare.vouchers.put(id, voucher);
                    self.welfare.given.put((*batch, *customer), ());
                    self.welfare.of_customer.put((*customer, id), ());
                }
            }
            WelfareFact::Redeemed { voucher, order } => {
                let held = self.welfare.vouchers.edit(voucher);
                let held = held.ok_or("the voucher does not exist")?;
                if held.redeemed.replace(*order).is_some() {
                    return Err("the voucher is spent twice");
                }
            }
            WelfareFact::Restored { voucher, order } => {
                let held = self.welfare.vouchers.edit(voucher);
                let held = held.ok_or("the voucher does not exist")?;
                if held.redeemed.take() != Some(*order) {
                    return Err("the voucher was spent on something else");
                }
            }
            WelfareFact::Returned { batch, count } => {
                let held = self.welfare.batches.edit(batch);
                let held = held.ok_or("the batch does not exist")?;
                let rest = held.wish.count.checked_sub(*count);
                let rest = rest.filter(|rest| *rest >= held.issued);
                held.wish.count = rest.ok_or("issued vouchers are taken back")?;
            }
        }
        Ok(())
    }
}
