//! What stands around a limiter: keys, commit rules, what counts and when,
//! penalties, shadows, clocks, lines, headers. Each on a trace of a few requests.

use tollgate::replay::{Columns, Options, Said, Trace, decide};
use tollgate::scenario::Alone;
use tollgate::scenario::document::Document;
use tollgate::time::{Instant, Span};

/// The decisions of an API on a trace, a word for each request: `+` let
/// through, `+12ms` later, `~5ms` after a wait in a line, `-NAME` refused.
fn decisions(api: &str, trace: &str) -> String {
    let (said, _) = replay(api, trace);
    said.join(" ")
}

fn replay(api: &str, trace: &str) -> (Vec<String>, Vec<Vec<String>>) {
    let document = Document::new("api.toml", format!("name = \"a\"\n{api}"));
    let document = document.unwrap_or_else(|faults| panic!("{faults}"));
    let api = Alone::of(document, &[]).unwrap_or_else(|error| panic!("{error}"));
    let endpoints = api.endpoints();
    let endpoints: Vec<&str> = endpoints.iter().map(String::as_str).collect();
    let columns = Columns::default();
    let trace = Trace::read(trace.as_bytes(), &columns, &api.attributes(), &endpoints);
    let mut trace = trace.unwrap_or_else(|error| panic!("{error}"));
    let model = api.model(&mut trace.principals, trace.has_used);
    let options = Options { headers: true, ..Options::default() };
    let outcomes = decide(&model, &trace, options).unwrap_or_else(|error| panic!("{error}"));
    let word = |outcome: &tollgate::replay::Outcome| match outcome.said {
        Said::Admit => "+".to_owned(),
        Said::Delay(by) => format!("+{by}"),
        Said::Queue(by) => format!("~{by}"),
        Said::Reject => format!("-{}", model.limit(outcome.limit.unwrap()).name),
    };
    let lines = |headers: &tollgate::http::Headers| {
        let line = |(name, value): (tollgate::http::HeaderId, tollgate::http::Value)| {
            let name = &model.header_names[usize::from(name.0)];
            format!("{name}: {}", value.written(&model.texts))
        };
        headers.iter().map(line).collect()
    };
    (outcomes.rows.iter().map(word).collect(), outcomes.headers.iter().map(lines).collect())
}

fn window(name: &str, quota: u32, more: &str) -> String {
    let window = format!("fixed-window = {{ quota = {quota}, window = \"1s\" }}");
    format!("[[limit]]\nname = \"{name}\"\nper = [\"key\"]\n{window}\n{more}\n")
}

// ---- Commit rules ----------------------------------------------------------

/// Two limits: three a second of `a`, one a second of `b`. What the first has
/// left after `b` refused tells the rules apart: five requests, then `b` rests.
fn committed(rule: &str) -> String {
    let b = "[[limit]]\nname = \"b\"\nper = [\"key\"]\nwhen = { hot = \"1\" }\n\
             fixed-window = { quota = 1, window = \"1s\" }\n";
    let api = format!("commit = \"{rule}\"\n{}{b}", window("a", 3, ""));
    // Two that both limits see, then three that only `a` sees.
    decisions(&api, "t_ms,key,hot\n0,k,1\n1,k,1\n2,k,\n3,k,\n4,k,\n")
}

#[test]
fn all_or_nothing_charges_nobody_for_what_one_refuses() {
    assert_eq!(committed("all-or-nothing"), "+ -b + + -a");
}

#[test]
fn in_order_charges_those_that_admitted_before() {
    assert_eq!(committed("in-order"), "+ -b + -a -a");
}

#[test]
fn rollback_gives_back_what_was_charged_before() {
    assert_eq!(committed("rollback"), "+ -b + + -a");
}

#[test]
fn always_charges_each_by_its_own_verdict() {
    assert_eq!(committed("always"), "+ -b + -a -a");
    // In file order, and the other way round: the second is asked all the same.
    let api = format!("commit = \"always\"\n{}{}", window("b", 1, ""), window("a", 3, ""));
    // `a` has counted the two that `b` refused, so it too is full.
    assert_eq!(decisions(&api, "t_ms,key\n0,k\n1,k\n2,k\n3,k\n"), "+ -b -b -b");
    let api = format!("commit = \"all-or-nothing\"\n{}{}", window("b", 1, ""), window("a", 3, ""));
    assert_eq!(decisions(&api, "t_ms,key\n0,k\n1,k\n2,k\n3,k\n"), "+ -b -b -b");
}

#[test]
fn any_lets_in_whom_one_admits_and_charges_that_one() {
    let api = format!("commit = \"any\"\n{}{}", window("a", 1, ""), window("b", 2, ""));
    assert_eq!(decisions(&api, "t_ms,key\n0,k\n1,k\n2,k\n3,k\n"), "+ + + -a");
}

// ---- Keys ------------------------------------------------------------------

#[test]
fn a_missing_attribute_is_skipped_shared_or_refused() {
    let trace = "t_ms,key\n0,\n1,\n2,\n3,k\n";
    for (rule, said) in [("skip", "+ + + +"), ("shared", "+ -l -l +"), ("reject", "-l -l -l +")] {
        let api = window("l", 1, &format!("missing = \"{rule}\""));
        assert_eq!(decisions(&api, trace), said, "{rule}");
    }
}

#[test]
fn a_key_is_any_tuple_of_attributes() {
    let api = "[[limit]]\nname = \"l\"\nper = [\"ip\", \"endpoint\"]\n\
               fixed-window = { quota = 1, window = \"1s\" }\n\
               [[endpoint]]\nname = \"read\"\n[[endpoint]]\nname = \"write\"\n";
    let trace = "t_ms,ip,endpoint\n0,a,read\n1,a,write\n2,a,read\n3,b,read\n4,a,write\n";
    assert_eq!(decisions(api, trace), "+ + -l + -l");
}

// ---- What counts, and when -------------------------------------------------

#[test]
fn refusals_count_where_the_api_says_so() {
    let log = "[[limit]]\nname = \"l\"\nper = [\"key\"]\n\
               token-bucket = { rate = \"1/s\", burst = 1 }\n";
    let trace = "t_ms,key\n0,k\n500,k\n1000,k\n1500,k\n2000,k\n";
    assert_eq!(decisions(log, trace), "+ -l + -l +");
    // Each refusal empties the bucket again, so nobody who keeps asking comes in.
    assert_eq!(decisions(&format!("{log}counts-rejects = true\n"), trace), "+ -l -l -l -l");
}

#[test]
fn an_error_of_the_backend_is_given_back() {
    let api = window("l", 1, "gives-back = [\"5xx\", \"404\"]");
    let trace = "t_ms,key,backend_status\n0,k,500\n1,k,404\n2,k,403\n3,k,200\n";
    assert_eq!(decisions(&api, trace), "+ + + -l");
    // When the answer comes, not before.
    let trace = "t_ms,key,backend_status,duration_ms\n0,k,500,10\n9,k,200,0\n11,k,200,0\n";
    assert_eq!(decisions(&api, trace), "+ -l +");
}

#[test]
fn a_cost_is_settled_when_the_response_is_known() {
    let api = "[[endpoint]]\nname = \"ask\"\ncost = { tokens = { reserved = 60, used = 20 } }\n\
               [[limit]]\nname = \"l\"\nper = [\"key\"]\ncounts = \"tokens\"\n\
               token-bucket = { rate = \"1/h\", burst = 100 }\n";
    // 60 are reserved and 40 given back each time: 20, 40, then 60 of 60 fit.
    assert_eq!(decisions(api, "t_ms,key\n0,k\n1,k\n2,k\n3,k\n"), "+ + + -l");
    // While the first is on its way, its 60 are reserved.
    let slow = "t_ms,key,duration_ms\n0,k,10\n5,k,0\n11,k,0\n";
    assert_eq!(decisions(api, slow), "+ -l +");
    // It may also turn out to cost more.
    let trace = "t_ms,key,cost,used_cost\n0,k,10,90\n1,k,20,20\n2,k,10,10\n";
    assert_eq!(decisions(api, trace), "+ -l +");
}

#[test]
fn what_is_counted_at_the_response_is_only_tested_before() {
    let api = window("l", 2, "counted = \"at-response\"");
    // Three are let in while none has been answered.
    let trace = "t_ms,key,duration_ms\n0,k,50\n1,k,50\n2,k,50\n60,k,0\n1000,k,0\n";
    assert_eq!(decisions(&api, trace), "+ + + -l +");
}

#[test]
fn a_unit_that_an_endpoint_does_not_cost_is_no_limit_of_it() {
    let api = "[[endpoint]]\nname = \"read\"\ncost = { points = 1 }\n\
               [[endpoint]]\nname = \"health\"\ncost = {}\n\
               [[limit]]\nname = \"points\"\nper = [\"key\"]\ncounts = \"points\"\n\
               fixed-window = { quota = 1, window = \"1s\" }\n\
               [[limit]]\nname = \"calls\"\nper = [\"key\"]\n\
               fixed-window = { quota = 3, window = \"1s\" }\n";
    let trace = "t_ms,key,endpoint\n0,k,read\n1,k,read\n2,k,health\n3,k,health\n4,k,health\n";
    assert_eq!(decisions(api, trace), "+ -points + + -calls");
}

#[test]
fn a_cost_in_the_trace_is_the_cost() {
    let api = window("l", 5, "");
    assert_eq!(
        decisions(&api, "t_ms,key,cost\n0,k,0\n1,k,6\n2,k,5\n3,k,0\n4,k,1\n"),
        "+ -l + + -l"
    );
}

// ---- Penalties and shadows -------------------------------------------------

#[test]
fn a_block_lasts_its_time_whatever_the_limit_says() {
    let block = "penalty = { of = [\"key\"], first = \"5s\", early = \"ignored\" }";
    let api = window("l", 1, block);
    let trace = "t_ms,key\n0,k\n1,k\n2000,k\n5000,k\n5001,k\n5002,k\n";
    assert_eq!(decisions(&api, trace), "+ -l -l -l + -l");
}

#[test]
fn a_ban_takes_its_number_of_refusals() {
    let ban = "penalty = { of = [\"key\"], after = 3, within = \"10s\", first = \"1h\", early = \"ignored\" }";
    let api = window("l", 1, ban);
    let trace = "t_ms,key\n0,k\n1,k\n2,k\n1000,k\n1001,k\n2000,k\n3601001,k\n";
    assert_eq!(decisions(&api, trace), "+ -l -l + -l -l +");
}

#[test]
fn a_shadow_refuses_nobody_and_counts_as_if_it_did() {
    let api = format!("{}{}", window("s", 1, "shadow = true"), window("l", 3, ""));
    assert_eq!(decisions(&api, "t_ms,key\n0,k\n1,k\n2,k\n3,k\n"), "+ + + -l");
}

// ---- Clocks and lines ------------------------------------------------------

#[test]
fn a_limiter_looks_at_its_own_clock() {
    let trace = "t_ms,key\n0,k\n300,k\n600,k\n";
    assert_eq!(decisions(&window("l", 1, ""), trace), "+ -l -l");
    // Half a second into a window when the trace begins.
    assert_eq!(decisions(&window("l", 1, "clock = { at-start = \"500ms\" }"), trace), "+ -l +");
    // A bucket that begins empty has been filling for two seconds.
    let empty = "[[limit]]\nname = \"l\"\nper = []\n\
                 token-bucket = { rate = \"1/s\", burst = 5, initial = \"empty\" }\n";
    assert_eq!(decisions(empty, "t_ms\n0\n0\n"), "-l -l");
    let made = format!("{empty}clock = {{ at-start = \"3s\", created = \"1s\" }}\n");
    assert_eq!(decisions(&made, "t_ms\n0\n0\n0\n"), "+ + -l");
}

/// What bounds every client knows the limiter's own clock, and how old it is.
#[test]
fn a_bound_counts_from_the_limiters_own_clock() {
    let most = |limit: &str, clock: &str| {
        let text = format!("name = \"a\"\n[[limit]]\nname = \"l\"\nper = []\n{limit}\n{clock}\n");
        let api = Alone::of(Document::new("api.toml", text).unwrap(), &[]).unwrap();
        let mut nobody = tollgate::attribute::Principals::new(vec![]);
        api.model(&mut nobody, false).limits[0].admits_within(Instant(0), Span::seconds(1))
    };
    let window = "fixed-window = { quota = 5, window = \"1min\" }";
    assert_eq!(most(window, ""), 5);
    assert_eq!(most(window, "clock = { at-start = \"59s\" }"), 10);
    let bucket = "token-bucket = { rate = \"1/s\", burst = 9, initial = \"empty\" }";
    assert_eq!(most(bucket, ""), 1);
    assert_eq!(most(bucket, "clock = { at-start = \"9s\", created = \"5s\" }"), 5);
}

#[test]
fn who_finds_no_place_waits_in_line_until_one_is_free_or_patience_ends() {
    let api = "[[limit]]\nname = \"l\"\nper = [\"key\"]\n\
               concurrency = { max = 1, queue = 2, patience = \"100ms\" }\n";
    let trace = "t_ms,key,duration_ms\n0,k,80\n1,k,50\n2,k,50\n3,k,50\n4,j,10\n79,k,1\n80,k,1\n";
    // At 80 the first in line gets the place, after the arrivals of that instant.
    assert_eq!(decisions(api, trace), "+ ~79ms -l -l + -l -l");
    let trace = "t_ms,key,duration_ms\n0,k,80\n1,k,10\n2,k,10\n3,k,1\n81,k,1\n";
    assert_eq!(decisions(api, trace), "+ ~79ms ~88ms -l ~19ms");
}

// ---- Headers ---------------------------------------------------------------

#[test]
fn the_limit_that_refused_speaks_first_and_the_tightest_of_the_others() {
    let told = |name: &str| {
        format!(
            "headers = [{{ name = \"Left\", tells = \"remaining\" }}, \
                 {{ name = \"Reason\", tells = \"text\", text = \"{name}\", on = \"rejects\" }}]"
        )
    };
    let api = format!("{}{}", window("a", 3, &told("a-rate")), window("b", 2, &told("b-rate")));
    let (_, headers) = replay(&api, "t_ms,key\n0,k\n1,k\n2,k\n");
    assert_eq!(headers[0], ["Left: 1"]);
    assert_eq!(headers[1], ["Left: 0"]);
    assert_eq!(headers[2], ["Left: 0", "Reason: b-rate"]);
}

/// The IETF's draft 10: each policy is a member of the list.
#[test]
fn the_drafts_lists_have_a_member_for_each_policy() {
    let told = "headers = [{ name = \"RateLimit-Policy\", tells = \"policy\", window = \"1s\" }, \
                { name = \"RateLimit\", tells = \"state\" }]";
    let api = format!("{}{}", window("burst", 3, told), window("daily", 9, told));
    let (_, headers) = replay(&api, "t_ms,key\n0,k\n");
    assert_eq!(
        headers[0],
        [
            "RateLimit-Policy: \"burst\";q=3;w=1",
            "RateLimit: \"burst\";r=2;t=1",
            "RateLimit-Policy: \"daily\";q=9;w=1",
            "RateLimit: \"daily\";r=8;t=1",
        ]
    );
}

/// The faults of an API's file.
fn faults(api: &str) -> String {
    let document = Document::new("api.toml", format!("name = \"a\"\n{api}")).unwrap();
    Alone::of(document, &[]).err().map(|error| error.to_string()).unwrap_or_default()
}

#[test]
fn what_cannot_hold_together_is_refused_before_it_runs() {
    let list = "headers = [{ name = \"RateLimit\", tells = \"state\" }, \
                { name = \"RateLimit-Policy\", tells = \"policy\" }]";
    let nine: String = (0..9).map(|n| window(&format!("l{n}"), 3, list)).collect();
    let line = "[[limit]]\nname = \"l\"\nper = []\nconcurrency = { max = 1, queue = 1 }\n";
    let lock = "penalty = { of = [\"key\"], first = \"10s\", max = \"1s\" }";
    let by_endpoint = window("l", 1, "").replace("\"key\"", "\"key\", \"endpoint\"");
    for (api, why) in [
        (nine, "has 18 lines of headers"),
        (format!("commit = \"any\"\n{}{line}", window("w", 1, "")), "is asked only when"),
        (window("l", 1, lock), "the longest lock is shorter than the first"),
        (by_endpoint, "the API lists no endpoints"),
        ("[[limit]]\nname = \"l\"\nper = []\n".to_owned(), "has no limiter"),
        (window("l", 1, "concurrency = { max = 1 }"), "has 2 limiters"),
        (
            "[[limit]]\nname = \"l\"\nper = []\ncounts-rejects = true\n\
             nginx-limit-req = { rate = \"1r/s\" }\n"
                .to_owned(),
            "is decided by nginx 1.22.1 limit_req itself",
        ),
    ] {
        let said = faults(&api);
        assert!(said.contains(why), "{why}: {said}");
    }
}

#[test]
fn a_shadow_is_not_the_one_that_is_enough() {
    let shadow = window("s", 9, "shadow = true");
    let api = format!("commit = \"any\"\n{shadow}{}", window("l", 1, ""));
    assert_eq!(decisions(&api, "t_ms,key\n0,k\n1,k\n"), "+ -l");
}

#[test]
fn what_a_request_turned_out_to_cost_is_settled_at_every_limit() {
    let trace = "t_ms,key,cost,used_cost\n0,k,8,3\n1,k,5,5\n2,k,3,3\n";
    assert_eq!(decisions(&window("l", 10, ""), trace), "+ + -l");
}

#[test]
fn the_patience_of_one_line_ends_nothing_in_the_next() {
    let line = |name: &str, more: &str| {
        format!("[[limit]]\nname = \"{name}\"\nper = []\nconcurrency = {{ {more} }}\n")
    };
    let a = line("a", "max = 2, queue = 5, patience = \"1s\"");
    let b = line("b", "max = 1, queue = 5, patience = \"10s\"");
    // The third leaves the first line at 2 s and its place at the second at 4 s.
    let trace = "t_ms,duration_ms\n0,2000\n0,2000\n1500,1000\n";
    assert_eq!(decisions(&format!("{a}{b}"), trace), "+ ~2s ~2500ms");
}

#[test]
fn who_may_wait_in_a_line_is_not_refused_and_not_punished() {
    let lock = "penalty = { of = [\"key\"], first = \"10s\", early = \"ignored\" }";
    let api = format!(
        "[[limit]]\nname = \"l\"\nper = [\"key\"]\nconcurrency = {{ max = 1, queue = 1 }}\n{lock}\n"
    );
    let trace = "t_ms,key,duration_ms\n0,k,100\n1,k,100\n300,k,50\n301,k,1\n302,k,1\n";
    assert_eq!(decisions(&api, trace), "+ ~99ms + ~49ms -l");
}

#[test]
fn a_cost_is_of_the_limits_unit() {
    let api = "[[endpoint]]\nname = \"ask\"\ncost = { tokens = 10 }\n\
               [[limit]]\nname = \"tokens\"\nper = [\"key\"]\ncounts = \"tokens\"\n\
               fixed-window = { quota = 100, window = \"1s\" }\n\
               [[limit]]\nname = \"requests\"\nper = [\"key\"]\n\
               fixed-window = { quota = 3, window = \"1s\" }\n";
    let trace = "t_ms,key,cost\n0,k,60\n1,k,50\n2,k,40\n3,k,0\n4,k,0\n";
    assert_eq!(decisions(api, trace), "+ -tokens + + -requests");
}
