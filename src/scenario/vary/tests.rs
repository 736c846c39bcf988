//! What `--vary` reads, and what it refuses.

use proptest::prelude::*;

use super::*;

fn each(text: &str) -> Vec<String> {
    match Values::read("x", text) {
        Ok(Values::Each(values)) => values,
        other => panic!("{text}: {other:?}"),
    }
}

fn between(text: &str) -> Between {
    match Values::read("x", text) {
        Ok(Values::Between(between)) => between,
        other => panic!("{text}: {other:?}"),
    }
}

fn wrong(text: &str) -> String {
    Values::read("x", text).unwrap_err().to_string()
}

#[test]
fn a_list_is_cut_at_its_own_commas() {
    assert_eq!(each("8, 16,32"), ["8", "16", "32"]);
    assert_eq!(each("[1,2],{ a = 1, b = 2 },f(x, y)"), ["[1,2]", "{ a = 1, b = 2 }", "f(x, y)"]);
    assert_eq!(
        each(r#""a,b", 'c,d',"e\",f",it's,1"#),
        ["\"a,b\"", "'c,d'", r#""e\",f""#, "it's", "1"]
    );
    assert_eq!(each("clock"), ["clock"]);
    assert_eq!(each("../a.toml"), ["../a.toml"]);
}

#[test]
fn a_range_has_its_end_where_a_step_hits_it() {
    assert_eq!(each("8..64:8"), ["8", "16", "24", "32", "40", "48", "56", "64"]);
    assert_eq!(each("8..63:8").last().unwrap(), "56");
    assert_eq!(each("1..2:5"), ["1"]);
    assert_eq!(each("-1..1:0.5"), ["-1", "-0.5", "0", "0.5", "1"]);
    assert_eq!(each("1_000..3_000:1_000"), ["1000", "2000", "3000"]);
    assert_eq!(each("1, 2, 8..16:4"), ["1", "2", "8", "12", "16"]);
}

#[test]
fn decimals_are_counted_as_they_are_written() {
    // In floats three tenths are less than 0.1 + 0.2.
    assert_eq!(each("0.1..0.3:0.1"), ["0.1", "0.2", "0.3"]);
    assert_eq!(each("0..1:0.001").len(), 1001);
    assert_eq!(each("0.10..0.2:0.05"), ["0.1", "0.15", "0.2"]);
}

#[test]
fn units_are_kept_and_times_are_in_the_finest() {
    assert_eq!(each("1%..3%:1%"), ["1%", "2%", "3%"]);
    assert_eq!(each("10/s..30/s:10/s"), ["10/s", "20/s", "30/s"]);
    assert_eq!(each("5/100ms..7/100ms:1/100ms"), ["5/100ms", "6/100ms", "7/100ms"]);
    assert_eq!(each("500ms..2s:500ms"), ["500ms", "1000ms", "1500ms", "2000ms"]);
    assert_eq!(each("0.5s..1.5s:0.5s"), ["0.5s", "1s", "1.5s"]);
    assert_eq!(each("10s..2min:1min"), ["10s", "70s"]);
}

#[test]
fn a_factor_makes_a_geometric_range() {
    assert_eq!(each("1..1000:x10"), ["1", "10", "100", "1000"]);
    assert_eq!(each("1..999:x10"), ["1", "10", "100"]);
    assert_eq!(each("1..4:x1.5"), ["1", "1.5", "2.25", "3.375"]);
    assert_eq!(each("0.001..1:x10"), ["0.001", "0.01", "0.1", "1"]);
    assert_eq!(each("10ms..1s:x10"), ["10ms", "100ms", "1000ms"]);
    assert_eq!(each("1/s..8/s:x2"), ["1/s", "2/s", "4/s", "8/s"]);
}

#[test]
fn a_plain_range_is_as_fine_as_it_is_written() {
    let whole = between("1..500");
    assert_eq!((whole.count(), whole.at(0), whole.at(499)), (500, "1".into(), "500".into()));
    assert_eq!(whole.at(u64::MAX), "500");
    let tenths = between("1.0..5");
    assert_eq!((tenths.count(), tenths.at(1)), (41, "1.1".into()));
    assert_eq!(tenths.to_string(), "1.0..5.0");
    let times = between("100ms..1s");
    assert_eq!((times.count(), times.at(900)), (901, "1000ms".into()));
    assert_eq!(between("1%..5%").at(2), "3%");
}

#[test]
fn clients_are_the_compared_axis_and_paths_keep_their_order() {
    let vary = Vary::read(&["b=1,2", "client=naive,urllib3(total=3, x=1)", "a=1..9"]).unwrap();
    assert_eq!(vary.clients.unwrap(), ["naive", "urllib3(total=3, x=1)"]);
    let paths: Vec<&str> = vary.axes.iter().map(|axis| axis.path.as_str()).collect();
    assert_eq!(paths, ["b", "a"]);
}

#[test]
fn what_is_wrong_is_told_with_what_to_write_and_all_at_once() {
    for (text, part) in [
        ("", "a value missing"),
        ("8,,16", "a value missing"),
        ("8,16,8", "`8` stands twice"),
        ("8..16:4,12", "`12` stands twice"),
        ("8..many:8", "`many` is not a number"),
        ("8..64:", "`` is not a number"),
        ("8..64:.5", "`.5` is not a number"),
        ("8..1.2.3:1", "`1.2.3` is not a number"),
        ("64..8:8", "write 8..64"),
        ("8..8:1", "begins and ends at 8"),
        ("8..64:0", "a step of 0 leads nowhere"),
        ("8..64:-8", "a step of -8 leads nowhere"),
        ("0..64:x2", "from 0 by x2 there is no way up"),
        ("1..64:x1", "by x1 there is no way up"),
        ("1..64:x2s", "by x2s there is no way up"),
        ("10/s..50/s:10", "`/s`, `/s`, no unit"),
        ("10/s..600/min:10/s", "`/s`, `/min`, `/s`"),
        ("0..1s:100ms", "no unit, `s`, `ms`"),
        ("1,5..9", "`5..9` in a list has no step"),
        ("1..100:x1.0000001", "more than 18 digits"),
        ("0..1:0.0000001", "10000001 values, and the most is 1000000"),
        ("1..2000000000000000000:1", "is not a number"),
    ] {
        let said = wrong(text);
        assert!(said.starts_with("--vary x: ") && said.contains("\n  help: write"), "{said}");
        assert!(said.contains(part), "{text}: {said}");
    }
    let all = Vary::read(&["quota", "=8", "a=1", "a=2", "b=", "client=a", "client=b"]).unwrap_err();
    assert_eq!(all.len(), 5, "{all:?}");
}

#[test]
fn numbers_lie_on_an_axis_by_their_unit() {
    let on_axis = |text: &str| Number::read(text).unwrap().on_axis();
    for (text, value, scale) in [
        ("-2.5", -2.5, Scale::Plain),
        ("250ms", 0.25, Scale::Seconds),
        ("2min", 120.0, Scale::Seconds),
        ("60/min", 1.0, Scale::PerSecond),
        ("5/100ms", 50.0, Scale::PerSecond),
        ("5%", 0.05, Scale::Share),
    ] {
        assert_eq!(on_axis(text), Some((value, scale)), "{text}");
    }
    assert_eq!(on_axis("5 apples"), None);
    assert_eq!(on_axis("5/0s"), None);
    assert_eq!(Number::read("clock"), None);
}

proptest! {
    /// A range is its first value and whole steps, none of them beyond its end.
    #[test]
    fn a_range_is_exact(low in -2000_i64..2000, steps in 1_i64..60, step in 1_i64..700, rest in 0_i64..700, places in 0_u32..4) {
        let rest = rest % step;
        let write = |digits: i64| Number { digits: digits.into(), places, unit: String::new() }.to_string();
        let text = format!("{}..{}:{}", write(low), write(low + steps * step + rest), write(step));
        let wanted: Vec<String> = (0..=steps).map(|i| write(low + i * step)).collect();
        prop_assert_eq!(each(&text), wanted);
    }

    /// Nobody's arguments stop the program.
    #[test]
    fn any_text_is_read_or_refused(text in "[-+0-9a-z.:,_/%x\"'(){}\\[\\] ]{0,24}") {
        if let Ok(Values::Between(between)) = Values::read("x", &text) {
            prop_assert!(between.count() >= 2);
        }
    }
}
