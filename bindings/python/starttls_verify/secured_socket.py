"""A session as smtplib, imaplib, poplib and ftplib want a socket."""

from __future__ import annotations

import contextlib
import io
import os
import socket
import time
from typing import TYPE_CHECKING, Any, BinaryIO, Optional, TextIO, Type, TypeVar, Union, cast

from .report import Report
from .session import PIECE, Session
from .text import Bytes

if TYPE_CHECKING:
    from collections.abc import Callable

    from .context import Addresses

Self = TypeVar("Self", bound="SecuredSocket")

LINGER_SECONDS = 5.0


class SecuredSocket:
    """A session with those methods of a socket that the standard library's clients use.

    `isinstance` takes it for an `ssl.SSLSocket`, as ftplib asks: what is none, it would send AUTH TLS
    once more. What it lacks of one is an AttributeError, and never sends in clear.
    """

    def __init__(self, session: Session, addresses: Addresses) -> None:
        self.session = session
        self._addresses = addresses

    @property  # type: ignore[misc]
    def __class__(self) -> Type[Any]:
        """What `isinstance` asks where the type itself says no (as in unittest.mock)."""
        import ssl  # noqa: PLC0415

        return ssl.SSLSocket

    @property
    def report(self) -> Report:
        """The report of the session."""
        return self.session.report

    def recv(self, size: int) -> bytes:
        """Application data; b"" at the end. `TlsError` where the peer ends without goodbye."""
        return self.session.read(size) or b""

    def sendall(self, data: Bytes) -> None:
        """Sends everything."""
        self.session.sendall(data)

    def makefile(
        self,
        mode: str = "rb",
        buffering: int = -1,
        *,
        encoding: Optional[str] = None,
        errors: Optional[str] = None,
        newline: Optional[str] = None,
    ) -> Union[BinaryIO, TextIO]:
        """A buffered file for reading. Closing it leaves the connection as it is."""
        if mode not in ("r", "rb"):
            raise ValueError(f"mode {mode!r}: only files for reading are made")
        size = buffering if buffering > 0 else PIECE
        octets = io.BufferedReader(SecuredInput(self.recv), size)
        if mode == "rb":
            return cast(BinaryIO, octets)
        return io.TextIOWrapper(octets, encoding, errors, newline)

    def fileno(self) -> int:
        """The descriptor for poll and select only; -1 when there is none."""
        return self.session.fileno()

    def pending(self) -> int:
        """How many octets can be had without waiting."""
        return self.session.pending

    def getpeername(self) -> Any:
        """The address of the peer."""
        return self._addresses[1]

    def getsockname(self) -> Any:
        """Our own address."""
        return self._addresses[0]

    def unwrap(self: Self) -> Self:
        """Says goodbye. Nothing can be said in clear afterwards: what comes back is this very socket."""
        descriptor = self.session.fileno()
        with contextlib.ExitStack() as lingering:
            if descriptor >= 0:
                lingering.callback(linger, socket.socket(fileno=os.dup(descriptor)))
            self.session.goodbye()
        return self

    def shutdown(self, _how: int) -> None:
        """Says goodbye; TLS has no half of a connection to shut."""
        self.session.goodbye()

    def close(self) -> None:
        """Says goodbye and frees the session."""
        self.session.close()

    def __enter__(self: Self) -> Self:
        return self

    def __exit__(self, *_exception: Any) -> None:
        self.close()


def linger(plain: socket.socket) -> None:
    """Waits for the peer to close, for a while.

    A socket that is closed with something unread in it resets the connection, and a server that
    has sent tickets would lose the end of a file that only went its way.
    """
    with plain, contextlib.suppress(OSError):
        plain.settimeout(LINGER_SECONDS)
        plain.shutdown(socket.SHUT_WR)
        until = time.monotonic() + LINGER_SECONDS
        while plain.recv(PIECE) and time.monotonic() < until:
            pass


class SecuredInput(io.RawIOBase):
    """What comes out of a session, for io.BufferedReader."""

    def __init__(self, receive: Callable[[int], bytes]) -> None:
        super().__init__()
        self._receive = receive

    def readable(self) -> bool:
        """It is."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Fills the buffer with what there is."""
        with memoryview(buffer).cast("B") as view:
            data = self._receive(len(view))
            view[: len(data)] = data
            return len(data)
