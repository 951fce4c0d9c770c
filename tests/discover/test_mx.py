"""A mail domain is as good as the worst of its hosts, and as the answer that named them."""

from __future__ import annotations

import gzip
import json
import subprocess
import time
from pathlib import Path
from typing import Dict, List, Sequence, Tuple

import pytest

from servers import Scene
from test_dane import engine

# domain: (exit code, verdict and deciding code of each host, best first)
DOMAINS: Dict[str, Tuple[int, List[Tuple[str, str, str]]]] = {
    "good.signed.test": (
        0,
        [
            ("mail.signed.test", "trusted", "dane.match"),
            ("wild.signed.test", "trusted", "dane.match"),
        ],
    ),
    "mixed.signed.test": (
        1,
        [
            ("mail.signed.test", "trusted", "dane.match"),
            ("wrong.signed.test", "rejected", "dane.mismatch"),
        ],
    ),
    # DANE that is right, DANE that is wrong, and a signed host that has none: each by its own finding.
    "three.signed.test": (
        1,
        [
            ("mail.signed.test", "trusted", "dane.match"),
            ("wrong.signed.test", "rejected", "dane.mismatch"),
            ("none.signed.test", "rejected", "dane.not_checked"),
        ],
    ),
    # Signed records lead to a host that has none.
    "abroad.signed.test": (1, [("mail.plain.test", "rejected", "dane.insecure")]),
    # Whoever forges the MX of an unsigned domain may have a perfect host of his own.
    "plain.test": (1, [("mail.signed.test", "rejected", "dane.not_checked")]),
    # No MX: the domain is its own host, whom the user named.
    "mail.signed.test": (0, [("mail.signed.test", "trusted", "dane.match")]),
    "nomail.signed.test": (3, []),
    "taken.forged.test": (1, []),
    "mail.dead.test": (3, []),
}


def check(
    program: str, scene: Scene, domain: str, options: List[str], more: Sequence[str] = ()
) -> Tuple[int, List[str]]:
    """Exit code, and the report of each host as JSON."""
    port = scene.relay.port
    words = [program, "check", "--json", "--mx", "--connect", f"127.0.0.1:{port}", *more]
    for option in options:
        words += ["--set", option]
    done = subprocess.run(
        [*words, f"smtp://{domain}:{port}"],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    return done.returncode, done.stdout.splitlines()


@pytest.mark.parametrize("name", ["system", "unbound"])
@pytest.mark.parametrize("domain", DOMAINS)
def test_every_host_of_a_domain(program: str, scene: Scene, domain: str, name: str) -> None:
    code, hosts = DOMAINS[domain]
    exit_code, lines = check(program, scene, domain, engine(scene, name))
    found = []
    for report in map(json.loads, lines):
        dane = [one["code"] for one in report["findings"] if one["check"] == "dane"]
        found.append((report["host"], report["verdict"], dane[0]))
    assert found == hosts
    assert exit_code == code


def test_an_insecure_mx_is_unauthenticated_at_best(program: str, scene: Scene) -> None:
    """RFC 7672 section 2.2.1: encrypted, and nothing more, whatever its TLSA records."""
    options = [*engine(scene, "unbound"), "insecure_opportunistic=true"]
    exit_code, lines = check(program, scene, "plain.test", options)
    assert [json.loads(line)["verdict"] for line in lines] == ["unauthenticated"]
    assert exit_code == 4


@pytest.mark.parametrize("name", ["system", "unbound"])
def test_opportunism_is_for_hosts_without_records(program: str, scene: Scene, name: str) -> None:
    """A host without records may be used unauthenticated; one with wrong records never."""
    options = [*engine(scene, name), "insecure_opportunistic=true"]
    exit_code, lines = check(program, scene, "three.signed.test", options)
    verdicts = [json.loads(line)["verdict"] for line in lines]
    assert verdicts == ["trusted", "rejected", "unauthenticated"]
    assert exit_code == 1


SERVED: Dict[str, Tuple[int, List[str]]] = {
    "submission://serves.signed.test": (0, ["mail.signed.test"]),
    "submission://serves.plain.test": (1, ["mail.signed.test"]),
    "imap://serves.signed.test": (3, []),
    "submission://taken.forged.test": (1, []),
    "ftp://signed.test": (2, []),
    "smtp://signed.test": (2, []),
}


@pytest.mark.parametrize("target", SERVED)
def test_the_servers_that_srv_records_name(program: str, scene: Scene, target: str) -> None:
    code, hosts = SERVED[target]
    words = [program, "check", "--json", "--srv", "--connect", f"127.0.0.1:{scene.relay.port}"]
    for option in engine(scene, "unbound"):
        words += ["--set", option]
    done = subprocess.run(
        [*words, target], capture_output=True, text=True, check=False, timeout=120
    )
    reports = [json.loads(line) for line in done.stdout.splitlines()]
    assert [report["host"] for report in reports] == hosts, done.stderr
    assert done.returncode == code, done.stderr


def held(directory: Path, domain: str, hosts: List[str]) -> Path:
    """A policy that was fetched a minute ago; the domain's TXT record is gone since."""
    directory.mkdir(mode=0o700)
    lines = ["version: STSv1", "mode: enforce", *(f"mx: {host}" for host in hosts), "max_age: 86400"]
    policy = {
        "starttls-verify": "mta-sts policy",
        "v": 1,
        "domain": domain,
        "id": "1",
        "fetched": int(time.time()) - 60,
        "policy": "\n".join(lines) + "\n",
    }
    file = directory / f"{domain}.json"
    file.write_text(json.dumps(policy), encoding="utf-8")
    file.chmod(0o600)
    return file


@pytest.mark.parametrize(
    "hosts, code, verdict",
    [(["mail.signed.test"], 0, "trusted"), (["mail.plain.test"], 1, "rejected")],
)
def test_a_policy_holds_though_its_record_is_gone(
    program: str, scene: Scene, tmp_path: Path, hosts: List[str], code: int, verdict: str
) -> None:
    """RFC 8461 section 5.1. It also vouches for a host that an insecure MX named, if it names it."""
    held(tmp_path / "policies", "plain.test", hosts)
    words = ["--mta-sts-cache", str(tmp_path / "policies"), "--cafile", str(scene.relay.certificate)]
    exit_code, lines = check(program, scene, "plain.test", engine(scene, "unbound"), words)
    found = [json.loads(line) for line in lines]
    sts = [one["outcome"] for one in found[0]["findings"] if one["check"] == "mta_sts"]
    assert ([one["verdict"] for one in found], exit_code) == ([verdict], code), lines
    assert sts == ["pass" if code == 0 else "fail"]


def test_a_damaged_policy_is_no_missing_policy(
    program: str, scene: Scene, tmp_path: Path
) -> None:
    file = held(tmp_path / "policies", "plain.test", ["mail.signed.test"])
    file.write_text(file.read_text(encoding="utf-8")[:-9], encoding="utf-8")
    words = ["--mta-sts-cache", str(tmp_path / "policies")]
    exit_code, lines = check(program, scene, "plain.test", engine(scene, "unbound"), words)
    assert (exit_code, lines) == (2, [])


def rpt_of(program: str, scene: Scene, domain: str, file: Path) -> Tuple[int, str]:
    """Exit code, and what is said on standard error."""
    port = scene.relay.port
    words = [program, "check", "--quiet", "--mx", "--connect", f"127.0.0.1:{port}"]
    for option in engine(scene, "unbound"):
        words += ["--set", option]
    words += ["--tls-rpt", str(file), "--tls-rpt-organization", "Alice"]
    words += ["--tls-rpt-contact", "tls@alice.test", f"smtp://{domain}:{port}"]
    done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=120)
    return done.returncode, done.stderr


def test_what_a_domain_is_told(program: str, scene: Scene, tmp_path: Path) -> None:
    """One report for all hosts, under the policy of each; and where it goes."""
    file = tmp_path / "report.json.gz"
    code, words = rpt_of(program, scene, "mixed.signed.test", file)
    assert code == 1
    assert "reports at mailto:tls@signed.test https://signed.test/r" in words
    report = json.loads(gzip.decompress(file.read_bytes()))
    found = {}
    for entry in report["policies"]:
        policy, rows = entry["policy"], entry["failure-details"]
        assert policy["policy-type"] == "tlsa"
        found[policy["policy-domain"]] = [row["failure-reason-code"] for row in rows]
    assert found == {"mail.signed.test": [], "wrong.signed.test": ["dane.mismatch"]}
    assert [one.name for one in tmp_path.iterdir()] == [file.name]


def test_a_domain_that_wants_no_report(program: str, scene: Scene, tmp_path: Path) -> None:
    for domain, wanted in (
        ("good.signed.test", "is not known: the record: the field 'rua'"),
        ("plain.test", "wants no TLSRPT reports"),
    ):
        _, words = rpt_of(program, scene, domain, tmp_path / "report.json")
        assert wanted in words


def test_nobody_was_visited(program: str, scene: Scene, tmp_path: Path) -> None:
    code, _ = rpt_of(program, scene, "nomail.signed.test", tmp_path / "report.json")
    assert (code, list(tmp_path.iterdir())) == (3, [])
