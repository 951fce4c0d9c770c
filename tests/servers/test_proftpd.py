"""ProFTPD: a login, and files over data connections that the library protects."""

from __future__ import annotations

from typing import Iterator

import pytest

from dialogue import Dialogue, dialogue
from fleet import Fleet
from proftpd import CONTENT, FILE, PASSWORD, USER
from server import Server
from transfer import passive, stranger, transfer


@pytest.fixture
def server(fleet: Fleet) -> Server:
    return fleet["proftpd"]


@pytest.fixture
def control(server: Server) -> Iterator[Dialogue]:
    """A control connection, logged in."""
    with dialogue(server, "ftp") as inside:
        # The library has said PBSZ and PROT P, and read the answers.
        inside.line(f"USER {USER}".encode())
        inside.reply(b"331")
        inside.line(f"PASS {PASSWORD}".encode())
        inside.reply(b"230")
        inside.line(b"TYPE I")
        inside.reply(b"200")
        yield inside
        inside.line(b"QUIT")
        inside.reply(b"221")


def test_features(control: Dialogue) -> None:
    control.line(b"FEAT")
    assert b"AUTH TLS" in control.until(rb"^211 [^\n]*\n")


def test_a_download(control: Dialogue) -> None:
    with transfer(control, f"RETR {FILE}".encode()) as session:
        assert Dialogue(session).rest() == CONTENT


def test_an_upload(control: Dialogue) -> None:
    letter = b"a line of another letter\r\n" * 5000
    with transfer(control, b"STOR upload.txt") as session:
        session.sendall(letter)
    with transfer(control, b"RETR upload.txt") as session:
        assert Dialogue(session).rest() == letter


def test_a_list(control: Dialogue) -> None:
    with transfer(control, b"NLST") as session:
        assert FILE.encode() in Dialogue(session).rest().splitlines()


def test_a_data_connection_that_resumes_nothing(server: Server, control: Dialogue) -> None:
    # What `Session.data` is for: the server gives it no file.
    with passive(control, f"RETR {FILE}".encode()) as connection:
        assert stranger(server, connection) == b""
    control.reply(b"425")
