//! The table of a comparison: a client a row, as text, markdown, CSV or JSON.

use super::grid;
use super::number::{self, Quantity, data};
use super::subject::{self, End, Subject};
use super::text::{KEPT, WIDTH, cell, keep, visible, wrap};
use crate::experiment::Outcome;
use crate::metric::Metric;
use crate::scenario::document::slug;
use crate::stats::interval::{Estimate, wilson};

/// The formats of a table.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Format {
    /// For a terminal.
    Text,
    /// For a document.
    Markdown,
    /// For a spreadsheet.
    Csv,
    /// For a program.
    Json,
}

/// A column of numbers.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Column {
    /// The heading.
    pub title: String,
    /// The name in CSV and JSON.
    pub key: String,
    /// How its numbers are written.
    pub quantity: Quantity,
}

/// A cell of a column.
#[derive(Clone, PartialEq, Debug)]
pub enum Cell {
    /// A number.
    Number(Estimate),
    /// None of so many in all seeds, where 0 % alone would hide how many were
    /// tried; and the share that is still possible.
    NoneOf(u64, f64),
    /// It does not happen.
    Never,
    /// There is nothing to tell.
    Nothing,
}

/// A client's row.
#[derive(Clone, PartialEq, Debug)]
pub struct Row {
    /// The client.
    pub client: String,
    /// Whether it finished the work in every seed.
    pub finished: bool,
    /// The share of seeds in which it did.
    pub done: Option<Estimate>,
    /// In the order of the columns.
    pub cells: Vec<Cell>,
}

/// The table of a comparison.
#[derive(Clone, PartialEq, Debug)]
pub struct Table {
    columns: Vec<Column>,
    rows: Vec<Row>,
    /// What those below the line have in common.
    below: &'static str,
    footer: String,
}

/// Names longer than this, or than what the numbers leave of a screen, are cut
/// there; files have them whole.
const NAME: usize = 28;

/// Names up to this length are whole whatever the numbers leave.
const WHOLE: usize = 20;

/// Titles longer than this are cut on a screen, so that six columns fit it.
const TITLE: usize = 11;

impl Table {
    /// The table of a comparison, the best client first.
    #[must_use]
    pub fn of(subject: &Subject<'_>) -> Table {
        let end = subject.end();
        let class = subject.class();
        let seeds = subject.seeds.count.get() as u64;
        let column = |title: &str, key: &str, quantity| Column {
            title: title.to_owned(),
            key: key.to_owned(),
            quantity,
        };
        let (title, metric) =
            if end == End::Open { wait_shown(subject) } else { ("99% done", Metric::TimeTo99) };
        let time = (metric, column(title, metric.name(), Quantity::Seconds));
        let of = |title, metric: Metric, quantity| (metric, column(title, metric.name(), quantity));
        let (metrics, mut columns): (Vec<Metric>, Vec<Column>) = [
            of("served", Metric::ServedShare, Quantity::Share),
            time,
            of("429s", Metric::Rejected, Quantity::Count),
            of("att/call", Metric::Amplification, Quantity::Ratio),
        ]
        .into_iter()
        .unzip();
        if let Some(class) = &class {
            let key = format!("{}-served-share", slug(&class.name));
            columns.push(column(&visible(&class.name), &key, Quantity::Share));
        }
        let row = |(outcome, finished): (&Outcome, bool), done: Option<Estimate>| {
            let mut cells: Vec<Cell> =
                metrics.iter().map(|metric| of_metric(outcome, *metric, finished)).collect();
            cells.extend(class.as_ref().map(|class| of_class(outcome, class)));
            Row { client: outcome.name.clone(), finished, done, cells }
        };
        let below = match end {
            End::Open => "did not serve all calls",
            _ => "did not finish the work",
        };
        let ranking = &subject.comparison.ranking;
        let done = ranking.order().map(|client| wilson(ranking.done[client], seeds));
        let rows: Vec<Row> = subject.ranked().zip(done).map(|(of, done)| row(of, done)).collect();
        Table { footer: footer(subject, &end, &rows), rows, columns, below }
    }

    /// The table in a format, with a newline at its end.
    #[must_use]
    pub fn write(&self, format: Format) -> String {
        match format {
            Format::Text => self.text(),
            Format::Markdown => self.markdown(),
            Format::Csv => self.csv(),
            Format::Json => format!("{:#}\n", self.json()),
        }
    }

    fn text(&self) -> String {
        let titles = self.columns.iter().map(|column| cut(&column.title, TITLE));
        let titles: Vec<String> = std::iter::once("client".to_owned()).chain(titles).collect();
        let names: Vec<&str> = self.rows.iter().map(|row| row.client.as_str()).collect();
        let fields: Vec<Vec<String>> = self.rows.iter().map(|row| self.fields(row)).collect();
        let width = |column: usize| {
            let numbers = fields.iter().map(|fields| fields[column].chars().count());
            let title = titles[column + 1].chars().count();
            2 + numbers.max().unwrap_or(0).max(title)
        };
        let numbers: usize = (0..self.columns.len()).map(width).sum();
        let room = WIDTH.saturating_sub(numbers).clamp(WHOLE, NAME);
        let rows = fields.into_iter().zip(names_cut(&names, room));
        let rows = rows.map(|(fields, name)| std::iter::once(name).chain(fields).collect());
        let titles: Vec<&str> = titles.iter().map(String::as_str).collect();
        let mut lines = grid::lines(&titles, &rows.collect::<Vec<_>>(), &[0]);
        let finished = self.rows.iter().filter(|row| row.finished).count();
        if finished < self.rows.len() {
            let widest = lines.iter().map(|line| line.chars().count()).max();
            let line = format!("-- {} ", self.below);
            let rest = widest.unwrap_or(WIDTH).saturating_sub(line.len());
            lines.insert(1 + finished, line + &"-".repeat(rest));
        }
        format!("{}\n{}\n", lines.join("\n"), wrap(&self.footer, 0))
    }

    fn fields(&self, row: &Row) -> Vec<String> {
        let pairs = self.columns.iter().zip(&row.cells);
        pairs.map(|(column, cell)| written(cell, column.quantity)).collect()
    }

    fn markdown(&self) -> String {
        let escaped = |text: &str| visible(text).replace('|', "\\|");
        let titles: Vec<String> = self.columns.iter().map(|c| escaped(&c.title)).collect();
        let mut lines = vec![
            format!("| client | {} |", titles.join(" | ")),
            format!("|:---|{}", "---:|".repeat(self.columns.len())),
        ];
        for row in &self.rows {
            // A line across the table is nothing that markdown has.
            let mark = if row.finished { "" } else { " \\*" };
            let fields = self.fields(row).join(" | ");
            lines.push(format!("| {}{mark} | {fields} |", escaped(&row.client)));
        }
        let left = self.rows.iter().any(|row| !row.finished);
        let note = if left { format!("\\* {}; ", self.below) } else { String::new() };
        format!("{}\n\n{note}{}\n", lines.join("\n"), self.footer.replace(KEPT, " "))
    }

    fn csv(&self) -> String {
        let mut header = vec!["client".to_owned(), "finished".to_owned()];
        for column in &self.columns {
            let key = &column.key;
            header.extend([key.clone(), format!("{key}-low"), format!("{key}-high")]);
        }
        header.extend(["done-share", "done-share-low", "done-share-high"].map(str::to_owned));
        let rows = self.rows.iter().map(|row| {
            let mut fields = vec![cell(&row.client).into_owned(), row.finished.to_string()];
            fields.extend(row.cells.iter().flat_map(three));
            fields.extend(three(&row.done.map_or(Cell::Nothing, Cell::Number)));
            fields
        });
        super::csv::sheet(std::iter::once(header).chain(rows))
    }

    /// An array with an object a client; numbers that there are not are null.
    #[must_use]
    pub fn json(&self) -> serde_json::Value {
        let rows = self.rows.iter().map(|row| {
            let mut object = serde_json::Map::new();
            object.insert("client".into(), row.client.clone().into());
            object.insert("finished".into(), row.finished.into());
            for (column, cell) in self.columns.iter().zip(&row.cells) {
                object.insert(column.key.clone(), json_of(cell));
            }
            let done = row.done.map_or(Cell::Nothing, Cell::Number);
            object.insert("done-share".into(), json_of(&done));
            serde_json::Value::Object(object)
        });
        serde_json::Value::Array(rows.collect())
    }
}

fn of_metric(outcome: &Outcome, metric: Metric, finished: bool) -> Cell {
    if metric == Metric::TimeTo99 && !finished {
        return Cell::Nothing;
    }
    match outcome.estimate(metric) {
        Some(share) if metric == Metric::ServedShare && share.mean == 0.0 => {
            Cell::NoneOf(subject::calls(outcome, None), share.high)
        }
        Some(estimate) => Cell::Number(estimate),
        None if outcome.values(metric).is_some_and(|all| all.contains(&f64::INFINITY)) => {
            Cell::Never
        }
        None => Cell::Nothing,
    }
}

fn of_class(outcome: &Outcome, class: &subject::Class) -> Cell {
    match subject::served(outcome, class) {
        Some(share) if share.mean == 0.0 => {
            Cell::NoneOf(subject::calls(outcome, Some(class)), share.high)
        }
        Some(share) => Cell::Number(share),
        None => Cell::Nothing,
    }
}

fn written(cell: &Cell, quantity: Quantity) -> String {
    match cell {
        Cell::Number(estimate) => quantity.write_estimate(estimate),
        Cell::NoneOf(all, _) => format!("0 of {}", number::count(*all)),
        Cell::Never => "never".to_owned(),
        Cell::Nothing => "-".to_owned(),
    }
}

fn three(cell: &Cell) -> [String; 3] {
    match cell {
        Cell::Number(e) if e.has_interval() => [data(e.mean), data(e.low), data(e.high)],
        Cell::Number(e) => [data(e.mean), String::new(), String::new()],
        Cell::NoneOf(_, bound) => [data(0.0), data(0.0), data(*bound)],
        Cell::Never => [data(f64::INFINITY), String::new(), String::new()],
        Cell::Nothing => [const { String::new() }; 3],
    }
}

fn json_of(cell: &Cell) -> serde_json::Value {
    match cell {
        Cell::Number(e) if e.has_interval() => serde_json::json!({
            "mean": number::json(e.mean), "low": number::json(e.low), "high": number::json(e.high),
        }),
        Cell::Number(e) => serde_json::json!({ "mean": number::json(e.mean) }),
        Cell::NoneOf(all, bound) => serde_json::json!({
            "mean": 0.0, "low": 0.0, "high": number::json(*bound), "of": *all,
        }),
        Cell::Never => "never".into(),
        Cell::Nothing => serde_json::Value::Null,
    }
}

fn footer(subject: &Subject<'_>, end: &End, rows: &[Row]) -> String {
    let seeds = subject.seeds.count.get();
    let mut parts = vec![if seeds == 1 {
        "one seed, so nothing is known of chance; --seeds 20 tells".to_owned()
    } else {
        format!(
            "mean of {} paired seeds, ± 95 % interval where above 1 %",
            number::count(seeds as u64)
        )
    }];
    if let End::Of(populations) = end {
        let names: Vec<String> = populations.iter().map(|name| visible(name)).collect();
        parts.push(format!("99% done: of the calls of {}", names.join(", ")));
    }
    let mut none: Vec<String> = vec![];
    for cell in rows.iter().flat_map(|row| &row.cells) {
        if let Cell::NoneOf(all, bound) = cell {
            let bound = number::share_bound(*bound);
            let text = keep(&format!("0 of {} is below {bound}", number::count(*all)));
            if !none.contains(&text) {
                none.push(text);
            }
        }
    }
    parts.extend(none);
    parts.join("; ")
}

/// A name that a screen has so many columns for.
fn cut(name: &str, columns: usize) -> String {
    let name = visible(name);
    if name.chars().count() <= columns {
        return name;
    }
    let head: String = name.chars().take(columns - 1).collect();
    head + "…"
}

/// The names in so many columns of a screen. One that would be cut like another one is cut in
/// its middle: clients often differ in what their names end with.
fn names_cut(names: &[&str], room: usize) -> Vec<String> {
    let heads: Vec<String> = names.iter().map(|name| cut(name, room)).collect();
    let name = |(place, name): (usize, &&str)| {
        let name: Vec<char> = visible(name).chars().collect();
        let alike = heads.iter().filter(|head| **head == heads[place]).count();
        if name.len() <= room || alike == 1 {
            return heads[place].clone();
        }
        let end = name.len().saturating_sub(room / 2);
        name[..room - room / 2 - 1].iter().chain(&['…']).chain(&name[end..]).collect()
    };
    names.iter().enumerate().map(name).collect()
}

/// The wait that is shown where work has no end: the highest quantile that any
/// client reaches, because a column of "never" says nothing.
fn wait_shown(subject: &Subject<'_>) -> (&'static str, Metric) {
    let all = [
        ("p99 wait", Metric::WaitP99),
        ("p90 wait", Metric::WaitP90),
        ("p50 wait", Metric::WaitP50),
    ];
    let reached = |(_, metric): &&(&str, Metric)| {
        subject.comparison.outcomes.iter().any(|outcome| outcome.estimate(*metric).is_some())
    };
    *all.iter().find(reached).unwrap_or(&all[0])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture::{outcome, plan, told};

    fn table(format: Format) -> String {
        let plan = plan(&["a|\u{1b}", "=b"]);
        let gave_up = outcome(&plan, 0, &[(0, 1.0, 9_000.0), (0, 1.0, 9_000.0)]);
        let did = outcome(&plan, 1, &[(100, 300.0, 5.0), (100, 340.0, 5.0)]);
        told(&plan, vec![gave_up, did], Table::of).write(format)
    }

    #[test]
    fn the_best_is_first_and_who_gave_up_is_below_the_line() {
        let wanted = "\
client      served    99% done   429s  att/call
=b           100 %  320 ±254 s      5      1.05
-- did not finish the work --------------------
a|\\u{1b}  0 of 200           -  9,000     91.00
mean of 2 paired seeds, ± 95 % interval where above 1 %; 0 of 200 is below 1.5 %
";
        assert_eq!(table(Format::Text), wanted);
    }

    #[test]
    fn other_formats_escape_what_would_break_them() {
        let markdown = table(Format::Markdown);
        assert!(markdown.contains("| a\\|\\u{1b} \\* | 0 of 200 | - |"), "{markdown}");
        let csv = table(Format::Csv);
        assert!(csv.contains("\n'=b,true,1,1,1,320,"), "{csv}");
        let json: serde_json::Value = serde_json::from_str(&table(Format::Json)).unwrap();
        assert_eq!(json[0]["time-to-99"]["mean"], 320);
        assert_eq!(json[1]["time-to-99"], serde_json::Value::Null);
        assert_eq!(json[1]["served-share"]["of"], 200);
        assert_eq!(json[0]["done-share"]["mean"], 1);
        assert!(csv.contains("\na|\u{1b},false,0,0,0.0148"), "{csv}");
    }

    #[test]
    fn names_that_begin_alike_are_told_apart_by_their_ends() {
        let names = ["urllib3-backoff(backoff_factor=0.5)", "urllib3-backoff(backoff_factor=2)"];
        let cut = super::names_cut(&[names[0], names[1], "naive"], 28);
        assert_eq!(cut, ["urllib3-backo…ff_factor=0.5)", "urllib3-backo…koff_factor=2)", "naive"]);
        assert!(cut.iter().all(|name| name.chars().count() <= 28));
        assert_eq!(super::names_cut(&names, 15), ["urllib3…or=0.5)", "urllib3…ctor=2)"]);
        assert_eq!(super::names_cut(&names[..1], 28), ["urllib3-backoff(backoff_fac…"]);
    }
}
