//! The house keeps its order: modules use only what stands above them in
//! `lib.rs`, one place prints, and nothing that decides results touches the
//! machine.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// The longest file, in lines.
const LINES: usize = 400;

/// A source file: its place below `src/` and its text without tests and comments.
struct Source {
    place: String,
    lines: usize,
    code: String,
}

impl Source {
    /// The module at the top that the file belongs to.
    fn module(&self) -> &str {
        self.place.split(['/', '.']).next().unwrap()
    }

    /// How many modules deep it is: 1 for `src/time.rs`.
    fn depth(&self) -> usize {
        self.place.split('/').count()
    }
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

/// All files below `src/`, those that are tests alone left out.
fn sources() -> Vec<Source> {
    let mut found = vec![];
    let mut folders = vec![root()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|e| e == "rs") {
                found.push(path);
            }
        }
    }
    found.sort();
    let mut tests = BTreeSet::new();
    let mut all = vec![];
    for path in &found {
        let text = std::fs::read_to_string(path).unwrap();
        let place = path.strip_prefix(root()).unwrap().to_str().unwrap();
        let place = place.replace('\\', "/");
        let (code, test_modules) = without_tests(&text);
        let own = place.strip_suffix(".rs").unwrap().to_owned();
        tests.extend(test_modules.iter().map(|name| format!("{own}/{name}")));
        all.push(Source { place, lines: text.lines().count(), code });
    }
    let only_tests = |source: &Source| {
        let own = source.place.strip_suffix(".rs").unwrap();
        tests.iter().any(|t| own == t || own.starts_with(&format!("{t}/")))
    };
    all.retain(|source| !only_tests(source));
    all
}

/// The code without comments and without what is built for tests alone, and
/// the names of modules that are.
fn without_tests(text: &str) -> (String, Vec<String>) {
    let mut code = String::new();
    let mut modules = vec![];
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        let bare = line.trim_start();
        if bare.starts_with("//") {
            continue;
        }
        if bare == "#[cfg(test)]" {
            let indent = &line[..line.len() - bare.len()];
            let end = format!("{indent}}}");
            for item in lines.by_ref() {
                if let Some(name) =
                    item.trim().strip_prefix("mod ").and_then(|m| m.strip_suffix(';'))
                {
                    modules.push(name.to_owned());
                }
                // rustfmt ends an item at its own indentation.
                if item == end
                    || item.starts_with(indent)
                        && item.ends_with(';')
                        && !item[indent.len()..].starts_with(' ')
                {
                    break;
                }
            }
            continue;
        }
        code.push_str(line);
        code.push('\n');
    }
    (code, modules)
}

/// The modules of `lib.rs`, in its order.
fn order(lib: &str) -> Vec<String> {
    let name = |line: &str| {
        let line = line.strip_prefix("pub ").unwrap_or(line);
        Some(line.strip_prefix("mod ")?.strip_suffix(';')?.to_owned())
    };
    lib.lines().filter_map(name).collect()
}

/// The top modules that a text names, through `crate::` or enough `super::`.
fn used(code: &str, depth: usize) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    let to_the_top = "super::".repeat(depth);
    for way in ["crate::", to_the_top.as_str()] {
        for (at, _) in code.match_indices(way) {
            let before = code[..at].chars().next_back();
            if before.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == ':') {
                continue;
            }
            let rest = &code[at + way.len()..];
            match rest.strip_prefix('{') {
                None => names.extend(first_name(rest)),
                Some(group) => {
                    // The names at the group's own level.
                    let mut level = 0;
                    let mut start = true;
                    for (place, c) in group.char_indices() {
                        match c {
                            '{' => level += 1,
                            '}' if level == 0 => break,
                            '}' => level -= 1,
                            ',' if level == 0 => start = true,
                            c if start && level == 0 && !c.is_whitespace() => {
                                names.extend(first_name(&group[place..]));
                                start = false;
                            }
                            _ => {}
                        }
                    }
                }
            }
        }
    }
    names
}

fn first_name(text: &str) -> Option<String> {
    let end = text.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(text.len());
    (end > 0).then(|| text[..end].to_owned())
}

/// What a module uses that stands below it.
fn upside_down(order: &[String], module: &str, code: &str, depth: usize) -> Vec<String> {
    let place = |name: &str| order.iter().position(|n| n == name);
    let Some(own) = place(module) else {
        return vec![];
    };
    used(code, depth)
        .iter()
        .filter(|name| place(name).is_some_and(|other| other > own))
        .map(|name| format!("`{module}` may not use `{name}`, which is below it in lib.rs"))
        .collect()
}

/// Those of these words that stand in the code.
fn named<'w>(code: &str, words: &[&'w str]) -> Vec<&'w str> {
    let whole = |word: &&&str| {
        code.match_indices(**word).any(|(at, _)| {
            let before = code[..at].chars().next_back();
            !before.is_some_and(|c| c.is_alphanumeric() || c == '_')
        })
    };
    words.iter().filter(whole).copied().collect()
}

#[test]
fn modules_use_only_what_stands_above_them() {
    let order = order(&std::fs::read_to_string(root().join("lib.rs")).unwrap());
    assert!(order.len() > 10, "{order:?}");
    let found: Vec<String> = sources()
        .iter()
        .flat_map(|s| {
            let wrong = upside_down(&order, s.module(), &s.code, s.depth());
            wrong.into_iter().map(|w| format!("{}: {w}", s.place))
        })
        .collect();
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn an_order_upside_down_is_seen() {
    let order: Vec<String> =
        order("//! Map.\npub mod time;\n\n/// Says.\npub mod limiter;\nmod api;\n");
    let says = "`time` may not use `limiter`, which is below it in lib.rs";
    for code in [
        "use crate::limiter::Limit;",
        "use crate::{\n    api_like::X,\n    limiter::{Limit, api},\n};",
        "use super::limiter;",
        "fn f() -> crate::limiter::Slot { 0 }",
    ] {
        assert_eq!(upside_down(&order, "time", code, 1), [says], "{code}");
    }
    for code in ["use mycrate::limiter;", "use super::time;", "use crate::time::Span;"] {
        assert!(upside_down(&order, "limiter", code, 1).is_empty(), "{code}");
    }
    // One `super` of a file two deep is its own module.
    assert!(upside_down(&order, "time", "use super::limiter;", 2).is_empty());
    assert_eq!(upside_down(&order, "time", "use super::super::limiter;", 2), [says]);
    let text = "use crate::time;\n// crate::api\n#[cfg(test)]\nmod tests {\n    use crate::api;\n}\n#[cfg(test)]\nmod sample;\nuse a;\n";
    let (code, modules) = without_tests(text);
    assert_eq!((code.as_str(), modules), ("use crate::time;\nuse a;\n", vec!["sample".to_owned()]));
}

/// Whether the file belongs to one of these modules.
fn of(source: &Source, modules: &[&str]) -> bool {
    modules.contains(&source.module())
}

/// The words that stand in files outside some modules.
fn outside(modules: &[&str], words: &[&str]) -> Vec<String> {
    sources()
        .iter()
        .filter(|s| !of(s, modules))
        .flat_map(|s| {
            let found = named(&s.code, words);
            found.into_iter().map(|word| format!("{}: {word}", s.place)).collect::<Vec<_>>()
        })
        .collect()
}

#[test]
fn only_the_command_line_prints() {
    let words = ["println!", "eprintln!", "print!", "eprint!", "dbg!", "stdout(", "stderr("];
    let found = outside(&["cli", "main"], &words);
    assert!(found.is_empty(), "{found:?}");
    assert_eq!(named("x!(); eprintln!(\"\")", &words), ["eprintln!"]);
}

#[test]
fn nothing_that_decides_results_touches_the_machine() {
    let machine = ["std::fs", "std::env", "std::time", "std::net", "std::process", "std::io"];
    // `log` reads what it is given, and opens nothing.
    let found = outside(&["cli", "main", "report", "replay", "log"], &machine);
    assert!(found.is_empty(), "{found:?}");
    let found = outside(&["cli"], &["nix::"]);
    assert!(found.is_empty(), "only the command line asks what a run cost: {found:?}");
    let groups = ["use std::{"];
    let found = outside(&["cli", "main"], &groups);
    assert!(found.is_empty(), "written so that the rules above can see it: {found:?}");
    let threads = ["std::thread", "rayon::"];
    let found = outside(&["experiment", "replay", "cli", "main"], &threads);
    assert!(found.is_empty(), "threads live in `experiment` and `replay`: {found:?}");
}

/// The platform's own `ln` and its kin differ in the last bit; hash maps are
/// iterated in another order each time.
#[test]
fn nothing_differs_by_platform_or_run() {
    let floats = [
        ".ln()",
        ".log10()",
        ".log2()",
        ".log(",
        ".exp()",
        ".exp2()",
        ".powf(",
        ".powi(",
        ".sin()",
        ".cos()",
        ".tan()",
        ".atan2(",
        ".cbrt()",
        ".ln_1p()",
        ".exp_m1()",
        ".sin_cos()",
        ".hypot(",
    ];
    let chance = ["HashMap", "HashSet", "StdRng", "SmallRng", "thread_rng", "RandomState"];
    let mut found = vec![];
    for source in sources() {
        let words = floats.iter().filter(|word| source.code.contains(**word));
        found.extend(words.map(|word| format!("{}: {word}", source.place)));
        let words = named(&source.code, &chance);
        found.extend(words.into_iter().map(|word| format!("{}: {word}", source.place)));
    }
    assert!(found.is_empty(), "{found:?}");
}

#[test]
fn no_file_is_longer_than_a_few_pages() {
    let sources = sources();
    let long: Vec<_> =
        sources.iter().filter(|s| s.lines > LINES).map(|s| (&s.place, s.lines)).collect();
    assert!(long.is_empty(), "longer than {LINES} lines: {long:?}");
}

/// The parts of a limiter's file, in their order.
const PARTS: [&str; 14] = [
    "//! # Formula",
    "//! # Source",
    "//! # Example",
    "//! ```",
    "Deserialize)]",
    "impl Algorithm for",
    "type State",
    "const CARD",
    "fn fresh",
    "fn test",
    "fn admit",
    "fn view",
    "fn rule",
    "mod tests",
];

/// What is missing from a limiter's file or stands in the wrong place.
fn misplaced(text: &str) -> Vec<&'static str> {
    let mut from = 0;
    let wrong = |part: &&str| match text[from..].find(part) {
        Some(at) => {
            from += at;
            false
        }
        None => true,
    };
    PARTS.into_iter().filter(wrong).collect()
}

#[test]
fn every_limiter_has_the_same_parts_in_the_same_order() {
    let is_limiter = |source: &&Source| source.code.contains("impl Algorithm for");
    let mut count = 0;
    for source in sources().iter().filter(is_limiter) {
        let text = std::fs::read_to_string(root().join(&source.place)).unwrap();
        assert!(misplaced(&text).is_empty(), "{}: {:?}", source.place, misplaced(&text));
        count += 1;
    }
    assert_eq!(count, tollgate::limiter::CARDS.len(), "a file is not in the list of limiters");
    let parts = PARTS.join("\n");
    assert!(misplaced(&parts).is_empty());
    assert_eq!(misplaced(&parts.replace("//! # Source\n", "")), ["//! # Source"]);
    let turned = parts.replace("fn test\nfn admit", "fn admit\nfn test");
    assert_eq!(misplaced(&turned), ["fn admit"]);
}
