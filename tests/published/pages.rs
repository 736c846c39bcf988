//! The vendors' pages, sentence by sentence, as tests of the built-in models.
//!
//! A test quotes the sentence that it is about. Rules are put to the limits
//! themselves (`server`), advice to a small scenario through the whole engine
//! (`tale`), and the built-in scenario must tell its story (`story`).

mod aiclicks;
mod aiclicks_clients;
mod clickterm;
mod clickterm_clients;
mod clover;
mod clover_clients;
mod ironclad;
mod ironclad_clients;
mod keymint;
mod keymint_clients;
mod server;
mod story;
mod tale;
mod world;
