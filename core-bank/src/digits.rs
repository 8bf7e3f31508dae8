//! Numbers as text, for what is written with every answer: ids, amounts, the names of requests. The
//! standard library's way leads through a formatter, piece by piece, and costs more than the digits.

/// The numbers below a hundred, two digits each.
const PAIRS: [u8; 200] = {
    let mut pairs = [0; 200];
    let mut number = 0;
    while number < 100 {
        pairs[2 * number] = b'0' + (number / 10) as u8;
        pairs[2 * number + 1] = b'0' + (number % 10) as u8;
        number += 1;
    }
    pairs
};

/// A short text that is made from its end.
pub struct Digits {
    text: [u8; Self::LENGTH_MAX],
    begin: usize,
}

impl Digits {
    /// As long as a text may become; what is more is left out.
    const LENGTH_MAX: usize = 64;

    /// Nothing yet.
    pub const fn new() -> Self {
        Self {
            text: [b'0'; Self::LENGTH_MAX],
            begin: Self::LENGTH_MAX,
        }
    }

    /// Puts a character of ASCII before what is there.
    pub fn character(mut self, character: u8) -> Self {
        if character.is_ascii() && self.begin > 0 {
            self.begin -= 1;
            self.text[self.begin] = character;
        }
        self
    }

    /// Puts a number before what is there, with as many zeros as make it so wide.
    pub fn decimal(mut self, number: u64, width: usize) -> Self {
        let (mut rest, end) = (number, self.begin);
        // Two digits at a time: a division each is what costs most.
        while rest >= 100 && self.begin >= 2 {
            let pair = 2 * (rest % 100) as usize;
            rest /= 100;
            self.begin -= 2;
            self.text[self.begin..self.begin + 2].copy_from_slice(&PAIRS[pair..pair + 2]);
        }
        let written = end - self.begin;
        self.number(rest, 10, width.saturating_sub(written))
    }

    /// The same in hexadecimal.
    pub fn hexadecimal(self, number: u64, width: usize) -> Self {
        self.number(number, 16, width)
    }

    #[inline]
    fn number(mut self, number: u64, base: u64, width: usize) -> Self {
        let end = self.begin;
        let mut rest = number;
        while rest > 0 || end - self.begin < width {
            let before = self.begin;
            self = self.character(b"0123456789abcdef"[(rest % base) as usize]);
            if self.begin == before {
                break;
            }
            rest /= base;
        }
        self
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        // It is ASCII.
        std::str::from_utf8(&self.text[self.begin..]).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_as_the_standard_library_would() {
        let powers = (0..20).map(|power| 10_u64.pow(power));
        let numbers = powers.flat_map(|power| [power - 1, power, power + 1]);
        for number in numbers.chain([0, 0xdead_beef, u64::MAX]) {
            let text = Digits::new().decimal(number, 1);
            assert_eq!(text.as_str(), number.to_string());
            let text = Digits::new().decimal(number, 12).character(b'A');
            assert_eq!(text.as_str(), format!("A{number:012}"));
            let text = Digits::new().hexadecimal(number, 8);
            assert_eq!(text.as_str(), format!("{number:08x}"));
        }
    }

    #[test]
    fn what_has_no_room_is_left_out() {
        let text = Digits::new().decimal(7, 60).decimal(123_456, 1);
        assert_eq!(text.as_str(), format!("3456{:060}", 7));
        assert_eq!(Digits::new().as_str(), "");
        assert_eq!(Digits::new().character(0xff).as_str(), "");
    }
}
