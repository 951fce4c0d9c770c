"""Runs the README as somebody would who has installed the wheel: see tests/docs/world.py.

    unshare --net --mount snippets.py PAGE SCRATCH PYTHON LAB

PYTHON is the interpreter of the environment that the wheel is installed in.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Dict

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "docs"))

import world


def environment(python: Path, _scratch: Path) -> Dict[str, str]:
    """Nothing that says where the library is."""
    return {"PATH": f"{python.parent}:/usr/bin:/bin", "PYTHONDONTWRITEBYTECODE": "1"}


if __name__ == "__main__":
    world.PORTS["ftp"] = [21]
    world.environment = environment
    sys.exit(world.main(*sys.argv[1:]))
