//! How a metric answers to two values that are varied: a field of cells for each
//! client, the darker the more, with its value in each cell.

use super::Chart;
use super::canvas::{Anchor, Canvas, Header, MARGIN, Style};
use super::ink::{Ink, Pen};
use super::response::written;
use super::scale::Unit;

/// Width of the sheet in pixels.
const WIDTH: f64 = 880.0;
/// Height of a cell in pixels.
const ROW: f64 = 26.0;
/// The most that a cell is wide, in pixels.
const WIDEST: f64 = 96.0;
/// Between two fields, in pixels.
const GAP: f64 = 28.0;
/// The most that the values at the left may take, in pixels.
const VALUES: f64 = 120.0;
/// The opacity of the least, and how much each shade has more, in per cent: the
/// most is not so dark that the ink of text cannot be read on it, on either
/// background.
const OPACITY: (u8, u8) = (5, 7);
/// From the least shade to the most: with more, the mixtures at the edges of
/// letters would be more than the colours of a PNG.
const STEPS: u8 = 10;
/// How many shades the key shows.
const SHADES: usize = 6;

/// What the chart shows.
#[derive(Clone, Debug)]
pub struct Heat {
    /// The finding.
    pub title: String,
    /// Scenario, seeds, and what a cell is.
    pub subtitle: String,
    /// What is varied from left to right.
    pub x_title: String,
    /// Its values as they were written.
    pub x: Vec<String>,
    /// What is varied from top to bottom.
    pub y_title: String,
    /// Its values.
    pub y: Vec<String>,
    /// What the values of the metric are.
    pub unit: Unit,
    /// The clients.
    pub clients: Vec<Client>,
}

/// One client's field.
#[derive(Clone, Debug)]
pub struct Client {
    /// Its name.
    pub name: String,
    /// The metric at each value of `x`, row by row of `y`; where there is none,
    /// the cell is empty.
    pub cells: Vec<Option<f64>>,
}

/// Where the cells of all fields lie.
struct Layout {
    /// Width of a cell.
    cell: f64,
    /// Room for the values at the left of a field.
    left: f64,
    /// How many fields stand side by side.
    across: usize,
}

impl Heat {
    /// Draws it.
    #[must_use]
    pub fn chart(&self) -> Chart {
        let header = Header { title: &self.title, subtitle: &self.subtitle };
        let canvas = Canvas::new(WIDTH, &header);
        let layout = self.layout();
        let range = self.range();
        let mut top = canvas.top() + 8.0;
        let note = format!("Down: {}. Across: {}.", self.y_title, self.x_title);
        for line in Style::NOTE.face.wrap(&note, WIDTH - 2.0 * MARGIN, 3) {
            canvas.text((MARGIN, top + 10.0), &line, Style::NOTE);
            top += 17.0;
        }
        let high = 30.0 + ROW * self.y.len() as f64 + 30.0;
        for row in self.clients.chunks(layout.across) {
            for (place, client) in row.iter().enumerate() {
                let wide = layout.left + layout.cell * self.x.len() as f64 + GAP;
                self.field(&canvas, (MARGIN + wide * place as f64, top), &layout, client, range);
            }
            top += high;
        }
        top += 6.0;
        if let Some((least, most)) = range {
            self.key(&canvas, top, least, most);
            top += 24.0;
        }
        canvas.finish("sweep", top + 12.0, &self.description())
    }

    fn layout(&self) -> Layout {
        let style = Style::TICK.face;
        let widest = |texts: &mut dyn Iterator<Item = String>| {
            texts.map(|text| style.room(&text)).fold(0.0, f64::max)
        };
        let values = self.clients.iter().flat_map(|client| client.cells.iter().flatten());
        let wanted = widest(&mut values.map(|value| written(*value, self.unit)))
            .max(widest(&mut self.x.iter().cloned()))
            + 12.0;
        let left = widest(&mut self.y.iter().cloned()).min(VALUES) + 10.0;
        let columns = self.x.len().max(1) as f64;
        let room = WIDTH - 2.0 * MARGIN;
        let field = |cell: f64| left + cell * columns;
        let wanted = wanted.min(WIDEST);
        let mut across = 1;
        while across < self.clients.len().max(1)
            && (across + 1) as f64 * field(wanted) + across as f64 * GAP <= room
        {
            across += 1;
        }
        let each = (room - (across - 1) as f64 * GAP) / across as f64;
        Layout { cell: ((each - left) / columns).min(WIDEST), left, across }
    }

    /// The least and the most of all cells: one scale for all clients.
    fn range(&self) -> Option<(f64, f64)> {
        let values = || {
            let cells = self.clients.iter().flat_map(|client| client.cells.iter().flatten());
            cells.copied().filter(|value| value.is_finite())
        };
        let range = (values().fold(f64::MAX, f64::min), values().fold(f64::MIN, f64::max));
        (range.0 <= range.1).then_some(range)
    }

    /// One client's cells with its name above, and what is varied around them.
    fn field(
        &self,
        canvas: &Canvas,
        (x, y): (f64, f64),
        layout: &Layout,
        client: &Client,
        range: Option<(f64, f64)>,
    ) {
        let (left, top) = (x + layout.left, y + 30.0);
        let wide = layout.cell * self.x.len() as f64;
        let name = Style::NAME.face.fit(&client.name, layout.left + wide);
        canvas.text((x, y + 18.0), &name, Style::NAME);
        let tick = Style::TICK;
        for (row, value) in self.y.iter().enumerate() {
            let middle = top + ROW * (row as f64 + 0.5);
            let style = tick.anchor(Anchor::End);
            canvas.beside((left - 8.0, middle), &tick.face.fit(value, layout.left - 8.0), style);
        }
        for (column, value) in self.x.iter().enumerate() {
            let middle = left + layout.cell * (column as f64 + 0.5);
            let bottom = top + ROW * self.y.len() as f64;
            // What has no room is left out, and the first and the last stay.
            let skip = self.skip(layout.cell);
            if column.is_multiple_of(skip) {
                let room = layout.cell * skip as f64;
                let text = tick.face.fit(value, room);
                canvas.text((middle, bottom + 16.0), &text, tick.anchor(Anchor::Middle));
            }
        }
        let columns = self.x.len().max(1);
        for (place, value) in client.cells.iter().enumerate().take(columns * self.y.len()) {
            let at = (
                left + layout.cell * (place % columns) as f64,
                top + ROW * (place / columns) as f64,
            );
            self.cell(canvas, at, layout.cell, *value, range);
        }
    }

    /// Every which value of `x` is written below a field.
    fn skip(&self, cell: f64) -> usize {
        let rooms = self.x.iter().map(|value| Style::TICK.face.room(value) + 4.0);
        let room = rooms.fold(0.0, f64::max).min(WIDEST);
        (1..self.x.len().max(1))
            .find(|skip| room <= cell * *skip as f64)
            .unwrap_or(self.x.len().max(1))
    }

    fn cell(
        &self,
        canvas: &Canvas,
        (x, y): (f64, f64),
        width: f64,
        value: Option<f64>,
        range: Option<(f64, f64)>,
    ) {
        let middle = (x + width / 2.0, y + ROW / 2.0);
        let style = Style::TICK.ink(Ink::Text).anchor(Anchor::Middle);
        let Some((value, range)) = value.filter(|value| value.is_finite()).zip(range) else {
            canvas.beside(middle, "–", Style::TICK.anchor(Anchor::Middle));
            return;
        };
        canvas.rectangle((x + 0.5, y + 0.5), (x + width - 0.5, y + ROW - 0.5), shade(value, range));
        let text = written(value, self.unit);
        if style.face.room(&text) <= width - 2.0 {
            canvas.beside(middle, &text, style);
        }
    }

    fn key(&self, canvas: &Canvas, top: f64, least: f64, most: f64) {
        let text = written(least, self.unit);
        let style = Style::NOTE;
        canvas.beside((MARGIN, top + 8.0), &text, style);
        let mut x = MARGIN + style.face.room(&text) + 8.0;
        for step in 0..SHADES {
            let part = step as f64 / (SHADES - 1) as f64;
            let pen = shade(least + part * (most - least), (least, most));
            canvas.rectangle((x, top), (x + 22.0, top + 16.0), pen);
            x += 22.0;
        }
        canvas.beside((x + 8.0, top + 8.0), &written(most, self.unit), style);
    }

    fn description(&self) -> String {
        let each = self.clients.iter().map(|client| {
            let cells = client.cells.iter().map(|value| match value {
                Some(value) => written(*value, self.unit),
                None => "–".to_owned(),
            });
            format!("{}: {}", client.name, cells.collect::<Vec<_>>().join(" "))
        });
        let each: Vec<String> = each.collect();
        format!(
            "{}. Down: {}, {}. Across: {}, {}. Row by row, {}.",
            self.subtitle,
            self.y_title,
            self.y.join(" "),
            self.x_title,
            self.x.join(" "),
            each.join("; ")
        )
    }
}

/// One hue, from pale to dark.
fn shade(value: f64, (least, most): (f64, f64)) -> Pen {
    let part = if most > least { ((value - least) / (most - least)).clamp(0.0, 1.0) } else { 0.0 };
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to STEPS")]
    let step = (part * f64::from(STEPS)).round() as u8;
    Pen::solid(Ink::Admitted).faint(OPACITY.0 + OPACITY.1 * step)
}

#[cfg(test)]
mod tests {
    use super::super::Theme;
    use super::*;

    fn luminance(rgb: [f64; 3]) -> f64 {
        let linear = rgb.map(|byte| {
            let value = byte / 255.0;
            if value <= 0.03928 { value / 12.92 } else { libm::pow((value + 0.055) / 1.055, 2.4) }
        });
        0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    }

    /// Text is read on the darkest cell, and cells are told apart by lightness.
    #[test]
    fn every_shade_carries_its_value() {
        for theme in [Theme::Light, Theme::Dark] {
            let of = |ink: Ink| ink.rgb(theme).map(f64::from);
            let mixed = |pen: Pen| {
                let (over, under) = (of(pen.ink), of(Ink::Paper));
                let part = f64::from(pen.opacity) / 100.0;
                [0, 1, 2].map(|c| part * over[c] + (1.0 - part) * under[c])
            };
            let text = luminance(of(Ink::Text));
            let mut before = luminance(of(Ink::Paper));
            for step in 0..=10 {
                let found = luminance(mixed(shade(f64::from(step), (0.0, 10.0))));
                let contrast = (found.max(text) + 0.05) / (found.min(text) + 0.05);
                assert!(contrast >= 4.5, "{theme:?} {step}: {contrast:.2}");
                assert!((found - before).abs() > 1e-4, "{theme:?} {step}");
                before = found;
            }
        }
    }

    #[test]
    fn equal_values_have_one_shade() {
        assert_eq!(shade(3.0, (3.0, 3.0)), shade(5.0, (5.0, 5.0)));
    }
}
