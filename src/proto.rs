//! The registry of protocols: what differs between them besides their words.
//!
//! A row gives what the floors above need to know without knowing the protocol: the port, the URL
//! scheme, whether TLS is negotiated in band. The words of a protocol are in `starttls/`.

/// A protocol that a peer is spoken to in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(C)]
pub enum Protocol {
    /// TLS from the first byte, nothing known of what follows.
    Tls = 0,
    /// SMTP relay, RFC 3207.
    Smtp = 1,
    /// Message submission, RFC 6409 and RFC 3207.
    Submission = 2,
}

/// One row of the registry.
#[derive(Debug)]
pub struct Row {
    /// The protocol.
    pub protocol: Protocol,
    /// C name of the number.
    pub name: &'static str,
    /// URL scheme, which is also the word in texts and configuration files.
    pub scheme: &'static str,
    /// The port that is used when none is given; 0 where there is none.
    pub port: u16,
    /// Whether the server speaks first inside TLS.
    pub server_speaks_first: bool,
}

/// Every protocol, in the order of its number.
pub const REGISTRY: &[Row] = &[
    Row {
        protocol: Protocol::Tls,
        name: "STV_PROTOCOL_TLS",
        scheme: "tls",
        port: 0,
        server_speaks_first: false,
    },
    Row {
        protocol: Protocol::Smtp,
        name: "STV_PROTOCOL_SMTP",
        scheme: "smtp",
        port: 25,
        server_speaks_first: false,
    },
    Row {
        protocol: Protocol::Submission,
        name: "STV_PROTOCOL_SUBMISSION",
        scheme: "submission",
        port: 587,
        server_speaks_first: false,
    },
];

impl Protocol {
    /// The protocol's row.
    pub fn row(self) -> &'static Row {
        // The registry is indexed by the enum's number; a test holds the two together.
        &REGISTRY[self as usize]
    }

    /// The protocol with this number.
    pub fn from_number(number: i32) -> Option<Protocol> {
        REGISTRY.iter().find(|row| row.protocol as i32 == number).map(|row| row.protocol)
    }

    /// The protocol with this URL scheme.
    pub fn from_scheme(scheme: &str) -> Option<Protocol> {
        REGISTRY.iter().find(|row| row.scheme == scheme).map(|row| row.protocol)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_registry_is_indexed_by_number() {
        for (index, row) in REGISTRY.iter().enumerate() {
            assert_eq!(row.protocol as usize, index);
            assert_eq!(Protocol::from_scheme(row.scheme), Some(row.protocol));
            assert_eq!(row.protocol.row().name, row.name);
        }
    }
}
