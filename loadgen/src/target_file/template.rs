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
    Value(Variable, Cut, Within),
    /// A value of JSON that stands for itself: a number, `true`, `null`.
    Bare(Variable),
}

/// How much of a value is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Cut {
    Whole,
    /// So many characters from its end (`|last:6`); of a shorter value all.
    Last(usize),
}

impl Cut {
    /// What stands behind the bar.
    fn read(text: &str) -> Result<Self, String> {
        let count = text.trim().strip_prefix("last:");
        match count.and_then(|count| count.trim().parse().ok()) {
            Some(count) if count > 0 => Ok(Self::Last(count)),
            _ => Err(format!(
                "`|{text}` is not understood; behind a name stands `|last:6` (its last six characters), or `|bare`, which must be all of a JSON string"
            )),
        }
    }

    fn of(self, value: &str) -> &str {
        let Self::Last(count) = self else {
            return value;
        };
        let from = value.char_indices().rev().nth(count - 1);
        from.map_or(value, |(from, _)| &value[from..])
    }
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
            let (name, cut) = match rest[1..end].split_once('|') {
                Some((name, cut)) => (name, Cut::read(cut)?),
                None => (&rest[1..end], Cut::Whole),
            };
            match vocabulary.variable(name.trim())? {
                Variable::Known(value) => template.text(&written(cut.of(&value), within)),
                variable => template.0.push(Part::Value(variable, cut, within)),
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
            let (variable, as_text) = match part {
                Part::Text(text) => {
                    filled.push_str(text);
                    continue;
                }
                Part::Value(variable, cut, within) => (variable, Some((*cut, *within))),
                Part::Bare(variable) => (variable, None),
            };
            let value = values
                .value(variable)
                .ok_or_else(|| format!("its session had no {}", variable.told()))?;
            match as_text {
                Some((cut, within)) => filled.push_str(&written(cut.of(&value), within)),
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
    fn the_last_characters_of_a_value_are_cut_before_they_are_written() {
        assert_eq!(
            path("/{people.name|last:3}", "62210001"),
            Ok("/001".to_owned())
        );
        assert_eq!(
            path("/{people.name|last:2}", "聊城市"),
            Ok("/%E5%9F%8E%E5%B8%82".to_owned())
        );
        assert_eq!(path("/{people.name|last:9}", "ab"), Ok("/ab".to_owned()));
        for wrong in ["last", "last:0", "last:x", "first:2", ""] {
            let said = path(&format!("/{{people.name|{wrong}}}"), "ab").unwrap_err();
            assert!(said.contains("`|last:6`"), "{said}");
        }
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
