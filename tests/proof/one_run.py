"""One run in a separate process, to be killed: ``python -m proof.one_run IN OUT START``.

``START`` is ``inline``, ``forkserver`` or ``spawn``.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]


def main() -> int:
    """Run to the end; 0 only if every input was converted."""
    from support.plans import in_a_pool, plan

    from dcmconv.run.engine import Run

    scans, out, start = sys.argv[1:]
    made = plan(workers=2)
    if start == "inline":
        from hostile.batch import hostile_plan

        made = hostile_plan("inline")
    else:
        made = in_a_pool(made, start=start)
    # The last run of a test may have another chain: what is resumed is then made again.
    batch = Run(made, [scans], Path(out), replace=True)
    outcomes = [outcome.status for outcome in batch]
    return 0 if set(outcomes) == {"converted"} else 1


def started(scans: Path, out: Path, start: str = "forkserver") -> subprocess.Popen[bytes]:
    """Start a run in a new session."""
    return subprocess.Popen(
        [sys.executable, "-m", "proof.one_run", str(scans), str(out), start],
        cwd=TESTS,
        start_new_session=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )


def finished(scans: Path, out: Path, start: str = "forkserver", *, seconds: float = 900) -> None:
    """Run to the end, and check that it succeeded."""
    process = started(scans, out, start)
    _, output = process.communicate(timeout=seconds)
    assert process.returncode == 0, output.decode()


def descendants(pid: int) -> dict[int, int]:
    """Return each process below ``pid``, with its parent."""
    parents: dict[int, int] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            if fields[0] != "Z":
                parents[int(entry.name)] = int(fields[1])
    found, new = {}, {pid}
    while new:
        new = {child for child, parent in parents.items() if parent in new and child not in found}
        found.update((child, parents[child]) for child in new)
    return found


def workers(pid: int, start: str = "forkserver") -> list[int]:
    """Return the worker processes of a run: children of its fork server, or its own."""
    below = descendants(pid)
    if start == "fork":
        return sorted(child for child, parent in below.items() if parent == pid)
    if start == "forkserver":
        return sorted(child for child, parent in below.items() if parent in below)
    return sorted(child for child in below if b"spawn_main" in _command(child))


def _command(pid: int) -> bytes:
    try:
        return (Path("/proc") / str(pid) / "cmdline").read_bytes()
    except OSError:
        return b""


def kill(pid: int) -> bool:
    """Kill one process that this run started; return whether it still existed."""
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return False
    return True


@contextmanager
def no_process_left(process: subprocess.Popen[bytes], seconds: float = 10) -> Iterator[None]:
    """Afterwards, check that no process of the run's session is left."""
    yield
    deadline = time.monotonic() + seconds
    while left := _of_session(process.pid):
        assert time.monotonic() < deadline, f"processes were left behind: {left}"
        time.sleep(0.05)


def _of_session(session: int) -> list[int]:
    left = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            if int(fields[3]) == session and fields[0] != "Z":
                left.append(int(entry.name))
    return left


if __name__ == "__main__":
    sys.exit(main())
