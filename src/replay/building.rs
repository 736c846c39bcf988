//! A trace in the making: records become rows.

use hashbrown::HashTable;

use super::cell::{amount, time};
use super::error::TraceError;
use super::places::Places;
use super::rows::{Row, Rows};
use super::scan::{Plain, Record, text};
use super::trace::{PLAIN, ROWS_MAX, Trace};
use crate::api::EndpointId;
use crate::attribute::{AttributeValue, Principal, Principals, hash_of};
use crate::http::Status;
use crate::time::{Instant, Span};

/// No principal has this number.
const NOBODY: Principal = Principal::MAX;

#[derive(Debug)]
pub(super) struct Building<'e> {
    places: Places,
    endpoints: &'e [&'e str],
    rows: Rows,
    principals: Principals,
    /// The text of each principal's key.
    keys: Vec<AttributeValue>,
    /// Whether a principal says which key it is.
    key_is_whose: bool,
    /// Whether values are the only attributes and go by the numbers of those
    /// who have them: then nothing has to be looked up.
    by_own_number: bool,
    /// Who has a value as the only attribute; the first has none.
    by_value: Vec<Principal>,
    /// Who has several attributes.
    by_values: HashTable<Principal>,
    /// The attributes of the row in hand; kept for its room.
    values: Vec<Option<AttributeValue>>,
    /// Those of many rows.
    values_of_many: Vec<AttributeValue>,
}

impl<'e> Building<'e> {
    pub(super) fn new(places: Places, endpoints: &'e [&'e str], attributes: &[String]) -> Self {
        Building {
            key_is_whose: places.key.is_none_or(|key| places.attributes.contains(&key)),
            places,
            endpoints,
            rows: Rows::new(),
            principals: Principals::new(attributes.to_vec()),
            keys: vec![],
            by_own_number: attributes.len() == 1,
            by_value: vec![NOBODY],
            by_values: HashTable::new(),
            values: vec![],
            values_of_many: vec![],
        }
    }

    pub(super) fn done(self) -> Trace {
        Trace {
            rows: self.rows,
            principals: self.principals,
            has_durations: self.places.took.is_some(),
            has_used: self.places.used.is_some(),
            keys: self.keys,
        }
    }

    /// Adds a row for a record, or says what is wrong with it.
    pub(super) fn add(&mut self, record: &Record) -> Result<(), TraceError> {
        let wrong = |why| TraceError::Row { line: record.line, why };
        if self.rows.len() == ROWS_MAX {
            let why = format!("there are more than {ROWS_MAX} requests: split the trace");
            return Err(wrong(why));
        }
        let row = self.row(record).map_err(wrong)?;
        self.rows.push(row);
        Ok(())
    }

    fn row(&mut self, record: &Record) -> Result<Row, String> {
        let places = &self.places;
        let filled = |place: Option<usize>| {
            place.map(|place| record.cell(place)).filter(|cell| !cell.is_empty())
        };
        let at = time(record.cell(places.time), places.unit)?;
        let took = match places.took {
            Some((place, unit)) => {
                filled(Some(place)).map(|cell| time(cell, unit)).transpose()?.unwrap_or(0)
            }
            None => 0,
        };
        if at.checked_add(took).is_none_or(|end| end == u64::MAX) {
            return Err("its response is later than the year 2554, where the clock ends".to_owned());
        }
        let endpoint = match places.endpoint {
            None => 0,
            Some(place) => self.endpoint(filled(Some(place)))?,
        };
        let status = status(filled(places.status), filled(places.failed))?;
        let cost = places.cost.map_or(Ok(None), |place| amount(record.cell(place)))?;
        let used = places.used.map_or(Ok(None), |place| amount(record.cell(place)))?;
        let principal = self.principal(record)?;
        if !self.key_is_whose {
            let key = filled(self.places.key).unwrap_or(b"");
            let key = self.value(key)?;
            self.rows.keys.push(key);
        }
        Ok(Row {
            at: Instant(at),
            line: record.line,
            principal,
            endpoint,
            cost,
            used,
            status,
            took: Span(took),
        })
    }

    /// Whether requests say no more than when, for whom and what they cost, as
    /// most do: then many are read together, column by column.
    pub(super) fn takes_plain(&self) -> bool {
        let Places { endpoint, used, status, failed, took, .. } = &self.places;
        let more = endpoint.or(*used).or(*status).or(*failed).or(took.map(|(place, _)| place));
        more.is_none() && self.places.attributes.len() == 1 && self.key_is_whose
    }

    /// Adds a row for each of these records.
    pub(super) fn add_plain(&mut self, plain: &Plain) -> Result<(), TraceError> {
        if plain.len() + self.rows.len() > ROWS_MAX || !self.add_columns(plain) {
            // Something is wrong somewhere: one by one it is found.
            return (0..plain.len()).try_for_each(|number| self.add(&plain.record(number)));
        }
        Ok(())
    }

    /// Adds them by columns, or none of them.
    fn add_columns(&mut self, plain: &Plain) -> bool {
        let Places { time: place, unit, attributes, cost, .. } = &self.places;
        let times = plain.column(*place).map(|cell| time(cell, *unit));
        let costs = cost.map(|place| plain.column(place).map(amount));
        if !self.rows.stage(times, costs) {
            return false;
        }
        let mut keys = [&[][..]; PLAIN];
        for (key, cell) in keys.iter_mut().zip(plain.column(attributes[0])) {
            *key = cell;
        }
        self.principals.known_all(&keys[..plain.len()], &mut self.values_of_many);
        for number in 0..plain.len() {
            if self.by_own_number && self.values_of_many[number] < self.principals.len() {
                continue;
            }
            let Ok(principal) = self.principal(&plain.record(number)) else {
                self.rows.unstage();
                return false;
            };
            self.values_of_many[number] = principal;
        }
        self.rows.push_staged(plain.line, &self.values_of_many);
        true
    }

    fn endpoint(&self, name: Option<&[u8]>) -> Result<EndpointId, String> {
        let name = name.ok_or("it names no endpoint")?;
        let place = self.endpoints.iter().position(|known| known.as_bytes() == name);
        let place = place.ok_or_else(|| {
            let known = self.endpoints.join(", ");
            format!("there is no endpoint `{}`; the API has: {known}", text(name))
        })?;
        EndpointId::try_from(place).map_err(|_| "there are too many endpoints".to_owned())
    }

    /// The value that stands for a text.
    #[inline]
    fn value(&mut self, cell: &[u8]) -> Result<AttributeValue, String> {
        if let Some(known) = self.principals.known(cell) {
            return Ok(known);
        }
        let value = self.principals.intern(text(cell));
        value.ok_or_else(|| "there are too many keys: split the trace".to_owned())
    }

    /// For whom a record is.
    #[inline]
    fn principal(&mut self, record: &Record) -> Result<Principal, String> {
        if let [place] = self.places.attributes[..] {
            let cell = record.cell(place);
            let value = if cell.is_empty() { None } else { Some(self.value(cell)?) };
            if let Some(value) = value
                && self.by_own_number
                && value < self.principals.len()
            {
                return Ok(value);
            }
            let index = value.map_or(0, |value| value as usize + 1);
            return match self.by_value.get(index) {
                Some(principal) if *principal != NOBODY => Ok(*principal),
                _ => self.newcomer(&[value], record),
            };
        }
        let mut values = std::mem::take(&mut self.values);
        values.clear();
        for index in 0..self.places.attributes.len() {
            let cell = record.cell(self.places.attributes[index]);
            values.push(if cell.is_empty() { None } else { Some(self.value(cell)?) });
        }
        let known = self
            .by_values
            .find(hash_of(values.iter().copied()), |one| self.principals.row(*one) == values);
        let principal = match known {
            Some(principal) => *principal,
            None => self.newcomer(&values, record)?,
        };
        self.values = values;
        Ok(principal)
    }

    /// Somebody who was not seen before.
    #[cold]
    fn newcomer(
        &mut self,
        values: &[Option<AttributeValue>],
        record: &Record,
    ) -> Result<Principal, String> {
        let principal = self.principals.push(values);
        if let [value] = values {
            let index = value.map_or(0, |value| value as usize + 1);
            self.by_value.resize(self.by_value.len().max(index + 1), NOBODY);
            self.by_value[index] = principal;
            self.by_own_number &= *value == Some(principal);
        } else {
            let principals = &self.principals;
            let hash_of_row = |one: &Principal| hash_of(principals.row(*one).iter().copied());
            self.by_values.insert_unique(hash_of_row(&principal), principal, hash_of_row);
        }
        if self.key_is_whose {
            let key = if let Some(place) = self.places.key {
                self.value(record.cell(place))?
            } else {
                let values = values.iter().flatten();
                let texts: Vec<&str> =
                    values.filter_map(|value| self.principals.text(*value)).collect();
                self.value(texts.join(",").as_bytes())?
            };
            self.keys.push(key);
        }
        Ok(principal)
    }
}

fn status(status: Option<&[u8]>, failed: Option<&[u8]>) -> Result<Status, String> {
    let status = match status.map(text) {
        None => Status::OK,
        Some(text) => {
            let status = text.parse().ok().filter(|status| (100..600).contains(status));
            Status(status.ok_or_else(|| format!("`{text}` is no status: write 200"))?)
        }
    };
    match failed.map(text) {
        None | Some("0") => Ok(status),
        Some("1") => Ok(Status(500)),
        Some(text) => Err(format!("`{text}` does not say whether it failed: write 0 or 1")),
    }
}
