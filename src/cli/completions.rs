//! `completions`: what a shell needs to complete commands.

use clap::{Args, CommandFactory};
use clap_complete::Shell;

use super::{Cli, Failure, print};

/// Prints a completion script.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  tollgate completions bash \\
      > ~/.local/share/bash-completion/completions/tollgate
  tollgate completions fish > ~/.config/fish/completions/tollgate.fish")]
pub(super) struct Completions {
    /// The shell
    shell: Shell,
}

impl Completions {
    pub(super) fn run(self) -> Result<(), Failure> {
        let mut script = vec![];
        clap_complete::generate(self.shell, &mut Cli::command(), "tollgate", &mut script);
        print(&String::from_utf8_lossy(&script))
    }
}
