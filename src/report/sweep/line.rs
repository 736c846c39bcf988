//! Lines with a checksum: JSON objects whose first field is the sum of the rest.

use serde::Serialize;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};

/// Before the sum, and between it and the rest.
const BEFORE: &str = "{\"sum\":\"";
const BETWEEN: &str = "\",";

/// How many of the 64 hexadecimal digits of SHA-256 a line holds.
const DIGITS: usize = 16;

/// The line of a value, with its end. `seal` is what its sum covers beside it, so
/// that a line of one sweep is none of another.
pub(super) fn write<T: Serialize>(value: &T, seal: &str) -> String {
    let json = serde_json::to_string(value).expect("what is written here is plain data");
    let rest = json.strip_prefix('{').expect("what is written here has fields");
    format!("{BEFORE}{}{BETWEEN}{rest}\n", sum(rest, seal))
}

/// The value of a whole line with its end; `None` where any byte is not what was
/// written.
pub(super) fn read<T: DeserializeOwned>(line: &[u8], seal: &str) -> Option<T> {
    let line = std::str::from_utf8(line).ok()?.strip_suffix('\n')?;
    let (own, rest) = line.strip_prefix(BEFORE)?.split_at_checked(DIGITS)?;
    let rest = rest.strip_prefix(BETWEEN)?;
    if own != sum(rest, seal) {
        return None;
    }
    serde_json::from_str(&format!("{{{rest}")).ok()
}

/// The seal of the lines below a head.
pub(super) fn seal(head: &str) -> String {
    sum(head, "")
}

fn sum(rest: &str, seal: &str) -> String {
    let hash = Sha256::new().chain_update(seal).chain_update(rest).finalize();
    hex::encode(&hash[..DIGITS / 2])
}

#[cfg(test)]
mod tests {
    use super::super::{Point, Row};
    use super::*;

    #[test]
    fn no_byte_of_a_line_can_be_another_or_missing() {
        let row = Row {
            name: "naïve \"1\"".to_owned(),
            metrics: vec!["1,0.5,2".to_owned(), ",,".to_owned()],
        };
        let point = Point { point: 7, clients: vec![row] };
        let line = write(&point, "head").into_bytes();
        assert_eq!(read::<Point>(&line, "head"), Some(point));
        assert_eq!(read::<Point>(&line, "other head"), None);
        for at in 0..line.len() {
            assert_eq!(read::<Point>(&line[..at], "head"), None, "cut at {at}");
            let mut changed = line.clone();
            changed[at] ^= 1;
            assert_eq!(read::<Point>(&changed, "head"), None, "changed at {at}");
        }
    }
}
