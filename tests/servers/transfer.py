"""Transfers of FTP in passive mode, over data connections that the library protects."""

from __future__ import annotations

import contextlib
import re
import socket
from typing import Iterator

from dialogue import Dialogue, verifier
from server import Server
from starttls_verify import Peer, Session, Status, TlsError


@contextlib.contextmanager
def passive(control: Dialogue, command: bytes) -> Iterator[socket.socket]:
    """The socket of a passive transfer, which has begun."""
    control.line(b"PASV")
    found = re.search(rb"(\d+),(\d+)\)", control.reply(b"227"))
    assert found
    # The port only: the address is whatever the server likes to say (CVE-2020-8284).
    port = int(found[1]) * 256 + int(found[2])
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        control.line(command)
        control.reply(b"150")
        yield connection


@contextlib.contextmanager
def transfer(control: Dialogue, command: bytes) -> Iterator[Session]:
    """A transfer to its end, over a data connection to the peer of the control connection."""
    with passive(control, command) as connection, control.session.data() as session:
        assert session.run(connection) is Status.OK
        assert session.report.trusted
        yield session
    control.reply(b"226")


def stranger(server: Server, connection: socket.socket) -> bytes:
    """What a data connection gets that is verified, but resumes nothing."""
    peer = Peer(server.host, protocol="tls", connect=server.connect("ftp"))
    with Session(verifier(server), peer) as session, contextlib.suppress(TlsError):
        session.run(connection)
        return Dialogue(session).rest()
    return b""
