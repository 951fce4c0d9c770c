//! The registry of protocols: what differs between them besides their words.
//!
//! A row gives what the floors above need to know without knowing the protocol: port, URL scheme,
//! how TLS begins, ALPN, SRV service, who speaks first inside TLS, and which name the certificate
//! must be for. The words of a protocol are in `starttls/`.
//!
//! ALPN identifiers are those of the IANA registry; SMTP, LMTP, LDAP and MySQL have none. SRV
//! services are those of RFC 6186, RFC 8314, RFC 5804, RFC 6120 and XEP-0368.

use crate::limits::Limits;

/// A protocol that a peer is spoken to in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(C)]
pub enum Protocol {
    /// TLS from the first byte, nothing known of what follows.
    Tls = 0,
    /// SMTP relay, RFC 3207.
    Smtp = 1,
    /// Message submission, RFC 6409.
    Submission = 2,
    /// LMTP, RFC 2033.
    Lmtp = 3,
    /// IMAP, RFC 9051.
    Imap = 4,
    /// POP3, RFC 2595.
    Pop3 = 5,
    /// ManageSieve, RFC 5804.
    Sieve = 6,
    /// FTP, RFC 4217.
    Ftp = 7,
    /// XMPP, client to server, RFC 6120.
    Xmpp = 8,
    /// XMPP, server to server, RFC 6120.
    XmppServer = 9,
    /// LDAP StartTLS, RFC 4511.
    Ldap = 10,
    /// NNTP, RFC 4642.
    Nntp = 11,
    /// IRC with the tls capability.
    Irc = 12,
    /// PostgreSQL, SSLRequest.
    Postgres = 13,
    /// MySQL and MariaDB.
    Mysql = 14,
    /// Network UPS Tools, RFC 9271.
    Nut = 15,
    /// Network block device, fixed newstyle.
    Nbd = 16,
    /// Remote desktop, X.224 negotiation.
    Rdp = 17,
    /// VNC with VeNCrypt.
    Vnc = 18,
    /// AMQP 1.0.
    Amqp = 19,
    /// NATS.
    Nats = 20,
    /// Message submission with implicit TLS, RFC 8314.
    Submissions = 21,
    /// IMAP with implicit TLS, RFC 8314.
    Imaps = 22,
    /// POP3 with implicit TLS, RFC 8314.
    Pop3s = 23,
    /// FTP with implicit TLS (historic).
    Ftps = 24,
    /// XMPP, client to server, direct TLS, XEP-0368.
    Xmpps = 25,
    /// XMPP, server to server, direct TLS, XEP-0368.
    XmppsServer = 26,
    /// LDAP with implicit TLS.
    Ldaps = 27,
    /// NNTP with implicit TLS, RFC 8143.
    Nntps = 28,
    /// IRC with implicit TLS, RFC 7194.
    Ircs = 29,
    /// PostgreSQL 17 and newer, direct TLS.
    PostgresDirect = 30,
}

/// How TLS begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Upgrade {
    /// In the middle of a conversation (STARTTLS).
    InBand,
    /// With the first byte.
    Implicit,
}

/// Who speaks first inside TLS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FirstSpeaker {
    /// We do.
    Client,
    /// The server does: a greeting, or capabilities unasked.
    Server,
}

/// Which name the certificate must be for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Identity {
    /// The host that the user named: DNS-ID or IP-ID (RFC 9525; RFC 7817 §3 for mail).
    Host,
    /// The domain of the stream, never the host that serves it: DNS-ID, SRV-ID or XmppAddr
    /// (RFC 6120 §13.7).
    Domain,
}

/// Which usages of TLSA records count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TlsaUsages {
    /// All four (RFC 7671, RFC 7673).
    All,
    /// 2 and 3: a mail relay has no list of CAs that both sides believe in (RFC 7672 §3.1.3).
    DaneOnly,
}

/// By which records the DNS names the servers of a domain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Naming {
    /// MX (RFC 5321 §5.1).
    Exchanges,
    /// SRV, of this service (RFC 2782).
    Service(&'static str),
}

/// Whether a protocol opens further connections for data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DataConnections {
    /// It does not.
    None,
    /// It does, and each must be to the peer of the control connection (RFC 4217 §12).
    SamePeer,
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
    /// How TLS begins.
    pub upgrade: Upgrade,
    /// ALPN identifier; empty where there is none.
    pub alpn: &'static str,
    /// SRV service that is looked up, with its underscore; empty where there is none.
    pub service: &'static str,
    /// SRV service that a certificate names; XEP-0368 §3 looks up another one than it validates.
    pub srv_id: &'static str,
    /// Who speaks first inside TLS.
    pub first_speaker: FirstSpeaker,
    /// Which name the certificate must be for.
    pub identity: Identity,
    /// Longest line of the server before TLS, octets, its line end included.
    pub line: usize,
    /// Further connections.
    pub data: DataConnections,
    /// The polite last word of a client inside TLS that needs nothing before it; empty where there is
    /// none.
    pub goodbye: &'static str,
}

const fn row(protocol: Protocol, name: &'static str, scheme: &'static str, port: u16) -> Row {
    Row {
        protocol,
        name,
        scheme,
        port,
        upgrade: Upgrade::InBand,
        alpn: "",
        service: "",
        srv_id: "",
        first_speaker: FirstSpeaker::Client,
        identity: Identity::Host,
        line: Limits::DEFAULT.line,
        data: DataConnections::None,
        goodbye: "",
    }
}

/// RFC 5804 and IMAP servers announce more than others in one line; NATS everything in one.
const fn long_lines(row: Row) -> Row {
    Row { line: 8192, ..row }
}

const fn implicit(row: Row) -> Row {
    Row { upgrade: Upgrade::Implicit, ..row }
}

const fn alpn(row: Row, alpn: &'static str) -> Row {
    Row { alpn, ..row }
}

const fn service(row: Row, service: &'static str) -> Row {
    Row { service, srv_id: service, ..row }
}

const fn srv_id(row: Row, srv_id: &'static str) -> Row {
    Row { srv_id, ..row }
}

const fn server_first(row: Row) -> Row {
    Row { first_speaker: FirstSpeaker::Server, ..row }
}

const fn data_connections(row: Row) -> Row {
    Row { data: DataConnections::SamePeer, ..row }
}

const fn goodbye(row: Row, goodbye: &'static str) -> Row {
    Row { goodbye, ..row }
}

const fn of_domain(row: Row) -> Row {
    Row { identity: Identity::Domain, ..row }
}

/// Every protocol, in the order of its number.
#[rustfmt::skip]
pub const REGISTRY: &[Row] = &[
    implicit(row(Protocol::Tls, "STV_PROTOCOL_TLS", "tls", 0)),
    goodbye(row(Protocol::Smtp, "STV_PROTOCOL_SMTP", "smtp", 25), "QUIT\r\n"),
    goodbye(service(row(Protocol::Submission, "STV_PROTOCOL_SUBMISSION", "submission", 587), "_submission"), "QUIT\r\n"),
    goodbye(row(Protocol::Lmtp, "STV_PROTOCOL_LMTP", "lmtp", 24), "QUIT\r\n"),
    long_lines(service(alpn(row(Protocol::Imap, "STV_PROTOCOL_IMAP", "imap", 143), "imap"), "_imap")),
    goodbye(service(alpn(row(Protocol::Pop3, "STV_PROTOCOL_POP3", "pop3", 110), "pop3"), "_pop3"), "QUIT\r\n"),
    goodbye(long_lines(server_first(service(alpn(row(Protocol::Sieve, "STV_PROTOCOL_SIEVE", "sieve", 4190), "managesieve"), "_sieve"))), "LOGOUT\r\n"),
    goodbye(data_connections(alpn(row(Protocol::Ftp, "STV_PROTOCOL_FTP", "ftp", 21), "ftp")), "QUIT\r\n"),
    of_domain(service(alpn(row(Protocol::Xmpp, "STV_PROTOCOL_XMPP", "xmpp", 5222), "xmpp-client"), "_xmpp-client")),
    of_domain(service(alpn(row(Protocol::XmppServer, "STV_PROTOCOL_XMPP_SERVER", "xmpp-server", 5269), "xmpp-server"), "_xmpp-server")),
    service(row(Protocol::Ldap, "STV_PROTOCOL_LDAP", "ldap", 389), "_ldap"),
    goodbye(alpn(row(Protocol::Nntp, "STV_PROTOCOL_NNTP", "nntp", 119), "nntp"), "QUIT\r\n"),
    goodbye(alpn(row(Protocol::Irc, "STV_PROTOCOL_IRC", "irc", 6667), "irc"), "QUIT\r\n"),
    alpn(row(Protocol::Postgres, "STV_PROTOCOL_POSTGRES", "postgres", 5432), "postgresql"),
    row(Protocol::Mysql, "STV_PROTOCOL_MYSQL", "mysql", 3306),
    goodbye(row(Protocol::Nut, "STV_PROTOCOL_NUT", "nut", 3493), "LOGOUT\n"),
    row(Protocol::Nbd, "STV_PROTOCOL_NBD", "nbd", 10809),
    row(Protocol::Rdp, "STV_PROTOCOL_RDP", "rdp", 3389),
    server_first(row(Protocol::Vnc, "STV_PROTOCOL_VNC", "vnc", 5900)),
    row(Protocol::Amqp, "STV_PROTOCOL_AMQP", "amqp", 5672),
    long_lines(row(Protocol::Nats, "STV_PROTOCOL_NATS", "nats", 4222)),
    goodbye(implicit(server_first(service(row(Protocol::Submissions, "STV_PROTOCOL_SUBMISSIONS", "submissions", 465), "_submissions"))), "QUIT\r\n"),
    implicit(server_first(service(alpn(row(Protocol::Imaps, "STV_PROTOCOL_IMAPS", "imaps", 993), "imap"), "_imaps"))),
    goodbye(implicit(server_first(service(alpn(row(Protocol::Pop3s, "STV_PROTOCOL_POP3S", "pop3s", 995), "pop3"), "_pop3s"))), "QUIT\r\n"),
    goodbye(data_connections(implicit(server_first(alpn(row(Protocol::Ftps, "STV_PROTOCOL_FTPS", "ftps", 990), "ftp")))), "QUIT\r\n"),
    implicit(of_domain(srv_id(service(alpn(row(Protocol::Xmpps, "STV_PROTOCOL_XMPPS", "xmpps", 5223), "xmpp-client"), "_xmpps-client"), "_xmpp-client"))),
    implicit(of_domain(srv_id(service(alpn(row(Protocol::XmppsServer, "STV_PROTOCOL_XMPPS_SERVER", "xmpps-server", 5270), "xmpp-server"), "_xmpps-server"), "_xmpp-server"))),
    implicit(service(row(Protocol::Ldaps, "STV_PROTOCOL_LDAPS", "ldaps", 636), "_ldaps")),
    goodbye(implicit(server_first(alpn(row(Protocol::Nntps, "STV_PROTOCOL_NNTPS", "nntps", 563), "nntp"))), "QUIT\r\n"),
    goodbye(implicit(alpn(row(Protocol::Ircs, "STV_PROTOCOL_IRCS", "ircs", 6697), "irc")), "QUIT\r\n"),
    implicit(alpn(row(Protocol::PostgresDirect, "STV_PROTOCOL_POSTGRES_DIRECT", "postgres-direct", 5432), "postgresql")),
];

/// Other words for a scheme.
const ALIASES: &[(&str, Protocol)] = &[
    ("smtps", Protocol::Submissions),
    ("postgresql", Protocol::Postgres),
    ("mariadb", Protocol::Mysql),
    ("managesieve", Protocol::Sieve),
    ("xmpp-client", Protocol::Xmpp),
];

impl Protocol {
    /// TLS from the first byte, and whatever the program speaks inside.
    pub const fn direct() -> Protocol {
        Protocol::Tls
    }

    /// The protocol's row.
    pub fn row(self) -> &'static Row {
        // The registry is indexed by the enum's number; a test holds the two together.
        &REGISTRY[self as usize]
    }

    /// Which usages of TLSA records count.
    pub const fn tlsa_usages(self) -> TlsaUsages {
        match self {
            Protocol::Smtp => TlsaUsages::DaneOnly,
            _ => TlsaUsages::All,
        }
    }

    /// By which records the DNS names the servers of a domain; `None` where there are none of the kind.
    pub fn naming(self) -> Option<Naming> {
        match (self, self.row().service) {
            (Protocol::Smtp, _) => Some(Naming::Exchanges),
            (_, "") => None,
            (_, service) => Some(Naming::Service(service)),
        }
    }

    /// Whether MTA-STS speaks of its servers: RFC 8461 is for relays, which find their server by MX.
    pub const fn has_mta_sts(self) -> bool {
        matches!(self, Protocol::Smtp)
    }

    /// The protocol with this number.
    pub fn from_number(number: i32) -> Option<Protocol> {
        REGISTRY.iter().find(|row| row.protocol as i32 == number).map(|row| row.protocol)
    }

    /// The protocol with this URL scheme.
    pub fn from_scheme(scheme: &str) -> Option<Protocol> {
        let row = REGISTRY.iter().find(|row| row.scheme == scheme).map(|row| row.protocol);
        row.or_else(|| {
            ALIASES.iter().find(|(alias, _)| *alias == scheme).map(|(_, protocol)| *protocol)
        })
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

    #[test]
    fn nobody_takes_mail_servers_for_others() {
        for row in REGISTRY {
            let by_mx = row.protocol.naming() == Some(Naming::Exchanges);
            assert_eq!(by_mx, row.protocol == Protocol::Smtp, "{}", row.scheme);
        }
        assert_eq!(Protocol::Ftp.naming(), None);
        assert_eq!(Protocol::Imap.naming(), Some(Naming::Service("_imap")));
    }

    #[test]
    fn aliases_are_no_schemes() {
        for (alias, protocol) in ALIASES {
            assert!(REGISTRY.iter().all(|row| row.scheme != *alias), "{alias}");
            assert_eq!(Protocol::from_scheme(alias), Some(*protocol));
        }
    }
}
