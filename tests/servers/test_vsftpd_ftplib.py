"""vsftpd and Python's ftplib with our context: vsftpd demands that data connections resume."""

from __future__ import annotations

import ftplib
import io
from typing import Iterator

import pytest
from dialogue import verifier
from fleet import Fleet
from server import Server
from vsftpd import CONTENT, FILE

from starttls_verify import RejectedError, VerifyingContext, require


@pytest.fixture
def server(fleet: Fleet) -> Server:
    return fleet["vsftpd"]


@pytest.fixture
def client(server: Server) -> Iterator[ftplib.FTP_TLS]:
    with ftplib.FTP_TLS(timeout=10) as connected:
        host, _, port = server.connect("ftp").rpartition(":")
        connected.connect(host, int(port))
        connected.context = VerifyingContext(verifier(server), connected)
        yield connected


def test_a_download_and_a_list(server: Server, client: ftplib.FTP_TLS) -> None:
    client.host = server.host
    client.login()
    assert require(client).trusted
    client.prot_p()
    came = io.BytesIO()
    client.retrbinary(f"RETR {FILE}", came.write)
    assert came.getvalue() == CONTENT
    assert FILE in client.nlst()


def test_under_another_name(client: ftplib.FTP_TLS) -> None:
    client.host = "mail.eve.test"
    with pytest.raises(RejectedError) as caught:
        client.login("alice", "sesame")
    assert caught.value.code == "name.mismatch"
