//! Our backend for plotters: it draws nothing, it writes down what to draw.
//!
//! plotters knows whole pixels only. It is told that the sheet is ten times as
//! large as it is, which makes each of its pixels a tenth of ours.

use std::cell::RefCell;
use std::convert::Infallible;
use std::rc::Rc;

use plotters_backend::{
    BackendColor, BackendCoord, BackendStyle, DrawingBackend, DrawingErrorKind,
};

use super::canvas::Mark;
use super::ink::Pen;

/// A sheet of `size` tenths of a pixel whose marks go to `marks`.
pub(super) struct Recorder {
    pub(super) marks: Rc<RefCell<Vec<Mark>>>,
    pub(super) size: (u32, u32),
}

impl Recorder {
    fn push(&mut self, mark: Mark) {
        self.marks.borrow_mut().push(mark);
    }
}

/// The four corners of a rectangle in tenths of a pixel.
fn corners(from: BackendCoord, to: BackendCoord) -> Vec<BackendCoord> {
    vec![from, (to.0, from.1), to, (from.0, to.1)]
}

/// Words do not pass here: plotters without a font cannot measure them, so the
/// canvas places them itself.
impl DrawingBackend for Recorder {
    type ErrorType = Infallible;

    fn get_size(&self) -> (u32, u32) {
        self.size
    }

    fn ensure_prepared(&mut self) -> Result<(), DrawingErrorKind<Infallible>> {
        Ok(())
    }

    fn present(&mut self) -> Result<(), DrawingErrorKind<Infallible>> {
        Ok(())
    }

    fn draw_pixel(
        &mut self,
        point: BackendCoord,
        color: BackendColor,
    ) -> Result<(), DrawingErrorKind<Infallible>> {
        self.draw_rect(point, (point.0 + 1, point.1 + 1), &color, true)
    }

    fn draw_line<S: BackendStyle>(
        &mut self,
        from: BackendCoord,
        to: BackendCoord,
        style: &S,
    ) -> Result<(), DrawingErrorKind<Infallible>> {
        self.draw_path([from, to], style)
    }

    fn draw_rect<S: BackendStyle>(
        &mut self,
        upper_left: BackendCoord,
        bottom_right: BackendCoord,
        style: &S,
        fill: bool,
    ) -> Result<(), DrawingErrorKind<Infallible>> {
        let mut points = corners(upper_left, bottom_right);
        if fill {
            return self.fill_polygon(points, style);
        }
        points.push(upper_left);
        self.draw_path(points, style)
    }

    fn draw_path<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(
        &mut self,
        path: I,
        style: &S,
    ) -> Result<(), DrawingErrorKind<Infallible>> {
        self.push(Mark::Line {
            points: path.into_iter().collect(),
            pen: Pen::read(style.color()),
            width: style.stroke_width(),
        });
        Ok(())
    }

    fn draw_circle<S: BackendStyle>(
        &mut self,
        center: BackendCoord,
        radius: u32,
        style: &S,
        fill: bool,
    ) -> Result<(), DrawingErrorKind<Infallible>> {
        self.push(Mark::Dot {
            at: center,
            radius,
            ink: Pen::read(style.color()).ink,
            ring: (!fill).then(|| style.stroke_width()),
        });
        Ok(())
    }

    fn fill_polygon<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(
        &mut self,
        vert: I,
        style: &S,
    ) -> Result<(), DrawingErrorKind<Infallible>> {
        self.push(Mark::Area { points: vert.into_iter().collect(), pen: Pen::read(style.color()) });
        Ok(())
    }
}
