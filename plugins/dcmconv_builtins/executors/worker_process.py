"""What runs in a worker process: reads tasks from a pipe and answers them, until the pipe ends.

Every worker imports this module, so it imports as little as possible.
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
"""Of Linux's fcntl; some builds of Python do not name it."""

# From malloc.h; MOST_KEPT is the greatest M_MMAP_THRESHOLD of 64-bit systems: mallopt(3).
M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3
MOST_KEPT = 32 << 20
FULL = 12
"""Exit code of a worker whose memory is used up by earlier inputs: ENOMEM."""


@dataclass(frozen=True)
class Limits:
    """Limits of a worker: ``memory`` is bytes beyond what it uses at its start; 0 for no limit."""

    memory: int = 0


@dataclass(frozen=True)
class Ready:
    """The first message of a worker."""


@dataclass(frozen=True)
class Broken:
    """The only message of a worker that cannot start: an error to raise, or its text."""

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

    Only the parent holds the other end of ``lifeline``, and nothing is ever sent through it.  A
    forked worker also gets ``inherited``: copies of the parent's ends of all pipes.
    """
    # While any process holds the parent's end of a pipe, the worker at the other end keeps waiting.
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
    # What is loaded now stays: the garbage collector need not scan it again.
    gc.collect()
    gc.freeze()
    with contextlib.suppress(EOFError, BrokenPipeError, ConnectionResetError):
        pipe.send(Ready())
        while True:
            for task in pipe.recv():
                pipe.send_bytes(_answer(task, do_task, full_at))


def _answer(task: Task, do_task: Callable[[Any], Any], full_at: int) -> Any:
    try:
        # Pickled here, so that a result that cannot be pickled fails its own task.
        return ForkingPickler.dumps(Done(task.number, do_task(task.payload)))
    except MemoryError:
        lost = Lost(task.number, "memory", "It needs more memory than one worker may use.")
    except BaseException as error:  # noqa: BLE001 - sys.exit() and pyo3's PanicException as well
        lost = Lost(task.number, "error", f"{type(error).__name__}: {error}")
    if lost.reason == "memory" and full_at:
        gc.collect()
        if _address_space() > full_at:
            # Earlier inputs used up the memory: the crash makes a new worker try this one again.
            os._exit(FULL)
    return ForkingPickler.dumps(lost)


def _prepare(lifeline: Connection) -> None:
    # Terminals and schedulers send these to every process, but the parent decides what is still
    # finished: it ends a worker by closing its pipe, or with SIGKILL.
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_IGN)
    _silence()
    if sys.platform == "linux":
        _die_with_the_parent(lifeline)
        _tune_for_linux()


def _silence() -> None:
    """Redirect stdin, stdout and stderr to null: codecs write to them directly, not via Python."""
    nowhere = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(nowhere, descriptor)
    os.close(nowhere)


def _die_with_the_parent(lifeline: Connection) -> None:
    """Have the kernel kill this process when the parent's end of the lifeline is closed.

    An idle worker ends with its pipe; this is for one that is busy in native code.  A parent death
    signal (prctl) would not work: the parent is the fork server, and that outlives the program for
    as long as a worker lives.
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
    # No core dumps: they may contain patient data.
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if hasattr(library, "mallopt"):
        # glibc returns big blocks to the system at once, and a frame is one: keep them.
        library.mallopt(M_MMAP_THRESHOLD, MOST_KEPT)
        library.mallopt(M_TRIM_THRESHOLD, 8 * MOST_KEPT)


def _limit_memory(more: int) -> int:
    """Limit how much the address space may grow; return its size when half of that is used."""
    if not more or sys.platform != "linux":
        return 0
    import resource

    # Linux ignores RLIMIT_RSS, so the limit is on the address space.
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
