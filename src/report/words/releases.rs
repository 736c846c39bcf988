//! Which library, and which version of it, each client does as.

use serde_json::{Value, json};

use crate::report::text::{keep, visible};
use crate::scenario::{Plan, Variant};

/// The libraries of a comparison in a line: `clients: openai is openai 3.54.0`.
/// Clients that are no library's are left out; `None` where all are.
#[must_use]
pub fn releases(plan: &Plan) -> Option<String> {
    let told = plan.variants.iter().filter_map(|variant| {
        let release = visible(&variant.release.as_ref()?.to_string());
        let file = other_file(variant).map_or(String::new(), |file| format!(" ({file})"));
        Some(keep(&format!("{} is {release}{file}", visible(&variant.name))))
    });
    let told: Vec<String> = told.collect();
    (!told.is_empty()).then(|| format!("clients: {}", told.join(", ")))
}

/// The name in a client's file, where it was asked for by another.
fn other_file(variant: &Variant) -> Option<String> {
    let asked = variant.name.split(['@', '(']).next();
    (asked != Some(variant.file.as_str())).then(|| visible(&variant.file))
}

/// The same for programs: an object for each client that does as a library.
#[must_use]
pub fn libraries(plan: &Plan) -> Vec<Value> {
    let object = |variant: &Variant| {
        let release = variant.release.as_ref()?;
        Some(json!({
            "client": variant.name,
            "file": variant.file,
            "library": release.library,
            "version": release.version,
        }))
    };
    plan.variants.iter().filter_map(object).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture::plan;
    use crate::report::text::KEPT;
    use crate::scenario::Release;

    #[test]
    fn each_library_has_its_version_and_ours_are_not_mentioned() {
        let mut plan = plan(&["naive", "urllib3(total=3)", "boto3@1", "openai"]);
        assert_eq!(releases(&plan), None);
        assert!(libraries(&plan).is_empty());
        for (place, file, library, version) in [
            (1, "urllib3", "urllib3", Some("2.8.0")),
            (2, "aws-legacy", "botocore", Some("1.34.162")),
            (3, "openai", "openai-python", None),
        ] {
            let variant = &mut plan.variants[place];
            file.clone_into(&mut variant.file);
            let version = version.map(str::to_owned);
            variant.release = Some(Release { library: library.to_owned(), version });
        }
        let line = releases(&plan).unwrap().replace(KEPT, " ");
        let wanted = "clients: urllib3(total=3) is urllib3 2.8.0, \
            boto3@1 is botocore 1.34.162 (aws-legacy), openai is openai-python";
        assert_eq!(line, wanted);
        let all = libraries(&plan);
        assert_eq!(all[1]["client"], "boto3@1");
        assert_eq!(all[1]["version"], "1.34.162");
        assert_eq!(all[2]["version"], Value::Null);
    }
}
