"""A session as asyncio wants an ssl.SSLObject.

asyncio's SSLProtocol puts what it received into one buffer, sends what it finds in the other, and
calls methods here in between. It catches ssl.SSLError and nothing else while it shakes hands; what is
none would be lost on the way to who waits. So every refusal is one here, besides what it is.
"""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING, Any, Dict, Optional, Tuple, Type, Union

from ._abi import Status
from .errors import ProtocolError, StarttlsVerifyError, TlsError, failure
from .report import Report
from .session import Session
from .text import Bytes

if TYPE_CHECKING:
    from collections.abc import Callable


class HandshakeProtocolError(ProtocolError, ssl.SSLError):
    """A `ProtocolError` that asyncio takes for what it is."""


class HandshakeTlsError(TlsError, ssl.SSLError):
    """A `TlsError` that asyncio takes for what it is."""


# A RejectedError is an SSLError already; there are no deadlines where asyncio moves the bytes.
AS_SSL_ERROR: Dict[Type[StarttlsVerifyError], Type[StarttlsVerifyError]] = {
    ProtocolError: HandshakeProtocolError,
    TlsError: HandshakeTlsError,
}


class SecuredObject:
    """A session between two buffers. It is `get_extra_info("ssl_object")` of an asyncio transport."""

    def __init__(
        self,
        begin: Callable[[], Session],
        incoming: ssl.MemoryBIO,
        outgoing: ssl.MemoryBIO,
        check_first: Callable[[bytes], None],
    ) -> None:
        """`begin` makes the session when the handshake begins; `check_first` sees the first octets."""
        self._begin = begin
        self._incoming = incoming
        self._outgoing = outgoing
        self._check_first: Optional[Callable[[bytes], None]] = check_first
        self._session: Optional[Session] = None
        self.ended = False
        """Whether the peer has ended properly, with close_notify."""

    @property
    def session(self) -> Session:
        """The session."""
        if self._session is None:
            raise failure(Status.E_STATE, "the handshake has not begun")
        return self._session

    @property
    def report(self) -> Report:
        """The report of the session."""
        return self.session.report

    def do_handshake(self) -> None:
        """Goes on as far as the bytes allow."""
        try:
            if self._session is None:
                self._session = self._begin()
            self._receive()
            while self._step() is Status.WANT_WRITE:
                pass
        except StarttlsVerifyError as error:
            raise as_ssl_error(error) from error

    def read(self, size: int = 1024, buffer: Optional[memoryview] = None) -> Union[bytes, int]:
        """Application data, or how many octets of it went into the buffer; nothing at the end."""
        self._receive()
        data = self.session.read(size)
        # An answer to a key update may wait.
        self._outgoing.write(self.session.take())
        if data is None:
            raise want_read()
        self.ended = not data
        if buffer is None:
            return data
        buffer[: len(data)] = data
        return len(data)

    def write(self, data: Bytes) -> int:
        """Takes application data: how many octets."""
        taken = self.session.write(data) if len(data) else 0
        self._outgoing.write(self.session.take())
        return taken

    def unwrap(self) -> None:
        """Says goodbye, and does not wait for the peer's."""
        self.session.goodbye()
        self._outgoing.write(self.session.take())

    def pending(self) -> int:
        """How many octets can be had without waiting."""
        return self.session.pending

    def getpeercert(self, binary_form: bool = False) -> Any:
        """As Python's ssl gives it where it verifies nothing; `report.json` has the certificates."""
        return None if binary_form else {}

    def cipher(self) -> Optional[Tuple[str, str, int]]:
        """None; `report.json["tls"]` has it."""
        return None

    def compression(self) -> Optional[str]:
        """There is none."""
        return None

    def _receive(self) -> None:
        """Gives the session what has arrived."""
        arrived = self._incoming.read()
        if not arrived:
            return
        if self._check_first is not None:
            check, self._check_first = self._check_first, None
            check(arrived)
        self.session.feed(arrived)

    def _step(self) -> Status:
        """One step; what is to be said goes out even where it is the last word."""
        try:
            status = self.session.step()
        finally:
            self._outgoing.write(self.session.take())
        if status is Status.WANT_READ:
            raise want_read()
        return status


def want_read() -> ssl.SSLWantReadError:
    """What asyncio takes for "more is needed"."""
    return ssl.SSLWantReadError(ssl.SSL_ERROR_WANT_READ, "more is needed")


def as_ssl_error(error: StarttlsVerifyError) -> Exception:
    """The same, as an ssl.SSLError."""
    for kind, twin in AS_SSL_ERROR.items():
        if isinstance(error, kind):
            return twin(error.status, error.message, error.report)
    return error
