"""The report: every check, its outcome, and the verdict, as a value.

Everything is copied out of the library at once. So a report can be kept, compared, pickled and read
by any thread, and outlives the session that it came from.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Dict, Optional, Tuple, Type, TypeVar

from ._abi import Outcome, Status, Verdict
from .handle import Handle
from .library import lib, words

Number = TypeVar("Number", Verdict, Outcome)


@dataclass(frozen=True)
class Finding:
    """One check and how it came out."""

    check: str
    """What was checked: "starttls", "tls", "io", "chain", "name", "pin", ..."""
    outcome: Outcome
    code: str
    """Stable, such as "chain.expired"; docs/errors.md explains them all."""
    depth: Optional[int]
    """The certificate that it is about, 0 being the leaf; None where it is about none."""
    wanted: str
    found: str
    detail: str
    hint: str
    """What to do about it; "" where there is nothing to do."""
    source: str
    """Where the fact came from; "peer-unauthenticated" for what the peer said in clear."""


@dataclass(frozen=True)
class Report:
    """The verdict and all that led to it."""

    verdict: Verdict
    status: int
    """The `Status` of the call that it belongs to."""
    code: str
    """The code of the first finding that failed, such as "name.mismatch"; "" when none did."""
    summary: str
    """The whole answer in one line."""
    text: str
    """For people: the summary, a line per finding with what to do, the certificates."""
    json_text: str
    """For programs: one line of JSON."""
    findings: Tuple[Finding, ...]
    """What to fix first stands in front."""
    tls_rpt_result: str
    """What TLSRPT counts the session as (RFC 8460): "success", the result type of its failure such as
    "certificate-expired", or "" where it is not counted. Not a verdict."""

    @property
    def trusted(self) -> bool:
        """Whether the peer is who was meant. Nothing else in a report says so."""
        return self.verdict == Verdict.TRUSTED

    @property
    def json(self) -> Dict[str, Any]:
        """The report for programs, parsed; a new dict each time."""
        parsed: Dict[str, Any] = json.loads(self.json_text)
        return parsed

    def __str__(self) -> str:
        return self.summary


def read(handle: Handle) -> Report:
    """Copies a report out of the library."""
    report = handle.pointer
    return Report(
        verdict=known(Verdict, lib.stv_report_verdict(report), Verdict.UNKNOWN),
        status=status_of(lib.stv_report_status(report)),
        code=words(lib.stv_report_code(report)),
        summary=words(lib.stv_report_summary(report)),
        text=words(lib.stv_report_text(report)),
        json_text=words(lib.stv_report_json(report)),
        findings=tuple(finding(report, index) for index in range(lib.stv_report_count(report))),
        tls_rpt_result=words(lib.stv_report_tls_rpt_result(report)),
    )


def finding(report: int, index: int) -> Finding:
    """Copies one finding."""
    depth: int = lib.stv_report_finding_depth(report, index)
    return Finding(
        check=words(lib.stv_check_name(lib.stv_report_finding_check(report, index))),
        # "Could not check" is never "passed": so is an outcome that this package does not know.
        outcome=known(Outcome, lib.stv_report_finding_outcome(report, index), Outcome.SKIP),
        code=words(lib.stv_report_finding_code(report, index)),
        depth=depth if depth >= 0 else None,
        wanted=words(lib.stv_report_finding_wanted(report, index)),
        found=words(lib.stv_report_finding_found(report, index)),
        detail=words(lib.stv_report_finding_detail(report, index)),
        hint=words(lib.stv_report_finding_hint(report, index)),
        source=words(lib.stv_report_finding_source(report, index)),
    )


def known(enumeration: Type[Number], number: int, otherwise: Number) -> Number:
    """The member of a number; a newer library may have numbers that this package does not know."""
    try:
        return enumeration(number)
    except ValueError:
        return otherwise


def status_of(number: int) -> int:
    """The `Status` of a number, or the number where this package does not know it."""
    try:
        return Status(number)
    except ValueError:
        return number
