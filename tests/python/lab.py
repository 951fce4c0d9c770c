"""The lab of the project: servers on loopback, honest and hostile, one for each scenario."""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from types import TracebackType
from typing import Dict, List, Optional, Type

from starttls_verify import OptionValue, Peer, Session, Verifier

STOPPED_WITHIN = 10.0
TIMEOUTS = ("connect_timeout_ms", "negotiation_timeout_ms", "handshake_timeout_ms")


@dataclass(frozen=True)
class Scenario:
    """One row of scenarios.json."""

    id: str
    title: str
    host: str
    protocol: str
    port: int
    expect: str
    exit: int
    code: Optional[str]
    deadline_ms: int

    @property
    def connect(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def peer(self) -> Peer:
        return Peer(self.host, protocol=self.protocol, connect=self.connect)


def program() -> str:
    """The built lab. A run without it would test nothing, so it is a failure and not a skip."""
    path = os.environ.get("STV_LAB", "")
    if not os.access(path, os.X_OK):
        raise RuntimeError(
            f"STV_LAB={path!r} is no program: cargo build -p stv-lab, or make test-python"
        )
    return path


@lru_cache
def scenario_ids(protocol: str = "smtp") -> List[str]:
    """What there will be, for pytest, which wants to know before anything runs."""
    command = [program(), "list", "--protocol", protocol]
    listed = subprocess.run(command, capture_output=True, text=True, check=True)
    return [line.split()[0] for line in listed.stdout.splitlines()]


def trusting(cafile: str, deadline_ms: int, **options: OptionValue) -> Verifier:
    """One that trusts a CA and has no time."""
    timeouts: Dict[str, OptionValue] = dict.fromkeys(TIMEOUTS, deadline_ms)
    return Verifier.from_mapping({"cafile": cafile, **timeouts, **options})


class Lab:
    """The running lab; it ends with its standard input."""

    def __init__(self, directory: Path, protocol: str = "smtp") -> None:
        self.directory = directory
        command = [program(), "serve", "--dir", str(directory), "--protocol", protocol]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert self._process.stdout is not None
        if self._process.stdout.readline().strip() != "ready":
            self._process.kill()
            raise RuntimeError("the lab did not get ready")
        rows = json.loads((directory / "scenarios.json").read_text())
        self.scenarios: Dict[str, Scenario] = {row["id"]: Scenario(**row) for row in rows}

    def __enter__(self) -> Lab:
        return self

    def __exit__(
        self,
        _kind: Optional[Type[BaseException]],
        _error: Optional[BaseException],
        _trace: Optional[TracebackType],
    ) -> None:
        try:
            self._process.communicate(timeout=STOPPED_WITHIN)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def __getitem__(self, name: str) -> Scenario:
        return self.scenarios[name]

    @property
    def cafile(self) -> str:
        return str(self.directory / "ca.pem")

    def chain(self, name: str) -> bytes:
        """The chain that a scenario's server sends, PEM."""
        return (self.directory / name / "chain.pem").read_bytes()

    def staple(self, name: str) -> bytes:
        """The OCSP response that a scenario's server staples, DER; empty where it staples none."""
        file = self.directory / name / "ocsp.der"
        return file.read_bytes() if file.exists() else b""

    def cleartext(self, name: str) -> str:
        """What a scenario's server was told in clear."""
        return (self.directory / name / "cleartext.log").read_text()

    def passwords(self, name: str) -> str:
        """What a scenario's server was told that carries a password, in clear and inside TLS."""
        return (self.directory / name / "notes.log").read_text()

    def verifier(self, deadline_ms: int = 10_000, **options: OptionValue) -> Verifier:
        """One that trusts the lab's CA."""
        return trusting(self.cafile, deadline_ms, **options)

    def session(self, name: str, **options: OptionValue) -> Session:
        """A session with a scenario's server, to be connected."""
        scenario = self[name]
        return Session(self.verifier(scenario.deadline_ms, **options), scenario.peer)
