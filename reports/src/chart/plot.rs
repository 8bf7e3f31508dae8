//! A chart over time or the clock: dots with whiskers, lines, or bars.

use super::axis::Axis;
use super::palette::Colour;
use super::svg::{cut, inline, text_style};
use super::{Chart, Width};
use plotters::chart::ChartContext;
use plotters::coord::types::RangedCoordf64;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, VPos};

/// Units from the top of the drawing to the plot.
const TOP: u32 = 26;
/// Units below the plot, for the ticks.
const BOTTOM: u32 = 26;

/// A chart over a horizontal axis.
#[derive(Debug, Clone)]
pub(crate) struct Plot {
    pub(crate) x: Axis,
    pub(crate) y: Axis,
    /// What the vertical axis measures, with its unit.
    pub(crate) y_title: String,
    pub(crate) series: Vec<Series>,
    /// A dashed line at a height.
    pub(crate) bound: Option<f64>,
}

/// Points of one population.
#[derive(Debug, Clone)]
pub(crate) struct Series {
    pub(crate) colour: Colour,
    pub(crate) shape: Shape,
    pub(crate) points: Vec<Point>,
}

/// How points are drawn.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Shape {
    /// A dot with its whisker each.
    Dots,
    /// Dots joined by a line.
    JoinedDots,
    /// A thin line, broken at gaps of more than this.
    Line {
        /// Along the horizontal axis.
        gap: f64,
    },
    /// A bar from zero, this wide.
    Bars {
        /// Along the horizontal axis.
        width: f64,
    },
}

/// One value, with its interval.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Point {
    pub(crate) x: f64,
    pub(crate) y: f64,
    pub(crate) low: Option<f64>,
    pub(crate) high: Option<f64>,
    /// Instead of the series' colour.
    pub(crate) colour: Option<Colour>,
}

type Context<'a, 'b> =
    ChartContext<'a, SVGBackend<'b>, Cartesian2d<RangedCoordf64, RangedCoordf64>>;
type Drawn<'b> = Result<(), DrawingAreaErrorKind<<SVGBackend<'b> as DrawingBackend>::ErrorType>>;

impl Chart for Plot {
    fn draw(&self, width: Width, description: &str) -> String {
        let height = match width {
            Width::Wide => 300,
            Width::Narrow => 250,
        };
        let mut document = String::new();
        let drawn = self.draw_into(&mut document, width, height);
        // The drawing is a string, so nothing can fail; were it to, the
        // description and the table of the numbers remain.
        if drawn.is_err() {
            document.clear();
        }
        inline(&document, width.class(), description)
    }
}

impl Plot {
    fn draw_into<'b>(&self, document: &'b mut String, width: Width, height: u32) -> Drawn<'b> {
        let units = width.units();
        let left = (self.y.widest() + 12.0) as u32;
        let root =
            SVGBackend::with_string(document, (units.unsigned_abs(), height)).into_drawing_area();
        let mut chart = ChartBuilder::on(&root)
            .margin_top(TOP)
            .margin_right(14)
            .x_label_area_size(BOTTOM)
            .y_label_area_size(left)
            .build_cartesian_2d(self.x.low..self.x.high, self.y.low..self.y.high)?;
        self.draw_axes(&root, &chart, width)?;
        for series in &self.series {
            draw_series(&mut chart, &self.within(series), self.y.low)?;
        }
        if let Some(bound) = self
            .bound
            .filter(|at| (self.y.low..=self.y.high).contains(at))
        {
            let ends = vec![(self.x.low, bound), (self.x.high, bound)];
            chart.draw_series([PathElement::new(
                ends,
                Colour::Bound.number().stroke_width(2),
            )])?;
        }
        let title = cut(&self.y_title, f64::from(units) - 8.0);
        root.draw_text(
            &title,
            &text_style(Colour::Soft, HPos::Left, VPos::Top),
            (2, 2),
        )?;
        root.present()
    }

    /// The series with every point within the axes: plotters counts pixels in
    /// whole numbers, and one far outside would overflow them.
    fn within(&self, series: &Series) -> Series {
        let clamp = |value: f64| value.clamp(self.y.low, self.y.high);
        let mut series = series.clone();
        for point in &mut series.points {
            point.x = point.x.clamp(self.x.low, self.x.high);
            point.y = clamp(point.y);
            (point.low, point.high) = (point.low.map(clamp), point.high.map(clamp));
        }
        series
    }

    /// Grid lines and tick texts; ticks that would run together are left out.
    fn draw_axes<'b>(
        &self,
        root: &DrawingArea<SVGBackend<'b>, plotters::coord::Shift>,
        chart: &Context<'_, 'b>,
        width: Width,
    ) -> Drawn<'b> {
        let area = chart.plotting_area();
        let right = text_style(Colour::Soft, HPos::Right, VPos::Center);
        for (at, text) in &self.y.ticks {
            let line = vec![(self.x.low, *at), (self.x.high, *at)];
            area.draw(&PathElement::new(
                line,
                Colour::Grid.number().stroke_width(1),
            ))?;
            let (x, y) = chart.backend_coord(&(self.x.low, *at));
            root.draw_text(text, &right, (x - 8, y))?;
        }
        let middle = text_style(Colour::Soft, HPos::Center, VPos::Top);
        let space = f64::from(width.units()) - self.y.widest() - 30.0;
        let fit = (space / (self.x.widest() + 16.0)).floor().max(1.0) as usize;
        let every = self.x.ticks.len().div_ceil(fit).max(1);
        for (at, text) in self.x.ticks.iter().step_by(every) {
            let (x, y) = chart.backend_coord(&(*at, self.y.low));
            root.draw(&PathElement::new(
                vec![(x, y), (x, y + 4)],
                Colour::Soft.number(),
            ))?;
            let half = (super::svg::text_width(text) / 2.0) as i32;
            let x = x.min(width.units() - half - 1);
            root.draw_text(text, &middle, (x, y + 8))?;
        }
        Ok(())
    }
}

fn draw_series<'b>(chart: &mut Context<'_, 'b>, series: &Series, floor: f64) -> Drawn<'b> {
    let colour_of = |point: &Point| point.colour.unwrap_or(series.colour).number();
    match series.shape {
        Shape::Line { gap } => {
            for stretch in stretches(&series.points, gap) {
                let style = series.colour.number().stroke_width(2);
                if let [only] = stretch.as_slice() {
                    chart.draw_series([Circle::new(*only, 2, style.filled())])?;
                } else {
                    chart.draw_series([PathElement::new(stretch, style)])?;
                }
            }
            return Ok(());
        }
        Shape::Bars { width } => {
            chart.draw_series(series.points.iter().map(|point| {
                let half = width / 2.0;
                let corners = [(point.x - half, floor), (point.x + half, point.y)];
                Rectangle::new(corners, colour_of(point).mix(0.75).filled())
            }))?;
        }
        Shape::JoinedDots => {
            let line: Vec<(f64, f64)> = series
                .points
                .iter()
                .map(|point| (point.x, point.y))
                .collect();
            chart.draw_series([PathElement::new(
                line,
                series.colour.number().stroke_width(2),
            )])?;
        }
        Shape::Dots => {}
    }
    let bars = matches!(series.shape, Shape::Bars { .. });
    for point in &series.points {
        let colour = if bars {
            Colour::Ink.number()
        } else {
            colour_of(point)
        };
        draw_whisker(chart, point, colour)?;
        if !bars {
            chart.draw_series([Circle::new((point.x, point.y), 4, colour.filled())])?;
        }
    }
    Ok(())
}

/// A vertical line over the interval, with caps.
fn draw_whisker<'b>(chart: &mut Context<'_, 'b>, point: &Point, colour: RGBColor) -> Drawn<'b> {
    let (Some(low), Some(high)) = (point.low, point.high) else {
        return Ok(());
    };
    let style = colour.stroke_width(2);
    let cap =
        |at: f64| EmptyElement::at((point.x, at)) + PathElement::new(vec![(-4, 0), (4, 0)], style);
    chart.draw_series([PathElement::new(
        vec![(point.x, low), (point.x, high)],
        style,
    )])?;
    chart.draw_series([cap(low), cap(high)])?;
    Ok(())
}

/// Points that lie no further apart than `gap`.
fn stretches(points: &[Point], gap: f64) -> Vec<Vec<(f64, f64)>> {
    let mut stretches: Vec<Vec<(f64, f64)>> = Vec::new();
    for point in points {
        let last = stretches.last().and_then(|stretch| stretch.last());
        match last {
            Some(last) if point.x - last.0 <= gap => {
                if let Some(stretch) = stretches.last_mut() {
                    stretch.push((point.x, point.y));
                }
            }
            _ => stretches.push(vec![(point.x, point.y)]),
        }
    }
    stretches
}
