//! Report: numbers become tables, words, files and pictures.
//!
//! Everything here is a pure function of what an experiment found, but for
//! [`output`], which writes files. Nothing prints.

pub mod number;
pub mod text;
mod grid;
pub mod subject;
pub mod table;
pub mod words;
pub mod csv;
pub mod record;
pub mod baseline;
pub mod screen;
pub mod single;
pub mod events;
pub mod decisions;
pub mod impact;
pub mod rehearsal;
pub mod output;
pub mod sweep;
pub mod chart;
pub mod figures;
pub mod tuning;
#[cfg(test)]
mod fixture;
