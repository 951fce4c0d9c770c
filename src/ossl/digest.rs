//! Digests.

use openssl::hash::{MessageDigest, hash};

use crate::error::{Error, Result};
use crate::pin::Algorithm;
use crate::status::Status;

/// The digest of these bytes. Fails where the system's policy switched the algorithm off (FIPS).
pub fn digest(algorithm: Algorithm, bytes: &[u8]) -> Result<Vec<u8>> {
    let method = match algorithm {
        Algorithm::Md5 => MessageDigest::md5(),
        Algorithm::Sha1 => MessageDigest::sha1(),
        Algorithm::Sha256 => MessageDigest::sha256(),
        Algorithm::Sha384 => MessageDigest::sha384(),
        Algorithm::Sha512 => MessageDigest::sha512(),
    };
    let digest = hash(method, bytes).map_err(|_| {
        let what = format!("OpenSSL on this system does not offer {}", algorithm.word());
        Error::new(Status::Unsupported, what)
    })?;
    Ok(digest.to_vec())
}
