//! Facts that must be fetched: what DNS says, what a policy host says. They enter the judge as
//! evidence with their provenance; nothing here decides.

mod http_response;
mod policy_host;
mod sts;

pub use policy_host::{FetchFault, PATIENCE, PolicyHosts};
pub use sts::{Settled, TxtRecords, settle};
