"""Builds the wheel: the package, and beside its modules the library that it loads.

The library is the one that the environment variable STARTTLS_VERIFY_LIBRARY names. Without it, cargo
builds it from the repository that this directory is part of, as `make lib` does: against OpenSSL of the
system, which the wheel does not carry. So a wheel is for machines like the one that made it.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any, Dict, List, Tuple

from setuptools import Distribution, setup
from setuptools.command.build_py import build_py

try:
    from setuptools.command.bdist_wheel import bdist_wheel
except ImportError:  # before setuptools 70.1
    from wheel.bdist_wheel import bdist_wheel

SONAME = "libstarttls_verify.so.0"
VARIABLE = "STARTTLS_VERIFY_LIBRARY"
HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
OR_NAME_ONE = f"or name a built {SONAME} in the environment variable {VARIABLE}"


def stop(words: str) -> None:
    """Ends the build with words for people."""
    sys.exit(f"\nstarttls-verify: {words}, {OR_NAME_ONE}.\n")


def library(version: str) -> Path:
    """The library to carry."""
    named = os.environ.get(VARIABLE)
    if not named:
        return built(version)
    if not Path(named).is_file():
        sys.exit(f"\nstarttls-verify: {VARIABLE} names {named!r}, which is no file.\n")
    return Path(named)


def built(version: str) -> Path:
    """Builds the library in the repository's target directory."""
    if not (ROOT / "cmake" / "relink.sh").exists():
        stop(
            f"{HERE} is not part of the repository that the library is built from: install from a "
            "whole checkout (with pip 21.3 or newer)"
        )
    check_tools()
    target = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
    run([cargo(), "rustc", "--locked", "--release", "--lib", "--crate-type", "staticlib"])
    static, symbols = target / "release/libstarttls_verify.a", ROOT / "include/starttls_verify.map"
    run([ROOT / "cmake" / "relink.sh", static, symbols, target / "stv", version])
    return target / "stv" / SONAME


def cargo() -> str:
    """The name of cargo."""
    return os.environ.get("CARGO", "cargo")


def check_tools() -> None:
    """Says what is missing before cargo does, whose words would be about a crate."""
    if shutil.which(cargo()) is None:
        stop("cargo is missing: install Rust 1.88 or newer (https://rustup.rs)")
    for tool in ("cc", "pkg-config"):
        if shutil.which(tool) is None:
            stop(f"{tool} is missing: apt-get install gcc pkg-config libssl-dev")
    if subprocess.run(["pkg-config", "--exists", "openssl >= 3.0"], check=False).returncode != 0:
        stop("the headers of OpenSSL 3 are missing: apt-get install libssl-dev")


def run(command: List[Any]) -> None:
    """Runs a step in the repository."""
    if subprocess.run([str(word) for word in command], cwd=ROOT, check=False).returncode != 0:
        stop(f"{command[0]} has failed, see above")


class Build(build_py):
    """Puts the library beside the modules."""

    def run(self) -> None:
        """The modules, then the library. An editable install loads the one of `make install`."""
        super().run()
        if not getattr(self, "editable_mode", False):
            place = Path(self.build_lib) / "starttls_verify" / SONAME
            shutil.copyfile(library(self.distribution.get_version()), place)


class Wheel(bdist_wheel):
    """Any Python 3, this platform: ctypes loads the library, nothing is linked to Python."""

    def get_tag(self) -> Tuple[str, str, str]:
        """The tag of the wheel."""
        return ("py3", "none", super().get_tag()[2])


class Carrying(Distribution):
    """A package that is not the same everywhere."""

    def has_ext_modules(self) -> bool:
        """What makes setuptools think so."""
        return True


def places() -> Dict[str, Dict[str, str]]:
    """In the repository the sources stay as they are: what is made goes to the target directory."""
    if not (ROOT / "cmake" / "relink.sh").exists():
        return {}
    base = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "python-build"
    base.mkdir(parents=True, exist_ok=True)
    # What an older version left there would go into the wheel.
    shutil.rmtree(base / "lib", ignore_errors=True)
    return {
        "build": {"build_base": str(base), "build_lib": str(base / "lib")},
        "egg_info": {"egg_base": str(base)},
    }


setup(
    cmdclass={"build_py": Build, "bdist_wheel": Wheel},
    distclass=Carrying,
    options=places(),
)
