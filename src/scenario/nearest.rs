//! The names that somebody probably meant.

use strsim::{damerau_levenshtein, jaro_winkler};

/// The candidates that look like `name`, at most three, the likeliest first.
///
/// A candidate looks like it when at most a third of its letters differ (a swap
/// counts once), or when the two begin alike; equally likely ones keep their order.
#[must_use]
pub fn nearest<'c>(name: &str, candidates: impl IntoIterator<Item = &'c str>) -> Vec<&'c str> {
    let name = name.to_lowercase();
    let mut close: Vec<(usize, &str)> = candidates
        .into_iter()
        .filter_map(|candidate| {
            let lower = candidate.to_lowercase();
            let edits = damerau_levenshtein(&name, &lower);
            let letters = name.chars().count().max(lower.chars().count());
            let alike = edits * 3 <= letters || jaro_winkler(&name, &lower) >= 0.88;
            alike.then_some((edits, candidate))
        })
        .collect();
    close.sort_by_key(|(edits, _)| *edits);
    close.dedup();
    close.truncate(3);
    close.into_iter().map(|(_, candidate)| candidate).collect()
}

/// The names as one line of text: at most `most` of them, then how many are left.
#[must_use]
pub fn listed<'c>(names: impl IntoIterator<Item = &'c str>, most: usize) -> String {
    let names: Vec<&str> = names.into_iter().collect();
    let line = names[..names.len().min(most)].join(", ");
    match names.len().saturating_sub(most) {
        0 => line,
        left => format!("{line}, and {left} more"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIELDS: [&str; 5] = ["burst", "rate", "quota", "window", "anchor"];

    #[test]
    fn a_typo_finds_its_word() {
        for (typo, meant) in
            [("brust", "burst"), ("Quota", "quota"), ("windw", "window"), ("rates", "rate")]
        {
            assert_eq!(nearest(typo, FIELDS), [meant], "{typo}");
        }
    }

    #[test]
    fn a_strange_word_finds_nothing() {
        assert_eq!(nearest("colour", FIELDS), [""; 0]);
        assert_eq!(nearest("", FIELDS), [""; 0]);
    }

    #[test]
    fn the_likeliest_come_first_and_at_most_three() {
        let names = ["clover-3", "clover-22", "clover-1", "clover-12", "clover"];
        assert_eq!(nearest("clover", names), ["clover", "clover-3", "clover-1"]);
    }

    #[test]
    fn a_long_list_is_cut_and_counted() {
        assert_eq!(listed(FIELDS, 9), "burst, rate, quota, window, anchor");
        assert_eq!(listed(FIELDS, 2), "burst, rate, and 3 more");
    }
}
