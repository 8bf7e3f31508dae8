//! A customer with every medium and a session of each channel, and somebody to pay.
#![allow(
    dead_code,
    reason = "each test binary uses its own part of this module"
)]

use core_bank::rules::{
    Action, Answer, AuthorisationId, Caller, Channel, Medium, MediumWish, Order, Payee, Phone,
    Proof, ShieldKey, Shown, TokenNonce, time_step,
};

use crate::desk::{COUNTER, Desk, Holder, KIOSK, digest, yuan};

pub const SERIAL: TokenNonce = TokenNonce([7; 16]);
pub const KEY: ShieldKey = ShieldKey([9; 32]);

/// A customer with all media and a session of each channel, and somebody to pay.
pub struct World {
    pub desk: Desk,
    pub li: Holder,
    pub wang: Holder,
    pub mobile: Caller,
    pub online: Caller,
    pub messenger: Caller,
}

impl World {
    pub fn open_at(time: &str, money: &str) -> Self {
        let mut desk = Desk::open_at(time);
        let (li, wang) = (desk.holder(0, money), desk.holder(1, "1"));
        let mobile = desk.session(li, "mobile");
        let mut log_in = |channel, name: &str| {
            let wish = Action::LogInTo {
                channel,
                customer: Some(li.customer),
                device: digest("device of mobile"),
                session: digest(name),
                nonce: TokenNonce([0; 16]),
            };
            desk.ask(Caller::Visitor, wish).unwrap();
            Caller::Session(digest(name))
        };
        let online = log_in(Channel::Online, "online");
        let messenger = log_in(Channel::Messenger, "messenger");
        let (customer, check) = (Some(li.customer), Some(li.check));
        let wish = Action::IssueDevice {
            customer,
            check,
            serial: SERIAL,
        };
        desk.ask(COUNTER, wish).unwrap();
        let wish = Action::RegisterShield {
            customer,
            check,
            key: KEY,
        };
        desk.ask(KIOSK, wish).unwrap();
        Self {
            desk,
            li,
            wang,
            mobile,
            online,
            messenger,
        }
    }

    pub fn order(&self, amount: &str) -> Order {
        self.order_to(Payee::Here(Some(self.wang.account)), amount)
    }

    pub fn order_to(&self, payee: Payee, amount: &str) -> Order {
        Order {
            from: Some(self.li.account),
            payee,
            amount: yuan(amount),
        }
    }

    pub fn wish(&self, medium: Medium) -> MediumWish {
        match medium {
            Medium::Sms => MediumWish::Sms {
                phone: Phone::parse("13800000000").unwrap(),
                tail: self.li.account.last_six(),
            },
            Medium::Device => MediumWish::Device(SERIAL),
            Medium::Shield => MediumWish::Shield(KEY),
        }
    }

    pub fn authorise(&mut self, by: Caller, medium: Medium, order: &Order) -> AuthorisationId {
        let wish = self.wish(medium);
        self.ask_for(by, wish, order).unwrap()
    }

    pub fn ask_for(
        &mut self,
        by: Caller,
        wish: MediumWish,
        order: &Order,
    ) -> Result<AuthorisationId, &'static str> {
        let order = order.clone();
        match self
            .desk
            .ask(by, Action::AskAuthorisation { wish, order })?
        {
            Answer::AuthorisationAsked(id, _) => Ok(id),
            other => panic!("{other:?}"),
        }
    }

    pub fn right(&self, medium: Medium) -> Proof {
        match medium {
            Medium::Sms => Proof::Sms { right: true },
            Medium::Shield => Proof::Shield {
                key: KEY,
                right: true,
            },
            Medium::Device => Proof::Device {
                serial: SERIAL,
                step: Some(time_step(self.desk.clock)),
            },
        }
    }

    pub fn transfer(
        &mut self,
        by: Caller,
        id: AuthorisationId,
        proof: Proof,
        order: &Order,
    ) -> &'static str {
        let shown = Shown {
            id: Some(id),
            proof,
        };
        let order = order.clone();
        self.desk
            .ask(by, Action::AuthorisedTransfer { order, shown })
            .map_or_else(|code| code, |_| "ok")
    }

    /// Asks for an authorisation, proves it rightly, and pays.
    pub fn pay(&mut self, by: Caller, medium: Medium, amount: &str) -> &'static str {
        let order = self.order(amount);
        self.pay_order(by, medium, &order)
    }

    /// The same for any payment.
    pub fn pay_order(&mut self, by: Caller, medium: Medium, order: &Order) -> &'static str {
        let id = self.authorise(by, medium, order);
        let proof = self.right(medium);
        self.transfer(by, id, proof, order)
    }

    /// Begins the session anew where it has expired.
    pub fn log_in_again(&mut self, by: Caller) {
        let Caller::Session(session) = by else {
            panic!("{by:?}")
        };
        let held = *self.desk.state.session(session).unwrap();
        if held.stands(self.desk.clock) {
            return;
        }
        let (customer, device) = (Some(self.li.customer), digest("device of mobile"));
        let nonce = TokenNonce([0; 16]);
        let wish = match held.channel {
            Channel::Mobile => Action::LogIn {
                customer,
                device,
                session,
                nonce,
            },
            channel => Action::LogInTo {
                channel,
                customer,
                device,
                session,
                nonce,
            },
        };
        self.desk.ask(Caller::Visitor, wish).unwrap();
    }

    pub fn pay_at(&mut self, time: &str, by: Caller, medium: Medium, amount: &str) -> &'static str {
        self.desk.at(time);
        self.log_in_again(by);
        self.pay(by, medium, amount)
    }
}

/// A world at ten o'clock with ten million yuan.
pub fn rich() -> World {
    World::open_at("2026-06-09T10:00:00+08:00", "100000000")
}
