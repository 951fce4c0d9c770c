"""Fixtures. STARTTLS_VERIFY_LIBRARY and STARTTLS_VERIFY name the library and the command line."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Iterator

import pytest

HERE = Path(__file__).resolve().parent
for directory in (HERE, HERE.parent / "servers", HERE.parents[1] / "bindings" / "python"):
    sys.path.insert(0, str(directory))

from servers import Scene, scene  # noqa: E402


@pytest.fixture(scope="session", name="scene")
def scene_fixture(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    with scene(tmp_path_factory.mktemp("zones")) as running:
        yield running


@pytest.fixture(scope="session")
def program() -> str:
    """The command line. A run without it would test less, so it is a failure and not a skip."""
    path = os.environ.get("STARTTLS_VERIFY", "")
    if not os.access(path, os.X_OK):
        raise RuntimeError(f"STARTTLS_VERIFY={path!r} is no program: make test-discover")
    return path
