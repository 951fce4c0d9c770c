"""Evidence from the DNS: each kind by its own code, a note unless it is demanded, and never trust."""

from __future__ import annotations

import contextlib
import json
import socket
import subprocess
from typing import Any, Dict, List, Sequence, Tuple

import pytest

from servers import Scene

HOST = "mail.signed.test"
PINNED = ["dane=off", "mta_sts=off"]


def check(
    program: str, scene: Scene, address: str, options: Sequence[str], more: Sequence[str] = ()
) -> Tuple[int, Dict[str, Any]]:
    """Exit code and report of a check whose chain is good."""
    port = scene.relay.port
    words = [program, "check", "--json", "--connect", f"{address}:{port}", *more]
    words += ["--cafile", str(scene.relay.certificate)]
    for option in [*PINNED, *options]:
        words += ["--set", option]
    done = subprocess.run(
        [*words, f"smtp://{HOST}:{port}"],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.stdout, done.stderr
    return done.returncode, json.loads(done.stdout)


def evidence(report: Dict[str, Any]) -> Dict[str, str]:
    """Code of each finding without its check, and its outcome."""
    found = [one for one in report["findings"] if one["check"] == "evidence"]
    return {one["code"].partition(".")[2]: one["outcome"] for one in found}


def asking(scene: Scene, *more: str) -> List[str]:
    """The options of a look-up."""
    return ["dns=system", f"dns_server=127.0.0.1:{scene.resolver}", "dns_evidence=report", *more]


CASES = [
    ("127.0.0.1", "good.signed.test", "reverse_confirmed", "pass"),
    ("127.0.0.3", "good.signed.test", "reverse_unconfirmed", "note"),
    ("127.0.0.4", "good.signed.test", "reverse_none", "note"),
    ("127.0.0.1", "good.signed.test", "mx_member", "pass"),
    ("127.0.0.3", "good.signed.test", "mx_stranger", "note"),
    ("127.0.0.1", "nomail.signed.test", "mx_stranger", "note"),
    ("127.0.0.1", "mail.dead.test", "not_checked", "skip"),
    ("127.0.0.1", "good.signed.test", "banner_match", "pass"),
]


@pytest.mark.parametrize("address, domain, code, outcome", CASES)
def test_each_kind_has_its_own_code(
    program: str, scene: Scene, address: str, domain: str, code: str, outcome: str
) -> None:
    exit_code, report = check(program, scene, address, asking(scene), ["--name", f"dns:{domain}"])
    assert evidence(report).get(code) == outcome, report["findings"]
    assert (exit_code, report["verdict"]) == (0, "trusted"), "reported, it weighs nothing"


def test_resolvers_are_compared(program: str, scene: Scene) -> None:
    same = asking(scene, f"dns_compare=127.0.0.1:{scene.resolver}")
    _, report = check(program, scene, "127.0.0.1", same)
    assert evidence(report).get("resolvers_agree") == "pass", report["findings"]
    lied = asking(scene, f"dns_compare=127.0.0.1:{scene.liar}")
    exit_code, report = check(program, scene, "127.0.0.1", lied)
    found = [one for one in report["findings"] if one["code"] == "evidence.resolvers_differ"]
    assert [one["outcome"] for one in found] == ["note"], report["findings"]
    assert "127.0.0.66" in found[0]["detail"] and f":{scene.liar}" in found[0]["detail"]
    assert exit_code == 0


@pytest.mark.parametrize("address, exit_code", [("127.0.0.1", 0), ("127.0.0.3", 1)])
def test_what_is_demanded_refuses(
    program: str, scene: Scene, address: str, exit_code: int
) -> None:
    options = asking(scene, "dns_evidence_required=reverse")
    options[options.index("dns_evidence=report")] = "dns_evidence=require"
    code, report = check(program, scene, address, options)
    assert code == exit_code, report["summary"]
    if exit_code:
        assert report["code"] == "evidence.reverse_unconfirmed"


@pytest.mark.parametrize("mode, asked", [("off", False), ("report", True)])
def test_nothing_is_looked_up_when_off(
    program: str, scene: Scene, mode: str, asked: bool
) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 0))
        silent.setblocking(False)
        server = f"dns_server=127.0.0.1:{silent.getsockname()[1]}"
        options = ["dns=system", server, "dns_timeout_ms=500", f"dns_evidence={mode}"]
        _, report = check(program, scene, "127.0.0.1", options)
        questions = 0
        with contextlib.suppress(BlockingIOError):
            while silent.recv(512):
                questions += 1
    assert (questions > 0) == asked
    assert report["verdict"] == "trusted"
    assert evidence(report)["not_checked"] == "skip"


def test_a_domain_of_check_mx(program: str, scene: Scene) -> None:
    port = scene.relay.port
    words = [program, "check", "--json", "--mx", "--connect", f"127.0.0.1:{port}"]
    for option in [*asking(scene), "dns_trust_ad=loopback", "mta_sts=off"]:
        words += ["--set", option]
    done = subprocess.run(
        [*words, f"smtp://good.signed.test:{port}"],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    reports = [json.loads(line) for line in done.stdout.splitlines()]
    assert [evidence(report).get("mx_member") for report in reports] == ["pass", "pass"]
    # The relay greets as the first of the two.
    assert "banner_match" in evidence(reports[0])
