//! TLS of our own sessions: an SSL_CTX per verifier, an SSL per session, bytes in and bytes out.
//!
//! The judge runs once, inside the handshake, through OpenSSL's certificate verification callback,
//! on the certificates as libssl holds them: a refusal gives the right alert, and no client
//! certificate leaves. OpenSSL's own verification does not run besides.

use std::collections::VecDeque;
use std::ffi::{c_int, c_void};
use std::io::{self, Read, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::OnceLock;

use foreign_types::ForeignTypeRef;
use openssl::error::ErrorStack;
use openssl::ex_data::Index;
use openssl::ssl::{
    ErrorCode, ShutdownResult, Ssl, SslCipher, SslContext, SslContextBuilder, SslMethod, SslMode,
    SslOptions, SslRef, SslSession, SslSessionCacheMode, SslStream, SslVerifyMode, SslVersion,
};
use openssl::stack::StackRef;
use openssl::x509::{X509, X509Ref, X509StoreContext, X509StoreContextRef};
use openssl_sys as ffi;

use crate::error::{Error, Result};
use crate::status::Status;

use super::chain::Chain;
use super::error_queue::{drain, words};
use super::sys;
use super::sys::fault;

/// A TLS version that may be asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[allow(missing_docs)]
pub enum TlsVersion {
    V1_0,
    V1_1,
    V1_2,
    V1_3,
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
    /// Client certificate file, key file, passphrase.
    pub identity: Option<(&'a str, &'a str, &'a str)>,
}

/// Frozen TLS settings, shared by all sessions of a verifier.
#[derive(Clone)]
pub struct Context {
    context: SslContext,
}

/// What the judge says to the handshake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Go on.
    Accept,
    /// End it with the alert that belongs to this X509_V_ERR number.
    Refuse(i32),
}

/// Called once in the handshake with the peer's chain.
pub type Judge = Box<dyn Fn(Result<Chain>) -> Decision + Send + Sync>;

/// Where the handshake stands.
#[derive(Debug)]
pub enum Handshake {
    /// Finished.
    Done,
    /// More bytes of the peer are needed.
    Wait,
    /// It failed.
    Failed(Cause),
}

/// What reading gave.
#[derive(Debug)]
pub enum Received {
    /// This many octets.
    Octets(usize),
    /// More bytes of the peer are needed.
    Wait,
    /// The peer said close_notify.
    Closed,
    /// The connection broke.
    Failed(Cause),
}

/// Why TLS failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cause {
    /// The judge refused the peer.
    Refused,
    /// No common version.
    Version,
    /// The peer sent a fatal alert; its name.
    Alert(String),
    /// The connection ended without close_notify.
    Closed,
    /// Anything else, in OpenSSL's words.
    Broken(String),
}

/// The buffers between OpenSSL and whoever moves the bytes.
#[derive(Debug, Default)]
struct Wire {
    incoming: VecDeque<u8>,
    outgoing: VecDeque<u8>,
    ended: bool,
}

/// What a connection may be resumed from.
pub struct Ticket {
    session: SslSession,
}

/// One TLS connection, client side.
pub struct Tls {
    stream: SslStream<Wire>,
}

impl Context {
    /// Makes a context, or says which option is at fault.
    pub fn new(settings: &ContextSettings) -> Result<Context> {
        let mut builder = SslContextBuilder::new(SslMethod::tls_client()).map_err(memory)?;
        builder.set_security_level(settings.level);
        set_versions(&mut builder, settings)?;
        set_algorithms(&mut builder, settings)?;
        set_identity(&mut builder, settings)?;
        builder.set_options(SslOptions::NO_RENEGOTIATION | SslOptions::NO_COMPRESSION);
        builder.set_mode(
            SslMode::ENABLE_PARTIAL_WRITE
                | SslMode::ACCEPT_MOVING_WRITE_BUFFER
                | SslMode::RELEASE_BUFFERS,
        );
        builder.set_session_cache_mode(SslSessionCacheMode::OFF);
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

fn set_identity(builder: &mut SslContextBuilder, settings: &ContextSettings) -> Result<()> {
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

fn option(name: &'static str) -> impl Fn(ErrorStack) -> Error {
    move |errors| Error::new(Status::OptionValue, format!("option {name}: {}", words(&errors)))
}

fn file<'a>(name: &'static str, path: &'a str) -> impl Fn(ErrorStack) -> Error + 'a {
    move |errors| {
        Error::new(Status::Certificate, format!("option {name}: {path}: {}", words(&errors)))
    }
}

fn memory(errors: ErrorStack) -> Error {
    Error::new(Status::Memory, format!("OpenSSL cannot make a TLS context: {}", words(&errors)))
}

impl TlsVersion {
    fn as_openssl(self) -> SslVersion {
        match self {
            TlsVersion::V1_0 => SslVersion::TLS1,
            TlsVersion::V1_1 => SslVersion::TLS1_1,
            TlsVersion::V1_2 => SslVersion::TLS1_2,
            TlsVersion::V1_3 => SslVersion::TLS1_3,
        }
    }
}

fn judge_slot() -> Option<Index<Ssl, Judge>> {
    // The one process-wide value: ex_data indices cannot be given back.
    static SLOT: OnceLock<Option<Index<Ssl, Judge>>> = OnceLock::new();
    *SLOT.get_or_init(|| Ssl::new_ex_index().ok())
}

extern "C" fn ask_judge(context: *mut ffi::X509_STORE_CTX, _argument: *mut c_void) -> c_int {
    // A panic must not cross OpenSSL's frames; it counts as a refusal.
    let decision = catch_unwind(AssertUnwindSafe(|| judge_of(context)))
        .unwrap_or(Decision::Refuse(fault::UNSPECIFIED));
    let (answer, number) = match decision {
        Decision::Accept => (1, 0),
        // 0 is X509_V_OK: refusing with it would send internal_error.
        Decision::Refuse(0) => (0, fault::UNSPECIFIED),
        Decision::Refuse(number) => (0, number),
    };
    // SAFETY: OpenSSL's context is valid during the callback.
    unsafe { ffi::X509_STORE_CTX_set_error(context, number) };
    answer
}

fn judge_of(context: *mut ffi::X509_STORE_CTX) -> Decision {
    // SAFETY: OpenSSL's context is valid during the callback.
    let store_context = unsafe { X509StoreContextRef::from_ptr(context) };
    let Some(judge) = judge_in(store_context) else {
        return Decision::Refuse(fault::UNSPECIFIED);
    };
    judge(presented_chain(context))
}

fn judge_in(context: &X509StoreContextRef) -> Option<&Judge> {
    let ssl: &SslRef = context.ex_data(X509StoreContext::ssl_idx().ok()?)?;
    ssl.ex_data(judge_slot()?)
}

fn presented_chain(context: *mut ffi::X509_STORE_CTX) -> Result<Chain> {
    // SAFETY: the context is valid; the certificate belongs to it.
    let leaf = unsafe { sys::X509_STORE_CTX_get0_cert(context) };
    if leaf.is_null() {
        return Ok(Chain::new());
    }
    // SAFETY: not NULL; `to_owned` counts a reference of our own.
    let leaf: X509 = unsafe { X509Ref::from_ptr(leaf) }.to_owned();
    // SAFETY: the context is valid; the stack belongs to it.
    let sent = unsafe { sys::X509_STORE_CTX_get0_untrusted(context) };
    if sent.is_null() {
        return Chain::from_handshake(leaf, None);
    }
    // SAFETY: not NULL, and alive during the callback.
    let sent = unsafe { StackRef::<X509>::from_ptr(sent) };
    Chain::from_handshake(leaf, Some(sent))
}

impl Tls {
    /// A connection that has not begun; `name` is the server name to send, `alpn` the identifier to
    /// offer, if any.
    pub fn new(context: &Context, name: Option<&str>, alpn: &str, judge: Judge) -> Result<Tls> {
        let mut ssl = Ssl::new(&context.context).map_err(memory)?;
        if let Some(name) = name {
            ssl.set_hostname(name).map_err(memory)?;
        }
        if let (Ok(length), false) = (u8::try_from(alpn.len()), alpn.is_empty()) {
            // RFC 7301 §3.1: a list of identifiers, each with its length in front.
            let list = [&[length], alpn.as_bytes()].concat();
            ssl.set_alpn_protos(&list).map_err(memory)?;
        }
        let slot = judge_slot().ok_or_else(|| {
            Error::new(Status::Memory, "OpenSSL has no room for our data on its objects")
        })?;
        ssl.set_ex_data(slot, judge);
        let stream = SslStream::new(ssl, Wire::default()).map_err(memory)?;
        Ok(Tls { stream })
    }

    /// What another connection to the same peer, under the same context, may be resumed from.
    pub fn ticket(&self) -> Option<Ticket> {
        self.stream.ssl().session().map(|session| Ticket { session: session.to_owned() })
    }

    /// Offers to resume; before the handshake begins. The context must be the ticket's own.
    pub fn resume(&mut self, ticket: &Ticket) -> Result<()> {
        let ssl = self.stream.ssl().as_ptr();
        // SAFETY: both objects are alive; OpenSSL counts a reference to the session.
        let done = unsafe { ffi::SSL_set_session(ssl, ticket.session.as_ptr()) };
        if done == 1 { Ok(()) } else { Err(memory(ErrorStack::get())) }
    }

    /// Whether the handshake resumed another connection: the judge was not asked then.
    pub fn is_resumed(&self) -> bool {
        self.stream.ssl().session_reused()
    }

    /// Stores bytes of the peer.
    pub fn feed(&mut self, bytes: &[u8]) {
        self.stream.get_mut().incoming.extend(bytes);
    }

    /// The peer's bytes that OpenSSL has not taken yet.
    pub fn unread(&self) -> usize {
        self.stream.get_ref().incoming.len()
    }

    /// The peer will send no more.
    pub fn feed_end(&mut self) {
        self.stream.get_mut().ended = true;
    }

    /// Moves bytes for the peer out; how many.
    pub fn take(&mut self, into: &mut [u8]) -> usize {
        // Reading from a deque in memory cannot fail.
        self.stream.get_mut().outgoing.read(into).unwrap_or(0)
    }

    /// Whether bytes for the peer wait.
    pub fn has_output(&self) -> bool {
        !self.stream.get_ref().outgoing.is_empty()
    }

    /// Octets for the peer that wait.
    pub fn output(&self) -> usize {
        self.stream.get_ref().outgoing.len()
    }

    /// Goes on with the handshake.
    pub fn handshake(&mut self) -> Handshake {
        match self.stream.connect() {
            Ok(()) => Handshake::Done,
            Err(error) => match error.code() {
                ErrorCode::WANT_READ | ErrorCode::WANT_WRITE => Handshake::Wait,
                _ => Handshake::Failed(cause(&error)),
            },
        }
    }

    /// Decrypted bytes.
    pub fn read(&mut self, into: &mut [u8]) -> Received {
        if into.is_empty() {
            return Received::Octets(0);
        }
        match self.stream.ssl_read(into) {
            Ok(octets) => Received::Octets(octets),
            Err(error) => match error.code() {
                ErrorCode::WANT_READ | ErrorCode::WANT_WRITE => Received::Wait,
                ErrorCode::ZERO_RETURN => Received::Closed,
                _ => Received::Failed(cause(&error)),
            },
        }
    }

    /// Encrypts bytes; the wire takes any amount, so what is refused is refused for good.
    pub fn write(&mut self, bytes: &[u8]) -> std::result::Result<usize, Cause> {
        if bytes.is_empty() {
            return Ok(0);
        }
        match self.stream.ssl_write(bytes) {
            Ok(octets) => Ok(octets),
            Err(error) => match error.code() {
                ErrorCode::WANT_READ | ErrorCode::WANT_WRITE => Ok(0),
                _ => Err(cause(&error)),
            },
        }
    }

    /// Puts our close_notify on the wire.
    pub fn close(&mut self) {
        match self.stream.shutdown() {
            Ok(ShutdownResult::Sent | ShutdownResult::Received) | Err(_) => drain(),
        }
    }

    /// Decrypted bytes that wait inside OpenSSL.
    pub fn pending(&self) -> usize {
        self.stream.ssl().pending()
    }

    /// The application protocol that the server chose.
    pub fn alpn(&self) -> Option<Vec<u8>> {
        self.stream.ssl().selected_alpn_protocol().map(<[u8]>::to_vec)
    }

    /// Such as `TLSv1.3`.
    pub fn version(&self) -> String {
        self.stream.ssl().version_str().to_owned()
    }

    /// Such as `TLS_AES_256_GCM_SHA384`.
    pub fn cipher(&self) -> String {
        self.stream.ssl().current_cipher().map_or("", |cipher| cipher.name()).to_owned()
    }
}

/// Why OpenSSL gave up.
fn cause(error: &openssl::ssl::Error) -> Cause {
    // SSL_R_ numbers of openssl/sslerr.h.
    const VERIFY_FAILED: c_int = 134;
    const UNSUPPORTED_PROTOCOL: c_int = 258;
    const WRONG_SSL_VERSION: c_int = 266;
    const UNEXPECTED_EOF: c_int = 294;
    const VERSION_TOO_LOW: c_int = 396;
    /// SSL_AD_REASON_OFFSET: an alert of the peer is a reason above it.
    const ALERT: c_int = 1000;
    const ALERT_PROTOCOL_VERSION: c_int = ALERT + 70;

    let Some(first) = error.ssl_error().and_then(|errors| errors.errors().first()) else {
        // No error in the queue: the transport ended.
        return Cause::Closed;
    };
    match first.reason_code() {
        VERIFY_FAILED => Cause::Refused,
        UNSUPPORTED_PROTOCOL | WRONG_SSL_VERSION | VERSION_TOO_LOW | ALERT_PROTOCOL_VERSION => {
            Cause::Version
        }
        UNEXPECTED_EOF => Cause::Closed,
        reason if (ALERT..ALERT + 256).contains(&reason) => Cause::Alert(alert_name(first)),
        _ => Cause::Broken(first.reason().unwrap_or("no reason given").to_owned()),
    }
}

/// OpenSSL says "sslv3 alert handshake failure" and "tlsv1 unrecognized name"; the prefix is history.
fn alert_name(error: &openssl::error::Error) -> String {
    const PREFIXES: [&str; 5] =
        ["sslv3 alert ", "tlsv1 alert ", "tlsv13 alert ", "tlsv1 ", "sslv3 "];
    let reason = error.reason().unwrap_or("unknown alert");
    PREFIXES.iter().find_map(|prefix| reason.strip_prefix(prefix)).unwrap_or(reason).to_owned()
}

impl Read for Wire {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.incoming.is_empty() && !self.ended {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        self.incoming.read(into)
    }
}

impl Write for Wire {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.outgoing.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
