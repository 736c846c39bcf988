//! Widths of words, and their outlines, from the bundled Noto Sans.

use std::sync::LazyLock;

use ab_glyph::{Font, FontRef, OutlineCurve};

static REGULAR: LazyLock<FontRef<'static>> = LazyLock::new(|| {
    FontRef::try_from_slice(notosans::REGULAR_TTF).expect("the bundled font is sound")
});
static BOLD: LazyLock<FontRef<'static>> = LazyLock::new(|| {
    FontRef::try_from_slice(notosans::BOLD_TTF).expect("the bundled font is sound")
});

/// The reader's system font may be wider than ours by this factor before words
/// of an SVG run into one another.
const SLACK: f64 = 1.1;

/// What a text would take on paper.
#[derive(Clone, Copy, Debug)]
pub(super) struct Face {
    /// The size of the em in tenths of a pixel.
    pub(super) size: u32,
    /// Bold (an SVG asks for weight 600) or regular.
    pub(super) bold: bool,
}

/// A place in pixels relative to the start of a text's baseline.
pub(super) type Place = (f32, f32);

/// A step of a glyph's outline.
#[derive(Clone, Copy, Debug)]
pub(super) enum Stroke {
    /// A new contour begins here.
    Move(Place),
    /// A straight line to here.
    Line(Place),
    /// A parabola by way of the first place to the second.
    Quad(Place, Place),
    /// A cubic by way of the first two places to the third.
    Cubic(Place, Place, Place),
}

impl Face {
    fn font(self) -> &'static FontRef<'static> {
        if self.bold { &BOLD } else { &REGULAR }
    }

    /// Pixels per font unit.
    fn unit(self) -> f32 {
        let em = self.font().units_per_em().unwrap_or(1000.0);
        self.size as f32 / 10.0 / em
    }

    /// The room to leave for `text`, in pixels: its width here and some slack.
    pub(super) fn room(self, text: &str) -> f64 {
        f64::from(self.advance(text)) * SLACK
    }

    /// The width of `text` as the PNG draws it, in pixels.
    pub(super) fn advance(self, text: &str) -> f32 {
        self.glyphs(text).last().map_or(0.0, |(_, _, end)| end)
    }

    /// Each glyph of `text` with where it starts and ends, in pixels.
    fn glyphs(self, text: &str) -> impl Iterator<Item = (ab_glyph::GlyphId, f32, f32)> {
        let (font, unit) = (self.font(), self.unit());
        let mut before = None;
        let mut x = 0.0;
        text.chars().map(move |letter| {
            let glyph = font.glyph_id(letter);
            if let Some(before) = before.replace(glyph) {
                x += font.kern_unscaled(before, glyph) * unit;
            }
            let start = x;
            x += font.h_advance_unscaled(glyph) * unit;
            (glyph, start, x)
        })
    }

    /// The outline of `text`, its baseline at y = 0 and y growing downwards.
    pub(super) fn outline(self, text: &str) -> Vec<Stroke> {
        let unit = self.unit();
        let mut strokes = Vec::new();
        for (glyph, start, _) in self.glyphs(text) {
            let Some(outline) = self.font().outline(glyph) else {
                continue; // a space
            };
            let at = |point: ab_glyph::Point| (start + point.x * unit, -point.y * unit);
            let mut end = None;
            for curve in outline.curves {
                let (from, to, stroke) = match curve {
                    OutlineCurve::Line(from, to) => (from, to, Stroke::Line(at(to))),
                    OutlineCurve::Quad(from, by, to) => (from, to, Stroke::Quad(at(by), at(to))),
                    OutlineCurve::Cubic(from, by, then, to) => {
                        (from, to, Stroke::Cubic(at(by), at(then), at(to)))
                    }
                };
                if end != Some(from) {
                    strokes.push(Stroke::Move(at(from)));
                }
                end = Some(to);
                strokes.push(stroke);
            }
        }
        strokes
    }

    /// `text`, or as much of it as leaves `width` pixels unbroken, with `…`.
    pub(super) fn fit(self, text: &str, width: f64) -> String {
        if self.room(text) <= width {
            return text.to_owned();
        }
        let mut kept: Vec<char> = text.chars().collect();
        while kept.pop().is_some() {
            let shorter: String = kept.iter().collect::<String>().trim_end().to_owned() + "…";
            if self.room(&shorter) <= width {
                return shorter;
            }
        }
        "…".to_owned()
    }

    /// `text` in at most `lines` lines of `width` pixels, broken at spaces; what
    /// does not fit the last is cut with `…`.
    pub(super) fn wrap(self, text: &str, width: f64, lines: usize) -> Vec<String> {
        let mut wrapped: Vec<String> = Vec::new();
        for word in text.split_whitespace() {
            let full = wrapped.len() == lines;
            match wrapped.last_mut() {
                Some(line) if full || self.room(&format!("{line} {word}")) <= width => {
                    line.push(' ');
                    line.push_str(word);
                }
                _ => wrapped.push(word.to_owned()),
            }
        }
        for line in &mut wrapped {
            *line = self.fit(line, width);
        }
        wrapped
    }

    /// The same, the lines as equal as they can be in as few lines.
    pub(super) fn balanced(self, text: &str, width: f64, lines: usize) -> Vec<String> {
        let mut best = self.wrap(text, width, lines);
        let mut width = width;
        while best.len() > 1 {
            width -= 20.0;
            let narrower = self.wrap(text, width, lines);
            let cut = narrower.concat().len() < best.concat().len();
            if narrower.len() > best.len() || cut || width < 40.0 {
                break;
            }
            best = narrower;
        }
        best
    }
}

/// `text` with each character that could move, hide or reorder its neighbours
/// replaced by `�`: controls, line ends, and Unicode's invisible directions.
/// What is left is also legal in XML 1.0.
pub(super) fn plain(text: &str) -> String {
    let misleading = |letter: char| {
        letter.is_control()
            || matches!(letter,
                '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}'
                | '\u{fffe}' | '\u{ffff}' | '\u{e0000}'..='\u{e007f}')
    };
    text.chars().map(|letter| if misleading(letter) { '\u{fffd}' } else { letter }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const FACE: Face = Face { size: 120, bold: false };

    #[test]
    fn the_characters_that_charts_use_have_glyphs() {
        for face in [FACE, Face { bold: true, ..FACE }] {
            for letter in "Aa09%·–—…↑≤≥≈µ±×−�".chars() {
                assert_ne!(face.font().glyph_id(letter).0, 0, "{letter}");
            }
        }
    }

    #[test]
    fn digits_are_all_of_one_width() {
        let widths = ('0'..='9').map(|digit| FACE.advance(&digit.to_string()).to_bits());
        assert_eq!(widths.into_iter().collect::<std::collections::BTreeSet<_>>().len(), 1);
    }

    #[test]
    fn a_fitted_text_fits_and_a_short_one_stays() {
        assert_eq!(FACE.fit("naive", 100.0), "naive");
        let cut = FACE.fit("exponential-jitter with a very long name", 100.0);
        assert!(cut.ends_with('…') && cut.starts_with("expon"), "{cut}");
        assert!(FACE.room(&cut) <= 100.0);
    }

    #[test]
    fn wrapping_keeps_every_word_until_the_last_line_is_full() {
        assert_eq!(FACE.wrap("one two", 500.0, 2), ["one two"]);
        let lines = FACE.wrap("one two three four five six seven", 60.0, 2);
        assert_eq!(lines.len(), 2);
        assert!(lines[1].ends_with('…'), "{lines:?}");
        assert!(FACE.wrap("", 60.0, 2).is_empty());
    }

    #[test]
    fn misleading_characters_are_shown_as_such() {
        assert_eq!(plain("a\u{202e}b\nc\0"), "a\u{fffd}b\u{fffd}c\u{fffd}");
        assert_eq!(plain("naïve · 你好"), "naïve · 你好");
    }
}
