"""The servers of a domain, as MX or SRV records name them."""

from __future__ import annotations

import ctypes
from typing import List

from .handle import Handle, own
from .library import lib, words
from .peer import Peer, check
from .verifier import Verifier


class FoundPeer(Peer):
    """A peer as the library made it; every handle is a new one of it."""

    def __init__(self, peer: Peer, servers: Handle, index: int) -> None:
        object.__setattr__(self, "_servers", servers)
        object.__setattr__(self, "_index", index)
        super().__init__(
            words(lib.stv_servers_host(servers.pointer, index)),
            peer.protocol,
            port=lib.stv_servers_port(servers.pointer, index),
        )

    def handle(self) -> Handle:
        """A new handle of the library for this peer."""
        servers: Handle = getattr(self, "_servers")
        out = ctypes.c_void_p()
        # It fails only beyond the last, and nobody else makes these.
        status = lib.stv_servers_peer(servers.pointer, getattr(self, "_index"), ctypes.byref(out))
        if status != 0:
            raise AssertionError(f"stv_servers_peer: {status}")
        return own("peer", out)


def servers(verifier: Verifier, peer: Peer) -> List[Peer]:
    """The peers that serve the domain that is the host of `peer`, the best first; at least one.

    Found by MX for mail relays and by SRV for other protocols, as the verifier's options `dns`, ... say.
    Each knows how it came to be named; look its TLSA records up with `Session(..., discover=True)`.
    `TlsError` with the status E_NO_SERVICE, E_DNS_BOGUS or E_DNS_FAILED where there is nobody.
    """
    judge, domain, out = verifier.handle(), peer.handle(), ctypes.c_void_p()
    check(domain, lib.stv_servers_discover(domain.pointer, judge.pointer, ctypes.byref(out)))
    found = own("servers", out)
    count = lib.stv_servers_count(found.pointer)
    return [FoundPeer(peer, found, index) for index in range(count)]
