"""The verifier: a frozen configuration with its CA certificates loaded."""

from __future__ import annotations

import ctypes
from typing import Any, Mapping, Optional, Type, TypeVar

from . import options as table
from ._abi import Status
from .errors import failure
from .handle import Handle, make, own
from .library import lib
from .options import OptionValue
from .text import Path, path_octets

Self = TypeVar("Self", bound="Verifier")


class Verifier:
    """Says by which rules peers are judged; made once and kept, for it loads the CA certificates.

    Options are keywords: `Verifier(cafile="ca.pem", pin=["spki-sha256:..."])`. `option_table()` and
    docs/options.md list them. A list may be a list or a tuple, or a single entry; options of type
    "bytes" and "list of bytes" take bytes. An option that is unknown, or of another type, is an
    `OptionError`; a CA file that is missing is a `ConfigurationError`.

    Any number of threads may use one, and so may processes after a fork.
    """

    def __init__(self, *, config_file: Optional[Path] = None, **options: OptionValue) -> None:
        self._handle: Optional[Handle] = freeze(options, config_file)

    @classmethod
    def from_mapping(
        cls: Type[Self],
        options: Mapping[str, OptionValue],
        *,
        config_file: Optional[Path] = None,
    ) -> Self:
        """A verifier from options that come as a mapping."""
        verifier = cls.__new__(cls)
        verifier._handle = freeze(options, config_file)
        return verifier

    @property
    def stale(self) -> bool:
        """Whether CA files, CRLs or the configuration file have changed since it was made."""
        return bool(lib.stv_verifier_stale(self.handle().pointer))

    def handle(self) -> Handle:
        """The library's handle, alive as long as the result is held."""
        handle = self._handle
        if handle is None:
            raise failure(Status.E_STATE, "the verifier is closed")
        return handle

    def close(self) -> None:
        """Lets the certificates go; sessions made with it live on. A second call does nothing."""
        self._handle = None

    def __enter__(self: Self) -> Self:
        return self

    def __exit__(self, *_exception: Any) -> None:
        self.close()


def freeze(options: Mapping[str, OptionValue], config_file: Optional[Path]) -> Handle:
    """A verifier's handle from options and a file of defaults."""
    config = make("config")
    if config_file is not None:
        path = path_octets(config_file, "config_file")
        table.check(config, lib.stv_config_load_file(config.pointer, path, len(path)))
    for name, value in options.items():
        table.put(config, name, value)
    out = ctypes.c_void_p()
    table.check(config, lib.stv_verifier_new(config.pointer, ctypes.byref(out)))
    return own("verifier", out)
