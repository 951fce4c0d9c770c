//! Random octets.

use crate::error::{Error, Result};
use crate::status::Status;

/// Octets that nobody can guess.
pub fn random<const N: usize>() -> Result<[u8; N]> {
    let mut octets = [0; N];
    openssl::rand::rand_bytes(&mut octets)
        .map_err(|_| Error::new(Status::Memory, "OpenSSL has no random numbers to give"))?;
    Ok(octets)
}
