//! Colours by meaning. Plotters writes colours as numbers; each meaning has a
//! number of its own, which [`super::svg`] turns into the page's CSS variable.

use plotters::style::RGBColor;

/// What a colour means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Colour {
    Ink,
    Soft,
    Grid,
    /// The dashed line of a bound.
    Bound,
    Pass,
    Fail,
    Undecided,
    /// Of one population among several.
    Series(usize),
    /// Parts of the time in branch.
    Wait,
    Service,
    Review,
    System,
    Fallback,
}

/// Distinct series colours; more series than these share them.
const SERIES: [&str; 6] = ["s1", "s2", "s3", "s4", "s5", "s6"];

impl Colour {
    /// Every colour that a drawing may hold.
    pub(super) fn all() -> Vec<Self> {
        let mut all = vec![
            Self::Ink,
            Self::Soft,
            Self::Grid,
            Self::Bound,
            Self::Pass,
            Self::Fail,
            Self::Undecided,
            Self::Wait,
            Self::Service,
            Self::Review,
            Self::System,
            Self::Fallback,
        ];
        all.extend((0..SERIES.len()).map(Self::Series));
        all
    }

    /// Its CSS variable.
    pub(crate) fn variable(self) -> &'static str {
        match self {
            Self::Ink => "ink",
            Self::Soft => "soft",
            Self::Grid => "line",
            Self::Bound => "bound",
            Self::Pass => "pass",
            Self::Fail => "fail",
            Self::Undecided => "undecided",
            Self::Series(index) => SERIES[index % SERIES.len()],
            Self::Wait => "s2",
            Self::Service => "s1",
            Self::Review => "s3",
            Self::System => "s4",
            Self::Fallback => "s5",
        }
    }

    /// The number plotters writes for it.
    pub(super) fn number(self) -> RGBColor {
        let code = match self {
            Self::Ink => 1,
            Self::Soft => 2,
            Self::Grid => 3,
            Self::Bound => 4,
            Self::Pass => 5,
            Self::Fail => 6,
            Self::Undecided => 7,
            Self::Wait => 8,
            Self::Service => 9,
            Self::Review => 10,
            Self::System => 11,
            Self::Fallback => 12,
            Self::Series(index) => 20 + (index % SERIES.len()) as u8,
        };
        RGBColor(1, 1, code)
    }

    /// A part's colour.
    pub(crate) fn of_part(part: &str) -> Self {
        match part {
            "wait" => Self::Wait,
            "service" => Self::Service,
            "review" => Self::Review,
            "system" => Self::System,
            "fallback" => Self::Fallback,
            _ => Self::Soft,
        }
    }
}
