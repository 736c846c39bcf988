//! The painter of SVG: integers in, text out, no float is ever printed.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::canvas::{Anchor, Mark, Point, Style};
use super::ink::{Ink, Pen};
use super::{Chart, Theme};

/// The reader's fonts, the one the house likes best first.
const FONTS: &str = "Inter,'Noto Sans','Helvetica Neue',Arial,sans-serif";

/// Writing to a string cannot fail.
const TO_MEMORY: &str = "a string takes all that is written";

/// A text under construction, and the inks it used.
struct Sheet {
    body: String,
    fills: BTreeSet<Ink>,
    strokes: BTreeSet<Ink>,
}

/// The chart as one SVG document.
pub(super) fn paint(chart: &Chart) -> String {
    let mut sheet = Sheet { body: String::new(), fills: BTreeSet::new(), strokes: BTreeSet::new() };
    let (width, height) = chart.size();
    let fill = sheet.fill(Pen::solid(Ink::Paper));
    sheet.line(&format!("<rect{fill} width=\"{width}\" height=\"{height}\"/>"));
    for mark in &chart.marks {
        sheet.mark(mark);
    }
    let name = chart.name();
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"tollgate\" width=\"{width}\" \
         height=\"{height}\" viewBox=\"0 0 {width} {height}\" role=\"img\" \
         aria-labelledby=\"{name}-title {name}-desc\" font-family=\"{FONTS}\">\n\
         <title id=\"{name}-title\">{}</title>\n<desc id=\"{name}-desc\">{}</desc>\n\
         <style>{}</style>\n{}</svg>\n",
        escaped(chart.title()),
        escaped(chart.description()),
        sheet.styles(),
        sheet.body,
    )
}

impl Sheet {
    fn line(&mut self, text: &str) {
        self.body.push_str(text);
        self.body.push('\n');
    }

    /// The attributes of a filled shape.
    fn fill(&mut self, pen: Pen) -> String {
        self.fills.insert(pen.ink);
        let opacity = opacity("fill", pen.opacity);
        format!(" class=\"f{}\" fill=\"{}\"{opacity}", pen.ink.code(), hex(pen.ink, Theme::Light))
    }

    /// The attributes of a line.
    fn stroke(&mut self, pen: Pen, width: u32) -> String {
        self.strokes.insert(pen.ink);
        let ends = match pen.dash.lengths() {
            None => " stroke-linecap=\"round\"".to_owned(),
            Some((on, off)) => {
                format!(" stroke-dasharray=\"{} {}\"", number(on.into()), number(off.into()))
            }
        };
        format!(
            " class=\"s{}\" stroke=\"{}\" stroke-width=\"{}\" stroke-linejoin=\"round\"{ends}{}",
            pen.ink.code(),
            hex(pen.ink, Theme::Light),
            number(width.cast_signed()),
            opacity("stroke", pen.opacity),
        )
    }

    fn mark(&mut self, mark: &Mark) {
        match mark {
            Mark::Line { points, pen, width } => {
                let stroke = self.stroke(*pen, *width);
                self.line(&format!("<path{stroke} fill=\"none\" d=\"{}\"/>", path(points)));
            }
            Mark::Runs { runs, pen, width } => {
                let stroke = self.stroke(*pen, *width);
                self.line(&format!("<path{stroke} fill=\"none\" d=\"{}\"/>", strokes(runs)));
            }
            Mark::Area { points, pen } => {
                let fill = self.fill(*pen);
                self.line(&format!("<path{fill} d=\"{}z\"/>", path(points)));
            }
            Mark::Dot { at, radius, ink, ring } => {
                let look = match ring {
                    None => self.fill(Pen::solid(*ink)),
                    Some(width) => {
                        let paper = self.fill(Pen::solid(Ink::Paper));
                        let stroke = self.stroke(Pen::solid(*ink), *width);
                        // One element has one class attribute.
                        merged(&paper, &stroke)
                    }
                };
                let (x, y, radius) = (number(at.0), number(at.1), number(radius.cast_signed()));
                self.line(&format!("<circle{look} cx=\"{x}\" cy=\"{y}\" r=\"{radius}\"/>"));
            }
            Mark::Text { at, body, style } => self.text(*at, body, *style),
        }
    }

    fn text(&mut self, at: Point, body: &str, style: Style) {
        let mut look = self.fill(Pen::solid(style.ink));
        if style.halo {
            self.strokes.insert(Ink::Paper);
            let paper = format!(
                " class=\"s{}\" stroke=\"{}\" stroke-width=\"4\" stroke-linejoin=\"round\" paint-order=\"stroke\"",
                Ink::Paper.code(),
                hex(Ink::Paper, Theme::Light),
            );
            look = merged(&look, &paper);
        }
        if style.face.bold {
            look.push_str(" font-weight=\"600\"");
        }
        look.push_str(match style.anchor {
            Anchor::Start => "",
            Anchor::Middle => " text-anchor=\"middle\"",
            Anchor::End => " text-anchor=\"end\"",
        });
        let (x, y, size) = (number(at.0), number(at.1), number(style.face.size.cast_signed()));
        let body = escaped(body);
        self.line(&format!("<text{look} x=\"{x}\" y=\"{y}\" font-size=\"{size}\">{body}</text>"));
    }

    /// The rules that recolour each ink used for a reader who prefers dark.
    fn styles(&self) -> String {
        let mut rules = String::from(
            ".tollgate text{font-variant-numeric:tabular-nums;white-space:pre}\
             @media (prefers-color-scheme:dark){",
        );
        let kinds = [("f", "fill", &self.fills), ("s", "stroke", &self.strokes)];
        for (letter, property, inks) in kinds {
            for ink in inks {
                let (code, value) = (ink.code(), hex(*ink, Theme::Dark));
                write!(rules, ".tollgate .{letter}{code}{{{property}:{value}}}").expect(TO_MEMORY);
            }
        }
        rules.push('}');
        rules
    }
}

/// Two lists of attributes as one, their classes joined.
fn merged(one: &str, other: &str) -> String {
    let mark = " class=\"";
    match (one.strip_prefix(mark), other.strip_prefix(mark)) {
        (Some(one), Some(other)) => {
            format!("{mark}{} {one}", other.split('"').next().unwrap_or(""))
                + other.find('"').map_or("", |end| &other[end + 1..])
        }
        _ => format!("{one}{other}"),
    }
}

/// The opacity of a fill or a stroke, where it is not full.
fn opacity(kind: &str, per_cent: u8) -> String {
    match per_cent {
        100.. => String::new(),
        part => format!(" {kind}-opacity=\".{part:02}\""),
    }
}

fn hex(ink: Ink, theme: Theme) -> String {
    let [red, green, blue] = ink.rgb(theme);
    format!("#{red:02x}{green:02x}{blue:02x}")
}

/// Tenths as a decimal: `-0.4`, `12`, `12.5`.
fn number(tenths: i32) -> String {
    let sign = if tenths < 0 { "-" } else { "" };
    let (whole, rest) = (tenths.unsigned_abs() / 10, tenths.unsigned_abs() % 10);
    match (whole, rest) {
        (whole, 0) => format!("{sign}{whole}"),
        (0, rest) => format!("{sign}.{rest}"),
        (whole, rest) => format!("{sign}{whole}.{rest}"),
    }
}

/// The `d` of a path: the first point, then steps from each to the next, which
/// are shorter to write than places.
fn path(points: &[Point]) -> String {
    let mut written = String::new();
    let mut before: Option<Point> = None;
    for &(x, y) in points {
        let (command, dx, dy) = match before {
            None => ("M", x, y),
            Some((from_x, from_y)) => ("", x - from_x, y - from_y),
        };
        if before.is_some() && (dx, dy) == (0, 0) && points.len() > 2 {
            continue;
        }
        let (dx, dy) = (number(dx), number(dy));
        let lead = if command.is_empty() && !written.ends_with('l') && !dx.starts_with('-') {
            " "
        } else {
            command
        };
        let comma = if dy.starts_with('-') { "" } else { " " };
        write!(written, "{lead}{dx}{comma}{dy}").expect(TO_MEMORY);
        if before.is_none() {
            written.push('l');
        }
        before = Some((x, y));
    }
    written.strip_suffix('l').map(str::to_owned).unwrap_or(written)
}

/// The `d` of many upright or level lines, each begun by a step from the last.
fn strokes(runs: &[(Point, Point)]) -> String {
    let mut written = String::new();
    let mut before = (0, 0);
    for &(from, to) in runs {
        let (dx, dy) = (number(from.0 - before.0), number(from.1 - before.1));
        let comma = if dy.starts_with('-') { "" } else { " " };
        let (across, down) = (number(to.0 - from.0), number(to.1 - from.1));
        let line = match (to.0 - from.0, to.1 - from.1) {
            (_, 0) => format!("h{across}"),
            (0, _) => format!("v{down}"),
            _ => format!("l{across} {down}"),
        };
        write!(written, "m{dx}{comma}{dy}{line}").expect(TO_MEMORY);
        before = to;
    }
    written
}

/// `text` with what XML would take for markup written out.
fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            letter => safe.push(letter),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tenths_are_written_short() {
        let shown = [0, 5, -4, 10, -123, 8_805].map(number);
        assert_eq!(shown, ["0", ".5", "-.4", "1", "-12.3", "880.5"]);
    }

    #[test]
    fn a_path_goes_by_steps() {
        assert_eq!(path(&[(620, 2_500), (630, 2_495), (640, 2_505)]), "M62 250l1-.5 1 1");
        assert_eq!(path(&[(0, 0), (-5, 0), (-5, 10)]), "M0 0l-.5 0 0 1");
    }

    #[test]
    fn many_strokes_are_one_path() {
        let runs = [((620, 100), (620, 100)), ((620, 120), (620, 180)), ((650, 90), (690, 90))];
        assert_eq!(strokes(&runs), "m62 10h0m0 2v6m3-9h4");
    }

    #[test]
    fn joined_attributes_have_one_class() {
        let joined = merged(" class=\"f0\" fill=\"#fff\"", " class=\"s5\" stroke=\"#000\"");
        assert_eq!(joined, " class=\"s5 f0\" fill=\"#fff\" stroke=\"#000\"");
    }

    #[test]
    fn markup_is_inert() {
        assert_eq!(
            escaped("</text><script>'\"&]]>"),
            "&lt;/text&gt;&lt;script&gt;&#39;&quot;&amp;]]&gt;"
        );
    }
}
