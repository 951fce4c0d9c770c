//! What lies on disk.

pub mod config_file;
