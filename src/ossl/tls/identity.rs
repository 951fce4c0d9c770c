//! Who we are, where a server asks: the client certificate and its key.
//!
//! Nothing here may ask on the terminal: a daemon would wait for ever. OpenSSL asks for the passphrase
//! of whatever PEM block is encrypted unless it is given one, so one is always given, and an encrypted
//! certificate (which nobody has, and OpenSSL would decrypt) is refused.

use openssl::error::ErrorStack;
use openssl::pkey::{PKey, Private};
use openssl::ssl::SslContextBuilder;

use crate::error::{Error, Result};
use crate::ossl::certificate::Certificate;
use crate::ossl::chain::certificates_of_pem;
use crate::ossl::error_queue::words;
use crate::status::Status;

/// A PEM text and the option that it came by, with the path of a file.
pub struct Pem {
    /// Such as `local_cert: /etc/client.pem`.
    pub origin: String,
    /// The text.
    pub text: Vec<u8>,
}

/// A client certificate with its chain, and its key.
pub struct Identity {
    /// The certificate, and perhaps its issuers behind it.
    pub certificate: Pem,
    /// The private key.
    pub key: Pem,
    /// For an encrypted key.
    pub passphrase: Option<String>,
}

/// Longest passphrase that OpenSSL takes (PEM_BUFSIZE).
const PASSPHRASE_OCTETS: usize = 1023;

/// The context shows this certificate to servers that ask.
pub(super) fn set_identity(builder: &mut SslContextBuilder, identity: &Identity) -> Result<()> {
    let (certificate, key) = (&identity.certificate, &identity.key);
    let chain = certificates_of_pem(&certificate.text)
        .map_err(|error| certificate.fault(Status::Certificate, &error.what))?;
    let [leaf, issuers @ ..] = chain.as_slice() else {
        return Err(certificate.fault(Status::FileEmpty, "there is no certificate in it"));
    };
    let private = private_key(key, identity.passphrase.as_deref())?;
    refuse_stranger(leaf, &private, identity)?;
    builder.set_certificate(&leaf.x509).map_err(certificate.refusal())?;
    for issuer in issuers {
        builder.add_extra_chain_cert(issuer.x509.clone()).map_err(certificate.refusal())?;
    }
    builder.set_private_key(&private).map_err(key.refusal())?;
    builder.check_private_key().map_err(key.refusal())
}

fn private_key(key: &Pem, passphrase: Option<&str>) -> Result<PKey<Private>> {
    let given = passphrase.unwrap_or_default();
    if given.len() > PASSPHRASE_OCTETS || given.contains('\0') {
        let what = format!(
            "option passphrase: a passphrase has at most {PASSPHRASE_OCTETS} octets, and no NUL"
        );
        return Err(Error::new(Status::OptionValue, what));
    }
    // An empty passphrase is given too: without one OpenSSL would ask on the terminal.
    let parsed = PKey::private_key_from_pem_passphrase(&key.text, given.as_bytes());
    parsed.map_err(|errors| match (key.kind(), given.is_empty()) {
        (KeyText::Missing, _) => {
            key.fault(Status::FileEmpty, "there is no private key in it (no BEGIN ... PRIVATE KEY)")
        }
        (KeyText::Encrypted, true) => {
            key.fault(Status::Certificate, "the key is encrypted: set the option passphrase")
        }
        (KeyText::Encrypted, false) => {
            key.fault(Status::Certificate, "the option passphrase does not open the key")
        }
        (KeyText::Plain, _) => key.refusal()(errors),
    })
}

fn refuse_stranger(leaf: &Certificate, key: &PKey<Private>, identity: &Identity) -> Result<()> {
    let public = leaf.x509.public_key().map_err(identity.certificate.refusal())?;
    if public.public_eq(key) {
        return Ok(());
    }
    let what = format!(
        "the key does not belong to the first certificate of option {}",
        identity.certificate.origin
    );
    Err(identity.key.fault(Status::Certificate, &what))
}

/// What a PEM text holds in the way of keys.
enum KeyText {
    Missing,
    Plain,
    Encrypted,
}

impl Pem {
    fn kind(&self) -> KeyText {
        let text = String::from_utf8_lossy(&self.text);
        // PKCS #8 (RFC 5958 §3), and the older headers of RFC 1421 §4.6.1.1.
        let encrypted = ["BEGIN ENCRYPTED PRIVATE KEY", "Proc-Type: 4,ENCRYPTED"];
        if encrypted.iter().any(|mark| text.contains(mark)) {
            return KeyText::Encrypted;
        }
        if text.contains("PRIVATE KEY-----") { KeyText::Plain } else { KeyText::Missing }
    }

    fn fault(&self, status: Status, what: &str) -> Error {
        Error::new(status, format!("option {}: {what}", self.origin))
    }

    fn refusal(&self) -> impl Fn(ErrorStack) -> Error + '_ {
        |errors| self.fault(Status::Certificate, &words(&errors))
    }
}
