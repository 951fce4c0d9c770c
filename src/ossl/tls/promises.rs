//! Promises of public logs (SCTs) that a server sends in its handshake (RFC 6962 §3.3.1): with its
//! hello in TLS 1.2, beside its certificate in TLS 1.3. The octets are only put down; what they are
//! worth is the judge's business. A server sends them only where it is asked.

use std::sync::OnceLock;

use openssl::ex_data::Index;
use openssl::ssl::{ExtensionContext, Ssl, SslAlert, SslContextBuilder, SslRef};
use openssl::x509::X509Ref;

use crate::error::Result;

use super::context::memory;

/// The extension `signed_certificate_timestamp`.
const SCT_LIST: u16 = 18;
/// The leaf's place among the certificates of a TLS 1.3 server.
const LEAF: usize = 0;

/// Has servers asked, and their answers put down.
pub(super) fn ask_for_promises(builder: &mut SslContextBuilder) -> Result<()> {
    let places = ExtensionContext::CLIENT_HELLO
        | ExtensionContext::TLS1_2_SERVER_HELLO
        | ExtensionContext::TLS1_3_CERTIFICATE;
    builder.add_custom_ext(SCT_LIST, places, ask, take).map_err(memory)
}

/// We ask, and have nothing to say of a certificate of our own.
fn ask(
    _: &mut SslRef,
    place: ExtensionContext,
    _: Option<(usize, &X509Ref)>,
) -> std::result::Result<Option<&'static [u8]>, SslAlert> {
    let nothing: &[u8] = &[];
    Ok((place == ExtensionContext::CLIENT_HELLO).then_some(nothing))
}

fn take(
    ssl: &mut SslRef,
    _: ExtensionContext,
    list: &[u8],
    certificate: Option<(usize, &X509Ref)>,
) -> std::result::Result<(), SslAlert> {
    if let (Some(slot), true) = (slot(), certificate.is_none_or(|(place, _)| place == LEAF)) {
        ssl.set_ex_data(slot, list.to_vec());
    }
    Ok(())
}

/// What was put down, as it came.
pub(super) fn promises(ssl: &SslRef) -> Option<&[u8]> {
    ssl.ex_data(slot()?).map(Vec::as_slice)
}

fn slot() -> Option<Index<Ssl, Vec<u8>>> {
    // Process-wide: ex_data indices cannot be given back.
    static SLOT: OnceLock<Option<Index<Ssl, Vec<u8>>>> = OnceLock::new();
    *SLOT.get_or_init(|| Ssl::new_ex_index().ok())
}
