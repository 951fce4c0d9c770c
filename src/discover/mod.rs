//! Facts that must be fetched: what DNS says, what a policy host says. They enter the judge as
//! evidence with their provenance; nothing here decides, and nothing is asked unless the caller asks
//! for it.
//!
//! In the DNS the option `dns` says who asks.
//! Two engines, one answer. `System` is the resolver of the C library: DNSSEC is validated
//! elsewhere if at all, and the word of that server counts only where the administrator says so
//! (`trust-ad`). libunbound validates in this process, from a trust anchor on this machine.
//!
//! An [`Outcome`] is one of five, and they are never merged:
//!
//! | outcome  | what it means                                                                    |
//! |----------|----------------------------------------------------------------------------------|
//! | secure   | records, validated                                                               |
//! | insecure | records that nobody vouches for: the zone is not signed, or nobody validated     |
//! | absent   | no such name or no such records; that too is proven or not                       |
//! | bogus    | validation failed: forged, or a broken zone                                      |
//! | failed   | no usable answer: SERVFAIL, a deadline, nonsense                                 |
//!
//! To take bogus or failed for absent would let whoever disturbs a look-up switch DANE off.

mod addresses;
mod domain;
mod evidence;
mod http_response;
mod libresolv;
mod libunbound;
mod mail_policy;
mod outcome;
mod peer;
mod policy_host;
mod resolver;
mod servers;
mod sts;
mod system;
mod texts;
mod tlsa;
mod unbound;

pub use domain::hosts;
pub use mail_policy::mail_policy;
pub use outcome::{Absence, Missing, Outcome, Proof};
pub use peer::discover;
pub use policy_host::{FetchFault, PolicyHosts};
pub use resolver::{Ask, Resolver};
pub use sts::{Settled, TxtRecords, settle};
pub use texts::texts;
pub use tlsa::{Associations, Found, associations};
pub use unbound::{libunbound_version, trust_anchor_file};
