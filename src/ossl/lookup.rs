//! Anchors that become X509 objects only when somebody asks for their name.
//!
//! OpenSSL looks in its store first, and then asks the store's look-ups in turn; by_dir is one of its
//! own. Ours asks an [`AnchorSource`]. What is asked for once is put into the store, *all* of the name at
//! once: afterwards the store has the name, and no look-up is asked for it again. Whoever gave one only
//! would hide the others, and with them the new key of a CA that changed its key.
//!
//! Two threads may ask at the same time; both find the same, and the store takes each certificate once.
//! No lock of ours is held.

use std::ffi::{c_int, c_void};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr;
use std::sync::atomic::{AtomicPtr, Ordering};

use foreign_types::{ForeignType, ForeignTypeRef};
use openssl::x509::{X509, X509NameRef};
use openssl_sys as ffi;

use super::certificate::Certificate;
use super::error_queue::drain;
use super::sys;

/// Where anchors come from when they are asked for.
pub trait AnchorSource: Send + Sync {
    /// Every anchor with this subject (the DER of a Name), in the order of trust, in whatever spelling
    /// OpenSSL takes for the same. Others may be among them.
    fn named(&self, subject: &[u8]) -> Vec<Certificate>;
}

/// What belongs to the look-up of one store.
struct Desk {
    source: Box<dyn AnchorSource>,
    /// OpenSSL borrows what a look-up answers: it must live as long as the store.
    lent: Lent,
}

/// Certificates that were lent; grows only, without a lock.
struct Lent(AtomicPtr<Loan>);

struct Loan {
    certificate: X509,
    earlier: *mut Loan,
}

impl Lent {
    fn keep(&self, certificate: X509) {
        let mut earlier = self.0.load(Ordering::Relaxed);
        let loan = Box::into_raw(Box::new(Loan { certificate, earlier }));
        loop {
            match self.0.compare_exchange_weak(earlier, loan, Ordering::AcqRel, Ordering::Relaxed) {
                Ok(_) => return,
                Err(now) => earlier = now,
            }
            // SAFETY: nobody else knows this loan before the exchange succeeds.
            unsafe { (*loan).earlier = earlier };
        }
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        let mut next = *self.0.get_mut();
        while !next.is_null() {
            // SAFETY: every loan came from a box, and is in the list once.
            let loan = unsafe { Box::from_raw(next) };
            next = loan.earlier;
            drop(loan.certificate);
        }
    }
}

/// Adds a look-up in this source to the store; `None` for lack of memory.
pub(super) fn add(store: *mut ffi::X509_STORE, source: Box<dyn AnchorSource>) -> Option<()> {
    let method = method()?;
    // SAFETY: both are valid; the look-up belongs to the store.
    let lookup = unsafe { ffi::X509_STORE_add_lookup(store, method) };
    if lookup.is_null() {
        return None;
    }
    let lent = Lent(AtomicPtr::new(ptr::null_mut()));
    let desk = Box::into_raw(Box::new(Desk { source, lent }));
    // SAFETY: the look-up is new and has no data; `free_desk` takes the box back.
    unsafe { sys::X509_LOOKUP_set_method_data(lookup, desk.cast::<c_void>()) };
    Some(())
}

/// The one method of the process. Two threads that begin at once make two, and one is used.
fn method() -> Option<*mut ffi::X509_LOOKUP_METHOD> {
    static METHOD: AtomicPtr<ffi::X509_LOOKUP_METHOD> = AtomicPtr::new(ptr::null_mut());
    let known = METHOD.load(Ordering::Acquire);
    if !known.is_null() {
        return Some(known);
    }
    let made = make_method()?;
    match METHOD.compare_exchange(ptr::null_mut(), made, Ordering::AcqRel, Ordering::Acquire) {
        Ok(_) => Some(made),
        Err(other) => {
            // SAFETY: ours was shown to nobody.
            unsafe { ffi::X509_LOOKUP_meth_free(made) };
            Some(other)
        }
    }
}

fn make_method() -> Option<*mut ffi::X509_LOOKUP_METHOD> {
    // SAFETY: the name ends with a NUL; OpenSSL copies it.
    let method = unsafe { sys::X509_LOOKUP_meth_new(c"starttls_verify anchors".as_ptr()) };
    if method.is_null() {
        return None;
    }
    // SAFETY: the method is ours, and the function has the type that OpenSSL calls.
    unsafe { sys::X509_LOOKUP_meth_set_free(method, free_desk) };
    // SAFETY: as above.
    unsafe { sys::X509_LOOKUP_meth_set_get_by_subject(method, find) };
    Some(method)
}

extern "C" fn free_desk(lookup: *mut ffi::X509_LOOKUP) {
    // SAFETY: OpenSSL calls with a look-up of our method.
    let desk = unsafe { sys::X509_LOOKUP_get_method_data(lookup) }.cast::<Desk>();
    if !desk.is_null() {
        // SAFETY: the box of `add`; OpenSSL frees a look-up once.
        drop(unsafe { Box::from_raw(desk) });
    }
}

/// 1 with an anchor in `found`, or 0. OpenSSL takes whatever is not 0 for an anchor.
extern "C" fn find(
    lookup: *mut ffi::X509_LOOKUP,
    kind: c_int,
    name: *const ffi::X509_NAME,
    found: *mut ffi::X509_OBJECT,
) -> c_int {
    const X509_LU_X509: c_int = 1;
    if kind != X509_LU_X509 {
        return 0;
    }
    // A panic must not cross OpenSSL's frames; what was not found is not trusted.
    let answer = catch_unwind(AssertUnwindSafe(|| answer(lookup, name, found)));
    drain();
    c_int::from(answer.ok().flatten().is_some())
}

fn answer(
    lookup: *mut ffi::X509_LOOKUP,
    name: *const ffi::X509_NAME,
    found: *mut ffi::X509_OBJECT,
) -> Option<()> {
    // SAFETY: the look-up is one of our method.
    let desk = unsafe { sys::X509_LOOKUP_get_method_data(lookup) }.cast::<Desk>();
    // SAFETY: NULL, or the box of `add`, which lives as long as the look-up.
    let desk = unsafe { desk.as_ref() }?;
    // SAFETY: OpenSSL's name is valid during the call.
    let name = unsafe { X509NameRef::from_ptr(name.cast_mut()) };
    let mut named = desk.source.named(&name.to_der().ok()?);
    named.retain(|anchor| anchor.is_named(name));
    // SAFETY: a look-up belongs to a store.
    let store = unsafe { sys::X509_LOOKUP_get_store(lookup) };
    for anchor in &named {
        // SAFETY: both are valid; the store counts a reference of its own.
        unsafe { ffi::X509_STORE_add_cert(store, anchor.x509.as_ptr()) };
    }
    lend(desk, named.first()?.x509.clone(), found)
}

fn lend(desk: &Desk, anchor: X509, found: *mut ffi::X509_OBJECT) -> Option<()> {
    let pointer = anchor.as_ptr();
    desk.lent.keep(anchor);
    // SAFETY: both are valid; the object counts a reference.
    if unsafe { sys::X509_OBJECT_set1_X509(found, pointer) } != 1 {
        return None;
    }
    // SAFETY: takes back the reference that was just counted, because OpenSSL frees no answer of a
    // look-up; the one that was kept holds the certificate.
    unsafe { ffi::X509_free(pointer) };
    Some(())
}

impl Certificate {
    /// Whether this is its subject, as OpenSSL compares names.
    fn is_named(&self, name: &X509NameRef) -> bool {
        self.x509.subject_name().try_cmp(name).is_ok_and(|order| order.is_eq())
    }
}
