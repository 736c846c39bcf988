//! The painter of PNG: the same marks through `tiny-skia`, words as outlines.

use png::{BitDepth, ColorType, Compression, Encoder, Filter};
use tiny_skia::{
    Color, FillRule, LineCap, LineJoin, Paint, Path, PathBuilder, Pixmap, Stroke as Outline,
    StrokeDash, Transform,
};

use super::canvas::{Anchor, Mark, Point, Style};
use super::font::{Place, Stroke};
use super::ink::{Ink, Pen};
use super::palette::{Rgb, indexed};
use super::{Chart, Theme};

/// The chart as PNG bytes, `scale` pixels to each of its own.
pub(super) fn paint(chart: &Chart, scale: u32, theme: Theme) -> Vec<u8> {
    let (width, height) = chart.size();
    let pixels = Pixmap::new(width * scale, height * scale).expect("a chart has a size");
    let mut sheet = Sheet { pixels, scale: scale as f32, theme };
    sheet.pixels.fill(sheet.color(Pen::solid(Ink::Paper)));
    for mark in &chart.marks {
        sheet.mark(mark);
    }
    encode(&sheet.pixels)
}

/// The picture under construction.
struct Sheet {
    pixels: Pixmap,
    scale: f32,
    theme: Theme,
}

impl Sheet {
    fn color(&self, pen: Pen) -> Color {
        let [red, green, blue] = pen.ink.rgb(self.theme);
        let alpha = u8::try_from(u32::from(pen.opacity.min(100)) * 255 / 100).expect("at most 255");
        Color::from_rgba8(red, green, blue, alpha)
    }

    fn paint(&self, pen: Pen) -> Paint<'static> {
        let mut paint = Paint::default();
        paint.set_color(self.color(pen));
        paint.anti_alias = true;
        paint
    }

    fn fill(&mut self, path: &Path, pen: Pen) {
        let (paint, scale) = (self.paint(pen), Transform::from_scale(self.scale, self.scale));
        self.pixels.fill_path(path, &paint, FillRule::Winding, scale, None);
    }

    /// A line `width` tenths of a pixel wide along `path`.
    fn stroke(&mut self, path: &Path, pen: Pen, width: u32) {
        let lengths = pen.dash.lengths();
        let outline = Outline {
            width: width as f32 / 10.0,
            line_cap: lengths.map_or(LineCap::Round, |_| LineCap::Butt),
            line_join: LineJoin::Round,
            dash: lengths.and_then(|(on, off)| {
                StrokeDash::new(vec![f32::from(on) / 10.0, f32::from(off) / 10.0], 0.0)
            }),
            ..Outline::default()
        };
        let (paint, scale) = (self.paint(pen), Transform::from_scale(self.scale, self.scale));
        self.pixels.stroke_path(path, &paint, &outline, scale, None);
    }

    fn mark(&mut self, mark: &Mark) {
        match mark {
            Mark::Line { points, pen, width } => {
                if let Some(path) = polygon(points, false) {
                    self.stroke(&path, *pen, *width);
                }
            }
            Mark::Runs { runs, pen, width } => self.runs(runs, *pen, *width),
            Mark::Area { points, pen } => {
                if let Some(path) = polygon(points, true) {
                    self.fill(&path, *pen);
                }
            }
            Mark::Dot { at, radius, ink, ring } => {
                let (x, y) = pixels(*at);
                let Some(path) = PathBuilder::from_circle(x, y, *radius as f32 / 10.0) else {
                    return;
                };
                let inside = if ring.is_some() { Ink::Paper } else { *ink };
                self.fill(&path, Pen::solid(inside));
                if let Some(width) = ring {
                    self.stroke(&path, Pen::solid(*ink), *width);
                }
            }
            Mark::Text { at, body, style } => self.text(*at, body, *style),
        }
    }

    /// Lines and, where they have no length, dots.
    fn runs(&mut self, runs: &[(Point, Point)], pen: Pen, width: u32) {
        let (mut dots, mut lines) = (PathBuilder::new(), PathBuilder::new());
        for &(from, to) in runs {
            let ((x, y), end) = (pixels(from), pixels(to));
            if from == to {
                dots.push_circle(x, y, width as f32 / 20.0);
            } else {
                lines.move_to(x, y);
                lines.line_to(end.0, end.1);
            }
        }
        if let Some(path) = lines.finish() {
            self.stroke(&path, pen, width);
        }
        if let Some(path) = dots.finish() {
            self.fill(&path, pen);
        }
    }

    fn text(&mut self, at: Point, body: &str, style: Style) {
        let (x, y) = pixels(at);
        let width = style.face.advance(body);
        let x = match style.anchor {
            Anchor::Start => x,
            Anchor::Middle => x - width / 2.0,
            Anchor::End => x - width,
        };
        let Some(path) = words(&style.face.outline(body), (x, y)) else {
            return;
        };
        if style.halo {
            self.stroke(&path, Pen::solid(Ink::Paper), 40);
        }
        self.fill(&path, Pen::solid(style.ink));
    }
}

/// Tenths of a pixel as pixels.
fn pixels(at: Point) -> (f32, f32) {
    (at.0 as f32 / 10.0, at.1 as f32 / 10.0)
}

/// The path through `points`; nothing when there are none to go to.
fn polygon(points: &[Point], closed: bool) -> Option<Path> {
    let mut builder = PathBuilder::new();
    let mut rest = points.iter().copied().map(pixels);
    let (x, y) = rest.next()?;
    builder.move_to(x, y);
    for (x, y) in rest {
        builder.line_to(x, y);
    }
    if closed {
        builder.close();
    }
    builder.finish()
}

/// The outline of a text that starts at (`x`, `y`).
fn words(outline: &[Stroke], (x, y): Place) -> Option<Path> {
    let mut builder = PathBuilder::new();
    let at = |place: Place| (x + place.0, y + place.1);
    for stroke in outline {
        match *stroke {
            Stroke::Move(to) => {
                builder.close();
                builder.move_to(at(to).0, at(to).1);
            }
            Stroke::Line(to) => builder.line_to(at(to).0, at(to).1),
            Stroke::Quad(by, to) => {
                let (by, to) = (at(by), at(to));
                builder.quad_to(by.0, by.1, to.0, to.1);
            }
            Stroke::Cubic(by, then, to) => {
                let (by, then, to) = (at(by), at(then), at(to));
                builder.cubic_to(by.0, by.1, then.0, then.1, to.0, to.1);
            }
        }
    }
    builder.close();
    builder.finish()
}

/// The picture as a file of at most 256 colours, without alpha: the background
/// covers all of it.
///
/// Filters are for photographs; plain areas deflate better without one.
fn encode(pixels: &Pixmap) -> Vec<u8> {
    const TO_MEMORY: &str = "a list of bytes takes all that is written";
    let colors = pixels
        .data()
        .chunks_exact(4)
        .map(|pixel| [pixel[0], pixel[1], pixel[2]])
        .collect::<Vec<Rgb>>();
    let (palette, indices) = indexed(&colors);
    let mut file = Vec::new();
    let mut encoder = Encoder::new(&mut file, pixels.width(), pixels.height());
    encoder.set_color(ColorType::Indexed);
    encoder.set_depth(BitDepth::Eight);
    encoder.set_palette(palette.concat());
    encoder.set_compression(Compression::High);
    encoder.set_filter(Filter::NoFilter);
    let mut writer = encoder.write_header().expect(TO_MEMORY);
    writer.write_image_data(&indices).expect(TO_MEMORY);
    writer.finish().expect(TO_MEMORY);
    file
}
