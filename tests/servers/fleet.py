"""All servers, each started when it is first asked for."""

from __future__ import annotations

import contextlib
from types import TracebackType
from typing import Dict, List, Optional, Tuple, Type

from cyrus import CYRUS
from dovecot import DOVECOT
from exim import EXIM
from inspircd import INSPIRCD
from mariadb import MARIADB
from ngircd import NGIRCD
from nnrpd import NNRPD, NNRPD_TLS
from postgresql import POSTGRESQL
from proftpd import PROFTPD
from prosody import PROSODY
from server import Kind, Server, running
from slapd import SLAPD
from submission import POSTFIX
from vsftpd import VSFTPD

KINDS: Dict[str, Kind] = {
    kind.name: kind
    for kind in (
        CYRUS,
        DOVECOT,
        EXIM,
        INSPIRCD,
        MARIADB,
        NGIRCD,
        NNRPD,
        NNRPD_TLS,
        POSTFIX,
        POSTGRESQL,
        PROFTPD,
        PROSODY,
        SLAPD,
        VSFTPD,
    )
}
# ngIRCd has no STARTTLS.
WITHOUT_TLS = (("ngircd", "irc"),)


def offers() -> List[Tuple[str, str]]:
    """Every server with every scheme under which it offers TLS."""
    listed = ((kind.name, scheme) for kind in KINDS.values() for scheme in kind.schemes)
    return [offer for offer in listed if offer not in WITHOUT_TLS]


class Fleet:
    """The servers that have been asked for; all end with the block."""

    def __init__(self) -> None:
        self._stack = contextlib.ExitStack()
        self._running: Dict[str, Server] = {}
        self._failed: Dict[str, RuntimeError] = {}

    def __getitem__(self, name: str) -> Server:
        """The server of that name. One that did not start is not tried again."""
        if name in self._failed:
            raise self._failed[name]
        if name not in self._running:
            try:
                self._running[name] = self._stack.enter_context(running(KINDS[name]))
            except RuntimeError as error:
                self._failed[name] = error
                raise
        return self._running[name]

    def __enter__(self) -> Fleet:
        return self

    def __exit__(
        self,
        kind: Optional[Type[BaseException]],
        error: Optional[BaseException],
        trace: Optional[TracebackType],
    ) -> None:
        self._stack.__exit__(kind, error, trace)
