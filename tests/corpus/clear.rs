//! What may leave a client in clear: the words with which its protocol gets to TLS, and goodbye.
//!
//! An allow list. AUTH, LOGIN, USER, PASS, APOP, a bind, a startup message or a handshake response
//! is not on it, and neither is a word that nobody thought of.

/// May this unit of the server's record have been sent? Octets beyond printable ASCII are escaped.
pub fn may_be_clear(scheme: &str, unit: &str) -> bool {
    let (word, rest) = unit.split_once(' ').unwrap_or((unit, ""));
    match scheme {
        "smtp" | "submission" => {
            matches!(unit, "STARTTLS" | "QUIT") || (word, rest) == ("EHLO", NAME)
        }
        "lmtp" => matches!(unit, "STARTTLS" | "QUIT") || (word, rest) == ("LHLO", NAME),
        "imap" => is_tag(word) && matches!(rest, "CAPABILITY" | "STARTTLS" | "LOGOUT"),
        "pop3" => matches!(unit, "CAPA" | "STLS" | "QUIT"),
        "sieve" | "nut" => matches!(unit, "STARTTLS" | "LOGOUT"),
        "ftp" => matches!(unit, "AUTH TLS" | "QUIT"),
        "nntp" => matches!(unit, "CAPABILITIES" | "STARTTLS" | "QUIT"),
        "irc" => matches!(unit, "STARTTLS" | "QUIT"),
        "xmpp" | "xmpp-server" => is_stream_element(unit),
        "ldap" => matches!(unit, LDAP_STARTTLS | LDAP_UNBIND),
        "postgres" => unit == SSL_REQUEST,
        "mysql" => is_mysql_request(unit),
        "amqp" => unit == r"AMQP\x02\x01\x00\x00",
        "nbd" => unit == NBD_STARTTLS,
        "rdp" => unit == RDP_REQUEST,
        "vnc" => matches!(unit, "RFB 003.008" | r"\x13" | r"\x00\x02" | r"\x00\x00\x01\x04"),
        // Nothing before an implicit handshake, and nothing in NATS.
        _ => false,
    }
}

/// The option ehlo_name.
const NAME: &str = "localhost";
/// ExtendedRequest with messageID 1 and StartTLS's OID (RFC 4511 §4.14.1).
const LDAP_STARTTLS: &str = r"0\x1d\x02\x01\x01w\x18\x80\x161.3.6.1.4.1.1466.20037";
/// UnbindRequest with messageID 2 (RFC 4511 §4.3).
const LDAP_UNBIND: &str = r"0\x05\x02\x01\x02B\x00";
/// Length 8 and the code 1234.5679.
const SSL_REQUEST: &str = r"\x00\x00\x00\x08\x04\xd2\x16/";

/// Client flags, and the option without data.
const NBD_STARTTLS: &str = r"\x00\x00\x00\x01IHAVEOPT\x00\x00\x00\x05\x00\x00\x00\x00";
/// X.224 connection request that asks for TLS; no cookie, which would name a user.
const RDP_REQUEST: &str =
    r"\x03\x00\x00\x13\x0e\xe0\x00\x00\x00\x00\x00\x01\x00\x08\x00\x03\x00\x00\x00";

/// RFC 9051 §9, and what nobody guesses.
fn is_tag(word: &str) -> bool {
    word.len() >= 8 && word.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

fn is_stream_element(unit: &str) -> bool {
    matches!(unit, r"<?xml version=\'1.0\'?>" | "</stream:stream>")
        || unit.starts_with("<stream:stream ")
        || unit == r"<starttls xmlns=\'urn:ietf:params:xml:ns:xmpp-tls\'/>"
}

/// SSLRequest: a packet of 32 octets, the last 23 zero. A handshake response has a user there.
fn is_mysql_request(unit: &str) -> bool {
    unit.starts_with(r" \x00\x00\x01") && unit.ends_with(&r"\x00".repeat(23))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_are_not_on_the_list() {
        for (scheme, unit) in [
            ("smtp", "AUTH PLAIN AAA="),
            ("smtp", "EHLO localhost AUTH"),
            ("imap", "a1 STARTTLS"),
            ("imap", "ABCDEFGHIJ LOGIN bob secret"),
            ("pop3", "USER bob"),
            ("ftp", "AUTH SSL"),
            ("xmpp", "<auth>"),
            ("ldap", r"0\x0c\x02\x01\x01`\x07\x02\x01\x03\x04\x00\x80\x00"),
            ("imaps", "ABCDEFGHIJ CAPABILITY"),
        ] {
            assert!(!may_be_clear(scheme, unit), "{scheme}: {unit}");
        }
    }
}
