"""vsftpd: files over data connections that the library protects."""

from __future__ import annotations

from typing import Iterator

import pytest

from dialogue import Dialogue, dialogue
from fleet import Fleet
from server import Server
from transfer import passive, stranger, transfer
from vsftpd import CONTENT, FILE


@pytest.fixture
def server(fleet: Fleet) -> Server:
    return fleet["vsftpd"]


@pytest.fixture
def control(server: Server) -> Iterator[Dialogue]:
    """A control connection, logged in. The library has said PBSZ and PROT P."""
    with dialogue(server, "ftp") as inside:
        inside.line(b"USER anonymous")
        inside.reply(b"230")
        inside.line(b"TYPE I")
        inside.reply(b"200")
        yield inside


def test_features(control: Dialogue) -> None:
    control.line(b"FEAT")
    assert b"AUTH TLS" in control.until(rb"^211 [^\n]*\n")
    control.line(b"QUIT")
    control.reply(b"221")


def test_a_download(control: Dialogue) -> None:
    with transfer(control, f"RETR {FILE}".encode()) as session:
        assert Dialogue(session).rest() == CONTENT


def test_a_list(control: Dialogue) -> None:
    with transfer(control, b"NLST") as session:
        assert FILE.encode() in Dialogue(session).rest().splitlines()


def test_a_data_connection_that_resumes_nothing(server: Server, control: Dialogue) -> None:
    with passive(control, f"RETR {FILE}".encode()) as connection:
        assert stranger(server, connection) == b""
    # And leaves.
    control.reply(b"522")
