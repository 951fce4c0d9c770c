"""Every scenario of the lab against every client that takes our context.

All of them are asked at once, in threads: most of what is waited for here is a server's silence.
"""

from __future__ import annotations

import ssl
import time
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Dict, Iterator, Optional, Tuple

import pytest

from starttls_verify import RejectedError, Report, StarttlsVerifyError

from lab import Lab, Scenario, scenario_ids
from upgrading import PASSWORD, UPGRADES

CROWD = 16
# Two deadlines may follow each other, and the machine may be busy.
MARGIN = 5.0
# What may be said in clear.
CLEAR = {"EHLO", "STARTTLS", "QUIT"}
# What is judged about a peer, and what the context itself sees on the way there.
JUDGED = ("chain.", "name.", "revocation.")
SEEN = (*JUDGED, "tls.", "starttls.plaintext_injection", "starttls.pipelined_reply")
# smtplib waits for each octet of a greeting, and for none in all.
ENDLESS = {("smtplib", "slow-greeting")}


@dataclass(frozen=True)
class Attempt:
    """What came of it."""

    report: Optional[Report]
    error: Optional[Exception]
    seconds: float


Attempts = Dict[Tuple[str, str], "Future[Attempt]"]


def attempt(lab: Lab, client: str, scenario: Scenario) -> Attempt:
    verifier = lab.verifier(scenario.deadline_ms)
    begun = time.monotonic()
    try:
        report, error = UPGRADES[client][1](scenario, verifier), None
    except Exception as caught:
        report, error = None, caught
    return Attempt(report, error, time.monotonic() - begun)


@pytest.fixture(scope="module")
def attempts(lab: Lab) -> Iterator[Attempts]:
    with ThreadPoolExecutor(CROWD) as pool:
        # Those who wait longest go first.
        rows = sorted(lab.scenarios.values(), key=lambda row: row.expect != "unchecked")
        yield {
            (client, row.id): pool.submit(attempt, lab, client, row)
            for row in rows
            for client in UPGRADES
        }


@pytest.mark.parametrize("client", UPGRADES)
def test_every_scenario(attempts: Attempts, client: str, scenario: Scenario) -> None:
    made = attempts[client, scenario.id].result()
    if scenario.expect == "trusted":
        assert made.error is None
        assert made.report is not None
        assert made.report.trusted
    else:
        assert made.report is None
        assert made.error is not None
        check_reason(made.error, client, scenario)
    if (client, scenario.id) not in ENDLESS:
        assert made.seconds < scenario.deadline_ms / 1000 + MARGIN


def check_reason(error: Exception, client: str, scenario: Scenario) -> None:
    """The program is told why, by the library or, before TLS, by its own client."""
    code = scenario.code or ""
    if code.startswith(SEEN) or client == "open_connection":
        assert isinstance(error, StarttlsVerifyError)
        assert error.code == code
        assert str(error)
    if code.startswith(JUDGED):
        assert isinstance(error, RejectedError)
        assert isinstance(error, ssl.SSLCertVerificationError)
        assert error.report is not None
        assert code in str(error)


@pytest.mark.parametrize("name", scenario_ids())
def test_nothing_but_the_opening_was_said_in_clear(
    attempts: Attempts, lab: Lab, name: str
) -> None:
    for client in UPGRADES:
        attempts[client, name].result()
    for line in lab.cleartext(name).splitlines():
        assert line.split(" ")[0].upper() in CLEAR
        assert PASSWORD not in line
