"""Every scenario of the lab against every client of its protocol that takes our context.

All are asked at once, in processes: what is waited for is a server's silence, or a client that reads
what has no end.
"""

from __future__ import annotations

import contextlib
import time
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass
from typing import Dict, Iterator, Tuple

import pytest

from starttls_verify import StarttlsVerifyError

from lab import Lab, Scenario, scenario_ids, trusting
from upgrading import PASSWORD, UPGRADES

CROWD = 12
# Two deadlines may follow each other, and the machine may be busy.
MARGIN = 5.0
# The commands that may leave a client in clear.
CLEAR = {
    "smtp": {"EHLO", "STARTTLS", "QUIT"},
    "imap": {"CAPABILITY", "STARTTLS", "LOGOUT"},
    "pop3": {"CAPA", "STLS", "QUIT"},
    "ftp": {"AUTH", "QUIT"},
}
# What is judged about a peer, and what the context itself sees on the way there.
JUDGED = ("chain.", "name.", "revocation.")
SEEN = (*JUDGED, "tls.", "starttls.plaintext_injection", "starttls.pipelined_reply")
PAIRS = [
    (client, name)
    for client, (protocol, _) in UPGRADES.items()
    for name in scenario_ids(protocol)
]
# Before there is a context these wait for each octet and for none in all, and read without a limit.
ENDLESS = {
    *((client, "slow-greeting") for client in ("smtplib", "imaplib", "poplib", "ftplib")),
    *((client, "endless-reply") for client in ("imaplib", "ftplib")),
}


@dataclass(frozen=True)
class Attempt:
    """What came of it; an exception as its classes, code and words."""

    trusted: bool
    kinds: Tuple[str, ...]
    code: str
    words: str
    seconds: float


Attempts = Dict[Tuple[str, str], "Future[Attempt]"]


def attempt(client: str, scenario: Scenario, cafile: str) -> Attempt:
    verifier = trusting(cafile, scenario.deadline_ms)
    begun = time.monotonic()
    try:
        report = UPGRADES[client][1](scenario, verifier)
    except Exception as error:
        kinds = tuple(kind.__name__ for kind in type(error).__mro__)
        code = error.code if isinstance(error, StarttlsVerifyError) else ""
        return Attempt(False, kinds, code, str(error), time.monotonic() - begun)
    return Attempt(report.trusted, (), report.code, "", time.monotonic() - begun)


@pytest.fixture(scope="module")
def labs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dict[str, Lab]]:
    with contextlib.ExitStack() as running:
        yield {
            protocol: running.enter_context(Lab(tmp_path_factory.mktemp(protocol), protocol))
            for protocol in CLEAR
        }


@pytest.fixture(scope="module")
def attempts(labs: Dict[str, Lab]) -> Iterator[Attempts]:
    with ProcessPoolExecutor(CROWD) as pool:
        # Those who wait longest go first.
        yield {
            (client, name): pool.submit(attempt, client, lab[name], lab.cafile)
            for client, name in sorted(PAIRS, key=lambda pair: pair not in ENDLESS)
            for lab in [labs[UPGRADES[client][0]]]
        }


@pytest.mark.parametrize(("client", "name"), PAIRS)
def test_every_scenario(attempts: Attempts, labs: Dict[str, Lab], client: str, name: str) -> None:
    scenario, made = labs[UPGRADES[client][0]][name], attempts[client, name].result()
    assert made.trusted == (scenario.expect == "trusted"), made
    if not made.trusted:
        check_reason(made, client, scenario)
    if (client, name) not in ENDLESS:
        assert made.seconds < scenario.deadline_ms / 1000 + MARGIN


def check_reason(made: Attempt, client: str, scenario: Scenario) -> None:
    """The program is told why, by the library or, before TLS, by its own client."""
    code = scenario.code or ""
    if code.startswith(SEEN) or client == "open_connection":
        assert made.code == code, made
        assert "StarttlsVerifyError" in made.kinds
        assert "OSError" in made.kinds
        assert made.words
    if code.startswith(JUDGED):
        assert made.kinds[0] == "RejectedError"
        assert "SSLCertVerificationError" in made.kinds
        assert f"[{code}]" in made.words


@pytest.mark.parametrize(
    ("protocol", "name"),
    [(protocol, name) for protocol in CLEAR for name in scenario_ids(protocol)],
)
def test_what_the_server_was_told(
    attempts: Attempts, labs: Dict[str, Lab], protocol: str, name: str
) -> None:
    """In clear nothing but the opening; a password when the peer is trusted, and inside TLS."""
    lab = labs[protocol]
    for client, asked in PAIRS:
        if asked == name and UPGRADES[client][0] == protocol:
            attempts[client, name].result()
    for line in lab.cleartext(name).splitlines():
        # IMAP's tag comes first.
        word = line.split(" ")[1 if protocol == "imap" else 0]
        assert word.upper() in CLEAR[protocol]
        assert PASSWORD not in line
    assert bool(lab.passwords(name)) == (lab[name].expect == "trusted")
