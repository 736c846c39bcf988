//! The list: names, units and meanings of everything that is measured of a run.

use std::fmt;

/// The unit of a metric.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Unit {
    /// A number of things.
    Count,
    /// Seconds.
    Seconds,
    /// Per second.
    PerSecond,
    /// A share of 1.
    Share,
    /// A plain ratio.
    Ratio,
}

impl Unit {
    /// As files write it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Unit::Count => "count",
            Unit::Seconds => "s",
            Unit::PerSecond => "1/s",
            Unit::Share | Unit::Ratio => "ratio",
        }
    }
}

/// Which way a metric is better.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Better {
    /// Less of it is.
    Less,
    /// More of it is.
    More,
    /// It describes and does not judge.
    Neither,
}

/// Something that is measured, of a run or of a log: what conditions are about.
pub trait Measured: Copy + Eq + fmt::Debug + 'static {
    /// All of its kind, in the order of files.
    fn all() -> &'static [Self];

    /// Its name in files, conditions and `list metrics`.
    fn name(self) -> &'static str;

    /// Other names that people write in conditions.
    fn aliases(self) -> &'static [&'static str];

    /// Its unit.
    fn unit(self) -> Unit;

    /// What it means.
    fn meaning(self) -> &'static str;

    /// What is meant where a condition compares a count with a percentage.
    fn as_share(self) -> Option<Self> {
        None
    }

    /// The metric of that name or alias, with `_` for `-` if one likes.
    #[must_use]
    fn find(name: &str) -> Option<Self> {
        let name = name.replace('_', "-");
        let is_named = |m: &&Self| m.name() == name || m.aliases().contains(&name.as_str());
        Self::all().iter().find(is_named).copied()
    }
}

/// A list once, so that no metric can lack a name, a unit or a meaning.
macro_rules! metrics {
    ($of:literal $Metric:ident $METRICS:ident;
     $($metric:ident = $name:literal [$($alias:literal),*] $unit:ident $better:ident: $meaning:literal,)+) => {
        #[doc = concat!("Something that is measured of ", $of, ".")]
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        pub enum $Metric {
            $(#[doc = $meaning] $metric,)+
        }

        #[doc = concat!("All metrics of ", $of, ", in the order of files.")]
        pub const $METRICS: &[$Metric] = &[$($Metric::$metric,)+];

        impl $Metric {
            /// Its name in files, conditions and `list metrics`.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $($Metric::$metric => $name,)+ }
            }

            /// Other names that people write in conditions.
            #[must_use]
            pub const fn aliases(self) -> &'static [&'static str] {
                match self { $($Metric::$metric => &[$($alias),*],)+ }
            }

            /// Its unit.
            #[must_use]
            pub const fn unit(self) -> Unit {
                match self { $($Metric::$metric => Unit::$unit,)+ }
            }

            /// Which way it is better.
            #[must_use]
            pub const fn better(self) -> Better {
                match self { $($Metric::$metric => Better::$better,)+ }
            }

            /// What it means.
            #[must_use]
            pub const fn meaning(self) -> &'static str {
                match self { $($Metric::$metric => $meaning,)+ }
            }
        }
    };
}
pub(super) use metrics;

metrics! {
    "a run" Metric METRICS;
    Calls = "calls" [] Count Neither: "calls that were meant to start",
    Served = "served" [] Count More: "calls that got what they wanted, however",
    ServedByCache = "served-by-cache" [] Count Neither: "of them by the client's cache",
    ServedByBatch = "served-by-batch" [] Count Neither: "of them in another call's attempt",
    Avoided = "avoided" [] Count Neither: "of them without need of an attempt",
    GivenUp = "given-up" [] Count Less: "calls given up",
    GivenUpAttempts = "given-up-attempts" [] Count Less: "of them after the last attempt",
    GivenUpDeadline = "given-up-deadline" [] Count Less: "of them when patience ended",
    GivenUpNotRetried = "given-up-not-retried" [] Count Less: "of them on an answer that is not retried",
    GivenUpShed = "given-up-shed" [] Count Less: "of them stopped before the first attempt",
    GivenUpHint = "given-up-hint" [] Count Less: "of them because the response asked for it",
    GivenUpError = "given-up-error" [] Count Less: "of them by an error of the client's own",
    GivenUpBudget = "given-up-budget" [] Count Less: "of them for want of a retry budget",
    GivenUpThrottle = "given-up-throttle" [] Count Less: "of them by the client's own throttle",
    Unfinished = "unfinished" [] Count Less: "calls that the run's end cut off",
    ServedShare = "served-share" ["success-share"] Share More: "served / calls",
    Attempts = "attempts" [] Count Less: "requests sent",
    Admitted = "admitted" [] Count Neither: "attempts that the limits admitted",
    Rejected = "429s" ["rejected", "rejects"] Count Less: "attempts that a limit refused, whatever the status",
    RejectedShare = "429-share" ["rejected-share", "rate-429"] Share Less: "429s / attempts",
    ServerErrors = "5xx" ["errors"] Count Less: "attempts answered 5xx",
    Failed = "failed" [] Count Less: "attempts that failed before a decision",
    Timeouts = "timeouts" [] Count Less: "attempts whose client stopped waiting",
    Amplification = "amplification" [] Ratio Less: "attempts / calls",
    Goodput = "goodput" [] PerSecond More: "served calls per second, until the work is done",
    Utilisation = "utilisation" [] Ratio Neither: "admitted / what the tightest limit admits in that time",
    PeakOvershoot = "peak-overshoot" [] Ratio Less: "most attempts in a second / what the tightest limit admits in one",
    WaitP50 = "wait-p50" ["p50-wait", "median-wait"] Seconds Less: "median wait of a call, from when it was meant to start",
    WaitP90 = "wait-p90" ["p90-wait"] Seconds Less: "90 % of calls wait no longer",
    WaitP99 = "wait-p99" ["p99-wait"] Seconds Less: "99 % of calls wait no longer",
    WaitMax = "wait-max" ["max-wait"] Seconds Less: "the longest wait of a served call",
    TimeTo99 = "time-to-99" [] Seconds Less: "until 99 % of the calls known at the start are served",
    TimeTo100 = "time-to-100" [] Seconds Less: "until all of them are",
    LastServed = "last-served" [] Seconds Less: "until the last call that was served",
    DrainTime = "drain-time" [] Seconds Less: "from the horizon to the last call that was served",
    Jain = "jain" [] Ratio More: "Jain's index of the clients' served calls",
    JainByChance = "jain-by-chance" [] Ratio Neither: "Jain's index if equal clients drew lots for them",
    Gini = "gini" [] Ratio Less: "Gini's coefficient of the clients' served calls",
    GiniByChance = "gini-by-chance" [] Ratio Neither: "Gini's coefficient if equal clients drew lots for them",
    JainOfShares = "jain-of-shares" [] Ratio More: "Jain's index of the clients' served / calls",
    WorstClient = "worst-client" [] Ratio More: "the least served / calls of any client",
    StarvedShare = "starved-share" [] Share Less: "clients of whose calls less than half were served",
    Recovered = "recovered" [] Share More: "runs in which 90 % of new calls are served over 20 s after the trigger",
    RecoveryTime = "recovery-time" [] Seconds Less: "from the trigger's end until that begins; never if it does not",
    GoodputBefore = "goodput-before" [] Share More: "served / new calls in the 20 s before the trigger",
    GoodputAfter = "goodput-after" [] Share More: "served / new calls in the last quarter of the time after the trigger",
}

impl Metric {
    /// Its place among [`METRICS`].
    #[must_use]
    pub const fn place(self) -> usize {
        self as usize
    }

    /// Whether only a model that something disturbs has it.
    #[must_use]
    pub const fn follows_trigger(self) -> bool {
        use Metric::{GoodputAfter, GoodputBefore, Recovered, RecoveryTime};
        matches!(self, Recovered | RecoveryTime | GoodputBefore | GoodputAfter)
    }

    /// The metric of that name or alias, with `_` for `-` if one likes.
    #[must_use]
    pub fn named(name: &str) -> Option<Metric> {
        Measured::find(name)
    }
}

impl Measured for Metric {
    fn all() -> &'static [Metric] {
        METRICS
    }

    fn name(self) -> &'static str {
        self.name()
    }

    fn aliases(self) -> &'static [&'static str] {
        self.aliases()
    }

    fn unit(self) -> Unit {
        self.unit()
    }

    fn meaning(self) -> &'static str {
        self.meaning()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_in_kebab_case() {
        let names = METRICS.iter().flat_map(|m| m.aliases().iter().copied().chain([m.name()]));
        let mut names: Vec<&str> = names.collect();
        let is_kebab = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        assert!(names.iter().all(|name| name.chars().all(is_kebab)), "{names:?}");
        let all = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), all, "{names:?}");
    }

    #[test]
    fn people_write_names_their_way() {
        assert_eq!(Metric::named("rejected_share"), Some(Metric::RejectedShare));
        assert_eq!(Metric::named("p99_wait"), Metric::named("wait-p99"));
        assert_eq!(Metric::named("p99"), None);
    }
}
