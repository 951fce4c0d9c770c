//! A row put to OpenSSL alone: `X509_verify_cert` with strict, partial chain, level 2, no partial
//! wildcards, purpose and no CN. The table shows its numbers beside ours.

use std::ffi::c_int;

use foreign_types::{ForeignType, ForeignTypeRef};
use openssl::error::ErrorStack;
use openssl::stack::Stack;
use openssl::x509::store::{X509Store, X509StoreBuilder};
use openssl::x509::verify::{X509CheckFlags, X509VerifyFlags, X509VerifyParam};
use openssl::x509::{X509, X509Crl, X509PurposeId, X509StoreContext};

use crate::suite::{Row, Shower};

unsafe extern "C" {
    fn X509_STORE_add_crl(
        store: *mut openssl_sys::X509_STORE,
        crl: *mut openssl_sys::X509_CRL,
    ) -> c_int;
}

/// Whether OpenSSL accepts the row. What it cannot parse is refused.
pub fn accepts(row: &Row) -> bool {
    ask(row).unwrap_or(false)
}

fn ask(row: &Row) -> Result<bool, ErrorStack> {
    let leaf = X509::from_der(&row.leaf)?;
    let mut sent: Stack<X509> = Stack::new()?;
    for der in &row.intermediates {
        sent.push(X509::from_der(der)?)?;
    }
    let store = store(row)?;
    X509StoreContext::new()?.init(&store, &leaf, &sent, |context| context.verify_cert())
}

fn store(row: &Row) -> Result<X509Store, ErrorStack> {
    let mut builder = X509StoreBuilder::new()?;
    for der in &row.anchors {
        builder.add_cert(X509::from_der(der)?)?;
    }
    let parameters = parameters(row)?;
    builder.set_param(&parameters)?;
    let store = builder.build();
    for der in &row.crls {
        let crl = X509Crl::from_der(der)?;
        // SAFETY: both are alive; the store counts a reference of its own.
        let added = unsafe { X509_STORE_add_crl(store.as_ref().as_ptr(), crl.as_ptr()) };
        assert_eq!(added, 1);
    }
    Ok(store)
}

fn parameters(row: &Row) -> Result<X509VerifyParam, ErrorStack> {
    let mut param = X509VerifyParam::new()?;
    let mut flags = X509VerifyFlags::X509_STRICT | X509VerifyFlags::PARTIAL_CHAIN;
    if !row.crls.is_empty() {
        flags |= X509VerifyFlags::CRL_CHECK | X509VerifyFlags::CRL_CHECK_ALL;
    }
    param.set_flags(flags)?;
    param.set_auth_level(2);
    param.set_hostflags(X509CheckFlags::NO_PARTIAL_WILDCARDS | X509CheckFlags::NEVER_CHECK_SUBJECT);
    match (row.any_purpose(), row.shower) {
        (true, _) => {}
        (false, Shower::Client) => param.set_purpose(X509PurposeId::SSL_CLIENT)?,
        (false, Shower::Server) => param.set_purpose(X509PurposeId::SSL_SERVER)?,
    }
    if let Some(time) = row.time {
        param.set_time(time);
    }
    if let Some(depth) = row.depth {
        param.set_depth(c_int::try_from(depth).expect("a small number"));
    }
    match row.name.as_deref().map(|name| (name, name.parse())) {
        None => {}
        Some((_, Ok(address))) => param.set_ip(address)?,
        Some((name, Err(_))) => param.set_host(name)?,
    }
    Ok(param)
}
