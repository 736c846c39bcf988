//! `schedule`: a client's waits by themselves, and one call against an answer.

use clap::Args;

use super::{Failure, Format, fetch, print};
use crate::http::{Answer, Status};
use crate::rehearsal::{self, Against};
use crate::report::rehearsal::{Encounter, Waits, encounters, waits};
use crate::scenario::Lone;

/// Shows what a client does by itself.
#[derive(Debug, Args)]
#[command(after_help = "\
Without --against: the wait before each retry, in seconds, whatever ends the
call; u0, u05 and u1 are the waits with every draw at 0, 0.5 and 1 - 1e-12, the
rest is of --draws calls.

With --against: one call against a server that gives the same answer for ever:
[METHOD] STATUS [code=C] [Header: value; ...]. A value is a number, a word,
date+7 (an HTTP date in 7 s), date-60 or epoch+7. Several answers make a table
of requests and seconds waited.

Examples:
  tollgate schedule urllib3-backoff
  tollgate schedule 'urllib3-backoff(backoff_factor=0.5)' got --retries 5
  tollgate schedule openai openai-v1 anthropic --against '429 Retry-After: 3600'
  tollgate schedule my-client.toml --against 429 --against 'POST 503'")]
pub(super) struct Schedule {
    /// Clients: names or files
    #[arg(required = true, value_name = "NAME")]
    names: Vec<String>,
    /// How many retries to show
    #[arg(long, default_value = "10", value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1_000))]
    retries: u32,
    /// How many calls to draw
    #[arg(long, default_value = "10000", value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    draws: u32,
    /// The status that is retried: a client may wait otherwise after another
    #[arg(long, default_value = "429", value_name = "STATUS", value_parser = clap::value_parser!(u16).range(100..600))]
    on: u16,
    /// What the server answers for ever, like '429 Retry-After: 7'
    #[arg(long, value_name = "ANSWER", value_parser = str::parse::<Against>)]
    against: Vec<Against>,
    /// With --against: every draw at this end of its range, or in its middle
    #[arg(long, hide = true, value_name = "U", requires = "against", value_parser = ["0", "0.5", "1"])]
    draw: Option<String>,
    /// Print in this format
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
}

impl Schedule {
    pub(super) fn run(self) -> Result<(), Failure> {
        let mut clients = vec![];
        for name in &self.names {
            clients.push((name.as_str(), Lone::load(name, &fetch)?));
        }
        if self.against.is_empty() {
            let answer = Answer::Status(Status(self.on));
            let of = |(name, client): &(&str, Lone)| {
                let policy = client.policy(&[], &[]);
                let rows = rehearsal::waits(&policy, answer, self.retries, self.draws);
                Waits { client: (*name).to_owned(), release: client.release(), rows }
            };
            let all: Vec<Waits> = clients.iter().map(of).collect();
            return print(&waits(&all, self.format.into()));
        }
        let fixed = self.draw.as_deref().map(|draw| match draw {
            "0" => rehearsal::FIXED[0],
            "0.5" => rehearsal::FIXED[1],
            _ => rehearsal::FIXED[2],
        });
        let pairs = clients
            .iter()
            .flat_map(|client| self.against.iter().map(move |against| (client, against)));
        let of = |((name, client), against): (&(&str, Lone), &Against)| {
            let policy = client.policy(&against.names(), &against.words());
            let ended = rehearsal::against(&policy, against, fixed);
            let outcome = outcome(client, &ended);
            let (client, release) = ((*name).to_owned(), client.release());
            Encounter { client, release, against: against.clone(), ended, outcome }
        };
        let all: Vec<Encounter> = pairs.map(of).collect();
        print(&encounters(&all, self.against.len(), self.format.into()))
    }
}

/// What the caller gets in the end.
fn outcome(client: &Lone, ended: &rehearsal::Ended) -> String {
    match ended.cause {
        None => "never stops".to_owned(),
        Some(cause) => client.raises(cause, ended.answer).unwrap_or("returned").to_owned(),
    }
}
