//! How a conversation ends, and the one table that maps the corpus's names of ends to ours.

use std::fmt;

/// How it ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// STV_OK, verdict TRUSTED; then the server says goodbye (close_notify).
    Trusted,
    /// The first failing finding has this code.
    Code(&'static str),
}

use Ending::{Code, Trusted};

/// The corpus's names. Names that leave a choice are not here; `choices` has their rows.
const NAMES: &[(&str, Ending)] = &[
    ("OK", Trusted),
    ("OK_HANDSHAKE", Trusted),
    ("TLS_NOT_OFFERED", Code("starttls.not_offered")),
    ("TLS_REFUSED", Code("starttls.refused")),
    ("TLS_REFUSED_TEMP", Code("starttls.refused_temporarily")),
    ("PLAINTEXT_INJECTION", Code("starttls.plaintext_injection")),
    ("PIPELINED_REPLY", Code("starttls.pipelined_reply")),
    ("UNEXPECTED_DATA", Code("starttls.unexpected_data")),
    ("PREAUTH", Code("starttls.preauth")),
    ("PROTOCOL", Code("starttls.protocol")),
    ("LINE_TOO_LONG", Code("starttls.line_too_long")),
    ("TOO_MANY_LINES", Code("starttls.too_many_lines")),
    ("TOO_MUCH_DATA", Code("starttls.too_much_data")),
    ("GREETING_REJECTED", Code("starttls.greeting_rejected")),
    ("GREETING_REJECTED_TEMP", Code("starttls.greeting_rejected_temporarily")),
    ("SERVER_BYE", Code("starttls.server_bye")),
    ("WRONG_PORT_TLS", Code("starttls.tls_on_plain_port")),
    ("DATA_UNPROTECTED", Code("starttls.data_unprotected")),
    ("TIMEOUT", Code("io.timeout")),
    ("EOF", Code("io.closed")),
    ("TLS_HANDSHAKE", Code("tls.handshake")),
    ("TRUNCATED", Code("tls.truncated")),
];

impl Ending {
    /// What a name of the corpus means.
    pub fn named(name: &str) -> Option<Ending> {
        NAMES.iter().find(|(known, _)| *known == name).map(|(_, ending)| *ending)
    }

    /// As a conversation reports it.
    pub fn word(self) -> &'static str {
        match self {
            Trusted => TRUSTED,
            Code(code) => code,
        }
    }
}

impl fmt::Display for Ending {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str(self.word())
    }
}

/// The word for [`Ending::Trusted`].
pub const TRUSTED: &str = "trusted";
pub const TIMEOUT: &str = "io.timeout";
pub const PIPELINED: &str = "starttls.pipelined_reply";
