//! Statuses: did the call do its job?
//!
//! One table. A number is never re-used; a retired one stays in the list of `RETIRED`. The hundreds
//! say whose fault it is: 0 trusted, 1-99 flow, 100s the caller, 200s the peer's plaintext protocol,
//! 300s TLS and IO, 400s verification.

macro_rules! statuses {
    ($( $variant:ident = $number:literal, $name:literal, $text:literal; )*) => {
        /// What a call answers. `repr(C)`: the header's `stv_status_code` is made from it.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[repr(C)]
        pub enum Status { $( #[doc = $text] $variant = $number, )* }

        /// Every status, in the order of its number.
        pub const ALL: &[Status] = &[$( Status::$variant, )*];

        impl Status {
            /// The C name, such as `STV_E_REJECTED`.
            pub const fn name(self) -> &'static str {
                match self { $( Status::$variant => $name, )* }
            }

            /// One sentence for people.
            pub const fn text(self) -> &'static str {
                match self { $( Status::$variant => $text, )* }
            }
        }
    };
}

statuses! {
    Ok = 0, "STV_OK", "the peer is trusted, or the call did what it was asked";
    WantRead = 1, "STV_WANT_READ", "bytes from the peer are needed: read from the connection, feed them, call again";
    WantWrite = 2, "STV_WANT_WRITE", "bytes for the peer are waiting: take them, send them, call again";
    Closed = 3, "STV_CLOSED", "the peer ended the secured connection properly (close_notify)";
    OpenUnverified = 4, "STV_OPEN_UNVERIFIED", "the session is encrypted but its peer is not trusted, as the caller allowed; see the report";

    Null = 100, "STV_E_NULL", "a required pointer is NULL";
    Argument = 101, "STV_E_ARGUMENT", "an argument is out of range or malformed";
    State = 102, "STV_E_STATE", "the handle is not in a state that allows this call";
    Panic = 103, "STV_E_PANIC", "an internal fault was caught; the handle cannot be used any more, freeing it is safe";
    Memory = 104, "STV_E_MEMORY", "out of memory";
    OptionUnknown = 105, "STV_E_OPTION_UNKNOWN", "no option has this name";
    OptionType = 106, "STV_E_OPTION_TYPE", "the option takes a value of another type";
    OptionValue = 107, "STV_E_OPTION_VALUE", "the option does not take this value";
    Insecure = 108, "STV_E_INSECURE", "the value weakens security and is accepted only under the option's insecure_ name";
    FileMissing = 109, "STV_E_FILE_MISSING", "a file or directory does not exist";
    FileUnreadable = 110, "STV_E_FILE_UNREADABLE", "a file or directory cannot be read";
    FileEmpty = 111, "STV_E_FILE_EMPTY", "a file or directory holds nothing of the kind that was expected";
    Config = 112, "STV_E_CONFIG", "the configuration file is malformed";
    Certificate = 113, "STV_E_CERTIFICATE", "a certificate, key or CRL handed in cannot be parsed";
    Name = 114, "STV_E_NAME", "a reference name is not valid";
    Pin = 115, "STV_E_PIN", "a pin is malformed";
    Encoding = 116, "STV_E_ENCODING", "text is not UTF-8 or holds a NUL";
    Unsupported = 117, "STV_E_UNSUPPORTED", "this build does not support what was asked";
    Tlsa = 118, "STV_E_TLSA", "a TLSA record is malformed";
    FileDamaged = 120, "STV_E_FILE_DAMAGED", "a file that the library keeps is torn, truncated or not what the library writes";
    FileUnsafe = 121, "STV_E_FILE_UNSAFE", "a file or directory that the library keeps could be changed by others, or is no regular file";
    FileUnwritable = 122, "STV_E_FILE_UNWRITABLE", "a file or directory cannot be written, or not for certain; no half of an update is left";
    FileBusy = 123, "STV_E_FILE_BUSY", "another process did not give up a file in time";

    NotOffered = 200, "STV_E_NOT_OFFERED", "the server does not offer STARTTLS";
    Refused = 201, "STV_E_REFUSED", "the server refused STARTTLS";
    RefusedTemporarily = 202, "STV_E_REFUSED_TEMPORARILY", "the server refused STARTTLS for now";
    Injected = 203, "STV_E_INJECTED", "plaintext was sent behind the go-ahead for TLS";
    Pipelined = 204, "STV_E_PIPELINED", "the server answered before it was asked";
    Protocol = 205, "STV_E_PROTOCOL", "the server does not speak the protocol";
    LineTooLong = 206, "STV_E_LINE_TOO_LONG", "a line of the server exceeds the limit";
    TooManyLines = 207, "STV_E_TOO_MANY_LINES", "the server sent more lines than the limit";
    TooMuchData = 208, "STV_E_TOO_MUCH_DATA", "the server sent more bytes than the limit";
    GreetingRejected = 209, "STV_E_GREETING_REJECTED", "the server greets with a refusal";
    GreetingRejectedTemporarily = 210, "STV_E_GREETING_REJECTED_TEMPORARILY", "the server greets with a refusal for now";
    ServerBye = 211, "STV_E_SERVER_BYE", "the server ended the conversation before TLS";
    Preauth = 212, "STV_E_PREAUTH", "the server claims that the session is authenticated before TLS";
    UnexpectedData = 213, "STV_E_UNEXPECTED_DATA", "the server sent data that has no place before TLS";
    TlsOnPlainPort = 214, "STV_E_TLS_ON_PLAIN_PORT", "the server speaks TLS at once: this is an implicit-TLS port";

    TlsHandshake = 300, "STV_E_TLS_HANDSHAKE", "the TLS handshake failed";
    TlsVersion = 301, "STV_E_TLS_VERSION", "the server speaks no TLS version that is allowed";
    TlsAlert = 302, "STV_E_TLS_ALERT", "the server ended TLS with an alert";
    TlsTruncated = 303, "STV_E_TLS_TRUNCATED", "the connection ended without close_notify: what was read may be cut off";
    TlsProtocol = 304, "STV_E_TLS_PROTOCOL", "the TLS connection broke after the handshake";
    TlsAlpn = 305, "STV_E_TLS_ALPN", "the server chose an application protocol that was not offered";
    Io = 310, "STV_E_IO", "reading from or writing to the connection failed";
    IoClosed = 311, "STV_E_IO_CLOSED", "the server closed the connection before TLS stood";
    Timeout = 312, "STV_E_TIMEOUT", "a deadline passed";
    Resolve = 313, "STV_E_RESOLVE", "the host name has no address";
    Connect = 314, "STV_E_CONNECT", "no address of the host could be connected to";

    NoService = 315, "STV_E_NO_SERVICE", "the domain has no such service, and its DNS says so";
    DnsBogus = 316, "STV_E_DNS_BOGUS", "an answer of the DNS fails validation (DNSSEC): forged, or a broken zone";
    DnsFailed = 317, "STV_E_DNS_FAILED", "a look-up in the DNS came to no usable answer";

    Rejected = 400, "STV_E_REJECTED", "the peer is not trusted; the report says why";
}

/// Numbers that were in use once and must stay unused.
pub const RETIRED: &[i32] = &[];

impl Status {
    /// The number that crosses the ABI.
    pub const fn number(self) -> i32 {
        self as i32
    }

    /// The status with this number.
    pub fn from_number(number: i32) -> Option<Status> {
        ALL.iter().copied().find(|status| status.number() == number)
    }

    /// Whether a report belongs to this status (the 200s to 400s).
    pub const fn has_report(self) -> bool {
        self.number() >= 200
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_unique_sorted_and_not_retired() {
        assert!(ALL.windows(2).all(|pair| pair[0].number() < pair[1].number()));
        assert!(ALL.iter().all(|status| !RETIRED.contains(&status.number())));
        assert!(ALL.iter().all(|status| Status::from_number(status.number()) == Some(*status)));
    }

    #[test]
    fn faults_are_named_as_such() {
        for status in ALL {
            assert_eq!(status.name().starts_with("STV_E_"), status.number() >= 100, "{status:?}");
        }
    }
}
