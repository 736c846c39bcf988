//! What `compare clover` writes, held byte for byte: the picture of the README,
//! and a digest of every other file; and the README's picture of `compare herd`.
//!
//! `UPDATE_GOLDEN=1 cargo test --test golden` writes what it makes today. A
//! changed golden is a changed result: it belongs in a commit of its own, with
//! its reason.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use sha2::{Digest, Sha256};

const PICTURE: &str = "work-time.svg";
const HERD: &str = "waves.svg";

fn golden(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name)
}

/// The bytes of every file that `binary` writes for `compare`.
fn files(binary: &Path, scenario: &str, threads: &str) -> BTreeMap<String, Vec<u8>> {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out");
    let status = Command::new(binary)
        .args(["compare", scenario, "--quiet", "--threads", threads, "-o"])
        .arg(&out)
        .current_dir(folder.path())
        .env("TZ", "Asia/Kathmandu")
        .env("LC_ALL", "de_DE.UTF-8")
        .output()
        .unwrap();
    assert!(status.status.success(), "{}", String::from_utf8_lossy(&status.stderr));
    let entries = fs::read_dir(&out).unwrap().map(|entry| entry.unwrap());
    let file = |entry: fs::DirEntry| {
        (entry.file_name().into_string().unwrap(), fs::read(entry.path()).unwrap())
    };
    entries.map(file).collect()
}

/// A line a file: the SHA-256 of its bytes, and its name.
fn digests(files: &BTreeMap<String, Vec<u8>>) -> String {
    let mut lines = String::new();
    for (name, bytes) in files {
        let digest: Vec<String> =
            Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect();
        lines.extend([&digest.concat(), "  ", name, "\n"]);
    }
    lines
}

#[test]
fn the_files_of_the_main_job_are_the_same_bytes_as_ever() {
    let files = files(Path::new(env!("CARGO_BIN_EXE_tollgate")), "clover", "2");
    let digests = digests(&files);
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(golden(PICTURE), &files[PICTURE]).unwrap();
        fs::write(golden("clover.sha256"), &digests).unwrap();
    }
    let hint = "is the change meant? then run UPDATE_GOLDEN=1 cargo test --test golden";
    assert!(
        fs::read(golden(PICTURE)).unwrap() == files[PICTURE],
        "the README's picture differs: {hint}"
    );
    assert_eq!(fs::read_to_string(golden("clover.sha256")).unwrap(), digests, "{hint}");
}

#[test]
fn the_picture_of_the_herd_is_the_same_bytes_as_ever() {
    let files = files(Path::new(env!("CARGO_BIN_EXE_tollgate")), "herd", "2");
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(golden(HERD), &files[HERD]).unwrap();
    }
    let hint = "is the change meant? then run UPDATE_GOLDEN=1 cargo test --test golden";
    assert!(fs::read(golden(HERD)).unwrap() == files[HERD], "the README's picture differs: {hint}");
}

#[test]
#[ignore = "builds the binary twice, over the one that other tests run"]
fn debug_and_release_write_the_same_bytes_on_any_threads() {
    // Where this test was built, so that what others wrote is not built again.
    let target = Path::new(env!("CARGO_BIN_EXE_tollgate")).ancestors().nth(2).unwrap();
    let mut binaries = vec![];
    for profile in ["dev", "release"] {
        let built = Command::new(env!("CARGO"))
            .args(["build", "--locked", "--bin", "tollgate", "--profile", profile, "--target-dir"])
            .arg(target)
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .status()
            .unwrap();
        assert!(built.success());
        let folder = if profile == "dev" { "debug" } else { profile };
        binaries.push(target.join(folder).join("tollgate"));
    }
    let expected = digests(&files(&binaries[0], "clover", "1"));
    assert_eq!(expected, digests(&files(&binaries[1], "clover", "1")));
    assert_eq!(expected, digests(&files(&binaries[1], "clover", "2")));
    assert_eq!(expected, digests(&files(&binaries[1], "clover", "5")));
}
