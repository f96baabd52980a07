"""Starts worker processes, without running the caller's script again in each."""

from __future__ import annotations

import multiprocessing
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from multiprocessing.context import BaseContext
from multiprocessing.process import BaseProcess
from types import ModuleType

from dcmconv.plugin import Job
from dcmconv_builtins.executors.preload import VARIABLE, preload
from dcmconv_builtins.executors.worker_process import Limits, work

__all__ = ["Launcher", "is_alone"]

PRELOADED = [
    "dcmconv_builtins.executors.preload",
    "dcmconv_builtins.executors.worker_process",
]
ONE_THREAD = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")
"""Workers are the parallelism; a pool of threads in each only takes memory."""


@dataclass(frozen=True)
class Launcher:
    """Knows how to start one more worker, and our ends of the pipes to all that it has started."""

    job: Job
    limits: Limits
    method: str = "auto"
    _ours: list[Connection] = field(default_factory=list)

    def launch(self) -> tuple[BaseProcess, Connection, Connection]:
        """Start a worker; return it with our ends of its pipe and of its lifeline."""
        context = self._context()
        is_fork = context.get_start_method() == "fork"
        if is_fork:
            # Once, before the first: the others inherit it.
            preload(list(self.job.preload))
        ours, theirs = context.Pipe(duplex=True)
        lifeline, held = context.Pipe(duplex=False)
        self._ours[:] = [*(each for each in self._ours if not each.closed), ours, held]
        process = context.Process(  # type: ignore[attr-defined]
            target=work,
            args=(theirs, lifeline, self.job, self.limits, self._ours if is_fork else ()),
            name="dcmconv-worker",
            daemon=True,
        )
        with self._environment(), _without_main():
            process.start()
        theirs.close()
        lifeline.close()
        return process, ours, held

    def _context(self) -> BaseContext:
        methods = multiprocessing.get_all_start_methods()
        method = self.method
        if method == "auto":
            method = "forkserver" if "forkserver" in methods else "spawn"
            method = "fork" if is_alone() else method
        context = multiprocessing.get_context(method)
        if method == "forkserver":
            context.set_forkserver_preload(PRELOADED)
        return context

    @contextmanager
    def _environment(self) -> Iterator[None]:
        """Set what the fork server, or a spawned worker, reads at its start."""
        wanted = dict.fromkeys(ONE_THREAD, "1") | {VARIABLE: ",".join(self.job.preload)}
        added = {name: value for name, value in wanted.items() if name not in os.environ}
        os.environ.update(added)
        try:
            yield
        finally:
            for name in added:
                os.environ.pop(name, None)


def is_alone() -> bool:
    """Say whether this process has one thread, the kernel's view of it, and may fork safely.

    A thread that is not there in the child may have held a lock that is.  Elsewhere than on Linux
    nobody can tell.
    """
    if sys.platform != "linux":
        return False
    try:
        return len(os.listdir("/proc/self/task")) == 1  # noqa: PTH208 - names are enough
    except OSError:
        return False


@contextmanager
def _without_main() -> Iterator[None]:
    """Hide the main module while a process starts.

    multiprocessing would import it in every worker: the whole command line for nothing, and a
    script without ``if __name__ == "__main__"`` would start itself for ever.
    """
    main = sys.modules["__main__"]
    sys.modules["__main__"] = ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = main
