//! The levers in a client's or a population's file.

use crate::client::{Batch, Cache, Filter, Levers, Part};
use crate::scenario::file::client as file;

use super::Checks;
use super::policy::World;

/// The levers of a client or a population.
pub(super) fn build(levers: &file::Levers, world: &World<'_>, checks: &mut Checks) -> Levers {
    let mut built = Levers::default();
    over(&mut built, levers, world, checks);
    built
}

/// Puts the levers that are written in place of those that were there.
pub(super) fn over(
    built: &mut Levers,
    levers: &file::Levers,
    world: &World<'_>,
    checks: &mut Checks,
) {
    let parts = |parts: &[file::Part], checks: &mut Checks| {
        let part = |p: &file::Part| Part {
            share: p.share.chance(),
            filter: world.filter(&p.endpoints, &p.populations, checks),
        };
        parts.iter().map(part).collect::<Vec<_>>()
    };
    if let Some(avoid) = &levers.avoid {
        built.avoids = parts(avoid, checks);
    }
    if let Some(screen) = &levers.screen {
        built.screens = parts(screen, checks);
    }
    if let Some(caches) = &levers.cache {
        built.caches = caches.iter().filter_map(|c| cache(c, world, checks)).collect();
    }
    if let Some(b) = &levers.batch {
        let filter = world.filter(&b.endpoints, &b.populations, checks);
        let calls = *b.calls.as_ref();
        if calls < 2 {
            let message = format!("a batch of {calls} calls is none");
            checks.fault(b.calls.span(), message, "write at least 2");
        }
        built.batch = world.endpoint(&b.endpoint, checks).map(|endpoint| Batch {
            calls,
            wait: b.wait,
            endpoint,
            filter,
        });
    }
    let later =
        |l: &file::Later, checks: &mut Checks| (l.by, world.filter(&[], &l.populations, checks));
    if let Some(stagger) = &levers.stagger {
        built.stagger = Some(later(stagger, checks));
    }
    if let Some(off_peak) = &levers.off_peak {
        built.off_peak = Some(later(off_peak, checks));
    }
    if let Some(spreads) = levers.spreads {
        built.spreads = spreads;
    }
}

fn cache(cache: &file::Cache, world: &World<'_>, checks: &mut Checks) -> Option<(Cache, Filter)> {
    let filter = world.filter(&cache.endpoints, &cache.populations, checks);
    let kind = match (cache.share, cache.ttl, &cache.session) {
        (Some(share), None, None) => Cache::Share(share.chance()),
        (None, Some(ttl), None) => Cache::Ttl(ttl),
        (None, None, Some(session)) if *session.as_ref() => Cache::Session,
        _ => {
            let at = cache.session.as_ref().map(toml::Spanned::span);
            let at =
                at.or_else(|| cache.endpoints.first().map(toml::Spanned::span)).unwrap_or(0..0);
            checks.fault(
                at,
                "a cache is of no kind or of several",
                "give exactly one of: share, ttl, session = true",
            );
            return None;
        }
    };
    Some((kind, filter))
}
