//! Every example of the README is run, and prints what the README says.
//!
//! `TRYCMD=overwrite cargo test --test command readme` writes what it prints today.

#[test]
fn every_example_prints_what_it_says() {
    trycmd::TestCases::new().case("README.md");
}

/// The gateway that the README shows is the one whose example is run.
#[test]
fn the_gateway_is_the_file() {
    let readme = include_str!("../../README.md");
    assert!(readme.contains(include_str!("../models/gateway.toml").trim_end()));
}
