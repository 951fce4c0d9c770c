r"""libstarttls_verify for Python: is the peer behind this connection the one who was meant?

>>> from starttls_verify import Peer, Session, Verifier
>>> verifier = Verifier()                                  # once: it loads the CA certificates
>>> with Session(verifier, Peer("mail.example.com")) as session:      # doctest: +SKIP
...     session.connect()                                  # raises unless the peer is trusted
...     session.sendall(b"EHLO me.example.org\r\n")
...     print(session.read())

The names in `__all__` are the package; its modules are not promised to stay.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from ._abi import ABI_LEVEL, Outcome, Provenance, Status, TlsaState, Verdict
from .certificate import cert_matches_pin, cert_matches_tlsa, cert_names_host
from .chain import verify_chain
from .errors import (
    ArgumentError,
    ConfigurationError,
    InternalError,
    OptionError,
    ProtocolError,
    StarttlsVerifyError,
    StateError,
    TimedOutError,
    TlsError,
)
from .handshake import judge_ssl_socket
from .known import KnownPeer, KnownPeers
from .library import library_version
from .options import Option, OptionValue, option_table
from .peer import Peer
from .report import Finding, Report
from .servers import servers
from .session import Session
from .tls_rpt import TlsRpt
from .verifier import Verifier

if TYPE_CHECKING:
    from .context import VerifyingContext
    from .rejection import RejectedError
    from .secured import require
    from .secured_socket import SecuredSocket
    from .streams import open_connection

__version__ = "0.1.0"

__all__ = [
    "ABI_LEVEL",
    "ArgumentError",
    "ConfigurationError",
    "Finding",
    "InternalError",
    "KnownPeer",
    "KnownPeers",
    "Option",
    "OptionError",
    "OptionValue",
    "Outcome",
    "Peer",
    "ProtocolError",
    "Provenance",
    "RejectedError",
    "Report",
    "SecuredSocket",
    "Session",
    "StarttlsVerifyError",
    "StateError",
    "Status",
    "TimedOutError",
    "TlsError",
    "TlsRpt",
    "TlsaState",
    "Verdict",
    "Verifier",
    "VerifyingContext",
    "cert_matches_pin",
    "cert_matches_tlsa",
    "cert_names_host",
    "judge_ssl_socket",
    "library_version",
    "open_connection",
    "option_table",
    "require",
    "servers",
    "verify_chain",
]


# What needs ssl or asyncio, whose import takes longer than all the rest: imported on first use.
LATE = {
    "RejectedError": "rejection",
    "SecuredSocket": "secured_socket",
    "VerifyingContext": "context",
    "open_connection": "streams",
    "require": "secured",
}


def __getattr__(name: str) -> Any:
    """What is imported on first use."""
    if name not in LATE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{LATE[name]}", __name__), name)
