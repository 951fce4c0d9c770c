"""The same look-ups through the C ABI, by Python and by PHP."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Dict, Tuple, Union

import pytest

from policy_host import page, policy_host
from servers import Scene
from starttls_verify.library import lib
from starttls_verify import Peer, Provenance, RejectedError, Session, StarttlsVerifyError, StateError, Status, Verifier, servers

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


PHP_SERVERS = """
require $argv[1];
[, , $host, $port, $resolver, $anchor] = $argv;
$verifier = new StarttlsVerify\\Verifier([
    'dns' => 'unbound',
    'dns_server' => ["127.0.0.1:$resolver"],
    'dnssec_anchor_file' => $anchor,
]);
$domain = new StarttlsVerify\\Peer($host, 'smtp', (int) $port, "127.0.0.1:$port");
try {
    foreach (StarttlsVerify\\Peer::servers($verifier, $domain) as $peer) {
        try {
            (new StarttlsVerify\\Session($verifier, $peer, discover: true))->connect();
            echo $peer->host(), " trusted\\n";
        } catch (StarttlsVerify\\PeerException $refusal) {
            echo $peer->host(), " refused\\n";
        }
    }
} catch (StarttlsVerify\\StarttlsVerifyException $nobody) {
    echo $nobody->getCode();
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


def domain(scene: Scene, name: str, protocol: str) -> Peer:
    port = scene.relay.port
    return Peer(name, protocol, port=port, connect=f"127.0.0.1:{port}")


# What the DNS names for a domain, best first, and what discovering each gives: "" is trust.
SERVED: Dict[Tuple[str, str], Dict[str, str]] = {
    ("three.signed.test", "smtp"): {
        "mail.signed.test": "",
        "wrong.signed.test": "dane.mismatch",
        "none.signed.test": "dane.not_checked",
    },
    ("serves.signed.test", "submission"): {"mail.signed.test": ""},
    # Perfect records of a host that anybody may have named.
    ("serves.plain.test", "submission"): {"mail.signed.test": "name.mismatch"},
    ("plain.test", "smtp"): {"mail.signed.test": "name.mismatch"},
}


@pytest.mark.parametrize("name, protocol", SERVED)
def test_the_servers_of_a_domain(scene: Scene, name: str, protocol: str) -> None:
    verifier = Verifier(**options(scene))
    found = servers(verifier, domain(scene, name, protocol))
    wanted = SERVED[name, protocol]
    assert [one.host for one in found] == list(wanted)
    for one in found:
        with Session(verifier, one, discover=True) as session:
            if not wanted[one.host]:
                assert session.connect() == 0
                continue
            with pytest.raises(RejectedError) as refusal:
                session.connect()
        codes = [finding.code for finding in refusal.value.report.findings]
        assert wanted[one.host] in codes


NOBODY: Dict[Tuple[str, str], int] = {
    ("nomail.signed.test", "smtp"): Status.E_NO_SERVICE,
    ("serves.signed.test", "imap"): Status.E_NO_SERVICE,
    ("taken.forged.test", "smtp"): Status.E_DNS_BOGUS,
    ("mail.dead.test", "smtp"): Status.E_DNS_FAILED,
    ("signed.test", "ftp"): Status.E_ARGUMENT,
    ("127.0.0.1", "smtp"): Status.E_ARGUMENT,
}


@pytest.mark.parametrize("name, protocol", NOBODY)
def test_nobody_serves(scene: Scene, name: str, protocol: str) -> None:
    with pytest.raises(StarttlsVerifyError) as fault:
        servers(Verifier(**options(scene)), domain(scene, name, protocol))
    assert fault.value.status == NOBODY[name, protocol]
    assert str(fault.value)


def test_records_of_a_chat_server_are_below_its_target(scene: Scene) -> None:
    """RFC 7673: the certificate is for the domain, the TLSA records are the server's."""
    verifier = Verifier(**options(scene))
    (server,) = servers(verifier, Peer("serves.signed.test", "xmpp"))
    assert (server.host, server.port) == ("mail.signed.test", scene.relay.port)
    handle = server.handle()
    assert lib.stv_peer_discover(handle.pointer, verifier.handle().pointer) == 0


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


@pytest.mark.parametrize(
    "name, said",
    [
        (
            "three.signed.test",
            "mail.signed.test trusted\nwrong.signed.test refused\nnone.signed.test refused\n",
        ),
        ("plain.test", "mail.signed.test refused\n"),
        ("taken.forged.test", str(int(Status.E_DNS_BOGUS))),
    ],
)
def test_php_servers(scene: Scene, name: str, said: str) -> None:
    assert php(scene, PHP_SERVERS, name) == said


@pytest.mark.parametrize("host", HOSTS)
def test_php(scene: Scene, host: str) -> None:
    assert (HOSTS[host] or "trusted") in php(scene, PHP, host)


def php(scene: Scene, code: str, host: str) -> str:
    """What the program prints."""
    autoload = str(BINDINGS / "php" / "autoload.php")
    port, resolver = str(scene.relay.port), str(scene.resolver)
    done = subprocess.run(
        [os.environ.get("PHP", "php"), "-d", "ffi.enable=1", "-r", code, "--"]
        + [autoload, host, port, resolver, scene.anchor],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr + done.stdout
    return done.stdout


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
