//! How often anybody may ask: so many requests a second of one customer, over all sessions, and of one
//! address before a log-in. Terminals are the bank's own and not limited.
//!
//! The time is real, not the bank's: it is the machine that is protected. Nothing here decides what is
//! allowed, so nothing of it is in the journal, and a refused request leaves its key free.

use std::{
    collections::HashMap,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    num::NonZeroU32,
    sync::{PoisonError, RwLock},
    time::Duration,
};

use governor::{
    Quota, RateLimiter,
    clock::{Clock as _, MonotonicClock},
    middleware::NoOpMiddleware,
    state::keyed::HashMapStateStore,
};

use crate::rules::{BusinessTime, Caller, CustomerId, TokenDigest};

type Limiter<K> = RateLimiter<
    K,
    HashMapStateStore<K>,
    MonotonicClock,
    NoOpMiddleware<<MonotonicClock as governor::clock::Clock>::Instant>,
>;

/// Requests at once for each that a second allows, after a pause.
const BURST_SECONDS: u32 = 3;

/// How often the table of who asked lately is tidied.
pub const TIDY_EVERY: Duration = Duration::from_secs(10);

/// Networks of one width that may be counted at a time.
const NETWORKS_MAX: usize = 100_000;

/// How many bits of an address count, of IPv4 and of IPv6. At first an address counts by itself, of
/// IPv6 the network of a subscriber, who has 2^64 addresses in it. As long as there are too many of
/// these, by wider networks: whoever has a hundred thousand of the narrow ones has few of the wide, so
/// that he shuts out himself and his neighbours, and nobody else.
const WIDTHS: [(u32, u32); 4] = [(32, 64), (24, 48), (16, 32), (0, 0)];

/// The limits and who asked lately.
pub struct Rates {
    customers: Option<Limiter<CustomerId>>,
    /// One for each of the widths.
    addresses: Option<[Limiter<IpAddr>; WIDTHS.len()]>,
    /// Whose a session's token is, and until when. An ended session's stays until it would have
    /// expired: its requests are refused in any case.
    holders: RwLock<HashMap<TokenDigest, (CustomerId, BusinessTime)>>,
}

impl Rates {
    /// So many requests a second of a customer and of an address; zero is no limit.
    pub fn new(customer: u32, address: u32) -> Self {
        Self {
            customers: quota(customer).map(limiter),
            addresses: quota(address).map(|quota| WIDTHS.map(|_| limiter(quota))),
            holders: RwLock::default(),
        }
    }

    /// Whether there is any limit at all.
    pub fn limit_anybody(&self) -> bool {
        self.customers.is_some() || self.addresses.is_some()
    }

    /// A session's token that was given out.
    pub fn knows(&self, token: TokenDigest, customer: CustomerId, expires: BusinessTime) {
        if self.limit_anybody() {
            let mut holders = self.holders.write().unwrap_or_else(PoisonError::into_inner);
            holders.insert(token, (customer, expires));
        }
    }

    /// Counts a request, or says how long its sender has to wait.
    pub fn admit(&self, caller: Caller, address: IpAddr) -> Result<(), Duration> {
        match caller {
            Caller::Terminal(_) | Caller::AtTerminal(..) => Ok(()),
            Caller::Session(token) => match self.holder(token) {
                Some(customer) => match &self.customers {
                    Some(limiter) => check(limiter, &customer),
                    None => Ok(()),
                },
                // A token of nobody is a guess.
                None => self.admit_address(address),
            },
            Caller::Visitor => self.admit_address(address),
        }
    }

    fn admit_address(&self, address: IpAddr) -> Result<(), Duration> {
        let Some(limiters) = &self.addresses else {
            return Ok(());
        };
        let mut places = WIDTHS.iter().zip(limiters);
        let place = places.find(|((bits, _), limiter)| *bits == 0 || limiter.len() < NETWORKS_MAX);
        place.map_or(Ok(()), |(width, limiter)| {
            check(limiter, &network(address, *width))
        })
    }

    fn holder(&self, token: TokenDigest) -> Option<CustomerId> {
        let holders = self.holders.read().unwrap_or_else(PoisonError::into_inner);
        holders.get(&token).map(|(customer, _)| *customer)
    }

    /// Forgets who has not asked lately and tokens that have expired.
    pub fn tidy(&self, now: BusinessTime) {
        if let Some(limiter) = &self.customers {
            limiter.retain_recent();
        }
        for limiter in self.addresses.iter().flatten() {
            limiter.retain_recent();
        }
        let mut holders = self.holders.write().unwrap_or_else(PoisonError::into_inner);
        holders.retain(|_, (_, expires)| now < *expires);
    }
}

fn quota(a_second: u32) -> Option<Quota> {
    let rate = NonZeroU32::new(a_second)?;
    let burst = NonZeroU32::new(a_second.saturating_mul(BURST_SECONDS))?;
    Some(Quota::per_second(rate).allow_burst(burst))
}

fn limiter<K: std::hash::Hash + Eq + Clone>(quota: Quota) -> Limiter<K> {
    RateLimiter::new(quota, HashMapStateStore::default(), MonotonicClock)
}

fn check<K: std::hash::Hash + Eq + Clone>(limiter: &Limiter<K>, key: &K) -> Result<(), Duration> {
    limiter
        .check_key(key)
        .map_err(|refused| refused.wait_time_from(MonotonicClock.now()))
}

/// What counts as one address as long as there are not too many.
pub fn subscriber(address: IpAddr) -> IpAddr {
    network(address, WIDTHS[0])
}

/// The network of an address: so many of its bits, of IPv4 and of IPv6.
fn network(address: IpAddr, (v4_bits, v6_bits): (u32, u32)) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(whole) => {
            let mask = u32::MAX.checked_shl(32 - v4_bits).unwrap_or(0);
            IpAddr::V4(Ipv4Addr::from_bits(whole.to_bits() & mask))
        }
        IpAddr::V6(whole) => {
            let mask = u128::MAX.checked_shl(128 - v6_bits).unwrap_or(0);
            IpAddr::V6(Ipv6Addr::from_bits(whole.to_bits() & mask))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::Channel;

    const LATE: BusinessTime = BusinessTime(i64::MAX);

    fn passed(rates: &Rates, caller: Caller, address: &str, requests: u32) -> u32 {
        let address = address.parse().unwrap();
        let passes = (0..requests).filter(|_| rates.admit(caller, address).is_ok());
        passes.count() as u32
    }

    #[test]
    fn a_customers_sessions_share_one_allowance_and_others_have_their_own() {
        let rates = Rates::new(2, 0);
        let [first, second, other] = [1, 2, 3].map(|n| TokenDigest([n; 32]));
        rates.knows(first, CustomerId::of_seq(1), LATE);
        rates.knows(second, CustomerId::of_seq(1), LATE);
        rates.knows(other, CustomerId::of_seq(2), LATE);
        assert_eq!(passed(&rates, Caller::Session(first), "10.0.0.1", 4), 4);
        assert_eq!(passed(&rates, Caller::Session(second), "10.0.0.2", 4), 2);
        assert_eq!(passed(&rates, Caller::Session(other), "10.0.0.1", 9), 6);
        let terminal = Caller::Terminal(Channel::Kiosk);
        assert_eq!(passed(&rates, terminal, "10.0.0.1", 99), 99);
        assert_eq!(passed(&rates, Caller::Visitor, "10.0.0.1", 99), 99);
    }

    #[test]
    fn visitors_and_guessed_tokens_share_their_addresss_allowance() {
        let rates = Rates::new(0, 2);
        assert_eq!(passed(&rates, Caller::Visitor, "10.0.0.1", 3), 3);
        let guess = Caller::Session(TokenDigest([9; 32]));
        assert_eq!(passed(&rates, guess, "::ffff:10.0.0.1", 9), 3);
        assert_eq!(passed(&rates, Caller::Visitor, "10.0.0.2", 9), 6);
        assert_eq!(passed(&rates, Caller::Visitor, "2001:db8::1", 4), 4);
        assert_eq!(passed(&rates, Caller::Visitor, "2001:db8::2", 4), 2);
    }

    #[test]
    fn a_hundred_thousand_networks_of_one_owner_shut_out_nobody_else() {
        // Slow enough that nothing comes back during the test.
        let rates = Rates::new(0, 1);
        let admitted = |network: u128| {
            let address = (0x2001_0db8_u128 << 96) | (network << 64);
            let address = IpAddr::V6(Ipv6Addr::from_bits(address));
            rates.admit(Caller::Visitor, address).is_ok()
        };
        assert_eq!(passed(&rates, Caller::Visitor, "10.0.0.1", 3), 3);
        // A /47.
        let passes = (0..131_072).filter(|network| admitted(*network)).count();
        let most = NETWORKS_MAX + 2 * BURST_SECONDS as usize;
        assert!((NETWORKS_MAX - 1..=most).contains(&passes), "{passes}");
        assert_eq!(passed(&rates, Caller::Visitor, "10.0.0.2", 9), 3);
        assert_eq!(passed(&rates, Caller::Visitor, "10.1.0.2", 9), 3);
        assert_eq!(passed(&rates, Caller::Visitor, "2001:db8:7::1", 9), 3);
        assert_eq!(passed(&rates, Caller::Visitor, "2001:db9::1", 9), 3);
    }

    #[test]
    fn a_network_is_the_first_bits_of_an_address() {
        let address = |text: &str| text.parse::<IpAddr>().unwrap();
        for (whole, networks) in [
            ("10.1.2.3", ["10.1.2.3", "10.1.2.0", "10.1.0.0", "0.0.0.0"]),
            (
                "2001:db8:1:2:3::4",
                ["2001:db8:1:2::", "2001:db8:1::", "2001:db8::", "::"],
            ),
        ] {
            let found = WIDTHS.map(|width| network(address(whole), width));
            assert_eq!(found, networks.map(address));
        }
    }

    #[test]
    fn whoever_waits_as_long_as_said_passes() {
        let rates = Rates::new(0, 10);
        let address = "10.0.0.1".parse().unwrap();
        assert_eq!(passed(&rates, Caller::Visitor, "10.0.0.1", 30), 30);
        let wait = rates.admit(Caller::Visitor, address).unwrap_err();
        assert!(wait <= Duration::from_millis(100), "{wait:?}");
        std::thread::sleep(wait);
        assert_eq!(rates.admit(Caller::Visitor, address), Ok(()));
    }

    #[test]
    fn expired_tokens_are_forgotten() {
        let rates = Rates::new(1, 1);
        rates.knows(TokenDigest([1; 32]), CustomerId::of_seq(1), BusinessTime(5));
        rates.knows(TokenDigest([2; 32]), CustomerId::of_seq(1), BusinessTime(6));
        rates.tidy(BusinessTime(5));
        assert_eq!(rates.holder(TokenDigest([1; 32])), None);
        assert!(rates.holder(TokenDigest([2; 32])).is_some());
    }
}
