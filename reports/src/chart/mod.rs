//! Charts by plotters, as inline SVG that takes its colours and its font from the
//! page: light and dark, narrow and wide.

mod axis;
mod bars;
mod palette;
mod plot;
mod svg;

pub(crate) use axis::Axis;
pub(crate) use bars::{BarChart, BarRow, Segment};
pub(crate) use palette::Colour;
pub(crate) use plot::{Plot, Point, Series, Shape};

/// For which width of the page a chart is drawn. Two drawings, each at its own
/// size, keep the letters readable: one scaled drawing would shrink them on a phone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Width {
    /// 880 units: a desk.
    Wide,
    /// 340 units: a phone.
    Narrow,
}

impl Width {
    pub(crate) const BOTH: [Self; 2] = [Self::Wide, Self::Narrow];

    /// Units of the drawing, one CSS pixel each at its natural size.
    pub(crate) fn units(self) -> i32 {
        match self {
            Self::Wide => 880,
            Self::Narrow => 340,
        }
    }

    /// The CSS class that shows it.
    pub(crate) fn class(self) -> &'static str {
        match self {
            Self::Wide => "wide",
            Self::Narrow => "narrow",
        }
    }
}

/// What can be drawn at either width.
pub(crate) trait Chart {
    /// An `<svg>` element with this description for those who cannot see it.
    fn draw(&self, width: Width, description: &str) -> String;
}
