//! What disturbs a run: stalls, triggers, and what is asked after them.

use crate::lab;

use tollgate::scenario::Model;
use tollgate::time::Instant;

const API: &str = "name = \"open\"\n[[endpoint]]\nname = \"call\"\n";

/// One call a second from one client, each served in 400 ms, and what disturbs that.
fn scenario(service: &str, more: &str) -> String {
    format!(
        "name = \"s\"\nhorizon = \"10s\"\ndrain = \"5s\"\n{more}\n\
         network = {{ out = \"0s\", home = \"0s\" }}\n\
         service = {{ time = \"400ms\", {service} }}\n\
         [[population]]\nname = \"p\"\npoll = {{ every = \"1s\" }}\n"
    )
}

/// When facts that begin so are seen in a run, in ms.
fn times(model: &Model, fact: &str) -> Vec<u64> {
    let lines = lab::lines(model, 0);
    let of = lines.iter().filter(|line| line.contains(&format!(" {fact}")));
    of.map(|line| line.split(' ').next().unwrap().parse::<u64>().unwrap() / 1_000_000).collect()
}

/// The second call is being served when the service stalls, and is finished; the
/// next three wait, and are served one after another when it goes on.
#[test]
fn a_stall_finishes_what_is_begun_and_keeps_the_rest_in_line() {
    let outage = "outage = [{ from = \"1100ms\", for = \"3s\", answer = \"stall\" }]";
    let one = format!("places = 1, {outage}");
    let model = lab::model(&scenario(&one, ""), API, lab::ONCE);
    assert_eq!(times(&model, "left")[..6], [400, 1_400, 4_500, 4_900, 5_300, 5_700]);
    // Without a bound on places all of them are taken up at once.
    let model = lab::model(&scenario(outage, ""), API, lab::ONCE);
    assert_eq!(times(&model, "left")[..6], [400, 1_400, 4_500, 4_500, 4_500, 5_400]);
}

#[test]
fn what_does_not_fit_into_the_line_of_a_stall_is_told_so_at_once() {
    let service = "queue = 1, outage = [{ from = \"500ms\", for = \"4s\", answer = \"stall\" }]";
    let model = lab::model(&scenario(service, ""), API, lab::ONCE);
    assert_eq!(times(&model, "left Status(Status(503))"), [2_000, 3_000, 4_000]);
}

#[test]
fn a_trigger_is_what_the_scenario_says_or_its_outages() {
    let trigger = |service: &str, more: &str| {
        let model = lab::model(&scenario(service, more), API, lab::ONCE);
        let at = |at: Instant| at.since(model.start).ceil_seconds();
        model.trigger.as_ref().map(|t| (t.name.clone(), at(t.from), at(t.until)))
    };
    let one = "outage = [{ from = \"2s\", for = \"1s\", answer = \"hang\" }]";
    let two = "outage = [{ from = \"2s\", for = \"1s\", answer = \"5xx\" }, \
               { from = \"5s\", for = \"2s\", answer = \"stall\" }]";
    assert_eq!(trigger("", ""), None);
    assert_eq!(trigger(one, ""), Some(("outage".to_owned(), 2, 3)));
    assert_eq!(trigger(two, ""), Some(("outages".to_owned(), 2, 7)));
    let spike = "trigger = { name = \"spike\", from = \"4s\" }";
    assert_eq!(trigger(one, spike), Some(("spike".to_owned(), 4, 4)));
    let to_the_end = one.replace("for = \"1s\"", "for = \"1h\"");
    assert_eq!(trigger(&to_the_end, ""), None);
}

#[test]
fn a_trigger_that_never_ends_is_a_fault() {
    let text = scenario("", "trigger = { from = \"4s\", for = \"6s\" }");
    let whole = format!("title = \"t\"\napi = \"given\"\nclients = [\"./one.toml\"]\n{text}");
    let faults = lab::plan(&whole, API, &[("one", lab::ONCE)]).unwrap_err();
    assert!(faults.contains("the trigger does not end before the horizon"), "{faults}");
}
