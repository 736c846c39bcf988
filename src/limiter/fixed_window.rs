//! Fixed window: so many per window, counted anew when the window has ended.
//!
//! A window is half-open, `[start, end)`. It lies on a grid of the clock (as
//! Envoy's rate limit service and Kong do), in a unit of the calendar (Kong's
//! months), or begins with the first request that lowers the quota (as
//! express-rate-limit and the Ironclad page do).
//!
//! # Formula
//!
//! On the clock `start = now - (now - phase) mod window`; from the first
//! request `start` is when it came. Admitted iff `used + cost <= quota`.
//!
//! # Source
//!
//! The definition; for the calendar ISO 8601: a week begins on Monday, in UTC.
//!
//! # Example
//!
//! ```
//! use tollgate::limiter::{FixedWindow, Table, Verdict};
//! use tollgate::time::Span;
//!
//! let mut limit = Table::<FixedWindow>::read("quota = 2\nwindow = '1s'")?;
//! assert_eq!(limit.ask(999_999_998, 1).0, Verdict::Admit);
//! assert_eq!(limit.ask(999_999_999, 1).0, Verdict::Admit);
//! assert_eq!(limit.ask(999_999_999, 1).0, Verdict::Reject { wait: Span(1) });
//! assert_eq!(limit.ask(1_000_000_000, 1).0, Verdict::Admit);
//! # Ok::<(), String>(())
//! ```

use std::num::NonZeroU64;

use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan, Unit, Zoned, ZonedRound};
use serde::Deserialize;

use super::algorithm::{Algorithm, Asked, Capacity, Card, Clock, Evidence, Mark, Verdict, View};
use crate::time::{Instant, Length, Rate, SECOND, Span};

/// Where windows begin.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Anchor {
    /// On the grid `phase + k * window` of the clock.
    #[default]
    Clock,
    /// With the first request after the last window has ended.
    FirstRequest,
    /// With a day, week, month or year of the calendar.
    Calendar,
}

/// So many per window.
#[derive(Clone, Debug, Deserialize)]
#[serde(try_from = "Parameters")]
pub struct FixedWindow {
    quota: u64,
    windows: Windows,
}

/// Which windows there are.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Windows {
    Grid { length: Span, phase: Span },
    FirstRequest { length: Span },
    Calendar(Unit),
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Parameters {
    quota: NonZeroU64,
    window: Extent,
    #[serde(default)]
    anchor: Anchor,
    #[serde(default)]
    phase: Option<Span>,
}

/// How long a window is: a span, or a unit of the calendar.
#[derive(Deserialize)]
#[serde(try_from = "String")]
enum Extent {
    Length(Length),
    Unit(Unit),
}

impl TryFrom<String> for Extent {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        match text.as_str() {
            "week" => Ok(Extent::Unit(Unit::Week)),
            "month" => Ok(Extent::Unit(Unit::Month)),
            "year" => Ok(Extent::Unit(Unit::Year)),
            _ => Length::try_from(text.parse::<Span>()?).map(Extent::Length),
        }
    }
}

impl TryFrom<Parameters> for FixedWindow {
    type Error = String;

    fn try_from(parameters: Parameters) -> Result<Self, String> {
        let Parameters { quota, window, anchor, phase } = parameters;
        if phase.is_some() && anchor != Anchor::Clock {
            return Err("only windows on the clock have a phase: leave it out".to_owned());
        }
        let windows = match (anchor, window) {
            (Anchor::Clock, Extent::Length(length)) => {
                Windows::Grid { length: length.span(), phase: phase.unwrap_or(Span::ZERO) }
            }
            (Anchor::FirstRequest, Extent::Length(length)) => {
                Windows::FirstRequest { length: length.span() }
            }
            (Anchor::Calendar, Extent::Unit(unit)) => Windows::Calendar(unit),
            (Anchor::Calendar, Extent::Length(length)) if length.ns() == DAY => {
                Windows::Calendar(Unit::Day)
            }
            (Anchor::Calendar, Extent::Length(_)) => {
                return Err(
                    "a window of the calendar is a \"1d\", \"week\", \"month\" or \"year\""
                        .to_owned(),
                );
            }
            (_, Extent::Unit(_)) => {
                return Err("a week, month or year is a window of the calendar: write anchor = \
                            \"calendar\", or its length, like \"30d\""
                    .to_owned());
            }
        };
        Ok(FixedWindow { quota: quota.get(), windows })
    }
}

const DAY: u64 = 86_400 * SECOND;

impl FixedWindow {
    /// So many per so long; a month is taken as 30 days and a year as 365.
    fn rate(&self) -> Rate {
        let period = match self.windows {
            Windows::Grid { length, .. } | Windows::FirstRequest { length } => length,
            Windows::Calendar(Unit::Week) => Span(7 * DAY),
            Windows::Calendar(Unit::Month) => Span(30 * DAY),
            Windows::Calendar(Unit::Year) => Span(365 * DAY),
            Windows::Calendar(_) => Span(DAY),
        };
        Rate { count: self.quota, period }
    }

    /// The window that `now` falls into: the open one, or a new and empty one.
    fn at(&self, window: Window, now: Instant) -> Window {
        if now < window.end {
            return window;
        }
        let end = match self.windows {
            Windows::Grid { length, phase } => {
                now.after(Span(length.0 - into_grid(now, length, phase)))
            }
            Windows::FirstRequest { length } => now.after(length),
            Windows::Calendar(unit) => end_of(unit, now).unwrap_or(Instant::NEVER),
        };
        Window { end, used: 0 }
    }
}

/// How long ago the grid's last line was.
pub(super) fn into_grid(now: Instant, length: Span, phase: Span) -> u64 {
    (now.0 % length.0 + length.0 - phase.0 % length.0) % length.0
}

/// When the unit of the calendar that `now` falls into ends, in UTC.
fn end_of(unit: Unit, now: Instant) -> Option<Instant> {
    let moment = Timestamp::from_nanosecond(i128::from(now.0)).ok()?.to_zoned(TimeZone::UTC);
    let day = moment.round(ZonedRound::new().smallest(Unit::Day).mode(jiff::RoundMode::Trunc));
    let day: Zoned = day.ok()?;
    let next = match unit {
        Unit::Week => {
            let gone = i64::from(day.weekday().to_monday_zero_offset());
            day.checked_add((7 - gone).days())
        }
        Unit::Month => day.first_of_month().ok()?.checked_add(1.month()),
        Unit::Year => day.first_of_year().ok()?.checked_add(1.year()),
        _ => day.checked_add(1.day()),
    };
    u64::try_from(next.ok()?.timestamp().as_nanosecond()).ok().map(Instant)
}

/// One key's window; it ends at 0 until the first one opens.
#[derive(Clone, Copy, Debug)]
pub struct Window {
    end: Instant,
    used: u64,
}

impl Algorithm for FixedWindow {
    type State = Window;

    const CARD: Card = Card {
        implementation: None,
        evidence: Evidence::Ours,
        clock: Clock::Wall,
        parameters: &[
            ("quota", "how many in a window"),
            ("window", "how long: \"1s\", \"5min\"; on the calendar also \"week\", \"month\""),
            ("anchor", "\"clock\" (default), \"first-request\" or \"calendar\" (UTC)"),
            ("phase", "of the clock's grid, from the Unix epoch [0s]"),
        ],
        example: "fixed-window = { quota = 100, window = \"1min\" }",
        peculiar: "up to two quotas pass around a window's end; counting refusals changes nothing",
    };

    fn fresh(&self, _created: Instant) -> Window {
        Window { end: Instant(0), used: 0 }
    }

    fn test(&self, state: &Window, now: Instant, cost: u32) -> Verdict {
        if u64::from(cost) > self.quota {
            return Verdict::NEVER;
        }
        let window = self.at(*state, now);
        if window.used + u64::from(cost) <= self.quota {
            return Verdict::Admit;
        }
        Verdict::Reject { wait: window.end.since(now) }
    }

    fn admit(&self, state: &mut Window, now: Instant, cost: u32) -> Mark {
        *state = self.at(*state, now);
        state.used += u64::from(cost);
        Mark(state.end.0)
    }

    fn view(&self, state: &Window, asked: &Asked) -> View {
        let window = self.at(*state, asked.now);
        View {
            limit: self.quota,
            remaining: Some(self.quota.saturating_sub(window.used)),
            reset: Some(window.end.since(asked.now)),
        }
    }

    fn give_back(&self, state: &mut Window, now: Instant, cost: u32, mark: Mark) -> bool {
        let stands = now < state.end && state.end.0 == mark.0;
        if stands {
            state.used = state.used.saturating_sub(u64::from(cost));
        }
        stands
    }

    fn resized(&self, quota: u64) -> Option<Self> {
        Some(FixedWindow { quota, ..self.clone() })
    }

    fn times(&self, factor: u64) -> Option<Self> {
        Some(FixedWindow { quota: self.quota.checked_mul(factor)?, ..self.clone() })
    }

    fn capacity(&self) -> Capacity {
        Capacity { per_second: self.rate().per_second(), at_once: self.quota }
    }

    fn admits_within(&self, start: Instant, span: Span) -> u64 {
        let (length, before) = match self.windows {
            Windows::Grid { length, phase } => (length, into_grid(start, length, phase)),
            Windows::FirstRequest { length } => (length, 0),
            Windows::Calendar(_) => return u64::MAX,
        };
        // The window that is open at the end counts as well: its quota can be taken at once.
        (before.saturating_add(span.0) / length.0).saturating_add(1).saturating_mul(self.quota)
    }

    fn rule(&self) -> String {
        let word = match self.windows {
            Windows::Grid { .. } => "fixed-window",
            Windows::FirstRequest { .. } => "first-request",
            Windows::Calendar(_) => "calendar",
        };
        format!("{word} {}", self.pace())
    }

    fn pace(&self) -> String {
        match self.windows {
            Windows::Calendar(Unit::Week) => format!("{}/week", self.quota),
            Windows::Calendar(Unit::Month) => format!("{}/month", self.quota),
            Windows::Calendar(Unit::Year) => format!("{}/year", self.quota),
            _ => self.rate().to_string(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Table;
    use super::*;

    fn window(parameters: &str) -> Table<FixedWindow> {
        Table::read(parameters).unwrap()
    }

    fn at(seconds: u64) -> u64 {
        seconds * SECOND
    }

    fn left(limiter: &Table<FixedWindow>, at: u64) -> (Option<u64>, Option<Span>) {
        let asked = Asked { now: Instant(at), cost: 1, verdict: Verdict::Admit };
        let view = limiter.view(0, &asked);
        (view.remaining, view.reset)
    }

    #[test]
    fn the_first_nanosecond_after_the_window_is_a_new_window() {
        let mut limiter = window("quota = 1\nwindow = '1min'");
        assert_eq!(limiter.ask(at(65), 1).0, Verdict::Admit);
        assert_eq!(limiter.ask(at(120) - 1, 1).0, Verdict::Reject { wait: Span(1) });
        assert_eq!(limiter.ask(at(120), 1).0, Verdict::Admit);
    }

    #[test]
    fn a_window_from_the_first_request_lasts_its_length_from_there() {
        let mut limiter = window("quota = 2\nwindow = '1min'\nanchor = 'first-request'");
        limiter.ask(at(65), 1);
        limiter.ask(at(100), 1);
        assert_eq!(limiter.ask(at(124), 1).0, Verdict::Reject { wait: Span::seconds(1) });
        assert_eq!(left(&limiter, at(124)), (Some(0), Some(Span::seconds(1))));
        assert_eq!(left(&limiter, at(125)).0, Some(2));
    }

    #[test]
    fn a_phase_moves_the_grid() {
        let mut limiter = window("quota = 1\nwindow = '1min'\nphase = '12s'");
        limiter.ask(at(71), 1);
        assert_eq!(left(&limiter, at(71)).1, Some(Span::seconds(1)));
        assert_eq!(left(&limiter, at(72)).1, Some(Span::seconds(60)));
    }

    #[test]
    fn the_calendar_knows_mondays_and_leap_years() {
        let end = |unit, text: &str| end_of(unit, text.parse().unwrap()).unwrap().to_string();
        assert_eq!(end(Unit::Day, "2026-01-05T09:00:00Z"), "2026-01-06T00:00:00Z");
        assert_eq!(end(Unit::Week, "2026-01-05T00:00:00Z"), "2026-01-12T00:00:00Z");
        assert_eq!(end(Unit::Week, "2026-01-04T23:59:59Z"), "2026-01-05T00:00:00Z");
        assert_eq!(end(Unit::Month, "2028-02-29T23:59:59Z"), "2028-03-01T00:00:00Z");
        assert_eq!(end(Unit::Year, "2026-12-31T00:00:00Z"), "2027-01-01T00:00:00Z");
        let month = window("quota = 1\nwindow = 'month'\nanchor = 'calendar'");
        assert_eq!(month.algorithm().rule(), "calendar 1/month");
    }

    #[test]
    fn what_does_not_fit_together_is_refused() {
        for (parameters, why) in [
            ("quota = 1\nwindow = 'month'", "anchor = \"calendar\""),
            ("quota = 1\nwindow = '2d'\nanchor = 'calendar'", "\"1d\", \"week\""),
            ("quota = 1\nwindow = '1s'\nanchor = 'first-request'\nphase = '1s'", "leave it out"),
            ("quota = 0\nwindow = '1s'", "nonzero"),
            ("quota = 1\nwindow = '0s'", "longer than zero"),
        ] {
            let error = Table::<FixedWindow>::read(parameters).unwrap_err();
            assert!(error.contains(why), "{parameters}: {error}");
        }
    }

    #[test]
    fn a_mark_of_an_ended_window_gives_nothing_back() {
        let mut limiter = window("quota = 2\nwindow = '1min'");
        let mark = limiter.admit(0, Instant(0), 1);
        limiter.admit(0, Instant(at(1)), 1);
        assert!(limiter.give_back(0, Instant(at(2)), 1, mark));
        assert_eq!(left(&limiter, at(2)).0, Some(1));
        limiter.admit(0, Instant(at(60)), 1);
        assert!(!limiter.give_back(0, Instant(at(61)), 1, mark));
        assert_eq!(left(&limiter, at(61)).0, Some(1));
    }

    #[test]
    fn a_cost_above_the_quota_never_passes() {
        assert_eq!(window("quota = 2\nwindow = '1min'").ask(0, 3).0, Verdict::NEVER);
    }

    #[test]
    fn what_it_admits_within_a_span_counts_the_windows_it_touches() {
        let limiter = window("quota = 60\nwindow = '1min'");
        let within = |start, span| limiter.admits_within(Instant(at(start)), Span::seconds(span));
        assert_eq!(within(0, 239), 240);
        assert_eq!(within(0, 240), 300);
        assert_eq!(within(59, 1), 120);
    }
}
