"""Peers: names arrive whole or not at all."""

from __future__ import annotations

import pickle

import pytest

from starttls_verify import (
    ArgumentError,
    Peer,
    RejectedError,
    Report,
    Status,
    TlsaState,
    Verifier,
    cert_matches_tlsa,
    verify_chain,
)

from lab import Lab


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("mail.bob.test\0.eve.test", Status.E_ENCODING),
        ("mail.bob.test\0", Status.E_ENCODING),
        ("mail.b\udcfcb.test", Status.E_ENCODING),
        (".bob.test", Status.E_NAME),
        ("*.bob.test", Status.E_NAME),
        ("mail..test", Status.E_NAME),
        ("", Status.E_NAME),
    ],
)
def test_what_is_no_host(host: str, status: Status) -> None:
    with pytest.raises(ArgumentError) as caught:
        Peer(host)
    assert caught.value.status == status


@pytest.mark.parametrize("port", [-1, 65536, 2**32 + 25, -(2**40)])
def test_what_is_no_port(port: int) -> None:
    with pytest.raises(ArgumentError):
        Peer("mail.bob.test", port=port)


@pytest.mark.parametrize(
    "arguments",
    [
        {"protocol": "gopher"},
        {"protocol": "smtp\0"},
        {"references": ["mail.bob.test"]},
        {"references": ["dns:mail.bob.test\0"]},
        {"connect": "127.0.0.1:0:1"},
        {"connect": "127.0.0.1\0:25"},
        {"server_name": "mail.bob.test\0"},
        {"tlsa": ["3 1 1 0"]},
        {"tlsa": ["3 1 1 00\0"]},
        {"tlsa": ["3 1 1"] * 101},
        {"tlsa_state": 5},
        {"tlsa_base": "127.0.0.1"},
    ],
)
def test_what_is_no_peer(arguments: dict[str, object]) -> None:
    with pytest.raises(ArgumentError):
        Peer("mail.bob.test", **arguments)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "arguments",
    [
        {"host": b"mail.bob.test"},
        {"host": None},
        {"port": "25"},
        {"port": True},
        {"references": "dns:mail.bob.test"},
        {"references": [b"dns:mail.bob.test"]},
        {"protocol": 1},
        {"tlsa": "3 1 1 00"},
        {"tlsa": [311]},
        {"tlsa_state": "secure"},
        {"tlsa_base": b"mail.bob.test"},
    ],
)
def test_the_wrong_type(arguments: dict[str, object]) -> None:
    with pytest.raises(TypeError):
        Peer(**{"host": "mail.bob.test", **arguments})  # type: ignore[arg-type]


def test_a_peer_is_a_value() -> None:
    peer = Peer("mail.bob.test", "submission", 2525, ["dns:bob.test"], "127.0.0.1", "bob.test")
    same = Peer("mail.bob.test", "submission", 2525, ("dns:bob.test",), "127.0.0.1", "bob.test")
    assert peer == same
    assert hash(peer) == hash(same)
    assert pickle.loads(pickle.dumps(peer)) == peer
    with pytest.raises(AttributeError):
        peer.host = "mail.eve.test"  # type: ignore[misc]


def test_another_reference_is_enough(lab: Lab, verifier: Verifier) -> None:
    peer = Peer("mail.bob.test", references=["dns:mail.eve.test"])
    assert verify_chain(verifier, peer, lab.chain("eve")).trusted


OTHER = "3 1 1 " + "00" * 32


def judged(verifier: Verifier, peer: Peer, chain: bytes) -> Report:
    """The report, whatever the verdict."""
    try:
        return verify_chain(verifier, peer, chain)
    except RejectedError as error:
        assert error.report is not None  # noqa: PT017
        return error.report


def test_tlsa_records_decide(lab: Lab, verifier: Verifier) -> None:
    chain = lab.chain("self-signed")
    report = judged(verifier, Peer("mail.bob.test"), chain)
    record = report.json["certificates"][0]["fingerprints"]["tlsa"]
    rows: list[tuple[list[str], TlsaState | None, str]] = [
        ([OTHER, record], None, ""),
        ([record], TlsaState.SECURE, ""),
        ([OTHER], None, "dane.mismatch"),
        ([record], TlsaState.INSECURE, "chain.self_signed"),
        ([], TlsaState.SECURE, "chain.self_signed"),
    ]
    for records, state, code in rows:
        peer = Peer("mail.bob.test", tlsa=records, tlsa_state=state)
        report = judged(verifier, peer, chain)
        assert (report.trusted, report.code) == (not code, code), report.text
    for state, code in [
        (TlsaState.BOGUS, "dane.bogus"),
        (TlsaState.LOOKUP_FAILED, "dane.lookup_failed"),
    ]:
        peer = Peer("mail.bob.test", tlsa=[record], tlsa_state=state)
        report = judged(verifier, peer, chain)
        assert not report.trusted
        assert code in report.text


def test_does_it_match_the_tlsa_record(lab: Lab, verifier: Verifier, bob_der: bytes) -> None:
    report = verify_chain(verifier, Peer("mail.bob.test"), lab.chain("honest"))
    record = report.json["certificates"][0]["fingerprints"]["tlsa"]
    assert cert_matches_tlsa(bob_der, record)
    assert not cert_matches_tlsa(bob_der, OTHER)
    for der, text, status in [
        (bob_der, "3 1 1 00", Status.E_TLSA),
        (b"no DER", OTHER, Status.E_CERTIFICATE),
    ]:
        with pytest.raises(ArgumentError) as caught:
            cert_matches_tlsa(der, text)
        assert caught.value.status == status
