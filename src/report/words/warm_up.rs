//! The warm-up that was found from the runs.

use crate::experiment::WarmUp;
use crate::report::number::Quantity;
use crate::report::text::keep;

/// How long it is and how it was found; and that it may be too short, where it
/// is as long as the rule can tell.
#[must_use]
pub fn warm_up(found: &WarmUp) -> String {
    let span = keep(&Quantity::Seconds.write(found.span.as_secs_f64()));
    let noun = if found.pilots == 1 { "seed" } else { "seeds" };
    let seeds = keep(&format!("{} {noun}", found.pilots));
    let warn = if found.at_half {
        " That is half of the run, which may still not be steady: give it a longer horizon."
    } else {
        ""
    };
    format!("Warm-up {span}, by MSER-5 on {seeds}: what came before does not count.{warn}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::text::KEPT;
    use crate::time::Span;

    #[test]
    fn a_warm_up_of_half_the_run_is_a_warning() {
        let said = |at_half| {
            let found = WarmUp { span: Span::seconds(120), pilots: 10, at_half };
            warm_up(&found).replace(KEPT, " ")
        };
        let found = "Warm-up 120 s, by MSER-5 on 10 seeds: what came before does not count.";
        assert_eq!(said(false), found);
        assert!(said(true).starts_with(found) && said(true).contains("longer horizon"));
    }
}
