"""Servers that cannot be installed beside the others: setup.sh unpacks them into a directory."""

from __future__ import annotations

import atexit
import functools
import os
import shutil
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


@functools.lru_cache(maxsize=None)
def extracted(name: str) -> Path:
    """What stands for / there: a copy that every user can reach, wherever the project lies. Servers give
    up root, and a home directory may be closed to others."""
    target = Path(os.environ.get("CARGO_TARGET_DIR") or ROOT / "target")
    directory = target / "servers" / name
    if not directory.is_dir():
        raise RuntimeError(f"{directory} is missing: tests/servers/setup.sh")
    reachable = Path(tempfile.mkdtemp(prefix=f"stv-{name}-"))
    atexit.register(shutil.rmtree, reachable, ignore_errors=True)
    reachable.chmod(0o755)
    return Path(shutil.copytree(directory, reachable / "root", symlinks=True))
