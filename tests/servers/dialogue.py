"""What is said inside TLS, once the peer is trusted."""

from __future__ import annotations

import contextlib
import re
from typing import Iterator, Optional

from server import Server
from starttls_verify import Peer, Session, Status, Verifier

WITHIN_MS = 10_000


class Dialogue:
    """An open session, read as lines, packets or elements."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self._received = b""

    def say(self, words: bytes) -> None:
        """Sends them."""
        self.session.sendall(words)

    def line(self, words: bytes) -> None:
        """Sends them with CR LF."""
        self.say(words + b"\r\n")

    def until(self, pattern: bytes) -> bytes:
        """What comes, up to the first match; what comes behind it is kept for the next call.

        ^ and $ stand for the beginning and the end (before CR LF) of every line.
        """
        wanted = re.compile(pattern.replace(b"$", rb"\r?$"), re.MULTILINE | re.DOTALL)
        while not (found := wanted.search(self._received)):
            self._receive()
        return self._take(found.end())

    def reply(self, code: bytes) -> bytes:
        """A reply of SMTP, LMTP or FTP, which must have this code; all its lines."""
        answer = self.until(rb"^\d\d\d [^\n]*\n")
        assert answer.splitlines()[-1].startswith(code + b" "), answer
        return answer

    def octets(self, count: int) -> bytes:
        """Exactly that many."""
        while len(self._received) < count:
            self._receive()
        return self._take(count)

    def rest(self) -> bytes:
        """Everything up to the peer's proper end."""
        while self.session.pending >= 0:
            received = self.session.read()
            if not received:
                break
            self._received += received
        return self._take(len(self._received))

    def _receive(self) -> None:
        received = self.session.read()
        assert received, f"the peer ended behind {self._received!r}"
        self._received += received

    def _take(self, count: int) -> bytes:
        taken, self._received = self._received[:count], self._received[count:]
        return taken


def verifier(server: Server, wait_ms: int = WITHIN_MS) -> Verifier:
    """One that trusts the CA of this server, and is in a hurry."""
    return Verifier(
        cafile=server.cafile,
        connect_timeout_ms=wait_ms,
        negotiation_timeout_ms=wait_ms,
        handshake_timeout_ms=wait_ms,
        io_timeout_ms=wait_ms,
    )


@contextlib.contextmanager
def dialogue(server: Server, scheme: str, host: Optional[str] = None) -> Iterator[Dialogue]:
    """A dialogue with a server that is trusted under its own name, or that of `host`."""
    peer = Peer(host or server.host, protocol=scheme, connect=server.connect(scheme))
    with Session(verifier(server), peer) as session:
        assert session.connect() is Status.OK
        assert session.report.trusted, session.report.text
        yield Dialogue(session)
