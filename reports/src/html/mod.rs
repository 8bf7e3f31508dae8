//! The report: one file that opens from disk, asks for nothing else, and says
//! the verdict first.

mod comparison;
mod day;
mod figures;
mod load;
mod pieces;
mod promise;
mod record;
mod top;

pub use comparison::comparison_html;
pub(crate) use comparison::sentences;
pub(crate) use load::effect_lines;

use crate::rows::Rows;
use crate::run::RunData;
use crate::words::language::Lang;
use crate::words::names;
use crate::words::texts::{Text, fill};
use maud::{DOCTYPE, Markup, PreEscaped, html};
use scenarios::summary::Summary;

/// A run looked at in a language.
#[derive(Clone, Copy)]
pub(crate) struct View<'a> {
    run: &'a RunData,
    summary: &'a Summary,
    rows: Rows<'a>,
    lang: Lang,
}

impl<'a> View<'a> {
    pub(crate) fn new(run: &'a RunData, lang: Lang) -> Self {
        Self {
            run,
            summary: &run.summary,
            rows: Rows::new(&run.summary.figures),
            lang,
        }
    }

    /// A text without places.
    fn say(&self, text: Text) -> &'static str {
        text.say(self.lang)
    }

    /// A text with its places filled.
    fn fill(&self, text: Text, values: &[(&str, &str)]) -> String {
        fill(text.say(self.lang), values)
    }

    /// A population's name.
    fn name(&self, dimension: &str, name: &str) -> String {
        names::population(self.summary, dimension, name, self.lang)
    }

    /// A figure's name, as a heading.
    fn figure(&self, figure: &str) -> String {
        names::figure(figure, self.lang)
    }
}

/// The report of a run: a whole HTML document without scripts or references.
pub fn html(run: &RunData, lang: Lang) -> String {
    let view = View::new(run, lang);
    let body = html! {
        (top::banner(&view))
        (top::gates(&view))
        (promise::by_interval(&view))
        (promise::misses(&view))
        (promise::minutes(&view))
        (day::waiting(&view))
        (day::queue(&view))
        (day::occupancy(&view))
        (day::arrivals(&view))
        (load::effect(&view))
        (load::load(&view))
        (load::reconciliation(&view))
        (figures::tables(&view))
        (record::assumptions(&view))
        (record::method(&view))
        (record::run(&view))
    };
    let title = format!(
        "{} · {}",
        run.summary.scenario.name,
        Text::ReportTitle.say(lang)
    );
    document(&title, lang, &run.run.version, &body)
}

/// The page around a body.
fn document(title: &str, lang: Lang, version: &str, body: &Markup) -> String {
    html! {
        (DOCTYPE)
        html lang=(lang.tag()) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (title) }
                style { (PreEscaped(include_str!("page.css"))) }
            }
            body {
                main { (body) }
                footer { (fill(Text::Footer.say(lang), &[("version", version)])) }
            }
        }
    }
    .into_string()
}
