//! A story in which everything happens that a journal can hold: what is recorded as a journal of its
//! day.

use core_bank::{
    journal::{RECORD_VERSION, Record},
    rules::{
        Action, Address, AlertWishes, Answer, AppointmentCommand, AppointmentId, BatchId, Bill,
        BillKind, BooksAction, BranchId, Caller, CampaignCommand, CampaignId, CardEntry, CardLocks,
        Channel, ClosingAction, Command, Coordinates, Day, Draw, Fen, Fingerprint, GoodsId,
        IdempotencyKey, Label, Limits, LoanAction, MallCommand, MallWish, Medium, NetAssetValue,
        Offer, OrderId, Origin, Party, PasswordHash, Payee, PinDigest, Place, Placed, Prize,
        ProductCode, Proof, Refusal, RefusalCode, ReturnAction, ReturnId, ReturnKind, Scope,
        SessionId, SlotPlan, TerminalAction, TokenNonce, VoucherId, VoucherKind, WealthAction,
        WelfareCommand, WelfareWish,
    },
};

use crate::{
    desk::{ACQUIRER, ATM, COUNTER, Holder, KIOSK, digest, moment, yuan},
    payer::World,
};

const OPERATOR: Caller = Caller::Terminal(Channel::Operator);
const REVIEWER: Caller = Caller::Terminal(Channel::Reviewer);
const NONCE: TokenNonce = TokenNonce([3; 16]);

struct Story {
    world: World,
}

/// Everything that happened.
pub fn tell() -> Vec<Record> {
    let mut story = Story {
        world: World::open_at("2026-06-17T10:00:00+08:00", "100000"),
    };
    story.cards_and_money();
    story.media();
    story.sessions();
    story.addresses();
    story.terminals();
    story.wealth_and_loans();
    story.returns();
    story.mall_and_welfare();
    story.campaigns();
    story.appointments();
    story.closings();
    story.days();
    story.every_refusal();
    story.world.desk.records
}

impl Story {
    /// Asks for what is granted.
    fn granted(&mut self, by: Caller, action: Action) -> Answer {
        let text = format!("{action:?}");
        let answer = self.world.desk.ask(by, action);
        answer.unwrap_or_else(|code| panic!("{text}: {code}"))
    }

    /// Asks for what is refused so.
    fn refused(&mut self, by: Caller, action: Action, code: &str) {
        assert_eq!(self.world.desk.ask(by, action), Err(code));
    }

    /// The number of the last record, by which what it made is named.
    fn last(&self) -> u64 {
        self.world.desk.state.seq()
    }

    fn cards_and_money(&mut self) {
        let (li, wang, mobile) = (self.world.li, self.world.wang, self.world.mobile);
        let wishes = AlertWishes {
            balance_changes: true,
            log_ins: true,
        };
        self.granted(mobile, Action::SetAlerts { wishes });
        let (account, amount) = (Some(li.account), yuan("1000.50"));
        self.granted(ATM, Action::Deposit { account, amount });
        let amount = yuan("0.01");
        self.granted(COUNTER, Action::Withdrawal { account, amount });
        let place = Place::parse("371502").unwrap();
        let withdrawal = Action::WithdrawalAt {
            account,
            amount,
            place,
        };
        self.granted(ATM, withdrawal);
        let own = Action::TransferOwnBank {
            from: account,
            to: Some(wang.account),
            amount: yuan("12.34"),
        };
        self.granted(COUNTER, own);
        let other = Action::TransferOtherBank {
            from: account,
            to: "62270001".to_owned(),
            bank: "CCB".to_owned(),
            amount: yuan("5"),
        };
        self.granted(KIOSK, other);
        let bill = Action::PayBill {
            from: account,
            bill: bill(),
            amount: yuan("30.50"),
        };
        self.granted(KIOSK, bill);
        let locks = CardLocks {
            overseas: true,
            places: Some(vec![Place::HOME, Place::parse("JP").unwrap()]),
            night: true,
            pos_daily: Some(yuan("100")),
            overseas_card_not_present: true,
        };
        let card = Some(li.card);
        self.granted(mobile, Action::SetLocks { card, locks });
        for (entry, overseas) in [
            (CardEntry::Atm, "lock_overseas"),
            (CardEntry::Pos, "lock_overseas"),
            (CardEntry::CardNotPresent, "lock_overseas_card_not_present"),
        ] {
            self.granted(ACQUIRER, use_card(li, entry, "20", "371502"));
            self.refused(ACQUIRER, use_card(li, entry, "20", "JP"), overseas);
        }
        self.refused(
            ACQUIRER,
            use_card(li, CardEntry::Pos, "80.01", "371502"),
            "lock_pos_limit",
        );
        self.granted(mobile, Action::ReportLoss { card });
        let check = Some(li.check);
        self.granted(COUNTER, Action::LiftLoss { card, check });
    }

    fn media(&mut self) {
        let (li, mobile, online) = (self.world.li, self.world.mobile, self.world.online);
        let (customer, check) = (Some(li.customer), Some(li.check));
        let order = self.world.order("7.00");
        let id = self.world.authorise(mobile, Medium::Sms, &order);
        let wrong = Proof::Sms { right: false };
        assert_eq!(self.world.transfer(mobile, id, wrong, &order), "code_wrong");
        for (by, medium) in [
            (mobile, Medium::Sms),
            (online, Medium::Device),
            (online, Medium::Shield),
        ] {
            assert_eq!(self.world.pay(by, medium, "8.88"), "ok");
        }
        for payee in [elsewhere(), Payee::Biller(bill())] {
            let order = self.world.order_to(payee, "3");
            assert_eq!(self.world.pay_order(mobile, Medium::Sms, &order), "ok");
        }
        let limits = Limits {
            per_transaction: Fen(100_000),
            daily: Fen(200_000),
            monthly: Some(Fen(1_000_000)),
        };
        let lower = Action::SetLimits {
            customer,
            check: None,
            scope: Scope::Sms,
            limits,
        };
        self.granted(mobile, lower);
        let order = self.world.order("1000.01");
        let id = self.world.authorise(mobile, Medium::Sms, &order);
        let right = Proof::Sms { right: true };
        assert_eq!(
            self.world.transfer(mobile, id, right, &order),
            "limit_per_transaction"
        );
        let unlock = Action::UnlockMedium {
            customer,
            check,
            medium: Medium::Sms,
        };
        self.granted(KIOSK, unlock);
        self.granted(COUNTER, Action::IssueSocialSecurityCard { customer, check });
    }

    fn sessions(&mut self) {
        let (li, wang) = (self.world.li, self.world.wang);
        let (mobile, messenger) = (self.world.mobile, self.world.messenger);
        let (customer, check) = (Some(wang.customer), Some(wang.check));
        let hash = PasswordHash {
            salt: [1; 16],
            hash: [2; 32],
        };
        let set = Action::SetPassword {
            customer,
            check,
            hash,
        };
        self.granted(COUNTER, set);
        let password = Some(self.last());
        for right in [false, true] {
            let log_in = Action::LogInByPassword {
                channel: Channel::Online,
                customer,
                password,
                right,
                session: digest("by password"),
                nonce: NONCE,
            };
            if right {
                self.granted(Caller::Visitor, log_in);
            } else {
                self.refused(Caller::Visitor, log_in, "wrong_credentials");
            }
        }
        self.world.desk.session(wang, "second");
        let session = Some(SessionId::of_seq(self.last()));
        let third = self.world.desk.session(wang, "third");
        self.granted(third, Action::TerminateSession { session });
        let close = Action::SetChannel {
            customer,
            check: None,
            channel: Channel::Online,
            open: false,
        };
        self.granted(third, close);
        let remove = Action::RemoveDevices {
            customer,
            check: None,
        };
        self.granted(third, remove);
        let Caller::Session(session) = messenger else {
            panic!("{messenger:?}")
        };
        self.granted(messenger, Action::LogOut { session });
        let open = Action::SetChannel {
            customer: Some(li.customer),
            check: Some(li.check),
            channel: Channel::Atm,
            open: true,
        };
        self.granted(COUNTER, open);
        let transfer = Action::TransferOwnBank {
            from: Some(li.account),
            to: Some(wang.account),
            amount: yuan("1"),
        };
        self.refused(mobile, transfer, "authorisation_required");
    }

    /// A session that is begun at one address and used at two, and a terminal at a third.
    fn addresses(&mut self) {
        let li = self.world.li;
        let at = |text: &str| Some(Origin::of(text.parse().unwrap()));
        self.world.desk.from = at("192.0.2.1");
        let log_in = Action::LogIn {
            customer: Some(li.customer),
            device: digest("device of mobile"),
            session: digest("addressed"),
            nonce: NONCE,
        };
        self.granted(Caller::Visitor, log_in);
        let session = Caller::Session(digest("addressed"));
        let wishes = AlertWishes::default();
        for address in ["192.0.2.1", "198.51.100.7", "2001:db8::1"] {
            self.world.desk.from = at(address);
            self.granted(session, Action::SetAlerts { wishes });
        }
        let (account, amount) = (Some(li.account), yuan("1"));
        self.granted(ATM, Action::Deposit { account, amount });
        self.world.desk.from = None;
    }

    fn terminals(&mut self) {
        let li = self.world.li;
        let (card, check) = (Some(li.card), Some(li.check));
        let set = TerminalAction::SetPin {
            card,
            check,
            pin: PinDigest([4; 16]),
        };
        self.granted(KIOSK, Action::Terminal(set));
        let pin = Some(self.last());
        for right in [false, true] {
            let log_in = Action::Terminal(TerminalAction::LogInByPin {
                card,
                pin,
                right,
                session: digest("by PIN"),
                nonce: NONCE,
            });
            if right {
                self.granted(ATM, log_in);
            } else {
                self.refused(ATM, log_in, "wrong_credentials");
            }
        }
        let here = Caller::AtTerminal(Channel::Atm, digest("by PIN"));
        let (account, amount) = (Some(li.account), yuan("100"));
        self.granted(here, Action::Withdrawal { account, amount });
        let session = digest("by PIN");
        self.granted(here, Action::Terminal(TerminalAction::LogOut { session }));
        let in_person = TerminalAction::LogInInPerson {
            customer: Some(li.customer),
            check,
            session: digest("in person"),
            nonce: NONCE,
        };
        self.granted(COUNTER, Action::Terminal(in_person));
    }

    fn wealth_and_loans(&mut self) {
        let (li, wang, mobile) = (self.world.li, self.world.wang, self.world.mobile);
        let code = ProductCode::parse("W1").unwrap();
        let launch = WealthAction::Launch {
            code: code.clone(),
            name: "Growth 1".to_owned(),
            minimum: yuan("1"),
            quota: yuan("100000"),
        };
        self.granted(OPERATOR, Action::Wealth(launch));
        let account = Some(li.account);
        let subscribe = WealthAction::Subscribe {
            account,
            code: Some(code.clone()),
            amount: yuan("1000"),
        };
        self.granted(mobile, Action::Wealth(subscribe));
        let value = WealthAction::Value {
            code: Some(code.clone()),
            value: NetAssetValue::parse("1.0234").unwrap(),
        };
        self.granted(OPERATOR, Action::Wealth(value));
        let redeem = WealthAction::Redeem {
            account,
            code: Some(code),
            units: yuan("300.03"),
        };
        self.granted(COUNTER, Action::Wealth(redeem));
        let apply = |account| {
            Action::Loans(LoanAction::Apply {
                account: Some(account),
                amount: yuan("1200"),
                months: 3,
            })
        };
        for early in [false, true] {
            let Answer::LoanApproved(loan) = self.granted(mobile, apply(li.account)) else {
                panic!("declined")
            };
            let loan = Some(loan);
            self.granted(mobile, Action::Loans(LoanAction::Draw { loan }));
            let repay = if early {
                LoanAction::RepayEarly { loan }
            } else {
                LoanAction::Repay { loan }
            };
            self.granted(COUNTER, Action::Loans(repay));
        }
        let declined = self.granted(COUNTER, apply(wang.account));
        assert!(matches!(declined, Answer::LoanDeclined(_)), "{declined:?}");
    }

    fn returns(&mut self) {
        let mobile = self.world.mobile;
        for (approve, restore_limit) in [(true, true), (false, false)] {
            assert_eq!(self.world.pay(mobile, Medium::Sms, "40"), "ok");
            let original = self.world.desk.records.last().unwrap().original();
            self.propose(original, ReturnKind::Reversal, restore_limit);
            let id = Some(ReturnId::of_seq(self.last()));
            let second = if approve {
                ReturnAction::Approve { id }
            } else {
                ReturnAction::Reject { id }
            };
            self.granted(REVIEWER, Action::Returns(second));
        }
        self.granted(
            ACQUIRER,
            use_card(self.world.li, CardEntry::Pos, "30", "371502"),
        );
        let original = self.world.desk.records.last().unwrap().original();
        self.propose(original, ReturnKind::Refund, false);
    }

    fn propose(
        &mut self,
        original: Option<core_bank::rules::Original>,
        kind: ReturnKind,
        restore_limit: bool,
    ) {
        let propose = ReturnAction::Propose {
            original,
            kind,
            amount: None,
            restore_limit,
            reason: "paid twice".to_owned(),
        };
        self.granted(OPERATOR, Action::Returns(propose));
    }

    fn mall_and_welfare(&mut self) {
        let (li, wang, mobile) = (self.world.li, self.world.wang, self.world.mobile);
        let list = MallCommand::ListGoods {
            name: Label::parse("阿胶").unwrap(),
            price: yuan("60"),
            stock: 5,
        };
        self.granted(OPERATOR, Action::Mall(list));
        let goods = Some(GoodsId::of_seq(self.last()));
        let address = Address::parse("聊城市东昌府区1号").unwrap();
        for (points, amount) in [(0, "60"), (50, "59.50")] {
            let wish = MallWish {
                goods,
                quantity: 1,
                points,
                address: address.clone(),
            };
            let order = self.world.order_to(Payee::Mall(wish), amount);
            assert_eq!(self.world.pay_order(mobile, Medium::Sms, &order), "ok");
            if points == 0 {
                let plain = order.without_proof();
                self.refused(mobile, plain, "authorisation_required");
            }
        }
        let dispatch = MallCommand::Dispatch {
            order: Some(OrderId::of_seq(self.last())),
            parcel: Label::parse("SF1").unwrap(),
        };
        self.granted(OPERATOR, Action::Mall(dispatch));
        let wish = WelfareWish {
            kind: VoucherKind::Voucher,
            face_value: yuan("100"),
            count: 2,
        };
        let order = self.world.order_to(Payee::Welfare(wish), "200");
        self.granted(COUNTER, order.without_proof());
        let batch = Some(BatchId::of_seq(self.last()));
        let wish = WelfareWish {
            kind: VoucherKind::Card,
            ..wish
        };
        let order = self.world.order_to(Payee::Welfare(wish), "200");
        assert_eq!(self.world.pay_order(mobile, Medium::Sms, &order), "ok");
        let unissued = self.world.desk.records.last().unwrap().original();
        let to = vec![Some(wang.customer), Some(li.customer)];
        self.granted(mobile, Action::Welfare(WelfareCommand::Issue { batch, to }));
        let redeem = WelfareCommand::Redeem {
            voucher: Some(VoucherId::of_place(self.last(), 1)),
            goods,
            address,
        };
        self.granted(mobile, Action::Welfare(redeem));
        let ordered = self.world.desk.records.last().unwrap();
        let placed = Placed::of(ordered.outcome.iter().flatten()).map(Box::new);
        let cancel = MallCommand::Cancel { placed };
        self.granted(mobile, Action::Mall(cancel));
        self.propose(unissued, ReturnKind::Refund, false);
        let id = Some(ReturnId::of_seq(self.last()));
        let approve = ReturnAction::Approve { id };
        self.granted(REVIEWER, Action::Returns(approve));
    }

    fn campaigns(&mut self) {
        let mobile = self.world.mobile;
        let prizes = vec![Prize {
            name: Label::parse("积分").unwrap(),
            chance: 500_000,
            stock: 3,
            points: 88,
        }];
        let lottery = self.announce(Offer::Lottery { prizes });
        let gift = self.announce(Offer::Gift {
            points: 30,
            stock: 10,
        });
        let cover = self.announce(Offer::Cover {
            cover: Label::parse("账户安全险").unwrap(),
            stock: 1,
        });
        let draw = Some(Draw {
            campaign: Some(lottery),
            number: 7_499_999,
        });
        let check_in = CampaignCommand::CheckIn { draw };
        self.granted(mobile, Action::Campaign(check_in));
        for campaign in [Some(gift), Some(cover)] {
            self.granted(
                mobile,
                Action::Campaign(CampaignCommand::Claim { campaign }),
            );
        }
    }

    fn announce(&mut self, offer: Offer) -> CampaignId {
        let announce = CampaignCommand::Announce {
            name: Label::parse("June").unwrap(),
            offer,
            begins: moment("2026-06-01T00:00:00+08:00"),
            ends: moment("2026-07-01T00:00:00+08:00"),
        };
        self.granted(OPERATOR, Action::Campaign(announce));
        CampaignId::of_seq(self.last())
    }

    fn appointments(&mut self) {
        let mobile = self.world.mobile;
        let open = AppointmentCommand::OpenBranch {
            name: Label::parse("市中支行").unwrap(),
            at: Coordinates::parse("36.4567", "115.9854").unwrap(),
            slots: SlotPlan {
                opens: 540,
                closes: 1_020,
                minutes: 30,
                places: 4,
                overbooking: 1,
            },
        };
        self.granted(OPERATOR, Action::Appointment(open));
        let branch = Some(BranchId::of_seq(self.last()));
        let mut booked = Vec::new();
        for day in [18, 19, 24] {
            let slot = moment(&format!("2026-06-{day}T09:30:00+08:00"));
            let book = AppointmentCommand::Book { branch, slot };
            self.granted(mobile, Action::Appointment(book));
            booked.push(Some(AppointmentId::of_seq(self.last())));
        }
        let cancel = AppointmentCommand::Cancel {
            appointment: booked[1],
        };
        self.granted(mobile, Action::Appointment(cancel));
        let conclude = AppointmentCommand::Conclude {
            appointment: booked[0],
            kept: true,
        };
        self.granted(COUNTER, Action::Appointment(conclude));
    }

    fn closings(&mut self) {
        let wang = self.world.wang;
        let (customer, check) = (wang.customer, Some(wang.check));
        let (card, _) = self.world.desk.card(customer, wang.check);
        let close = ClosingAction::Card {
            card: Some(card),
            check,
        };
        self.granted(COUNTER, Action::Close(close));
        let (_, account) = self.world.desk.card(customer, wang.check);
        let (account, amount) = (Some(account), yuan("9.99"));
        self.granted(COUNTER, Action::Deposit { account, amount });
        let close = ClosingAction::Account { account, check };
        self.granted(COUNTER, Action::Close(close));
    }

    /// To the end of the quarter's 20th, when interest is credited.
    fn days(&mut self) {
        for day in 17..=20 {
            self.world
                .desk
                .at(&format!("2026-06-{}T00:30:00+08:00", day + 1));
            // Paid after midnight: the end of the day before leaves it.
            let order = self.world.order_to(elsewhere(), "1");
            self.granted(COUNTER, order.without_proof());
            let day = Day::parse(&format!("2026-06-{day}")).unwrap();
            let close = Action::Books(BooksAction::CloseDay { day });
            while !matches!(
                self.granted(OPERATOR, close.clone()),
                Answer::DayEnd(_, true)
            ) {}
        }
    }

    /// A record of each refusal that a journal may hold, with the customer and without, whether or not
    /// such a command meets it.
    fn every_refusal(&mut self) {
        let customer = self.world.li.customer;
        let frozen = RefusalCode::ALL.iter().filter(|code| code.frozen());
        for (number, code) in frozen.enumerate() {
            let record = Record {
                v: RECORD_VERSION,
                seq: self.world.desk.state.next_seq(),
                at: self.world.desk.clock,
                key: IdempotencyKey::parse(&format!("refusal-{number}")).unwrap(),
                fingerprint: Fingerprint([5; 16]),
                command: Command {
                    by: Party::Terminal(Channel::Kiosk),
                    action: Action::ReportLoss { card: None },
                },
                outcome: Err(Refusal {
                    code: *code,
                    customer: (number % 2 == 1).then_some(customer),
                }),
            };
            let folded = record.fold_into(&mut self.world.desk.state).unwrap();
            assert!(folded.is_err());
            self.world.desk.records.push(record);
        }
    }
}

fn bill() -> Bill {
    Bill {
        kind: BillKind::Electricity,
        biller: "lc-power".to_owned(),
        reference: "37150001".to_owned(),
    }
}

fn elsewhere() -> Payee {
    Payee::Elsewhere {
        account: "62270001".to_owned(),
        bank: "CCB".to_owned(),
    }
}

fn use_card(who: Holder, entry: CardEntry, amount: &str, place: &str) -> Action {
    Action::CardUse {
        card: Some(who.card),
        entry,
        amount: yuan(amount),
        place: Place::parse(place).unwrap(),
        merchant: "Shop".to_owned(),
    }
}
