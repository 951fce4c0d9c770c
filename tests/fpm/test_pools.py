"""Two pools with policies of their own in one process manager: no cross-talk, no leak."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Dict, List, Optional, Set, Tuple

from conftest import HERE, POOLS, Manager
from fastcgi import ask

REQUESTS = 10_000
# Until then a worker still fills its caches.
WARM = 2_000
AT_ONCE = 6
HOST = "mail.bob.test"

# Who asks, whose server answers, which.
Case = Tuple[str, str, str]


def cases() -> List[Case]:
    return [(pool, owner, which) for pool in POOLS for owner in POOLS for which in ("honest", "eve")]


def expected(case: Case) -> Optional[str]:
    """A pool trusts its own lab's CA alone. Of a stranger's chain the chain is what is wrong first."""
    pool, owner, which = case
    if pool != owner:
        return "chain.unknown_issuer"
    return "name.mismatch" if which == "eve" else None


def put(manager: Manager, script: Path, case: Case) -> Dict[str, object]:
    pool, owner, which = case
    port = str(manager.labs[owner].ports[which])
    body = ask(manager.sockets[pool], script, {"host": HOST, "port": port})
    answer = json.loads(body)
    assert (answer["code"], answer["pool"]) == (expected(case), pool), (case, body)
    return dict(answer)


def resident(pid: int) -> int:
    """KB of memory that is a process's own and not a file's."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("RssAnon:"):
            return int(line.split()[1])
    raise AssertionError(f"{pid} has no RssAnon")


def run(manager: Manager, script: Path, count: int) -> Set[int]:
    """So many requests, of every case in turn; the workers that answered."""
    every = cases()
    with ThreadPoolExecutor(AT_ONCE) as threads:
        asked = (every[number % len(every)] for number in range(count))
        answers = threads.map(lambda case: put(manager, script, case), asked)
        return {int(str(answer["pid"])) for answer in answers}


def hold_out(manager: Manager, script: Path) -> None:
    """All the requests, and the memory of each worker before and after."""
    workers = run(manager, script, WARM)
    before = {pid: resident(pid) for pid in workers}
    assert run(manager, script, REQUESTS - WARM) == workers, "a worker died"
    grown = {pid: resident(pid) - before[pid] for pid in workers}
    assert max(grown.values()) < 512, f"KB more than after {WARM} requests: {grown}"
    print(f"{REQUESTS} requests, KB {before}, then more {grown}")


def test_the_package_preloaded(ffi: Manager) -> None:
    hold_out(ffi, HERE / "judge.php")


def test_the_extension(extension: Manager) -> None:
    hold_out(extension, HERE / "stream.php")
