"""Every scenario of the lab through a session that connects by itself."""

from __future__ import annotations

import time

import pytest

from starttls_verify import Outcome, StarttlsVerifyError, Status, Verdict

from lab import Lab, Scenario, scenario_ids

VERDICTS = {"trusted": Verdict.TRUSTED, "rejected": Verdict.REJECTED, "unchecked": Verdict.UNKNOWN}


def test_the_list_is_whole(lab: Lab) -> None:
    assert scenario_ids() == list(lab.scenarios)
    assert len(lab.scenarios) >= 61


def test_verdict_and_code(lab: Lab, scenario: Scenario) -> None:
    begun = time.monotonic()
    with lab.session(scenario.id) as session:
        if scenario.expect == "trusted":
            assert session.connect() is Status.OK
            session.sendall(b"EHLO client.test\r\n")
            assert (session.read() or b"").startswith(b"250")
            report = session.report
        else:
            with pytest.raises(StarttlsVerifyError) as caught:
                session.connect()
            assert caught.value.report is not None
            report = caught.value.report
            assert caught.value.status == report.status == session.report.status
            assert caught.value.status_name == report.json["status"]
    assert report.verdict is VERDICTS[scenario.expect]
    assert report.trusted == (scenario.expect == "trusted")
    assert report.code == (scenario.code or "")
    # Connecting, negotiating and the handshake have a deadline each.
    assert time.monotonic() - begun < scenario.deadline_ms * 2 / 1000 + 1


def test_the_report_says_the_same_in_every_form(lab: Lab) -> None:
    with lab.session("eve") as session:
        with pytest.raises(StarttlsVerifyError) as caught:
            session.connect()
        report = session.report
    assert report.text.splitlines()[0] == report.summary == str(report) == str(caught.value)
    assert report.json["v"] == 1
    assert report.json["summary"] == report.summary
    first = report.findings[0]
    assert (first.check, first.outcome, first.depth) == ("name", Outcome.FAIL, 0)
    assert "mail.bob.test" in first.wanted
    assert "mail.eve.test" in first.found
    assert [finding.code for finding in report.findings] == [
        finding["code"] for finding in report.json["findings"]
    ]
