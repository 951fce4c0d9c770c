//! What all sessions of a verifier share: an SSL_CTX, frozen.

use foreign_types::ForeignTypeRef;
use openssl::error::ErrorStack;
use openssl::ssl::{
    SslCipher, SslContext, SslContextBuilder, SslMode, SslOptions, SslVerifyMode, SslVersion,
};
use openssl::stack::StackRef;
use openssl_sys as ffi;

use crate::error::{Error, Result};
use crate::ossl::error_queue::{drain, words};
use crate::ossl::library::{Library, tls_client};
use crate::ossl::sys;
use crate::status::Status;

use super::identity::{Identity, set_identity};
use super::judging::ask_judge;
use super::key_log::write_secrets;
use super::promises::ask_for_promises;
use super::ticket::collect_tickets;
use super::watch::watch_messages;

/// What a system's openssl.cnf may switch on for old servers.
const UNSAFE_RENEGOTIATION: SslOptions = SslOptions::from_bits_retain(
    ffi::SSL_OP_LEGACY_SERVER_CONNECT | ffi::SSL_OP_ALLOW_UNSAFE_LEGACY_RENEGOTIATION,
);

/// A TLS version that may be asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[allow(missing_docs)]
pub enum TlsVersion {
    V1_0,
    V1_1,
    V1_2,
    V1_3,
}

/// Whether the server is asked for something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Ask {
    Asked,
    NotAsked,
}

/// What a context is made from.
pub struct ContextSettings<'a> {
    /// Oldest version.
    pub min: TlsVersion,
    /// Newest version.
    pub max: TlsVersion,
    /// TLS 1.2 cipher list.
    pub ciphers: Option<&'a str>,
    /// TLS 1.3 suites.
    pub suites: Option<&'a str>,
    /// Key exchange groups.
    pub groups: Option<&'a str>,
    /// Security level.
    pub level: u32,
    /// Client certificate and key.
    pub identity: Option<Identity>,
    /// Where the secrets of sessions are written to.
    pub key_log: Option<&'a str>,
    /// A stapled OCSP response (RFC 6066 §8).
    pub ocsp: Ask,
    /// Promises of public logs (RFC 6962 §3.3.1).
    pub scts: Ask,
}

impl ContextSettings<'_> {
    /// Whether nothing is in them that OpenSSL, or a file, could object to.
    pub(super) fn are_ordinary(&self) -> bool {
        let words = [self.ciphers, self.suites, self.groups, self.key_log];
        (self.min, self.max) == (TlsVersion::V1_2, TlsVersion::V1_3)
            && words.iter().all(Option::is_none)
            && self.identity.is_none()
    }

    /// Of these settings what ordinary ones have.
    pub(super) fn ordinary(&self) -> ContextSettings<'static> {
        ContextSettings {
            min: self.min,
            max: self.max,
            ciphers: None,
            suites: None,
            groups: None,
            level: self.level,
            identity: None,
            key_log: None,
            ocsp: self.ocsp,
            scts: self.scts,
        }
    }
}

/// Frozen TLS settings, shared by all sessions of a verifier.
#[derive(Clone)]
pub struct Context {
    pub(super) context: SslContext,
}

impl Context {
    /// Makes a context, or says which option is at fault.
    pub fn new(settings: &ContextSettings) -> Result<Context> {
        Context::of(settings, Library::OWN)
    }

    /// Makes a context of this library context.
    pub(super) fn of(settings: &ContextSettings, library: Library) -> Result<Context> {
        let mut builder = tls_client(library).map_err(memory)?;
        builder.set_security_level(settings.level);
        set_versions(&mut builder, settings)?;
        set_algorithms(&mut builder, settings)?;
        if let Some(identity) = &settings.identity {
            set_identity(&mut builder, identity)?;
        }
        if let Some(path) = settings.key_log {
            write_secrets(&mut builder, path)?;
        }
        set_status_request(&builder, settings.ocsp);
        if settings.scts == Ask::Asked {
            ask_for_promises(&mut builder)?;
        }
        builder.set_options(SslOptions::NO_RENEGOTIATION | SslOptions::NO_COMPRESSION);
        // RFC 5746 §4.1: a server without secure renegotiation is refused, whatever openssl.cnf says.
        builder.clear_options(UNSAFE_RENEGOTIATION);
        builder.set_mode(
            SslMode::ENABLE_PARTIAL_WRITE
                | SslMode::ACCEPT_MOVING_WRITE_BUFFER
                | SslMode::RELEASE_BUFFERS,
        );
        collect_tickets(&mut builder);
        watch_messages(&mut builder);
        builder.set_verify(SslVerifyMode::PEER);
        // SAFETY: the callback has the type that OpenSSL calls; it takes no argument.
        unsafe {
            sys::SSL_CTX_set_cert_verify_callback(
                builder.as_ptr(),
                Some(ask_judge),
                std::ptr::null_mut(),
            )
        };
        drain();
        Ok(Context { context: builder.build() })
    }
}

fn set_status_request(builder: &SslContextBuilder, ask: Ask) {
    const OCSP: std::ffi::c_long = 1;
    if ask == Ask::Asked {
        let none = std::ptr::null_mut();
        // SAFETY: the context is valid; this control takes a number and no pointer.
        unsafe {
            ffi::SSL_CTX_ctrl(
                builder.as_ptr(),
                ffi::SSL_CTRL_SET_TLSEXT_STATUS_REQ_TYPE,
                OCSP,
                none,
            )
        };
    }
}

fn set_versions(builder: &mut SslContextBuilder, settings: &ContextSettings) -> Result<()> {
    builder.set_min_proto_version(Some(settings.min.as_openssl())).map_err(option("min_tls"))?;
    builder.set_max_proto_version(Some(settings.max.as_openssl())).map_err(option("max_tls"))
}

fn set_algorithms(builder: &mut SslContextBuilder, settings: &ContextSettings) -> Result<()> {
    if let Some(list) = settings.ciphers {
        refuse_dangerous_words(list)?;
        builder.set_cipher_list(list).map_err(option("ciphers"))?;
        refuse_dangerous_ciphers(builder)?;
    }
    if let Some(suites) = settings.suites {
        builder.set_ciphersuites(suites).map_err(option("ciphersuites"))?;
    }
    settings
        .groups
        .map_or(Ok(()), |groups| builder.set_groups_list(groups).map_err(option("groups")))
}

/// `@SECLEVEL` would undo the option security_level; PSK takes the place of a certificate.
fn refuse_dangerous_words(list: &str) -> Result<()> {
    if list.to_ascii_uppercase().contains("@SECLEVEL") {
        let what = "option ciphers: @SECLEVEL is not accepted here; use the option security_level";
        return Err(Error::new(Status::Insecure, what));
    }
    let wants_psk =
        |word: &str| word.to_ascii_uppercase().contains("PSK") && !word.starts_with(['!', '-']);
    if list.split([':', ',', ' ']).any(wants_psk) {
        let what =
            "option ciphers: with PSK the server shows no certificate to judge; leave it out";
        return Err(Error::new(Status::Insecure, what));
    }
    Ok(())
}

/// A word such as HIGH may expand to ciphers without authentication.
fn refuse_dangerous_ciphers(builder: &SslContextBuilder) -> Result<()> {
    // SAFETY: the context is valid; the stack belongs to it.
    let stack = unsafe { sys::SSL_CTX_get_ciphers(builder.as_ptr()) };
    if stack.is_null() {
        return Ok(());
    }
    // SAFETY: the stack is not NULL and outlives the borrow.
    let ciphers = unsafe { StackRef::<SslCipher>::from_ptr(stack) };
    for cipher in ciphers {
        let description = cipher.description();
        if description.contains("Au=None") || description.contains("Enc=None") {
            let what = format!(
                "option ciphers: the list expands to {}, which does not authenticate or encrypt; add :!aNULL:!eNULL",
                cipher.name()
            );
            return Err(Error::new(Status::Insecure, what));
        }
    }
    Ok(())
}

fn option(name: &'static str) -> impl Fn(ErrorStack) -> Error {
    move |errors| Error::new(Status::OptionValue, format!("option {name}: {}", words(&errors)))
}

pub(super) fn memory(errors: ErrorStack) -> Error {
    Error::new(Status::Memory, format!("OpenSSL cannot make a TLS context: {}", words(&errors)))
}

impl TlsVersion {
    /// Such as `TLSv1.2`.
    pub fn name(self) -> &'static str {
        match self {
            TlsVersion::V1_0 => "TLSv1",
            TlsVersion::V1_1 => "TLSv1.1",
            TlsVersion::V1_2 => "TLSv1.2",
            TlsVersion::V1_3 => "TLSv1.3",
        }
    }

    /// The number in the protocol (RFC 8446 §4.2.1).
    pub(in crate::ossl) fn number(self) -> i32 {
        match self {
            TlsVersion::V1_0 => 0x0301,
            TlsVersion::V1_1 => 0x0302,
            TlsVersion::V1_2 => 0x0303,
            TlsVersion::V1_3 => 0x0304,
        }
    }

    fn as_openssl(self) -> SslVersion {
        match self {
            TlsVersion::V1_0 => SslVersion::TLS1,
            TlsVersion::V1_1 => SslVersion::TLS1_1,
            TlsVersion::V1_2 => SslVersion::TLS1_2,
            TlsVersion::V1_3 => SslVersion::TLS1_3,
        }
    }
}
