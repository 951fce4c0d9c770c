//! Verified STARTTLS: is the peer behind this upgraded connection the one who was meant?
//!
//! The crate is a set of floors; dependency runs only downwards (`tests/floors.rs` reads every
//! `use crate::` line against this table):
//!
//! ```text
//!  top  ffi                    C names, NULL, panic, ownership                    unsafe allowed
//!   5   discover store         DNS -> evidence; config file, known peers          unsafe in its C wrappers
//!   4   session attach         sans-IO session, fd driver, connect; a caller's SSL
//!   3   verify                 settings -> policy, judge, findings, decide
//!   2   ossl trust private_file   thin safe wrapper over OpenSSL; CA stores       unsafe in ossl only
//!   1   name der dn pem crl ocsp sct san pin tlsa dns mta_sts tls_rpt ...         pure, no OpenSSL
//!   0   status error report options proto limits                                  data only
//! ```
//!
//! Doors lead to the one judge, [`verify::judge`]: a chain that the caller has, a caller's own SSL, a
//! session that is fed and drained, one that drives a file descriptor or connects by itself. A door
//! collects evidence and obeys the report; it never decides.
#![deny(unsafe_code)]
#![warn(missing_docs)]

// Floor 0: data only.
pub mod clock;
pub mod error;
pub mod limits;
pub mod options;
pub mod proto;
pub mod report;
pub mod status;

// Floor 1: pure rules, bytes in and answers out.
pub mod crl;
pub mod der;
pub mod dn;
pub mod dns;
pub mod known;
pub mod line;
pub mod mta_sts;
pub mod name;
pub mod ocsp;
pub mod pem;
pub mod pin;
pub mod san;
pub mod sct;
pub mod starttls;
pub mod tag_list;
pub mod tls_rpt;
pub mod tlsa;

// Floor 2: OpenSSL, and files.
pub mod ossl;
mod private_file;
pub mod trust;

// Floor 3: the judge.
pub mod verify;

// Floor 4: the doors.
pub mod attach;
pub mod session;

// Floor 5: what lies in the DNS and on disk.
pub mod discover;
pub mod store;

// Top: the C ABI.
pub mod ffi;
