//! Texts with places to fill in, `/posts/{session.post}`: read once, filled in for
//! each request. A brace of its own is written twice: `{{`.

use super::vocabulary::{Variable, Vocabulary};
use std::borrow::Cow;
use std::fmt::Write as _;

/// What a text is part of, which decides how a value is written into it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Within {
    /// A path: everything but letters, digits and `-._~` is percent-encoded.
    Path,
    /// A header or a body of plain text: as it is.
    Text,
    /// A string of a JSON body: with its escapes.
    Json,
}

#[derive(Debug, Clone, PartialEq)]
enum Part {
    Text(String),
    Value(Variable, Within),
    /// A value of JSON that stands for itself: a number, `true`, `null`.
    Bare(Variable),
}

/// A text with places.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Template(Vec<Part>);

/// Gives values.
pub trait Values {
    /// The value of a variable; none if nobody has told it yet.
    fn value(&self, variable: &Variable) -> Option<Cow<'_, str>>;
}

impl Template {
    /// Reads a text; an error says what is wrong with it.
    pub fn read(text: &str, within: Within, vocabulary: &Vocabulary) -> Result<Self, String> {
        let mut template = Self::default();
        let mut rest = text;
        while let Some(at) = rest.find(['{', '}']) {
            template.text(&rest[..at]);
            rest = &rest[at..];
            if rest.starts_with("{{") || rest.starts_with("}}") {
                template.text(&rest[..1]);
                rest = &rest[2..];
                continue;
            }
            let Some(end) = rest.find('}').filter(|_| rest.starts_with('{')) else {
                return Err(format!(
                    "`{rest}` has a brace without its other; write {{{{ for a brace of its own"
                ));
            };
            let variable = vocabulary.variable(rest[1..end].trim())?;
            match variable {
                Variable::Known(value) => template.text(&written(&value, within)),
                variable => template.0.push(Part::Value(variable, within)),
            }
            rest = &rest[end + 1..];
        }
        template.text(rest);
        Ok(template)
    }

    /// Reads a TOML value as a JSON body whose strings have places. A string that is one
    /// place and says `|bare` within it becomes a number, `true` or `null`.
    pub fn json(value: &toml::Value, vocabulary: &Vocabulary) -> Result<Self, String> {
        let mut template = Self::default();
        template.json_value(value, vocabulary)?;
        Ok(template)
    }

    fn json_value(&mut self, value: &toml::Value, vocabulary: &Vocabulary) -> Result<(), String> {
        match value {
            toml::Value::String(text) => self.json_string(text, vocabulary)?,
            toml::Value::Array(items) => {
                self.text("[");
                for (place, item) in items.iter().enumerate() {
                    self.text(if place > 0 { "," } else { "" });
                    self.json_value(item, vocabulary)?;
                }
                self.text("]");
            }
            toml::Value::Table(members) => {
                self.text("{");
                for (place, (name, member)) in members.iter().enumerate() {
                    self.text(if place > 0 { "," } else { "" });
                    self.text(&format!("{}:", serde_json::Value::from(name.as_str())));
                    self.json_value(member, vocabulary)?;
                }
                self.text("}");
            }
            toml::Value::Datetime(moment) => self.text(&format!("\"{moment}\"")),
            plain => self.text(&plain.to_string()),
        }
        Ok(())
    }

    fn json_string(&mut self, text: &str, vocabulary: &Vocabulary) -> Result<(), String> {
        let bare = text
            .strip_prefix('{')
            .and_then(|rest| rest.strip_suffix("|bare}"));
        if let Some(name) = bare {
            match vocabulary.variable(name.trim())? {
                Variable::Known(value) => self.text(&value),
                variable => self.0.push(Part::Bare(variable)),
            }
            return Ok(());
        }
        self.text("\"");
        for part in Self::read(text, Within::Json, vocabulary)?.0 {
            match part {
                Part::Text(text) => self.text(&text),
                part => self.0.push(part),
            }
        }
        self.text("\"");
        Ok(())
    }

    fn text(&mut self, text: &str) {
        match self.0.last_mut() {
            Some(Part::Text(last)) => last.push_str(text),
            _ if text.is_empty() => {}
            _ => self.0.push(Part::Text(text.to_owned())),
        }
    }

    /// With its places filled in; an error names what is not known.
    pub fn fill(&self, values: &impl Values) -> Result<Cow<'_, str>, String> {
        match self.0.as_slice() {
            [] => return Ok(Cow::Borrowed("")),
            [Part::Text(text)] => return Ok(Cow::Borrowed(text)),
            _ => {}
        }
        let mut filled = String::new();
        for part in &self.0 {
            let (variable, within) = match part {
                Part::Text(text) => {
                    filled.push_str(text);
                    continue;
                }
                Part::Value(variable, within) => (variable, Some(*within)),
                Part::Bare(variable) => (variable, None),
            };
            let value = values
                .value(variable)
                .ok_or_else(|| format!("its session had no {}", variable.told()))?;
            match within {
                Some(within) => filled.push_str(&written(&value, within)),
                None if serde_json::from_str::<serde::de::IgnoredAny>(&value).is_ok() => {
                    filled.push_str(&value);
                }
                None => return Err(format!("its {} is no value of JSON", variable.told())),
            }
        }
        Ok(Cow::Owned(filled))
    }
}

fn written(value: &str, within: Within) -> Cow<'_, str> {
    match within {
        Within::Text => Cow::Borrowed(value),
        Within::Json => {
            let plain = |byte: u8| byte >= 0x20 && byte != b'"' && byte != b'\\';
            if value.bytes().all(plain) {
                return Cow::Borrowed(value);
            }
            let quoted = serde_json::Value::from(value).to_string();
            Cow::Owned(quoted[1..quoted.len() - 1].to_owned())
        }
        Within::Path => {
            let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
            if value.bytes().all(plain) {
                return Cow::Borrowed(value);
            }
            let mut encoded = String::new();
            for byte in value.bytes() {
                if plain(byte) {
                    encoded.push(char::from(byte));
                } else {
                    write!(encoded, "%{byte:02X}").expect("a string takes every write");
                }
            }
            Cow::Owned(encoded)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Told<'a>(&'a str);

    impl Values for Told<'_> {
        fn value(&self, _variable: &Variable) -> Option<Cow<'_, str>> {
            (!self.0.is_empty()).then_some(Cow::Borrowed(self.0))
        }
    }

    fn vocabulary() -> Vocabulary {
        Vocabulary::new("run 1", &[("people", vec!["name".to_owned()])])
    }

    fn path(text: &str, value: &str) -> Result<String, String> {
        let template = Template::read(text, Within::Path, &vocabulary())?;
        template.fill(&Told(value)).map(Cow::into_owned)
    }

    #[test]
    fn a_value_can_never_break_out_of_its_place() {
        assert_eq!(
            path("/p/{people.name}?x={run}", "a/b ?聊").unwrap(),
            "/p/a%2Fb%20%3F%E8%81%8A?x=run%201"
        );
        let body: toml::Value =
            toml::from_str("n = \"{people.name}!\"\nl = [1, true, \"{{\"]").unwrap();
        let template = Template::json(&body, &vocabulary()).unwrap();
        let filled = template.fill(&Told("a\"b\\\n")).unwrap();
        let read: serde_json::Value = serde_json::from_str(&filled).unwrap();
        assert_eq!(
            read,
            serde_json::json!({"n": "a\"b\\\n!", "l": [1, true, "{"]})
        );
    }

    #[test]
    fn a_bare_value_must_be_json_by_itself() {
        let body: toml::Value = toml::from_str("n = \"{people.name|bare}\"").unwrap();
        let template = Template::json(&body, &vocabulary()).unwrap();
        assert_eq!(template.fill(&Told("12.5")).unwrap(), "{\"n\":12.5}");
        assert!(template.fill(&Told("1, \"m\": 2")).is_err());
    }

    #[test]
    fn what_nobody_told_and_what_nobody_knows_is_named() {
        assert_eq!(
            path("/{people.name}", "").unwrap_err(),
            "its session had no people.name"
        );
        let said = path("/{people.nam}", "x").unwrap_err();
        assert!(
            said.contains("`people.nam`") && said.contains("people.name"),
            "{said}"
        );
        assert!(path("/{people.name", "x").unwrap_err().contains("brace"));
        assert!(path("/people}", "x").unwrap_err().contains("brace"));
    }
}
