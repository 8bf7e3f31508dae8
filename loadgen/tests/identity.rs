//! Identity numbers carry the check digit of GB 11643.

use loadgen::resident_id_check_digit;

/// The example of the standard, 11010519491231002X, computed by hand: the digits
/// 1 1 0 1 0 5 1 9 4 9 1 2 3 1 0 0 2 times the weights 7 9 10 5 8 4 2 1 6 3 7 9 10 5
/// 8 4 2 are 7 + 9 + 0 + 5 + 0 + 20 + 2 + 9 + 24 + 27 + 7 + 18 + 30 + 5 + 0 + 0 + 4
/// = 167, which leaves 2 by 11, and the third of 1 0 X 9 8 7 6 5 4 3 2 is X.
#[test]
fn the_example_of_the_standard_ends_in_x() {
    assert_eq!(resident_id_check_digit("11010519491231002"), Some('X'));
}

/// The standard's second example, 440524188001010014:
/// 28+36+0+25+16+16+2+8+48+0+0+9+0+5+0+0+2 = 195 = 17 · 11 + 8, and the ninth of
/// 1 0 X 9 8 7 6 5 4 3 2 is 4.
#[test]
fn the_second_example_ends_in_four() {
    assert_eq!(resident_id_check_digit("44052418800101001"), Some('4'));
}

#[test]
fn what_is_not_seventeen_digits_has_none() {
    for text in [
        "",
        "1101051949123100",
        "1101051949123100a",
        "110105194912310021",
    ] {
        assert_eq!(resident_id_check_digit(text), None, "{text}");
    }
}
