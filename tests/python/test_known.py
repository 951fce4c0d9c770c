"""Known peers: first use, the same key, another key, and stores that cannot be used."""

from __future__ import annotations

from pathlib import Path

import pytest

from starttls_verify import (
    ArgumentError,
    ConfigurationError,
    KnownPeers,
    Peer,
    RejectedError,
    Session,
    StateError,
    Status,
)

from lab import Lab

PIN = "spki-sha256:AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE="


@pytest.fixture
def path(tmp_path: Path) -> Path:
    tmp_path.chmod(0o700)
    return tmp_path / "peers"


def bob(lab: Lab, scenario: str) -> Peer:
    return Peer("mail.bob.test", connect=lab[scenario].connect)


def test_from_the_first_use_to_a_changed_key(lab: Lab, path: Path) -> None:
    known = KnownPeers(path, create=True)
    strict, accepting = lab.verifier(), lab.verifier(accept_new=True)
    with Session(strict, bob(lab, "honest"), known_peers=known) as session:
        with pytest.raises(RejectedError) as refused:
            session.connect()
        assert refused.value.code == "known.new"
        with pytest.raises(StateError):
            known.remember(session)
    assert known.peers() == []

    with Session(accepting, bob(lab, "honest"), known_peers=known) as session:
        assert session.connect() == Status.OK
        known.remember(session)
    (entry,) = known.peers()
    assert (entry.peer, entry.origin) == ("smtp://mail.bob.test:25", "pkix")
    assert (len(entry.keys), entry.addresses) == (1, ("127.0.0.1",))

    with Session(strict, bob(lab, "honest"), known_peers=known) as session:
        assert session.connect() == Status.OK
    with Session(accepting, bob(lab, "honest-rsa"), known_peers=known) as session:
        with pytest.raises(RejectedError) as changed:
            session.connect()
        assert changed.value.code == "known.changed"


def test_a_peer_can_be_used_again(lab: Lab, path: Path) -> None:
    known, peer = KnownPeers(path, create=True), bob(lab, "honest")
    accepting = lab.verifier(accept_new=True)
    resumed = []
    for _ in range(3):
        with Session(accepting, peer, known_peers=known) as session:
            assert session.connect() == Status.OK
            session.sendall(b"EHLO localhost\r\n")
            assert session.read()
            resumed.append(session.report.json["tls"]["resumed"])
            # A resumed session shows no certificate: there is nothing to take down.
            assert known.remember(session) is not resumed[-1]
    assert resumed == [False, True, True]


def test_a_session_that_did_not_ask_is_not_remembered(lab: Lab, path: Path) -> None:
    known = KnownPeers(path, create=True)
    with Session(lab.verifier(), bob(lab, "honest")) as session:
        session.connect()
        with pytest.raises(StateError, match="ask the store first"):
            known.remember(session)
    demanding = lab.verifier(known_peers="known-and-pkix")
    with Session(demanding, bob(lab, "honest")) as session:
        with pytest.raises(RejectedError) as refused:
            session.connect()
        assert refused.value.code == "known.not_checked"


def test_a_store_that_cannot_be_used(lab: Lab, path: Path) -> None:
    with pytest.raises(ConfigurationError) as missing:
        KnownPeers(path)
    assert missing.value.status == Status.E_FILE_MISSING
    assert not path.exists()
    known = KnownPeers(path, create=True)
    path.write_text("half a st")
    with pytest.raises(ConfigurationError, match="line 1") as damaged:
        Session(lab.verifier(accept_new=True), bob(lab, "honest"), known_peers=known)
    assert damaged.value.status == Status.E_FILE_DAMAGED
    path.unlink()
    path.parent.chmod(0o777)
    with pytest.raises(ConfigurationError) as unsafe:
        KnownPeers(path, create=True)
    assert unsafe.value.status == Status.E_FILE_UNSAFE


def test_an_administrator(path: Path) -> None:
    known, peer = KnownPeers(path, create=True), Peer("mail.bob.test", protocol="imap")
    known.announce(peer, PIN)
    export = known.export()
    assert [entry.backups for entry in known.peers()] == [(PIN,)]
    known.withdraw(peer, PIN)
    with pytest.raises(ArgumentError):
        known.forget(peer)
    with pytest.raises(ConfigurationError):
        known.import_text(export[:-1])
    known.import_text(export)
    assert known.export() == export
    known.import_text(export.encode())
    known.forget(peer)
    assert known.peers() == []
    with pytest.raises(ArgumentError):
        known.announce(peer, "sha256:00")
    with pytest.raises(ArgumentError):
        KnownPeers(f"{path}\0")
