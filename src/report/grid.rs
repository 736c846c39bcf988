//! Fields in columns that stand two blanks apart, for a terminal.

use comfy_table::{Cell as Field, CellAlignment, ContentArrangement, Table as Grid};

/// The lines of a grid under its titles; `words` are the columns that are text
/// and begin together, the others are numbers and end together.
pub(super) fn lines(titles: &[&str], rows: &[Vec<String>], words: &[usize]) -> Vec<String> {
    let mut grid = Grid::new();
    grid.load_style(comfy_table::presets::NOTHING)
        .set_content_arrangement(ContentArrangement::Disabled);
    let field = |(place, text): (usize, &str)| {
        let align = if words.contains(&place) { CellAlignment::Left } else { CellAlignment::Right };
        Field::new(text).set_alignment(align)
    };
    grid.set_header(titles.iter().copied().enumerate().map(field));
    for row in rows {
        grid.add_row(row.iter().map(String::as_str).enumerate().map(field));
    }
    for (index, column) in grid.column_iter_mut().enumerate() {
        column.set_padding((u16::from(index > 0) * 2, 0));
    }
    grid.lines().map(|line| line.trim_end().to_owned()).collect()
}
