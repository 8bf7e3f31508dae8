//! The target beside its baseline.

use super::View;
use super::pieces::{card, table};
use crate::words::regression;
use crate::words::texts::Text;
use maud::{Markup, html};

/// The comparison, if there was one.
pub(super) fn regression(view: &View) -> Markup {
    let Some(found) = &view.summary.regression else {
        return html! {};
    };
    let (heads, lines) = (
        regression::heads(view.lang),
        regression::lines(found, view.lang),
    );
    card(
        view.say(Text::Regression),
        &html! {
            @for sentence in regression::sentences(found, view.lang) { p { (sentence) } }
            @if !lines.is_empty() {
                (table(&heads, &lines))
                p.read { (view.say(Text::RegressionRead)) }
            }
        },
    )
}
