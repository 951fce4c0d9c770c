//! `starttls-verify`: the library on the command line.
//!
//! A thin client: it reads arguments, lets the library judge, and shows the library's report. What
//! it adds is the exit code (`exit`), batches (`batch_chain`, `batch_check`) and a few things for
//! administrators (`pin`, `known`, `doctor`, `option_list`).
#![forbid(unsafe_code)]

mod acquaintance;
mod answer;
mod arguments;
mod base;
mod batch_chain;
mod batch_check;
mod bell;
mod chain;
mod check;
mod clerks;
mod colour;
mod descriptors;
mod desk;
mod doctor;
mod domain;
mod exit;
mod fault;
mod inbox;
mod known;
mod line_policy;
mod lines;
mod new_file;
mod option_list;
mod order;
mod output;
mod pin;
mod record;
mod target;
mod tls_rpt;
mod tlsa;
mod verifier_cache;
mod visit;

use std::process::ExitCode;

use clap::Parser;

use arguments::{Arguments, Command};
use exit::Exit;
use fault::Fault;

fn main() -> ExitCode {
    // Wrong arguments end the program here, with exit code 2.
    let arguments = Arguments::parse();
    let exit = run(&arguments.command).unwrap_or_else(|fault| fault.confess());
    exit.into()
}

fn run(command: &Command) -> Result<Exit, Fault> {
    match command {
        Command::Check(arguments) => check::run(arguments),
        Command::Chain(arguments) => chain::run(arguments),
        Command::Pin(arguments) => pin::run(arguments),
        Command::Known(action) => known::run(action),
        Command::Doctor => doctor::run(),
        Command::Options => option_list::run(),
    }
}
