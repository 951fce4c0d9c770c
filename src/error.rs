//! The error that every floor returns: a status and the words for it.
//!
//! It is made at the lowest place that knows the object ("`/etc/ca.pem` does not exist") and is
//! never overwritten above.

use std::fmt;

use crate::status::Status;

/// Why a call could not do its job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    /// Whose fault, and which.
    pub status: Status,
    /// One sentence that names the object and, where there is one, the way out.
    pub what: String,
}

/// What every fallible function of the crate returns.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// An error with its words.
    pub fn new(status: Status, what: impl Into<String>) -> Error {
        Error { status, what: what.into() }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.what)
    }
}

impl std::error::Error for Error {}
