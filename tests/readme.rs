//! Every example of the README is run, and prints what the README says.
//!
//! `TRYCMD=overwrite cargo test --test readme` writes what it prints today.

#[test]
fn every_example_prints_what_it_says() {
    trycmd::TestCases::new().case("README.md");
}
