"""The third door: a session, from plaintext to a secured conversation, or to nothing."""

from __future__ import annotations

import ctypes
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Iterator, Optional, Protocol, TypeVar, Union

from ._abi import Status
from .errors import failure
from .handle import Handle, own
from .library import lib, words
from .peer import Peer, c_int, check
from .report import Report, read, status_of
from .text import Bytes, raw
from .verifier import Verifier

if TYPE_CHECKING:
    from .known import KnownPeers

Self = TypeVar("Self", bound="Session")

# A TLS record and its header.
PIECE = 16 * 1024 + 256


class HasFileno(Protocol):
    """A socket, or whatever else has a descriptor."""

    def fileno(self) -> int:
        """The descriptor."""


class Session:
    r"""One conversation with one peer. Any failure is final and raised again by every later call.

    Either the session moves the bytes, within the deadlines of the options::

        with Session(verifier, Peer("mail.bob.test")) as session:
            session.connect()                   # or session.run(sock)
            session.sendall(b"EHLO me\r\n")
            answer = session.read()

    or the caller does (`step` says when)::

        while (status := session.step()) in (Status.WANT_READ, Status.WANT_WRITE):
            sock.sendall(session.take())
            if status == Status.WANT_READ:
                data = sock.recv(65536)
                session.feed(data) if data else session.feed_eof()

    One thread at a time uses it, any thread; a second one in the same moment gets a `StateError`.
    So does a child process after a fork.
    """

    def __init__(
        self,
        verifier: Verifier,
        peer: Peer,
        *,
        known_peers: Optional[KnownPeers] = None,
        discover: bool = False,
    ) -> None:
        """With `known_peers` the peer is held against what that store knows of it now. With
        `discover` its TLSA records are looked up in the DNS first, as the options `dns`, ... say;
        `StateError` when `dns` is off.
        """
        judge, expected, out = verifier.handle(), peer.handle(), ctypes.c_void_p()
        if discover:
            check(expected, lib.stv_peer_discover(expected.pointer, judge.pointer))
        if known_peers is not None:
            known_peers.recall(expected)
        status = lib.stv_session_new(judge.pointer, expected.pointer, ctypes.byref(out))
        if status != 0:
            raise failure(status, words(lib.stv_peer_error(expected.pointer)))
        self._adopt(out)

    def _adopt(self, out: ctypes.c_void_p) -> None:
        self._handle: Optional[Handle] = own("session", out)
        self._last_report: Optional[Report] = None
        self._in_use = threading.Lock()

    def connect(self) -> Status:
        """Resolves, connects, negotiates, shakes hands and judges.

        `Status.OK`: the peer is trusted. `Status.OPEN_UNVERIFIED`: encrypted and nothing more, as
        an option allowed. Everything else is raised.
        """
        with self._use() as session:
            return self._flow(session, lib.stv_session_connect(session))

    def run(self, sock: Union[HasFileno, int]) -> Status:
        """The same on a connected socket, blocking or not; the caller keeps and closes it.

        The session works on a duplicate. What the socket object itself has buffered is not seen.
        """
        descriptor = c_int("a descriptor", sock if isinstance(sock, int) else sock.fileno())
        with self._use() as session:
            return self._flow(session, lib.stv_session_run_fd(session, descriptor))

    def feed(self, data: Bytes) -> None:
        """Stores bytes that came from the peer; `step` or `read` works on them."""
        received = raw(data, "what is fed")
        with self._use() as session:
            self._flow(session, lib.stv_session_feed(session, received, len(received)))

    def feed_eof(self) -> None:
        """Says that the peer has closed the connection."""
        with self._use() as session:
            self._flow(session, lib.stv_session_feed_eof(session))

    def step(self) -> Status:
        """Goes on as far as the bytes allow.

        `Status.WANT_READ`, `Status.WANT_WRITE`, or as `connect`. After an exception there may be an
        alert or a farewell to take and send.
        """
        with self._use() as session:
            return self._flow(session, lib.stv_session_step(session))

    def take(self) -> bytes:
        """All bytes that wait for the peer, in every state; b"" when none do."""
        buffer, length = ctypes.create_string_buffer(PIECE), ctypes.c_size_t()
        pieces: list[bytes] = []
        with self._use() as session:
            while True:
                status = lib.stv_session_take(session, buffer, PIECE, ctypes.byref(length))
                self._flow(session, status)
                if length.value == 0:
                    return b"".join(pieces)
                pieces.append(buffer.raw[: length.value])

    def read(self, size: int = PIECE) -> Optional[bytes]:
        """Application data, at least one octet; b"" when the peer has ended properly.

        None where the caller moves the bytes and has to first: take and send, then feed.
        `TlsError` (E_TLS_TRUNCATED) when it ended without goodbye: what was read may be cut off.
        """
        if size <= 0:
            raise failure(Status.E_ARGUMENT, f"size: {size} is not positive")
        buffer, length = ctypes.create_string_buffer(size), ctypes.c_size_t()
        with self._use() as session:
            answer = lib.stv_session_read(session, buffer, size, ctypes.byref(length))
            status = self._flow(session, answer)
        if status in (Status.WANT_READ, Status.WANT_WRITE):
            return None
        return buffer.raw[: length.value]

    def write(self, data: Bytes) -> int:
        """Takes application data for the peer: how many octets; 0 when others must go first."""
        plain, taken = raw(data, "what is written"), ctypes.c_size_t()
        with self._use() as session:
            answer = lib.stv_session_write(session, plain, len(plain), ctypes.byref(taken))
            status = self._flow(session, answer)
        if status == Status.CLOSED:
            raise failure(Status.E_STATE, "the session has said goodbye")
        return taken.value

    def sendall(self, data: Bytes) -> None:
        """Writes everything; for a session that moves the bytes itself."""
        rest = raw(data, "what is sent")
        while rest:
            taken = self.write(rest)
            if taken == 0:
                raise failure(Status.E_STATE, "bytes wait for the peer: take and send them first")
            rest = rest[taken:]

    def goodbye(self) -> None:
        """Says goodbye (close_notify). Where the caller moves the bytes: take and send it."""
        with self._use() as session:
            self._flow(session, lib.stv_session_close(session))

    def close(self) -> None:
        """Says goodbye where that is possible, and frees everything but the report.

        A second call does nothing, and in a child process nothing is sent.
        """
        if self._handle is None:
            return
        with self._use() as session:
            # A session that is not open has nobody to say goodbye to; it is freed all the same.
            lib.stv_session_close(session)
            self._last_report = snapshot(session)
            self._handle = None

    def data(self: Self) -> Self:
        """A session for a data connection of FTP: `run` it on the connected socket after the transfer
        command was sent. It opens only for the peer of this control connection.
        """
        out = ctypes.c_void_p()
        with self._use() as control:
            status = lib.stv_session_new_data(control, ctypes.byref(out))
            if status != 0:
                raise failure(status, words(lib.stv_session_error(control)))
        session = type(self).__new__(type(self))
        session._adopt(out)
        return session

    @property
    def pending(self) -> int:
        """How many octets `read` gives without further input. Ask before waiting in select."""
        with self._use() as session:
            return int(lib.stv_session_pending(session))

    @property
    def server_speaks_first(self) -> bool:
        """Whether the server speaks first inside TLS."""
        with self._use() as session:
            return bool(lib.stv_session_server_speaks_first(session))

    @property
    def report(self) -> Report:
        """The report as it is now, in every state, also after `close`.

        A stripped, injected, stalled or refused peer has one. That there is one says nothing: ask
        its verdict.
        """
        if self._handle is None and self._last_report is not None:
            return self._last_report
        with self._use() as session:
            report = snapshot(session)
            if report is None:
                raise failure(Status.E_STATE, words(lib.stv_session_error(session)))
            return report

    def raw_report(self) -> Handle:
        """The report as the library has it, for `KnownPeers` and `TlsRpt`."""
        out = ctypes.c_void_p()
        with self._use() as session:
            status = int(lib.stv_session_report(session, ctypes.byref(out)))
        if status != 0:
            raise failure(status, "")
        return own("report", out)

    def fileno(self) -> int:
        """The descriptor for poll and select only; -1 when there is none."""
        if self._handle is None:
            return -1
        with self._use() as session:
            return int(lib.stv_session_fd(session))

    def __enter__(self: Self) -> Self:
        return self

    def __exit__(self, *_exception: Any) -> None:
        self.close()

    @contextmanager
    def _use(self) -> Iterator[int]:
        """The pointer, for one thread; it stays alive until the call is done."""
        if not self._in_use.acquire(blocking=False):
            raise failure(Status.E_STATE, "another thread is using the session in this moment")
        try:
            handle = self._handle
            if handle is None:
                raise failure(Status.E_STATE, "the session is closed")
            yield handle.pointer
        finally:
            self._in_use.release()

    def _flow(self, session: int, number: int) -> Status:
        """A status of the flow, or the exception for any other."""
        status = status_of(number)
        if isinstance(status, Status) and status < 100:
            return status
        report = snapshot(session) if 200 <= status < 500 else None
        raise failure(status, words(lib.stv_session_error(session)), report)


def snapshot(session: int) -> Optional[Report]:
    """The session's report; None where it has none, as in a child process."""
    out = ctypes.c_void_p()
    if lib.stv_session_report(session, ctypes.byref(out)) != 0:
        return None
    return read(own("report", out))
