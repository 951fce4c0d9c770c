"""The same look-ups through the C ABI, by Python and by PHP."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Dict, Tuple, Union

import pytest

from policy_host import page, policy_host
from servers import Scene
from starttls_verify import Peer, Provenance, RejectedError, Session, StateError, Verifier

BINDINGS = Path(__file__).resolve().parents[2] / "bindings"

# What decides, and the code of the refusal.
HOSTS: Dict[str, str] = {
    "mail.signed.test": "",
    "wrong.signed.test": "dane.mismatch",
    "mail.forged.test": "dane.bogus",
    "mail.dead.test": "dane.lookup_failed",
}
PHP = """
require $argv[1];
[, , $host, $port, $resolver, $anchor] = $argv;
$verifier = new StarttlsVerify\\Verifier([
    'dns' => 'unbound',
    'dns_server' => ["127.0.0.1:$resolver"],
    'dnssec_anchor_file' => $anchor,
]);
$peer = new StarttlsVerify\\Peer($host, 'smtp', (int) $port, "127.0.0.1:$port");
try {
    (new StarttlsVerify\\Session($verifier, $peer, discover: true))->connect();
    echo 'trusted';
} catch (StarttlsVerify\\PeerException $refusal) {
    echo $refusal->getReport()->json();
}
"""


def options(scene: Scene) -> Dict[str, Union[str, Tuple[str, ...]]]:
    """Validation in this process."""
    server = (f"127.0.0.1:{scene.resolver}",)
    return {"dns": "unbound", "dns_server": server, "dnssec_anchor_file": scene.anchor}


def peer(scene: Scene, host: str) -> Peer:
    """A host of the zones, on the relay."""
    port = scene.relay.port
    return Peer(host, "smtp", port=port, connect=f"127.0.0.1:{port}")


@pytest.mark.parametrize("host", HOSTS)
def test_python(scene: Scene, host: str) -> None:
    with Session(Verifier(**options(scene)), peer(scene, host), discover=True) as session:
        if not HOSTS[host]:
            assert session.connect() == 0
            return
        with pytest.raises(RejectedError) as refusal:
            session.connect()
    assert HOSTS[host] in [finding.code for finding in refusal.value.report.findings]


@pytest.mark.parametrize("provenance", [Provenance.SECURE, Provenance.INSECURE])
def test_a_host_that_the_dns_named(scene: Scene, provenance: Provenance) -> None:
    """Its record is perfect; whether it serves the domain is another question."""
    port = scene.relay.port
    named = Peer(
        "mail.signed.test",
        "smtp",
        port=port,
        connect=f"127.0.0.1:{port}",
        origin="bob.test",
        provenance=provenance,
    )
    with Session(Verifier(**options(scene)), named, discover=True) as session:
        if provenance is Provenance.SECURE:
            assert session.connect() == 0
            return
        with pytest.raises(RejectedError):
            session.connect()


POLICIES: Dict[str, Tuple[str, str, str]] = {
    # case: (mode, host of the policy, code)
    "good": ("enforce", "mail.signed.test", "mta_sts.match"),
    "mismatch": ("enforce", "mail.plain.test", "mta_sts.mismatch"),
    "testing": ("testing", "mail.signed.test", "mta_sts.testing"),
}


@pytest.mark.parametrize("case", POLICIES)
def test_a_policy_is_fetched(
    scene: Scene, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, case: str
) -> None:
    """stv_peer_discover brings the policy of the domain that led to the host, over HTTPS."""
    mode, host, code = POLICIES[case]
    port = scene.relay.port
    named = Peer(
        "mail.signed.test", "smtp", port=port, connect=f"127.0.0.1:{port}", origin="sts.test"
    )
    verifier = Verifier(**options(scene), cafile=str(scene.relay.certificate))
    policy = f"version: STSv1\r\nmode: {mode}\r\nmx: {host}\r\nmax_age: 86400\r\n"
    with policy_host(tmp_path, page(policy.encode())) as fetched:
        monkeypatch.setenv("SSL_CERT_FILE", str(fetched.ca))
        session = Session(verifier, named, discover=True)
    assert len(fetched.requests) == 1
    with session:
        if case == "good":
            assert session.connect() == 0
            report = session.report
        else:
            with pytest.raises(RejectedError) as refusal:
                session.connect()
            report = refusal.value.report
    assert code in [finding.code for finding in report.findings]


def test_it_is_asked_for_twice(scene: Scene) -> None:
    """Neither the option alone nor the word alone looks anything up."""
    with Session(Verifier(**options(scene)), peer(scene, "mail.signed.test")) as session:
        with pytest.raises(RejectedError):
            session.connect()
    with pytest.raises(StateError, match="dns=system"):
        Session(Verifier(), peer(scene, "mail.signed.test"), discover=True)


def test_without_a_trust_anchor_nothing_is_asked(scene: Scene) -> None:
    missing = {**options(scene), "dnssec_anchor_file": "/nonexistent/anchor"}
    with pytest.raises(Exception, match="/nonexistent/anchor"):
        Session(Verifier(**missing), peer(scene, "mail.signed.test"), discover=True)


def test_evidence_in_python(scene: Scene) -> None:
    """Options are all that a binding needs for it."""
    compare = (f"127.0.0.1:{scene.liar}",)
    verifier = Verifier(**options(scene), dns_evidence="report", dns_compare=compare)
    with Session(verifier, peer(scene, "mail.signed.test"), discover=True) as session:
        assert session.connect() == 0
        found = {finding.code: finding.detail for finding in session.report.findings}
    assert "evidence.banner_match" in found
    # Validation tells the lie from a difference.
    assert "bogus" in found["evidence.not_checked"], found


@pytest.mark.parametrize("host", HOSTS)
def test_php(scene: Scene, host: str) -> None:
    autoload = str(BINDINGS / "php" / "autoload.php")
    port, resolver = str(scene.relay.port), str(scene.resolver)
    done = subprocess.run(
        [os.environ.get("PHP", "php"), "-d", "ffi.enable=1", "-r", PHP, "--"]
        + [autoload, host, port, resolver, scene.anchor],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr + done.stdout
    assert (HOSTS[host] or "trusted") in done.stdout


def test_evidence_in_php(scene: Scene) -> None:
    """What is demanded and cannot be found out refuses."""
    more = """
    'dns_evidence' => 'require',
    'dns_evidence_required' => ['resolvers'],
    'dns_compare' => ["127.0.0.1:" . $argv[6]],
]);"""
    autoload = str(BINDINGS / "php" / "autoload.php")
    port, resolver = str(scene.relay.port), str(scene.resolver)
    for other, word in ((scene.resolver, "trusted"), (scene.liar, "evidence.")):
        done = subprocess.run(
            [os.environ.get("PHP", "php"), "-d", "ffi.enable=1", "-r", PHP.replace("]);", more, 1)]
            + ["--", autoload, "mail.signed.test", port, resolver, scene.anchor, str(other)],
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        assert done.returncode == 0, done.stderr + done.stdout
        assert word in done.stdout
