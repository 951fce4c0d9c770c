//! OpenSSL's store of trust anchors, and revocation lists.

use std::ffi::{c_int, c_long};
use std::marker::PhantomData;

use foreign_types::ForeignType;
use openssl::ssl::SslFiletype;
use openssl::x509::X509Crl;
use openssl::x509::store::{X509Lookup, X509Store, X509StoreBuilder, X509StoreRef};
use openssl_sys as ffi;

use crate::crl::flaw;
use crate::error::{Error, Result};
use crate::status::Status;

use super::certificate::Certificate;
use super::error_queue::{drain, words};
use super::lookup::{self, AnchorSource};
use super::places::default_place_is_uri;
use super::sys;

/// A store being filled.
pub struct StoreBuilder {
    builder: X509StoreBuilder,
}

/// A finished store; shared by all verdicts of a verifier.
pub struct Store {
    store: X509Store,
}

/// One certificate revocation list.
pub struct Crl {
    crl: X509Crl,
    der: Box<[u8]>,
}

/// Revocation lists as OpenSSL's stack; the lists themselves stay ours.
pub(super) struct CrlStack<'a> {
    stack: *mut ffi::OPENSSL_STACK,
    lists: PhantomData<&'a Crl>,
}

impl<'a> CrlStack<'a> {
    /// A stack that borrows the lists.
    pub(super) fn of(crls: &'a [Crl]) -> Result<CrlStack<'a>> {
        // SAFETY: no preconditions.
        let stack = unsafe { ffi::OPENSSL_sk_new_null() };
        let stack = CrlStack { stack, lists: PhantomData };
        for crl in crls {
            // SAFETY: pushing to NULL answers 0; the list outlives the stack by its lifetime.
            let size = unsafe { ffi::OPENSSL_sk_push(stack.stack, crl.crl.as_ptr().cast()) };
            if size <= 0 {
                return Err(memory());
            }
        }
        Ok(stack)
    }

    pub(super) fn as_ptr(&self) -> *mut ffi::stack_st_X509_CRL {
        self.stack.cast()
    }
}

impl Drop for CrlStack<'_> {
    fn drop(&mut self) {
        // SAFETY: frees the stack and not its elements; NULL is fine.
        unsafe { ffi::OPENSSL_sk_free(self.stack) };
    }
}

impl StoreBuilder {
    /// An empty store.
    pub fn new() -> Result<StoreBuilder> {
        let builder = X509StoreBuilder::new().map_err(|_| memory())?;
        Ok(StoreBuilder { builder })
    }

    /// Adds one anchor.
    pub fn add(&mut self, anchor: &Certificate) -> Result<()> {
        self.builder
            .add_cert(anchor.x509.clone())
            .map_err(|errors| Error::new(Status::Certificate, words(&errors)))
    }

    /// Adds a hashed directory, whose files are read when an issuer is looked for.
    pub fn add_directory(&mut self, path: &str) -> Result<()> {
        let lookup = self.builder.add_lookup(X509Lookup::hash_dir()).map_err(|_| memory())?;
        lookup
            .add_dir(path, SslFiletype::PEM)
            .map_err(|errors| Error::new(Status::FileUnreadable, words(&errors)))
    }

    /// Adds the system's anchors: what OpenSSL was built with, or SSL_CERT_FILE and SSL_CERT_DIR.
    pub fn add_system(&mut self) -> Result<()> {
        self.builder
            .set_default_paths()
            .map_err(|errors| Error::new(Status::FileUnreadable, words(&errors)))
    }

    /// Adds the system's directory alone: [`StoreBuilder::add_system`] without the file. OpenSSL looks
    /// into the same directory a second time as a store, which costs a process more than a verdict does;
    /// here a store is what is no directory.
    pub fn add_system_directory(&mut self) -> Result<()> {
        const ADD_DIR: (c_int, c_long) = (2, 3);
        const ADD_STORE: (c_int, c_long) = (3, 0);
        // SAFETY: no preconditions; the method is static.
        let directory = unsafe { ffi::X509_LOOKUP_hash_dir() };
        self.add_default(directory, ADD_DIR)?;
        if !default_place_is_uri() {
            return Ok(());
        }
        // SAFETY: as above.
        let uri = unsafe { sys::X509_LOOKUP_store() };
        self.add_default(uri, ADD_STORE)
    }

    fn add_default(
        &mut self,
        method: *mut ffi::X509_LOOKUP_METHOD,
        (command, kind): (c_int, c_long),
    ) -> Result<()> {
        // SAFETY: both are valid; the look-up belongs to the store.
        let lookup = unsafe { ffi::X509_STORE_add_lookup(self.builder.as_ptr(), method) };
        if lookup.is_null() {
            return Err(memory());
        }
        let (nothing, none) = (std::ptr::null(), std::ptr::null_mut());
        // SAFETY: the look-up is valid; without a path OpenSSL takes its default. Like
        // X509_STORE_set_default_paths(3), a place that cannot be used is none.
        unsafe { ffi::X509_LOOKUP_ctrl(lookup, command, nothing, kind, none) };
        drain();
        Ok(())
    }

    /// Adds anchors that are looked for by name, before every directory that is added later.
    pub fn add_source(&mut self, source: Box<dyn AnchorSource>) -> Result<()> {
        lookup::add(self.builder.as_ptr(), source).ok_or_else(memory)
    }

    /// Finishes it.
    pub fn build(self) -> Store {
        Store { store: self.builder.build() }
    }
}

impl Store {
    pub(super) fn as_ref(&self) -> &X509StoreRef {
        &self.store
    }
}

impl Crl {
    /// Parses one list in DER; what OpenSSL would pass over is an error.
    pub fn from_der(der: &[u8]) -> Result<Crl> {
        let crl = X509Crl::from_der(der).map_err(|errors| {
            Error::new(Status::Certificate, format!("this is no DER CRL: {}", words(&errors)))
        })?;
        Crl::supported(crl, der)
    }

    /// Parses every list of a file's contents: PEM blocks, or one DER list.
    pub fn all_from(contents: &[u8]) -> Result<Vec<Crl>> {
        if contents.first() == Some(&0x30) {
            return Ok(vec![Crl::from_der(contents)?]);
        }
        let text = String::from_utf8_lossy(contents);
        let blocks = text.split_inclusive("-----END X509 CRL-----");
        let blocks = blocks
            .filter_map(|block| block.find("-----BEGIN X509 CRL-----").map(|at| &block[at..]));
        blocks.map(Crl::from_pem).collect()
    }

    fn from_pem(block: &str) -> Result<Crl> {
        let unparsed = |errors| {
            let what = format!("a CRL in the PEM text cannot be parsed: {}", words(&errors));
            Error::new(Status::Certificate, what)
        };
        let crl = X509Crl::from_pem(block.as_bytes()).map_err(unparsed)?;
        let der = crl.to_der().map_err(unparsed)?;
        Crl::supported(crl, &der)
    }

    fn supported(crl: X509Crl, der: &[u8]) -> Result<Crl> {
        match flaw(der) {
            Ok(None) => Ok(Crl { crl, der: der.into() }),
            Ok(Some(flaw)) => Err(Error::new(Status::Unsupported, flaw.words())),
            Err(error) => {
                Err(Error::new(Status::Certificate, format!("this is no DER CRL: {error}")))
            }
        }
    }

    /// The DER.
    pub fn der(&self) -> &[u8] {
        &self.der
    }
}

fn memory() -> Error {
    Error::new(Status::Memory, "OpenSSL is out of memory")
}
