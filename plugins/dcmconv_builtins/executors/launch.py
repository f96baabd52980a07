"""Starts worker processes, without running the caller's script again in each.

Imports happen once, before the workers are forked, not in every worker.  A component's module may
name more modules in ``PRELOAD``: libraries that it imports only when it works.
"""

from __future__ import annotations

import contextlib
import importlib
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
from dcmconv_builtins.executors.worker_process import Limits, work

__all__ = ["Launcher", "is_alone"]

VARIABLE = "DCMCONV_PRELOAD"
"""The environment variable that passes the names of modules to the fork server."""

ONE_THREAD = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")
"""Workers run in parallel already; a thread pool in each only takes memory."""


@dataclass(frozen=True)
class Launcher:
    """Starts workers, and knows our ends of the pipes to all that it has started."""

    job: Job
    limits: Limits
    method: str = "auto"
    _ours: list[Connection] = field(default_factory=list)

    def launch(self) -> tuple[BaseProcess, Connection, Connection]:
        """Start a worker; return it with our ends of its pipe and of its lifeline."""
        context = self._context()
        is_fork = context.get_start_method() == "fork"
        if is_fork:
            # Before the first fork, so that all workers inherit the modules.
            preload(list(self.job.preload))
        ours, theirs = context.Pipe(duplex=True)
        lifeline, held = context.Pipe(duplex=False)
        # In place, because the dataclass is frozen; without the closed ends of earlier workers.
        self._ours[:] = [*(each for each in self._ours if not each.closed), ours, held]
        process = context.Process(  # type: ignore[attr-defined]
            target=work,
            args=(theirs, lifeline, self.job, self.limits, self._ours if is_fork else ()),
            name="dcmconv-worker",
            daemon=True,
        )
        with self._environment(), _without_main():
            process.start()
        # While we hold this end too, our end would not signal that the worker died.
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
            # It takes names of modules, no function to call: see the end of this module.
            context.set_forkserver_preload([__name__])
        return context

    @contextmanager
    def _environment(self) -> Iterator[None]:
        """Set the variables that the fork server, or a spawned worker, reads at its start."""
        wanted = dict.fromkeys(ONE_THREAD, "1") | {VARIABLE: ",".join(self.job.preload)}
        # A value that the user has set takes precedence.
        added = {name: value for name, value in wanted.items() if name not in os.environ}
        os.environ.update(added)
        try:
            yield
        finally:
            for name in added:
                os.environ.pop(name, None)


def is_alone() -> bool:
    """Return whether this process has one thread, by the kernel's count, and may fork safely.

    A fork copies locks but not the threads that would release them.  Only Linux has the count.
    """
    if sys.platform != "linux":
        return False
    try:
        return len(os.listdir("/proc/self/task")) == 1  # noqa: PTH208 - only the count is used
    except OSError:
        return False


@contextmanager
def _without_main() -> Iterator[None]:
    """Hide the main module while a process starts.

    multiprocessing would import it in every worker: the whole command line for nothing, and a
    script without ``if __name__ == "__main__"`` would start itself again and again.
    """
    main = sys.modules["__main__"]
    sys.modules["__main__"] = ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = main


def preload(modules: list[str]) -> None:
    """Import modules and what they name in ``PRELOAD``.

    A module that cannot be imported is left to the worker that needs it, where the error belongs to
    a task.
    """
    for name in modules:
        with contextlib.suppress(BaseException):  # a plugin's import may even call sys.exit()
            module = importlib.import_module(name)
            for more in getattr(module, "PRELOAD", ()):
                with contextlib.suppress(BaseException):
                    importlib.import_module(more)


# The fork server can only import: so importing this module there does the work.
if VARIABLE in os.environ:
    preload(os.environ[VARIABLE].split(","))
