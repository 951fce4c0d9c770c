//! The path from the leaf to an anchor: OpenSSL builds it and checks it, and every fault that it
//! finds is collected, not only the first.
//!
//! OpenSSL's verify callback is asked after each fault whether to go on. Ours always says yes, and
//! writes the fault down: what to make of it is the judge's business. The path is good only when
//! OpenSSL says so *and* the list is empty.

use std::ffi::{c_int, c_void};
use std::net::IpAddr;

use foreign_types::{ForeignType, ForeignTypeRef};
use openssl::error::ErrorStack;
use openssl::nid::Nid;
use openssl::stack::Stack;
use openssl::x509::verify::{X509CheckFlags, X509VerifyFlags, X509VerifyParamRef};
use openssl::x509::{X509, X509PurposeId, X509StoreContext, X509StoreContextRef, X509VerifyResult};
use openssl_sys as ffi;

use crate::error::{Error, Result};
use crate::status::Status;

use super::certificate::Certificate;
use super::chain::Chain;
use super::error_queue::{drain, words};
use super::route::Route;
use super::store::{Crl, CrlStack, Store};
use super::sys;
use super::sys::fault;

/// What the certificate must be meant for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// A TLS server.
    Server,
    /// A TLS client.
    Client,
    /// Anything.
    Any,
}

/// Whose revocation is checked where there are revocation lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CrlScope {
    /// That of every certificate below the anchor.
    Chain,
    /// That of the leaf only.
    Leaf,
}

/// What is asked of OpenSSL.
pub struct Question<'a> {
    /// Trust anchors.
    pub anchors: &'a Store,
    /// As sent, leaf first.
    pub chain: &'a Chain,
    /// Revocation lists; when there are any, they are checked.
    pub crls: &'a [Crl],
    /// Whose revocation is checked.
    pub crl_scope: CrlScope,
    /// Seconds since 1970.
    pub time: i64,
    /// Whether validity periods count.
    pub check_time: bool,
    /// What the leaf must be meant for.
    pub purpose: Purpose,
    /// Most CA certificates between leaf and anchor.
    pub depth: i32,
    /// OpenSSL security level.
    pub level: i32,
    /// Whether an anchor need not be self-signed.
    pub partial: bool,
    /// DNS names, one of which OpenSSL's host check shall find; canonical A-labels.
    pub hosts: &'a [&'a str],
    /// An address that OpenSSL's check shall find.
    pub address: Option<IpAddr>,
    /// Whether OpenSSL's host check may look at the CN.
    pub common_name: bool,
    /// Where given, the path is built of nothing else, beside the leaf.
    pub route: Option<&'a Route>,
}

/// One thing that OpenSSL found wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fault {
    /// X509_V_ERR number.
    pub number: i32,
    /// Certificate in the built path; 0 is the leaf.
    pub depth: i32,
}

/// What OpenSSL answers.
#[derive(Clone)]
pub struct Answer {
    /// The path that was built, leaf first; its last certificate is the anchor if there is no fault.
    pub path: Vec<Certificate>,
    /// Everything that is wrong, each once.
    pub faults: Vec<Fault>,
}

impl Fault {
    /// OpenSSL's words.
    pub fn words(self) -> &'static str {
        // SAFETY: the type is a plain number, and unknown ones have words too.
        let result = unsafe { X509VerifyResult::from_raw(self.number) };
        result.error_string()
    }
}

/// Faults that are noted before the chain is given up.
const MOST_FAULTS: usize = 256;

/// Builds and checks the path.
pub fn find_path(question: &Question) -> Result<Answer> {
    let Some(leaf) = question.chain.leaf() else {
        return Err(Error::new(Status::Argument, "there is no certificate to check"));
    };
    let crls = CrlStack::of(question.crls)?;
    let answer = ask(question, leaf, &crls).map_err(|errors| {
        Error::new(Status::Memory, format!("OpenSSL could not check the chain: {}", words(&errors)))
    });
    drain();
    answer
}

fn ask(
    question: &Question,
    leaf: &Certificate,
    crls: &CrlStack,
) -> std::result::Result<Answer, ErrorStack> {
    let sent = untrusted(question)?;
    let anchor = only_anchor(question)?;
    let mut context = X509StoreContext::new()?;
    let mut faults: Vec<Fault> = Vec::new();
    let (good, path) = context.init(question.anchors.as_ref(), &leaf.x509, &sent, |context| {
        set_parameters(context, question)?;
        set_anchor(context, anchor.as_ref());
        set_crls(context, crls);
        collect_faults(context, &mut faults);
        let good = context.verify_cert().unwrap_or(false);
        Ok((good, built_path(context)))
    })?;
    if !good {
        // The callback goes on after every fault, so OpenSSL says no only where it did not come to the
        // end: memory, or more faults than we note. Never to be taken for a good path, whatever the
        // faults so far are worth.
        faults.push(Fault { number: fault::UNSPECIFIED, depth: 0 });
    }
    Ok(Answer { path, faults })
}

fn untrusted(question: &Question) -> std::result::Result<Stack<X509>, ErrorStack> {
    let mut stack = Stack::new()?;
    let add = |certificate: &Certificate| stack.push(certificate.x509.clone());
    match question.route {
        Some(route) => route.between.iter().try_for_each(add)?,
        None => question.chain.iter().skip(1).try_for_each(add)?,
    }
    Ok(stack)
}

fn only_anchor(question: &Question) -> std::result::Result<Option<Stack<X509>>, ErrorStack> {
    let Some(route) = question.route else { return Ok(None) };
    let mut stack = Stack::new()?;
    stack.push(route.anchor.x509.clone())?;
    Ok(Some(stack))
}

/// In place of the store's anchors; the store's rules stay.
fn set_anchor(context: &mut X509StoreContextRef, anchor: Option<&Stack<X509>>) {
    let Some(anchor) = anchor else { return };
    // SAFETY: `set0` borrows: the stack outlives the verification, which runs in the same closure.
    unsafe { sys::X509_STORE_CTX_set0_trusted_stack(context.as_ptr(), anchor.as_ptr()) };
}

fn set_parameters(
    context: &mut X509StoreContextRef,
    question: &Question,
) -> std::result::Result<(), ErrorStack> {
    // SAFETY: the context is initialised; the parameters belong to it and outlive the borrow.
    let param = unsafe { sys::X509_STORE_CTX_get0_param(context.as_ptr()) };
    // SAFETY: the pointer is valid and not aliased while the borrow lives.
    let param = unsafe { X509VerifyParamRef::from_ptr_mut(param) };
    param.set_flags(flags(question))?;
    param.set_time(question.time);
    param.set_depth(question.depth);
    param.set_auth_level(question.level);
    set_purpose(param, question.purpose)?;
    set_policy(param)?;
    set_names(param, question)
}

fn flags(question: &Question) -> X509VerifyFlags {
    // The flag for "no dates" has no name in the openssl crate.
    const NO_CHECK_TIME: std::ffi::c_ulong = 0x20_0000;
    let mut flags = X509VerifyFlags::X509_STRICT
        | X509VerifyFlags::TRUSTED_FIRST
        | X509VerifyFlags::POLICY_CHECK;
    if question.partial {
        flags |= X509VerifyFlags::PARTIAL_CHAIN;
    }
    if !question.check_time {
        flags |= X509VerifyFlags::from_bits_retain(NO_CHECK_TIME as _);
    }
    if !question.crls.is_empty() {
        flags |= X509VerifyFlags::CRL_CHECK;
        if question.crl_scope == CrlScope::Chain {
            flags |= X509VerifyFlags::CRL_CHECK_ALL;
        }
    }
    flags
}

fn set_purpose(
    param: &mut X509VerifyParamRef,
    purpose: Purpose,
) -> std::result::Result<(), ErrorStack> {
    // X509_TRUST_SSL_CLIENT, X509_TRUST_SSL_SERVER: what a TRUSTED CERTIFICATE may say it is for.
    let (purpose, trust) = match purpose {
        Purpose::Client => (X509PurposeId::SSL_CLIENT, 2),
        Purpose::Server => (X509PurposeId::SSL_SERVER, 3),
        Purpose::Any => return Ok(()),
    };
    param.set_purpose(purpose)?;
    // SAFETY: the parameters are valid.
    let done = unsafe { sys::X509_VERIFY_PARAM_set_trust(param.as_ptr(), trust) };
    succeeded(done)
}

/// RFC 5280 §6.1.1 (c): any policy will do; but one there must be, all the way, where a CA of the path
/// requires it. Without a word about policies OpenSSL does not look at them at all.
fn set_policy(param: &mut X509VerifyParamRef) -> std::result::Result<(), ErrorStack> {
    // SAFETY: no preconditions; the object is static, and freeing it does nothing.
    let any = unsafe { ffi::OBJ_nid2obj(Nid::ANY_POLICY.as_raw()) };
    // SAFETY: the parameters are valid, and take the object.
    succeeded(unsafe { sys::X509_VERIFY_PARAM_add0_policy(param.as_ptr(), any) })
}

fn set_names(
    param: &mut X509VerifyParamRef,
    question: &Question,
) -> std::result::Result<(), ErrorStack> {
    let mut flags = X509CheckFlags::NO_PARTIAL_WILDCARDS;
    if !question.common_name {
        flags |= X509CheckFlags::NEVER_CHECK_SUBJECT;
    }
    param.set_hostflags(flags);
    for host in question.hosts {
        // SAFETY: pointer and length describe the text, which OpenSSL copies.
        let done = unsafe {
            sys::X509_VERIFY_PARAM_add1_host(param.as_ptr(), host.as_ptr().cast(), host.len())
        };
        succeeded(done)?;
    }
    question.address.map_or(Ok(()), |address| param.set_ip(address))
}

fn succeeded(done: c_int) -> std::result::Result<(), ErrorStack> {
    if done == 1 { Ok(()) } else { Err(ErrorStack::get()) }
}

fn set_crls(context: &mut X509StoreContextRef, crls: &CrlStack) {
    // SAFETY: `set0` borrows: the stack outlives the verification, which runs in the same closure.
    unsafe { sys::X509_STORE_CTX_set0_crls(context.as_ptr(), crls.as_ptr()) };
}

/// Index 0 of a context's ex_data is the application's own (X509_STORE_CTX_set_app_data(3)).
const APP_DATA: c_int = 0;

fn collect_faults(context: &mut X509StoreContextRef, faults: &mut Vec<Fault>) {
    let list: *mut Vec<Fault> = faults;
    // SAFETY: the list outlives the verification; only `note_fault` reads the slot.
    unsafe { sys::X509_STORE_CTX_set_ex_data(context.as_ptr(), APP_DATA, list.cast::<c_void>()) };
    // SAFETY: the callback has the type that OpenSSL calls.
    unsafe { sys::X509_STORE_CTX_set_verify_cb(context.as_ptr(), note_fault) };
}

extern "C" fn note_fault(ok: c_int, context: *mut ffi::X509_STORE_CTX) -> c_int {
    if ok == 1 {
        return 1;
    }
    // SAFETY: OpenSSL calls with the context that `collect_faults` prepared.
    let list = unsafe { ffi::X509_STORE_CTX_get_ex_data(context, APP_DATA) }.cast::<Vec<Fault>>();
    // SAFETY: the context is valid during the callback.
    let number = unsafe { ffi::X509_STORE_CTX_get_error(context) };
    // SAFETY: as above.
    let depth = unsafe { ffi::X509_STORE_CTX_get_error_depth(context) };
    // SAFETY: the slot is NULL or the list, which nobody else touches during the verification.
    let Some(faults) = (unsafe { list.as_mut() }) else {
        return 0;
    };
    let fault = Fault { number, depth };
    // The same fault may be found by several of OpenSSL's passes.
    if faults.contains(&fault) {
        return 1;
    }
    // Signatures come last: a fault that is not noted could be the one that matters, so OpenSSL stops.
    if faults.len() >= MOST_FAULTS {
        return 0;
    }
    faults.push(fault);
    1
}

fn built_path(context: &X509StoreContextRef) -> Vec<Certificate> {
    let built = context.chain().into_iter().flatten();
    // A certificate that cannot be encoded again cannot have been parsed.
    built.filter_map(|x509| Certificate::from_x509(x509.to_owned()).ok()).collect()
}
