"""Work in this process: nothing to start, and no protection."""

from __future__ import annotations

import importlib
import sys
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from io import StringIO
from typing import Any, ClassVar

from dcmconv.plugin import Done, Executor, Job, Lost, Task, WorkerPool

__all__ = ["Inline"]


@dataclass(frozen=True, kw_only=True)
class Inline(Executor):
    """The program itself, one input at a time; a crash of native code ends the program.

    Time limits do not apply: a process cannot interrupt its own native code.
    """

    ignores: ClassVar[frozenset[str]] = frozenset({"workers", "timeout", "memory"})

    def open(self, job: Job, *, workers: int) -> WorkerPool:
        """Prepare the work; ``workers`` is ignored."""
        module, _, function = job.target.partition(":")
        start = getattr(importlib.import_module(module), function)
        return InlinePool(start(job.setup))


@dataclass
class InlinePool(WorkerPool):
    work: Callable[[Any], Any]
    capacity: int = 1
    in_this_process: bool = True
    _tasks: deque[Task] = field(default_factory=deque)

    def submit(self, task: Task) -> None:
        self._tasks.append(task)

    def wait(self, seconds: float | None = None) -> Sequence[Done | Lost]:
        if not self._tasks:
            return []
        task = self._tasks.popleft()
        stdout, sys.stdout = sys.stdout, StringIO()
        try:
            # What a component prints must not mix with the program's output: --json stays JSON.
            return [Done(task.number, self.work(task.payload))]
        except KeyboardInterrupt:
            # Not an error of the task: Ctrl-C ends the run.
            raise
        except MemoryError:
            return [Lost(task.number, "memory", "There is not enough memory.")]
        except BaseException as error:  # noqa: BLE001 - one task must not end the others
            return [Lost(task.number, "error", f"{type(error).__name__}: {error}")]
        finally:
            sys.stdout = stdout

    def close(self, *, now: bool = False) -> None:
        self._tasks.clear()
