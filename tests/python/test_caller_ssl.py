"""Python's own TLS connections at the second door: the SSL is Python's, the verdict ours."""

from __future__ import annotations

import smtplib
import ssl

import pytest

from starttls_verify import Status

from caller_ssl import judge, pointer_of
from lab import Lab


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("honest", ""),
        ("wildcard", ""),
        ("disordered", ""),
        ("eve", "name.mismatch"),
        ("unknown-ca", "chain.unknown_issuer"),
        ("expired", "chain.expired"),
        ("nul-in-san", "name.malformed_san"),
    ],
)
def test_a_connection_of_pythons_ssl(lab: Lab, name: str, code: str) -> None:
    scenario = lab[name]
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    with smtplib.SMTP("127.0.0.1", scenario.port, local_hostname="c.test", timeout=10) as client:
        client.starttls(context=context)
        assert isinstance(client.sock, ssl.SSLSocket)
        status, found, text = judge(lab.verifier(), scenario.peer, pointer_of(client.sock))
    assert (status, found) == (Status.E_REJECTED if code else Status.OK, code), text
    assert "not checked" in text or "negotiated STARTTLS itself" in text
