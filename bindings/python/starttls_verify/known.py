"""Known peers: what was seen of a peer before (trust on first use)."""

from __future__ import annotations

import json
import threading
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Dict, Iterator, List, Optional, Tuple, Union

from .errors import failure
from .handle import Handle, make
from .library import lib, words
from .peer import Peer
from .report import Report
from .session import Session
from .text import Bytes, Path, octets, path_octets, raw


@dataclass(frozen=True)
class KnownPeer:
    """What a store knows of one peer."""

    peer: str
    """Protocol, host and port: "smtp://mail.example.com:25"."""
    keys: Tuple[str, ...]
    """Keys in force, "spki-sha256:BASE64"."""
    backups: Tuple[str, ...]
    """Keys that the administrator announced."""
    origin: str
    """What vouched for the keys in force: "pkix", "administrator", or "first-use" for nothing."""
    first_seen: Optional[str]
    """ISO 8601, UTC; None where the peer was only announced."""
    last_seen: Optional[str]
    addresses: Tuple[str, ...]
    """Evidence; an address never weighs."""


class KnownPeers:
    """A store of known peers on disk; several processes may share one.

    ::

        known = KnownPeers("/var/lib/me/peers")             # missing or damaged is an error
        with Session(verifier, peer, known_peers=known) as session:
            session.connect()                               # chain, name and key are good
            known.remember(session)                         # the one call that writes

    A new peer passes only with the option accept_new. Any thread may use it, and both processes after
    a fork.
    """

    def __init__(self, path: Path, *, create: bool = False) -> None:
        """Opens a store; with `create` an empty one is made where there is none.

        `create` is for setting up: a program that always gives it takes a store that was deleted for
        a new beginning.
        """
        name = path_octets(path, "path")
        self._handle = make("known_peers")
        self._lock = threading.Lock()
        opener = lib.stv_known_peers_create_file if create else lib.stv_known_peers_open_file
        with self._use() as known:
            self._check(opener(known.pointer, name, len(name)))

    def remember(self, session: Session) -> bool:
        """Takes down the peer of an open session, who is trusted and was asked about in this store.

        False where there is nothing to take down, because the session was resumed with a peer whose
        key is known. `StateError` for any other: broken, not trusted, never asked about, or with
        another key in the store in the meantime.
        """
        if is_resumed_acquaintance(session.report):
            return False
        report = session.raw_report()
        with self._use() as known:
            self._check(lib.stv_known_peers_remember(known.pointer, report.pointer))
        return True

    def announce(self, peer: Peer, pin: str) -> None:
        """Announces a key that the peer will have."""
        self._change(lib.stv_known_peers_announce, peer, pin)

    def withdraw(self, peer: Peer, pin: str) -> None:
        """Takes an announced key back."""
        self._change(lib.stv_known_peers_withdraw, peer, pin)

    def forget(self, peer: Peer) -> None:
        """Forgets a peer: it is new again."""
        meant = peer.handle()
        with self._use() as known:
            self._check(lib.stv_known_peers_forget(known.pointer, meant.pointer))

    def export(self) -> str:
        """The whole store as text, for `import_text`."""
        with self._use() as known:
            self._check(lib.stv_known_peers_export(known.pointer))
            return words(lib.stv_known_peers_text(known.pointer))

    def import_text(self, text: Union[str, Bytes]) -> None:
        """Adds the peers of an export, all of them or, when anything is wrong, none."""
        data = octets(text, "text") if isinstance(text, str) else raw(text, "text")
        with self._use() as known:
            self._check(lib.stv_known_peers_import_mem(known.pointer, data, len(data)))

    def peers(self) -> List[KnownPeer]:
        """Every peer, sorted by host."""
        return [known_peer(json.loads(line)) for line in self.export().splitlines()[1:-1]]

    def recall(self, expected: Handle) -> None:
        """Puts what is known of a peer into it. The words of a failure are the peer's."""
        with self._use() as known:
            status = lib.stv_peer_set_known(expected.pointer, known.pointer)
        if status != 0:
            raise failure(status, words(lib.stv_peer_error(expected.pointer)))

    def _change(self, change: Any, peer: Peer, pin: str) -> None:
        meant, text = peer.handle(), octets(pin, "pin")
        with self._use() as known:
            self._check(change(known.pointer, meant.pointer, text, len(text)))

    @contextmanager
    def _use(self) -> Iterator[Handle]:
        """The handle, for one thread."""
        with self._lock:
            yield self._handle

    def _check(self, status: int) -> None:
        if status != 0:
            raise failure(status, words(lib.stv_known_peers_error(self._handle.pointer)))


def known_peer(entry: Dict[str, Any]) -> KnownPeer:
    """One line of the store."""
    return KnownPeer(
        peer=entry["peer"],
        keys=tuple(entry["keys"]),
        backups=tuple(entry["backups"]),
        origin=entry["origin"],
        first_seen=entry["first_seen"],
        last_seen=entry["last_seen"],
        addresses=tuple(entry["addresses"]),
    )


def is_resumed_acquaintance(report: Report) -> bool:
    """Whether no certificate was shown, to a store that has this key."""
    tls = report.json["tls"] or {}
    same = any(finding.code == "known.same" for finding in report.findings)
    return report.trusted and same and bool(tls.get("resumed"))
