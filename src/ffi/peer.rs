//! `stv_peer`: whom we expect.

use std::ffi::{c_char, c_int, c_void};

use crate::discover;
use crate::dns::Witness;
use crate::mta_sts::Sts;
use crate::tlsa::Record;
use crate::verify::Peer;

use super::handle::{self, Core, Handle};
use super::known_peers::stv_known_peers;
use super::verifier::stv_verifier;
use super::words::EMPTY;
use super::{args, stv_status};

/// Whom we expect: protocol, host, port, and what else the certificate may be for. Used by one
/// thread at a time. A session copies it, so it may be changed or freed afterwards.
pub struct stv_peer(Core<Peer>);

impl Handle for stv_peer {
    type Inner = Peer;

    fn new(core: Core<Peer>) -> stv_peer {
        stv_peer(core)
    }

    fn core(&self) -> &Core<Peer> {
        &self.0
    }

    fn core_mut(&mut self) -> &mut Core<Peer> {
        &mut self.0
    }
}

/// Makes a peer of which nothing is known yet: protocol STV_PROTOCOL_SMTP with its own port, and no
/// host. The caller owns *out and frees it with stv_peer_free.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn stv_peer_new(out: *mut *mut stv_peer) -> stv_status {
    export! { call out out; => { handle::give(out, Peer::new()); Ok(()) } }
}

/// Frees a peer; NULL is fine.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn stv_peer_free(peer: *mut stv_peer) {
    export! { free peer }
}

/// Sets the protocol, a number of stv_protocol; any other number is STV_E_ARGUMENT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn stv_peer_set_protocol(peer: *mut stv_peer, protocol: c_int) -> stv_status {
    export! { change peer;
        => { peer.set_protocol(args::protocol("protocol", protocol)?); Ok(()) }
    }
}

/// Sets the host that is meant: a DNS name (U-labels are converted), an IPv4 or an IPv6 address
/// (brackets allowed). It is what the certificate must be for. STV_E_NAME when it is neither: a
/// name that begins with a dot, an empty label, a wildcard, ...
#[unsafe(no_mangle)]
pub unsafe extern "C" fn stv_peer_set_host(
    peer: *mut stv_peer,
    host: *const c_char,
    host_len: usize,
) -> stv_status {
    export! { change peer; host = text(host, host_len); => peer.set_host(host) }
}

/// Sets the port, 1 to 65535; 0 is the protocol's own. Any other number is STV_E_ARGUMENT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn stv_peer_set_port(peer: *mut stv_peer, port: c_int) -> stv_status {
    export! { change peer; => { peer.set_port(args::port("port", port)?); Ok(()) } }
}

/// Adds a reference identifier besides the host; the certificate must match one of them. Tagged
/// text: "dns:example.com", "ip:192.0.2.1", "srv:_imap.example.com", "xmpp:example.com",
/// "email:a@example.com", "uri:...". STV_E_NAME when it is malformed or has no known tag.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn stv_peer_add_reference(
    peer: *mut stv_peer,
    reference: *const c_char,
    reference_len: usize,
) -> stv_status {
    export! { change peer; reference = text(reference, reference_len); => peer.add_reference(reference) }
}

/// Sets where to connect, when that is not the host itself: "192.0.2.1", "[2001:db8::1]:2525",
/// "other.example.com:25". It decides where the bytes go, never what the certificate must be for.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn stv_peer_set_connect(
    peer: *mut stv_peer,
    address: *const c_char,
    address_len: usize,
) -> stv_status {
    export! { change peer; address = text(address, address_len); => peer.set_connect(address) }
}

/// Sets the server name to send in the handshake (SNI), when that is not the host itself.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn stv_peer_set_sni(
    peer: *mut stv_peer,
    name: *const c_char,
    name_len: usize,
) -> stv_status {
    export! { change peer; name = text(name, name_len); => peer.set_sni(name) }
}

/// Asks a store of known peers about this peer as it is set up now (protocol, host and port), and keeps
/// the answer for the judge, who then always weighs it; the options known_peers and accept_new say how.
/// Ask before each session: an answer "never seen" is good for one. Where the store is missing,
/// unreadable or damaged, the error of stv_known_peers_open_file comes with words in stv_peer_error,
/// and the peer is refused from then on (known.not_checked) until the store was asked with success.
/// STV_E_STATE when the peer has no host or port, or the handle has no store.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn stv_peer_set_known(
    peer: *mut stv_peer,
    known: *const stv_known_peers,
) -> stv_status {
    export! { change peer; known = owned(known); => known.recall(peer) }
}

/// Adds a TLSA record of this server and port, in presentation format: "3 1 1 HEX" (spaces within the
/// hexadecimal are allowed). Records without stv_peer_set_tlsa_state are your own statement, as of an
/// administrator who types them in: they count as DNSSEC-secure, and when none of them can be used the
/// peer is refused. STV_E_TLSA when it is no record, or one too many (100). A record of an unknown kind
/// or with a digest of the wrong length is no error: the report says that it cannot be used.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn stv_peer_add_tlsa(
    peer: *mut stv_peer,
    record: *const c_char,
    record_len: usize,
) -> stv_status {
    export! { change peer; record = text(record, record_len); => peer.add_tlsa(Record::parse(record)?) }
}

/// Adds a TLSA record in wire format, the RDATA of the answer: usage, selector and matching type in one
/// octet each, then the data. For the rest as stv_peer_add_tlsa.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn stv_peer_add_tlsa_wire(
    peer: *mut stv_peer,
    rdata: *const c_void,
    rdata_len: usize,
) -> stv_status {
    export! { change peer; rdata = bytes(rdata, rdata_len); => peer.add_tlsa(Record::from_wire(rdata)?) }
}

/// Says how the TLSA records came, a number of stv_tlsa_state; any other number is STV_E_ARGUMENT. It
/// is your own look-up's result, also where that gave no record: STV_TLSA_SECURE without records says
/// that there are provably none, STV_TLSA_BOGUS and STV_TLSA_LOOKUP_FAILED refuse the peer, because
/// whoever can disturb a look-up must not be able to switch DANE off. STV_TLSA_SECURE is for answers
/// that were validated, never for those of a resolver that you have no reason to believe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn stv_peer_set_tlsa_state(peer: *mut stv_peer, state: c_int) -> stv_status {
    export! { change peer; => { peer.set_tlsa_state(args::tlsa_state("state", state)?); Ok(()) } }
}

/// Sets the TLSA base domain where it is not the host: the host name below which the records stand
/// ("mx.example.com" for "_25._tcp.mx.example.com"). Where records decide, the certificate may be for
/// it besides the host and the references (the next-hop names of RFC 7672 section 3.2.2); it is also
/// the server name that is sent unless stv_peer_set_sni says otherwise. STV_E_NAME when it is no host
/// name.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn stv_peer_set_tlsa_base(
    peer: *mut stv_peer,
    name: *const c_char,
    name_len: usize,
) -> stv_status {
    export! { change peer; name = text(name, name_len); => peer.set_tlsa_base(name) }
}

/// Sets the MTA-STS policy (RFC 8461) of the mail domain of which this host is an MX: its text, as fetched
/// from the domain's policy host. An empty text says that the domain has none. A policy in force that names
/// other hosts refuses this one, and ends opportunism; it never overrides TLSA records and never asks for
/// less than the options do. STV_E_ARGUMENT when it does not parse.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn stv_peer_set_mta_sts(
    peer: *mut stv_peer,
    policy: *const c_char,
    policy_len: usize,
) -> stv_status {
    export! { change peer; policy = text(policy, policy_len); => { peer.set_sts(Sts::stated(policy)?); Ok(()) } }
}

/// Says that the host was not named by the user: he named this domain, and MX or SRV records led from it
/// to the host. `provenance` is a number of stv_provenance; any other is STV_E_ARGUMENT. Where the records
/// were validated (STV_PROVENANCE_SECURE), the certificate may be for the host or the domain. Where they
/// were not (STV_PROVENANCE_INSECURE), it must be for the domain, and the host's TLSA records say nothing,
/// however perfect; only an MTA-STS policy in force that names the host makes it good for the domain.
/// STV_E_NAME when the domain is none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn stv_peer_set_origin(
    peer: *mut stv_peer,
    domain: *const c_char,
    domain_len: usize,
    provenance: c_int,
) -> stv_status {
    export! { change peer; domain = text(domain, domain_len);
        => peer.set_origin(domain, args::provenance("provenance", provenance)?)
    }
}

/// Adds a fact from the DNS for the option dns_evidence: "mail.example.com A 192.0.2.1", "192.0.2.1 PTR
/// mail.example.com", "example.com MX 10 mail.example.com", AAAA and CNAME alike, or name and type alone
/// where there is no such record. `resolver` says who gave the answer, in any words; "" is the resolver
/// that is asked first, against which others are held. What was not stated or looked up counts as not
/// known, never as absent. State facts before stv_peer_discover, which does not ask again for them; one that
/// is stated later makes the peer forget what was looked up here. Facts are evidence: they may be a reason
/// to refuse the peer, never one to trust it. STV_E_ARGUMENT when it is no such fact, or one too many.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn stv_peer_add_evidence(
    peer: *mut stv_peer,
    resolver: *const c_char,
    resolver_len: usize,
    fact: *const c_char,
    fact_len: usize,
) -> stv_status {
    export! { change peer; resolver = text(resolver, resolver_len); fact = text(fact, fact_len);
        => peer.state_fact(&Witness::named(resolver), fact)
    }
}

/// Looks the peer's TLSA records up in the DNS and keeps them with how far they are proven, as
/// stv_peer_add_tlsa_wire, stv_peer_set_tlsa_state and stv_peer_set_tlsa_base would; with the option
/// dns_evidence also what stv_peer_add_evidence states; for a mail relay (STV_PROTOCOL_SMTP) also the
/// MTA-STS policy of its domain, over HTTPS, unless you stated one or the option mta_sts is off
/// (mta_sts_cache, mta_sts_timeout_ms). The verifier's
/// options dns, dns_server, dns_trust_ad, dnssec_anchor_file and dns_timeout_ms say who is asked and how
/// long; nothing else in the library looks facts up, and the judge never does. STV_OK means that the
/// look-ups were made, not that anything was found or that the peer is trusted: forged and failed
/// answers are evidence too, which refuses the peer later. Records that you added yourself stay, and
/// nothing is asked then. STV_E_STATE when the option dns is off, STV_E_UNSUPPORTED without libunbound,
/// STV_E_FILE_MISSING without a trust anchor, STV_E_FILE_UNREADABLE for a damaged policy in the cache.
/// Blocks for as long as dns_timeout_ms, and mta_sts_timeout_ms for a policy; resolving is done in
/// a thread that handles no signals.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn stv_peer_discover(
    peer: *mut stv_peer,
    verifier: *const stv_verifier,
) -> stv_status {
    export! { change peer; verifier = shared(verifier); => discover::discover(&verifier.0, peer) }
}

/// Words for the last call that failed on this peer, stv_session_new included; "" when none did.
/// They live until the next call that changes the peer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn stv_peer_error(peer: *const stv_peer) -> *const c_char {
    export! { value EMPTY; peer = shared(peer); => Ok(peer.core().words()) }
}
