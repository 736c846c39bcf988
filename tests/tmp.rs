use std::num::NonZeroUsize;
use tollgate::{
    experiment::{self, Seeds},
    measure::METRICS,
    scenario::Bundle,
};
#[test]
#[ignore]
fn show() {
    let name = std::env::var("S").unwrap();
    let sets: Vec<(String, String)> = std::env::var("SET")
        .ok()
        .map(|s| {
            s.split(';')
                .map(|x| {
                    let (a, b) = x.split_once('=').unwrap();
                    (a.to_owned(), b.to_owned())
                })
                .collect()
        })
        .unwrap_or_default();
    let bundle = match Bundle::load(&name, None, &sets, &|p| {
        std::fs::read(p).map_err(|e| e.to_string())
    }) {
        Ok(b) => b,
        Err(e) => {
            println!("{e}");
            return;
        }
    };
    let plan = match bundle.plan() {
        Ok(p) => p,
        Err(e) => {
            println!("{e}");
            return;
        }
    };
    let n: usize = std::env::var("N")
        .ok()
        .and_then(|s| s.parse().ok())
        .unwrap_or(3);
    let t = std::time::Instant::now();
    let c = experiment::compare(
        &plan,
        Seeds {
            root: 0,
            count: NonZeroUsize::new(n).unwrap(),
        },
        NonZeroUsize::new(2).unwrap(),
        &|_, _| (),
    )
    .unwrap();
    println!("{:?} floors {:?}", t.elapsed(), c.floors.first());
    for i in c.ranking.order() {
        let o = &c.outcomes[i];
        let g = |m: &str| {
            o.estimate(m)
                .map(|e| format!("{:.3}", e.mean))
                .unwrap_or("-".into())
        };
        println!(
            "{:20} served {} t99 {} last {} 429 {} att/call {} calls {} attempts {} p99 {} ev {}",
            o.name,
            g("served-share"),
            g("time-to-99"),
            g("last-served"),
            g("429s"),
            g("amplification"),
            g("calls"),
            g("attempts"),
            g("wait-p99"),
            o.runs[0].events
        );
        let lim: Vec<String> = o.runs[0]
            .limits
            .iter()
            .enumerate()
            .map(|(l, (k, r))| {
                format!(
                    "{}:{}c/{}r/{}n",
                    plan.variants[i].model.api.limits[l].name, k.charged, r, k.notices
                )
            })
            .collect();
        println!("      {}", lim.join(" "));
        let m = &plan.variants[i].model;
        let cls: Vec<String> = (0..m.populations.len())
            .flat_map(|p| (0..m.api.endpoints.len()).map(move |e| (p, e)))
            .filter_map(|(p, e)| {
                o.class(Some(p), Some(e)).map(|c| {
                    format!(
                        "{}/{} {:.3}",
                        m.populations[p].name, m.api.endpoints[e].name, c.served.mean
                    )
                })
            })
            .collect();
        println!("      {}", cls.join("  "));
    }
    println!("{:?}", c.equalities);
    let _ = METRICS;
}
