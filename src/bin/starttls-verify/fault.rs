//! Why the program could not do its job.

use std::io;

use starttls_verify::error::Error;
use starttls_verify::status::Status;

use crate::exit::Exit;

/// What went wrong, by whose doing.
#[derive(Debug)]
pub enum Fault {
    /// The library refused what it was given.
    Library(Error),
    /// Standard input cannot be read.
    Input(io::Error),
    /// Standard output cannot be written.
    Output(io::Error),
    /// The system refuses what every program needs.
    System(io::Error),
}

impl From<Error> for Fault {
    fn from(error: Error) -> Fault {
        Fault::Library(error)
    }
}

impl Fault {
    /// Wrong usage that only we can see.
    pub fn usage(what: impl Into<String>) -> Fault {
        Fault::Library(Error::new(Status::Argument, what))
    }

    /// Says it on standard error.
    pub fn confess(&self) -> Exit {
        match self {
            Fault::Library(error) => {
                eprintln!("starttls-verify: {}", error.what);
                Exit::of_failure(error.status)
            }
            Fault::Input(error) => {
                eprintln!("starttls-verify: standard input cannot be read: {error}");
                Exit::Unchecked
            }
            Fault::System(error) => {
                eprintln!("starttls-verify: {error}");
                Exit::Unchecked
            }
            // Whoever read it has seen enough.
            Fault::Output(error) if error.kind() == io::ErrorKind::BrokenPipe => Exit::Unchecked,
            Fault::Output(error) => {
                eprintln!("starttls-verify: standard output cannot be written: {error}");
                Exit::Unchecked
            }
        }
    }
}
