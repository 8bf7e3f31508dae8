//! From plotters' SVG document to an inline element of the page: colours become
//! CSS variables, the font is the page's, the namespace (needless inside HTML)
//! goes, and a description comes.

use super::palette::Colour;
use plotters::style::Color as _;
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{IntoFont as _, TextStyle};

/// Height of letters in units of the drawing.
const FONT: f64 = 12.5;

/// Plotters divides every font size by this before it writes it.
const PLOTTERS_FONT_RATIO: f64 = 1.24;

/// A text's style: anchored at a side of its position.
pub(super) fn text_style(colour: Colour, horizontal: HPos, vertical: VPos) -> TextStyle<'static> {
    TextStyle {
        font: ("sans-serif", FONT * PLOTTERS_FONT_RATIO).into_font(),
        color: colour.number().to_backend_color(),
        pos: Pos::new(horizontal, vertical),
    }
}

/// About how wide a text is, in units: Chinese characters are square, others
/// about half as wide.
pub(super) fn text_width(text: &str) -> f64 {
    let width = |character: char| match character {
        '%' | 'm' | 'M' | 'W' | 'w' | '\u{2e80}'.. => FONT,
        _ => FONT * 0.66,
    };
    text.chars().map(width).sum()
}

/// The text, cut with an ellipsis where it would not fit.
pub(super) fn cut(text: &str, width: f64) -> String {
    if text_width(text) <= width {
        return text.to_owned();
    }
    let mut out = String::new();
    for character in text.chars() {
        if text_width(&out) + 2.0 * FONT > width {
            break;
        }
        out.push(character);
    }
    out + "…"
}

/// The inline element.
pub(super) fn inline(document: &str, class: &str, description: &str) -> String {
    let body = document
        .find('>')
        .map_or("", |at| document.get(at + 1..).unwrap_or_default());
    let view_box = document
        .split_once("viewBox=\"")
        .and_then(|(_, rest)| rest.split_once('"'))
        .map_or("0 0 1 1", |(view_box, _)| view_box);
    let mut body = body.replace(" font-family=\"sans-serif\"", "");
    for colour in Colour::all() {
        let number = colour.number();
        let written = format!("\"#{:02X}{:02X}{:02X}\"", number.0, number.1, number.2);
        body = body.replace(&written, &format!("\"var(--{})\"", colour.variable()));
    }
    let bound = format!("stroke=\"var(--{})\"", Colour::Bound.variable());
    body = body
        .replace(&bound, &format!("{bound} stroke-dasharray=\"6 4\""))
        .replace(" opacity=\"1\"", "");
    let description = maud::html! { (description) }.into_string();
    format!(
        "<svg class=\"{class}\" viewBox=\"{view_box}\" role=\"img\" aria-label=\"{description}\">{body}"
    )
}
