//! How many instructions the hot paths take, which is the same number on a noisy
//! machine as on a quiet one.
//!
//! ```text
//! cargo bench --bench instructions               # fails where one grew by more than 5 %
//! cargo bench --bench instructions -- --record   # the figures of today are right
//! ```
//!
//! Every case runs twice under valgrind, the second time with twice the work: the
//! difference is free of whatever it costs to set up. `benches/instructions.csv`
//! holds the figures; a change that makes one grow by more than 5 % records it in
//! the same commit, and says why. Ends with 1 where one grew, 2 without valgrind.

#[path = "../work/answers.rs"]
mod answers;
mod cases;
#[path = "../work/decisions.rs"]
mod decisions;
mod record;
mod valgrind;
#[path = "../work/w1.rs"]
mod w1;

use std::process::ExitCode;

use clap::Parser;

use cases::{CASES, Case};
use record::{Record, compiler};

#[derive(Parser)]
struct Options {
    /// Records what is measured.
    #[arg(long)]
    record: bool,
    /// Only cases whose names hold this.
    case: Option<String>,
    /// One case, for valgrind to count.
    #[arg(long, hide = true)]
    child: Option<String>,
    /// So much of it.
    #[arg(long, hide = true, default_value_t = 1)]
    work: u64,
    /// Said by cargo.
    #[arg(long, hide = true)]
    bench: bool,
}

fn main() -> ExitCode {
    let options = Options::parse();
    if let Some(name) = &options.child {
        let case = CASES.iter().find(|case| case.name == name).expect("the case is known");
        println!("{}", (case.run)(options.work));
        return ExitCode::SUCCESS;
    }
    if let Err(missing) = valgrind::look() {
        eprintln!("instructions are counted by valgrind, which is missing here: {missing}");
        return ExitCode::from(2);
    }
    let wanted = |case: &&Case| options.case.as_ref().is_none_or(|part| case.name.contains(part));
    let cases: Vec<&Case> = CASES.iter().filter(wanted).collect();
    let measured = valgrind::measure(&cases);
    if options.record {
        Record::of(&measured).write();
        return ExitCode::SUCCESS;
    }
    compare(&Record::read(), &measured)
}

/// Prints recorded, measured, change; fails where one grew.
fn compare(record: &Record, measured: &[(&str, f64)]) -> ExitCode {
    println!("{:<36}  {:>9}  {:>9}  {:>8}", "instructions", "recorded", "measured", "change");
    let (mut grew, mut unknown) = (false, false);
    for (case, instructions) in measured {
        let Some(recorded) = record.of_case(case) else {
            println!("{case:<36}  {:>9}  {instructions:>9.1}  not recorded", "-");
            unknown = true;
            continue;
        };
        let change = (instructions / recorded - 1.0) * 100.0;
        let note = match change {
            c if c > record::TOLERANCE => "  grew",
            c if c < -record::TOLERANCE => "  fewer: record it",
            _ => "",
        };
        println!("{case:<36}  {recorded:>9.1}  {instructions:>9.1}  {change:>+6.1} %{note}");
        grew |= change > record::TOLERANCE;
    }
    if record.compiler != compiler() {
        let (then, now) = (&record.compiler, compiler());
        println!("recorded with {then}, measured with {now}, which may move every figure");
    }
    if grew || unknown {
        println!(
            "is the growth worth it? then run cargo bench --bench instructions -- --record, and \
             say why in the commit"
        );
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}
