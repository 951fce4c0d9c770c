//! Whom we expect: host, protocol, port, further reference identifiers, and where to connect.

use std::net::IpAddr;

use crate::dns::{Facts, Name, Witness};
use crate::error::{Error, Result};
use crate::known::{Answer, Memory, PeerKey};
use crate::mta_sts::Sts;
use crate::name::{DnsName, Idna, ReferenceId};
use crate::proto::Protocol;
use crate::status::Status;
use crate::tlsa::{Record, State, Tlsa};

use super::provenance::Provenance;

/// The peer who is meant.
#[derive(Clone, Debug)]
pub struct Peer {
    protocol: Protocol,
    host: Option<ReferenceId>,
    port: Option<u16>,
    references: Vec<ReferenceId>,
    connect: Option<Address>,
    server_name: Option<String>,
    letters: Letters,
    known: Option<Answer>,
    tlsa: Tlsa,
    tlsa_base: Option<ReferenceId>,
    sts: Sts,
    sts_by: Told,
    origin: Option<(ReferenceId, Provenance)>,
    server: Option<(ReferenceId, Provenance)>,
    /// What the caller stated, and that with what was looked up.
    stated: Facts,
    facts: Facts,
}

/// Who said something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Told {
    ByCaller,
    ByLookup,
}

/// Whether a name was given with letters beyond ASCII.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Letters {
    Ascii,
    Unicode,
}

/// Where to connect, when that is not the host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    /// A host name or an address without brackets.
    pub host: String,
    /// The port, if it differs too.
    pub port: Option<u16>,
}

impl Default for Peer {
    fn default() -> Peer {
        Peer::new()
    }
}

impl Peer {
    /// Nobody yet; the protocol is SMTP.
    pub fn new() -> Peer {
        Peer {
            protocol: Protocol::Smtp,
            host: None,
            port: None,
            references: Vec::new(),
            connect: None,
            server_name: None,
            letters: Letters::Ascii,
            known: None,
            tlsa: Tlsa::default(),
            tlsa_base: None,
            origin: None,
            server: None,
            sts: Sts::NotAsked,
            sts_by: Told::ByLookup,
            stated: Facts::default(),
            facts: Facts::default(),
        }
    }

    /// The protocol, which also gives the port where none is set.
    pub fn set_protocol(&mut self, protocol: Protocol) {
        self.protocol = protocol;
    }

    /// The host as a user types it: a name (U-labels are converted) or an address.
    pub fn set_host(&mut self, host: &str) -> Result<()> {
        self.host = Some(ReferenceId::from_host(host, Idna::Convert)?);
        self.note_letters(host);
        Ok(())
    }

    /// The port that is meant.
    pub fn set_port(&mut self, port: u16) {
        self.port = Some(port);
    }

    /// One more name that the certificate may be for, tagged: `dns:`, `ip:`, `srv:`, `xmpp:`,
    /// `email:`, `uri:`.
    pub fn add_reference(&mut self, tagged: &str) -> Result<()> {
        self.references.push(ReferenceId::parse_tagged(tagged, Idna::Convert)?);
        self.note_letters(tagged);
        Ok(())
    }

    /// Where to connect, when that is not the host: `HOST`, `HOST:PORT`, `[IPv6]:PORT`.
    pub fn set_connect(&mut self, text: &str) -> Result<()> {
        self.connect = Some(Address::parse(text)?);
        Ok(())
    }

    /// The server name to send, when that is not the host.
    pub fn set_sni(&mut self, name: &str) -> Result<()> {
        let reference = ReferenceId::from_host(name, Idna::Convert)?;
        let Some(name) = reference.as_dns() else {
            // RFC 6066 §3: no literal addresses.
            let what = "a server name (SNI) is a host name, never an address";
            return Err(Error::new(Status::Name, what));
        };
        self.server_name = Some(name.as_str().to_owned());
        Ok(())
    }

    /// What a store of known peers answered. It is held against the peer who is meant when the judge
    /// is asked: a peer that was changed afterwards is not checked, and that is no pass.
    pub fn set_known(&mut self, answer: Answer) {
        self.known = Some(answer);
    }

    /// A store should have been asked and could not be: the peer is refused, and not taken for new.
    pub fn lack_known(&mut self, why: impl Into<String>) {
        let memory = Memory::Unreadable(why.into());
        self.known = Some(Answer { peer: self.known_as().ok(), memory });
    }

    /// "Never seen before" is good for one session: whoever opens one takes it.
    pub fn spend_known(&mut self) {
        if let Some(Answer { memory: memory @ Memory::Nothing, .. }) = &mut self.known {
            *memory = Memory::Spent;
        }
    }

    /// One more TLSA record of this server, and of this port and transport.
    pub fn add_tlsa(&mut self, record: Record) -> Result<()> {
        self.tlsa.add(record)
    }

    /// How the TLSA records came, or why there are none.
    pub fn set_tlsa_state(&mut self, state: State) {
        self.tlsa.set_state(state);
    }

    /// The domain that the user named, and how its DNS came to name the host that is connected to.
    pub fn set_origin(&mut self, domain: &str, provenance: Provenance) -> Result<()> {
        let reference = ReferenceId::from_host(domain, Idna::Convert)?;
        if reference.as_dns().is_none() {
            return Err(Error::new(Status::Name, "an origin is a domain, no address"));
        }
        self.origin = Some((reference, provenance));
        self.note_letters(domain);
        Ok(())
    }

    /// How the host came to be named.
    pub fn provenance(&self) -> Provenance {
        self.origin.as_ref().map_or(Provenance::User, |(_, provenance)| *provenance)
    }

    /// The domain that led to the host; `None` where the user named the host.
    pub fn origin(&self) -> Option<&ReferenceId> {
        self.origin.as_ref().map(|(domain, _)| domain)
    }

    /// That domain as an A-label; empty where the user named the host.
    pub fn origin_text(&self) -> String {
        self.origin().map(bare).unwrap_or_default()
    }

    /// The server that SRV records name, where the certificate must be for the domain all the same
    /// (RFC 6120 §13.7): where to connect, and whose TLSA records count (RFC 7673 §3).
    pub fn set_server(&mut self, host: &str, provenance: Provenance) -> Result<()> {
        let reference = ReferenceId::from_host(host, Idna::Convert)?;
        if reference.as_dns().is_none() {
            return Err(Error::new(Status::Name, "an SRV record names a host, no address"));
        }
        self.server = Some((reference, provenance));
        Ok(())
    }

    /// That server.
    pub fn server(&self) -> Option<&ReferenceId> {
        self.server.as_ref().map(|(host, _)| host)
    }

    /// How the machine that is connected to, whose TLSA records count, came to be named.
    pub fn server_provenance(&self) -> Provenance {
        self.server.as_ref().map_or(self.provenance(), |(_, provenance)| *provenance)
    }

    /// TLSA records, their state and story, in place of any others.
    pub fn replace_tlsa(&mut self, tlsa: Tlsa) {
        self.tlsa = tlsa;
        self.tlsa_base = None;
    }

    /// The TLSA base domain (RFC 7671 §7): the host name below which the records stand, where that is
    /// not the host, because MX, SRV or CNAME led to it.
    pub fn set_tlsa_base(&mut self, name: &str) -> Result<()> {
        let base = ReferenceId::from_host(name, Idna::Convert)?;
        if base.as_dns().is_none() {
            return Err(Error::new(Status::Name, "a TLSA base domain is a host name, no address"));
        }
        self.tlsa_base = Some(base);
        self.note_letters(name);
        Ok(())
    }

    /// What is known of the MTA-STS policy of the mail domain that this host is an MX of.
    pub fn set_sts(&mut self, sts: Sts) {
        (self.sts, self.sts_by) = (sts, Told::ByCaller);
    }

    /// What a look-up found out about that policy, in place of an earlier look-up's.
    pub fn replace_sts(&mut self, sts: Sts) {
        (self.sts, self.sts_by) = (sts, Told::ByLookup);
    }

    /// Whether the caller said what is known of the policy, so that no look-up is needed.
    pub fn has_stated_sts(&self) -> bool {
        self.sts_by == Told::ByCaller
    }

    /// Something that the DNS says, as the caller knows it: `mail.example.com A 192.0.2.1`.
    pub fn state_fact(&mut self, witness: &Witness, text: &str) -> Result<()> {
        self.stated.state(witness, text)?;
        self.facts = self.stated.clone();
        Ok(())
    }

    /// What the caller stated, where a look-up begins.
    pub fn stated_facts(&self) -> &Facts {
        &self.stated
    }

    /// What was said in the DNS, in place of what an earlier look-up found.
    pub fn set_facts(&mut self, facts: Facts) {
        self.facts = facts;
    }

    fn note_letters(&mut self, text: &str) {
        if !text.is_ascii() {
            self.letters = Letters::Unicode;
        }
    }

    /// The protocol.
    pub fn protocol(&self) -> Protocol {
        self.protocol
    }

    /// The host as a reference.
    pub fn host(&self) -> Option<&ReferenceId> {
        self.host.as_ref()
    }

    /// What a store of known peers answered.
    pub fn known(&self) -> Option<&Answer> {
        self.known.as_ref()
    }

    /// As whom a store knows the peer.
    pub fn known_as(&self) -> Result<PeerKey> {
        PeerKey::new(self.protocol, &self.host_text(), self.effective_port())
    }

    /// Further references.
    pub fn references(&self) -> &[ReferenceId] {
        &self.references
    }

    /// Whether a name was given with letters beyond ASCII.
    pub fn is_unicode(&self) -> bool {
        self.letters == Letters::Unicode
    }

    /// The host as an A-label or an address; empty where none is set.
    pub fn host_text(&self) -> String {
        self.host.as_ref().map(bare).unwrap_or_default()
    }

    /// The port, by protocol where none is set.
    pub fn effective_port(&self) -> u16 {
        self.port.unwrap_or(self.protocol.row().port)
    }

    /// Where to connect: host (no brackets) and port.
    pub fn endpoint(&self) -> Option<(String, u16)> {
        let port = self.effective_port();
        match &self.connect {
            Some(address) => Some((address.host.clone(), address.port.unwrap_or(port))),
            None => Some((bare(self.server().or(self.host.as_ref())?), port)),
        }
    }

    /// The server name to send: what was set, else the TLSA base domain, by which a server chooses the
    /// certificate that its records are about (RFC 7672 §2.3.2), else the host unless it is an address.
    pub fn server_name(&self) -> Option<&str> {
        let host = self.tlsa_base.as_ref().or(self.host.as_ref());
        self.server_name.as_deref().or_else(|| host?.as_dns().map(DnsName::as_str))
    }

    /// What is known of the domain's MTA-STS policy.
    pub fn sts(&self) -> &Sts {
        &self.sts
    }

    /// What the DNS says besides.
    pub fn facts(&self) -> &Facts {
        &self.facts
    }

    /// The host as a name that can be looked up.
    pub fn host_name(&self) -> Option<Name> {
        self.host.as_ref().and_then(name_of)
    }

    /// The mail domain that the host is to serve: the one that led to it, else the first other name that
    /// the certificate may be for.
    pub fn mail_domain(&self) -> Option<Name> {
        let stated = self.origin().into_iter().chain(&self.references);
        stated.filter_map(name_of).find(|name| self.host_name().as_ref() != Some(name))
    }

    /// TLSA records and their state.
    pub fn tlsa(&self) -> &Tlsa {
        &self.tlsa
    }

    /// The TLSA base domain, where it is not the host.
    pub fn tlsa_base(&self) -> Option<&ReferenceId> {
        self.tlsa_base.as_ref()
    }
}

fn name_of(reference: &ReferenceId) -> Option<Name> {
    reference.as_dns().and_then(|name| Name::parse(name.as_str()))
}

/// A reference without its tag.
fn bare(reference: &ReferenceId) -> String {
    if let Some(name) = reference.as_dns() {
        return name.as_str().to_owned();
    }
    let tagged = reference.tagged();
    tagged.split_once(':').map_or_else(|| tagged.clone(), |(_, name)| name.to_owned())
}

impl Address {
    /// Reads `HOST`, `HOST:PORT` or `[IPv6]:PORT`.
    pub fn parse(text: &str) -> Result<Address> {
        let wrong = || {
            let shown = crate::report::quote(text.as_bytes());
            Error::new(
                Status::Argument,
                format!("'{shown}' is no address; write HOST, HOST:PORT or [IPv6]:PORT"),
            )
        };
        let (host, port) = split(text).ok_or_else(wrong)?;
        let port = port.map(|port| port.parse::<u16>().map_err(|_| wrong())).transpose()?;
        if host.is_empty()
            || port == Some(0)
            || host.contains(|letter: char| letter.is_control() || letter == ' ')
        {
            return Err(wrong());
        }
        Ok(Address { host: host.to_owned(), port })
    }
}

fn split(text: &str) -> Option<(&str, Option<&str>)> {
    if text.parse::<IpAddr>().is_ok() {
        return Some((text, None));
    }
    if let Some(rest) = text.strip_prefix('[') {
        let (host, port) = rest.split_once(']')?;
        host.parse::<IpAddr>().ok()?;
        return if port.is_empty() {
            Some((host, None))
        } else {
            Some((host, Some(port.strip_prefix(':')?)))
        };
    }
    match text.split_once(':') {
        Some((host, port)) => Some((host, Some(port))),
        None => Some((text, None)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses() {
        let parse =
            |text: &str| Address::parse(text).map(|address| (address.host, address.port)).ok();
        assert_eq!(parse("127.0.0.1:25"), Some(("127.0.0.1".into(), Some(25))));
        assert_eq!(parse("[::1]:25"), Some(("::1".into(), Some(25))));
        assert_eq!(parse("::1"), Some(("::1".into(), None)));
        assert_eq!(parse("mx.bob.test"), Some(("mx.bob.test".into(), None)));
        for bad in
            ["", ":25", "host:", "host:0", "host:99999", "[::1", "[::1]25", "a b:1", "[host]:1"]
        {
            assert_eq!(parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn an_address_is_never_sent_as_server_name() {
        let mut peer = Peer::new();
        peer.set_host("127.0.0.1").unwrap();
        assert_eq!(peer.server_name(), None);
        assert!(peer.set_sni("::1").is_err());
        peer.set_host("mail.bob.test.").unwrap();
        assert_eq!(peer.server_name(), Some("mail.bob.test"));
        assert!(peer.set_tlsa_base("127.0.0.1").is_err());
        peer.set_tlsa_base("mx.bob.test").unwrap();
        assert_eq!(peer.server_name(), Some("mx.bob.test"), "RFC 7672 §2.3.2");
        peer.set_sni("other.bob.test").unwrap();
        assert_eq!(peer.server_name(), Some("other.bob.test"));
    }
}
