"""A supervised pool of worker processes on this machine."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from dcmconv.plugin import Executor, Job, Opt, WorkerPool

__all__ = ["Processes"]


@dataclass(frozen=True, kw_only=True)
class Processes(Executor):
    """Worker processes: a crash, a hang or a bomb costs exactly the input that caused it."""

    start: Annotated[
        Literal["auto", "fork", "forkserver", "spawn"],
        Opt(
            "How workers start; auto is fork where this process has one thread (Linux), else "
            "forkserver where the system has it"
        ),
    ] = "auto"
    memory: Annotated[
        int | None,
        Opt(
            "Memory that one worker may take; by default a fair share, at least 2048",
            unit="MiB",
            ge=64,
        ),
    ] = None
    depth: Annotated[
        int, Opt("Most tasks that a quick worker has at hand, so that it never waits", ge=1, le=256)
    ] = 32

    def open(self, job: Job, *, workers: int) -> WorkerPool:
        """Make the pool ready; workers start when there is work for them."""
        from dcmconv_builtins.executors.launch import Launcher
        from dcmconv_builtins.executors.memory import memory_per_worker
        from dcmconv_builtins.executors.supervisor import Supervisor
        from dcmconv_builtins.executors.worker_process import Limits

        mebibytes = self.memory or job.memory
        memory = mebibytes << 20 if mebibytes else memory_per_worker(workers)
        launcher = Launcher(job, Limits(memory=memory), method=self.start)
        return Supervisor(launcher, workers=workers, depth=self.depth)
