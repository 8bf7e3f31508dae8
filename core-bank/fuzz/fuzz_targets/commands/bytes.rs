//! Bytes as choices: which thing, how much, when.

use core_bank::rules::{
    AccountNumber, Amount, BusinessTime, CardId, Channel, CustomerId, Fen, IdentityCheckId, Origin, Place,
    TokenDigest, TokenNonce,
};

use crate::world::{NOON, World};

/// The bytes that are left; after their end everything is zero.
pub struct Bytes<'a>(pub &'a [u8]);

impl Bytes<'_> {
    pub fn next(&mut self) -> u8 {
        match self.0.split_first() {
            Some((first, rest)) => {
                self.0 = rest;
                *first
            }
            None => 0,
        }
    }

    pub fn below(&mut self, bound: u8) -> u8 {
        self.next() % bound
    }

    pub fn yes(&mut self) -> bool {
        self.below(2) == 0
    }

    pub fn one_of<T: Copy, const N: usize>(&mut self, choices: [T; N]) -> T {
        choices[usize::from(self.next()) % N]
    }

    /// Records are few, so small numbers name things that exist.
    pub fn seq(&mut self) -> u64 {
        u64::from(self.below(64))
    }

    pub fn account(&mut self) -> Option<AccountNumber> {
        Some(AccountNumber::of_seq(self.seq()))
    }

    pub fn card(&mut self) -> Option<CardId> {
        Some(CardId::of_seq(self.seq()))
    }

    pub fn customer(&mut self) -> Option<CustomerId> {
        Some(CustomerId::of_seq(self.seq()))
    }

    pub fn check(&mut self) -> Option<IdentityCheckId> {
        Some(IdentityCheckId::of_seq(self.seq()))
    }

    pub fn token(&mut self) -> TokenDigest {
        TokenDigest([self.below(8); 32])
    }

    pub fn nonce(&mut self) -> TokenNonce {
        TokenNonce([self.0.len() as u8; 16])
    }

    /// A time step of the device around the beginning's.
    pub fn step(&mut self) -> u64 {
        (NOON.0 / 60_000_000) as u64 + u64::from(self.next())
    }

    pub fn amount(&mut self) -> Amount {
        let fen = match self.below(4) {
            0 => 1,
            1 => i64::from(self.next()) + 1,
            2 => (i64::from(self.next()) + 1) * 100_000,
            _ => 999_999_999_999_999,
        };
        Amount::try_from(Fen(fen)).expect("an amount")
    }

    pub fn place(&mut self) -> Place {
        let places = ["371500", "371502", "110101", "JP", "HK"];
        Place::parse(self.one_of(places)).expect("a place")
    }

    /// One of two addresses of IPv4, one of IPv6, or none that is told.
    pub fn origin(&mut self) -> Option<Origin> {
        let address = self.one_of(["192.0.2.1", "192.0.2.2", "2001:db8::1", ""]);
        address.parse().ok().map(Origin::of)
    }

    pub fn channel(&mut self) -> Channel {
        self.one_of([
            Channel::Mobile,
            Channel::Online,
            Channel::Messenger,
            Channel::Kiosk,
            Channel::Atm,
        ])
    }

    /// A moment around now, on a half hour.
    pub fn moment(&mut self, world: &World) -> BusinessTime {
        const HALF_HOUR: i64 = 30 * 60 * 1_000_000;
        let last = world.now.0 / HALF_HOUR * HALF_HOUR;
        let halves = i64::from(self.next()) - 64;
        BusinessTime(last + halves * HALF_HOUR)
    }

    /// How much later the next command comes: mostly at once, sometimes when something falls due, or a
    /// microsecond beside it.
    pub fn pause(&mut self) -> i64 {
        const MINUTE: i64 = 60_000_000;
        let due = match self.below(16) {
            0 => MINUTE,
            1 => 3 * MINUTE,
            2 => 5 * MINUTE,
            3 => 15 * MINUTE,
            4 => 30 * MINUTE,
            5 => 60 * MINUTE,
            6 => 12 * 60 * MINUTE,
            7 => 24 * 60 * MINUTE,
            8 => 30 * 24 * 60 * MINUTE,
            _ => return 1,
        };
        due + self.one_of([-1, 0, 1])
    }
}
