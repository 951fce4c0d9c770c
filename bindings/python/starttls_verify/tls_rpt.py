"""TLSRPT (RFC 8460): what a domain is told about the TLS of those who send it mail."""

from __future__ import annotations

import ctypes
import threading
from contextlib import contextmanager
from typing import Iterator, Optional, Tuple

from ._abi import Status
from .errors import failure
from .handle import Handle, make
from .library import lib, words
from .options import INT64
from .session import Session
from .text import octets


class TlsRpt:
    """The summing report of one mail domain.

    ::

        rpt = TlsRpt("example.com", "2026-11-27-1", organization="Example Relay",
                     contact="tls@relay.example", begin=1795737600, end=1795823999)
        with Session(verifier, peer) as session:
            try:
                session.connect()
            finally:
                rpt.add(session)                            # sessions that failed above all
        Path(rpt.file_name()).write_bytes(rpt.gzip())

    To send it is the caller's business. Any thread may use it.
    """

    def __init__(  # noqa: PLR0913
        self,
        domain: str,
        report_id: str,
        *,
        organization: str,
        contact: str,
        begin: int,
        end: int,
        sending_ip: Optional[str] = None,
    ) -> None:
        """Begins a report.

        `report_id` is one that no other report of yours has, `contact` an e-mail address, `begin` and
        `end` are seconds since 1970. `sending_ip` is the address that the world sees us under, where
        that of the connections is not it.
        """
        self._handle = make("tls_rpt")
        self._lock = threading.Lock()
        name, key = octets(domain, "domain"), octets(report_id, "report_id")
        with self._use() as rpt:
            self._check(lib.stv_tls_rpt_begin(rpt.pointer, name, len(name), key, len(key)))
            first, last = moment("begin", begin), moment("end", end)
            self._check(lib.stv_tls_rpt_set_range(rpt.pointer, first, last))
        self._set("organization", organization)
        self._set("contact", contact)
        if sending_ip is not None:
            self._set("sending_ip", sending_ip)

    def add(self, session: Session) -> None:
        """Counts a session, whatever became of it; `Report.tls_rpt_result` says as what.

        `ArgumentError` when it is of another protocol than SMTP between relays, or for another domain.
        """
        report = session.raw_report()
        with self._use() as rpt:
            self._check(lib.stv_tls_rpt_add(rpt.pointer, report.pointer))

    @property
    def successes(self) -> int:
        """How many sessions were counted as successes."""
        with self._use() as rpt:
            count: int = lib.stv_tls_rpt_successes(rpt.pointer)
        return count

    @property
    def failures(self) -> int:
        """How many sessions were counted as failures."""
        with self._use() as rpt:
            count: int = lib.stv_tls_rpt_failures(rpt.pointer)
        return count

    def json_text(self) -> str:
        """The report as JSON (application/tlsrpt+json)."""
        with self._written() as rpt:
            return words(lib.stv_tls_rpt_json(rpt.pointer))

    def gzip(self) -> bytes:
        """The report compressed (application/tlsrpt+gzip)."""
        with self._written() as rpt:
            length = lib.stv_tls_rpt_gzip_len(rpt.pointer)
            return ctypes.string_at(lib.stv_tls_rpt_gzip(rpt.pointer), length)

    def file_name(self) -> str:
        """The name under which the compressed report is sent."""
        with self._written() as rpt:
            return words(lib.stv_tls_rpt_file_name(rpt.pointer))

    def destinations(self, record: str) -> Tuple[str, ...]:
        """Where the domain wants its reports: the URIs of the TXT record at `_smtp._tls.DOMAIN`.

        `ArgumentError` when it is no such record; the domain wants none then.
        """
        self._set("record", record)
        with self._use() as rpt:
            count = lib.stv_tls_rpt_destination_count(rpt.pointer)
            uris = (lib.stv_tls_rpt_destination(rpt.pointer, index) for index in range(count))
            return tuple(words(uri) for uri in uris)

    def _set(self, what: str, text: str) -> None:
        data = octets(text, what)
        with self._use() as rpt:
            self._check(getattr(lib, f"stv_tls_rpt_set_{what}")(rpt.pointer, data, len(data)))

    @contextmanager
    def _written(self) -> Iterator[Handle]:
        with self._use() as rpt:
            self._check(lib.stv_tls_rpt_write(rpt.pointer))
            yield rpt

    @contextmanager
    def _use(self) -> Iterator[Handle]:
        """The handle, for one thread."""
        with self._lock:
            yield self._handle

    def _check(self, status: int) -> None:
        if status != 0:
            raise failure(status, words(lib.stv_tls_rpt_error(self._handle.pointer)))


def moment(name: str, value: int) -> int:
    """A number that fits; ctypes would cut it without a word."""
    if value not in INT64:
        raise failure(Status.E_ARGUMENT, f"{name}: {value} is no time in seconds since 1970")
    return value
