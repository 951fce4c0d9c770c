//! Rows of `attacks.json` whose end the corpus leaves open, says in prose, or sets otherwise: one
//! end each, and why.

use super::ending::Ending::{self, Code, Trusted};

pub struct Choice {
    pub id: &'static str,
    pub ending: Ending,
    /// What must have been heard in clear last, where the row is about going on.
    pub heard: Option<&'static str>,
    pub why: &'static str,
}

const fn choose(id: &'static str, ending: Ending, why: &'static str) -> Choice {
    Choice { id, ending, heard: None, why }
}

/// OK_CONTINUES: the client goes on with its next command, and the script leaves it alone then.
const fn goes_on(id: &'static str, command: &'static str, why: &'static str) -> Choice {
    Choice { id, ending: Code("io.closed"), heard: Some(command), why }
}

pub const CHOICES: &[Choice] = &[
    choose(
        "A081",
        Code("starttls.plaintext_injection"),
        "the corpus says TLS_HANDSHAKE. Bytes after ClientHello that are no TLS record \
         (RFC 8446 §5.1) are plaintext in its place, and are called that; the session is as dead",
    ),
    goes_on("A100", "CAPABILITY", "RFC 2221 §4: a referral in a greeting is a hint"),
    choose("A105", Trusted, "RFC 9051 §7.1.4: inside TLS PREAUTH is the program's to judge"),
    goes_on("A124", "AUTH TLS", "RFC 959 §5.4: 120, then 220"),
    choose("A128", Code("io.closed"), "TIMEOUT / EOF: this server ends the connection at once"),
    choose(
        "A131",
        Code("starttls.protocol"),
        "strict or lenient: strict (RFC 5321 §2.3.8; CVE-2023-51764), and there is no lenient mode",
    ),
    goes_on("A147", "AUTH TLS", "RFC 959 §4.2: inner lines are text"),
    choose(
        "A265",
        Trusted,
        "OK + warning: the session never nests TLS; the second EHLO reply is \
         the program's (RFC 3207 §4.2), and warning of it too",
    ),
    choose(
        "A270",
        Trusted,
        "INFO: the reply is handed over as it came; the address in it is the \
         program's to ignore (CVE-2020-8284)",
    ),
    choose(
        "A274",
        Trusted,
        "INFO: the greeting's timestamp is not handed out, and POP3 says it \
         only once (RFC 2595 §4)",
    ),
];

pub fn of(id: &str) -> Option<&'static Choice> {
    CHOICES.iter().find(|choice| choice.id == id)
}
