"""A supervised pool of worker processes on this machine."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from dcmconv.plugin import Executor, Job, Opt, WorkerPool

__all__ = ["Processes", "memory_per_worker"]

LEAST_MEMORY = 2 << 30
SHARE_OF_MEMORY = 0.7
MEMORY_LIMITS = ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes")
"""Where control groups, version 2 and version 1, say how much memory a container has."""


@dataclass(frozen=True, kw_only=True)
class Processes(Executor):
    """Worker processes: a crash, a hang or a decompression bomb costs only its own input."""

    start: Annotated[
        Literal["auto", "fork", "forkserver", "spawn"],
        Opt(
            "How workers start; auto is fork if this process has one thread (Linux), else "
            "forkserver if the system has it"
        ),
    ] = "auto"
    memory: Annotated[
        int | None,
        Opt(
            "Memory that one worker may use; by default a fair share, at least 2048",
            unit="MiB",
            ge=64,
        ),
    ] = None
    depth: Annotated[
        int, Opt("Most tasks that wait at one fast worker, so that it never idles", ge=1, le=256)
    ] = 32

    def open(self, job: Job, *, workers: int) -> WorkerPool:
        """Prepare the pool; workers start when there is work for them."""
        # Imported here, so that listing the executors does not import multiprocessing.
        from dcmconv_builtins.executors.launch import Launcher
        from dcmconv_builtins.executors.supervisor import Supervisor
        from dcmconv_builtins.executors.worker_process import Limits

        mebibytes = self.memory or job.memory
        memory = mebibytes << 20 if mebibytes else memory_per_worker(workers)
        launcher = Launcher(job, Limits(memory=memory), method=self.start)
        return Supervisor(launcher, workers=workers, depth=self.depth)


def memory_per_worker(workers: int) -> int:
    """Return bytes: 70 % of the machine's or container's memory, divided, but at least 2 GiB."""
    return max(LEAST_MEMORY, int(SHARE_OF_MEMORY * _memory() / workers))


def _memory() -> int:
    known = [_limit(Path(path)) for path in MEMORY_LIMITS]
    if hasattr(os, "sysconf"):
        known.append(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"))
    # Version 1 gives a number beyond any machine's memory for no limit: the least one counts.
    return min((size for size in known if size), default=LEAST_MEMORY)


def _limit(path: Path) -> int:
    """Return the limit of a container; 0 if there is none."""
    try:
        # In version 2, a group without a limit has the text "max".
        return int(path.read_text())
    except (OSError, ValueError):
        return 0
