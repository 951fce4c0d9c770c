"""The door for chains that the caller has, and the two questions about one certificate."""

from __future__ import annotations

import pytest

from starttls_verify import (
    ArgumentError,
    Peer,
    RejectedError,
    Status,
    Verdict,
    Verifier,
    cert_matches_pin,
    cert_names_host,
    verify_chain,
)

from lab import Lab, Scenario


def test_a_chain_gets_the_verdict_of_its_session(
    lab: Lab, verifier: Verifier, scenario: Scenario
) -> None:
    peer, chain = Peer(scenario.host, protocol="tls"), lab.chain(scenario.id)
    judged = scenario.code and scenario.code.startswith(("chain.", "name.", "revocation."))
    staple = lab.staple(scenario.id)
    if not judged:
        # What is wrong with these, if anything, is not their certificate.
        assert verify_chain(verifier, peer, chain, ocsp=staple).trusted
        return
    with pytest.raises(RejectedError) as caught:
        verify_chain(verifier, peer, chain, ocsp=staple)
    assert caught.value.status == Status.E_REJECTED
    assert caught.value.report is not None
    assert caught.value.report.verdict is Verdict.REJECTED
    assert caught.value.code == scenario.code


def test_der_and_pem_are_the_same(lab: Lab, verifier: Verifier, bob_der: bytes) -> None:
    peer = Peer("mail.bob.test", protocol="tls")
    with pytest.raises(RejectedError) as caught:
        verify_chain(verifier, peer, [bob_der])
    assert caught.value.code == "chain.unknown_issuer"
    pem = lab.chain("honest")
    report = verify_chain(verifier, peer, bytearray(pem))
    assert report == verify_chain(verifier, peer, memoryview(pem))
    assert report.trusted


def test_an_empty_chain_is_not_trusted(verifier: Verifier) -> None:
    with pytest.raises(RejectedError) as caught:
        verify_chain(verifier, Peer("mail.bob.test"), [])
    assert caught.value.code == "chain.empty"


@pytest.mark.parametrize("chain", [b"", b"no PEM", [b"no DER"], [b""]])
def test_what_is_no_certificate(verifier: Verifier, chain: object) -> None:
    with pytest.raises(ArgumentError) as caught:
        verify_chain(verifier, Peer("mail.bob.test"), chain)  # type: ignore[arg-type]
    assert caught.value.status == Status.E_CERTIFICATE
    assert caught.value.report is None


@pytest.mark.parametrize("chain", ["text", ["text"], [1], 7, None])
def test_what_is_no_bytes(verifier: Verifier, chain: object) -> None:
    with pytest.raises(TypeError):
        verify_chain(verifier, Peer("mail.bob.test"), chain)  # type: ignore[arg-type]


def test_does_it_name_the_host(bob_der: bytes, eve_der: bytes) -> None:
    assert cert_names_host(bob_der, "dns:mail.bob.test")
    assert not cert_names_host(eve_der, "dns:mail.bob.test")
    assert not cert_names_host(bob_der, "ip:127.0.0.1")
    for reference, status in [
        ("mail.bob.test\0.eve.test", Status.E_ENCODING),
        ("dns:mail.bob.test\0", Status.E_ENCODING),
        ("dns:\udcff.test", Status.E_ENCODING),
        ("dns:.bob.test", Status.E_NAME),
    ]:
        with pytest.raises(ArgumentError) as caught:
            cert_names_host(bob_der, reference)
        assert caught.value.status == status


def test_does_it_match_the_pin(
    lab: Lab, verifier: Verifier, bob_der: bytes, eve_der: bytes
) -> None:
    report = verify_chain(verifier, Peer("mail.bob.test"), lab.chain("honest"))
    fingerprints = report.json["certificates"][0]["fingerprints"]
    for pin in (fingerprints["spki_pin"], "sha256:" + fingerprints["sha256"]):
        assert cert_matches_pin(bob_der, pin)
        assert not cert_matches_pin(eve_der, pin)
    for der, pin, status in [
        (bob_der, "sha256:abc", Status.E_PIN),
        (b"no DER", fingerprints["spki_pin"], Status.E_CERTIFICATE),
    ]:
        with pytest.raises(ArgumentError) as caught:
            cert_matches_pin(der, pin)
        assert caught.value.status == status
