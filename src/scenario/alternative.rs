//! What else could be where the vendor says nothing: one thing at a time.

use super::assumption::Assumption;
use super::bundle::{Bundle, LoadError};
use super::plan::Plan;

/// Something that is assumed, taken otherwise.
#[derive(Clone, PartialEq, Debug)]
pub struct Alternative {
    /// What is assumed, of each limit of which it is.
    pub assumed: Vec<Assumption>,
    /// What it is instead, as TOML.
    pub value: String,
}

impl Alternative {
    /// All alternatives of everything that is assumed.
    #[must_use]
    pub fn all(assumptions: &[Assumption]) -> Vec<Alternative> {
        let of_group = |group: Vec<&Assumption>| {
            let assumed: Vec<Assumption> = group.into_iter().cloned().collect();
            // With --set the model may already be one of its alternatives.
            let is_another = |value: &String| *value != assumed[0].value;
            let values: Vec<String> =
                assumed[0].alternatives.iter().filter(|v| is_another(v)).cloned().collect();
            values.into_iter().map(move |value| Alternative { assumed: assumed.clone(), value })
        };
        grouped(assumptions).into_iter().flat_map(of_group).collect()
    }

    /// The settings that make it so.
    #[must_use]
    pub fn settings(&self) -> Vec<(String, String)> {
        let paths = self.assumed.iter().map(|assumption| assumption.path.clone());
        paths.map(|path| (path, self.value.clone())).collect()
    }

    /// The same comparison where it is so.
    pub fn plan(&self, bundle: &Bundle) -> Result<Plan, LoadError> {
        Ok(bundle.with(&self.settings())?.plan()?)
    }
}

/// The same thing, assumed of one limit or of several: what a vendor does not
/// say of one it does not say of the others, and most likely does alike.
#[must_use]
pub fn grouped(assumptions: &[Assumption]) -> Vec<Vec<&Assumption>> {
    let mut groups: Vec<Vec<&Assumption>> = vec![];
    for assumption in assumptions {
        let alike = groups.iter_mut().find(|group| {
            let first = group[0];
            first.limit.is_some() == assumption.limit.is_some()
                && first.field == assumption.field
                && first.value == assumption.value
                && first.alternatives == assumption.alternatives
        });
        match alike {
            Some(group) => group.push(assumption),
            None => groups.push(vec![assumption]),
        }
    }
    groups
}
