//! Sentences in both languages, and laws, times and shares in words.

use crate::language::Lang;
use crate::model::{ArrivalPiece, Law, Resource, ResourceKind};
use crate::time::Span;
use std::fmt::Write;

/// A sentence in a language: English, then Chinese. Neither can be left out.
macro_rules! say {
    ($lang:expr, $en:literal, $zh:literal $(, $name:ident = $value:expr)* $(,)?) => {
        match $lang {
            $crate::language::Lang::En => format!($en $(, $name = $value)*),
            $crate::language::Lang::Zh => format!($zh $(, $name = $value)*),
        }
    };
}
pub(super) use say;

/// What is said so far, and in which language.
pub(super) struct Page {
    pub lang: Lang,
    pub text: String,
}

impl Page {
    pub fn new(lang: Lang) -> Self {
        Self {
            lang,
            text: String::new(),
        }
    }

    pub fn line(&mut self, words: impl AsRef<str>) {
        let _ = writeln!(self.text, "{}", words.as_ref());
    }

    /// A heading, with an empty line before it.
    pub fn heading(&mut self, en: &str, zh: &str) {
        let heading = self.lang.pick(en, zh);
        let _ = writeln!(self.text, "\n{heading}");
    }
}

/// Several in a row.
pub(super) fn listed(words: &[String], lang: Lang) -> String {
    words.join(lang.pick(", ", "、"))
}

pub(super) fn law_words(law: &Law, lang: Lang) -> String {
    let mean = minutes(law.mean(), lang);
    let kind = match law {
        Law::Constant { .. } => return say!(lang, "{mean}", "固定 {mean}"),
        Law::Exponential { .. } => say!(lang, "exponential", "指数分布"),
        Law::Lognormal { sigma, .. } => {
            let cv = rounded((sigma * sigma).exp_m1().sqrt());
            say!(lang, "lognormal, cv {cv}", "对数正态分布，变异系数 {cv}")
        }
        Law::Gamma { shape, .. } => {
            let cv = rounded(1.0 / shape.sqrt());
            say!(lang, "gamma, cv {cv}", "伽马分布，变异系数 {cv}")
        }
        Law::Erlang { k, .. } => say!(lang, "Erlang-{k}", "{k} 阶爱尔朗分布"),
        Law::Weibull { shape, .. } => {
            say!(
                lang,
                "Weibull, shape {shape}",
                "威布尔分布，形状参数 {shape}"
            )
        }
        Law::Uniform { .. } => say!(lang, "uniform", "均匀分布"),
        Law::Triangular { .. } => say!(lang, "triangular", "三角分布"),
        Law::Empirical { .. } => say!(lang, "measured histogram", "实测直方图"),
        Law::Table { values } => {
            say!(
                lang,
                "one of {n} values",
                "取 {n} 个值之一",
                n = values.len()
            )
        }
        Law::Mixture { parts } => {
            say!(lang, "mixture of {n}", "{n} 种分布的混合", n = parts.len())
        }
    };
    say!(lang, "{mean} on average ({kind})", "平均 {mean}（{kind}）")
}

pub(super) fn minutes(seconds: f64, lang: Lang) -> String {
    if seconds < 60.0 {
        let seconds = rounded(seconds);
        say!(lang, "{seconds} s", "{seconds} 秒")
    } else {
        let minutes = rounded(seconds / 60.0);
        say!(lang, "{minutes} min", "{minutes} 分钟")
    }
}

/// A duration as the file writes it, or in Chinese: `1 小时 30 分钟`.
pub(super) fn duration(span: Span, lang: Lang) -> String {
    let written = span.to_string();
    if lang == Lang::En {
        return written;
    }
    // Longer names first: `min` and `ms` begin alike, and `s` ends `ms`.
    let units = [
        ("min", " 分钟 "),
        ("ms", " 毫秒 "),
        ("us", " 微秒 "),
        ("h", " 小时 "),
        ("s", " 秒 "),
    ];
    let chinese = units
        .iter()
        .fold(written, |text, (unit, word)| text.replace(unit, word));
    chinese.trim_end().to_owned()
}

pub(super) fn percent(share: f64, lang: Lang) -> String {
    let percent = rounded(share * 100.0);
    say!(lang, "{percent} %", "{percent}%")
}

/// With two decimals at most.
pub(super) fn rounded(number: f64) -> String {
    format!("{}", (number * 100.0).round() / 100.0)
}

pub(super) fn per_hour(piece: &ArrivalPiece) -> f64 {
    let hours = piece.to.since(piece.from).seconds() / 3600.0;
    if hours > 0.0 {
        piece.expected / hours
    } else {
        0.0
    }
}

/// As the file names it; in Chinese as people read it, in quotes if that is no Chinese.
pub(super) fn name(resource: &Resource, lang: Lang) -> String {
    let (name, label) = (&resource.name, lang.of(&resource.label));
    if label.is_ascii() {
        say!(lang, "{name}", "“{label}”")
    } else {
        say!(lang, "{name}", "{label}")
    }
}

/// So many of a resource's servers, with the word that Chinese counts them by.
pub(super) fn counted(count: u32, resource: &Resource, lang: Lang) -> String {
    let measure = measure(resource);
    say!(lang, "{count}", "{count} {measure}")
}

/// The word that Chinese counts a resource's servers by.
pub(super) fn measure(resource: &Resource) -> &'static str {
    match resource.kind {
        ResourceKind::Kiosk | ResourceKind::Atm => "台",
        ResourceKind::LobbyManager => "名",
        ResourceKind::Teller
        | ResourceKind::VipWindow
        | ResourceKind::RemoteCentre
        | ResourceKind::Other => "个",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_said_in_both_languages() {
        for (seconds, en, zh) in [
            (5400.0, "1h30min", "1 小时 30 分钟"),
            (216.0, "3min36s", "3 分钟 36 秒"),
            (0.2, "200ms", "200 毫秒"),
            (0.0, "0s", "0 秒"),
        ] {
            let span = Span::from_seconds(seconds);
            assert_eq!(duration(span, Lang::En), en);
            assert_eq!(duration(span, Lang::Zh), zh);
        }
    }
}
