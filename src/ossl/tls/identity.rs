//! Who we are, where a server asks: the client certificate and its key.

use openssl::error::ErrorStack;
use openssl::ssl::SslContextBuilder;

use crate::error::{Error, Result};
use crate::ossl::error_queue::words;
use crate::status::Status;

use super::context::ContextSettings;

pub(super) fn set_identity(
    builder: &mut SslContextBuilder,
    settings: &ContextSettings,
) -> Result<()> {
    let Some((certificate, key, passphrase)) = settings.identity else {
        return Ok(());
    };
    builder.set_certificate_chain_file(certificate).map_err(file("local_cert", certificate))?;
    let pem = std::fs::read(key).map_err(|error| {
        Error::new(Status::FileUnreadable, format!("option local_pk: {key}: {error}"))
    })?;
    // An empty passphrase is given too: without one OpenSSL would ask on the terminal.
    let key_of_pem =
        openssl::pkey::PKey::private_key_from_pem_passphrase(&pem, passphrase.as_bytes());
    let private = key_of_pem.map_err(file("local_pk", key))?;
    builder.set_private_key(&private).map_err(file("local_pk", key))?;
    builder.check_private_key().map_err(file("local_pk", key))
}

fn file<'a>(name: &'static str, path: &'a str) -> impl Fn(ErrorStack) -> Error + 'a {
    move |errors| {
        Error::new(Status::Certificate, format!("option {name}: {path}: {}", words(&errors)))
    }
}
