//! Amounts between fen, in which we count, and the texts of the bank's interface.

/// What one welfare voucher is worth, in fen.
pub const VOUCHER_FEN: i64 = 10_000;

/// `1234` fen as `12.34`; negative with a leading minus.
pub fn yuan(fen: i128) -> String {
    let sign = if fen < 0 { "-" } else { "" };
    let size = fen.unsigned_abs();
    format!("{sign}{}.{:02}", size / 100, size % 100)
}

/// `12.34`, `-12.3` or `12` as fen; none for anything else.
pub fn fen(text: &str) -> Option<i128> {
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => (-1, digits),
        None => (1, text),
    };
    let (whole, part) = digits.split_once('.').unwrap_or((digits, "0"));
    let all_digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    if !all_digits(whole) || !all_digits(part) || part.len() > 2 {
        return None;
    }
    let hundredths: i128 = format!("{part:0<2}").parse().ok()?;
    let whole: i128 = whole.parse().ok()?;
    Some(sign * (whole.checked_mul(100)?.checked_add(hundredths)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_written_and_read_by_hand_computed_examples() {
        for (text, value) in [("12.34", 1234), ("0.05", 5), ("-7.10", -710), ("0.00", 0)] {
            assert_eq!(yuan(value), text);
            assert_eq!(fen(text), Some(value));
        }
        assert_eq!(fen("3"), Some(300));
        assert_eq!(fen("3.5"), Some(350));
        for bad in ["", "-", "1.", ".5", "1.234", "1e3", "+1", "1,000"] {
            assert_eq!(fen(bad), None, "{bad}");
        }
    }
}
