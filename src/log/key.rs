//! Whom a request counts for: a field, a network of addresses, or what a regular
//! expression finds in a field.
//!
//! `ip`, `ip/24` (of IPv4; `ip/24/56` says what of IPv6, which is 56 if it does
//! not), `path~^/api/([^/]+)`; with `where` and a filter behind it, none of the
//! requests that the filter does not take.

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use regex::bytes::Regex;

use super::filter::Filter;

/// How many bits of IPv6 are one network unless it is said.
const V6: u8 = 56;

/// A key.
#[derive(Clone, Debug)]
pub struct Key {
    text: String,
    field: String,
    shape: Shape,
    only: Option<Filter>,
}

/// What of the field it is.
#[derive(Clone, Debug)]
enum Shape {
    Whole,
    /// So many bits of an address, of IPv4 and of IPv6.
    Network(u8, u8),
    /// The first group of a regular expression, or all that it finds.
    Found(Regex),
}

impl Key {
    /// The field that it is of.
    #[must_use]
    pub fn field(&self) -> &str {
        &self.field
    }

    /// Which requests have it; all where there is no filter.
    #[must_use]
    pub fn only(&self) -> Option<&Filter> {
        self.only.as_ref()
    }

    /// The key of a request whose field holds this text; empty where it has none.
    #[must_use]
    pub fn of<'t>(&self, text: &'t [u8]) -> Cow<'t, [u8]> {
        match &self.shape {
            Shape::Whole => Cow::Borrowed(text),
            Shape::Network(v4, v6) => match network(text, *v4, *v6) {
                Some(network) => Cow::Owned(network.into_bytes()),
                // What is no address is a key of its own.
                None => Cow::Borrowed(text),
            },
            Shape::Found(pattern) => {
                let found = pattern.captures(text);
                let found = found.and_then(|found| found.get(1).or_else(|| found.get(0)));
                Cow::Borrowed(found.map_or(&[][..], |found| found.as_bytes()))
            }
        }
    }
}

/// The network of an address: `10.0.0.0/24`.
fn network(text: &[u8], v4: u8, v6: u8) -> Option<String> {
    let address: IpAddr = str::from_utf8(text).ok()?.parse().ok()?;
    Some(match address.to_canonical() {
        IpAddr::V4(address) => {
            let mask = u32::MAX.checked_shl(32 - u32::from(v4)).unwrap_or(0);
            format!("{}/{v4}", Ipv4Addr::from(u32::from(address) & mask))
        }
        IpAddr::V6(address) => {
            let mask = u128::MAX.checked_shl(128 - u32::from(v6)).unwrap_or(0);
            format!("{}/{v6}", Ipv6Addr::from(u128::from(address) & mask))
        }
    })
}

impl FromStr for Key {
    type Err = String;

    fn from_str(whole: &str) -> Result<Key, String> {
        let (text, only) = match whole.split_once(" where ") {
            Some((text, only)) => (text.trim(), Some(only.parse()?)),
            None => (whole.trim(), None),
        };
        let wrong = |why: &str| format!("`{text}` is not a key: {why}");
        let (field, shape) = if let Some((field, pattern)) = text.split_once('~') {
            let pattern = pattern.trim();
            let pattern = Regex::new(pattern)
                .map_err(|_| wrong(&format!("`{pattern}` is no regular expression")))?;
            (field, Shape::Found(pattern))
        } else if let Some((field, bits)) = text.split_once('/') {
            let (v4, v6) = bits.split_once('/').map_or((bits, None), |(v4, v6)| (v4, Some(v6)));
            let bits = |text: &str, most: u8| {
                let bits = text.parse::<u8>().ok().filter(|bits| (1..=most).contains(bits));
                bits.ok_or_else(|| wrong(&format!("`{text}` is not between 1 and {most} bits")))
            };
            (field, Shape::Network(bits(v4, 32)?, v6.map_or(Ok(V6), |v6| bits(v6, 128))?))
        } else {
            (text, Shape::Whole)
        };
        let field = field.trim();
        if field.is_empty() || field.contains(char::is_whitespace) {
            return Err(wrong("write a field, like ip, ip/24 or path~^/api/([^/]+)"));
        }
        Ok(Key { text: whole.to_owned(), field: field.to_owned(), shape, only })
    }
}

/// As it was written.
impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(key: &str, text: &str) -> String {
        let key: Key = key.parse().unwrap_or_else(|why: String| panic!("{why}"));
        String::from_utf8(key.of(text.as_bytes()).into_owned()).unwrap()
    }

    #[test]
    fn a_key_is_a_field_or_a_part_of_it() {
        for (key, text, wanted) in [
            ("ip", "10.1.2.3", "10.1.2.3"),
            ("ip/24", "10.1.2.3", "10.1.2.0/24"),
            ("ip/32", "10.1.2.3", "10.1.2.3/32"),
            ("ip/24", "::ffff:10.1.2.3", "10.1.2.0/24"),
            ("ip/24", "2001:db8:1:2ff::1", "2001:db8:1:200::/56"),
            ("ip/24/64", "2001:db8:1:2ff::1", "2001:db8:1:2ff::/64"),
            ("ip/24", "unix:", "unix:"),
            ("path~^/api/([^/]+)", "/api/users/7", "users"),
            ("path~^/[a-z]+", "/api/users/7", "/api"),
            ("path~^/api/([^/]+)", "/static", ""),
        ] {
            assert_eq!(of(key, text), wanted, "{key} of {text}");
        }
    }

    #[test]
    fn what_is_no_key_is_told() {
        for (key, told) in [
            ("", "write a field"),
            ("a b", "write a field"),
            ("ip/33", "`33` is not between 1 and 32 bits"),
            ("ip/24/0", "`0` is not between 1 and 128 bits"),
            ("path~(", "`(` is no regular expression"),
        ] {
            let error = key.parse::<Key>().unwrap_err();
            assert!(error.contains(told), "{key}: {error}");
        }
    }
}
