"""Pins: besides a trusted chain, or in its place."""

from __future__ import annotations

import pytest

from starttls_verify import Peer, RejectedError, Verifier, verify_chain

from lab import Lab

OTHER = "spki-sha256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="


def pin_of(lab: Lab, name: str, position: int = 0) -> str:
    """The key of a certificate in a scenario's chain, whoever vouches for it."""
    anything = Verifier(insecure_no_chain=True, insecure_no_name=True)
    report = verify_chain(anything, Peer("mail.bob.test"), lab.chain(name))
    return str(report.json["certificates"][position]["fingerprints"]["spki_pin"])


def code(lab: Lab, name: str, **options: str | list[str]) -> str:
    """What a session with a scenario's server says; "" when it trusts."""
    with lab.session(name, **options) as session:
        try:
            session.connect()
        except RejectedError as error:
            return error.code
        assert session.report.trusted
        return ""


@pytest.mark.parametrize("position", [0, 1])
def test_a_pin_of_the_path_matches(lab: Lab, position: int) -> None:
    pin = pin_of(lab, "honest", position)
    assert code(lab, "honest", pin=pin) == ""
    assert code(lab, "honest", pin=[OTHER, pin]) == ""


def test_another_pin_does_not(lab: Lab) -> None:
    assert code(lab, "honest", pin=OTHER) == "pin.mismatch"
    assert code(lab, "honest", pin=[OTHER, pin_of(lab, "eve")]) == "pin.mismatch"


def test_a_pin_alone_trusts_nobody(lab: Lab) -> None:
    pin = pin_of(lab, "self-signed")
    assert code(lab, "self-signed", pin=pin) == "chain.self_signed"
    assert code(lab, "eve", pin=pin_of(lab, "eve")) == "name.mismatch"


def test_a_pin_in_place_of_the_chain(lab: Lab) -> None:
    mode = "pin-instead-of-pkix"
    pin = pin_of(lab, "self-signed")
    assert code(lab, "self-signed", pin=pin, pin_mode=mode) == ""
    assert code(lab, "honest", pin=pin, pin_mode=mode) == "pin.mismatch"
    # Eve could append Bob's public intermediate: in this mode only the leaf counts.
    assert code(lab, "honest", pin=pin_of(lab, "honest", 1), pin_mode=mode) == "pin.mismatch"
