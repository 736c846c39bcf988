//! Where in a line each field is: found by looking at the first lines, or given.

use std::fmt;

use super::field::{self, Cut, Source};
use super::json::{self, Object};
use super::pattern::{COMBINED, COMMON, Pattern, PatternError};

/// How many lines are looked at to find a layout.
pub const LOOKED_AT: usize = 32;

/// A layout of lines.
#[derive(Clone, Debug)]
pub enum Layout {
    /// Fields between fixed texts.
    Pattern {
        /// What it is called: `combined`, or the format itself.
        name: String,
        /// The format.
        pattern: Pattern,
    },
    /// JSON objects, whose members have these paths.
    Json(Vec<String>),
    /// Cells under a header, parted by this byte.
    Cells {
        /// The names of the columns.
        header: Vec<String>,
        /// A comma, a tab or a semicolon.
        separator: u8,
    },
}

/// As it is told: `combined`, `JSON lines`, `CSV`.
impl fmt::Display for Layout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Layout::Pattern { name, .. } => f.write_str(name),
            Layout::Json(_) => f.write_str("JSON lines"),
            Layout::Cells { separator: b'\t', .. } => f.write_str("cells parted by tabs"),
            Layout::Cells { separator: b';', .. } => f.write_str("cells parted by semicolons"),
            Layout::Cells { .. } => f.write_str("CSV"),
        }
    }
}

impl Layout {
    /// Reads what a layout is asked for: `combined`, `common`, `json`, `csv`, or a
    /// `log_format` of nginx. The first lines say what the members and columns are.
    pub fn named(name: &str, first: &[&[u8]]) -> Result<Layout, LayoutError> {
        let none = || LayoutError::Unlike(name.to_owned());
        match name {
            "combined" => Ok(Layout::pattern(name, COMBINED)?),
            "common" => Ok(Layout::pattern(name, COMMON)?),
            "json" => json_of(first).ok_or_else(none),
            "csv" => cells_of(first, None).ok_or_else(none),
            format if format.contains('$') => Ok(Layout::pattern(format, format)?),
            _ => Err(LayoutError::Unknown(name.to_owned())),
        }
    }

    /// The layout of lines that look like these, if it is one that is known; cells
    /// under a header need the field of a time among them.
    #[must_use]
    pub fn of(first: &[&[u8]], time: &str) -> Option<Layout> {
        let known = [("combined", COMBINED), ("common", COMMON)];
        let known = known.iter().filter_map(|(name, format)| Layout::pattern(name, format).ok());
        let fits = |layout: &Layout| match layout {
            // A line or two may be broken, as long as most are not.
            Layout::Pattern { pattern, .. } => {
                let fit = first.iter().filter(|line| pattern.fits(line)).count();
                fit > 0 && fit * 2 > first.len()
            }
            _ => false,
        };
        let mut known = known.filter(fits);
        known.next().or_else(|| json_of(first)).or_else(|| cells_of(first, Some(time)))
    }

    fn pattern(name: &str, format: &str) -> Result<Layout, PatternError> {
        Ok(Layout::Pattern { name: name.to_owned(), pattern: Pattern::read(format)? })
    }

    /// The names of its own fields.
    #[must_use]
    pub fn own(&self) -> Vec<&str> {
        match self {
            Layout::Pattern { pattern, .. } => pattern.names().collect(),
            Layout::Json(paths) => paths.iter().map(String::as_str).collect(),
            Layout::Cells { header, .. } => header.iter().map(String::as_str).collect(),
        }
    }

    /// How many lines at the beginning are no requests.
    #[must_use]
    pub fn heads(&self) -> u64 {
        u64::from(matches!(self, Layout::Cells { .. }))
    }
}

/// JSON objects, if most of the lines are some; with the members of all of them.
fn json_of(first: &[&[u8]]) -> Option<Layout> {
    let mut all: Vec<String> = vec![];
    let mut objects = 0;
    for paths in first.iter().filter_map(|line| json::paths(line)) {
        objects += 1;
        all.extend(paths);
    }
    all.sort();
    all.dedup();
    (objects > 0 && objects * 2 > first.len()).then_some(Layout::Json(all))
}

/// Cells under a header that has this field.
fn cells_of(first: &[&[u8]], needed: Option<&str>) -> Option<Layout> {
    let head = first.first()?;
    let separators = [b',', b'\t', b';'];
    let count = |line: &[u8], separator: u8| memchr::memchr_iter(separator, line).count();
    let separator = separators.into_iter().max_by_key(|separator| count(head, *separator))?;
    let header = cells(head, separator)?;
    let own: Vec<&str> = header.iter().map(String::as_str).collect();
    if let Some(needed) = needed {
        field::find(needed, &own)?;
    }
    Some(Layout::Cells { header, separator })
}

fn cells(line: &[u8], separator: u8) -> Option<Vec<String>> {
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .delimiter(separator)
        .trim(csv::Trim::All)
        .from_reader(line);
    let record = reader.records().next()?.ok()?;
    Some(record.iter().map(str::to_owned).collect())
}

/// Why there is no layout.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum LayoutError {
    /// A format of nginx that cannot be.
    Pattern(PatternError),
    /// The lines are not of the kind that was asked for.
    Unlike(String),
    /// No layout is called so.
    Unknown(String),
}

impl From<PatternError> for LayoutError {
    fn from(error: PatternError) -> Self {
        LayoutError::Pattern(error)
    }
}

impl fmt::Display for LayoutError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            LayoutError::Pattern(error) => error.fmt(f),
            LayoutError::Unlike(name) => write!(f, "its first lines are no {name}"),
            LayoutError::Unknown(name) => write!(
                f,
                "no format is called `{name}`: write combined, common, json, csv, or a log_format \
                 of nginx such as '$remote_addr [$time_local] \"$request\" $status'"
            ),
        }
    }
}

impl std::error::Error for LayoutError {}

/// Takes lines of a layout apart, as far as fields are wanted.
#[derive(Debug)]
pub struct Cutter {
    layout: Layout,
    wanted: Vec<Source>,
    /// How many of a pattern's fields have to be found.
    reach: usize,
    cells: csv_core::Reader,
    /// The texts of the line in hand, where they are not the line itself.
    text: Vec<u8>,
    /// Where each of its cells ends.
    ends: Vec<usize>,
    /// Where its own fields lie, and those that are wanted.
    own: Vec<(usize, usize)>,
    spans: Vec<(usize, usize)>,
}

/// The fields of a line that are wanted.
#[derive(Clone, Copy, Debug)]
pub struct Fields<'l> {
    text: &'l [u8],
    spans: &'l [(usize, usize)],
}

impl<'l> Fields<'l> {
    /// A field by its number among those that are wanted.
    #[inline]
    #[must_use]
    pub fn get(&self, number: usize) -> &'l [u8] {
        let (start, end) = self.spans[number];
        &self.text[start..end]
    }
}

impl Cutter {
    /// For the fields of these sources.
    #[must_use]
    pub fn new(layout: Layout, wanted: Vec<Source>) -> Cutter {
        let reach = wanted.iter().map(|source| source.place + 1).max().unwrap_or(0);
        let separator = match layout {
            Layout::Cells { separator, .. } => separator,
            _ => b',',
        };
        let cells = csv_core::ReaderBuilder::new().delimiter(separator).build();
        let (text, ends, own, spans) = (vec![], vec![], vec![], vec![]);
        Cutter { layout, wanted, reach, cells, text, ends, own, spans }
    }

    /// The fields of a line, in the order in which they are wanted. `None` where
    /// the line is not of the layout.
    #[inline]
    pub fn cut<'l>(&'l mut self, line: &'l [u8]) -> Option<Fields<'l>> {
        self.spans.clear();
        match &self.layout {
            Layout::Pattern { pattern, .. } => {
                pattern.cut(line, self.reach, &mut self.own)?;
                for source in &self.wanted {
                    let (start, end) = self.own[source.place];
                    let field = bare(source.cut.of(&line[start..end]));
                    self.spans.push(place(line, field));
                }
                return Some(Fields { text: line, spans: &self.spans });
            }
            Layout::Json(paths) => {
                let object = Object::read(line)?;
                self.text.clear();
                for source in &self.wanted {
                    let text = object.text(&paths[source.place]);
                    let start = self.text.len();
                    self.text.extend_from_slice(source.cut.of(text.as_bytes()));
                    self.spans.push((start, self.text.len()));
                }
            }
            Layout::Cells { header, .. } => {
                let columns = header.len();
                self.cut_cells(line, columns)?;
                for source in &self.wanted {
                    let end = self.ends[source.place];
                    let start = source.place.checked_sub(1).map_or(0, |before| self.ends[before]);
                    let cell = self.text[start..end].trim_ascii();
                    self.spans.push(place(&self.text, source.cut.of(cell)));
                }
            }
        }
        Some(Fields { text: &self.text, spans: &self.spans })
    }

    /// Cuts a line into as many cells as there are columns.
    fn cut_cells(&mut self, line: &[u8], columns: usize) -> Option<()> {
        self.cells.reset();
        self.text.resize(line.len() + 1, 0);
        self.ends.resize(columns + 1, 0);
        let (_, read, _, mut count) = self.cells.read_record(line, &mut self.text, &mut self.ends);
        if read < line.len() {
            return None;
        }
        // The end of the line ends its last cell.
        let (result, _, _, more) =
            self.cells.read_record(b"\n", &mut [0], &mut self.ends[count.min(columns)..]);
        count += more;
        let is_whole = matches!(result, csv_core::ReadRecordResult::Record) && count == columns;
        is_whole.then_some(())
    }
}

/// Where a part of a text lies in it; nowhere is its beginning.
#[inline]
fn place(text: &[u8], part: &[u8]) -> (usize, usize) {
    if part.is_empty() {
        return (0, 0);
    }
    let start = part.as_ptr().addr() - text.as_ptr().addr();
    (start, start + part.len())
}

/// A lone dash is how logs write that there is nothing.
fn bare(text: &[u8]) -> &[u8] {
    if text == b"-" { b"" } else { text }
}

impl Source {
    /// All of one of a layout's own fields.
    #[must_use]
    pub const fn whole(place: usize) -> Source {
        Source { place, cut: Cut::Whole }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINE: &str =
        r#"10.0.0.1 - bob [17/May/2015:10:05:03 +0000] "GET /a?b HTTP/1.1" 200 3 "-" "curl""#;

    fn fields(lines: &[&str], wanted: &[&str]) -> (String, Vec<String>) {
        let lines: Vec<&[u8]> = lines.iter().map(|line| line.as_bytes()).collect();
        let layout = Layout::of(&lines, "time").unwrap();
        let own = layout.own();
        let sources = wanted.iter().map(|name| field::find(name, &own).unwrap()).collect();
        let name = layout.to_string();
        let mut cutter = Cutter::new(layout, sources);
        let cut = cutter.cut(lines[lines.len() - 1]).unwrap();
        let text = |number| String::from_utf8(cut.get(number).to_vec()).unwrap();
        (name, (0..wanted.len()).map(text).collect())
    }

    #[test]
    fn layouts_are_found_and_cut() {
        let wanted = ["ip", "method", "path", "status", "user", "http_referer"];
        let (name, cut) = fields(&[LINE], &wanted);
        assert_eq!(name, "combined");
        assert_eq!(cut, ["10.0.0.1", "GET", "/a", "200", "bob", ""]);

        let json = r#"{"timestamp":"2026-01-05T09:00:00Z","httpRequest":{"remoteIp":"10.0.0.1","requestUrl":"https://x/a?b","status":429}}"#;
        let (name, cut) = fields(&[json], &["time", "ip", "path", "status"]);
        assert_eq!(name, "JSON lines");
        assert_eq!(cut, ["2026-01-05T09:00:00Z", "10.0.0.1", "/a", "429"]);

        let (name, cut) = fields(
            &["time,client_ip,path,plan", "2026-01-05T09:00:00Z,10.0.0.1,\"/a,b\",gold"],
            &["ip", "path", "plan"],
        );
        assert_eq!(name, "CSV");
        assert_eq!(cut, ["10.0.0.1", "/a,b", "gold"]);
    }

    #[test]
    fn what_is_of_no_layout_is_none() {
        for lines in [&["nonsense"][..], &["\u{0}\u{1}"], &["a,b,c", "1,2,3"], &[]] {
            let lines: Vec<&[u8]> = lines.iter().map(|line| line.as_bytes()).collect();
            assert!(Layout::of(&lines, "time").is_none(), "{lines:?}");
        }
    }

    #[test]
    fn a_line_of_another_layout_is_told_from_the_others() {
        let layout = Layout::of(&[LINE.as_bytes()], "time").unwrap();
        let mut cutter = Cutter::new(layout, vec![Source::whole(4)]);
        assert!(cutter.cut(b"10.0.0.1 -").is_none());
        let csv = Layout::of(&[b"time,ip", b"1,2"], "time").unwrap();
        let mut cutter = Cutter::new(csv, vec![Source::whole(1)]);
        for (line, is_cut) in
            [("1,2", true), ("1,2,3", false), ("1", false), ("1,\"a\nb\"", true), ("1,\"a", false)]
        {
            assert_eq!(cutter.cut(line.as_bytes()).is_some(), is_cut, "{line}");
        }
    }
}
