//! For whom the requests of a log are: tuples of keys become principals.

use hashbrown::HashTable;

use crate::attribute::{AttributeValue, Principal, Principals, hash_of};

/// Principals by their keys, at most so many.
#[derive(Debug)]
pub(super) struct Whose {
    principals: Principals,
    by_values: HashTable<Principal>,
    /// Where there is one attribute: by its value, without a hash.
    by_value: Vec<Option<Principal>>,
    /// The keys of the request in hand; kept for its room.
    values: Vec<Option<AttributeValue>>,
    most: usize,
}

impl Whose {
    pub(super) fn new(attributes: &[String], most: usize) -> Whose {
        Whose {
            principals: Principals::new(attributes.to_vec()),
            by_values: HashTable::new(),
            by_value: vec![],
            values: vec![],
            most,
        }
    }

    /// Whom these keys stand for; an empty one is a key that the request lacks.
    /// `None` for somebody new where there are too many already.
    #[inline]
    pub(super) fn principal<'k>(
        &mut self,
        keys: impl Iterator<Item = &'k [u8]> + Clone,
    ) -> Option<Principal> {
        if self.principals.names().len() == 1
            && let Some(key) = keys.clone().next().filter(|key| !key.is_empty())
            && let Some(value) = self.principals.known(key)
            && let Some(Some(known)) = self.by_value.get(value as usize)
        {
            return Some(*known);
        }
        self.values.clear();
        let mut is_known = true;
        for key in keys.clone() {
            let value = if key.is_empty() { None } else { self.principals.known(key) };
            is_known &= key.is_empty() || value.is_some();
            self.values.push(value);
        }
        if is_known {
            let (principals, values) = (&self.principals, &self.values);
            let hash = hash_of(values.iter().copied());
            if let Some(found) = self.by_values.find(hash, |one| principals.row(*one) == *values) {
                return Some(*found);
            }
        }
        self.newcomer(keys)
    }

    #[cold]
    fn newcomer<'k>(&mut self, keys: impl Iterator<Item = &'k [u8]>) -> Option<Principal> {
        if self.principals.len() as usize >= self.most {
            return None;
        }
        self.values.clear();
        for key in keys {
            let value = if key.is_empty() {
                None
            } else {
                Some(self.principals.intern(&String::from_utf8_lossy(key))?)
            };
            self.values.push(value);
        }
        let principal = self.principals.push(&self.values);
        let principals = &self.principals;
        let hash_of_row = |one: &Principal| hash_of(principals.row(*one).iter().copied());
        self.by_values.insert_unique(hash_of_row(&principal), principal, hash_of_row);
        if let [Some(value)] = self.values[..] {
            let place = value as usize;
            self.by_value.resize(self.by_value.len().max(place + 1), None);
            self.by_value[place] = Some(principal);
        }
        Some(principal)
    }

    pub(super) fn done(self) -> Principals {
        self.principals
    }
}
