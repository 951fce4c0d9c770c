"""What a client has received in clear and not read: the place of injected answers.

The clients read their server through a buffer. What was sent in clear behind the go-ahead for TLS may
lie there, or in the kernel still. smtplib, poplib, ftplib and aiosmtplib drop it without a word;
imaplib and asyncio's streams keep it and take it for an answer from inside TLS (CVE-2011-0411 is the
same fault in Postfix). So each kind of client has somebody here who looks, and a client that nobody
can look into is refused: a context that cannot look must not say that all is well.

Two rules, as in a `Session`:

1. When a command goes out, nothing is unread: an answer that was there before its question is an attack
   (pipelined reply).
2. When TLS begins, nothing is unread: it would be read as if it had come through TLS (injection).
"""

from __future__ import annotations

import io
import os
import socket
from typing import Any, Optional, Protocol, Union, cast

from ._abi import Status
from .errors import failure
from .text import Bytes

File = Union[io.BufferedReader, io.TextIOWrapper]

# What of the peer's words goes into an exception.
QUOTED = 64
# What a server may say in clear from the making of the context on: as a session has it by default.
CLEAR_LIMIT = 64 * 1024


class Unread(Protocol):
    """Somebody who looks."""

    def look(self) -> bytes:
        """What is unread, or the beginning of it."""

    def early(self) -> bytes:
        """What was unread when a command went out."""

    def forget(self) -> None:
        """TLS begins: nothing that was said in clear counts any more."""


def unread_of(client: Any) -> Unread:
    """Looks into a client, which must be connected."""
    if callable(getattr(client, "at_eof", None)):
        return UnreadStream(client)
    if getattr(client, "is_ehlo_or_helo_needed", None) is not None:
        return UnreadReply(client)
    if isinstance(getattr(client, "sock", None), socket.socket):
        return UnreadFile(client)
    raise failure(
        Status.E_ARGUMENT,
        f"{type(client).__name__} cannot be looked into: give a connected smtplib.SMTP, "
        "imaplib.IMAP4, poplib.POP3, ftplib.FTP_TLS, aiosmtplib.SMTP or asyncio.StreamReader",
    )


class UnreadFile:
    """Looks into the file of smtplib, imaplib, poplib and ftplib, whose commands go over `sock`."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self._plain: socket.socket = client.sock
        name = file_of(client)
        self._file = getattr(client, name)
        self._early = self.look()
        client.sock = WatchedSocket(self._plain, self)
        if self._early:
            client.sock.shut(pipelined(self._early))
        else:
            self._file = limited(self._plain, self._file)
            setattr(client, name, self._file)

    def look(self) -> bytes:
        """Reads without waiting. Of a file of text the first letter is gone then."""
        buffered = b"".join(getattr(self._client, "_readbuf", ()))
        timeout = self._plain.gettimeout()
        self._plain.settimeout(0)
        try:
            return buffered or first_of(self._file)
        finally:
            self._plain.settimeout(timeout)

    def early(self) -> bytes:
        """See `Unread`."""
        return self._early

    def before_command(self) -> None:
        """Rule 1. It is only noted: smtplib makes "not connected" of any error in here."""
        self._early = self._early or self.look()

    def forget(self) -> None:
        """What imaplib keeps of untagged answers from before."""
        if hasattr(self._client, "untagged_responses"):
            self._client.untagged_responses.clear()

    def shut(self) -> None:
        """The conversation is over. imaplib would want to say LOGOUT at the end of a `with`."""
        if hasattr(self._client, "untagged_responses"):
            self._client.state = "LOGOUT"


class WatchedSocket:
    """The client's socket, which has a look before each command.

    After a failure it is shut: the client's next command would go out in clear, so it gets the same
    failure again.
    """

    def __init__(self, plain: socket.socket, unread: UnreadFile) -> None:
        self.plain = plain
        self._unread = unread
        self._failure: Optional[Exception] = None

    def sendall(self, data: Bytes) -> None:
        """Sends everything."""
        if self._failure is not None:
            raise self._failure
        self._unread.before_command()
        self.plain.sendall(data)

    def shutdown(self, how: int) -> None:
        """What imaplib and poplib do to a connection that may be shut already."""
        if self._failure is None:
            self.plain.shutdown(how)

    def shut(self, failure: Exception) -> None:
        """Nothing more is said here, for this reason; clients expect an OSError of a socket."""
        self._failure = failure if isinstance(failure, OSError) else OSError(str(failure))
        self._unread.shut()
        leave(self.plain)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.plain, name)


def leave(plain: socket.socket) -> None:
    """Takes the descriptor away from all who have the socket, files included; once more is nothing."""
    descriptor = plain.detach()
    if descriptor >= 0:
        os.close(descriptor)


def file_of(client: Any) -> str:
    """The name of the file through which a client of the standard library reads its server."""
    for name in ("_file", "file"):
        if isinstance(getattr(client, name, None), (io.BufferedReader, io.TextIOWrapper)):
            return name
    raise failure(Status.E_ARGUMENT, f"{type(client).__name__} has no file to look into")


class LimitedInput(io.RawIOBase):
    """What comes out of the client's socket, to a limit: smtplib reads a reply without end for ever."""

    def __init__(self, plain: socket.socket) -> None:
        super().__init__()
        self._from: Any = plain.makefile("rb", buffering=0)
        self._left = CLEAR_LIMIT

    def readable(self) -> bool:
        """It is."""
        return True

    def readinto(self, buffer: Any) -> Optional[int]:
        """What there is; None when there is nothing now."""
        if self._left <= 0:
            words = f"the server has sent more than {CLEAR_LIMIT} octets in clear"
            raise failure(Status.E_TOO_MUCH_DATA, words)
        count: Optional[int] = self._from.readinto(buffer)
        self._left -= count or 0
        return count

    def close(self) -> None:
        """The socket knows how many files it has."""
        self._from.close()
        super().close()


def limited(plain: socket.socket, file: File) -> File:
    """A file in the place of a client's, which is empty."""
    octets: Any = io.BufferedReader(LimitedInput(plain))
    file.close()
    if isinstance(file, io.BufferedReader):
        return cast(io.BufferedReader, octets)
    return io.TextIOWrapper(octets, encoding=file.encoding, errors=file.errors)


def first_of(file: File) -> bytes:
    """What a file on a socket that does not wait has; b"" when it has nothing, also at its end."""
    try:
        if isinstance(file, io.BufferedReader):
            return file.peek(1)
        return file.read(1).encode("utf-8", "surrogatepass")
    except BlockingIOError:
        return b""
    except UnicodeDecodeError as error:
        return bytes(error.object)


class UnreadStream:
    """Looks into an asyncio.StreamReader, whose program says the commands itself."""

    def __init__(self, reader: Any) -> None:
        self._reader = reader
        self._early = self.look()

    def look(self) -> bytes:
        """A read that is given up where it would wait."""
        reading = self._reader.read(QUOTED)
        try:
            reading.send(None)
        except StopIteration as done:
            return cast(bytes, done.value)
        finally:
            reading.close()
        return b""

    def early(self) -> bytes:
        """See `Unread`."""
        return self._early

    def forget(self) -> None:
        """Nothing is kept there that was not just seen."""


class UnreadReply:
    """Listens in front of an aiosmtplib.SMTP, which itself drops what is behind a reply.

    The next thing that it hears is the reply to STARTTLS, so EHLO must have been said.
    """

    def __init__(self, client: Any) -> None:
        if client.transport is None or client.is_ehlo_or_helo_needed:
            raise failure(Status.E_ARGUMENT, "await client.connect() and client.ehlo() first")
        self._heard = b""
        self._early = bytes(getattr(client.protocol, "_buffer", b""))
        self._listener = client.transport.get_protocol()
        # loop.start_tls puts another one in its place.
        client.transport.set_protocol(self)

    def data_received(self, data: bytes) -> None:
        """Passes it on. What is beyond the limit need not be kept: it is refused."""
        if len(self._heard) <= CLEAR_LIMIT:
            self._heard += data
        self._listener.data_received(data)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._listener, name)

    def look(self) -> bytes:
        """What is behind the first reply."""
        rest = self._heard
        if len(rest) > CLEAR_LIMIT:
            return rest[:QUOTED]
        while rest:
            line, _, rest = rest.partition(b"\n")
            if line[3:4] != b"-":
                break
        return rest[:QUOTED]

    def early(self) -> bytes:
        """See `Unread`."""
        return self._early

    def forget(self) -> None:
        """It forgets by itself."""


def refuse_early(unread: Unread) -> None:
    """Raises where the first rule was broken."""
    early = unread.early()
    if early:
        raise pipelined(early)


def refuse_plaintext(unread: Unread) -> None:
    """Raises where one of the two rules was broken."""
    refuse_early(unread)
    injected = unread.look()
    if injected:
        raise refusal(
            Status.E_INJECTED, "plaintext was sent behind the go-ahead for TLS", injected
        )
    unread.forget()


def pipelined(early: bytes) -> Exception:
    """The exception for rule 1."""
    return refusal(Status.E_PIPELINED, "an answer was there before it was asked for", early)


def refusal(status: Status, what: str, said: bytes) -> Exception:
    """The exception that quotes the peer."""
    return failure(status, f"{what}: {said[:QUOTED]!r} (unauthenticated)")


def refuse_late(first: bytes) -> None:
    """Raises where the answer to a ClientHello is no TLS: an alert, a handshake (RFC 8446 5.1)."""
    if first and first[0] not in {21, 22}:
        raise refusal(Status.E_INJECTED, "plaintext was sent in place of the handshake", first)
