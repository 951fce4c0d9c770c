"""The question before a password: is this connection one of ours, and its peer trusted?

Whether a failed `starttls` ends the program is the program's affair, and many go on without TLS when
the server does not offer it: who strips the offer gets the password. So ask here first.
"""

from __future__ import annotations

from typing import Any

from ._abi import Status
from .errors import failure
from .report import Report
from .secured_object import SecuredObject
from .secured_socket import SecuredSocket


def require(client: Any) -> Report:
    """The report of a client's connection; raises unless its peer is trusted.

    `client` is one of those of `VerifyingContext`, or an asyncio.StreamWriter::

        require(client)
        client.login(user, password)
    """
    secured = secured_by(client)
    if secured is None:
        raise failure(Status.E_NOT_OFFERED, "this connection is in clear, or its TLS is another's")
    report = secured.report
    if not report.trusted:
        raise failure(Status.E_REJECTED, report.summary, report)
    return report


def secured_by(client: Any) -> SecuredSocket | SecuredObject | None:
    """Our part in a client's connection."""
    sock = getattr(client, "sock", None)
    if type(sock) is SecuredSocket:
        return sock
    transport = getattr(client, "transport", None)
    inside = transport.get_extra_info("ssl_object") if transport is not None else None
    return inside if isinstance(inside, SecuredObject) else None
