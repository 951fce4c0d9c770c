"""Dovecot: what IMAP, POP3, ManageSieve and LMTP say inside TLS."""

from __future__ import annotations

import base64

import pytest

from dialogue import Dialogue, dialogue
from dovecot import PASSWORD, USER
from fleet import Fleet
from server import Server


@pytest.fixture
def server(fleet: Fleet) -> Server:
    return fleet["dovecot"]


def tagged(inside: Dialogue, command: bytes) -> bytes:
    """Says a command of IMAP; its answer, which must be OK."""
    inside.line(b"t " + command)
    answer = inside.until(rb"^t [^\n]*\n")
    assert answer.splitlines()[-1].startswith(b"t OK"), answer
    return answer


def login(inside: Dialogue) -> None:
    """Logs in to IMAP."""
    tagged(inside, f"LOGIN {USER} {PASSWORD}".encode())


@pytest.mark.parametrize("scheme", ["imap", "imaps"])
def test_imap(server: Server, scheme: str) -> None:
    with dialogue(server, scheme) as inside:
        assert inside.session.server_speaks_first is (scheme == "imaps")
        if inside.session.server_speaks_first:
            assert inside.until(rb"\n").startswith(b"* OK")
        capability = tagged(inside, b"CAPABILITY")
        assert b"IMAP4rev1" in capability
        assert b"AUTH=PLAIN" in capability
        assert b"STARTTLS" not in capability
        assert b"LOGINDISABLED" not in capability
        login(inside)
        assert b"EXISTS" in tagged(inside, b"SELECT INBOX")
        assert b"* BYE" in tagged(inside, b"LOGOUT")


@pytest.mark.parametrize("scheme", ["pop3", "pop3s"])
def test_pop3(server: Server, scheme: str) -> None:
    with dialogue(server, scheme) as inside:
        assert inside.session.server_speaks_first is (scheme == "pop3s")
        if inside.session.server_speaks_first:
            assert inside.until(rb"\n").startswith(b"+OK")
        inside.line(b"CAPA")
        capabilities = inside.until(rb"^\.$\n")
        assert b"STLS" not in capabilities
        assert b"SASL PLAIN" in capabilities
        for command in (f"USER {USER}", f"PASS {PASSWORD}", "STAT", "QUIT"):
            inside.line(command.encode())
            assert inside.until(rb"\n").startswith(b"+OK")


def test_sieve(server: Server) -> None:
    with dialogue(server, "sieve") as inside:
        # RFC 5804 §2.2: the capabilities come again, unasked.
        assert inside.session.server_speaks_first
        capabilities = inside.until(rb"^OK [^\n]*\n")
        assert b'"SIEVE"' in capabilities
        assert b'"SASL" "PLAIN' in capabilities
        assert b"STARTTLS" not in capabilities
        credentials = base64.b64encode(f"\0{USER}\0{PASSWORD}".encode())
        inside.line(b'AUTHENTICATE "PLAIN" "' + credentials + b'"')
        assert inside.until(rb"\n").startswith(b"OK")
        script = b'require "fileinto";\r\nkeep;\r\n'
        inside.line(b'PUTSCRIPT "first" {%d+}\r\n' % len(script) + script)
        assert inside.until(rb"\n").startswith(b"OK")
        inside.line(b"LISTSCRIPTS")
        assert b'"first"' in inside.until(rb"^OK[^\n]*\n")


def test_lmtp_delivers_what_imap_fetches(server: Server) -> None:
    with dialogue(server, "lmtp") as inside:
        assert not inside.session.server_speaks_first
        inside.line(b"LHLO client.test")
        assert b"STARTTLS" not in inside.reply(b"250")
        inside.line(b"MAIL FROM:<bob@client.test>")
        inside.reply(b"250")
        inside.line(f"RCPT TO:<{USER}>".encode())
        inside.reply(b"250")
        inside.line(b"DATA")
        inside.reply(b"354")
        inside.line(b"Subject: upgraded\r\n\r\nover LMTP with TLS\r\n.")
        inside.reply(b"250")
    with dialogue(server, "imap") as inside:
        login(inside)
        tagged(inside, b"SELECT INBOX")
        assert b"over LMTP with TLS" in tagged(inside, b"FETCH * BODY[TEXT]")
