"""What the DNS says decides: each kind of answer by its own code, whoever validates."""

from __future__ import annotations

import json
import subprocess
from typing import Any, Dict, List, Tuple

import pytest

from servers import Scene

# Bogus and failed refuse the peer as TLSA records do that do not match; what is insecure or absent
# leaves it to the CAs, of whom none has signed this relay's certificate.
TRUSTED, REJECTED = "trusted", "rejected"
CASES: Dict[str, Tuple[str, str, str, str]] = {
    # host: (verdict, code, outcome, words)
    "mail.signed.test": (TRUSTED, "dane.match", "pass", ""),
    "wild.signed.test": (TRUSTED, "dane.match", "pass", ""),
    "alias.signed.test": (TRUSTED, "dane.match", "pass", ""),
    # Into another zone: one that is signed and has the record, and one that is not.
    "over.signed.test": (TRUSTED, "dane.match", "pass", ""),
    "elsewhere.signed.test": (TRUSTED, "dane.match", "pass", ""),
    "into-forged.signed.test": (REJECTED, "dane.bogus", "fail", "TLSA: bogus"),
    "wrong.signed.test": (REJECTED, "dane.mismatch", "fail", ""),
    "short.signed.test": (REJECTED, "dane.unusable", "note", ""),
    "none.signed.test": (REJECTED, "dane.not_checked", "skip", "no such"),
    "nobody.signed.test": (REJECTED, "dane.not_checked", "skip", "no such name, proven"),
    "bare.signed.test": (REJECTED, "dane.not_checked", "skip", "no such name, proven"),
    "mail.plain.test": (REJECTED, "dane.insecure", "note", "not validated"),
    "mail.forged.test": (REJECTED, "dane.bogus", "fail", "TLSA: bogus"),
    "mail.moved.test": (REJECTED, "dane.bogus", "fail", " A: bogus"),
    "mail.expired.test": (REJECTED, "dane.bogus", "fail", "expired"),
    "mail.stripped.test": (REJECTED, "dane.bogus", "fail", ""),
    "mail.silent.test": (REJECTED, "dane.lookup_failed", "fail", "in time"),
    "mail.dead.test": (REJECTED, "dane.lookup_failed", "fail", "SERVFAIL"),
}


def engine(scene: Scene, name: str) -> List[str]:
    """The options of an engine that can tell what is proven."""
    validates = {
        "system": ["dns=system", "dns_trust_ad=loopback"],
        "unbound": ["dns=unbound", f"dnssec_anchor_file={scene.anchor}"],
    }
    return [*validates[name], f"dns_server=127.0.0.1:{scene.resolver}"]


def check(program: str, scene: Scene, host: str, options: List[str]) -> Dict[str, Any]:
    """The report of one check."""
    words = [program, "check", "--json", "--connect", f"127.0.0.1:{scene.relay.port}"]
    for option in options:
        words += ["--set", option]
    done = subprocess.run(
        [*words, f"smtp://{host}:{scene.relay.port}"],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.stdout, done.stderr
    report: Dict[str, Any] = json.loads(done.stdout)
    assert (done.returncode == 0) == (report["verdict"] == TRUSTED)
    return report


def dane(report: Dict[str, Any]) -> Dict[str, Any]:
    """The finding about TLSA records."""
    found = [one for one in report["findings"] if one["check"] == "dane"]
    assert len(found) == 1, found
    return dict(found[0])


@pytest.mark.parametrize("name", ["system", "unbound"])
@pytest.mark.parametrize("host", CASES)
def test_each_answer_has_its_own_code(program: str, scene: Scene, host: str, name: str) -> None:
    verdict, code, outcome, words = CASES[host]
    patience = "dns_timeout_ms=2000" if host == "mail.silent.test" else "dns_timeout_ms=15000"
    report = check(program, scene, host, [*engine(scene, name), patience])
    finding = dane(report)
    assert (finding["code"], finding["outcome"]) == (code, outcome), finding
    assert words in finding["detail"], finding
    assert report["verdict"] == verdict, report


def test_nothing_is_looked_up_unasked(program: str, scene: Scene) -> None:
    report = check(program, scene, "mail.signed.test", [f"dns_server=127.0.0.1:{scene.resolver}"])
    assert dane(report)["code"] == "dane.not_checked"
    assert report["verdict"] == REJECTED


@pytest.mark.parametrize("trust", ["", "dns_trust_ad=resolv.conf"])
def test_the_word_of_any_resolver_is_no_proof(program: str, scene: Scene, trust: str) -> None:
    options = ["dns=system", f"dns_server=127.0.0.1:{scene.resolver}", *filter(None, [trust])]
    report = check(program, scene, "mail.signed.test", options)
    assert dane(report)["code"] == "dane.insecure"
    assert report["verdict"] == REJECTED


def test_a_resolver_that_does_not_validate_here_is_validated_here(
    program: str, scene: Scene
) -> None:
    """libunbound with the anchor of somebody else finds nothing secure, and says so."""
    options = [option for option in engine(scene, "unbound") if "anchor" not in option]
    foreign = "dnssec_anchor_file=/usr/share/dns/root.key"
    report = check(program, scene, "mail.signed.test", [*options, foreign])
    assert dane(report)["code"] in ("dane.bogus", "dane.lookup_failed"), report


def test_over_ipv6(program: str, scene: Scene) -> None:
    for options in (
        ["dns=system", "dns_trust_ad=loopback"],
        ["dns=unbound", f"dnssec_anchor_file={scene.anchor}"],
    ):
        report = check(
            program, scene, "mail.signed.test", [*options, f"dns_server=[::1]:{scene.resolver}"]
        )
        assert dane(report)["code"] == "dane.match", report
        assert report["verdict"] == TRUSTED
