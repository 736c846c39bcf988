//! The keys of the requests of a log: fields become attributes of principals.

use super::whose::Whose;
use crate::attribute::{Principal, Principals};
use crate::log::{Fields, Filter, Key, Mask};

/// Reads the keys of requests.
#[derive(Debug)]
pub(super) struct Keyed {
    keys: Vec<Key>,
    mask: Option<Mask>,
    whose: Whose,
    /// The keys of the request in hand, and where each ends; kept for their room.
    text: Vec<u8>,
    ends: Vec<usize>,
}

impl Keyed {
    /// For these attributes, each of which is read as a [`Key`], and so many
    /// principals at most.
    pub(super) fn new(
        attributes: &[String],
        most: usize,
        mask: Option<Mask>,
    ) -> Result<Keyed, String> {
        let keys: Result<Vec<Key>, String> = attributes.iter().map(|name| name.parse()).collect();
        let whose = Whose::new(attributes, most);
        Ok(Keyed { keys: keys?, mask, whose, text: vec![], ends: vec![] })
    }

    /// The fields that it looks at: of each key its own and those of its filter.
    pub(super) fn fields(&self) -> impl Iterator<Item = &str> {
        self.keys.iter().flat_map(|key| {
            let only = key.only().into_iter().flat_map(Filter::fields);
            std::iter::once(key.field()).chain(only.map(String::as_str))
        })
    }

    /// Whom a request is for, whose fields begin with number `first`. `None` for
    /// somebody new where there are too many already.
    #[inline]
    pub(super) fn principal(&mut self, fields: &Fields<'_>, first: usize) -> Option<Principal> {
        self.text.clear();
        self.ends.clear();
        let mut place = first;
        for key in &self.keys {
            let field = fields.get(place);
            place += 1;
            let mut is_meant = true;
            if let Some(only) = key.only() {
                is_meant = only.takes(&|number| fields.get(place + number));
                place += only.fields().len();
            }
            if is_meant {
                let text = key.of(field);
                match &self.mask {
                    Some(mask) if !text.is_empty() => {
                        self.text.extend_from_slice(mask.of(&text).as_bytes());
                    }
                    _ => self.text.extend_from_slice(&text),
                }
            }
            self.ends.push(self.text.len());
        }
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        let text = &self.text;
        self.whose.principal(starts.zip(&self.ends).map(|(start, end)| &text[start..*end]))
    }

    pub(super) fn done(self) -> Principals {
        self.whose.done()
    }
}
