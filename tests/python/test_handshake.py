"""The door for a handshake that Python's own ssl has finished."""

from __future__ import annotations

import smtplib
import socket
import ssl
import sys
from typing import Iterator

import pytest

from starttls_verify import ArgumentError, Peer, RejectedError, StateError, Status, Verifier
from starttls_verify import judge_ssl_socket as judge

from lab import Lab, Scenario


def unverified() -> ssl.SSLContext:
    """Python's ssl judges nobody: we do."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def upgraded(scenario: Scenario) -> Iterator[ssl.SSLSocket]:
    with smtplib.SMTP("127.0.0.1", scenario.port, local_hostname="client.test") as client:
        client.starttls(context=unverified())
        assert isinstance(client.sock, ssl.SSLSocket)
        yield client.sock


@pytest.mark.parametrize("name", ["honest", "eve", "expired", "missing-intermediate", "disordered"])
def test_the_verdict_is_that_of_a_session(lab: Lab, verifier: Verifier, name: str) -> None:
    scenario = lab[name]
    for sock in upgraded(scenario):
        # The ssl of Python 3.9 gives no chain, and says so.
        if sys.version_info < (3, 10):
            with pytest.raises(ArgumentError, match=r"Python 3\.10") as refused:
                judge(verifier, Peer(scenario.host), sock)
            assert refused.value.status == Status.E_UNSUPPORTED
        elif scenario.code is None:
            assert judge(verifier, Peer(scenario.host), sock).trusted
        else:
            with pytest.raises(RejectedError) as caught:
                judge(verifier, Peer(scenario.host), sock)
            assert caught.value.code == scenario.code


def test_before_the_handshake(verifier: Verifier) -> None:
    left, right = socket.socketpair()
    with left, right:
        sock = unverified().wrap_socket(left, do_handshake_on_connect=False)
        with sock, pytest.raises(StateError, match="handshake"):
            judge(verifier, Peer("mail.bob.test"), sock)
        with pytest.raises(StateError):
            judge(verifier, Peer("mail.bob.test"), sock)


def test_a_server_side(verifier: Verifier) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    inside = context.wrap_bio(ssl.MemoryBIO(), ssl.MemoryBIO(), server_side=True)
    with pytest.raises(ArgumentError, match="server"):
        judge(verifier, Peer("mail.bob.test"), inside)
