"""Servers that cannot be installed beside the others: setup.sh unpacks them into a directory."""

from __future__ import annotations

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def extracted(name: str) -> Path:
    """What stands for / there."""
    target = Path(os.environ.get("CARGO_TARGET_DIR") or ROOT / "target")
    directory = target / "servers" / name
    if not directory.is_dir():
        raise RuntimeError(f"{directory} is missing: tests/servers/setup.sh")
    return directory
