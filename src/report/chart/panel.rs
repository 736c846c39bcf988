//! A plot: axes, grid, and series in the units of the data.

use plotters::chart::{ChartBuilder, ChartContext};
use plotters::coord::cartesian::Cartesian2d;
use plotters::coord::types::RangedCoordf64;
use plotters::drawing::IntoDrawingArea;
use plotters::element::{Circle, Polygon, Rectangle};
use plotters::series::LineSeries;

use super::canvas::{Anchor, Canvas, MARGIN, Style, tenths};
use super::ink::{Dash, Ink, Pen};
use super::recorder::Recorder;
use super::reduce::to_columns;
use super::scale::{Scale, Tick};

/// How wide a series is drawn, in tenths of a pixel.
const SERIES_WIDTH: u32 = 18;

/// Why no drawing fails: the backend only writes down.
const WRITES_DOWN: &str = "a list of marks takes every mark";

/// A rectangle of the sheet, in pixels.
#[derive(Clone, Copy, Debug)]
pub(super) struct Frame {
    pub(super) left: f64,
    pub(super) right: f64,
    pub(super) top: f64,
    pub(super) bottom: f64,
}

/// A plot on `frame` of a canvas.
pub(super) struct Panel<'a> {
    canvas: &'a Canvas,
    context: ChartContext<'static, Recorder, Cartesian2d<RangedCoordf64, RangedCoordf64>>,
    pub(super) frame: Frame,
    pub(super) x: Scale,
    pub(super) y: Scale,
}

/// The room to leave at the left of a plot for the values of `scale`.
pub(super) fn gutter(scale: &Scale) -> f64 {
    let widths = scale.ticks.iter().map(|tick| Style::TICK.face.room(&tick.text));
    (MARGIN + widths.fold(0.0, f64::max) + 8.0).max(62.0)
}

impl<'a> Panel<'a> {
    /// A plot whose axes fill `frame` exactly.
    pub(super) fn new(canvas: &'a Canvas, frame: Frame, x: Scale, y: Scale) -> Self {
        // Half a pixel: a line one pixel wide then covers whole pixels.
        let frame = Frame {
            left: frame.left.floor() + 0.5,
            right: frame.right.floor() + 0.5,
            top: frame.top.floor() + 0.5,
            bottom: frame.bottom.floor() + 0.5,
        };
        let (left, top) = tenths((frame.left, frame.top));
        let (right, bottom) = tenths((frame.right, frame.bottom));
        let recorder = Recorder {
            marks: canvas.marks(),
            // plotters cuts the plot out of the sheet by its margins.
            size: (right.unsigned_abs() + 1, bottom.unsigned_abs() + 1),
        };
        let context = ChartBuilder::on(&recorder.into_drawing_area())
            .margin_left(left)
            .margin_top(top)
            .build_cartesian_2d(x.place(x.from)..x.place(x.to), y.place(y.from)..y.place(y.to))
            .expect(WRITES_DOWN);
        Self { canvas, context, frame, x, y }
    }

    /// A value on both axes as plotters has it.
    fn place(&self, (x, y): (f64, f64)) -> (f64, f64) {
        (self.x.place_near(x), self.y.place_near(y))
    }

    /// The width of the plot in whole pixels.
    pub(super) fn columns_across(&self) -> usize {
        let width = (self.frame.right - self.frame.left).clamp(2.0, 10_000.0);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "held between 2 and 10,000"
        )]
        let columns = width as usize;
        columns
    }

    /// Where a value lies on the sheet, in pixels.
    pub(super) fn at(&self, value: (f64, f64)) -> (f64, f64) {
        self.pixel(self.place(value))
    }

    /// The same for a value as plotters has it.
    fn pixel(&self, place: (f64, f64)) -> (f64, f64) {
        let (x, y) = self.context.plotting_area().map_coordinate(&place);
        (f64::from(x) / 10.0, f64::from(y) / 10.0)
    }

    /// The same, moved so that a line one pixel wide covers whole pixels.
    fn crisp(&self, value: (f64, f64)) -> (f64, f64) {
        let (x, y) = self.at(value);
        (x.floor() + 0.5, y.floor() + 0.5)
    }

    /// What the vertical axis shows, `above` pixels over the plot.
    pub(super) fn title(&self, title: &str, above: f64) {
        let at = (MARGIN, self.frame.top - above);
        self.canvas.text(at, title, Style::AXIS);
    }

    /// The horizontal grid with its values, the lowest line being the axis.
    pub(super) fn grid(&self) {
        for tick in &self.y.ticks {
            let (_, y) = self.crisp((self.x.from, tick.at));
            let line = [(self.frame.left, y), (self.frame.right, y)];
            self.canvas.line(&line, Pen::solid(Ink::Grid), 1.0);
            let style = Style::TICK.anchor(Anchor::End);
            let label = (self.frame.left - 8.0, y);
            self.canvas.beside(label, &tick.text, style);
        }
        self.floor();
    }

    /// The lower axis without ticks.
    pub(super) fn floor(&self) {
        let bottom = self.frame.bottom;
        let line = [(self.frame.left, bottom), (self.frame.right, bottom)];
        self.canvas.line(&line, Pen::solid(Ink::Axis), 1.0);
    }

    /// A vertical grid with its values below: for rows of names.
    pub(super) fn columns(&self) {
        self.verticals();
        self.floor();
        self.ticks("");
    }

    /// A vertical grid.
    pub(super) fn verticals(&self) {
        for tick in &self.x.ticks {
            let (x, _) = self.crisp((tick.at, self.y.from));
            let line = [(x, self.frame.top), (x, self.frame.bottom)];
            self.canvas.line(&line, Pen::solid(Ink::Grid), 1.0);
        }
    }

    /// The ticks of the lower axis and its `title` below them, if it has one.
    ///
    /// Values that would touch are left out; the last, which may carry the unit,
    /// stays.
    pub(super) fn ticks(&self, title: &str) {
        let bottom = self.frame.bottom;
        let style = Style::TICK.anchor(Anchor::Middle);
        let mut written: Vec<(f64, f64)> = Vec::new();
        let (first, others): (Vec<&Tick>, Vec<&Tick>) =
            self.x.ticks.iter().partition(|tick| tick.first);
        for tick in first.into_iter().rev().chain(others) {
            let (x, _) = self.crisp((tick.at, self.y.from));
            let mark = [(x, bottom), (x, bottom + 4.0)];
            self.canvas.line(&mark, Pen::solid(Ink::Axis), 1.0);
            let half = style.face.room(&tick.text) / 2.0 + 3.0;
            if written.iter().all(|(left, right)| x + half <= *left || x - half >= *right) {
                self.canvas.text((x, bottom + 17.5), &tick.text, style);
                written.push((x - half, x + half));
            }
        }
        let middle = f64::midpoint(self.frame.left, self.frame.right);
        let style = Style::AXIS.anchor(Anchor::Middle);
        self.canvas.text((middle, bottom + 38.0), title, style);
    }

    /// `points` as plotters has them, no more than the pixels tell apart.
    fn reduced(&self, points: &[(f64, f64)]) -> Vec<(f64, f64)> {
        let places: Vec<_> = points.iter().map(|&point| self.place(point)).collect();
        let range = (self.x.place(self.x.from), self.x.place(self.x.to));
        to_columns(&places, range, self.columns_across())
    }

    /// A line through `points`, which go from left to right, no finer than the
    /// pixels it crosses.
    pub(super) fn line(&mut self, points: &[(f64, f64)], pen: Pen) {
        if points.is_empty() {
            return;
        }
        let places = self.reduced(points);
        self.context
            .draw_series(LineSeries::new(places, pen.stroke(SERIES_WIDTH)))
            .expect(WRITES_DOWN);
    }

    /// A line one pixel wide, with which the others are compared.
    pub(super) fn thin(&self, points: &[(f64, f64)], pen: Pen) {
        let places: Vec<_> =
            self.reduced(points).into_iter().map(|place| self.pixel(place)).collect();
        self.canvas.line(&places, pen, 1.2);
    }

    /// The surface between two lines that run from left to right.
    pub(super) fn ribbon(&mut self, low: &[(f64, f64)], high: &[(f64, f64)], pen: Pen) {
        let around = high.iter().chain(low.iter().rev());
        let places: Vec<_> = around.map(|&point| self.place(point)).collect();
        if places.len() > 2 {
            self.context.draw_series([Polygon::new(places, pen.fill())]).expect(WRITES_DOWN);
        }
    }

    /// A dot with a thin edge of background, `radius` tenths of a pixel large.
    pub(super) fn dot(&mut self, at: (f64, f64), radius: u32, ink: Ink) {
        let at = self.place(at);
        let discs = [(radius + 12, Ink::Paper), (radius, ink)]
            .map(|(radius, ink)| Circle::new(at, radius, Pen::solid(ink).fill()));
        self.context.draw_series(discs).expect(WRITES_DOWN);
    }

    /// A plain dot, `radius` tenths of a pixel large.
    pub(super) fn disc(&mut self, at: (f64, f64), radius: u32, ink: Ink) {
        let disc = Circle::new(self.place(at), radius, Pen::solid(ink).fill());
        self.context.draw_series([disc]).expect(WRITES_DOWN);
    }

    /// An open circle on the background.
    pub(super) fn ring(&mut self, at: (f64, f64), radius: u32, ink: Ink) {
        let at = self.place(at);
        let ring = Circle::new(at, radius, Pen::solid(ink).stroke(16));
        self.context.draw_series([ring]).expect(WRITES_DOWN);
    }

    /// A band of the lower axis, from top to bottom.
    pub(super) fn band(&mut self, from: f64, to: f64) {
        let (from, to) = (self.x.clamp(from), self.x.clamp(to));
        let corners = [self.place((from, self.y.to)), self.place((to, self.y.from))];
        let band = Rectangle::new(corners, Pen::solid(Ink::Grid).faint(45).fill());
        self.context.draw_series([band]).expect(WRITES_DOWN);
    }

    /// A dashed line across at `y`: a limit.
    pub(super) fn limit(&self, y: f64) {
        let (_, y) = self.crisp((self.x.from, y));
        let line = [(self.frame.left, y), (self.frame.right, y)];
        self.canvas.line(&line, Pen::solid(Ink::Text).dashed(Dash::Limit), 1.2);
    }
}

#[cfg(test)]
mod tests {
    use super::super::canvas::Header;
    use super::super::scale::Unit;
    use super::*;

    const FRAME: Frame = Frame { left: 60.5, right: 360.5, top: 40.5, bottom: 140.5 };

    fn canvas() -> Canvas {
        let header = Header { title: "", subtitle: "" };
        Canvas::new(400.0, &header)
    }

    #[test]
    fn values_lie_where_the_axes_say_to_a_tenth_of_a_pixel() {
        let canvas = canvas();
        let x = Scale::decades(1.0, 100.0, Unit::Number);
        let panel = Panel::new(&canvas, FRAME, x, Scale::from_zero(4.0, 4, Unit::Number));
        let near = |value, (x, y): (f64, f64)| {
            let at = panel.at(value);
            assert!((at.0 - x).abs() < 0.11 && (at.1 - y).abs() < 0.11, "{value:?} at {at:?}");
        };
        near((1.0, 0.0), (60.5, 140.5));
        near((100.0, 4.0), (360.5, 40.5));
        near((10.0, 2.0), (210.5, 90.5));
    }

    #[test]
    fn a_dense_line_has_no_more_points_than_two_a_pixel() {
        let canvas = canvas();
        let axes = [9_999.0, 1.0].map(|most| Scale::from_zero(most, 4, Unit::Number));
        let [x, y] = axes;
        let mut panel = Panel::new(&canvas, FRAME, x, y);
        let points: Vec<(f64, f64)> =
            (0..10_000).map(|x| (f64::from(x), f64::from(x % 2))).collect();
        panel.line(&points, Pen::series(0));
        drop(panel);
        let chart = canvas.finish("dense", 200.0, "");
        let drawn = chart.marks.iter().map(|mark| match mark {
            super::super::canvas::Mark::Line { points, .. } => points.len(),
            _ => 0,
        });
        let most = drawn.max().expect("one mark");
        assert!((500..=600).contains(&most), "{most}");
    }
}
