//! What identifies a customer and an operation, made the same way every time.

use std::collections::HashSet;

/// The idempotency key of operation `sequence` of `run`: the first 32 hex digits
/// (128 bits) of BLAKE3 over both.
pub fn idempotency_key(run: &str, sequence: u64) -> String {
    key(run, b"load", sequence)
}

/// The key of the `number`-th operation that opens customers and accounts
/// beforehand; never one of the stream's.
pub(crate) fn setup_key(run: &str, number: u64) -> String {
    key(run, b"setup", number)
}

/// The key of what is asked ahead of an operation, by the operation's own key; digits may follow
/// where it is several things.
pub(crate) fn ahead_key(key: &str) -> String {
    format!("{key}{AHEAD}")
}

/// The key of the operation ahead of which this key's request was made.
pub(crate) fn behind_key(key: &str) -> Option<&str> {
    let (key, number) = key.split_once(AHEAD)?;
    number
        .bytes()
        .all(|byte| byte.is_ascii_digit())
        .then_some(key)
}

const AHEAD: &str = "-ahead";

fn key(run: &str, purpose: &[u8], number: u64) -> String {
    let mut hasher = blake3::Hasher::new();
    hasher.update(purpose);
    hasher.update(&[0]);
    hasher.update(&number.to_le_bytes());
    hasher.update(run.as_bytes());
    let mut hex = hasher.finalize().to_hex().to_string();
    hex.truncate(32);
    hex
}

/// The eighteenth character of a resident identity number after its seventeen
/// digits: GB 11643-1999, ISO 7064 MOD 11-2. None if they are not seventeen digits.
pub fn resident_id_check_digit(first_seventeen: &str) -> Option<char> {
    const WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
    const CHARACTERS: [char; 11] = ['1', '0', 'X', '9', '8', '7', '6', '5', '4', '3', '2'];
    if first_seventeen.len() != WEIGHTS.len() {
        return None;
    }
    let mut sum = 0;
    for (character, weight) in first_seventeen.chars().zip(WEIGHTS) {
        sum += character.to_digit(10)? * weight;
    }
    CHARACTERS.get((sum % 11) as usize).copied()
}

/// Gives each customer of a run an identity number that no other has.
pub(crate) struct IdentityNumbers<'run> {
    run: &'run str,
    given: HashSet<String>,
}

impl<'run> IdentityNumbers<'run> {
    pub fn new(run: &'run str) -> Self {
        Self {
            run,
            given: HashSet::new(),
        }
    }

    /// Made from the run and the customer's name, so that a second run on the same
    /// bank has customers of its own; a rare collision takes the next try.
    pub fn give(&mut self, customer: &str) -> String {
        let mut attempt = 0_u32;
        loop {
            let number = identity_number(self.run, customer, attempt);
            if self.given.insert(number.clone()) {
                return number;
            }
            attempt += 1;
        }
    }
}

/// Region (2 + 2 + 2 digits), date of birth from 1950 to 2005, order, check digit.
fn identity_number(run: &str, customer: &str, attempt: u32) -> String {
    let mut draw = Draw::new(run, "identity", customer, attempt);
    let region = (11 + draw.below(55)) * 10_000 + (1 + draw.below(20)) * 100 + 1 + draw.below(30);
    let date = (1950 + draw.below(56)) * 10_000 + (1 + draw.below(12)) * 100 + 1 + draw.below(28);
    let order = 1 + draw.below(999);
    let digits = format!("{region:06}{date:08}{order:03}");
    let check = resident_id_check_digit(&digits).expect("seventeen digits were just written");
    format!("{digits}{check}")
}

/// A mobile number of the customer; not unique, nobody is reached by it.
pub(crate) fn phone(run: &str, customer: &str) -> String {
    let mut draw = Draw::new(run, "phone", customer, 0);
    let (second, rest) = (3 + draw.below(7), draw.below(1_000_000_000));
    format!("1{second}{rest:09}")
}

/// The PIN of the customer's card.
pub(crate) fn pin(run: &str, customer: &str) -> String {
    let mut draw = Draw::new(run, "pin", customer, 0);
    format!("{:06}", draw.below(1_000_000))
}

/// The account at another bank that a customer pays.
pub(crate) fn account_elsewhere(run: &str, customer: &str) -> String {
    let mut draw = Draw::new(run, "elsewhere", customer, 0);
    let (high, low) = (draw.below(1_000_000), draw.below(1_000_000_000));
    format!("6217{high:06}{low:09}")
}

/// Numbers drawn from a hash.
struct Draw(blake3::OutputReader);

impl Draw {
    fn new(run: &str, purpose: &str, customer: &str, attempt: u32) -> Self {
        let mut hasher = blake3::Hasher::new();
        for part in [purpose, run, customer] {
            hasher.update(&(part.len() as u64).to_le_bytes());
            hasher.update(part.as_bytes());
        }
        hasher.update(&attempt.to_le_bytes());
        Self(hasher.finalize_xof())
    }

    /// 0 to `bound` − 1; the bias of the remainder is below 2^-32.
    fn below(&mut self, bound: u64) -> u64 {
        let mut bytes = [0; 8];
        self.0.fill(&mut bytes);
        u64::from_le_bytes(bytes) % bound
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ten_thousand_customers_have_ten_thousand_valid_numbers() {
        let mut numbers = IdentityNumbers::new("run");
        let mut seen = HashSet::new();
        for customer in 0..10_000 {
            let number = numbers.give(&format!("customer {customer}"));
            let (digits, check) = number.split_at(17);
            assert_eq!(
                resident_id_check_digit(digits).map(String::from).as_deref(),
                Some(check)
            );
            assert!(seen.insert(number));
        }
    }

    #[test]
    fn a_name_that_comes_twice_still_gets_two_numbers() {
        let mut numbers = IdentityNumbers::new("run");
        assert_ne!(numbers.give("same"), numbers.give("same"));
    }

    #[test]
    fn setup_and_stream_share_no_key() {
        let stream: HashSet<String> = (0..1000).map(|n| idempotency_key("r", n)).collect();
        assert_eq!(stream.len(), 1000);
        assert!((0..1000).all(|n| !stream.contains(&setup_key("r", n))));
        assert!(stream.iter().all(|key| key.len() == 32));
    }
}
