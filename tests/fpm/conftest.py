"""A process manager with two pools, each of which trusts the CA of one lab and not of the other.

STARTTLS_VERIFY_LIBRARY, STARTTLS_VERIFY_HEADER and STV_LAB are what the Makefile gives.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Dict, Iterator, List

import pytest

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path.insert(0, str(HERE))

POOLS = ["anna", "berta"]
USER = "user = root\ngroup = root"
POOL = """[{name}]
listen = {socket}
pm = static
pm.max_children = 2
env[POOL_NAME] = {name}
env[POOL_CAFILE] = {cafile}
env[STARTTLS_VERIFY_LIBRARY] = {library}
env[STARTTLS_VERIFY_HEADER] = {header}
{more}
"""


def needed(name: str) -> str:
    """A run without it would test nothing, so it is a failure and not a skip."""
    path = os.environ.get(name, "")
    if not os.path.exists(path):
        raise RuntimeError(f"{name}={path!r} is not there: make test-fpm")
    return path


@dataclass
class Lab:
    """A lab with a CA of its own."""

    directory: Path
    ports: Dict[str, int]

    @property
    def cafile(self) -> Path:
        return self.directory / "ca.pem"


@contextmanager
def running(words: List[str], ready: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A server, until the block ends; it is there when `ready` is."""
    process = subprocess.Popen(words, stdin=subprocess.PIPE)
    try:
        until = time.monotonic() + 20
        while not ready.exists():
            assert process.poll() is None and time.monotonic() < until, words
            time.sleep(0.02)
        yield process
    finally:
        process.terminate()
        process.wait(20)


@contextmanager
def lab(directory: Path) -> Iterator[Lab]:
    words = [needed("STV_LAB"), "serve", "--dir", str(directory)]
    listed = directory / "scenarios.json"
    with running([*words, "--only", "honest", "--only", "eve"], listed):
        rows = json.loads(listed.read_text())
        yield Lab(directory, {row["id"]: row["port"] for row in rows})


@dataclass
class Manager:
    """Two pools, and the labs that they trust: pool NAME that of `labs[NAME]`."""

    sockets: Dict[str, Path]
    labs: Dict[str, Lab]


def preload(directory: Path) -> List[str]:
    """The three settings of the README."""
    header = directory / "starttls_verify.ffi.h"
    program = ROOT / "bindings" / "php" / "bin" / "ffi-preload-header.php"
    header.write_bytes(subprocess.run(["php", str(program)], check=True, capture_output=True).stdout)
    settings = {
        "ffi.enable": "preload",
        "ffi.preload": header,
        "opcache.enable": 1,
        "opcache.preload": ROOT / "bindings" / "php" / "preload.php",
        "opcache.preload_user": "root",
    }
    return [word for name, value in settings.items() for word in ("-d", f"{name}={value}")]


@contextmanager
def manager(directory: Path, settings: List[str], more: str) -> Iterator[Manager]:
    """`more` is what a pool's section has besides; {rules} is a file with the pool's CA in it."""
    with ExitStack() as stack:
        labs = {name: stack.enter_context(lab(directory / name)) for name in POOLS}
        sockets = {name: directory / f"{name}.sock" for name in POOLS}
        rules = {name: directory / f"{name}.toml" for name in POOLS}
        for name in POOLS:
            rules[name].write_text(f'cafile = ["{labs[name].cafile}"]\n')
        file = directory / "fpm.conf"
        file.write_text(f"[global]\nerror_log = {directory}/fpm.log\n" + "".join(
            POOL.format(
                name=name,
                socket=sockets[name],
                cafile=labs[name].cafile,
                library=needed("STARTTLS_VERIFY_LIBRARY"),
                header=needed("STARTTLS_VERIFY_HEADER"),
                more=more.format(rules=rules[name]),
            )
            for name in POOLS
        ))
        words = ["php-fpm8.2", "--nodaemonize", "--allow-to-run-as-root", "--fpm-config", str(file)]
        stack.enter_context(running([*words, *settings], sockets[POOLS[-1]]))
        yield Manager(sockets, labs)


@pytest.fixture
def ffi(tmp_path: Path) -> Iterator[Manager]:
    """The Composer package, preloaded."""
    with manager(tmp_path, preload(tmp_path), USER) as both:
        yield both


@pytest.fixture
def extension(tmp_path: Path) -> Iterator[Manager]:
    """The extension, with a file of rules for each pool."""
    scope = "php_admin_value[starttls_verify.ports] = 1024-65535"
    rules = "php_admin_value[starttls_verify.config] = {rules}"
    loaded = ["-d", f"extension={needed('STV_PHP_EXTENSION')}"]
    with manager(tmp_path, loaded, "\n".join([USER, scope, rules])) as both:
        yield both
