"""What runs in a worker process: one pipe, one task after the other, until the pipe ends.

Imports as little as it can: this module is loaded in every worker.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import os
import signal
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.reduction import ForkingPickler
from typing import Any

from dcmconv.plugin import DcmconvError, Done, Job, Lost, Task

__all__ = ["Broken", "Limits", "Ready", "work"]

F_SETSIG = 10
"""Linux; Python's fcntl names it on some builds only."""

M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3
MOST_KEPT = 32 << 20
FULL = 12
"""Exit code of a worker that has no memory left for anybody: ENOMEM."""


@dataclass(frozen=True)
class Limits:
    """What a worker may take: ``memory`` is bytes on top of what it has at its start; 0 for any."""

    memory: int = 0


@dataclass(frozen=True)
class Ready:
    """A worker's first word."""


@dataclass(frozen=True)
class Broken:
    """A worker's only word, if it cannot even start: an error to raise, or one in words."""

    error: DcmconvError | None
    message: str


def work(
    pipe: Connection,
    lifeline: Connection,
    job: Job,
    limits: Limits,
    inherited: Sequence[Connection] = (),
) -> None:
    """Do tasks until the other end of the pipe is closed.

    The other end of ``lifeline`` is held by the parent alone, and nothing is ever sent.  A fork is
    given what it has ``inherited``: the parent's ends of all pipes, its own among them.
    """
    # As long as anybody holds the parent's end of a pipe, its worker waits.
    for connection in inherited:
        connection.close()
    _prepare(lifeline)
    try:
        module, _, function = job.target.partition(":")
        do_task = getattr(importlib.import_module(module), function)(job.setup)
        full_at = _limit_memory(limits.memory)
    except BaseException as error:  # noqa: BLE001 - the parent tells the user
        known = error if isinstance(error, DcmconvError) else None
        pipe.send(Broken(known, f"{type(error).__name__}: {error}"))
        return
    # What is there now stays: the collector need not look at it again.
    gc.collect()
    gc.freeze()
    with contextlib.suppress(EOFError, BrokenPipeError, ConnectionResetError):
        pipe.send(Ready())
        while True:
            for task in pipe.recv():
                pipe.send_bytes(_answer(task, do_task, full_at))


def _answer(task: Task, do_task: Callable[[Any], Any], full_at: int) -> Any:
    try:
        return ForkingPickler.dumps(Done(task.number, do_task(task.payload)))
    except MemoryError:
        lost = Lost(task.number, "memory", "It needs more memory than a worker may take.")
    except BaseException as error:  # noqa: BLE001 - sys.exit() and pyo3's PanicException as well
        lost = Lost(task.number, "error", f"{type(error).__name__}: {error}")
    if lost.reason == "memory" and full_at:
        gc.collect()
        if _address_space() > full_at:
            # It is what others have left here that is too much: a new worker tries it once more.
            os._exit(FULL)
    return ForkingPickler.dumps(lost)


def _prepare(lifeline: Connection) -> None:
    # These are the parent's: it decides what is finished.  Terminals and schedulers send them to
    # every process; whoever wants to be rid of this one closes its pipe, or sends SIGKILL.
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_IGN)
    _silence()
    if sys.platform == "linux":
        _die_with_the_parent(lifeline)
        _tune_for_linux()


def _silence() -> None:
    """Point stdin, stdout and stderr nowhere: codecs write to them past Python."""
    nowhere = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(nowhere, descriptor)
    os.close(nowhere)


def _die_with_the_parent(lifeline: Connection) -> None:
    """Have the kernel kill this process when the parent's end of the lifeline is closed.

    An idle worker ends with its pipe; this is for one that is deep in native code.  A death signal
    (prctl) would not do: the fork server is the one that it would wait for, and that one outlives
    the program for as long as a worker lives.
    """
    import fcntl

    descriptor = lifeline.fileno()
    fcntl.fcntl(descriptor, fcntl.F_SETOWN, os.getpid())
    fcntl.fcntl(descriptor, F_SETSIG, signal.SIGKILL)
    flags = fcntl.fcntl(descriptor, fcntl.F_GETFL)
    fcntl.fcntl(descriptor, fcntl.F_SETFL, flags | os.O_ASYNC)


def _tune_for_linux() -> None:
    import ctypes
    import resource

    library = ctypes.CDLL(None, use_errno=True)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if hasattr(library, "mallopt"):
        # glibc gives big blocks back to the system at once, and a frame is one; keep them.
        library.mallopt(M_MMAP_THRESHOLD, MOST_KEPT)
        library.mallopt(M_TRIM_THRESHOLD, 8 * MOST_KEPT)


def _limit_memory(more: int) -> int:
    """Let the address space grow by so many bytes, and no further; return where half is taken."""
    if not more or sys.platform != "linux":
        return 0
    import resource

    now = _address_space()
    limit = now + more
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    if hard != resource.RLIM_INFINITY:
        limit = min(limit, hard)
    resource.setrlimit(resource.RLIMIT_AS, (limit, hard))
    return (now + limit) // 2


def _address_space() -> int:
    with open("/proc/self/statm", encoding="ascii") as stream:  # noqa: PTH123
        return int(stream.read().split()[0]) * os.sysconf("SC_PAGE_SIZE")
