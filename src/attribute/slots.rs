//! The slots of a scope: a key is mapped to a number here, once, at set-up.

use hashbrown::HashTable;

use super::texts::hash_of;
use super::{AttributeId, Condition, Missing, Place, Principal, Principals, Scope};
use crate::limiter::Slot;

const SKIP: Slot = Slot::MAX;
const REFUSE: Slot = Slot::MAX - 1;

/// A scope's slots, for every principal and endpoint.
#[derive(Clone, Debug)]
pub struct SlotMap {
    of: Slots,
    endpoints: u32,
    slots: u32,
}

/// Which slot each principal has; the two usual cases need no table of millions.
#[derive(Clone, Debug)]
enum Slots {
    /// All have the same.
    One(Slot),
    /// Each has its own, in their order.
    Each,
    /// By principal.
    Table(Vec<Slot>),
}

impl Slots {
    fn new(by_principal: Vec<Slot>) -> Slots {
        let first = by_principal.first().copied().unwrap_or(SKIP);
        if by_principal.len() > 1 && by_principal.iter().all(|slot| *slot == first) {
            Slots::One(first)
        } else if (0..).zip(&by_principal).all(|(own, slot)| own == *slot) {
            Slots::Each
        } else {
            Slots::Table(by_principal)
        }
    }
}

/// The keys of a scope that have a slot so far.
struct Keys<'p> {
    scope: &'p Scope,
    principals: &'p Principals,
    count: u32,
    /// Of a key of one attribute, by its value; the last is that of none.
    by_value: Vec<Slot>,
    /// Of the others: the slot, and the first principal that has the key.
    known: HashTable<(Slot, Principal)>,
}

impl<'p> Keys<'p> {
    fn new(scope: &'p Scope, principals: &'p Principals) -> Keys<'p> {
        let values =
            if scope.attributes.len() == 1 { principals.next_value as usize + 1 } else { 0 };
        let by_value = vec![SKIP; values];
        Keys { scope, principals, count: 0, by_value, known: HashTable::new() }
    }

    /// The slot of a principal's key, the next one where the key is new.
    fn slot(&mut self, principal: Principal) -> Slot {
        let Keys { scope, principals, .. } = *self;
        let slot = if let [attribute] = scope.attributes[..] {
            let none = self.by_value.len() - 1;
            let value = principals.value(principal, attribute).map_or(none, |v| v as usize);
            let slot = &mut self.by_value[value];
            if *slot == SKIP {
                *slot = self.count;
            }
            *slot
        } else {
            let key = |of: Principal| {
                scope.attributes.iter().map(move |attribute| principals.value(of, *attribute))
            };
            let hash = |of: Principal| hash_of(key(of));
            let entry = self.known.entry(
                hash(principal),
                |(_, first)| key(*first).eq(key(principal)),
                |(_, first)| hash(*first),
            );
            entry.or_insert((self.count, principal)).get().0
        };
        self.count = self.count.max(slot + 1);
        slot
    }
}

impl SlotMap {
    /// Maps every principal; slots are given out in the order of the principals.
    #[must_use]
    pub fn build(scope: &Scope, principals: &Principals, endpoints: usize) -> SlotMap {
        let mut keys = Keys::new(scope, principals);
        let mut by_principal = Vec::with_capacity(principals.len() as usize);
        for principal in 0..principals.len() {
            let value = |attribute: &AttributeId| principals.value(principal, *attribute);
            let holds = |c: &Condition| value(&c.attribute) == Some(c.value);
            let slot = if !scope.when.iter().all(holds) {
                SKIP
            } else if scope.missing != Missing::Shared
                && scope.attributes.iter().any(|attribute| value(attribute).is_none())
            {
                if scope.missing == Missing::Skip { SKIP } else { REFUSE }
            } else {
                keys.slot(principal)
            };
            by_principal.push(slot);
        }
        let endpoints = if scope.by_endpoint { endpoints } else { 1 };
        let endpoints = u32::try_from(endpoints).expect("a model has few endpoints");
        SlotMap { of: Slots::new(by_principal), endpoints, slots: keys.count * endpoints }
    }

    /// Whether the slot of every principal is its own number, which needs no
    /// looking up.
    #[must_use]
    pub fn each_its_own(&self) -> bool {
        self.endpoints == 1 && matches!(self.of, Slots::Each)
    }

    /// How many slots there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.slots as usize
    }

    /// Whether no principal has a slot.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.slots == 0
    }

    /// What the scope holds for everybody, where that is the same.
    #[must_use]
    pub fn shared(&self) -> Option<Place> {
        let all_alike = self.endpoints == 1 && matches!(self.of, Slots::One(_));
        all_alike.then(|| self.place(0, 0))
    }

    /// What the scope holds for a principal that asks an endpoint.
    #[must_use]
    #[inline]
    pub fn place(&self, principal: Principal, endpoint: u16) -> Place {
        let slot = match &self.of {
            Slots::One(slot) => *slot,
            Slots::Each => principal,
            Slots::Table(by_principal) => by_principal[principal as usize],
        };
        match slot {
            SKIP => Place::Skip,
            REFUSE => Place::Refuse,
            slot if self.endpoints == 1 => Place::At(slot),
            slot => Place::At(slot * self.endpoints + u32::from(endpoint)),
        }
    }
}
