"""What a command costs: CPU time and memory of its whole process tree.

The kernel counts the children of a process only after the process has waited for them, and nothing
waits for a fork server.  So the referee adopts all orphans below it (it is a *child subreaper*,
Linux only), waits for all of them, and adds up the usage that each reports for itself and for the
children that it waited for.
"""

from __future__ import annotations

import ctypes
import mmap
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

__all__ = ["CommandError", "Cost", "adopt_orphans", "measure", "peak_memory", "touch_memory"]

PR_SET_CHILD_SUBREAPER = 36
SECONDS_BETWEEN_LOOKS = 0.02
LONGEST = 3600.0


class CommandError(RuntimeError):
    """A command failed; the text has the command and the end of its output."""


@dataclass(frozen=True)
class Cost:
    """Seconds: user and system time of all processes, and wall time of the first one."""

    cpu: float
    wall: float


def adopt_orphans() -> None:
    """Become the parent of all orphaned descendants; called once, before the first command."""
    if not sys.platform.startswith("linux"):
        raise CommandError("The referee adopts orphans with Linux's prctl; it needs Linux.")
    if ctypes.CDLL(None, use_errno=True).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0:
        raise CommandError(f"prctl: {os.strerror(ctypes.get_errno())}")


def touch_memory(size: int) -> None:
    """Touch this many bytes of free memory, at most a quarter of it, so that later use is fast.

    A virtual machine returns free memory to its host.  The first process that touches it again
    waits for the host, five times as long as writing a picture takes; after that the memory is
    fast for every process, for some seconds.
    """
    free = os.sysconf("SC_AVPHYS_PAGES") * mmap.PAGESIZE
    flags = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | mmap.MAP_POPULATE
    mmap.mmap(-1, max(mmap.PAGESIZE, min(size, free // 4)), flags=flags).close()


def measure(command: Sequence[str], log: Path, env: Mapping[str, str] | None = None) -> Cost:
    """Run a command, and wait for the last of its processes.

    Raises
    ------
    CommandError
        If its exit code is not 0.
    """
    child, began = _started(command, log, env)
    cpu, wall, code = 0.0, 0.0, 0
    with _ended_in_time(child.pid):
        while True:
            try:
                pid, status, usage = os.wait4(-1, 0)
            except ChildProcessError:
                break
            cpu += usage.ru_utime + usage.ru_stime
            if pid == child.pid:
                wall = time.perf_counter() - began
                code = child.returncode = os.waitstatus_to_exitcode(status)
    _check(command, code, log)
    return Cost(cpu, wall)


def peak_memory(command: Sequence[str], log: Path, env: Mapping[str, str] | None = None) -> int:
    """Return the peak memory of the whole process tree in bytes: PSS, which divides shared pages.

    Sampling every 20 ms costs time, so memory and time are not measured in the same run.
    """
    child, _ = _started(command, log, env)
    peak = 0
    with _ended_in_time(child.pid):
        while child.poll() is None:
            peak = max(peak, sum(_proportional_size(pid) for pid in _session(child.pid)))
            time.sleep(SECONDS_BETWEEN_LOOKS)
        with suppress(ChildProcessError):
            while True:
                os.wait4(-1, 0)
    _check(command, child.returncode, log)
    return peak


def _started(
    command: Sequence[str], log: Path, env: Mapping[str, str] | None
) -> tuple[subprocess.Popen[bytes], float]:
    with log.open("wb") as stream:
        began = time.perf_counter()
        child = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=stream,
            stderr=stream,
            env={**os.environ, **(env or {})},
            start_new_session=True,
        )
    return child, began


class _ended_in_time:  # noqa: N801 - reads as a statement
    """Kills a session after an hour."""

    def __init__(self, session: int) -> None:
        self._timer = threading.Timer(LONGEST, self._kill, [session])

    def __enter__(self) -> None:
        self._timer.daemon = True
        self._timer.start()

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()

    @staticmethod
    def _kill(session: int) -> None:
        with suppress(ProcessLookupError):
            os.killpg(session, signal.SIGKILL)


def _check(command: Sequence[str], code: int, log: Path) -> None:
    if code != 0:
        end = log.read_bytes()[-600:].decode(errors="replace").strip()
        raise CommandError(f"{' '.join(command)[:300]}\nended with {code}: {end}")


def _session(leader: int) -> list[int]:
    """Return the processes of a session; fork servers and their children stay in it."""
    found = []
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit():
            continue
        with suppress(OSError, IndexError):
            # The process name, in parentheses, may contain anything: parse what follows it.
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
            if int(fields[3]) == leader:
                found.append(int(folder.name))
    return found


def _proportional_size(pid: int) -> int:
    with suppress(OSError):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    return 0
