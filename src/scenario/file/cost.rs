//! What a request takes from a limit, and what of it must not count.

use std::collections::BTreeMap;
use std::fmt;

use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, MapAccess, SeqAccess, Visitor};

use crate::http::Statuses;

/// What a request takes.
#[derive(Clone, Default, Debug, Deserialize)]
#[serde(from = "WrittenCosts")]
pub struct Costs {
    /// From every limit that names no unit; 1 unless it is written.
    pub plain: Option<Amount>,
    /// From the limits that count this unit.
    pub units: BTreeMap<String, Amount>,
}

/// So much, and perhaps less or more of it once the response is known.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Amount {
    /// When it is decided on.
    pub reserved: u32,
    /// In the end.
    pub used: u32,
}

impl<'de> Deserialize<'de> for Amount {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AmountVisitor)
    }
}

struct AmountVisitor;

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct WrittenAmount {
    reserved: u32,
    used: u32,
}

impl<'de> Visitor<'de> for AmountVisitor {
    type Value = Amount;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a cost, like 3 or { reserved = 2000, used = 700 }")
    }

    fn visit_u64<E: serde::de::Error>(self, cost: u64) -> Result<Amount, E> {
        let cost = u32::try_from(cost)
            .map_err(|_| E::custom(format!("the cost {cost} is too large: at most 4294967295")))?;
        Ok(Amount { reserved: cost, used: cost })
    }

    fn visit_i64<E: serde::de::Error>(self, cost: i64) -> Result<Amount, E> {
        let cost = u64::try_from(cost)
            .map_err(|_| E::custom(format!("the cost {cost} is below 0: write at least 0")))?;
        self.visit_u64(cost)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Amount, A::Error> {
        let WrittenAmount { reserved, used } =
            WrittenAmount::deserialize(MapAccessDeserializer::new(map))?;
        Ok(Amount { reserved, used })
    }
}

/// A cost as it is written: one amount, or a table of them by unit.
enum WrittenCosts {
    Plain(Amount),
    Units(BTreeMap<String, Amount>),
}

impl From<WrittenCosts> for Costs {
    fn from(written: WrittenCosts) -> Costs {
        match written {
            WrittenCosts::Plain(amount) => Costs { plain: Some(amount), ..Costs::default() },
            WrittenCosts::Units(units) => Costs { plain: None, units },
        }
    }
}

impl<'de> Deserialize<'de> for WrittenCosts {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(CostsVisitor)
    }
}

struct CostsVisitor;

impl<'de> Visitor<'de> for CostsVisitor {
    type Value = WrittenCosts;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a cost, like 3 or { points = 5, tokens = 2000 }")
    }

    fn visit_u64<E: serde::de::Error>(self, cost: u64) -> Result<WrittenCosts, E> {
        AmountVisitor.visit_u64(cost).map(WrittenCosts::Plain)
    }

    fn visit_i64<E: serde::de::Error>(self, cost: i64) -> Result<WrittenCosts, E> {
        AmountVisitor.visit_i64(cost).map(WrittenCosts::Plain)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<WrittenCosts, A::Error> {
        BTreeMap::deserialize(MapAccessDeserializer::new(map)).map(WrittenCosts::Units)
    }
}

/// Statuses that must not count: `"5xx"`, or a list such as `["4xx", "503"]`.
#[derive(Clone, Default, Debug)]
pub struct GivesBack(pub Statuses);

impl<'de> Deserialize<'de> for GivesBack {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(GivesBackVisitor)
    }
}

struct GivesBackVisitor;

impl<'de> Visitor<'de> for GivesBackVisitor {
    type Value = GivesBack;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("statuses, like \"5xx\" or [\"4xx\", \"503\"]")
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<GivesBack, E> {
        let mut statuses = Statuses::NONE;
        statuses.add(text).map_err(E::custom)?;
        Ok(GivesBack(statuses))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<GivesBack, A::Error> {
        let mut statuses = Statuses::NONE;
        while let Some(text) = list.next_element::<String>()? {
            statuses.add(&text).map_err(serde::de::Error::custom)?;
        }
        Ok(GivesBack(statuses))
    }
}
