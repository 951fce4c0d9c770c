//! TLSRPT (RFC 8460): what a domain is told about the TLS of those who send it mail.
//!
//! A session's report becomes one result ([`SessionResult`]); results are summed under the policy that
//! the session was under ([`Summary`]) and written as JSON, plain or compressed. Nothing of it weighs in
//! a verdict.

mod record;
mod result_type;
mod session_result;
mod summary;
mod written;

pub use record::Record;
pub use result_type::{ResultType, result_type};
pub use session_result::SessionResult;
pub use summary::{DateRange, Summary};
