//! Developer commands: one file each.

mod codegen;
mod guests;

use clap::Parser;

#[derive(Parser)]
#[command(name = "cargo xtask", about)]
enum Command {
    Codegen(codegen::Arguments),
    Guests(guests::Arguments),
}

fn main() -> anyhow::Result<()> {
    match Command::parse() {
        Command::Codegen(arguments) => codegen::run(&arguments),
        Command::Guests(arguments) => guests::run(&arguments),
    }
}
