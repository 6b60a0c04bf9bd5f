//! Developer commands: one file each.

mod bench;
mod codegen;
mod guests;

use clap::Parser;

#[derive(Parser)]
#[command(name = "cargo xtask", about)]
enum Command {
    Bench(bench::Arguments),
    Codegen(codegen::Arguments),
    Guests(guests::Arguments),
}

fn main() -> anyhow::Result<()> {
    match Command::parse() {
        Command::Bench(arguments) => bench::run(&arguments),
        Command::Codegen(arguments) => codegen::run(&arguments),
        Command::Guests(arguments) => guests::run(&arguments),
    }
}
