"""The peer: whom we expect."""

from __future__ import annotations

import ctypes
from dataclasses import dataclass
from typing import Any, Callable, Optional, Sequence

from ._abi import Provenance, Status, TlsaState
from .errors import failure
from .handle import Handle, make
from .library import lib, words
from .text import octets


@dataclass(frozen=True)
class Peer:
    """Whom we expect, as a value; any number of sessions and threads may use one.

    `ArgumentError` when a name is none: it begins with a dot, holds a NUL, has a wildcard, ...
    """

    host: str
    """What the certificate must be for: a DNS name (U-labels are converted) or an IP address."""
    protocol: str = "smtp"
    """A URL scheme: "smtp", "submission", or "tls" for TLS from the first byte."""
    port: Optional[int] = None
    """None is the protocol's own."""
    references: Sequence[str] = ()
    """What else the certificate may be for: "dns:example.com", "srv:_imap.example.com", ..."""
    connect: Optional[str] = None
    """Where the bytes go, when that is not the host: "192.0.2.1:2525"."""
    server_name: Optional[str] = None
    """The name to send in the handshake (SNI), when that is not the host."""
    tlsa: Sequence[str] = ()
    """TLSA records of this server and port: "3 1 1 HEX"; they decide in place of the public CAs."""
    tlsa_state: Optional[TlsaState] = None
    """How they came from the DNS, or why there are none; None is your own statement."""
    tlsa_base: Optional[str] = None
    """The host name below which they stand, when that is not the host."""
    origin: Optional[str] = None
    """The domain that the user named, when MX or SRV records led from it to the host."""
    provenance: Provenance = Provenance.INSECURE
    """How they did: a host that insecure records named must be certified for the domain."""

    def __post_init__(self) -> None:
        for field in ("references", "tlsa"):
            texts = getattr(self, field)
            if isinstance(texts, (str, bytes)):
                raise TypeError(f"{field} is a sequence of str, not one str")
            object.__setattr__(self, field, tuple(texts))
        self.handle()

    def handle(self) -> Handle:
        """A new handle of the library for this peer."""
        handle = make("peer")
        check(handle, lib.stv_peer_set_protocol(handle.pointer, protocol_number(self.protocol)))
        put(handle, lib.stv_peer_set_host, self.host, "host")
        if self.port is not None:
            check(handle, lib.stv_peer_set_port(handle.pointer, c_int("port", self.port)))
        for reference in self.references:
            put(handle, lib.stv_peer_add_reference, reference, "a reference")
        if self.connect is not None:
            put(handle, lib.stv_peer_set_connect, self.connect, "connect")
        if self.server_name is not None:
            put(handle, lib.stv_peer_set_sni, self.server_name, "server_name")
        if self.origin is not None:
            domain, provenance = octets(self.origin, "origin"), c_int("provenance", self.provenance)
            status = lib.stv_peer_set_origin(handle.pointer, domain, len(domain), provenance)
            check(handle, status)
        self.put_tlsa(handle)
        return handle

    def put_tlsa(self, handle: Handle) -> None:
        """What is known of TLSA records."""
        for record in self.tlsa:
            put(handle, lib.stv_peer_add_tlsa, record, "a TLSA record")
        if self.tlsa_state is not None:
            state = c_int("tlsa_state", self.tlsa_state)
            check(handle, lib.stv_peer_set_tlsa_state(handle.pointer, state))
        if self.tlsa_base is not None:
            put(handle, lib.stv_peer_set_tlsa_base, self.tlsa_base, "tlsa_base")


def protocol_number(scheme: str) -> int:
    """The library's number for a scheme."""
    name, out = octets(scheme, "protocol"), ctypes.c_int()
    status = lib.stv_protocol_from_scheme(name, len(name), ctypes.byref(out))
    if status != 0:
        raise failure(status, f"there is no protocol {scheme!r}")
    return out.value


def put(handle: Handle, setter: Callable[..., Any], text: str, what: str) -> None:
    """Hands a text to a setter of the peer."""
    name = octets(text, what)
    check(handle, setter(handle.pointer, name, len(name)))


def c_int(what: str, value: int) -> int:
    """A number that fits into a C int; ctypes would cut it without a word."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"{what} is an int, not {type(value).__name__}")
    # Not "in range": of an IntEnum that would count from the first.
    if not -(2**31) <= value < 2**31:
        raise failure(Status.E_ARGUMENT, f"{what}: {value} is out of range")
    return value


def check(handle: Handle, status: int) -> None:
    """Raises what the last call on a peer complained about."""
    if status != 0:
        raise failure(status, words(lib.stv_peer_error(handle.pointer)))
