//! The languages of what people read: reports, and what `check` says.

use crate::model::Label;
use std::fmt;
use std::str::FromStr;

/// The language of what people read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Lang {
    /// English.
    #[default]
    En,
    /// Chinese (simplified).
    Zh,
}

/// A language that no report is written in.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a language of the reports: take `en` or `zh`")]
pub struct UnknownLanguage(pub String);

impl FromStr for Lang {
    type Err = UnknownLanguage;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "en" => Ok(Self::En),
            "zh" => Ok(Self::Zh),
            other => Err(UnknownLanguage(other.to_owned())),
        }
    }
}

impl fmt::Display for Lang {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::En => "en",
            Self::Zh => "zh",
        })
    }
}

impl Lang {
    /// A label in this language; what it lacks is said in the other.
    #[must_use]
    pub fn of(self, label: &Label) -> &str {
        let (wanted, other) = self.pick((&label.en, &label.zh), (&label.zh, &label.en));
        if wanted.trim().is_empty() {
            other
        } else {
            wanted
        }
    }

    /// The value of HTML's `lang` attribute.
    #[must_use]
    pub fn tag(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::Zh => "zh-CN",
        }
    }

    /// One of two.
    #[must_use]
    pub fn pick<T>(self, en: T, zh: T) -> T {
        match self {
            Self::En => en,
            Self::Zh => zh,
        }
    }
}
