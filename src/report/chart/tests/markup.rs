//! A reader of our SVG that is stricter than any browser.

/// Fails unless `svg` is well formed and made of nothing but what we draw with.
pub(super) fn check_markup(svg: &str) {
    const ELEMENTS: [&str; 8] = ["svg", "title", "desc", "style", "rect", "path", "circle", "text"];
    let mut open: Vec<&str> = Vec::new();
    let mut rest = svg;
    while let Some((text, after)) = rest.split_once('<') {
        check_text(text);
        let (tag, after) = after.split_once('>').expect("a tag ends");
        rest = after;
        if let Some(name) = tag.strip_prefix('/') {
            assert_eq!(open.pop(), Some(name), "closed as it was opened");
            continue;
        }
        let (tag, empty) = tag.strip_suffix('/').map_or((tag, false), |tag| (tag, true));
        let (name, attributes) = tag.split_once(' ').unwrap_or((tag, ""));
        assert!(ELEMENTS.contains(&name), "<{name}> is none of ours");
        check_attributes(attributes);
        if !empty {
            open.push(name);
        }
    }
    check_text(rest);
    assert!(open.is_empty(), "left open: {open:?}");
}

/// Fails unless these are `name="value"`, each name once and none a handler.
fn check_attributes(attributes: &str) {
    let mut seen = Vec::new();
    let mut rest = attributes.trim_start();
    while !rest.is_empty() {
        let (name, after) = rest.split_once("=\"").expect("a value in quotes");
        let (value, after) = after.split_once('"').expect("a quote ends");
        assert!(!seen.contains(&name) && !name.starts_with("on"), "{name} in {attributes}");
        check_text(value);
        seen.push(name);
        rest = after.trim_start();
    }
}

/// Fails unless each ampersand begins an entity that we write.
fn check_text(text: &str) {
    for after in text.split('&').skip(1) {
        let known = ["amp;", "lt;", "gt;", "quot;", "#39;"];
        assert!(known.iter().any(|entity| after.starts_with(entity)), "&{after}");
    }
    assert!(!text.contains('>'), "{text}");
}
