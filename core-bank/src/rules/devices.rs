//! The devices that log in for a customer without a password: bound in person, removed from anywhere.

use super::{
    decide::{Decision, Desk},
    fact::Fact,
    ids::{CustomerId, IdentityCheckId, TokenDigest, TokenNonce},
    operation::Channel,
    rows::Customer,
};

/// Devices that may log in for one customer; a further one takes the place of the oldest.
const DEVICES_MAX: usize = 8;

impl Desk<'_> {
    pub(super) fn bind_device(
        &self,
        customer: Option<CustomerId>,
        check: Option<IdentityCheckId>,
        token: TokenDigest,
        nonce: TokenNonce,
    ) -> Decision {
        let (customer, owner) = self.present_customer(customer, check)?;
        let mut facts = vec![Fact::DeviceBound {
            customer,
            token,
            nonce,
        }];
        if let (true, Some(oldest)) = (owner.devices.len() >= DEVICES_MAX, owner.devices.first()) {
            facts.push(Fact::DeviceUnbound {
                customer,
                token: *oldest,
            });
        }
        Ok(facts)
    }

    /// All of them, and with them every session that is not at a terminal: which of the devices, and
    /// which of the sessions, are in wrong hands, nobody here can know. Whoever stands at a terminal
    /// stays there.
    pub(super) fn remove_devices(
        &self,
        customer: Option<CustomerId>,
        check: Option<IdentityCheckId>,
    ) -> Decision {
        let (customer, owner) = self.present_or_own(customer, check)?;
        let mut facts: Vec<Fact> = unbound(customer, owner).collect();
        let away = |digest: &&TokenDigest| {
            let found = self.state.session(**digest);
            found.is_some_and(|found| {
                let at = found.channel;
                !matches!(at, Channel::Counter | Channel::Kiosk | Channel::Atm)
            })
        };
        let ended = owner.sessions.iter().filter(away);
        facts.extend(ended.map(|session| Fact::SessionEnded { session: *session }));
        Ok(facts)
    }
}

/// What takes all devices of a customer away.
pub(super) fn unbound(customer: CustomerId, owner: &Customer) -> impl Iterator<Item = Fact> {
    let devices = owner.devices.iter();
    devices.map(move |token| Fact::DeviceUnbound {
        customer,
        token: *token,
    })
}
