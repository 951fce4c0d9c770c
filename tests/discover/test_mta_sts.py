"""MTA-STS end to end: TXT record and policy host by our own look-ups, the policy over HTTPS."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any, Dict, List, Sequence, Tuple

import pytest

from policy_host import page, policy_host
from servers import Scene
from test_dane import engine
from test_mx import check, held

DOMAIN, HOST = "sts.test", "mail.signed.test"


def policy(mode: str = "enforce", host: str = HOST, more: str = "") -> bytes:
    return f"version: STSv1\r\nmode: {mode}\r\nmx: {host}\r\nmax_age: 86400\r\n{more}".encode()


# answer, options of the host, (verdict, code and outcome of the finding). The MX record is insecure:
# without a policy in force that names it, the host speaks for nobody (RFC 7672 section 2.2.1).
UNKNOWN = ("rejected", "mta_sts.unknown", "note")
INVALID = ("rejected", "mta_sts.invalid", "note")
NOT_TRUSTED = ("rejected", "mta_sts.host_not_trusted", "note")
CASES: Dict[str, Tuple[bytes, Dict[str, Any], Tuple[str, str, str]]] = {
    "good": (page(policy()), {}, ("trusted", "mta_sts.match", "pass")),
    "MX not in the policy": (
        page(policy(host="mail.plain.test")),
        {},
        ("rejected", "mta_sts.mismatch", "fail"),
    ),
    "testing": (page(policy("testing")), {}, ("rejected", "mta_sts.testing", "note")),
    "the first of two modes counts": (
        page(policy(more="mode: none\r\n")),
        {},
        ("trusted", "mta_sts.match", "pass"),
    ),
    "expired certificate": (page(policy()), {"days": -1}, NOT_TRUSTED),
    "wrong name": (page(policy()), {"name": "sts.test"}, NOT_TRUSTED),
    "redirect": (page(b"", "301 Moved\r\nLocation: https://mta-sts.sts.test/x"), {}, UNKNOWN),
    "wrong content type": (page(policy(), kind="text/html"), {}, UNKNOWN),
    "10 MB": (page(b"x" * (10 << 20)), {}, UNKNOWN),
    "NUL": (page(policy(more="x: a\0b\r\n")), {}, INVALID),
    "bare CR": (page(policy().replace(b"\r\n", b"\r")), {}, INVALID),
}


def sts(
    program: str, scene: Scene, words: Sequence[str], name: str = "system"
) -> Tuple[str, str, str]:
    """Verdict, and the finding about the policy."""
    words = ["--cafile", str(scene.relay.certificate), "--set", "mta_sts_timeout_ms=3000", *words]
    _, lines = check(program, scene, DOMAIN, engine(scene, name), words)
    assert len(lines) == 1, lines
    report = json.loads(lines[0])
    found: List[Dict[str, Any]] = [
        one for one in report["findings"] if one["check"] == "mta_sts"
    ]
    return report["verdict"], found[0]["code"], found[0]["outcome"]


@pytest.mark.parametrize("name", ["system", "unbound"])
@pytest.mark.parametrize("case", CASES)
def test_what_the_policy_host_says(
    program: str,
    scene: Scene,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    case: str,
    name: str,
) -> None:
    answer, how, wanted = CASES[case]
    with policy_host(tmp_path, answer, **how) as host:
        monkeypatch.setenv("SSL_CERT_FILE", str(host.ca))
        assert sts(program, scene, [], name) == wanted
    certificate_is_bad = bool(how)
    assert len(host.requests) == (0 if certificate_is_bad else 1)


def test_a_silent_host_ends_within_the_deadline(
    program: str, scene: Scene, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with policy_host(tmp_path, b"") as host:
        monkeypatch.setenv("SSL_CERT_FILE", str(host.ca))
        begun = time.monotonic()
        assert sts(program, scene, []) == UNKNOWN
        assert time.monotonic() - begun < 8


def test_what_is_held_gives_way_only_to_what_was_fetched(
    program: str, scene: Scene, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A policy with another id takes its place, also one that gives MTA-STS up; a failure does not."""
    cache = tmp_path / "policies"
    # It has the id of the TXT record, and names another host.
    file = held(cache, DOMAIN, ["mail.plain.test"])
    same = file.read_text(encoding="utf-8")
    words = ["--mta-sts-cache", str(cache)]
    with policy_host(tmp_path, page(b"", "500 Oops")) as host:
        monkeypatch.setenv("SSL_CERT_FILE", str(host.ca))
        assert sts(program, scene, words)[1] == "mta_sts.mismatch"
        assert not host.requests, "the same id: nothing is fetched"
        file.write_text(same.replace('"id": "1"', '"id": "0"'), encoding="utf-8")
        assert sts(program, scene, words)[1] == "mta_sts.mismatch"
        assert len(host.requests) == 1, "another id: fetched, and the failure changed nothing"
        host.answer = page(policy("none"))
        assert sts(program, scene, words) == ("rejected", "mta_sts.not_checked", "skip")
        assert len(host.requests) == 2
        assert sts(program, scene, words) == ("rejected", "mta_sts.not_checked", "skip")
        assert len(host.requests) == 2, "it is held"
