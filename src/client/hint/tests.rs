//! What a response asks for, as clients read it.

use super::*;
use crate::client::Kind;
use crate::http::Status;

const DRAW: Draw = Draw::Fixed(0);

fn hint(names: &[(u8, &[Form])]) -> Hint {
    let source = |(name, forms): &(u8, &[Form])| Source {
        name: HeaderId(*name),
        forms: forms.to_vec(),
        zero: None,
        bad: None,
    };
    Hint {
        sources: names.iter().map(source).collect(),
        on: Some(Kinds(vec![Kind::Status(429)])),
        presence: Presence::Header,
        when_zero: None,
        combine: Combine::Replace,
        rounds_up: false,
        jitter: Jitter::None,
        most: None,
        zero: Otherwise::Wait(Span::ZERO),
        past: Otherwise::Ignore,
        negative: Otherwise::Ignore,
        bad: Otherwise::Ignore,
        restarts: false,
    }
}

fn headers(values: &[(u8, Value)]) -> Headers {
    let mut headers = Headers::NONE;
    for (name, value) in values {
        headers.set(HeaderId(*name), *value);
    }
    headers
}

fn hear(hint: &Hint, code: u16, values: &[(u8, Value)]) -> Hinted {
    let clock = Instant(23 * SECOND);
    hint.hear(clock, Answer::Status(Status(code)), &headers(values), DRAW)
}

#[test]
fn the_first_readable_source_counts_and_only_where_it_is_looked_for() {
    let hint = hint(&[(0, &[Form::Delta]), (1, &[Form::Epoch])]);
    let values = [(0, Value::Junk), (1, Value::Integer(30))];
    assert_eq!(hear(&hint, 429, &values), Hinted::Wait(Span::seconds(7)));
    assert_eq!(hear(&hint, 503, &values), Hinted::Nothing);
}

#[test]
fn a_form_reads_its_own_and_nothing_else() {
    let value = |text| Value::number(text).unwrap();
    let wait = |span| Hinted::Wait(span);
    for (form, value, expected) in [
        (Form::Integer, value("7"), wait(Span::seconds(7))),
        (Form::Integer, value("1.5"), Hinted::Nothing),
        (Form::Decimal, value("1.5"), wait(Span::millis(1_500))),
        (Form::Millis, value("1500"), wait(Span::millis(1_500))),
        (Form::Millis, value("1500.5"), wait(Span(1_500_500_000))),
        (Form::Date, Value::Date(30), wait(Span::seconds(7))),
        (Form::Date, value("7"), Hinted::Nothing),
        (Form::Date, Value::Date(20), Hinted::Nothing),
        (Form::EpochOrDelta, value("7"), wait(Span::seconds(7))),
        (Form::EpochOrDelta, value("1.5"), wait(Span::millis(1_500))),
        (Form::Integer, value("0"), wait(Span::ZERO)),
        (Form::Integer, value("-5"), Hinted::Nothing),
    ] {
        assert_eq!(hear(&hint(&[(0, &[form])]), 429, &[(0, value)]), expected, "{form:?}");
    }
}

#[test]
fn a_wait_too_long_is_cut_ignored_or_the_end() {
    let bounded = |most| Hint { most: Some(most), ..hint(&[(0, &[Form::Integer])]) };
    let minute = Span::seconds(60);
    let hour = [(0, Value::Integer(3_600))];
    assert_eq!(hear(&bounded(Most::Clamp(minute)), 429, &hour), Hinted::Wait(minute));
    assert_eq!(hear(&bounded(Most::IgnoreAbove(minute)), 429, &hour), Hinted::Nothing);
    assert_eq!(hear(&bounded(Most::GiveUpAbove(minute)), 429, &hour), Hinted::GiveUp);
}

#[test]
fn octokit_looks_only_at_nothing_left_and_comes_a_second_late() {
    let second = Span::seconds(1);
    let octokit = Hint {
        when_zero: Some(HeaderId(1)),
        rounds_up: true,
        jitter: Jitter::Add(second, second),
        ..hint(&[(0, &[Form::Decimal])])
    };
    let values = |left| [(0, Value::number("6.2").unwrap()), (1, Value::Integer(left))];
    assert_eq!(hear(&octokit, 429, &values(0)), Hinted::Wait(Span::seconds(8)));
    assert_eq!(hear(&octokit, 429, &values(1)), Hinted::Nothing);
    assert_eq!(hear(&octokit, 429, &values(0)[..1]), Hinted::Nothing);
}

/// got retries a 413 only for a wait above 0, ky for whatever the header says,
/// octokit a 403 only where nothing is left.
#[test]
fn a_hint_that_is_a_reason_to_retry_is_a_header_or_a_wait() {
    let of = |presence, when_zero| Hint {
        presence,
        when_zero,
        zero: Otherwise::Ignore,
        on: None,
        ..hint(&[(0, &[Form::Decimal])])
    };
    let is_there = |hint: &Hint, values: &[(u8, Value)]| {
        hint.is_there(Instant(0), Answer::Status(Status(413)), &headers(values))
    };
    let (ky, got) = (of(Presence::Header, None), of(Presence::Wait, None));
    let values = [Value::Integer(7), Value::Integer(0), Value::Junk];
    assert_eq!(values.map(|value| is_there(&ky, &[(0, value)])), [true; 3]);
    assert_eq!(values.map(|value| is_there(&got, &[(0, value)])), [true, false, false]);
    assert!(!is_there(&ky, &[]) && !is_there(&got, &[]));
    let octokit = of(Presence::Header, Some(HeaderId(1)));
    let left = |count| [(0, Value::Integer(7)), (1, Value::Integer(count))];
    assert!(is_there(&octokit, &left(0)) && !is_there(&octokit, &left(1)));
}

/// openai for Node leaves 0 and junk to the next header, and comes back to the 0.
#[test]
fn one_header_may_be_no_wait_in_its_own_way() {
    let mut openai = Hint {
        bad: Otherwise::Wait(Span::ZERO),
        ..hint(&[(0, &[Form::Millis]), (1, &[Form::Decimal]), (0, &[Form::Millis])])
    };
    openai.sources[0].zero = Some(Otherwise::Ignore);
    for again in [0, 2] {
        openai.sources[again].bad = Some(Otherwise::Ignore);
    }
    let (now, seven) = (Hinted::Wait(Span::ZERO), Hinted::Wait(Span::seconds(7)));
    let [zero, junk, other] = [(0, Value::Integer(0)), (0, Value::Junk), (1, Value::Integer(7))];
    assert_eq!(hear(&openai, 429, &[junk]), Hinted::Nothing);
    assert_eq!(hear(&openai, 429, &[(1, Value::Junk)]), now);
    assert_eq!(hear(&openai, 429, &[zero]), now);
    assert_eq!([zero, junk].map(|first| hear(&openai, 429, &[first, other])), [seven; 2]);
}
