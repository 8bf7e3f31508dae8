//! The report: one file that opens from disk, asks for nothing else, and says
//! the verdict first.

mod comparison;
mod day;
mod effects;
mod figures;
mod load;
mod outlets;
mod pieces;
mod promise;
mod record;
mod regression;
mod top;

pub use comparison::comparison_html;
pub(crate) use comparison::sentences;
pub(crate) use effects::{divided, effect_lines, leads_between_runs};

use crate::rows::Rows;
use crate::run::RunData;
use crate::words::names;
use crate::words::texts::{Text, fill};
use maud::{DOCTYPE, Markup, PreEscaped, html};
use scenarios::language::Lang;
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
        (regression::regression(&view))
        (outlets::outlets(&view))
        (promise::by_interval(&view))
        (promise::misses(&view))
        (promise::minutes(&view))
        (day::waiting(&view))
        (day::queue(&view))
        (day::occupancy(&view))
        (day::arrivals(&view))
        (effects::of_the_bank(&view))
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::support;

    /// What a reader of the page sees or hears: without styles, code and tags.
    fn visible(page: &str) -> String {
        let mut text = String::new();
        let mut rest = page;
        for (open, close) in [("<style>", "</style>")] {
            if let Some((before, after)) = rest.split_once(open) {
                text.push_str(before);
                rest = after.split_once(close).map_or("", |(_, after)| after);
            }
        }
        text.push_str(rest);
        let labels: Vec<&str> = text
            .split("aria-label=\"")
            .skip(1)
            .filter_map(|part| part.split('"').next())
            .collect();
        let mut seen = labels.join(" ");
        for part in text.split('<').skip(1) {
            let (tag, words) = part.split_once('>').unwrap_or((part, ""));
            if !tag.starts_with("code") {
                seen.push(' ');
                seen.push_str(words);
            }
        }
        seen
    }

    /// The sample with everything that its author wrote in Chinese.
    fn written_in_chinese() -> RunData {
        let mut run = support::region_run();
        let summary = &mut run.summary;
        "智慧网点".clone_into(&mut summary.scenario.name);
        for assumption in &mut summary.scenario.assumptions {
            "理由".clone_into(&mut assumption.because);
        }
        if let Some(load) = &mut summary.load {
            load.failures.clear();
        }
        run
    }

    fn holds_words(text: &str, words: &str) -> bool {
        let is_letter =
            |character: Option<char>| character.is_some_and(|one| one.is_ascii_alphabetic());
        text.match_indices(words).any(|(at, found)| {
            let before = text.get(..at).and_then(|before| before.chars().last());
            let after = text
                .get(at + found.len()..)
                .and_then(|after| after.chars().next());
            !is_letter(before) && !is_letter(after)
        })
    }

    #[test]
    fn a_chinese_page_holds_no_english_text() {
        let run = written_in_chinese();
        let mut texts = visible(&html(&run, Lang::Zh));
        let effects = support::differences();
        texts += &visible(&comparison_html(&run, &run, &effects, Lang::Zh));
        texts += &crate::markdown(&run, Lang::Zh);
        texts += &crate::terminal(&run, Lang::Zh, crate::TerminalStyle::default());
        let mut compared = run.clone();
        compared.summary.regression = support::compared_run().summary.regression;
        texts += &visible(&html(&compared, Lang::Zh));
        texts += &crate::terminal(&compared, Lang::Zh, crate::TerminalStyle::default());
        for text in Text::ALL {
            for words in text.say(Lang::En).split(['{', '}']).step_by(2) {
                let words = words.trim_matches([' ', '.', ',', ':', ';', '(', ')']);
                // `HTTP/` is said so in both languages.
                let in_both = text.say(Lang::Zh).contains(words);
                if words.len() > 3 && words.is_ascii() && !in_both {
                    assert!(!holds_words(&texts, words), "{text:?}: {words}");
                }
            }
        }
        for figure in [
            "wait",
            "service",
            "review",
            "fallback",
            "time_in_branch",
            "occupancy",
        ] {
            assert!(
                !holds_words(&texts, &names::figure(figure, Lang::En)),
                "{figure}"
            );
        }
        for gate in &run.summary.gates {
            assert!(!texts.contains(&gate.reason), "{}", gate.reason);
        }
    }

    #[test]
    fn a_chinese_page_uses_the_words_of_the_glossary() {
        let page = html(&written_in_chinese(), Lang::Zh);
        for word in [
            "等候时间",
            "办理时间",
            "逗留时间",
            "现场审核",
            "转人工",
            "占用率",
            "置信区间",
            "99分位时延",
            "公共随机数",
            "智能终端",
            "柜台",
        ] {
            assert!(page.contains(word), "{word}");
        }
        assert!(page.contains("<html lang=\"zh-CN\">"));
    }
}
