//! A client with parameters: what is written for one in the words of its library
//! becomes settings of its file, so that it goes through the one parse.

use super::document::{Asker, Document, SetError};
use super::file::client::Client;
use super::file::preset::Parameter;
use super::reference::{self, Reference, ReferenceError};

/// Sets the parameters that a reference gives in the client's document.
pub(super) fn set(document: &mut Document, reference: &Reference) -> Result<(), ReferenceError> {
    if reference.parameters.is_empty() {
        return Ok(());
    }
    let known = document.parse::<Client>().value.map(|client| client.parameters);
    let known = known.unwrap_or_default();
    let name = document.name();
    let name = name.rsplit(['/', '\\']).next().unwrap_or(name).to_owned();
    for (parameter, value) in &reference.parameters {
        let Some((_, means)) = known.iter().find(|(name, _)| name.as_ref() == parameter) else {
            return Err(ReferenceError::Parameter {
                client: name,
                parameter: parameter.clone(),
                has: known.keys().map(|name| name.as_ref().clone()).collect(),
            });
        };
        let asker = Asker {
            place: format!("the parameters of {name}"),
            flag: format!("{parameter}={value}, which is "),
        };
        let all = means.0.iter();
        for (means, path) in all.flat_map(|one| one.sets.0.iter().map(move |path| (one, path))) {
            put(document, &asker, path, &toml_of(value, means)).map_err(|error| {
                let (client, parameter) = (name.clone(), parameter.clone());
                ReferenceError::Set { client, parameter, error: Box::new(error) }
            })?;
        }
    }
    Ok(())
}

/// What becomes of what is written for a parameter.
#[derive(PartialEq, Debug)]
enum Put<'v> {
    /// The key is taken out; the word for that.
    Nothing(&'v str),
    /// This TOML takes its place.
    Toml(String),
    /// This list does; its second form has texts in place of numbers.
    List(String, String),
}

fn put(
    document: &mut Document,
    asker: &Asker,
    path: &str,
    value: &Put<'_>,
) -> Result<(), SetError> {
    match value {
        Put::Nothing(word) => document.unset::<Client>(asker, path, word),
        Put::Toml(toml) => set_in(document, asker, path, toml),
        Put::List(numbers, texts) => {
            let before = faults(document);
            let mut other = document.clone();
            document.set_for::<Client>(asker.clone(), path, numbers)?;
            if faults(document) > before {
                other.set_for::<Client>(asker.clone(), path, texts)?;
                if faults(&other) <= before {
                    *document = other;
                }
            }
            Ok(())
        }
    }
}

/// How many faults a client's document has.
fn faults(document: &Document) -> usize {
    document.parse::<Client>().faults().len()
}

/// Sets a value, in a table of its own where the file has none yet: a deadline's
/// total makes a deadline.
fn set_in(document: &mut Document, asker: &Asker, path: &str, toml: &str) -> Result<(), SetError> {
    let found = document.set_for::<Client>(asker.clone(), path, toml);
    let (Err(SetError::Nowhere { .. }), Some((table, key))) = (&found, path.rsplit_once('.'))
    else {
        return found;
    };
    let is_toml = toml::de::DeValue::parse(toml).is_ok();
    let toml = if is_toml { toml.to_owned() } else { text(toml) };
    let mut other = document.clone();
    let set = other.set_for::<Client>(asker.clone(), table, &format!("{{ {key} = {toml} }}"));
    if set.is_err() || faults(&other) > faults(document) {
        return found;
    }
    *document = other;
    Ok(())
}

fn toml_of<'v>(value: &'v str, means: &Parameter) -> Put<'v> {
    let exact = means.values.get(value);
    // `True` in Python, `true` elsewhere.
    let same = || means.values.iter().find(|(word, _)| word.eq_ignore_ascii_case(value));
    if let Some(toml) = exact.or_else(|| same().map(|(_, toml)| toml)) {
        return Put::Toml(toml.clone());
    }
    // `Infinity` is how JavaScript says that there is no limit.
    if ["None", "null", "nil", "Infinity"].contains(&value) {
        return Put::Nothing(value);
    }
    let inside = value.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    let Some(inside) = inside else {
        return Put::Toml(number(value, means).unwrap_or_else(|| match value {
            "True" | "False" => value.to_lowercase(),
            _ => value.to_owned(),
        }));
    };
    let items = reference::pieces(inside, reference::Nesting { depth: 1, quote: None });
    let items = items.into_iter().map(str::trim).filter(|item| !item.is_empty());
    let also = means.also.iter().map(String::as_str);
    let (numbers, texts): (Vec<String>, Vec<String>) = items
        .chain(also)
        .map(|item| match number(item, means) {
            Some(number) => (number.clone(), text(number.trim_matches('"'))),
            None => (text(item), text(item)),
        })
        .unzip();
    Put::List(format!("[{}]", numbers.join(", ")), format!("[{}]", texts.join(", ")))
}

/// A number as the parameter's file wants it; `None` if it is none.
fn number(value: &str, means: &Parameter) -> Option<String> {
    let number: f64 = value.parse().ok().filter(|number: &f64| number.is_finite())?;
    let exact = number * means.times.unwrap_or(1.0) + means.plus.unwrap_or(0.0);
    let exact = means.at_most.map_or(exact, |most| exact.min(most));
    // 0.07 * 100 is 7.000000000000001: the last digit of a product means nothing.
    let rounded: f64 = format!("{exact:.14e}").parse().unwrap_or(exact);
    let (prefix, unit) = (means.prefix.as_deref(), means.unit.as_deref());
    Some(match (prefix, unit) {
        (None, None) => rounded.to_string(),
        _ => text(&format!("{}{rounded}{}", prefix.unwrap_or(""), unit.unwrap_or(""))),
    })
}

/// A text as TOML writes it; one in quotes has them already.
fn text(text: &str) -> String {
    let quoted = |quote| text.len() > 1 && text.starts_with(quote) && text.ends_with(quote);
    if quoted('"') || quoted('\'') {
        return text.to_owned();
    }
    toml::Value::String(text.to_owned()).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::library::{BUILT_IN, Kind};
    use crate::scenario::reference::Target;

    const CLIENT: &str = r#"name = "x"
title = "a client"
attempts = 4
retries = ["429", "5xx"]
wait = { exponential = { base = "1s", factor = 2, cap = "60s" } }
jitter = "none"
timeout = "10s"

[parameters]
backoff_factor = { sets = "wait.exponential.base", unit = "s" }
backoff_ms = { sets = "wait.exponential.base", times = 0.001, unit = "s" }
both = { sets = ["wait.exponential.base", "wait.exponential.cap"], unit = "s" }
total = { sets = "attempts", plus = 1, values = { forever = "1000" } }
backoff_max = { sets = "wait.exponential.cap", unit = "s" }
status_forcelist = { sets = "retries" }
jitter = { sets = "jitter", values = { true = "\"full\"", false = "\"none\"" } }
timeout = { sets = "timeout", unit = "s" }
max_attempts = { sets = "attempts", at-most = 5 }
codes = { sets = "retries", also = ["refused", "timeout"] }
gap = [{ sets = "timeout", prefix = "1", unit = "s" }, { sets = "attempts" }]
total_delay = { sets = "deadline.total", unit = "s" }
lost = { sets = "wait.linear.nowhere" }
"#;

    fn with(parameters: &str) -> Result<Document, ReferenceError> {
        let mut document = Document::new("client/x", CLIENT).unwrap();
        let reference = Reference::read(&format!("x({parameters})"), Kind::Client).unwrap();
        set(&mut document, &reference).map(|()| document)
    }

    /// What differs: the lines with parameters.
    fn changed(parameters: &str) -> Vec<String> {
        let document = with(parameters).unwrap();
        let faults = document.parse::<Client>().finish(&document);
        assert!(faults.is_ok(), "{}", faults.unwrap_err());
        let before: Vec<&str> = CLIENT.lines().collect();
        let lines = document.text().lines().filter(|line| !before.contains(line));
        lines.map(str::to_owned).collect()
    }

    #[test]
    fn a_number_is_scaled_and_has_its_unit() {
        let wait = |base: &str, cap: &str| {
            vec![format!(
                "wait = {{ exponential = {{ base = \"{base}\", factor = 2, cap = \"{cap}\" }} }}"
            )]
        };
        assert_eq!(changed("backoff_factor=0.5"), wait("0.5s", "60s"));
        assert_eq!(changed("backoff_factor=5e-1"), wait("0.5s", "60s"));
        assert_eq!(changed("backoff_ms=70"), wait("0.07s", "60s"));
        assert_eq!(changed("both=2.50"), wait("2.5s", "2.5s"));
        assert_eq!(changed("backoff_factor=250ms"), wait("250ms", "60s"));
        assert_eq!(changed("total=5"), ["attempts = 6"]);
        assert_eq!(changed("total=5, timeout=3").len(), 2);
        assert_eq!(changed("max_attempts=3"), ["attempts = 3"]);
        assert_eq!(changed("max_attempts=9"), ["attempts = 5"]);
        assert_eq!(changed("gap=2"), ["attempts = 2", "timeout = \"12s\""]);
    }

    #[test]
    fn words_mean_what_the_file_says_and_none_takes_the_key_away() {
        assert_eq!(changed("jitter=true"), ["jitter = \"full\""]);
        assert_eq!(changed("jitter=True"), ["jitter = \"full\""]);
        assert_eq!(changed("total=forever"), ["attempts = 1000"]);
        assert!(!with("total=None").unwrap().text().contains("\nattempts = "));
        assert!(!with("total=Infinity").unwrap().text().contains("\nattempts = "));
        let text = with("backoff_max=null").unwrap().text().to_owned();
        assert!(text.contains("{ base = \"1s\", factor = 2 }"), "{text}");
    }

    #[test]
    fn a_table_that_is_not_there_yet_is_made() {
        assert_eq!(changed("total_delay=30"), ["deadline = { total = \"30s\" }"]);
        assert_eq!(with("total_delay=None").unwrap().text(), CLIENT);
    }

    #[test]
    fn a_list_becomes_texts_where_only_texts_are_taken() {
        let retries = changed("status_forcelist=[429, 503, refused]");
        assert_eq!(retries, ["retries = [\"429\", \"503\", \"refused\"]"]);
        let retries = changed("codes=[429]");
        assert_eq!(retries, ["retries = [\"429\", \"refused\", \"timeout\"]"]);
        assert_eq!(changed("status_forcelist=[\"4xx\"]"), ["retries = [\"4xx\"]"]);
    }

    #[test]
    fn what_does_not_fit_is_told_in_the_words_that_were_written() {
        let error = with("backof_factor=1").unwrap_err();
        assert_eq!(error.message(), "x has no parameter `backof_factor`");
        let help = error.help();
        assert!(help.contains("did you mean `backoff_factor`?"), "{help}");
        assert!(help.contains("x has the parameters backoff_factor, backoff_max"), "{help}");
        let error = with("lost=1").unwrap_err();
        assert!(error.message().contains("`lost` of x cannot be set"), "{}", error.message());
        let document = with("total=2.5").unwrap();
        let faults = document.parse::<Client>().finish(&document).unwrap_err().to_string();
        assert!(faults.contains("total=2.5, which is attempts=3.5"), "{faults}");
        assert!(faults.contains("the parameters of x"), "{faults}");
    }

    /// No built-in file has a parameter that leads nowhere: something can be
    /// written for each, and it changes the file.
    #[test]
    fn every_parameter_of_every_built_in_client_can_be_set() {
        let probes = ["2", "0.25", "[1, 2]", "[500, 503]", "[PUT]", "PUT", "7s", "true", "None"];
        for model in BUILT_IN.iter().filter(|model| model.kind == Kind::Client) {
            let document = Document::new(model.name, model.text).unwrap();
            // Whether the files are without faults is another test's question.
            let parsed = document.parse::<Client>();
            let (before, client) = (parsed.faults().len(), parsed.value.unwrap());
            for (name, means) in &client.parameters {
                let words = means.0.iter().flat_map(|one| one.values.keys());
                let words = words.map(String::as_str);
                let fits = |probe: &str| {
                    let mut document = document.clone();
                    let pair = (name.as_ref().clone(), probe.to_owned());
                    let target = Target::Path(model.name.to_owned());
                    let reference = Reference { target, version: None, parameters: vec![pair] };
                    set(&mut document, &reference).is_ok()
                        && document.text() != model.text
                        && document.parse::<Client>().faults().len() <= before
                };
                assert!(
                    words.chain(probes).any(fits),
                    "nothing can be written for `{}` of {}",
                    name.as_ref(),
                    model.name
                );
            }
        }
    }
}
