"""One SSL context for all: smtplib, imaplib, poplib, ftplib, aiosmtplib, asyncio.

They all hand the connection to a context once the server has granted TLS: the blocking ones call
`wrap_socket`, asyncio calls `wrap_bio`. Ours puts a session of the library in the place of Python's
ssl, and nothing in them is patched.

Q: Why a subclass of ssl.SSLContext?
A: asyncio takes nothing else. Nothing of OpenSSL's is used through it; what would set it up raises,
for it would not be obeyed.

Q: What does the context not see?
A: How long a line the client read before TLS, and for how long in all. `Session` and `open_connection`
have limits for it all.
"""

from __future__ import annotations

import socket
import ssl
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Optional, Tuple, Type, TypeVar, Union, cast

from ._abi import Status
from .errors import failure
from .peer import Peer
from .report import Report
from .secured_object import SecuredObject
from .secured_socket import SecuredSocket
from .session import Session
from .unread import WatchedSocket, leave, refuse_early, refuse_late, refuse_plaintext, unread_of
from .verifier import Verifier

if TYPE_CHECKING:
    from .known import KnownPeers

Self = TypeVar("Self", bound="LibraryContext")
Addresses = Tuple[Any, Any]


class LibraryContext(ssl.SSLContext):
    """A context whose TLS is the library's. The options of the `Verifier` hold, and no others."""

    def __new__(cls: Type[Self], *_arguments: Any, **_keywords: Any) -> Self:
        """Python's own is made with the protocol."""
        return super().__new__(cls, ssl.PROTOCOL_TLS_CLIENT)

    def _refuse(self, *_arguments: Any, **_keywords: Any) -> Any:
        """What is set here would not be obeyed."""
        raise failure(Status.E_UNSUPPORTED, "the options of the Verifier hold, not the context's")

    load_cert_chain = _refuse
    load_default_certs = _refuse
    load_verify_locations = _refuse
    set_alpn_protocols = _refuse
    set_ciphers = _refuse


class VerifyingContext(LibraryContext):
    """Hands out a verified connection, or raises and shuts the socket.

    `client` is who is to be upgraded, connected: an smtplib.SMTP, imaplib.IMAP4, poplib.POP3,
    ftplib.FTP_TLS, aiosmtplib.SMTP (after EHLO) or the asyncio.StreamReader::

        client.starttls(context=VerifyingContext(verifier, client))

    The peer is the host that the client names, or `peer`. A context is good for one connection and
    its data connections, and for one thread at a time. `report` is that of the last handshake.
    """

    def __init__(
        self,
        verifier: Verifier,
        client: object,
        peer: Optional[Peer] = None,
        *,
        known_peers: Optional[KnownPeers] = None,
    ) -> None:
        """From now on nothing may be unread when the client says something."""
        self.verifier = verifier
        self._peer = peer
        self._known_peers = known_peers
        # The library's word for "TLS has begun, and there will be data connections".
        self._protocol = "ftps" if hasattr(client, "prot_p") else "tls"
        self._unread = unread_of(client)
        refuse_early(self._unread)
        self._control: Optional[Session] = None
        self._last: Optional[Session] = None

    @property
    def report(self) -> Optional[Report]:
        """The report of the last handshake; None before it, and where plaintext was refused."""
        return self._last.report if self._last else None

    def wrap_socket(  # noqa: PLR0913, PLR0917
        self,
        sock: Union[socket.socket, WatchedSocket],
        server_side: bool = False,
        do_handshake_on_connect: bool = True,  # noqa: ARG002
        suppress_ragged_eofs: bool = True,  # noqa: ARG002
        server_hostname: Union[str, bytes, None] = None,
        session: object = None,  # noqa: ARG002
    ) -> ssl.SSLSocket:
        """Refuses what came in clear behind the go-ahead, shakes hands, and judges."""
        watched = sock if isinstance(sock, WatchedSocket) else None
        plain = watched.plain if watched else cast(socket.socket, sock)
        addresses = plain.getsockname(), plain.getpeername()
        try:
            begun = self._begin(server_side, server_hostname, addresses[1][1:2])
            greet(begun, plain)
            begun.run(plain)
        except Exception as error:
            if watched:
                watched.shut(error)
            raise
        finally:
            # The session has a duplicate. The client is left without any, as by Python's ssl: after
            # a failure its next command would go out in clear.
            leave(plain)
        return cast(ssl.SSLSocket, SecuredSocket(begun, addresses))

    def wrap_bio(
        self,
        incoming: ssl.MemoryBIO,
        outgoing: ssl.MemoryBIO,
        server_side: bool = False,
        server_hostname: Union[str, bytes, None] = None,
        session: object = None,  # noqa: ARG002
    ) -> ssl.SSLObject:
        """The same for asyncio, which shakes hands with what it gets here."""

        def begin() -> Session:
            return self._begin(server_side, server_hostname, ())

        # Only then: until asyncio shakes hands, more may arrive in clear; and what is raised here
        # would leave the connection open.
        return cast(ssl.SSLObject, SecuredObject(begin, incoming, outgoing, refuse_late))

    def _begin(
        self, server_side: bool, host: Union[str, bytes, None], port: Tuple[int, ...]
    ) -> Session:
        """The session of this handshake: the first is the control connection's."""
        if server_side:
            raise failure(Status.E_ARGUMENT, "the context is a client's")
        if self._control is not None:
            self._last = self._control.data()
            return self._last
        refuse_plaintext(self._unread)
        whom = self._whom(host, port)
        self._last = self._control = Session(self.verifier, whom, known_peers=self._known_peers)
        return self._control

    def _whom(self, host: Union[str, bytes, None], port: Tuple[int, ...]) -> Peer:
        """The peer, as one whose TLS begins now."""
        if self._peer is not None:
            return replace(self._peer, protocol=self._protocol, port=self._peer.port or (*port, None)[0])
        if not host:
            raise failure(Status.E_ARGUMENT, "the client names no host, and no peer was given")
        name = host.decode("ascii") if isinstance(host, bytes) else host
        return Peer(name, protocol=self._protocol, port=(*port, None)[0])


def greet(session: Session, plain: socket.socket) -> None:
    """Says ClientHello, and has a look at what comes back within the time limit of the client."""
    session.step()
    plain.sendall(session.take())
    if plain.gettimeout() is not None:
        try:
            refuse_late(plain.recv(1, socket.MSG_PEEK))
        except socket.timeout as error:
            raise failure(Status.E_TIMEOUT, "no answer to the ClientHello in time") from error
