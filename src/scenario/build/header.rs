//! The headers of an API's file become rules.

use std::collections::BTreeSet;

use crate::api::{Endpoint, Form, HeaderRule, LimitModel, Told};
use crate::http::{Field, HEADERS_MAX, HeaderId, Value};
use crate::scenario::file::api as file;
use crate::scenario::file::header as wire;

use super::Checks;

/// What headers are called, and what they say in words.
pub(super) struct Names {
    pub(super) headers: Vec<String>,
    pub(super) texts: Vec<String>,
}

impl Names {
    fn text(&mut self, text: &str) -> u16 {
        let place = self.texts.iter().position(|known| known == text).unwrap_or_else(|| {
            self.texts.push(text.to_owned());
            self.texts.len() - 1
        });
        u16::try_from(place).expect("an API has few words")
    }
}

pub(super) fn headers_of<'f>(api: &'f file::Api, limit: &'f file::Limit) -> &'f [wire::Header] {
    limit.headers.as_deref().unwrap_or(&api.headers)
}

/// The names of all headers, each once.
pub(super) fn header_names(api: &file::Api, checks: &mut Checks) -> Vec<String> {
    let mut names: Vec<String> = vec![];
    let all = api.limit.iter().filter_map(|l| l.headers.as_ref()).flatten().chain(&api.headers);
    for header in all {
        let name = header.name.as_ref();
        if names.iter().any(|n| n.eq_ignore_ascii_case(name)) {
            continue;
        }
        if names.len() == HEADERS_MAX {
            let message = format!("`{name}` is one header name too many");
            checks.fault(
                header.name.span(),
                message,
                format!("an API sends at most {HEADERS_MAX} about its limits"),
            );
        } else {
            names.push(name.clone());
        }
    }
    names
}

/// A fault where a response would have more lines than there is room for: a
/// list has one for every limit.
pub(super) fn check_lines(
    api: &file::Api,
    endpoints: &[Endpoint],
    limits: &[LimitModel],
    checks: &mut Checks,
) {
    for endpoint in endpoints {
        let ids = || endpoint.limits.iter().map(|id| usize::from(id.0));
        let rules = || ids().flat_map(|id| &limits[id].headers);
        let lists = rules().filter(|rule| rule.is_list()).count();
        let others = rules().filter(|rule| !rule.is_list()).map(|rule| rule.name);
        let lines = lists + others.collect::<BTreeSet<_>>().len();
        if let Some(last) = ids().next_back().filter(|_| lines > HEADERS_MAX) {
            let message = format!("a response of `{}` has {lines} lines of headers", endpoint.name);
            let help = format!("at most {HEADERS_MAX}: a list has one for every limit");
            return checks.fault(api.limit[last].name.span(), message, help);
        }
    }
}

pub(super) fn header_rule(
    header: &wire::Header,
    limit: &str,
    names: &mut Names,
    checks: &mut Checks,
) -> Option<HeaderRule> {
    let place = names.headers.iter().position(|n| n.eq_ignore_ascii_case(header.name.as_ref()))?;
    let structured = |field, names: &mut Names| Told::Structured {
        field,
        policy: names.text(header.text.as_deref().unwrap_or(limit)),
        window: header.window,
    };
    let told = match header.tells {
        wire::Tells::Limit => Told::Limit,
        wire::Tells::Remaining => Told::Remaining,
        wire::Tells::Used => Told::Used,
        wire::Tells::UsedOfLimit => Told::UsedOfLimit,
        wire::Tells::Reset => Told::Reset(form(header)),
        wire::Tells::Wait => Told::Wait(form(header)),
        wire::Tells::Text => {
            let Some(text) = &header.text else {
                let message = format!("`{}` does not say which text", header.name.as_ref());
                checks.fault(header.name.span(), message, "add it, like text = \"user\"");
                return None;
            };
            Told::Constant(Value::number(text).unwrap_or_else(|| Value::Text(names.text(text))))
        }
        wire::Tells::Draft3Limit => structured(Field::Draft3Limit, names),
        wire::Tells::Draft6Policy => structured(Field::Draft6Policy, names),
        wire::Tells::Draft7 => structured(Field::Draft7, names),
        wire::Tells::Policy => structured(Field::Policy, names),
        wire::Tells::State => structured(Field::State, names),
    };
    let name = HeaderId(u8::try_from(place).ok()?);
    Some(HeaderRule { name, told, rejects_only: header.on == wire::On::Rejects })
}

fn form(header: &wire::Header) -> Form {
    Form { notation: header.form, unit: header.unit, round: header.round }
}
