//! What lies on disk.

pub mod config_file;
pub mod known_peers;
mod known_text;
pub mod policy_cache;
