//! A file of CA certificates, from which only those that are asked for become X509 objects.
//!
//! To parse the system's 140 CAs costs twenty times what a verdict costs, and a verdict needs one of
//! them. So there is an [`Index`] of where each certificate stands and for whom. A file that has none is
//! loaded whole by whoever asks, as OpenSSL does.
//!
//! Where indexes are written down ([`IndexCache`]), the text of a large bundle is left where it is: the
//! file stays open, and an anchor is read from it when its name is asked for. Else the text is held in a
//! mapping of our own, and not in a mapping of the file: whoever truncates the file would end the process
//! with SIGBUS.
//!
//! Q: What if the file is written to in the meantime?
//! A: Behind every read the state of the open file is held against what it was. In another state nothing
//!    of it is used: the file at the path is read whole, held, and asked instead. So is one with something
//!    else at a place than the index says. Whoever puts a new file in the place of the old one changes
//!    nothing: ours stays open.
//!
//! Q: What if the program closes descriptors that it does not know (closefrom)?
//! A: A descriptor that leads to another file by now is neither read nor closed. The file at the path is
//!    opened again, and is good if it is the same in the same state.
//!
//! Bundles are shared by all verifiers of the process that found the same file in the same state, and
//! freed with the last of them. No lock is waited for: a child forked while another thread held it
//! would wait for ever; it does without.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, RwLock, Weak};

use memmap2::Mmap;

use crate::der;
use crate::dn;
use crate::limits::HELD_BUNDLE_OCTETS;
use crate::ossl::Certificate;
use crate::pem::{self, Place};

use super::identity::Identity;
use super::index::{Entry, Index, hash};
use super::index_cache::IndexCache;
use super::open_file::OpenFile;

/// Certificates of one file, by subject.
pub struct Bundle {
    path: PathBuf,
    identity: Identity,
    text: Text,
    index: Index,
    /// Those that were asked for, with their place in the index.
    parsed: RwLock<Vec<(usize, Certificate)>>,
    /// What the path led to when this file had changed.
    successor: RwLock<Option<Arc<Bundle>>>,
}

/// Where the text is.
enum Text {
    /// In memory.
    Held(Mmap),
    /// In the file.
    Lying(OpenFile),
}

/// The file is not what it was, or not what the index says.
struct Changed;

impl Bundle {
    /// The bundle at this path; `None` where it cannot be read or has no index, so that whoever wants
    /// it reads it in another way, and learns why.
    pub fn open(path: &Path, cache: Option<&IndexCache>) -> Option<Arc<Bundle>> {
        let file = OpenFile::open(path).ok()?;
        let state = *file.state();
        let worth = state.size() >= HELD_BUNDLE_OCTETS && state.is_settled();
        let cache = cache.filter(|_| worth);
        if let Some(known) = shared(&state, cache.is_none()) {
            return Some(known);
        }
        let bundle = Arc::new(match cache {
            Some(cache) => Bundle::lying(path, file, cache)?,
            None => Bundle::held(path, &file)?,
        });
        share(&bundle);
        Some(bundle)
    }

    /// With the text in memory.
    fn held(path: &Path, file: &OpenFile) -> Option<Bundle> {
        let text = file.text().ok()?;
        let index = Index::of(&text)?;
        Some(Bundle::new(path, *file.state(), Text::Held(text), index))
    }

    /// With the text in the file, and the index from the cache if it is there.
    fn lying(path: &Path, file: OpenFile, cache: &IndexCache) -> Option<Bundle> {
        let state = *file.state();
        let index = match cache.read(path, &state) {
            Some(index) => index,
            None => {
                let index = Index::of(&file.text().ok()?)?;
                cache.write(path, &state, &index);
                index
            }
        };
        Some(Bundle::new(path, state, Text::Lying(file), index))
    }

    fn new(path: &Path, identity: Identity, text: Text, index: Index) -> Bundle {
        // Where it is later, when the program has changed its directory.
        let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        let (parsed, successor) = (RwLock::new(Vec::new()), RwLock::new(None));
        Bundle { path, identity, text, index, parsed, successor }
    }

    /// Every certificate with this subject, in the order of the file. Others may be among them: a hash
    /// says no more.
    pub fn named(&self, subject: &[u8]) -> Vec<Certificate> {
        // A name without a canonical form is none of ours: all in the index have one.
        let Ok(form) = dn::canonical(subject) else { return Vec::new() };
        let wanted = hash(&form);
        self.chosen(&|entry| entry.subject() == wanted)
    }

    /// Every certificate.
    pub fn all(&self) -> Vec<Certificate> {
        self.chosen(&|_| true)
    }

    /// Whether exactly this certificate is in it.
    pub fn contains(&self, certificate: &Certificate) -> bool {
        let Ok(read) = der::Certificate::parse(certificate.der()) else { return false };
        self.named(read.subject).iter().any(|one| one.der() == certificate.der())
    }

    fn chosen(&self, wanted: &dyn Fn(Entry) -> bool) -> Vec<Certificate> {
        let entries = self.index.entries().iter().copied().enumerate();
        let entries = entries.filter(|(_, entry)| wanted(*entry));
        let found = entries.map(|(at, entry)| self.certificate(at, entry));
        match found.collect::<Result<Vec<_>, Changed>>() {
            Ok(found) => found.into_iter().flatten().collect(),
            Err(Changed) => self.successor().map_or_else(Vec::new, |now| now.chosen(wanted)),
        }
    }

    /// The certificate at this place; `None` where OpenSSL does not read it.
    fn certificate(&self, at: usize, entry: Entry) -> Result<Option<Certificate>, Changed> {
        if let Some(known) = self.known(at) {
            return Ok(Some(known));
        }
        let der = self.der(entry)?;
        let Ok(certificate) = Certificate::from_der(&der) else { return Ok(None) };
        if let Ok(mut parsed) = self.parsed.try_write() {
            parsed.push((at, certificate.clone()));
        }
        Ok(Some(certificate))
    }

    fn known(&self, at: usize) -> Option<Certificate> {
        let parsed = self.parsed.try_read().ok()?;
        parsed.iter().find(|(number, _)| *number == at).map(|(_, certificate)| certificate.clone())
    }

    /// What stands there, if it is what the index says.
    fn der(&self, entry: Entry) -> Result<Vec<u8>, Changed> {
        match &self.text {
            Text::Held(text) => pem::contents(text, entry.place()).map_err(|_| Changed),
            Text::Lying(file) => {
                let der = self.block(file, entry.place()).ok_or(Changed)?;
                let read = der::Certificate::parse(&der).map_err(|_| Changed)?;
                let subject = dn::canonical(read.subject).map_err(|_| Changed)?;
                (entry.subject() == hash(&subject)).then_some(der).ok_or(Changed)
            }
        }
    }

    /// The contents of one block, from the file in the state in which it was indexed.
    fn block(&self, file: &OpenFile, place: Place) -> Option<Vec<u8>> {
        file.block(place).or_else(|| {
            let again = OpenFile::open(&self.path).ok()?;
            (*again.state() == self.identity).then(|| again.block(place)).flatten()
        })
    }

    /// The file that is at the path by now, held in memory.
    fn successor(&self) -> Option<Arc<Bundle>> {
        let known = self.successor.try_read().ok().and_then(|successor| successor.clone());
        if known.is_some() {
            return known;
        }
        let now = Arc::new(Bundle::held(&self.path, &OpenFile::open(&self.path).ok()?)?);
        if let Ok(mut successor) = self.successor.try_write() {
            *successor = Some(Arc::clone(&now));
        }
        Some(now)
    }
}

/// The bundles that are in use.
static IN_USE: Mutex<Vec<(Identity, Weak<Bundle>)>> = Mutex::new(Vec::new());

fn shared(identity: &Identity, held: bool) -> Option<Arc<Bundle>> {
    let in_use = IN_USE.try_lock().ok()?;
    let fitting = in_use.iter().filter(|(known, _)| known == identity);
    let mut fitting = fitting.filter_map(|(_, bundle)| bundle.upgrade());
    fitting.find(|bundle| matches!(bundle.text, Text::Held(_)) == held)
}

fn share(bundle: &Arc<Bundle>) {
    let Ok(mut in_use) = IN_USE.try_lock() else { return };
    in_use.retain(|(_, bundle)| bundle.strong_count() > 0);
    if bundle.identity.is_settled() {
        in_use.push((bundle.identity, Arc::downgrade(bundle)));
    }
}
