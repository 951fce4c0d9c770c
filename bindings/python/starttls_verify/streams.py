"""asyncio's streams from the first byte: STARTTLS is negotiated, the peer judged, before they are given.

asyncio.open_connection takes a context and lets it shake hands. Ours does more in that moment: the
session negotiates in clear, then shakes hands, and asyncio carries the bytes of both.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from typing import TYPE_CHECKING, Any, Optional, Tuple, Union, cast

from ._abi import Status
from .context import LibraryContext
from .errors import StarttlsVerifyError, failure
from .library import lib
from .peer import Peer, protocol_number
from .secured_object import SecuredObject
from .session import Session
from .verifier import Verifier

if TYPE_CHECKING:
    from .known import KnownPeers


async def open_connection(
    verifier: Verifier,
    peer: Peer,
    *,
    timeout: float = 60.0,
    known_peers: Optional[KnownPeers] = None,
) -> Tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Connects, negotiates, shakes hands and judges, within `timeout` seconds for all of it.

    What fails is raised, as by `Session.connect`. The report is that of
    `writer.get_extra_info("ssl_object")`. A reader raises `TlsError` where the peer ends without
    goodbye, which asyncio's own TLS takes for the end.
    """
    session = Session(verifier, peer, known_peers=known_peers)
    try:
        return await asyncio.wait_for(opened(session, peer), timeout)
    except asyncio.TimeoutError as error:
        words = f"{peer.host} was not ready within {timeout:g} seconds"
        raise failure(Status.E_TIMEOUT, words) from error


async def opened(
    session: Session, peer: Peer
) -> Tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """The streams of a session."""
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader(loop=loop)
    host, port = address_of(peer)
    try:
        transport, protocol = await loop.create_connection(
            lambda: EndWatch(reader, loop),
            host,
            port,
            ssl=SessionContext(session),
            server_hostname=peer.host,
        )
    except StarttlsVerifyError:
        raise
    except OSError as error:
        raise said_by(session, error) from error
    return reader, asyncio.StreamWriter(transport, protocol, reader, loop)


def said_by(session: Session, error: OSError) -> Exception:
    """The session's word for the end of its connection, where it ever had one."""
    if isinstance(error, socket.gaierror):
        return failure(Status.E_RESOLVE, str(error))
    if not isinstance(error, ConnectionError) or isinstance(error, ConnectionRefusedError):
        return failure(Status.E_CONNECT, str(error))
    try:
        session.feed_eof()
        session.step()
    except StarttlsVerifyError as ended:
        return ended
    return error


def address_of(peer: Peer) -> Tuple[str, int]:
    """Where to connect."""
    port = peer.port or lib.stv_protocol_port(protocol_number(peer.protocol))
    if peer.connect is None:
        return peer.host, port
    host, colon, named = peer.connect.rpartition(":")
    if not colon or named.endswith("]"):
        return peer.connect.strip("[]"), port
    return host.strip("[]"), int(named)


class SessionContext(LibraryContext):
    """A context whose handshake is a whole session."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def wrap_bio(
        self,
        incoming: ssl.MemoryBIO,
        outgoing: ssl.MemoryBIO,
        server_side: bool = False,  # noqa: ARG002
        server_hostname: Union[str, bytes, None] = None,  # noqa: ARG002
        session: object = None,  # noqa: ARG002
    ) -> ssl.SSLObject:
        """What asyncio shakes hands with."""
        secured = SecuredObject(lambda: self._session, incoming, outgoing, lambda _first: None)
        return cast(ssl.SSLObject, secured)


class EndWatch(asyncio.StreamReaderProtocol):
    """Tells a proper end from one that anybody on the way can make."""

    def __init__(self, reader: asyncio.StreamReader, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(reader, loop=loop)
        self._reader = reader

    def connection_made(self, transport: Any) -> None:
        """Keeps the session's place."""
        self._secured: SecuredObject = transport.get_extra_info("ssl_object")
        super().connection_made(transport)

    def eof_received(self) -> Optional[bool]:
        """The end of the TLS connection, or of the TCP connection below it."""
        if not self._secured.ended:
            self._truncated()
        return super().eof_received()

    def _truncated(self) -> None:
        session = self._secured.session
        try:
            session.feed_eof()
            session.read()
        except StarttlsVerifyError as cut:
            self._reader.set_exception(cut)
