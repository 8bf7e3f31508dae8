//! What customers and terminals ask for: access, cards, money, media. And which of all actions comes next.

use core_bank::rules::{
    Action, AlertWishes, AuthorisationId, Bill, CardEntry, CardLocks, Channel, Limits, Medium,
    MediumWish, Order, PasswordHash, Payee, PersonName, Phone, Proof, ResidentId, Scope, SessionId,
    ShieldKey, Shown, TerminalAction, PinDigest, TokenNonce, BillKind, Caller,
};

use crate::{PEOPLE, bytes::Bytes, world::World};

impl Bytes<'_> {
    pub fn caller(&mut self) -> Caller {
        match self.below(12) {
            0 => Caller::Terminal(Channel::Counter),
            1 => Caller::Terminal(Channel::Kiosk),
            2 => Caller::Terminal(Channel::Atm),
            3 => Caller::Terminal(Channel::Acquirer),
            4 => Caller::Terminal(Channel::Operator),
            5 => Caller::Terminal(Channel::Reviewer),
            6 => Caller::Visitor,
            7 => {
                let at = [Channel::Counter, Channel::Kiosk, Channel::Atm];
                Caller::AtTerminal(self.one_of(at), self.token())
            }
            _ => Caller::Session(self.token()),
        }
    }

    /// Any action at all.
    pub fn action(&mut self, world: &World) -> Action {
        match self.below(5) {
            0 | 1 => self.access(),
            2 => self.money(),
            3 => self.authorised(),
            _ => self.product(world),
        }
    }

    fn phone() -> Phone {
        Phone::parse("13800000000").expect("a phone")
    }

    fn bill(&mut self) -> Bill {
        let (kind, biller) = self.one_of([
            (BillKind::Electricity, "lc-power"),
            (BillKind::Broadband, "lc-broadband"),
            (BillKind::Tuition, "nowhere"),
        ]);
        Bill {
            kind,
            biller: biller.to_owned(),
            reference: "17".to_owned(),
        }
    }

    pub fn order(&mut self) -> Order {
        let payee = match self.below(8) {
            0 => Payee::Elsewhere {
                account: "6227".to_owned(),
                bank: "CCB".to_owned(),
            },
            1 => Payee::Biller(self.bill()),
            2 => Payee::Mall(self.mall_wish()),
            3 => Payee::Welfare(self.welfare_wish()),
            _ => Payee::Here(self.account()),
        };
        Order {
            from: self.account(),
            payee,
            amount: self.amount(),
        }
    }

    fn limits(&mut self) -> Limits {
        Limits {
            per_transaction: self.amount().fen(),
            daily: self.amount().fen(),
            monthly: self.yes().then(|| self.amount().fen()),
        }
    }

    /// Who customers are, what cards they have, and how they come in.
    fn access(&mut self) -> Action {
        let nonce = self.nonce();
        match self.below(22) {
            0 => Action::IdentityCheck {
                name: PersonName::parse("A").expect("a name"),
                resident: ResidentId::parse(self.one_of(PEOPLE)),
            },
            1 => Action::RegisterCustomer {
                check: self.check(),
                phone: Self::phone(),
            },
            2 => Action::OpenCard {
                customer: self.customer(),
                check: self.check(),
            },
            3 => Action::EbankingSignup {
                customer: self.customer(),
                check: self.check(),
                token: self.token(),
                nonce,
            },
            4 => Action::ReportLoss { card: self.card() },
            5 => Action::LiftLoss {
                card: self.card(),
                check: self.check(),
            },
            6 => Action::LogInTo {
                channel: self.channel(),
                customer: self.customer(),
                device: self.token(),
                session: self.token(),
                nonce,
            },
            7 | 8 => Action::LogIn {
                customer: self.customer(),
                device: self.token(),
                session: self.token(),
                nonce,
            },
            9 => Action::LogOut {
                session: self.token(),
            },
            10 => Action::SetLocks {
                card: self.card(),
                locks: CardLocks {
                    overseas: self.yes(),
                    places: self.yes().then(|| vec![self.place()]),
                    night: self.yes(),
                    pos_daily: self.yes().then(|| self.amount()),
                    overseas_card_not_present: self.yes(),
                },
            },
            11 => Action::TerminateSession {
                session: Some(SessionId::of_seq(self.seq())),
            },
            12 => Action::SetChannel {
                customer: self.customer(),
                check: self.check(),
                channel: self.channel(),
                open: self.yes(),
            },
            13 => Action::SetPassword {
                customer: self.customer(),
                check: self.check(),
                hash: PasswordHash {
                    salt: [1; 16],
                    hash: [2; 32],
                },
            },
            14 => Action::LogInByPassword {
                channel: self.channel(),
                customer: self.customer(),
                password: Some(self.seq()),
                right: self.yes(),
                session: self.token(),
                nonce,
            },
            15 => Action::SetAlerts {
                wishes: AlertWishes {
                    balance_changes: self.yes(),
                    log_ins: self.yes(),
                },
            },
            16 => Action::IssueSocialSecurityCard {
                customer: self.customer(),
                check: self.check(),
            },
            17 => Action::Terminal(TerminalAction::SetPin {
                card: self.card(),
                check: self.check(),
                pin: PinDigest([self.below(4); 16]),
            }),
            18 => Action::Terminal(TerminalAction::LogInByPin {
                card: self.card(),
                pin: Some(self.seq()),
                right: self.yes(),
                session: self.token(),
                nonce,
            }),
            19 => Action::Terminal(TerminalAction::LogInInPerson {
                customer: self.customer(),
                check: self.check(),
                session: self.token(),
                nonce,
            }),
            20 => Action::Terminal(TerminalAction::LogOut {
                session: self.token(),
            }),
            _ => self.closing(),
        }
    }

    /// Money where the customer is known in person, and by card.
    fn money(&mut self) -> Action {
        match self.below(7) {
            0 | 1 => Action::Deposit {
                account: self.account(),
                amount: self.amount(),
            },
            2 => Action::Withdrawal {
                account: self.account(),
                amount: self.amount(),
            },
            3 => Action::WithdrawalAt {
                account: self.account(),
                amount: self.amount(),
                place: self.place(),
            },
            4 => self.order().without_proof(),
            _ => Action::CardUse {
                card: self.card(),
                entry: self.one_of([CardEntry::Atm, CardEntry::Pos, CardEntry::CardNotPresent]),
                amount: self.amount(),
                place: self.place(),
                merchant: String::new(),
            },
        }
    }

    /// Media, their limits, and what they authorise.
    fn authorised(&mut self) -> Action {
        let serial = TokenNonce([self.below(4); 16]);
        let key = ShieldKey([self.below(4); 32]);
        match self.below(8) {
            0 | 1 => Action::AskAuthorisation {
                wish: match self.below(3) {
                    0 => MediumWish::Sms {
                        phone: Self::phone(),
                        tail: self.account().map_or(0, |account| account.last_six()),
                    },
                    1 => MediumWish::Device(serial),
                    _ => MediumWish::Shield(key),
                },
                order: self.order(),
            },
            2..=4 => Action::AuthorisedTransfer {
                shown: Shown {
                    id: Some(AuthorisationId::of_seq(self.seq())),
                    proof: match self.below(3) {
                        0 => Proof::Sms { right: self.yes() },
                        1 => Proof::Device {
                            serial,
                            step: self.yes().then(|| self.step()),
                        },
                        _ => Proof::Shield {
                            key,
                            right: self.yes(),
                        },
                    },
                },
                order: self.order(),
            },
            5 => Action::IssueDevice {
                customer: self.customer(),
                check: self.check(),
                serial,
            },
            6 => Action::RegisterShield {
                customer: self.customer(),
                check: self.check(),
                key,
            },
            _ if self.yes() => Action::UnlockMedium {
                customer: self.customer(),
                check: self.check(),
                medium: self.one_of([Medium::Sms, Medium::Device, Medium::Shield]),
            },
            _ => Action::SetLimits {
                customer: self.customer(),
                check: self.check(),
                scope: self.one_of(Scope::ALL),
                limits: self.limits(),
            },
        }
    }
}
