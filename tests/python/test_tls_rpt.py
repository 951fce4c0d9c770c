"""TLSRPT: what sessions count as, and the report that sums them."""

from __future__ import annotations

import gzip
import json
from typing import Any, Dict

import pytest

from starttls_verify import ArgumentError, Peer, Session, StarttlsVerifyError, TlsRpt

from lab import Lab

DAY: Dict[str, Any] = {
    "organization": 'Alice "&" Co. \u00fc',
    "contact": "tls@alice.test",
    "begin": 0,
    "end": 86399,
}


def begun(**other: Any) -> TlsRpt:
    return TlsRpt("bob.test", "2026-11-27-1", **{**DAY, **other})


def add(lab: Lab, rpt: TlsRpt, scenario: str) -> str:
    """Counts a session with a server of the lab; gives what it counted as."""
    with Session(lab.verifier(), lab[scenario].peer) as session:
        try:
            session.connect()
        except StarttlsVerifyError:
            pass
        except OSError:
            pass
        rpt.add(session)
        return session.report.tls_rpt_result


def test_sessions_are_summed(lab: Lab) -> None:
    rpt = begun(sending_ip="192.0.2.1")
    assert add(lab, rpt, "honest") == "success"
    assert add(lab, rpt, "eve") == "certificate-host-mismatch"
    assert add(lab, rpt, "stripped") == "starttls-not-supported"
    assert (rpt.successes, rpt.failures) == (1, 2)
    report = json.loads(rpt.json_text())
    assert report["organization-name"] == DAY["organization"]
    (policy,) = report["policies"]
    assert policy["policy"]["policy-type"] == "no-policy-found"
    rows = {row["result-type"]: row for row in policy["failure-details"]}
    row = rows["certificate-host-mismatch"]
    assert (row["sending-mta-ip"], row["receiving-ip"]) == ("192.0.2.1", "127.0.0.1")
    assert row["failure-reason-code"] == "name.mismatch"
    assert gzip.decompress(rpt.gzip()).decode() == rpt.json_text()
    assert rpt.file_name() == "alice.test!bob.test!0!86399!202611271.json.gz"


def test_no_domain_is_told_of_anothers(lab: Lab) -> None:
    rpt = begun()
    session = Session(lab.verifier(), Peer("mail.bob.test", protocol="imap"))
    with session, pytest.raises(ArgumentError, match="imap"):
        rpt.add(session)
    assert (rpt.successes, rpt.failures) == (0, 0)
    assert json.loads(rpt.json_text())["policies"] == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"organization": ""},
        {"organization": "a\0b"},
        {"organization": "a\nb"},
        {"organization": "a" * 2**20},
        {"contact": "alice.test"},
        {"contact": "a\0@alice.test"},
        {"begin": -1},
        {"begin": 9, "end": 8},
        {"end": 2**64 + 1},
        {"sending_ip": "localhost"},
    ],
)
def test_what_cannot_stand_in_a_report(wrong: Dict[str, Any]) -> None:
    with pytest.raises(ArgumentError):
        begun(**wrong)


def test_domains_that_are_none() -> None:
    for domain in ("", "a b", "bob.test\0.eve.test", "192.0.2.1"):
        with pytest.raises(ArgumentError):
            TlsRpt(domain, "1", **DAY)


def test_destinations() -> None:
    rpt = begun()
    record = "v=TLSRPTv1; rua=mailto:a@bob.test,https://bob.test/r"
    assert rpt.destinations(record) == ("mailto:a@bob.test", "https://bob.test/r")
    for bad in ("", "v=TLSRPTv1", "v=spf1 -all", record + "\0"):
        with pytest.raises(ArgumentError):
            rpt.destinations(bad)
