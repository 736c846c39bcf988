//! The palette: what a colour is for, and its value on each background.

use plotters::style::{Color, ShapeStyle};
use plotters_backend::BackendColor;

use super::Theme;

/// How many series have an ink and a dash of their own.
pub(super) const SERIES: usize = 8;

/// What a colour is for.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Ink {
    /// The background.
    Paper,
    /// Titles, values, limits.
    Text,
    /// Subtitles, tick labels, notes.
    Muted,
    /// Axis lines and tick marks.
    Axis,
    /// Grid lines and, thinned, bands.
    Grid,
    /// The line or dot of client `0..SERIES`.
    Series(u8),
    /// The written name of that client: dark enough to read as text.
    Name(u8),
    /// What got through, beside refusals in the first series' ink and failures in
    /// that of text: the three differ in hue for all, and in lightness too.
    Admitted,
}

/// The colour of each place in the palette: on white, on near-black.
///
/// The first six series are Okabe and Ito's, which the colour-blind tell apart;
/// the last two are one grey and differ by dash. Orange and sky blue are too
/// pale to read as text on white, so names have darker shades of the same hue.
const PALETTE: [(u32, u32); 6 + 2 * SERIES] = [
    (0xff_ff_ff, 0x0d_11_17),
    (0x1f_29_33, 0xe6_ed_f3),
    (0x5b_67_70, 0x9d_a7_b3),
    (0x9a_a5_b1, 0x5b_67_70),
    (0xe4_e7_eb, 0x26_2c_36),
    (0xd5_5e_00, 0xff_8c_42),
    (0xcc_79_a7, 0xe2_9a_c3),
    (0x00_72_b2, 0x56_b4_e9),
    (0x00_9e_73, 0x2e_c4_94),
    (0xe6_9f_00, 0xf0_e4_42),
    (0x56_b4_e9, 0xb8_e6_ff),
    (0x6b_76_80, 0x9d_a7_b3),
    (0x6b_76_80, 0x9d_a7_b3),
    (0xb8_4f_00, 0xff_8c_42),
    (0xa8_51_7f, 0xe2_9a_c3),
    (0x00_72_b2, 0x56_b4_e9),
    (0x00_7d_5b, 0x2e_c4_94),
    (0x8f_62_00, 0xf0_e4_42),
    (0x21_78_ac, 0xb8_e6_ff),
    (0x5b_67_70, 0x9d_a7_b3),
    (0x5b_67_70, 0x9d_a7_b3),
    (0x3a_9a_d9, 0x3a_86_c8),
];

impl Ink {
    /// The ink of client number `index`, in the order the caller lists them.
    pub(super) fn series(index: usize) -> Self {
        Self::Series(wrapped(index))
    }

    /// The ink in which that client's name is written.
    pub(super) fn name(index: usize) -> Self {
        Self::Name(wrapped(index))
    }

    /// The place in the palette.
    pub(super) const fn code(self) -> u8 {
        match self {
            Self::Paper => 0,
            Self::Text => 1,
            Self::Muted => 2,
            Self::Axis => 3,
            Self::Grid => 4,
            Self::Series(index) => 5 + index,
            Self::Name(index) => 13 + index,
            Self::Admitted => 21,
        }
    }

    /// The ink at a place in the palette; what lies beyond is plain text.
    fn from_code(code: u8) -> Self {
        match code {
            0 => Self::Paper,
            2 => Self::Muted,
            3 => Self::Axis,
            4 => Self::Grid,
            5..=12 => Self::Series(code - 5),
            13..=20 => Self::Name(code - 13),
            21 => Self::Admitted,
            _ => Self::Text,
        }
    }

    /// Red, green and blue on the background of `theme`.
    pub(super) fn rgb(self, theme: Theme) -> [u8; 3] {
        let (light, dark) = PALETTE[usize::from(self.code())];
        let value = match theme {
            Theme::Light => light,
            Theme::Dark => dark,
        };
        let [_, red, green, blue] = value.to_be_bytes();
        [red, green, blue]
    }
}

/// A client's index as a place in the palette: past the last, it starts again.
fn wrapped(index: usize) -> u8 {
    u8::try_from(index % SERIES).expect("less than SERIES")
}

/// How a line is broken, in tenths of a pixel.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Dash {
    /// Not at all.
    Solid,
    /// Limits, floors, and what chance alone would give.
    Limit,
    /// The seventh series.
    Long,
    /// The eighth series.
    Short,
}

impl Dash {
    /// The dash of client number `index`.
    pub(super) const fn series(index: usize) -> Self {
        match index % SERIES {
            6 => Self::Long,
            7 => Self::Short,
            _ => Self::Solid,
        }
    }

    /// Length of stroke and of gap in tenths of a pixel; `None` for a whole line.
    pub(super) const fn lengths(self) -> Option<(u8, u8)> {
        match self {
            Self::Solid => None,
            Self::Limit => Some((50, 40)),
            Self::Long => Some((80, 30)),
            Self::Short => Some((20, 30)),
        }
    }
}

/// A line's or a surface's ink, dash and opacity in per cent.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Pen {
    pub(super) ink: Ink,
    pub(super) dash: Dash,
    pub(super) opacity: u8,
}

impl Pen {
    /// A whole, opaque line.
    pub(super) const fn solid(ink: Ink) -> Self {
        Self { ink, dash: Dash::Solid, opacity: 100 }
    }

    /// The pen of client number `index`.
    pub(super) fn series(index: usize) -> Self {
        Self { dash: Dash::series(index), ..Self::solid(Ink::series(index)) }
    }

    /// The same ink in another dash.
    pub(super) const fn dashed(self, dash: Dash) -> Self {
        Self { dash, ..self }
    }

    /// The same pen at `opacity` per cent.
    pub(super) const fn faint(self, opacity: u8) -> Self {
        Self { opacity, ..self }
    }

    /// The style of a plotters element, `width` tenths of a pixel wide.
    pub(super) fn stroke(self, width: u32) -> ShapeStyle {
        Color::stroke_width(&self, width)
    }

    /// The style of a filled plotters element.
    pub(super) fn fill(self) -> ShapeStyle {
        Color::filled(&self)
    }

    /// What a plotters colour stood for.
    pub(super) fn read(color: BackendColor) -> Self {
        let (code, dash, opacity) = color.rgb;
        let dash = match dash {
            1 => Dash::Limit,
            2 => Dash::Long,
            3 => Dash::Short,
            _ => Dash::Solid,
        };
        Self { ink: Ink::from_code(code), dash, opacity }
    }
}

/// plotters carries a pen through to the backend in the three bytes of a
/// colour. A real colour would be lost on us: which one it is, only the painter
/// knows, and a plotters style has no room for a dash.
impl Color for Pen {
    fn to_backend_color(&self) -> BackendColor {
        let dash = match self.dash {
            Dash::Solid => 0,
            Dash::Limit => 1,
            Dash::Long => 2,
            Dash::Short => 3,
        };
        BackendColor { rgb: (self.ink.code(), dash, self.opacity), alpha: 1.0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn luminance(rgb: [u8; 3]) -> f64 {
        let linear = rgb.map(|byte| {
            let value = f64::from(byte) / 255.0;
            if value <= 0.03928 { value / 12.92 } else { libm::pow((value + 0.055) / 1.055, 2.4) }
        });
        0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    }

    fn contrast(ink: Ink, theme: Theme) -> f64 {
        let (a, b) = (luminance(ink.rgb(theme)), luminance(Ink::Paper.rgb(theme)));
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    #[test]
    fn written_words_reach_the_contrast_of_wcag_aa() {
        for theme in [Theme::Light, Theme::Dark] {
            for ink in (0..SERIES).map(Ink::name).chain([Ink::Text, Ink::Muted]) {
                let found = contrast(ink, theme);
                assert!(found >= 4.5, "{ink:?} on {theme:?}: {found:.2}");
            }
        }
    }

    #[test]
    fn what_came_of_an_attempt_shows_in_lightness_alone() {
        for theme in [Theme::Light, Theme::Dark] {
            let mut found = [Ink::Admitted, Ink::series(0), Ink::Text, Ink::Paper]
                .map(|ink| luminance(ink.rgb(theme)) + 0.05);
            found.sort_by(f64::total_cmp);
            assert!(found.windows(2).all(|pair| pair[1] / pair[0] >= 1.2), "{theme:?}: {found:?}");
        }
    }

    #[test]
    fn no_two_series_share_both_colour_and_dash() {
        for theme in [Theme::Light, Theme::Dark] {
            for one in 0..SERIES {
                for other in 0..one {
                    let look =
                        |index| (Ink::series(index).rgb(theme), Dash::series(index).lengths());
                    assert_ne!(look(one), look(other), "series {one} and {other}");
                }
            }
        }
    }

    #[test]
    fn a_pen_survives_the_way_through_plotters() {
        for ink in (0..22).map(Ink::from_code) {
            for dash in [Dash::Solid, Dash::Limit, Dash::Long, Dash::Short] {
                let pen = Pen::solid(ink).dashed(dash).faint(15);
                assert_eq!(Pen::read(pen.to_backend_color()), pen);
            }
        }
    }
}
