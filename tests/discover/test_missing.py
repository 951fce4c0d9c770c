"""A machine without libunbound, or without a trust anchor: all else works, and words say what to install.

In a mount namespace of its own an empty file lies over each of them, as root may do.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import List, Sequence

import pytest

from servers import Scene
from test_dane import engine

HIDE = 'for file in $HIDDEN; do mount --bind "$EMPTY" "$file" || exit 99; done; exec "$@"'
# Where anchors lie, as docs/discovery.md says; those that are there are hidden with their directory.
ANCHORS = ["/var/lib/unbound", "/usr/share/dns", "/etc/unbound", "/usr/share/dnssec-root"]
PYTHON = """
import sys
from starttls_verify import Peer, Session, StarttlsVerifyError, Verifier
try:
    Session(Verifier(dns="unbound"), Peer("mail.signed.test", "smtp"), discover=True)
except StarttlsVerifyError as error:
    print(type(error).__name__, error)
"""


def libraries() -> List[str]:
    """Every libunbound that the loader knows."""
    listed = subprocess.run(["/sbin/ldconfig", "-p"], capture_output=True, text=True, check=True)
    found = re.findall(r"libunbound\.so\S* .*=> (\S+)", listed.stdout)
    assert found, "libunbound8 is installed by setup.sh"
    return sorted({os.path.realpath(path) for path in found})


def without(
    hidden: Sequence[str], empty: Path, words: Sequence[str]
) -> subprocess.CompletedProcess[str]:
    """Runs a program that does not see them."""
    environment = {**os.environ, "HIDDEN": " ".join(hidden), "EMPTY": str(empty)}
    done = subprocess.run(
        ["unshare", "--mount", "sh", "-c", HIDE, "sh", *words],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        env=environment,
    )
    assert done.returncode != 99, done.stderr
    return done


@pytest.fixture
def empty(tmp_path: Path) -> Path:
    """An empty file, which is no library."""
    path = tmp_path / "empty"
    path.touch()
    return path


def check(program: str, scene: Scene, options: Sequence[str]) -> List[str]:
    """The words of a check."""
    port = scene.relay.port
    words = [program, "check", "--connect", f"127.0.0.1:{port}"]
    for option in options:
        words += ["--set", option]
    return [*words, f"smtp://mail.signed.test:{port}"]


def test_all_else_works_without_libunbound(program: str, scene: Scene, empty: Path) -> None:
    plain = ["--cafile", str(scene.relay.certificate)]
    words = check(program, scene, [])
    done = without(libraries(), empty, [*words[:2], *plain, *words[2:]])
    assert done.returncode == 0, done.stdout + done.stderr
    done = without(libraries(), empty, check(program, scene, engine(scene, "system")))
    assert done.returncode == 0 and "dane.match" in done.stdout, done.stdout + done.stderr


def test_what_needs_it_says_what_to_install(program: str, scene: Scene, empty: Path) -> None:
    words = check(program, scene, engine(scene, "unbound"))
    assert without([], empty, words).returncode == 0, "with it"
    done = without(libraries(), empty, words)
    assert (done.returncode, done.stdout) == (2, ""), done.stdout
    assert "apt install libunbound8" in done.stderr
    done = without(libraries(), empty, [sys.executable, "-c", PYTHON])
    assert "apt install libunbound8" in done.stdout, done.stdout + done.stderr


def test_the_trust_anchor_is_missing(program: str, scene: Scene, tmp_path: Path) -> None:
    nowhere = tmp_path / "nowhere"
    nowhere.mkdir()
    there = [path for path in ANCHORS if os.path.isdir(path)]
    assert there, "dns-root-data is installed by setup.sh"
    done = without(there, nowhere, check(program, scene, ["dns=unbound"]))
    assert done.returncode == 2 and "apt install dns-root-data" in done.stderr, done.stderr
    doctor = without(there, nowhere, [program, "doctor"])
    assert "apt install dns-root-data" in doctor.stdout


def test_the_doctor_knows(program: str, empty: Path) -> None:
    well = without([], empty, [program, "doctor"]).stdout
    assert re.search(r"^ok +libunbound: \d+\.\d+", well, re.MULTILINE), well
    assert re.search(r"^ok +DNSSEC trust anchor: /", well, re.MULTILINE), well
    ill = without(libraries(), empty, [program, "doctor"]).stdout
    assert re.search(r"^note libunbound: .*apt install libunbound8", ill, re.MULTILINE), ill
