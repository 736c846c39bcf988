//! The requests of a trace as columns: a column that the file does not have
//! takes no room.

use crate::api::EndpointId;
use crate::attribute::{AttributeValue, Principal};
use crate::http::Status;
use crate::time::{Instant, Span};

/// One request.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Row {
    /// When it came.
    pub at: Instant,
    /// Its line in the file, from 1.
    pub line: u64,
    /// For whom.
    pub principal: Principal,
    /// What it asks.
    pub endpoint: EndpointId,
    /// What it costs, where the trace says so.
    pub cost: Option<u32>,
    /// What it turned out to cost.
    pub used: Option<u32>,
    /// How the backend answers.
    pub status: Status,
    /// How long after it was let through.
    pub took: Span,
}

/// The number of a row: there are fewer than 2^32.
#[inline]
#[allow(clippy::cast_possible_truncation)] // `ROWS_MAX` sees to it
pub(super) const fn short(row: usize) -> u32 {
    row as u32
}

/// A column that may say nothing, at first or at all.
#[derive(Clone, Debug)]
struct Rare<T> {
    usual: T,
    /// Of the first rows; the others have what is usual.
    values: Vec<T>,
}

impl<T: Copy + PartialEq> Rare<T> {
    const fn new(usual: T) -> Rare<T> {
        Rare { usual, values: Vec::new() }
    }

    #[inline]
    fn set(&mut self, row: usize, value: T) {
        if value != self.usual {
            self.values.resize(row, self.usual);
            self.values.push(value);
        }
    }

    #[inline]
    fn get(&self, row: usize) -> T {
        self.values.get(row).copied().unwrap_or(self.usual)
    }
}

/// The requests of a trace, in the order of the file.
#[derive(Clone, Debug)]
pub struct Rows {
    at: Vec<Instant>,
    principal: Vec<Principal>,
    endpoint: Rare<EndpointId>,
    cost: Rare<Option<u32>>,
    used: Rare<Option<u32>>,
    status: Rare<Status>,
    took: Rare<Span>,
    /// The rows that do not lie on the line after that of the row before, each
    /// with its line.
    breaks: Vec<(u32, u64)>,
    next_line: u64,
    sorted: bool,
    /// By row, where keys hang on more than the principal.
    pub(super) keys: Vec<AttributeValue>,
}

impl Rows {
    pub(super) const fn new() -> Rows {
        Rows {
            at: Vec::new(),
            principal: Vec::new(),
            endpoint: Rare::new(0),
            cost: Rare::new(None),
            used: Rare::new(None),
            status: Rare::new(Status::OK),
            took: Rare::new(Span::ZERO),
            breaks: Vec::new(),
            next_line: 0,
            sorted: true,
            keys: Vec::new(),
        }
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.at.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.at.is_empty()
    }

    /// When each came.
    #[must_use]
    pub fn times(&self) -> &[Instant] {
        &self.at
    }

    /// For whom each is.
    #[must_use]
    pub fn principals(&self) -> &[Principal] {
        &self.principal
    }

    /// Whether none came before one that stands above it.
    #[must_use]
    pub fn is_sorted(&self) -> bool {
        self.sorted
    }

    /// The same in the order of time, those of one instant in the order of the file.
    #[must_use]
    pub(super) fn in_order(self) -> Rows {
        if self.sorted {
            return self;
        }
        let mut order: Vec<u32> = (0..).take(self.len()).collect();
        order.sort_by_key(|row| self.at[*row as usize]);
        let mut rows = Rows::new();
        for row in order {
            rows.push(self.get(row as usize));
        }
        rows
    }

    /// Whether a request says itself what it costs.
    #[must_use]
    pub fn has_costs(&self) -> bool {
        let says = |column: &Rare<Option<u32>>| column.values.iter().any(Option::is_some);
        says(&self.cost) || says(&self.used)
    }

    /// Whether a request says what it asks or what it costs.
    pub(super) fn says_more(&self) -> bool {
        !(self.endpoint.values.is_empty() && self.cost.values.is_empty())
    }

    /// What a request asks.
    #[inline]
    #[must_use]
    pub fn endpoint(&self, row: usize) -> EndpointId {
        self.endpoint.get(row)
    }

    /// What a request says that it costs.
    #[inline]
    #[must_use]
    pub fn cost(&self, row: usize) -> Option<u32> {
        self.cost.get(row)
    }

    /// A request.
    #[must_use]
    pub fn get(&self, row: usize) -> Row {
        Row {
            at: self.at[row],
            line: self.line(row),
            principal: self.principal[row],
            endpoint: self.endpoint(row),
            cost: self.cost(row),
            used: self.used.get(row),
            status: self.status.get(row),
            took: self.took.get(row),
        }
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = Row> + '_ {
        (0..self.len()).map(|row| self.get(row))
    }

    fn line(&self, row: usize) -> u64 {
        let after = self.breaks.partition_point(|(first, _)| *first as usize <= row);
        let (first, line) = self.breaks[after - 1];
        line + (row as u64 - u64::from(first))
    }

    /// Adds a request; there are fewer than 2^32.
    #[inline]
    pub(super) fn push(&mut self, row: Row) {
        let number = self.at.len();
        if row.line != self.next_line {
            self.breaks.push((short(number), row.line));
        }
        self.next_line = row.line + 1;
        self.sorted &= self.at.last().is_none_or(|last| *last <= row.at);
        self.at.push(row.at);
        self.principal.push(row.principal);
        self.endpoint.set(number, row.endpoint);
        self.cost.set(number, row.cost);
        self.used.set(number, row.used);
        self.status.set(number, row.status);
        self.took.set(number, row.took);
    }
}

impl Rows {
    /// Reads when some requests came and what they cost, for rows that are
    /// still to be pushed; nothing where something is wrong.
    pub(super) fn stage(
        &mut self,
        times: impl Iterator<Item = Result<u64, String>>,
        costs: Option<impl Iterator<Item = Result<Option<u32>, String>>>,
    ) -> bool {
        for time in times {
            let Ok(time) = time else {
                self.unstage();
                return false;
            };
            self.at.push(Instant(time));
        }
        let Some(costs) = costs else { return true };
        self.cost.values.resize(self.principal.len(), None);
        for cost in costs {
            let Ok(cost) = cost else {
                self.unstage();
                return false;
            };
            self.cost.values.push(cost);
        }
        true
    }

    /// Forgets what was staged.
    pub(super) fn unstage(&mut self) {
        self.at.truncate(self.principal.len());
        self.cost.values.truncate(self.principal.len());
    }

    /// Adds the requests that were staged, which stand line after line.
    pub(super) fn push_staged(&mut self, line: u64, principals: &[Principal]) {
        let first = self.principal.len();
        if principals.is_empty() {
            return;
        }
        if line != self.next_line {
            self.breaks.push((short(first), line));
        }
        self.next_line = line + principals.len() as u64;
        self.sorted &= self.at[first.saturating_sub(1)..].is_sorted();
        self.principal.extend_from_slice(principals);
    }
}

impl<'r> IntoIterator for &'r Rows {
    type Item = Row;
    type IntoIter = Box<dyn Iterator<Item = Row> + 'r>;

    fn into_iter(self) -> Self::IntoIter {
        Box::new(self.iter())
    }
}

impl FromIterator<Row> for Rows {
    /// A trace that is made, not read.
    fn from_iter<I: IntoIterator<Item = Row>>(rows: I) -> Rows {
        let mut all = Rows::new();
        rows.into_iter().for_each(|row| all.push(row));
        all
    }
}
