"""A server of this machine that runs on loopback for as long as a test needs it.

Its configuration, data, keys and ports are its own; the system's own server of that kind, running
or not, is not touched. It is a child of the test and is ended by its process id. Needs root: most
of these servers have to be started by it, and then go on as a user of their own.
"""

from __future__ import annotations

import contextlib
import os
import pwd
import signal
import socket
import subprocess
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any, Callable, Dict, Iterator, Mapping, Sequence, Tuple, Union

from certificates import HOST, Authority

READY_WITHIN = 20.0
STOPPED_WITHIN = 10.0
ATTEMPTS = 3
SYSTEM_PATH = "/usr/sbin:/usr/bin:/sbin:/bin"

Ports = Mapping[str, int]
Words = Sequence[Union[str, Path]]


@dataclass(frozen=True)
class Command:
    """How a server is started, and which signal ends it."""

    words: Words
    user: str = "root"
    environment: Mapping[str, str] = field(default_factory=dict)
    end: signal.Signals = signal.SIGTERM


@dataclass(frozen=True)
class Place:
    """Where a server lives before it runs."""

    directory: Path
    ports: Ports
    authority: Authority

    def file(self, name: str, text: str) -> Path:
        """A configuration file that every user may read."""
        path = self.directory / name
        path.write_text(text)
        return path

    def own(self, name: str, user: str, mode: int = 0o700) -> Path:
        """A directory of that user."""
        path = self.directory / name
        path.mkdir()
        give(path, user)
        path.chmod(mode)
        return path


@dataclass(frozen=True)
class Kind:
    """A server that can be had: its name, the URL schemes that it serves, how it is configured."""

    name: str
    schemes: Tuple[str, ...]
    configure: Callable[[Place], Command]


@dataclass(frozen=True)
class Server:
    """Where a server listens and whom it proves to be."""

    name: str
    ports: Ports
    cafile: str
    host: str = HOST

    def connect(self, scheme: str) -> str:
        """Address and port where a scheme is spoken."""
        return f"127.0.0.1:{self.ports[scheme]}"


@dataclass(frozen=True)
class Child:
    """The process of a server."""

    server: Server
    process: subprocess.Popen[bytes]
    end: signal.Signals

    def stop(self) -> None:
        """Ends the server and waits for it; then whatever children it left behind."""
        self.process.send_signal(self.end)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(STOPPED_WITHIN)
        # The server leads a session of its own: the group is it and its children and nobody else.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


@contextlib.contextmanager
def running(kind: Kind) -> Iterator[Server]:
    """The server runs as long as the block does."""
    if os.geteuid() != 0:
        raise RuntimeError(f"{kind.name} is started by root only")
    with contextlib.ExitStack() as stack:
        child = start(kind, stack)
        try:
            yield child.server
        finally:
            child.stop()


def start(kind: Kind, stack: contextlib.ExitStack) -> Child:
    """Starts it on free ports; on others where somebody was faster."""
    log = ""
    for _ in range(ATTEMPTS):
        # Not pytest's directory, into which the users of the servers may not look.
        directory = Path(
            stack.enter_context(tempfile.TemporaryDirectory(prefix=f"stv-{kind.name}-"))
        )
        directory.chmod(0o755)
        ports = dict(zip(kind.schemes, free_ports(len(kind.schemes))))
        place = Place(directory, ports, Authority(directory))
        child = launch(kind, place)
        ready = False
        try:
            ready = is_ready(child)
        finally:
            if not ready:
                child.stop()
        if ready:
            return child
        log = (directory / "log").read_text(errors="replace").strip()
    raise RuntimeError(f"{kind.name} did not start: {log[-3000:] or 'it said nothing'}")


def launch(kind: Kind, place: Place) -> Child:
    """Configures it and starts the process; what it says goes to the file "log"."""
    command = kind.configure(place)
    with (place.directory / "log").open("wb") as log:
        process = subprocess.Popen(
            command.words,
            cwd=place.directory,
            env={"PATH": SYSTEM_PATH, **command.environment},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            **identity(command.user),
        )
    server = Server(kind.name, place.ports, str(place.authority.cafile))
    return Child(server, process, command.end)


def run_as(
    user: str,
    words: Words,
    directory: Path,
    environment: Mapping[str, str] = MappingProxyType({}),
) -> None:
    """Runs a program that prepares something, to its end."""
    done = subprocess.run(
        words,
        cwd=directory,
        env={"PATH": SYSTEM_PATH, **environment},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        **identity(user),
    )
    if done.returncode != 0:
        raise RuntimeError(f"{words[0]} failed: {done.stdout[-1000:]}{done.stderr[-2000:]}")


def identity(user: str) -> Dict[str, Any]:
    """Arguments of Popen that make a process that user's, with all groups."""
    if user == "root":
        return {}
    entry = pwd.getpwnam(user)
    groups = os.getgrouplist(user, entry.pw_gid)
    return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": groups}


def give(path: Path, user: str) -> None:
    """Makes a file or directory that user's."""
    entry = pwd.getpwnam(user)
    os.chown(path, entry.pw_uid, entry.pw_gid)


def free_ports(count: int) -> Sequence[int]:
    """Ports that are free in this moment, all different."""
    with contextlib.ExitStack() as stack:
        listeners = [
            stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(count)
        ]
        return [int(listener.getsockname()[1]) for listener in listeners]


def is_ready(child: Child) -> bool:
    """Waits until every port is listened on; false when the server ends, or the time."""
    end = time.monotonic() + READY_WITHIN
    waiting = list(child.server.ports.values())
    while waiting and time.monotonic() < end and child.process.poll() is None:
        if listens(waiting[0]):
            waiting.pop(0)
        else:
            time.sleep(0.05)
    return not waiting


def listens(port: int) -> bool:
    """Whether somebody takes connections there."""
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=2):
        return True
    return False
