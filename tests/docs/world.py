"""Runs one page of the documentation as it stands, in a network and a file system of its own.

    unshare --net --mount world.py PAGE SCRATCH PREFIX LAB

The names of the page are real here: /etc/hosts leads each to an address of its own on loopback,
and on the usual ports there answers what `<!-- world: HOST=SCENARIO -->` says, a server of the lab.
The system's CA certificates are the lab's (`ca=system`), or `bob-ca.pem` has them (`ca=file`).
PREFIX is what `make install` made; it is mounted on /usr/local, where a reader installs it.
"""

from __future__ import annotations

import difflib
import json
import os
import socket
import subprocess
import sys
import threading
from pathlib import Path
from typing import Dict, List, Tuple

from page import Command, File, Page, agrees, read

PORTS = {
    "smtp": [25, 587],
    "imap": [143],
    "pop3": [110],
    "sieve": [4190],
}
# Where a reader has it.
INSTALLED = "/usr/local"
BUNDLE = "/etc/ssl/certs/ca-certificates.crt"
# A page is done within this, in seconds, or something hangs.
LIMIT = 120


def relay(address: Tuple[str, int], port: int) -> None:
    """Leads what arrives at `address` to a server of the lab."""
    listener = socket.create_server(address, backlog=64)

    def copy(source: socket.socket, target: socket.socket) -> None:
        try:
            while data := source.recv(65536):
                target.sendall(data)
            target.shutdown(socket.SHUT_WR)
        except OSError:
            source.close()
            target.close()

    def accept() -> None:
        while True:
            inner, _ = listener.accept()
            outer = socket.create_connection(("127.0.0.1", port))
            for pair in ((inner, outer), (outer, inner)):
                threading.Thread(target=copy, args=pair, daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()


class Lab:
    """The lab in one protocol."""

    def __init__(self, program: str, directory: Path, protocol: str, wanted: List[str]) -> None:
        only = [word for name in wanted for word in ("--only", name)]
        words = [program, "serve", "--protocol", protocol, "--dir", str(directory), *only]
        self.process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert self.process.stdout is not None
        if self.process.stdout.readline() != b"ready\n":
            raise RuntimeError(f"the lab does not start: {words}")
        self.ca = directory / "ca.pem"
        listed = json.loads((directory / "scenarios.json").read_text())
        self.ports: Dict[str, int] = {row["id"]: row["port"] for row in listed}


def mount(source: Path, target: str) -> None:
    subprocess.run(["mount", "--bind", str(source), target], check=True)


def build(page: Page, scratch: Path, program: str) -> None:
    """Servers, names and CA certificates."""
    hosts = {name: what for name, what in page.world.items() if "." in name}
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    addresses = {name: f"127.0.2.{at}" for at, name in enumerate(hosts, 1)}
    table = ["127.0.0.1 localhost", *(f"{address} {name}" for name, address in addresses.items())]
    (scratch / "hosts").write_text("\n".join(table) + "\n")
    mount(scratch / "hosts", "/etc/hosts")
    # Each lab has a CA of its own.
    bundle = b""
    for protocol, ports in PORTS.items():
        lab = Lab(program, scratch / protocol, protocol, sorted(set(hosts.values())))
        bundle += lab.ca.read_bytes()
        for name, scenario in hosts.items():
            for port in ports:
                relay((addresses[name], port), lab.ports[scenario])
    authorities(page, scratch, bundle)


def authorities(page: Page, scratch: Path, bundle: bytes) -> None:
    """The labs' CAs as the system's, or beside the page's files."""
    file = scratch / "work" / "bob-ca.pem"
    file.write_bytes(bundle)
    if page.world.get("ca", "system") == "system":
        file = file.rename(scratch / "system.pem")
        mount(file, os.path.realpath(BUNDLE))


def environment(prefix: Path, scratch: Path) -> Dict[str, str]:
    """Installs the library, and what somebody has who did so."""
    mount(prefix, INSTALLED)
    ini = scratch / "ini"
    ini.mkdir()
    (ini / "docs.ini").write_text(f"include_path=.:{INSTALLED}/share/php\n")
    kept = {name: os.environ[name] for name in ("HOME", "LANG") if name in os.environ}
    return {
        **kept,
        "PATH": f"{INSTALLED}/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        # The loader's cache, which ldconfig makes, is the machine's own.
        "LD_LIBRARY_PATH": f"{INSTALLED}/lib",
        "PYTHONPATH": f"{INSTALLED}/share/starttls_verify/python",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PHP_INI_SCAN_DIR": f":{ini}",
        "COMPOSER_ALLOW_SUPERUSER": "1",
        "COMPOSER_HOME": str(scratch / "composer"),
    }


def obey(command: Command, directory: Path, surroundings: Dict[str, str]) -> List[str]:
    """What it printed, standard error included, as in a terminal."""
    done = subprocess.run(
        ["bash", "-c", command.words],
        cwd=directory,
        env=surroundings,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=LIMIT,
        check=False,
    )
    return done.stdout.splitlines()


def play(page: Page, scratch: Path, prefix: Path) -> List[str]:
    """Does what the page says; where it was not so."""
    surroundings = environment(prefix, scratch)
    work = scratch / "work"
    faults = []
    for step in page.steps:
        if isinstance(step, File):
            (work / step.name).parent.mkdir(parents=True, exist_ok=True)
            (work / step.name).write_text(step.text)
            continue
        printed = obey(step, work, surroundings)
        if not agrees(step.output, printed):
            difference = difflib.unified_diff(step.output, printed, "page", "printed", lineterm="")
            faults.append(f"{page.path}:{step.line}: $ {step.words}\n" + "\n".join(difference))
    return faults


def main(name: str, place: str, prefix: str, lab: str) -> int:
    page, scratch = read(Path(name)), Path(place)
    (scratch / "work").mkdir()
    build(page, scratch, lab)
    faults = play(page, scratch, Path(prefix))
    print("\n\n".join(faults))
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
