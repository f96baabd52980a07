"""How much memory there is for a worker."""

from __future__ import annotations

import os
from pathlib import Path

__all__ = ["memory_per_worker"]

LEAST = 2 << 30
SHARE = 0.7


def memory_per_worker(workers: int) -> int:
    """Return bytes: 70 % of the memory of the machine or container, divided, but at least 2 GiB."""
    return max(LEAST, int(SHARE * _memory() / workers))


def _memory() -> int:
    known = [_limit(Path(path)) for path in _LIMIT_FILES]
    if hasattr(os, "sysconf"):
        known.append(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"))
    return min((size for size in known if size), default=LEAST)


_LIMIT_FILES = ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes")


def _limit(path: Path) -> int:
    """Return the limit of a container; 0 where there is none."""
    try:
        return int(path.read_text())
    except (OSError, ValueError):
        return 0
