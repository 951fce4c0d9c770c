"""Loading the library: what is said when it is missing, another one, or too old."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import starttls_verify


def import_with(library: str) -> str:
    """The last line that `import starttls_verify` says."""
    env = {**os.environ, "STARTTLS_VERIFY_LIBRARY": library}
    done = subprocess.run(
        [sys.executable, "-c", "import starttls_verify"],
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    return done.stderr.strip().splitlines()[-1]


def build(directory: Path, source: str) -> str:
    """A library of our own making."""
    library = directory / "library.so"
    command = ["cc", "-shared", "-fPIC", "-x", "c", "-", "-o", str(library)]
    subprocess.run(command, input=source, text=True, check=True)
    return str(library)


def test_a_missing_library(tmp_path: Path) -> None:
    said = import_with(str(tmp_path / "none.so"))
    assert said.startswith("ImportError: libstarttls_verify cannot be loaded")
    assert "make install" in said
    assert "STARTTLS_VERIFY_LIBRARY" in said


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("int other(void) { return 0; }", "is no libstarttls_verify"),
        ("unsigned stv_abi_level(void) { return 0; }", "has ABI level 0, this package needs 1"),
        ("unsigned stv_abi_level(void) { return 99; }", "is no whole libstarttls_verify"),
    ],
)
def test_another_library(tmp_path: Path, source: str, words: str) -> None:
    said = import_with(build(tmp_path, source))
    assert said.startswith("ImportError: ")
    assert words in said


def test_version() -> None:
    assert starttls_verify.library_version().count(".") == 2
