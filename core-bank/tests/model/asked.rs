//! What each step asks of the bank under test.

use core_bank::rules::{
    Action, Amount, Answer, Bill, BillKind, BookAccount, BooksAction, Caller, CardEntry, CardLocks,
    Channel, Day, Fen, LedgerAccount, LoanAction, NetAssetValue, Order, Original, Payee,
    PersonName, Place, RefusalCode, ResidentId, ReturnAction, ReturnKind, WealthAction,
};

use crate::{
    bank::{Bank, balance, product},
    naive::Told,
    step::{PEOPLE, Step},
};

impl Bank {
    #[expect(clippy::too_many_lines, reason = "a table: one step an arm")]
    pub fn ask(&mut self, key: u8, step: &Step) -> Result<Option<i64>, RefusalCode> {
        let account = |at: usize| Some(self.accounts[at].0);
        let card = |at: usize| Some(self.accounts[at].1);
        let amount = |fen: i64| Amount::parse(&format!("{}.{:02}", fen / 100, fen % 100)).unwrap();
        let text = format!("{step:?}");
        let action = match *step {
            Step::Sleep(days) => {
                self.now.0 += i64::from(days) * 24 * 3_600 * 1_000_000;
                // Sessions do not live that long.
                (0..self.customers.len()).for_each(|number| self.log_in(number));
                return Ok(None);
            }
            // Whoever follows bank and model has set the clock.
            Step::Wait(_) => return Ok(None),
            Step::LogIn(at) => {
                self.log_in(at);
                return Ok(None);
            }
            Step::Ask(from, to, much, times) => {
                let order = self.order(from, to, much);
                let mut key = format!("step-{key}");
                for _ in 0..times {
                    let id = self.authorise(&key, &text, &order, from)?;
                    if self.asked[from].iter().all(|(held, _)| *held != id) {
                        self.asked[from].push((id, order.clone()));
                    }
                    key.push('+');
                }
                return Ok(None);
            }
            Step::Show(from, back, right) => {
                let key = format!("step-{key}");
                let none = || (None, self.order(from, (from + 1) % 3, 1));
                let asked = self.asked[from].iter().rev().nth(back).cloned();
                let (id, order) = asked.map_or_else(none, |(id, order)| (Some(id), order));
                return self
                    .show(&key, &text, (id, &order), (from, right))
                    .map(|answer| balance(&answer));
            }
            Step::Identify(at) => {
                let name = PersonName::parse("Ann").unwrap();
                let resident = ResidentId::parse(PEOPLE[at]);
                let wish = Action::IdentityCheck { name, resident };
                let answer = self.judge(&format!("step-{key}"), &text, wish)?;
                if let Answer::IdentityVerified(check) = answer
                    && check.seq() == self.state.seq()
                {
                    self.checks[at] = check;
                }
                return Ok(None);
            }
            Step::Pay(from, to, much, right) => {
                let order = self.order(from, to, much);
                return self
                    .pay(key, &text, &order, (from, right))
                    .map(|answer| balance(&answer));
            }
            Step::Bill(from, much, right) => {
                let order = Order {
                    from: account(from),
                    payee: Payee::Biller(Bill {
                        kind: BillKind::Electricity,
                        biller: "lc-power".to_owned(),
                        reference: "1".to_owned(),
                    }),
                    amount: amount(much),
                };
                return self
                    .pay(key, &text, &order, (from, right))
                    .map(|answer| balance(&answer));
            }
            Step::Subscribe(at, much) => {
                let wish = WealthAction::Subscribe {
                    account: account(at),
                    code: Some(product()),
                    amount: amount(much),
                };
                return self.wealth(self.session(at), key, &text, wish);
            }
            Step::Redeem(at, units) => {
                let wish = WealthAction::Redeem {
                    account: account(at),
                    code: Some(product()),
                    units: amount(units),
                };
                return self.wealth(self.session(at), key, &text, wish);
            }
            Step::Value(price) => {
                let value = format!("{}.{:04}", price / 10_000, price % 10_000);
                let wish = WealthAction::Value {
                    code: Some(product()),
                    value: NetAssetValue::parse(&value).unwrap(),
                };
                return self.wealth(Caller::Terminal(Channel::Operator), key, &text, wish);
            }
            Step::Undo(at) => {
                return self.send_back((key, &text), self.last[at], ReturnKind::Reversal);
            }
            Step::SendBack(at) => {
                return self.send_back((key, &text), self.sent[at], ReturnKind::Refund);
            }
            Step::Borrow(at) => return self.borrow(key, &text, at),
            Step::Repay(at, whole) => {
                let mut running = self.state.loans_of(self.customers[at]);
                let loan = running.find(|(_, loan)| loan.drawn.is_some());
                let loan = loan.map(|(id, _)| id);
                Action::Loans(if whole {
                    LoanAction::RepayEarly { loan }
                } else {
                    LoanAction::Repay { loan }
                })
            }
            Step::EndDays(most) => {
                self.end_days(most);
                return Ok(None);
            }
            Step::Buy(at, much) => {
                let wish = Action::CardUse {
                    card: card(at),
                    entry: CardEntry::Pos,
                    amount: amount(much),
                    place: Place::HOME,
                    merchant: "shop".to_owned(),
                };
                let acquirer = Caller::Terminal(Channel::Acquirer);
                let key = format!("step-{key}");
                return self
                    .judge_by(acquirer, &key, &text, wish)
                    .map(|answer| balance(&answer));
            }
            Step::Lock(at, limit, night) => {
                let wish = Action::SetLocks {
                    card: card(at),
                    locks: CardLocks {
                        night,
                        pos_daily: limit.map(amount),
                        ..CardLocks::default()
                    },
                };
                let session = self.session(at);
                let key = format!("step-{key}");
                return self
                    .judge_by(session, &key, &text, wish)
                    .map(|answer| balance(&answer));
            }
            Step::Deposit(at, much) => Action::Deposit {
                account: account(at),
                amount: amount(much),
            },
            Step::Withdraw(at, much) => Action::Withdrawal {
                account: account(at),
                amount: amount(much),
            },
            Step::Transfer(from, to, much) => Action::TransferOwnBank {
                from: account(from),
                to: account(to),
                amount: amount(much),
            },
            Step::Remit(from, much) => Action::TransferOtherBank {
                from: account(from),
                to: "1".to_owned(),
                bank: "CCB".to_owned(),
                amount: amount(much),
            },
            Step::Lose(at) => Action::ReportLoss { card: card(at) },
            Step::Lift(at) => Action::LiftLoss {
                card: card(at),
                check: Some(self.checks[at]),
            },
        };
        let answer = self.judge(&format!("step-{key}"), &text, action)?;
        if let Answer::Transferred(id, _) = answer
            && id.seq() == self.state.seq()
        {
            let paid = |from: usize, to, much| {
                Some(Original {
                    seq: id.seq(),
                    from: self.accounts[from].0,
                    to,
                    amount: amount(much),
                    day: Day::of(self.now),
                    used: None,
                })
            };
            let abroad = BookAccount::Ledger(LedgerAccount::Settlement);
            match *step {
                Step::Transfer(from, to, much) => {
                    let to = BookAccount::Customer(self.accounts[to].0);
                    self.last[from] = paid(from, to, much);
                }
                Step::Remit(from, much) => self.sent[from] = paid(from, abroad, much),
                _ => {}
            }
        }
        Ok(balance(&answer))
    }

    /// A transfer between two of the three.
    fn order(&self, from: usize, to: usize, much: i64) -> Order {
        Order {
            from: Some(self.accounts[from].0),
            payee: Payee::Here(Some(self.accounts[to].0)),
            amount: Amount::try_from(Fen(much)).unwrap(),
        }
    }

    pub fn wealth(&mut self, by: Caller, key: u8, text: &str, wish: WealthAction) -> Told {
        let key = format!("step-{key}");
        self.judge_by(by, &key, text, Action::Wealth(wish))
            .map(|answer| balance(&answer))
    }

    pub fn borrow(&mut self, key: u8, text: &str, at: usize) -> Told {
        let wish = LoanAction::Apply {
            account: Some(self.accounts[at].0),
            amount: Amount::try_from(Fen(100_000)).unwrap(),
            months: 3,
        };
        let key = format!("step-{key}");
        let loan = match self.judge(&key, text, Action::Loans(wish))? {
            Answer::LoanDeclined(_) => return Ok(None),
            Answer::LoanApproved(loan) => Some(loan),
            other => panic!("{other:?}"),
        };
        let wish = Action::Loans(LoanAction::Draw { loan });
        self.judge(&format!("{key}-draw"), text, wish)
            .map(|answer| balance(&answer))
    }

    /// The operator proposes, the reviewer approves.
    fn send_back(
        &mut self,
        (key, text): (u8, &str),
        original: Option<Original>,
        kind: ReturnKind,
    ) -> Told {
        let wish = ReturnAction::Propose {
            original,
            kind,
            amount: None,
            restore_limit: false,
            reason: "undo".to_owned(),
        };
        let (operator, reviewer) = (Channel::Operator, Channel::Reviewer);
        let key = format!("step-{key}");
        let proposed = self.judge_by(
            Caller::Terminal(operator),
            &key,
            text,
            Action::Returns(wish),
        )?;
        let Answer::ReturnProposed(id) = proposed else {
            panic!("{proposed:?}")
        };
        let wish = Action::Returns(ReturnAction::Approve { id: Some(id) });
        self.judge_by(Caller::Terminal(reviewer), &key, text, wish)
            .map(|answer| balance(&answer))
    }

    pub fn end_days(&mut self, most: usize) {
        for _ in 0..most {
            if self.closed.next() >= Day::of(self.now) {
                break;
            }
            let day = self.closed.next();
            for step in 0.. {
                let wish = Action::Books(BooksAction::CloseDay { day });
                let key = format!("end-{day}-{step}");
                let operator = Caller::Terminal(Channel::Operator);
                match self.judge_by(operator, &key, "end", wish).unwrap() {
                    Answer::DayEnd(_, true) => break,
                    Answer::DayEnd(_, false) => {}
                    other => panic!("{other:?}"),
                }
            }
            self.closed = day;
        }
    }
}
