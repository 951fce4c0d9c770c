//! A file of CA certificates, read once, from which only those that are asked for become X509 objects.
//!
//! To parse the system's 140 CAs costs twenty times what a verdict costs, and a verdict needs one of
//! them. So the text is kept as it is, with a list of where each certificate stands and a hash of its
//! subject in the form in which OpenSSL compares names ([`dn`]).
//!
//! A file that is not plain (`pem`, strict DER, names with a canonical form) has no index: whoever asks
//! loads it whole, as OpenSSL does.
//!
//! The text lies in a mapping of our own and not in a mapping of the file: whoever truncates the file
//! would end the process with SIGBUS, and who changes it would change what we trust.
//!
//! Bundles are shared by all verifiers of the process that found the same file in the same state, and
//! freed with the last of them. No lock is waited for: a child forked while another thread held it
//! would wait for ever; it does without.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;
use std::sync::{Arc, Mutex, RwLock, Weak};

use memmap2::{Mmap, MmapMut};

use crate::der;
use crate::dn;
use crate::limits::FILE_OCTETS;
use crate::ossl::Certificate;
use crate::pem::{self, Place};

use super::identity::Identity;

/// Certificates of one file, by subject.
pub struct Bundle {
    identity: Identity,
    text: Mmap,
    entries: Box<[Entry]>,
    /// Those that were asked for, with their place in the entries.
    parsed: RwLock<Vec<(usize, Certificate)>>,
}

/// Where a certificate stands, and for whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    start: u32,
    end: u32,
    subject: u64,
}

impl Bundle {
    /// The bundle at this path; `None` where it cannot be read or has no index, so that whoever wants
    /// it reads it in another way, and learns why.
    pub fn open(path: &Path) -> Option<Arc<Bundle>> {
        let identity = Identity::of(&fs::metadata(path).ok().filter(fs::Metadata::is_file)?);
        if let Some(known) = shared(&identity) {
            return Some(known);
        }
        let bundle = Arc::new(Bundle::read(path)?);
        share(&bundle);
        Some(bundle)
    }

    fn read(path: &Path) -> Option<Bundle> {
        let (identity, text) = read_whole(path).ok()?;
        let entries = index(&text)?;
        Some(Bundle { identity, text, entries, parsed: RwLock::new(Vec::new()) })
    }

    /// Every certificate with this subject, in the order of the file. Others may be among them: a hash
    /// says no more.
    pub fn named(&self, subject: &[u8]) -> Vec<Certificate> {
        // A name without a canonical form is none of ours: all in the index have one.
        let Ok(form) = dn::canonical(subject) else { return Vec::new() };
        let wanted = hash(&form);
        let fitting = self.entries.iter().enumerate().filter(|(_, entry)| entry.subject == wanted);
        fitting.filter_map(|(at, _)| self.certificate(at)).collect()
    }

    /// Every certificate.
    pub fn all(&self) -> impl Iterator<Item = Certificate> {
        (0..self.entries.len()).filter_map(|at| self.certificate(at))
    }

    /// Whether exactly this certificate is in it.
    pub fn contains(&self, certificate: &Certificate) -> bool {
        let Ok(read) = der::Certificate::parse(certificate.der()) else { return false };
        self.named(read.subject).iter().any(|one| one.der() == certificate.der())
    }

    fn certificate(&self, at: usize) -> Option<Certificate> {
        if let Some(known) = self.known(at) {
            return Some(known);
        }
        let entry = self.entries.get(at)?;
        let der = pem::contents(&self.text, entry.place()).ok()?;
        let certificate = Certificate::from_der(&der).ok()?;
        if let Ok(mut parsed) = self.parsed.try_write() {
            parsed.push((at, certificate.clone()));
        }
        Some(certificate)
    }

    fn known(&self, at: usize) -> Option<Certificate> {
        let parsed = self.parsed.try_read().ok()?;
        parsed.iter().find(|(number, _)| *number == at).map(|(_, certificate)| certificate.clone())
    }
}

impl Entry {
    fn place(self) -> Place {
        // Offsets of a file that is held in memory.
        Place { start: self.start as usize, end: self.end as usize }
    }
}

/// The text of a regular file, if nobody changed it meanwhile.
fn read_whole(path: &Path) -> io::Result<(Identity, Mmap)> {
    let changing = || io::Error::other("the file changes while it is read");
    let mut file = File::open(path)?;
    let identity = Identity::of(&file.metadata()?);
    let size = usize::try_from(identity.size()).map_err(io::Error::other)?;
    if size == 0 || size > FILE_OCTETS {
        return Err(io::Error::other("the file is empty or too large"));
    }
    let mut text = MmapMut::map_anon(size)?;
    file.read_exact(&mut text)?;
    let same = Identity::of(&file.metadata()?) == identity;
    if same { Ok((identity, text.make_read_only()?)) } else { Err(changing()) }
}

/// Every certificate of the text, all of them read to the end; `None` where there is none, or anything
/// that is not plain.
fn index(text: &[u8]) -> Option<Box<[Entry]>> {
    let places = pem::certificates(text).ok().filter(|places| !places.is_empty())?;
    places.into_iter().map(|place| entry(text, place)).collect()
}

fn entry(text: &[u8], place: Place) -> Option<Entry> {
    let der = pem::contents(text, place).ok()?;
    let certificate = der::Certificate::parse(&der).ok()?;
    let subject = dn::canonical(certificate.subject).ok()?;
    if certificate.issuer != certificate.subject {
        dn::canonical(certificate.issuer).ok()?;
    }
    Some(Entry {
        start: u32::try_from(place.start).ok()?,
        end: u32::try_from(place.end).ok()?,
        subject: hash(&subject),
    })
}

/// FNV-1a, 64 bits. Where two names share a hash, OpenSSL's comparison tells them apart.
fn hash(octets: &[u8]) -> u64 {
    octets.iter().fold(0xcbf2_9ce4_8422_2325, |hash, octet| {
        (hash ^ u64::from(*octet)).wrapping_mul(0x0100_0000_01b3)
    })
}

/// The bundles that are in use.
static IN_USE: Mutex<Vec<(Identity, Weak<Bundle>)>> = Mutex::new(Vec::new());

fn shared(identity: &Identity) -> Option<Arc<Bundle>> {
    let in_use = IN_USE.try_lock().ok()?;
    let found = in_use.iter().find(|(known, _)| known == identity);
    found.and_then(|(_, bundle)| bundle.upgrade())
}

fn share(bundle: &Arc<Bundle>) {
    let Ok(mut in_use) = IN_USE.try_lock() else { return };
    in_use.retain(|(_, bundle)| bundle.strong_count() > 0);
    if bundle.identity.is_settled() {
        in_use.push((bundle.identity, Arc::downgrade(bundle)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_is_fnv_1a() {
        assert_eq!(hash(b""), 0xcbf2_9ce4_8422_2325);
        assert_eq!(hash(b"foobar"), 0x8594_4171_f739_67e8);
    }
}
