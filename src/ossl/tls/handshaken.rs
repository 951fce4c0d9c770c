//! What the end of a handshake shows, whoever owns the SSL.

use openssl::ssl::SslRef;

use crate::report::TlsFacts;

use super::promises::promises;

/// A connection whose handshake is finished.
pub trait Handshaken {
    /// The SSL.
    fn ssl(&self) -> &SslRef;

    /// Version and cipher.
    fn facts(&self) -> TlsFacts {
        let cipher = self.ssl().current_cipher().map_or("", |cipher| cipher.name());
        TlsFacts { version: self.ssl().version_str().to_owned(), cipher: cipher.to_owned() }
    }

    /// Whether the cipher encrypts at all.
    fn is_encrypted(&self) -> bool {
        let cipher = self.ssl().current_cipher();
        cipher.is_some_and(|cipher| !cipher.description().contains("Enc=None"))
    }

    /// What the cipher authenticates with, in OpenSSL's word: `None`, `PSK`, `any` (TLS 1.3), ...
    fn authentication(&self) -> String {
        let description = self.ssl().current_cipher().map(|cipher| cipher.description());
        let word = description.as_deref().and_then(|text| text.split("Au=").nth(1));
        word.and_then(|text| text.split(' ').next()).unwrap_or_default().to_owned()
    }

    /// The application protocol that the server chose.
    fn alpn(&self) -> Option<Vec<u8>> {
        self.ssl().selected_alpn_protocol().map(<[u8]>::to_vec)
    }

    /// The OCSP response that the server stapled, DER.
    fn staple(&self) -> Option<&[u8]> {
        self.ssl().ocsp_status()
    }

    /// The promises of public logs that the server sent because it was asked: a serialized list.
    fn scts(&self) -> Option<&[u8]> {
        promises(self.ssl())
    }
}
