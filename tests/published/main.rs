//! What others have published, held to the built-in models: the pages of vendors,
//! studies of retries, and what the defaults of libraries do.

mod demos;
mod heroku;
mod pages;
mod studies;
#[path = "../lab/table.rs"]
mod table;
mod vendors;
