//! The load in a line: what became of every planned operation, and the model.

use super::numbers::{self, Kind};
use super::texts::{Text, fill};
use scenarios::language::Lang;
use scenarios::summary::{LimitRecord, LoadRecord};

/// planned = the sum of everything else.
pub(crate) fn count_line(load: &LoadRecord, lang: Lang) -> String {
    let parts = [
        ("planned", load.planned),
        ("succeeded", load.succeeded),
        ("refused", load.refused),
        ("failed", load.failed),
        ("timed_out", load.timed_out),
        ("not_sent", load.not_sent),
        ("unknown", load.unknown),
    ];
    let mut line = Text::CountLine.say(lang).to_owned();
    for (name, count) in parts {
        line = line.replace(&format!("{{{name}}}"), &numbers::count(count));
    }
    line
}

/// The model and the version of HTTP.
pub(crate) fn model_line(load: &LoadRecord, lang: Lang) -> String {
    Text::LoadModel
        .say(lang)
        .replace("{model}", model_name(&load.model).say(lang))
        .replace("{http}", &load.http)
}

/// A model as people read it.
pub(crate) fn model_name(model: &str) -> Text {
    match model {
        "closed" => Text::ModelClosed,
        "open" => Text::ModelOpen,
        _ => Text::ModelCappedOpen,
    }
}

/// What a search for the highest rate found.
pub(crate) fn limit_line(found: &LimitRecord, lang: Lang) -> String {
    let rate = |value: Option<f64>| numbers::value(Kind::Rate, value, lang);
    if found.sustained_per_second.is_none() {
        return Text::LimitNone.say(lang).to_owned();
    }
    let text = if found.generator_bound {
        Text::LimitAtLeast
    } else {
        Text::LimitFound
    };
    fill(
        text.say(lang),
        &[
            ("rate", &rate(found.sustained_per_second)),
            ("failed", &rate(found.failed_per_second)),
            ("gate", found.limited_by.as_deref().unwrap_or_default()),
        ],
    )
}
