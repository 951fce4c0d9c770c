//! `stv_servers`: who serves a domain.

use std::ffi::{CString, c_char, c_int};

use crate::discover;
use crate::error::{Error, Result};
use crate::name::ReferenceId;
use crate::status::Status;
use crate::verify::Peer;

use super::handle::{self, Core, Handle};
use super::peer::stv_peer;
use super::stv_status;
use super::verifier::stv_verifier;
use super::words::{self, EMPTY};

/// The servers of a domain as MX or SRV records name them, the best first; at least one. It does not
/// change. Used by one thread at a time.
pub struct stv_servers(Core<Found>);

/// What the handle stands for.
pub struct Found {
    peers: Vec<Peer>,
    hosts: Vec<CString>,
}

impl Handle for stv_servers {
    type Inner = Found;

    fn new(core: Core<Found>) -> stv_servers {
        stv_servers(core)
    }

    fn core(&self) -> &Core<Found> {
        &self.0
    }

    fn core_mut(&mut self) -> &mut Core<Found> {
        &mut self.0
    }
}

impl Found {
    fn of(peers: Vec<Peer>) -> Found {
        let host = |peer: &Peer| match peer.server().and_then(ReferenceId::as_dns) {
            Some(server) => words::c_string(server.as_str()),
            None => words::c_string(&peer.host_text()),
        };
        Found { hosts: peers.iter().map(host).collect(), peers }
    }

    fn peer(&self, index: usize) -> Result<&Peer> {
        self.peers.get(index).ok_or_else(|| {
            let what = format!("there are {} servers, and no number {index}", self.peers.len());
            Error::new(Status::Argument, what)
        })
    }
}

/// Looks up who serves the domain that `domain` is about (stv_peer_set_host): its MX records for
/// STV_PROTOCOL_SMTP, the SRV records of the protocol's service for those that have one; any other is
/// STV_E_ARGUMENT. The verifier's options dns, ... say who is asked, as for stv_peer_discover. For a mail
/// relay the domain's MTA-STS policy is looked up too, once for all of its servers. STV_E_NO_SERVICE when
/// the domain says that it has none, STV_E_DNS_BOGUS when the answer is forged, STV_E_DNS_FAILED when there
/// is no usable one, STV_E_STATE when the option dns is off; words are in stv_peer_error(domain). The caller
/// owns *out and frees it with stv_servers_free.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn stv_servers_discover(
    domain: *mut stv_peer,
    verifier: *const stv_verifier,
    out: *mut *mut stv_servers,
) -> stv_status {
    export! { change domain, out out; verifier = shared(verifier);
        => discover::hosts(&verifier.0, domain).map(|peers| handle::give(out, Found::of(peers)))
    }
}

/// Frees servers; NULL is fine. Peers made from them live on.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn stv_servers_free(servers: *mut stv_servers) {
    export! { free servers }
}

/// How many servers there are; 0 for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn stv_servers_count(servers: *const stv_servers) -> usize {
    export! { value 0; servers = owned(servers); => Ok(servers.peers.len()) }
}

/// The host of a server, 0 being the best; "" for NULL and beyond the last. It lives as long as the servers.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn stv_servers_host(
    servers: *const stv_servers,
    index: usize,
) -> *const c_char {
    export! { value EMPTY; servers = owned(servers);
        => Ok(servers.hosts.get(index).map_or(EMPTY, |host| host.as_ptr()))
    }
}

/// The port of a server; 0 for NULL and beyond the last.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn stv_servers_port(servers: *const stv_servers, index: usize) -> c_int {
    export! { value 0; servers = owned(servers);
        => Ok(servers.peers.get(index).map_or(0, |peer| c_int::from(peer.effective_port())))
    }
}

/// Makes a peer of a server: what `domain` was, with its port, and with how it came to be named: for most
/// protocols its host and the domain as origin (stv_peer_set_origin). For XMPP the certificate must be for
/// the domain, which stays the host; the server is where to connect and whose TLSA records count. Look those
/// up with stv_peer_discover. STV_E_ARGUMENT beyond the last server. The caller owns *out and frees it with
/// stv_peer_free.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn stv_servers_peer(
    servers: *const stv_servers,
    index: usize,
    out: *mut *mut stv_peer,
) -> stv_status {
    export! { call out out; servers = owned(servers);
        => servers.peer(index).map(|peer| handle::give(out, peer.clone()))
    }
}
