//! Developer commands: one file each.

mod guests;

use clap::Parser;

#[derive(Parser)]
#[command(name = "cargo xtask", about)]
enum Command {
    Guests(guests::Arguments),
}

fn main() -> anyhow::Result<()> {
    match Command::parse() {
        Command::Guests(arguments) => guests::run(&arguments),
    }
}
