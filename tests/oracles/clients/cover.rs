//! Which client covers which recording: `tests/oracles/clients/cover-*.csv`.
//!
//! Columns: `library,version,config` as the recording names them, `client` as
//! `tollgate schedule` takes it, or `-` where nothing covers the recording;
//! `rule`, how the recording is to be read; `why`, the reason of a `-` or of a
//! rule. A `config` with one `*` stands for all that it matches, and a `*` in
//! `client` for what the star matched: Python's `'k': v` becomes `k=v`, `True`
//! becomes `true`. The first line that matches counts, exact ones first.

use csv::StringRecord;

/// How a recording is read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Rule {
    /// As it stands.
    Plain,
    /// The waits after this status: `on=503`.
    On(u16),
    /// The recording's retry `r` is the client's retry `r - 1`; its first is none.
    Earlier,
    /// The recording took it as a difference of clock readings, so that some of its
    /// waits are microseconds too long: `clock`.
    Clock,
    /// A deadline cut the call off after a random wait, so that the number of
    /// requests is one of several.
    RandomEnd,
}

/// What covers a recording.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Cover {
    By { client: String, rule: Rule },
    Nothing { why: String },
}

struct Line {
    library: String,
    version: String,
    config: String,
    client: String,
    rule: Rule,
    why: String,
}

/// All lines of the cover tables.
pub(crate) struct Covers(Vec<Line>);

impl Covers {
    /// Reads the tables that there are.
    pub(crate) fn read() -> Covers {
        let mut lines = vec![];
        for name in ["cover-python.csv", "cover-js.csv", "cover-other.csv"] {
            let path = super::folder().join(name);
            if !path.exists() {
                continue;
            }
            let mut reader =
                csv::ReaderBuilder::new().comment(Some(b'#')).from_path(&path).unwrap();
            let head = reader.headers().unwrap();
            assert_eq!(
                head,
                vec!["library", "version", "config", "client", "rule", "why"],
                "{name}"
            );
            lines.extend(reader.records().map(|record| line(&record.unwrap())));
        }
        // Exact lines come before those with a star; the order is kept besides.
        lines.sort_by_key(|line| line.config.contains('*'));
        Covers(lines)
    }

    /// What covers a recording, if any line speaks of it.
    pub(crate) fn of(&self, library: &str, version: &str, config: &str) -> Option<Cover> {
        self.0.iter().find_map(|line| {
            let same = line.library == library && line.version == version;
            let star = same.then(|| matched(&line.config, config)).flatten()?;
            Some(if line.client == "-" {
                assert!(!line.why.is_empty(), "{library} {version} {config}: no reason");
                Cover::Nothing { why: line.why.clone() }
            } else {
                Cover::By { client: line.client.replace('*', &star), rule: line.rule }
            })
        })
    }
}

fn line(record: &StringRecord) -> Line {
    let text = |at: usize| record[at].to_owned();
    let rule = match &record[4] {
        "" => Rule::Plain,
        "retry-1" => Rule::Earlier,
        "random-end" => Rule::RandomEnd,
        "clock" => Rule::Clock,
        other => match other.strip_prefix("on=") {
            Some(status) => Rule::On(status.parse().unwrap()),
            None => panic!("no rule: {other}"),
        },
    };
    Line {
        library: text(0),
        version: text(1),
        config: text(2),
        client: text(3),
        rule,
        why: text(5),
    }
}

/// What the star of a pattern stands for in a text; empty where it has none.
fn matched(pattern: &str, text: &str) -> Option<String> {
    let Some((before, after)) = pattern.split_once('*') else {
        return (pattern == text).then(String::new);
    };
    let star = text.strip_prefix(before)?.strip_suffix(after)?;
    let star = star.replace("': ", "=").replace('\'', "");
    Some(star.replace("True", "true").replace("False", "false"))
}

#[test]
fn a_star_stands_for_what_it_matches() {
    assert_eq!(matched("{*}", "{'backoff_factor': 0.1}").unwrap(), "backoff_factor=0.1");
    assert_eq!(matched("wait_fixed(*)", "wait_fixed(2)").unwrap(), "2");
    assert_eq!(matched("wait_fixed(*)", "wait_random(2)"), None);
    assert_eq!(matched("{}", "{}").unwrap(), "");
}
