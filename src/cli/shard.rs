//! `--shard`: which share of a sweep this process has, as it is told or as the
//! scheduler that started it says.

use clap::Args;

use super::Failure;
use crate::report::sweep::Shard;

/// The most shards: their numbers have five digits.
const MOST: u32 = 99_999;

/// What a process is told of its share.
#[derive(Debug, Args)]
pub(super) struct Sharding {
    /// Run only every N-th point from point I on (I from 0), for `tollgate
    /// merge`; or auto: as Slurm, Kubernetes, AWS Batch or Cloud Run say
    #[arg(long, value_name = "I/N|auto")]
    shard: Option<String>,
    /// How many shards there are, where --shard auto is not told
    #[arg(long, value_name = "N", requires = "shard",
          value_parser = clap::value_parser!(u32).range(1..=i64::from(MOST)))]
    shards: Option<u32>,
}

impl Sharding {
    /// The share; `None` for everything.
    pub(super) fn read(&self) -> Result<Option<Shard>, Failure> {
        let shard = match self.shard.as_deref() {
            None => return Ok(None),
            Some("auto") => auto(&|name| std::env::var(name).ok(), self.shards),
            Some(text) => given(text, self.shards),
        };
        shard.map(Some).map_err(Failure::Usage)
    }
}

fn given(text: &str, shards: Option<u32>) -> Result<Shard, String> {
    let pair = text.split_once('/').and_then(|(index, of)| {
        Some((index.trim().parse::<u32>().ok()?, of.trim().parse::<u32>().ok()?))
    });
    let Some((index, of)) = pair else {
        return Err(format!(
            "--shard {text}: it is not I/N\n  = help: write 0/4 for the first of four, or auto"
        ));
    };
    if shards.is_some_and(|shards| shards != of) {
        return Err(format!("--shard {text}: --shards says another number\n  = help: write one"));
    }
    checked(index, of, &format!("--shard {text}"))
}

fn checked(index: u32, of: u32, place: &str) -> Result<Shard, String> {
    match of {
        0 => Err(format!("{place}: there are no shards\n  = help: write 0/1 for everything")),
        _ if of > MOST => Err(format!("{place}: {of} shards are more than the most, {MOST}")),
        _ if index >= of => Err(format!(
            "{place}: there is no shard {index} of {of}\n  = help: shards are counted from 0; the \
             last is {}/{of}",
            of - 1
        )),
        _ => Ok(Shard { index, of }),
    }
}

/// Where schedulers say which of how many tasks a process is.
struct Scheduler {
    index: &'static str,
    count: Option<&'static str>,
    /// The number of the first task, where that may be another than 0.
    first: Option<&'static str>,
}

const SCHEDULERS: [Scheduler; 4] = [
    Scheduler {
        index: "SLURM_ARRAY_TASK_ID",
        count: Some("SLURM_ARRAY_TASK_COUNT"),
        first: Some("SLURM_ARRAY_TASK_MIN"),
    },
    Scheduler { index: "JOB_COMPLETION_INDEX", count: None, first: None },
    Scheduler {
        index: "AWS_BATCH_JOB_ARRAY_INDEX",
        count: Some("AWS_BATCH_JOB_ARRAY_SIZE"),
        first: None,
    },
    Scheduler { index: "CLOUD_RUN_TASK_INDEX", count: Some("CLOUD_RUN_TASK_COUNT"), first: None },
];

/// What the environment says. `--shards` goes before the scheduler's own count,
/// and then tasks are counted from 0: of an array of which one task is run once
/// more alone, Slurm says that it has one task.
fn auto(get: &dyn Fn(&str) -> Option<String>, shards: Option<u32>) -> Result<Shard, String> {
    let place = "--shard auto";
    let number = |name: &str| -> Result<Option<u32>, String> {
        let Some(text) = get(name) else { return Ok(None) };
        let number = text.trim().parse();
        number.map(Some).map_err(|_| format!("{place}: {name} is `{text}`, which is no number"))
    };
    for scheduler in &SCHEDULERS {
        let Some(index) = number(scheduler.index)? else { continue };
        if let Some(of) = shards {
            return checked(index, of, &format!("{place} ({})", scheduler.index));
        }
        let count = scheduler.count.map_or(Ok(None), number)?;
        let Some(of) = count else {
            return Err(format!(
                "{place}: {} says which shard this is, and nothing says of how many\n  = help: \
                 write --shards N",
                scheduler.index
            ));
        };
        let first = scheduler.first.map_or(Ok(None), number)?.unwrap_or(0);
        let index = index.checked_sub(first).unwrap_or(of);
        return checked(index, of, &format!("{place} ({})", scheduler.index));
    }
    let names = SCHEDULERS.map(|scheduler| scheduler.index).join(", ");
    Err(format!("{place}: none of {names} is there\n  = help: write --shard I/N"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(variables: &[(&str, &str)], shards: Option<u32>) -> Result<Shard, String> {
        let get = |name: &str| {
            let found = variables.iter().find(|(own, _)| *own == name);
            found.map(|(_, value)| (*value).to_owned())
        };
        auto(&get, shards)
    }

    #[test]
    fn every_scheduler_is_understood() {
        let slurm = [
            ("SLURM_ARRAY_TASK_ID", "5"),
            ("SLURM_ARRAY_TASK_COUNT", "8"),
            ("SLURM_ARRAY_TASK_MIN", "1"),
        ];
        assert_eq!(of(&slurm, None), Ok(Shard { index: 4, of: 8 }));
        // One task of it, run once more alone.
        let again = [
            ("SLURM_ARRAY_TASK_ID", "5"),
            ("SLURM_ARRAY_TASK_COUNT", "1"),
            ("SLURM_ARRAY_TASK_MIN", "5"),
        ];
        assert_eq!(of(&again, Some(8)), Ok(Shard { index: 5, of: 8 }));
        let kubernetes = [("JOB_COMPLETION_INDEX", "3")];
        assert_eq!(of(&kubernetes, Some(4)), Ok(Shard { index: 3, of: 4 }));
        assert!(of(&kubernetes, None).unwrap_err().contains("write --shards N"));
        let batch = [("AWS_BATCH_JOB_ARRAY_INDEX", "0")];
        assert_eq!(of(&batch, Some(2)), Ok(Shard { index: 0, of: 2 }));
        let sized = [("AWS_BATCH_JOB_ARRAY_INDEX", "0"), ("AWS_BATCH_JOB_ARRAY_SIZE", "9")];
        assert_eq!(of(&sized, None), Ok(Shard { index: 0, of: 9 }));
        let run = [("CLOUD_RUN_TASK_INDEX", "1"), ("CLOUD_RUN_TASK_COUNT", "2")];
        assert_eq!(of(&run, None), Ok(Shard { index: 1, of: 2 }));
    }

    #[test]
    fn what_makes_no_sense_is_told() {
        let part = |shard: Result<Shard, String>, part: &str| {
            let why = shard.unwrap_err();
            assert!(why.contains(part), "{why}");
        };
        part(of(&[], None), "none of SLURM_ARRAY_TASK_ID, ");
        part(of(&[("CLOUD_RUN_TASK_INDEX", "x")], None), "`x`, which is no number");
        part(of(&[("JOB_COMPLETION_INDEX", "4")], Some(4)), "no shard 4 of 4");
        part(given("4/4", None), "the last is 3/4");
        part(given("0/0", None), "no shards");
        part(given("1", None), "write 0/4");
        part(given("1/x", None), "write 0/4");
        part(given("0/100000", None), "more than the most");
        part(given("0/2", Some(3)), "another number");
        assert_eq!(given("3/64", Some(64)), Ok(Shard { index: 3, of: 64 }));
    }
}
