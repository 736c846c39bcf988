//! Ours, as its counts are compared.

use tollgate::scenario::Model;

use crate::w1;
use crate::workload::Counts;

pub(crate) fn run(model: &Model) -> Counts {
    let ledger = w1::run(model);
    Counts {
        arrivals: ledger.offered,
        retries: ledger.attempts - ledger.offered,
        completions: ledger.served,
        rejects: ledger.rejected,
    }
}
