"""What smtplib, imaplib and poplib take for an SSL context.

Their `starttls(context=...)` calls `context.wrap_socket(sock, server_hostname=...)` and nothing
else of it, so an object with that method puts our session in the place of Python's ssl, and nothing
in them is patched.

Q: Where is the attack that this must see?
A: These modules read the server's answers through a buffered file. What was sent in clear behind
the go-ahead for TLS may lie in that file, or in the kernel still. smtplib and poplib drop it
without a word; imaplib keeps it and takes it for an answer from inside TLS (CVE-2011-0411 is the
same fault in Postfix). So the context is told which client it works for, and looks in both places:
between its go-ahead and our ClientHello an honest server has nothing to say.

Q: What does it not see?
A: What happened before. How long a line they read, for how long in all, and whether the go-ahead
came before it was asked for, is still the affair of these modules; `Session` has limits for it all.
"""

from __future__ import annotations

import io
import os
import socket
from typing import TYPE_CHECKING, Any, BinaryIO, Optional, cast

from ._abi import Status
from .errors import failure
from .peer import Peer
from .report import Report
from .session import PIECE, Session
from .text import Bytes
from .verifier import Verifier

if TYPE_CHECKING:
    from collections.abc import Callable


class VerifyingContext:
    """Hands out a verified connection, or raises and shuts the socket.

    `client` is the smtplib.SMTP, imaplib.IMAP4 or poplib.POP3 that is to be upgraded::

        client.starttls(context=VerifyingContext(verifier, client))

    It is good for one connection. `report` is that of the last handshake.
    """

    def __init__(self, verifier: Verifier, client: object) -> None:
        self.verifier = verifier
        self.report: Optional[Report] = None
        self._client = client

    def wrap_socket(  # noqa: PLR0913, PLR0917
        self,
        sock: socket.socket,
        server_side: bool = False,
        do_handshake_on_connect: bool = True,  # noqa: ARG002
        suppress_ragged_eofs: bool = True,  # noqa: ARG002
        server_hostname: Optional[str] = None,
        session: object = None,  # noqa: ARG002
    ) -> SecuredSocket:
        """Refuses what came in clear behind the go-ahead, shakes hands, and judges."""
        address = sock.getpeername()
        try:
            if server_side or not server_hostname:
                raise failure(Status.E_ARGUMENT, "a client's socket and a host are needed")
            refuse_plaintext(answers_of(self._client), sock)
            return SecuredSocket(self._secure(sock, server_hostname), address)
        finally:
            # The session has a duplicate. The client is left without any, as by Python's ssl: after
            # a failure its next command would go out in clear.
            os.close(sock.detach())

    def _secure(self, sock: socket.socket, host: str) -> Session:
        conversation = Session(self.verifier, Peer(host, protocol="tls"))
        try:
            conversation.run(sock)
        finally:
            self.report = conversation.report
        return conversation


def answers_of(client: object) -> io.BufferedReader:
    """The file through which a client of the standard library reads its server."""
    for name in ("file", "_file"):
        answers = getattr(client, name, None)
        if isinstance(answers, io.BufferedReader):
            return answers
    # A context that cannot look must not say that all is well.
    raise failure(Status.E_ARGUMENT, f"{type(client).__name__} has no file to look into")


def refuse_plaintext(answers: io.BufferedReader, sock: socket.socket) -> None:
    """Raises when there is anything behind the go-ahead, in the file or in the kernel."""
    timeout = sock.gettimeout()
    sock.settimeout(0)
    try:
        injected = answers.peek(1)
    finally:
        sock.settimeout(timeout)
    if injected:
        raise failure(
            Status.E_INJECTED,
            f"plaintext was sent behind the go-ahead for TLS: {injected[:64]!r} (unauthenticated)",
        )


class SecuredSocket:
    """A session with those methods of a socket that smtplib, imaplib and poplib use."""

    def __init__(self, session: Session, address: Any) -> None:
        self.session = session
        self._address = address

    @property
    def report(self) -> Report:
        """The report of the session."""
        return self.session.report

    def recv(self, size: int) -> bytes:
        """Application data; b"" at the end."""
        return self.session.read(size) or b""

    def sendall(self, data: Bytes) -> None:
        """Sends everything."""
        self.session.sendall(data)

    def makefile(self, mode: str = "rb", buffering: int = -1) -> BinaryIO:
        """A buffered file for reading. Closing it leaves the connection as it is."""
        if mode not in ("r", "rb"):
            raise ValueError(f"mode {mode!r}: only files for reading are made")
        size = buffering if buffering > 0 else PIECE
        return cast(BinaryIO, io.BufferedReader(SecuredInput(self.recv), size))

    def fileno(self) -> int:
        """The descriptor for poll and select only; -1 when there is none."""
        return self.session.fileno()

    def pending(self) -> int:
        """How many octets can be had without waiting."""
        return self.session.pending

    def getpeername(self) -> Any:
        """The address of the peer."""
        return self._address

    def shutdown(self, _how: int) -> None:
        """Says goodbye; TLS has no half of a connection to shut."""
        self.session.goodbye()

    def close(self) -> None:
        """Says goodbye and frees the session."""
        self.session.close()


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
