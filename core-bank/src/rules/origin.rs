//! Where a request came from: the address at the other end of its connection. It is personal data, so
//! it reaches no log; the auditor sees it.

use std::{fmt, net::IpAddr};

use serde::{Deserialize, Serialize};

/// The address that a request came from, as the connection tells it.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin(IpAddr);

impl Origin {
    /// An address; one of IPv4 in the clothes of IPv6 is one of IPv4.
    pub fn of(address: IpAddr) -> Self {
        Self(address.to_canonical())
    }

    /// What tells it from others.
    pub(super) fn network(self) -> Network {
        Network(match self.0 {
            IpAddr::V4(address) => 1 << 32 | u64::from(address.to_bits()),
            IpAddr::V6(address) => ((address.to_bits() >> 64) as u64).max(1),
        })
    }
}

/// For the auditor.
impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// It does not reach a log.
impl fmt::Debug for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Origin(…)")
    }
}

/// What a session remembers of where it began, in eight bytes: of IPv4 the address, of IPv6 the network
/// of a subscriber, whose devices change the rest every day. Zero is nowhere that was told.
#[derive(Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Network(u64);

/// It does not reach a log.
impl fmt::Debug for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Network(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Origin {
        Origin::of(text.parse().unwrap())
    }

    #[test]
    fn a_network_is_an_address_of_ipv4_and_a_subscriber_of_ipv6() {
        for (one, other, same) in [
            ("192.0.2.1", "192.0.2.1", true),
            ("192.0.2.1", "192.0.2.2", false),
            ("192.0.2.1", "::ffff:192.0.2.1", true),
            ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", true),
            ("2001:db8:1:2::1", "2001:db8:1:3::1", false),
            ("0.0.0.0", "::1", false),
        ] {
            let equal = at(one).network() == at(other).network();
            assert_eq!(equal, same, "{one} {other}");
        }
        for text in ["0.0.0.0", "::", "::1", "255.255.255.255"] {
            assert_ne!(at(text).network(), Network::default(), "{text}");
        }
    }

    #[test]
    fn the_auditor_reads_an_address_and_a_log_does_not() {
        let home = at("192.0.2.1");
        assert_eq!(home.to_string(), "192.0.2.1");
        let logged = format!("{home:?} {:?}", home.network());
        assert_eq!(logged, "Origin(…) Network(…)");
    }
}
