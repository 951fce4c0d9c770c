"""A session whose bytes the test moves over a socket."""

from __future__ import annotations

import socket

from starttls_verify import Session, Status

from lab import Scenario


def dial(scenario: Scenario) -> socket.socket:
    return socket.create_connection(("127.0.0.1", scenario.port), timeout=10)


def open_session(session: Session, sock: socket.socket, piece: int) -> Status:
    """Steps until the session is open, feeding it `piece` octets at a time."""
    while (status := session.step()) in (Status.WANT_READ, Status.WANT_WRITE):
        sock.sendall(session.take())
        if status == Status.WANT_READ:
            receive(session, sock, piece)
    sock.sendall(session.take())
    return status


def receive(session: Session, sock: socket.socket, piece: int) -> None:
    data = sock.recv(piece)
    if data:
        session.feed(data)
    else:
        session.feed_eof()


def read(session: Session, sock: socket.socket, piece: int) -> bytes:
    """The next application data."""
    while (data := session.read()) is None:
        sock.sendall(session.take())
        receive(session, sock, piece)
    return data
