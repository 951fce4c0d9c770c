"""Handles of the library: each is owned by one object and freed once.

A call keeps a reference to the `Handle` it works on. So a handle that another thread lets go of
lives until the call is done: no order of calls can make the library touch freed memory.
"""

from __future__ import annotations

import ctypes
import weakref
from typing import Callable

from .errors import failure
from .library import lib


class Handle:
    """One handle, freed when the last reference to this object goes."""

    __slots__ = ("__weakref__", "pointer")

    def __init__(self, pointer: int, free: Callable[[int], None]) -> None:
        self.pointer = pointer
        # Not at exit: a daemon thread may still be inside a call then.
        weakref.finalize(self, free, pointer).atexit = False


def make(kind: str) -> Handle:
    """A new handle from stv_KIND_new(out)."""
    out = ctypes.c_void_p()
    status = getattr(lib, f"stv_{kind}_new")(ctypes.byref(out))
    if status != 0:
        raise failure(status, "")
    return own(kind, out)


def own(kind: str, out: ctypes.c_void_p) -> Handle:
    """The handle that a call has put into its out-parameter."""
    if out.value is None:
        raise AssertionError(f"stv_{kind}_new gave success and no handle")
    return Handle(out.value, getattr(lib, f"stv_{kind}_free"))
