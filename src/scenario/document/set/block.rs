//! The part of a text that somebody who changes a value by hand would look at.

use super::path::{self, find};
use super::unset::{around, extent};
use crate::scenario::document::tree::Kind;
use crate::scenario::document::{Document, syntax};

impl Document {
    /// The table with a header that holds the value at `path`, as it stands in the
    /// text; of what stands under no header, its own lines. `None` unless exactly
    /// one value fits.
    #[must_use]
    pub fn block(&self, path: &str) -> Option<String> {
        let reading = syntax::read(&self.text);
        let root = &reading.tree.root;
        let keys = path::keys(path).ok()?;
        let places = find(root, &keys);
        let [place] = places.as_slice() else { return None };
        let trail = around(root, place);
        let has_header = |id: &&usize| {
            reading.tree.get(**id).is_some_and(|node| {
                let is_table = matches!(node.kind, Kind::Table(_));
                is_table && self.text[node.span.clone()].starts_with('[')
            })
        };
        let Some(table) = trail.iter().find(has_header) else {
            let lines = extent(&self.text, root, *trail.last()?)?;
            return Some(self.text[lines].to_owned());
        };
        let header = reading.tree.get(*table)?.span.start;
        let start = syntax::line_at(&self.text, header).start;
        let mut lines = self.text[start..].split_inclusive('\n');
        let mut block: Vec<&str> = lines.by_ref().take(1).collect();
        block.extend(lines.take_while(|line| !line.starts_with('[')));
        // What stands above the next header is said of that.
        while block.last().is_some_and(|line| line.trim().is_empty() || line.starts_with('#')) {
            block.pop();
        }
        Some(block.concat())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "name = 'x'\nlist = [\n  1,\n]\n\n# of one\n[[limit]]\nname = 'one'\n\
        # inside\nbucket = { rate = '1/s', burst = 5 }\n\n# of two\n[[limit]]\nname = 'two'\n\
        [limit.more]\ndeep = 1\n";

    #[test]
    fn a_block_is_a_table_with_its_header_or_a_line() {
        let document = Document::new("x.toml", TEXT).unwrap();
        for (path, block) in [
            (
                "limit.burst",
                "[[limit]]\nname = 'one'\n# inside\nbucket = { rate = '1/s', burst = 5 }\n",
            ),
            ("limit.two.name", "[[limit]]\nname = 'two'\n"),
            ("limit.two.more.deep", "[limit.more]\ndeep = 1\n"),
            ("list", "list = [\n  1,\n]\n"),
            ("name", "name = 'x'\n"),
        ] {
            assert_eq!(document.block(path).as_deref(), Some(block), "{path}");
        }
        assert_eq!(document.block("limit.nothing"), None);
    }
}
