r"""Text on its way to the library: octets and their number, so that nothing is cut.

C text ends at its first NUL, which turns "mail.bob.test\0.eve.test" into "mail.bob.test". So the
length goes along, the NUL arrives, and the library refuses it. A lone surrogate (what Python makes
of file names that are not UTF-8) goes as the octets that would encode it, and the library refuses
these as well: there is one place that decides.
"""

from __future__ import annotations

import os
from typing import Union

Path = Union[str, "os.PathLike[str]"]
Bytes = Union[bytes, bytearray, memoryview]


def octets(text: str, what: str) -> bytes:
    """The octets of a text, NULs and surrogates included."""
    if not isinstance(text, str):
        raise TypeError(f"{what} is a str, not {type(text).__name__}")
    return text.encode("utf-8", "surrogatepass")


def path_octets(path: Path, what: str) -> bytes:
    """The octets of a path."""
    return octets(os.fspath(path), what)


def raw(data: Bytes, what: str) -> bytes:
    """The octets of something binary."""
    if not isinstance(data, (bytes, bytearray, memoryview)):
        raise TypeError(f"{what} is bytes, not {type(data).__name__}")
    return bytes(data)
