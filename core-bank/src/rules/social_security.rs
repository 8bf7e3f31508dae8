//! Social-security cards: who holds one may ask for the balance, which an office outside of the bank
//! knows.

use super::{
    decide::{Decision, Desk},
    fact::Fact,
    ids::{CustomerId, IdentityCheckId},
    refusal::{Refusal, RefusalCode as Code},
    resident::ResidentId,
    state::State,
};

impl Desk<'_> {
    pub(super) fn issue_social_security_card(
        &self,
        customer: Option<CustomerId>,
        check: Option<IdentityCheckId>,
    ) -> Decision {
        let (customer, _) = self.present_customer(customer, check)?;
        if self.state.social_security.contains(&customer) {
            return Err(Code::SocialSecurityCardExists.into());
        }
        Ok(vec![Fact::SocialSecurityCardIssued { customer }])
    }
}

impl State {
    /// The person whose balance the office is to be asked for, when the customer holds a card.
    pub fn social_security_holder(&self, customer: CustomerId) -> Result<ResidentId, Refusal> {
        if !self.social_security.contains(&customer) {
            return Err(Code::SocialSecurityCardMissing.into());
        }
        let owner = self.customer(customer).ok_or(Code::CustomerNotFound)?;
        Ok(owner.resident)
    }
}
