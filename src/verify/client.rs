//! Which client certificate and key the options name.

use crate::error::{Error, Result};
use crate::options::Settings;
use crate::ossl::{Identity, Pem};
use crate::status::Status;
use crate::trust::read_file;

/// The identity, if there is one; the key is in the same text as the certificate unless it is given.
pub fn identity(settings: &Settings) -> Result<Option<Identity>> {
    let certificate = pem(settings, "local_cert", "local_cert_pem")?;
    let key = pem(settings, "local_pk", "local_pk_pem")?;
    let passphrase = settings.text("passphrase").map(str::to_owned);
    match (certificate, key) {
        (Some(certificate), Some(key)) => Ok(Some(Identity { certificate, key, passphrase })),
        (Some(certificate), None) => {
            let key = Pem { origin: certificate.origin.clone(), text: certificate.text.clone() };
            Ok(Some(Identity { certificate, key, passphrase }))
        }
        (None, Some(_)) => Err(Error::new(
            Status::OptionValue,
            "option local_pk needs local_cert beside it, and local_pk_pem local_cert_pem or local_cert",
        )),
        (None, None) => Ok(None),
    }
}

fn pem(settings: &Settings, file: &'static str, memory: &'static str) -> Result<Option<Pem>> {
    match (settings.text(file), settings.bytes(memory).next()) {
        (Some(_), Some(_)) => {
            let what = format!("option {file}: {memory} says the same; set one of them");
            Err(Error::new(Status::OptionValue, what))
        }
        (Some(path), None) => {
            let text = read_file(&format!("option {file}"), path)?;
            Ok(Some(Pem { origin: format!("{file}: {path}"), text }))
        }
        (None, Some(text)) => Ok(Some(Pem { origin: memory.to_owned(), text: text.to_vec() })),
        (None, None) => Ok(None),
    }
}
