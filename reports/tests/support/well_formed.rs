//! Whether a text is well-formed XML, by its tags, quotes and entities.

/// Panics unless every tag closes in order and no text holds a bare `<` or `&`.
pub fn assert_well_formed(xml: &str) {
    let mut open: Vec<&str> = Vec::new();
    let mut rest = xml;
    while let Some((text, after)) = rest.split_once('<') {
        assert_entities(text);
        let (tag, after) = after.split_once('>').expect("a tag that ends");
        assert!(!tag.contains('<'), "a tag within a tag: {tag}");
        let name = tag
            .trim_start_matches('/')
            .split([' ', '/'])
            .next()
            .unwrap_or_default();
        if tag.starts_with('/') {
            assert_eq!(open.pop(), Some(name), "tags close in order");
        } else if !tag.ends_with('/') {
            open.push(name);
        }
        assert_eq!(tag.matches('"').count() % 2, 0, "quotes pair up: {tag}");
        assert_entities(tag);
        rest = after;
    }
    assert_entities(rest);
    assert!(open.is_empty(), "left open: {open:?}");
}

fn assert_entities(text: &str) {
    for after in text.split('&').skip(1) {
        let name = after.split_once(';').map_or("", |(name, _)| name);
        assert!(
            ["amp", "lt", "gt", "quot", "apos", "#39"].contains(&name),
            "a bare & in {text}"
        );
    }
    let control = |character: char| character.is_control() && !matches!(character, '\n' | '\t');
    assert!(!text.contains(control), "a control character");
}
