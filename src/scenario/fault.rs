//! Faults of the files that people write, all of them shown at once.

use std::fmt;
use std::ops::Range;

use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};

/// How many faults are shown; the rest are counted.
pub const SHOWN: usize = 50;

/// What the screens are laid out for, in columns.
const WIDTH: usize = 80;

/// One thing that is wrong in a text, and what to write instead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Where it is, in bytes of the text.
    pub at: Range<usize>,
    /// What is wrong, without a capital or a full stop.
    pub message: String,
    /// What to write instead.
    pub help: Option<String>,
}

impl Fault {
    /// A fault of the bytes `at`.
    #[must_use]
    pub fn new(at: Range<usize>, message: impl Into<String>) -> Self {
        Fault { at, message: message.into(), help: None }
    }

    /// The same fault with what to write instead.
    #[must_use]
    pub fn with_help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

/// A text with the faults found in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// The file as the user named it.
    pub name: String,
    /// All of its text, for the lines to show.
    pub text: String,
    /// The faults, in any order.
    pub faults: Vec<Fault>,
}

/// The faults of one or several texts; `Display` shows them without colour.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Faults {
    sources: Vec<Source>,
}

impl Faults {
    /// No faults yet.
    #[must_use]
    pub fn new() -> Self {
        Faults::default()
    }

    /// Adds a source; its faults are shown by position, after those of earlier sources.
    ///
    /// A source without faults is not kept.
    pub fn push(&mut self, mut source: Source) {
        source.faults.sort_by_key(|fault| (fault.at.start, fault.at.end));
        if !source.faults.is_empty() {
            self.sources.push(source);
        }
    }

    /// Adds all sources of `more`.
    pub fn extend(&mut self, more: Faults) {
        self.sources.extend(more.sources);
    }

    /// How many faults there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.sources.iter().map(|source| source.faults.len()).sum()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.sources.is_empty()
    }

    /// The sources with their faults, by position.
    #[must_use]
    pub fn sources(&self) -> &[Source] {
        &self.sources
    }

    /// Every fault with its line, a caret and what to write instead, then the count.
    ///
    /// `color` adds ANSI escape codes.
    #[must_use]
    pub fn render(&self, color: bool) -> String {
        let renderer = if color { Renderer::styled() } else { Renderer::plain() };
        let renderer = renderer.term_width(WIDTH);
        let mut screen = String::new();
        let all = self
            .sources
            .iter()
            .flat_map(|source| source.faults.iter().map(move |fault| (source, fault)));
        for (source, fault) in all.take(SHOWN) {
            screen.push_str(&draw(&renderer, source, fault));
            screen.push_str("\n\n");
        }
        match self.len().saturating_sub(SHOWN) {
            0 => screen + &self.count(),
            left => format!("{screen}... and {left} more\n{}", self.count()),
        }
    }

    /// "3 faults in clover.toml", or "3 faults: 2 in clover.toml, 1 in web.toml".
    fn count(&self) -> String {
        let faults = |n: usize| format!("{n} fault{}", if n == 1 { "" } else { "s" });
        // Several settings are several sources and one place to look.
        let mut places: Vec<(String, usize)> = Vec::new();
        for source in &self.sources {
            let name = visible(&source.name);
            match places.last_mut() {
                Some((last, count)) if *last == name => *count += source.faults.len(),
                _ => places.push((name, source.faults.len())),
            }
        }
        match places.as_slice() {
            [] => "no faults".to_owned(),
            [(name, count)] => format!("{} in {name}", faults(*count)),
            several => {
                let each = several.iter().map(|(name, count)| format!("{count} in {name}"));
                let each: Vec<String> = each.collect();
                format!("{}: {}", faults(self.len()), each.join(", "))
            }
        }
    }
}

impl From<Source> for Faults {
    fn from(source: Source) -> Self {
        let mut faults = Faults::new();
        faults.push(source);
        faults
    }
}

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.render(false))
    }
}

impl std::error::Error for Faults {}

/// Draws one fault over its first line: the renderer then never reads a whole
/// megabyte again for each fault, and a long list does not fill the screen.
fn draw(renderer: &Renderer, source: &Source, fault: &Fault) -> String {
    let text = source.text.as_str();
    let at = boundary(text, fault.at.start);
    let start = text[..at].rfind('\n').map_or(0, |newline| newline + 1);
    let end = text[start..].find('\n').map_or(text.len(), |n| start + n);
    let line = text[start..end].trim_end_matches('\r');
    let from = (at - start).min(line.len());
    let to = boundary(line, fault.at.end.saturating_sub(start));
    let number = text[..start].matches('\n').count() + 1;
    let message = visible(&fault.message);
    let help = fault.help.as_deref().map(visible);
    let help = help.map(|help| fold(&help, WIDTH - 10));
    let title = fold(&message, WIDTH - 7);
    let snippet = Snippet::source(line)
        .line_start(number)
        .path(visible(&source.name))
        .annotation(AnnotationKind::Primary.span(from..to.max(from)));
    let mut group = Level::ERROR.primary_title(title).element(snippet);
    if let Some(help) = &help {
        group = group.element(Level::HELP.message(help));
    }
    renderer.render(&[group])
}

/// The start of the character around byte `at`, or the end of the text.
pub(super) fn boundary(text: &str, at: usize) -> usize {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

/// The text with control characters spelled out, so that no file can drive a terminal.
fn visible(text: &str) -> String {
    let spell = |c: char| -> String {
        if c.is_control() { c.escape_default().to_string() } else { c.to_string() }
    };
    text.chars().map(spell).collect()
}

/// Breaks a text between words so that lines stay within `width` where words do.
fn fold(text: &str, width: usize) -> String {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split(' ') {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(name: &str, text: &str, faults: Vec<Fault>) -> Source {
        let (name, text) = (name.to_owned(), text.to_owned());
        Source { name, text, faults }
    }

    #[test]
    fn a_screen_shows_place_line_caret_and_help() {
        let text = "name = \"x\"\r\nbrust = 5\r\n";
        let later = Fault::new(12..17, "unknown field `brust`").with_help("did you mean `burst`?");
        let earlier = Fault::new(7..10, "`x` is taken");
        let faults = Faults::from(source("clover.toml", text, vec![later, earlier]));
        let wanted = "\
error: `x` is taken
 --> clover.toml:1:8
  |
1 | name = \"x\"
  |        ^^^

error: unknown field `brust`
 --> clover.toml:2:1
  |
2 | brust = 5
  | ^^^^^
  |
  = help: did you mean `burst`?

2 faults in clover.toml";
        assert_eq!(faults.to_string(), wanted);
        assert_eq!(faults.len(), 2);
        assert!(faults.render(true).contains("\u{1b}["));
    }

    #[test]
    fn every_line_of_a_screen_fits_where_it_can() {
        let words = "word ".repeat(60);
        let text = format!("{}brust = 5 # {}", "a, ".repeat(300), "b, ".repeat(300));
        let at = text.find("brust").unwrap();
        let fault = Fault::new(at..at + 5, words.trim()).with_help(words.trim());
        let screen = Faults::from(source("clover.toml", &text, vec![fault])).to_string();
        let widest = screen.lines().map(|line| line.chars().count()).max();
        assert!(widest <= Some(WIDTH), "{screen}");
        assert!(screen.contains("brust = 5"), "{screen}");
    }

    #[test]
    fn no_text_drives_the_terminal() {
        let text = "name = \"\u{1b}[2J\u{7}\"\n";
        let fault = Fault::new(0..99, "bad \u{1b}[2J").with_help("\u{9b}2J");
        let screen = Faults::from(source("\u{1b}.toml", text, vec![fault])).to_string();
        assert!(!screen.contains(|c: char| c.is_control() && c != '\n'), "{screen:?}");
    }

    #[test]
    fn a_span_anywhere_is_drawn() {
        for (text, at) in [("", 0..0), ("", 5..9), ("é", 1..1), ("a\n", 2..2), ("a\nb", 0..3)] {
            let faults = Faults::from(source("x", text, vec![Fault::new(at, "wrong")]));
            assert!(faults.to_string().contains("x:"), "{text:?}");
        }
    }

    #[test]
    fn several_sources_are_counted_each() {
        let fault = || Fault::new(0..1, "wrong");
        let mut faults = Faults::from(source("a.toml", "a", vec![fault(), fault()]));
        faults.extend(source("b.toml", "b", vec![fault()]).into());
        faults.push(source("c.toml", "c", Vec::new()));
        let screen = faults.to_string();
        assert!(screen.ends_with("3 faults: 2 in a.toml, 1 in b.toml"), "{screen}");
    }
}
