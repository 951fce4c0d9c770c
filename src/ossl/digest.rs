//! Digests.

use std::sync::OnceLock;

use openssl::error::ErrorStack;
use openssl::md::{Md, MdRef};
use openssl::md_ctx::MdCtx;

use crate::error::{Error, Result};
use crate::pin::Algorithm;
use crate::status::Status;

/// Octets of the longest digest that there is.
const LONGEST: usize = 64;

/// The digest of these bytes. Fails where the system's policy switched the algorithm off (FIPS).
pub fn digest(algorithm: Algorithm, bytes: &[u8]) -> Result<Vec<u8>> {
    digest_by(method(algorithm), bytes).map_err(|_| {
        let what = format!("OpenSSL on this system does not offer {}", algorithm.word());
        Error::new(Status::Unsupported, what)
    })
}

fn digest_by(method: &MdRef, bytes: &[u8]) -> std::result::Result<Vec<u8>, ErrorStack> {
    let mut digest = [0; LONGEST];
    let mut context = MdCtx::new()?;
    context.digest_init(method)?;
    context.digest_update(bytes)?;
    let octets = context.digest_final(&mut digest)?;
    Ok(digest[..octets].to_vec())
}

/// What computes it. OpenSSL looks it up by name, in its providers, which takes as long as the digest of
/// a key: so each is looked up once in a process and kept until the end, a child of `fork` included.
/// Default properties that the program sets later (a switch to FIPS) do not reach what is kept already.
/// Where the search fails nothing is kept, and OpenSSL says why when it is asked for a digest.
fn method(algorithm: Algorithm) -> &'static MdRef {
    static FOUND: [OnceLock<Md>; 5] = [const { OnceLock::new() }; 5];
    let (place, name, unfound): (_, _, fn() -> &'static MdRef) = match algorithm {
        Algorithm::Md5 => (&FOUND[0], "MD5", Md::md5),
        Algorithm::Sha1 => (&FOUND[1], "SHA1", Md::sha1),
        Algorithm::Sha256 => (&FOUND[2], "SHA2-256", Md::sha256),
        Algorithm::Sha384 => (&FOUND[3], "SHA2-384", Md::sha384),
        Algorithm::Sha512 => (&FOUND[4], "SHA2-512", Md::sha512),
    };
    match place.get() {
        Some(found) => found,
        None => match Md::fetch(None, name, None) {
            Ok(found) => place.get_or_init(|| found),
            Err(_) => unfound(),
        },
    }
}

#[cfg(test)]
mod tests {
    use data_encoding::HEXLOWER;

    use super::*;

    /// Of no bytes at all; twice, since only the first asks OpenSSL for the method.
    #[test]
    fn every_algorithm_gives_its_own_digest() {
        for _ in 0..2 {
            for (algorithm, start) in [
                (Algorithm::Md5, "d41d8cd98f00b204"),
                (Algorithm::Sha1, "da39a3ee5e6b4b0d"),
                (Algorithm::Sha256, "e3b0c44298fc1c14"),
                (Algorithm::Sha384, "38b060a751ac9638"),
                (Algorithm::Sha512, "cf83e1357eefb8bd"),
            ] {
                let found = digest(algorithm, b"").unwrap();
                assert_eq!(found.len(), algorithm.octets());
                assert_eq!(HEXLOWER.encode(&found[..8]), start);
            }
        }
    }
}
