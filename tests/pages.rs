//! The vendors' pages, sentence by sentence, as tests of the built-in models.
//!
//! A test quotes the sentence that it is about. Rules are put to the limits
//! themselves (`server`), advice to a small scenario through the whole engine
//! (`tale`), and the built-in scenario must tell its story (`story`).

#[path = "pages/aiclicks.rs"]
mod aiclicks;
#[path = "pages/aiclicks_clients.rs"]
mod aiclicks_clients;
#[path = "pages/clickterm.rs"]
mod clickterm;
#[path = "pages/clickterm_clients.rs"]
mod clickterm_clients;
#[path = "pages/clover.rs"]
mod clover;
#[path = "pages/clover_clients.rs"]
mod clover_clients;
#[path = "pages/ironclad.rs"]
mod ironclad;
#[path = "pages/ironclad_clients.rs"]
mod ironclad_clients;
#[path = "pages/keymint.rs"]
mod keymint;
#[path = "pages/keymint_clients.rs"]
mod keymint_clients;
#[path = "pages/server.rs"]
mod server;
#[path = "pages/story.rs"]
mod story;
#[path = "pages/tale.rs"]
mod tale;
#[path = "pages/world.rs"]
mod world;
