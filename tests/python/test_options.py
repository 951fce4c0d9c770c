"""Options: nothing that is given may be without effect."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Dict, List

import pytest

from starttls_verify import (
    ConfigurationError,
    OptionError,
    OptionValue,
    Peer,
    RejectedError,
    StarttlsVerifyError,
    StateError,
    Status,
    Verifier,
    option_table,
    verify_chain,
)

from lab import Lab

BOB = Peer("mail.bob.test", protocol="tls")


def refusal(**options: object) -> StarttlsVerifyError:
    with pytest.raises(StarttlsVerifyError) as caught:
        Verifier.from_mapping(options)  # type: ignore[arg-type]
    return caught.value


@pytest.mark.parametrize(
    ("given", "meant"),
    [("ca_file", "cafile"), ("verify_pear", "verify_peer"), ("sni_enabled", "SNI_enabled")],
)
def test_an_unknown_option_names_the_nearest(given: str, meant: str) -> None:
    error = refusal(**{given: True})
    assert isinstance(error, OptionError)
    assert error.status == Status.E_OPTION_UNKNOWN
    assert f"did you mean '{meant}'?" in str(error)


@pytest.mark.parametrize("name", ["I-want-a-banana", "", "Cafile"])
@pytest.mark.parametrize("value", [True, 1, "x", b"x", [], ["x"], None])
def test_an_unknown_option_is_unknown_whatever_its_value(name: str, value: object) -> None:
    assert refusal(**{name: value}).status == Status.E_OPTION_UNKNOWN


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("cafile", 1),
        ("cafile", b"/etc/ca.pem"),
        ("cafile", None),
        ("cafile", ["/etc/ca.pem", 1]),
        ("cafile", {"/etc/ca.pem"}),
        ("ca_pem", "-----BEGIN CERTIFICATE-----"),
        ("local_pk_pem", "-----BEGIN PRIVATE KEY-----"),
        ("local_pk_pem", [b"-----BEGIN PRIVATE KEY-----"]),
        ("verify_depth", "3"),
        ("verify_depth", 3.0),
        ("verify_depth", True),
        ("verify_depth", [3]),
        ("audit", 1),
        ("audit", "true"),
        ("min_tls", ["1.2"]),
        ("min_tls", 1.3),
        ("pin", True),
    ],
)
def test_the_wrong_type(name: str, value: object) -> None:
    error = refusal(**{name: value})
    assert isinstance(error, OptionError)
    assert error.status == Status.E_OPTION_TYPE
    assert name in str(error)


@pytest.mark.parametrize(
    ("name", "value", "status"),
    [
        ("verify_depth", 101, Status.E_OPTION_VALUE),
        ("verify_depth", 2**64 + 3, Status.E_OPTION_VALUE),
        ("min_tls", "1.4", Status.E_OPTION_VALUE),
        ("pin", [], Status.E_OPTION_VALUE),
        ("min_tls", "1.0", Status.E_INSECURE),
        ("verify_peer", False, Status.E_INSECURE),
        ("cafile", "/etc/ca.pem\0.evil", Status.E_ENCODING),
        ("cafile", "/etc/\udcff.pem", Status.E_ENCODING),
        ("ehlo_name", "\ud800", Status.E_ENCODING),
        ("caf\0ile", "x", Status.E_ENCODING),
        ("caf\udcffile", "x", Status.E_ENCODING),
        ("pin", "spki-sha256:abc", Status.E_PIN),
        ("ca_der", b"no DER", Status.E_CERTIFICATE),
    ],
)
def test_the_wrong_value(name: str, value: object, status: Status) -> None:
    error = refusal(**{name: value})
    assert error.status == status
    assert isinstance(error, ValueError)
    assert error.report is None


def test_files(tmp_path: Path, lab: Lab) -> None:
    empty = tmp_path / "empty.pem"
    empty.touch()
    assert refusal(cafile=str(tmp_path / "none.pem")).status == Status.E_FILE_MISSING
    assert isinstance(refusal(cafile=empty), ConfigurationError)
    assert refusal(cafile=[lab.cafile, empty]).status == Status.E_FILE_EMPTY


def test_every_spelling_of_a_ca(lab: Lab) -> None:
    pem = Path(lab.cafile).read_bytes()
    spellings: List[Dict[str, OptionValue]] = [
        {"cafile": lab.cafile},
        {"cafile": Path(lab.cafile)},
        {"cafile": [lab.cafile, lab.cafile]},
        {"ca_pem": pem},
        {"ca_pem": (pem, bytearray(pem), memoryview(pem))},
    ]
    for options in spellings:
        assert verify_chain(Verifier.from_mapping(options), BOB, lab.chain("honest")).trusted


def test_the_table() -> None:
    table = option_table()
    assert table["cafile"].type == "list of str"
    assert table["min_tls"].insecure_name == "insecure_min_tls"
    assert table["insecure_no_name"].insecure_name == "insecure_no_name"
    assert {option.type for option in table.values()} <= {
        "bool",
        "int",
        "str",
        "bytes",
        "list of str",
        "list of bytes",
    }
    assert all(option.help for option in table.values())


def test_danger_is_in_the_first_line(lab: Lab) -> None:
    verifier = lab.verifier(insecure_no_name=True)
    report = verify_chain(verifier, BOB, lab.chain("eve"))
    assert "insecure_no_name" in report.text.splitlines()[0]
    assert report.json["insecure"] == ["insecure_no_name"]


def test_a_config_file(lab: Lab, tmp_path: Path) -> None:
    config = tmp_path / "mail.toml"
    config.write_text(
        f'cafile = "{lab.cafile}"\n[host."mail.bob.test"]\npeer_name = "mail.eve.test"\n'
    )
    assert verify_chain(Verifier(config_file=config), BOB, lab.chain("eve")).trusted
    # What is given in the program goes before the host's section.
    with pytest.raises(RejectedError):
        verify_chain(
            Verifier(config_file=str(config), peer_name="mail.bob.test"), BOB, lab.chain("eve")
        )
    config.write_text("cafile = [")
    with pytest.raises(ConfigurationError) as caught:
        Verifier(config_file=config)
    assert caught.value.status == Status.E_CONFIG
    assert str(config) in str(caught.value)
    with pytest.raises(ConfigurationError):
        Verifier.from_mapping({}, config_file=tmp_path / "none.toml")


def test_stale(lab: Lab, tmp_path: Path) -> None:
    ca = tmp_path / "ca.pem"
    ca.write_bytes(Path(lab.cafile).read_bytes())
    verifier = Verifier(cafile=ca)
    assert not verifier.stale
    os.utime(ca, (1, 1))
    assert verifier.stale


def test_a_closed_verifier(lab: Lab) -> None:
    with lab.verifier() as verifier:
        assert not verifier.stale
    verifier.close()
    with pytest.raises(StateError):
        _ = verifier.stale
    with pytest.raises(StateError):
        verify_chain(verifier, BOB, lab.chain("honest"))
