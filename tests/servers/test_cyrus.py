"""Cyrus: what it says about itself inside TLS, in every protocol."""

from __future__ import annotations

import pytest

from dialogue import dialogue
from fleet import Fleet
from server import Server


@pytest.fixture
def server(fleet: Fleet) -> Server:
    return fleet["cyrus"]


@pytest.mark.parametrize("scheme", ["imap", "imaps"])
def test_imap(server: Server, scheme: str) -> None:
    with dialogue(server, scheme) as inside:
        if inside.session.server_speaks_first:
            assert inside.until(rb"\n").startswith(b"* OK")
        inside.line(b"t CAPABILITY")
        capability = inside.until(rb"^t OK[^\n]*\n")
        assert b"AUTH=PLAIN" in capability
        # In clear it had STARTTLS and LOGINDISABLED.
        assert b"STARTTLS" not in capability
        assert b"LOGINDISABLED" not in capability
        inside.line(b"t LOGOUT")
        assert b"* BYE" in inside.until(rb"^t OK[^\n]*\n")


def test_pop3(server: Server) -> None:
    with dialogue(server, "pop3") as inside:
        inside.line(b"CAPA")
        capabilities = inside.until(rb"^\.$\n")
        assert b"SASL PLAIN" in capabilities
        assert b"STLS" not in capabilities
        inside.line(b"QUIT")
        assert inside.until(rb"\n").startswith(b"+OK")


def test_sieve(server: Server) -> None:
    with dialogue(server, "sieve") as inside:
        assert inside.session.server_speaks_first
        capabilities = inside.until(rb"^OK[^\n]*\n")
        assert b'"SASL" "PLAIN' in capabilities
        assert b"STARTTLS" not in capabilities
        inside.line(b"LOGOUT")
        assert inside.until(rb"\n").startswith(b"OK")


def test_lmtp(server: Server) -> None:
    with dialogue(server, "lmtp") as inside:
        inside.line(b"LHLO client.test")
        assert b"STARTTLS" not in inside.reply(b"250")
        inside.line(b"QUIT")
        inside.reply(b"221")


def test_nntp(server: Server) -> None:
    with dialogue(server, "nntp") as inside:
        inside.line(b"CAPABILITIES")
        capabilities = inside.until(rb"^\.$\n")
        assert b"VERSION 2" in capabilities
        assert b"STARTTLS" not in capabilities
        inside.line(b"QUIT")
        assert inside.until(rb"\n").startswith(b"205")
