"""The shared library: which one is loaded, and whether it is new enough.

In this order: the file that the environment variable STARTTLS_VERIFY_LIBRARY names, a library that
lies beside this module (a wheel may carry one), and what the system's loader finds.
"""

from __future__ import annotations

import ctypes
import os
from pathlib import Path

from . import _abi

SONAME = "libstarttls_verify.so.0"
VARIABLE = "STARTTLS_VERIFY_LIBRARY"


def choose() -> str:
    """The name or path to load."""
    named = os.environ.get(VARIABLE)
    if named:
        return named
    carried = Path(__file__).with_name(SONAME)
    return str(carried) if carried.exists() else SONAME


def load(path: str) -> ctypes.CDLL:
    """Loads the library and declares its functions; ImportError says what to install.

    ctypes gives up the interpreter lock for the length of every call.
    """
    try:
        loaded = ctypes.CDLL(path)
    except OSError as error:
        raise ImportError(
            f"libstarttls_verify cannot be loaded from {path!r} ({error}); install it with "
            f"`make install` of libstarttls_verify, or name the file in {VARIABLE}"
        ) from error
    check_level(loaded, path)
    try:
        _abi.declare(loaded)
    except AttributeError as error:
        raise ImportError(f"{path!r} is no whole libstarttls_verify: {error}") from error
    return loaded


def check_level(loaded: ctypes.CDLL, path: str) -> None:
    """Refuses a library that is older than this package, before anything else is looked up."""
    try:
        ask = loaded.stv_abi_level
    except AttributeError as error:
        raise ImportError(f"{path!r} is no libstarttls_verify: {error}") from error
    ask.restype, ask.argtypes = ctypes.c_uint32, []
    level = ask()
    if level < _abi.ABI_LEVEL:
        raise ImportError(
            f"{path!r} has ABI level {level}, this package needs {_abi.ABI_LEVEL}; "
            "install a newer libstarttls_verify"
        )


lib = load(choose())


def words(text: bytes | None) -> str:
    """A text of the library, which is UTF-8."""
    return (text or b"").decode("utf-8", "replace")


def library_version() -> str:
    """The version of the library that was loaded."""
    return words(lib.stv_version())
