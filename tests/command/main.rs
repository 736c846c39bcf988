//! The command as people run it: its options, the names it knows, its README.

mod baseline;
mod cli;
mod logs;
mod names;
mod readme;
mod sweep;
mod tune;
