"""Exceptions: one for each kind of fault, all with the status and, where there is one, the report.

======================  =================  =================================================
class                   statuses           also is a
======================  =================  =================================================
`StateError`            102                RuntimeError
`InternalError`         103, 104           RuntimeError
`OptionError`           105-108            `ArgumentError`
`ConfigurationError`    109-112, 120-123   `ArgumentError`
`ArgumentError`         the other 100s     ValueError
`ProtocolError`         200-299            OSError, as what ssl and socket raise
`TimedOutError`         312                `TlsError`, TimeoutError
`TlsError`              the other 300s     OSError
`RejectedError`         400-499            ssl.SSLCertVerificationError, so an OSError as well
======================  =================  =================================================
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Dict, Optional, Tuple, Type

from ._abi import Status
from .library import lib, words

if TYPE_CHECKING:
    from .report import Report


class StarttlsVerifyError(Exception):
    """What the library refused, and why."""

    def __init__(self, status: int, message: str, report: Optional[Report] = None) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.report = report

    @property
    def status_name(self) -> str:
        """The status as the C header spells it, such as "STV_E_REJECTED"."""
        return words(lib.stv_status_name(self.status))

    @property
    def code(self) -> str:
        """The code of the first finding that failed, such as "name.mismatch".

        Where there is no report it is that of a fault that this package finds by itself, or "".
        """
        return self.report.code if self.report else CODES.get(self.status, "")

    def __str__(self) -> str:
        return self.message

    def __reduce__(self) -> Tuple[Any, ...]:
        return type(self), (self.status, self.message, self.report)


class ArgumentError(StarttlsVerifyError, ValueError):
    """A name, pin, certificate, number or text that the library cannot take."""


class OptionError(ArgumentError):
    """An option that is unknown, of another type, out of range, or dangerous under this name."""


class ConfigurationError(ArgumentError):
    """A file that is missing, unreadable, empty, malformed, unsafe, or cannot be written."""


class StateError(StarttlsVerifyError, RuntimeError):
    """The object is not in a state that allows this call."""


class InternalError(StarttlsVerifyError, RuntimeError):
    """The library caught a fault of its own, or memory ran out."""


class ProtocolError(StarttlsVerifyError, OSError):
    """The conversation in clear went wrong: stripped, injected, refused, or no mail server."""


class TlsError(StarttlsVerifyError, OSError):
    """The connection or its TLS broke. Who the peer is was not found out, or no longer matters."""


class TimedOutError(TlsError, TimeoutError):
    """A deadline of the options passed."""


def failure(status: int, message: str, report: Optional[Report] = None) -> StarttlsVerifyError:
    """The exception for a status; without words of a handle, those of the status."""
    message = message or words(lib.stv_status_text(status))
    return kind_of(status)(status, message, report)


def kind_of(status: int) -> Type[StarttlsVerifyError]:
    """The class for a status; a number that this package does not know goes by its hundred."""
    if 400 <= status < 500:
        # Here and not above: it needs ssl, whose import takes longer than all the rest.
        from .rejection import RejectedError  # noqa: PLC0415

        return RejectedError
    if status in SINGLE:
        return SINGLE[status]
    return HUNDREDS.get(status // 100, StarttlsVerifyError)


SINGLE: Dict[int, Type[StarttlsVerifyError]] = {
    Status.E_STATE: StateError,
    Status.E_PANIC: InternalError,
    Status.E_MEMORY: InternalError,
    Status.E_OPTION_UNKNOWN: OptionError,
    Status.E_OPTION_TYPE: OptionError,
    Status.E_OPTION_VALUE: OptionError,
    Status.E_INSECURE: OptionError,
    Status.E_FILE_MISSING: ConfigurationError,
    Status.E_FILE_UNREADABLE: ConfigurationError,
    Status.E_FILE_EMPTY: ConfigurationError,
    Status.E_CONFIG: ConfigurationError,
    Status.E_FILE_DAMAGED: ConfigurationError,
    Status.E_FILE_UNSAFE: ConfigurationError,
    Status.E_FILE_UNWRITABLE: ConfigurationError,
    Status.E_FILE_BUSY: ConfigurationError,
    Status.E_TIMEOUT: TimedOutError,
}
HUNDREDS: Dict[int, Type[StarttlsVerifyError]] = {1: ArgumentError, 2: ProtocolError, 3: TlsError}

# For what happens before there is a session: the codes of docs/errors.md.
CODES: Dict[int, str] = {
    Status.E_NOT_OFFERED: "starttls.not_offered",
    Status.E_INJECTED: "starttls.plaintext_injection",
    Status.E_PIPELINED: "starttls.pipelined_reply",
    Status.E_TOO_MUCH_DATA: "starttls.too_much_data",
    Status.E_TIMEOUT: "io.timeout",
}
