//! What disturbs a run: as the scenario says, or else its outages.

use super::Checks;
use crate::scenario::file;
use crate::scenario::model::Trigger;
use crate::service::ServiceModel;
use crate::time::Instant;

/// The trigger of a scenario. Without one of its own it is all outages of the
/// service together; where these go on to the horizon there is none, because
/// there is nothing to recover in.
pub(super) fn build(
    scenario: &file::scenario::Scenario,
    service: &ServiceModel,
    start: Instant,
    horizon: Instant,
    checks: &mut Checks,
) -> Option<Trigger> {
    let Some(told) = &scenario.trigger else {
        let from = service.disturbances().map(|(from, _)| from).min()?;
        let until = service.disturbances().map(|(_, until)| until).max()?;
        let name = if service.disturbances().count() == 1 { "outage" } else { "outages" };
        let all = Trigger { name: name.to_owned(), from, until };
        return Some(all).filter(|trigger| trigger.until < horizon);
    };
    let from = start.after(*told.from.as_ref());
    let until = from.after(told.span);
    if until >= horizon {
        let message = "the trigger does not end before the horizon";
        let help = "write an earlier or a shorter one: what comes after it is the question";
        checks.fault(told.from.span(), message, help);
    }
    let name = told.name.as_ref().map_or("trigger", |name| name.as_ref());
    Some(Trigger { name: name.to_owned(), from, until })
}
