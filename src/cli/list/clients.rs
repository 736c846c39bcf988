//! The clients: ours, those of libraries, and what vendors advise.

use toml::{Table, Value};

use super::parameter;
use crate::report::text::{WIDTH, keep, wrap};
use crate::report::words;
use crate::scenario::library::{BUILT_IN, Kind};

const HEADING: &str = "clients: tollgate compare SCENARIO --clients NAME";

/// How they are asked for.
const NAMES: &str = "A client goes by its name, its aliases and its library, \
    which may have a version (openai@1 is the newest that begins with 1) and \
    parameters: urllib3(total=3, backoff_factor=0.5). tollgate show client/NAME prints \
    the file. What is not told of a client it does not have.";

/// The columns of a name in a line; a longer one takes some of what follows.
const NAME: usize = 21;

/// The groups, in the order of the list.
const GROUPS: [&str; 3] =
    ["of our own", "of libraries", "for one API: the vendor's advice, or ours"];

struct Client {
    name: &'static str,
    file: Table,
}

/// All clients: in a line each, or in full.
pub(super) fn section(in_full: bool) -> String {
    let mut text = format!("{HEADING}\n");
    if in_full {
        text.push_str(&wrap(NAMES, 0));
        text.push('\n');
    }
    let clients: Vec<Client> = clients().collect();
    for (group, heading) in GROUPS.iter().enumerate() {
        let mut members: Vec<&Client> = clients.iter().filter(|c| c.group() == group).collect();
        members.sort_by_key(|client| client.name);
        if members.is_empty() {
            continue;
        }
        let between = if in_full { "\n" } else { "" };
        text.extend([between, "  ", heading, "\n"]);
        let tell = |client: &&Client| if in_full { client.whole() } else { client.line() };
        text.extend(members.iter().map(tell));
    }
    text
}

fn clients() -> impl Iterator<Item = Client> {
    let models = BUILT_IN.iter().filter(|model| model.kind == Kind::Client);
    models.map(|model| Client { name: model.name, file: model.text.parse().unwrap_or_default() })
}

impl Client {
    fn text(&self, key: &str) -> Option<&str> {
        self.file.get(key).and_then(Value::as_str)
    }

    fn group(&self) -> usize {
        let first = |name: &'static str| name.split('-').next();
        let apis = BUILT_IN.iter().filter(|model| model.kind == Kind::Api);
        if self.text("library").is_some() {
            1
        } else if apis.into_iter().any(|api| first(api.name) == first(self.name)) {
            2
        } else {
            0
        }
    }

    /// `urllib3 2.8.0`.
    fn release(&self) -> Option<String> {
        let library = self.text("library")?;
        Some(
            format!("{library} {}", self.text("version").unwrap_or_default()).trim_end().to_owned(),
        )
    }

    /// The name and what it does; of the library the version alone, as its name
    /// is mostly told by the client's.
    fn line(&self) -> String {
        let version = self.text("version").and_then(|version| version.split(' ').next());
        let version = version.map_or(String::new(), |version| format!("{version}: "));
        let title = self.text("title").unwrap_or_default();
        let line = format!("    {:NAME$} {version}{title}", self.name);
        if line.chars().count() <= WIDTH {
            return line + "\n";
        }
        let head: String = line.chars().take(WIDTH - 1).collect();
        format!("{}…\n", head.trim_end())
    }

    fn whole(&self) -> String {
        let aliases = self.file.get("aliases").and_then(Value::as_array);
        let aliases = aliases.into_iter().flatten().filter_map(Value::as_str);
        let aliases: Vec<&str> = aliases.collect();
        let also = (!aliases.is_empty()).then(|| format!("also {}", aliases.join(", ")));
        let evidence = self.text("evidence").unwrap_or("ours");
        let release = self.release().map(|release| keep(&release));
        let head = [release, Some(evidence.to_owned()), also].into_iter().flatten();
        let head = wrap(&format!("{}{}", keep("  "), head.collect::<Vec<_>>().join(", ")), 2);
        let texts = ["title", "source"].into_iter().filter_map(|key| self.text(key));
        let texts = texts.map(|text| wrap(&format!("{}{}", keep("  "), broken(text)), 2) + "\n");
        let texts: String = texts.collect();
        let lines = words::policy(&self.file);
        let width = lines.iter().map(|(key, _)| key.len()).max().unwrap_or(0);
        let lines = lines.iter().map(|(key, said)| parameter((key, said), width));
        format!("\n{}\n{head}\n{texts}{}", self.name, lines.collect::<String>())
    }
}

/// A text in which no word is longer than a line: an address goes on after a `/`.
fn broken(text: &str) -> String {
    let word = |word: &str| {
        let Some((at, _)) = word.char_indices().nth(WIDTH - 2) else {
            return word.to_owned();
        };
        let slash = word[..at].rfind('/').map_or(at, |slash| slash + 1);
        format!("{} {}", &word[..slash], broken(&word[slash..]))
    };
    text.split(' ').map(word).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_client_is_told_of_once_in_the_width_of_a_screen() {
        for in_full in [false, true] {
            let text = section(in_full);
            assert!(text.lines().all(|line| line.chars().count() <= WIDTH), "{text}");
            for client in clients() {
                let line = if in_full {
                    format!("\n{}\n", client.name)
                } else {
                    format!("\n    {} ", client.name)
                };
                assert_eq!(text.matches(&line).count(), 1, "{}", client.name);
            }
        }
    }

    #[test]
    fn a_vendors_advice_is_for_its_api() {
        let group = |name: &str| clients().find(|client| client.name == name).unwrap().group();
        assert_eq!((group("naive"), group("clover-advice"), group("ironclad-advice")), (0, 2, 2));
    }
}
