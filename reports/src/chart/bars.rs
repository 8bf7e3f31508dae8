//! Horizontal bars, one under the other, each with its text above it, so that
//! long names have room at every width.

use super::axis::Axis;
use super::palette::Colour;
use super::svg::{cut, inline, text_style, text_width};
use super::{Chart, Width};
use plotters::coord::Shift;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, VPos};

const ROW: i32 = 50;
const BAR: i32 = 20;
const LEFT: i32 = 2;
const RIGHT: i32 = 14;

/// Horizontal bars over one axis.
#[derive(Debug, Clone)]
pub(crate) struct BarChart {
    pub(crate) axis: Axis,
    pub(crate) rows: Vec<BarRow>,
}

/// One bar.
#[derive(Debug, Clone)]
pub(crate) struct BarRow {
    pub(crate) name: String,
    /// The value in words, at the right.
    pub(crate) value: String,
    /// End to end from zero.
    pub(crate) segments: Vec<Segment>,
    /// A thin line over the interval.
    pub(crate) whisker: Option<(f64, f64)>,
}

/// A coloured length.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Segment {
    pub(crate) colour: Colour,
    pub(crate) length: f64,
}

type Root<'b> = DrawingArea<SVGBackend<'b>, Shift>;
type Drawn<'b> = Result<(), DrawingAreaErrorKind<<SVGBackend<'b> as DrawingBackend>::ErrorType>>;

impl Chart for BarChart {
    fn draw(&self, width: Width, description: &str) -> String {
        let mut document = String::new();
        // As in `Plot`: drawing into a string cannot fail.
        if self.draw_into(&mut document, width).is_err() {
            document.clear();
        }
        inline(&document, width.class(), description)
    }
}

impl BarChart {
    fn draw_into<'b>(&self, document: &'b mut String, width: Width) -> Drawn<'b> {
        let units = width.units();
        let bottom = self.height();
        let root =
            SVGBackend::with_string(document, (units.unsigned_abs(), bottom.unsigned_abs() + 26))
                .into_drawing_area();
        self.draw_axis(&root, width, bottom)?;
        for (row, top) in self.rows.iter().zip((0..).step_by(ROW as usize)) {
            self.draw_row(&root, row, width, top)?;
        }
        root.present()
    }

    /// Of all rows, in units.
    fn height(&self) -> i32 {
        i32::try_from(self.rows.len()).unwrap_or(1000).min(1000) * ROW
    }

    /// Where a value lies; one outside the axis lies at its end.
    fn x(&self, width: Width, value: f64) -> i32 {
        let value = value.clamp(self.axis.low, self.axis.high);
        let room = f64::from(width.units() - LEFT - RIGHT);
        LEFT + ((value - self.axis.low) / (self.axis.high - self.axis.low) * room).round() as i32
    }

    fn draw_axis<'b>(&self, root: &Root<'b>, width: Width, bottom: i32) -> Drawn<'b> {
        let fit = (f64::from(width.units()) / (self.axis.widest() + 16.0))
            .floor()
            .max(1.0);
        let every = self.axis.ticks.len().div_ceil(fit as usize).max(1);
        for (at, text) in self.axis.ticks.iter().step_by(every) {
            let x = self.x(width, *at);
            for row in (0..bottom).step_by(ROW as usize) {
                let top = row + 22;
                let ends = vec![(x, top), (x, top + BAR + 4)];
                root.draw(&PathElement::new(
                    ends,
                    Colour::Grid.number().stroke_width(1),
                ))?;
            }
            let half = (text_width(text) / 2.0) as i32;
            let at = x.clamp(half, width.units() - half);
            root.draw_text(
                text,
                &text_style(Colour::Soft, HPos::Center, VPos::Top),
                (at, bottom + 4),
            )?;
        }
        Ok(())
    }

    fn draw_row<'b>(&self, root: &Root<'b>, row: &BarRow, width: Width, top: i32) -> Drawn<'b> {
        let edge = width.units() - RIGHT;
        let space = f64::from(edge) - text_width(&row.value) - 16.0;
        let name = cut(&row.name, space);
        root.draw_text(
            &name,
            &text_style(Colour::Ink, HPos::Left, VPos::Top),
            (LEFT, top + 6),
        )?;
        let right = text_style(Colour::Ink, HPos::Right, VPos::Top);
        root.draw_text(&row.value, &right, (edge, top + 6))?;
        let (bar_top, mut from) = (top + 24, self.axis.low);
        for segment in &row.segments {
            let to = from + segment.length.max(0.0);
            let corners = [
                (self.x(width, from), bar_top),
                (self.x(width, to), bar_top + BAR),
            ];
            if corners[0].0 < corners[1].0 {
                root.draw(&Rectangle::new(corners, segment.colour.number().filled()))?;
            }
            from = to;
        }
        if let Some((low, high)) = row.whisker {
            let middle = bar_top + BAR / 2;
            let style = Colour::Ink.number().stroke_width(2);
            let (low, high) = (self.x(width, low), self.x(width, high));
            root.draw(&PathElement::new(
                vec![(low, middle), (high, middle)],
                style,
            ))?;
            for end in [low, high] {
                root.draw(&PathElement::new(
                    vec![(end, middle - 4), (end, middle + 4)],
                    style,
                ))?;
            }
        }
        Ok(())
    }
}
