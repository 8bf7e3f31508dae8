//! What the bank sells and keeps: the mall, welfare, campaigns, appointments, wealth, loans, returns, the
//! end of a day.

use core_bank::rules::{
    Action, Address, AppointmentCommand, AppointmentId, BatchId, BooksAction, BranchId,
    CampaignCommand, CampaignId, ClosingAction, Coordinates, Day, Draw, GoodsId, Label, LoanAction,
    LoanId, MallCommand, MallWish, NetAssetValue, Offer, OrderId, Prize, ProductCode, ReturnAction,
    ReturnId, ReturnKind, SlotPlan, VoucherId, VoucherKind, WealthAction, WelfareCommand,
    WelfareWish,
};

use crate::{bytes::Bytes, world::World};

impl Bytes<'_> {
    pub fn product(&mut self, world: &World) -> Action {
        match self.below(9) {
            0 => Action::Mall(self.mall(world)),
            1 => Action::Welfare(self.welfare()),
            2 => Action::Campaign(self.campaign(world)),
            3 | 4 => Action::Appointment(self.appointment(world)),
            5 => Action::Wealth(self.wealth()),
            6 => Action::Loans(self.loan()),
            7 => Action::Returns(self.return_of(world)),
            _ => Action::Books(BooksAction::CloseDay {
                day: Day(Day::of(world.now).0 - i32::from(self.below(3))),
            }),
        }
    }

    fn label() -> Label {
        Label::parse("A").expect("a label")
    }

    fn address() -> Address {
        Address::parse("1 Road").expect("an address")
    }

    fn goods(&mut self) -> Option<GoodsId> {
        Some(GoodsId::of_seq(self.seq()))
    }

    fn few(&mut self) -> u32 {
        u32::from(self.below(4))
    }

    pub fn mall_wish(&mut self) -> MallWish {
        MallWish {
            goods: self.goods(),
            quantity: self.few(),
            points: u32::from(self.next()),
            address: Self::address(),
        }
    }

    pub fn welfare_wish(&mut self) -> WelfareWish {
        WelfareWish {
            kind: self.one_of([VoucherKind::Card, VoucherKind::Voucher]),
            face_value: self.amount(),
            count: self.few(),
        }
    }

    fn mall(&mut self, world: &World) -> MallCommand {
        match self.below(6) {
            0 => MallCommand::ListGoods {
                name: Self::label(),
                price: self.amount(),
                stock: self.few(),
            },
            1 => MallCommand::Dispatch {
                order: Some(OrderId::of_seq(self.seq())),
                parcel: Self::label(),
            },
            2 | 3 => {
                let place = usize::from(self.next()) % world.placed.len().max(1);
                MallCommand::Cancel {
                    placed: world.placed.get(place).cloned().map(Box::new),
                }
            }
            _ => {
                let mut order = self.order();
                order.payee = core_bank::rules::Payee::Mall(self.mall_wish());
                MallCommand::Order { order }
            }
        }
    }

    fn welfare(&mut self) -> WelfareCommand {
        match self.below(3) {
            0 => {
                let mut order = self.order();
                order.payee = core_bank::rules::Payee::Welfare(self.welfare_wish());
                WelfareCommand::Buy { order }
            }
            1 => {
                let count = self.below(4);
                WelfareCommand::Issue {
                    batch: Some(BatchId::of_seq(self.seq())),
                    to: (0..count).map(|_| self.customer()).collect(),
                }
            }
            _ => {
                let place = usize::from(self.below(4));
                WelfareCommand::Redeem {
                    voucher: Some(VoucherId::of_place(self.seq(), place)),
                    goods: self.goods(),
                    address: Self::address(),
                }
            }
        }
    }

    fn campaign(&mut self, world: &World) -> CampaignCommand {
        match self.below(4) {
            0 => CampaignCommand::Announce {
                name: Self::label(),
                offer: match self.below(3) {
                    0 => Offer::Lottery {
                        prizes: vec![Prize {
                            name: Self::label(),
                            chance: self.one_of([1, 500_000, 1_000_000]),
                            stock: self.few(),
                            points: self.few(),
                        }],
                    },
                    1 => Offer::Gift {
                        points: self.few(),
                        stock: self.few(),
                    },
                    _ => Offer::Cover {
                        cover: Self::label(),
                        stock: self.few(),
                    },
                },
                begins: self.moment(world),
                ends: self.moment(world),
            },
            1 => CampaignCommand::Claim {
                campaign: Some(CampaignId::of_seq(self.seq())),
            },
            _ => CampaignCommand::CheckIn {
                draw: self.yes().then(|| Draw {
                    campaign: self.yes().then(|| CampaignId::of_seq(self.seq())),
                    number: u64::from(self.next()) << 56,
                }),
            },
        }
    }

    fn appointment(&mut self, world: &World) -> AppointmentCommand {
        let appointment = Some(AppointmentId::of_seq(self.seq()));
        match self.below(5) {
            0 => AppointmentCommand::OpenBranch {
                name: Self::label(),
                at: Coordinates::parse("36.45", "115.98").expect("a place on earth"),
                slots: SlotPlan {
                    opens: 9 * 60,
                    closes: 17 * 60,
                    minutes: 30,
                    places: 1,
                    overbooking: u16::from(self.below(2)),
                },
            },
            1 | 2 => AppointmentCommand::Book {
                branch: Some(BranchId::of_seq(self.seq())),
                slot: self.moment(world),
            },
            3 => AppointmentCommand::Cancel { appointment },
            _ => AppointmentCommand::Conclude {
                appointment,
                kept: self.yes(),
            },
        }
    }

    fn wealth(&mut self) -> WealthAction {
        let code = ProductCode::parse(self.one_of(["A1", "B2"])).expect("a code");
        match self.below(5) {
            0 => WealthAction::Launch {
                code,
                name: "A".to_owned(),
                minimum: self.amount(),
                quota: self.amount(),
            },
            1 => WealthAction::Value {
                code: Some(code),
                value: NetAssetValue::parse(self.one_of(["0.01", "1", "1.5", "9999.9999"]))
                    .expect("a value"),
            },
            2 | 3 => WealthAction::Subscribe {
                account: self.account(),
                code: Some(code),
                amount: self.amount(),
            },
            _ => WealthAction::Redeem {
                account: self.account(),
                code: Some(code),
                units: self.amount(),
            },
        }
    }

    fn loan(&mut self) -> LoanAction {
        let loan = Some(LoanId::of_seq(self.seq()));
        match self.below(5) {
            0 | 1 => LoanAction::Apply {
                account: self.account(),
                amount: self.amount(),
                months: self.one_of([6, 12, 24, 36]),
            },
            2 => LoanAction::Draw { loan },
            3 => LoanAction::Repay { loan },
            _ => LoanAction::RepayEarly { loan },
        }
    }

    fn return_of(&mut self, world: &World) -> ReturnAction {
        let id = Some(ReturnId::of_seq(self.seq()));
        match self.below(4) {
            0 | 1 => {
                let count = world.payments.len().max(1);
                let place = usize::from(self.next()) % count;
                ReturnAction::Propose {
                    original: world.payments.get(place).cloned(),
                    kind: self.one_of([ReturnKind::Reversal, ReturnKind::Refund]),
                    amount: self.yes().then(|| self.amount()),
                    restore_limit: self.yes(),
                    reason: "A".to_owned(),
                }
            }
            2 => ReturnAction::Approve { id },
            _ => ReturnAction::Reject { id },
        }
    }

    pub fn closing(&mut self) -> Action {
        Action::Close(if self.yes() {
            ClosingAction::Account {
                account: self.account(),
                check: self.check(),
            }
        } else {
            ClosingAction::Card {
                card: self.card(),
                check: self.check(),
            }
        })
    }
}
