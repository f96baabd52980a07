"""A run whose workers are killed all the time, and whose parent is killed now and then."""

from __future__ import annotations

import random
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from proof.accounts import check_accounts, check_pictures, tree
from proof.good_files import make_good_files
from proof.one_run import finished, kill, no_process_left, started, workers

BETWEEN_LOOKS = 0.01


@dataclass(frozen=True)
class Kills:
    """What happened during a disturbed run."""

    files: int
    workers_killed: int
    parents_killed: int
    seconds: float
    undisturbed: float


def survive(
    folder: Path, *, count: int, parents: int, every: float, seed: int, start: str = "forkserver"
) -> Kills:
    """Convert good files while processes are killed; compare with an undisturbed run.

    Parameters
    ----------
    parents : int
        How often the whole run is killed, each time at a random later line of its journal; then it
        is resumed.
    every : float
        Seconds between kills of random workers.
    """
    chance = random.Random(seed)
    keys = make_good_files(folder / "scans", count)
    began = time.monotonic()
    finished(folder / "scans", folder / "quiet", start)
    quiet = time.monotonic() - began
    killed, died, out, began = 0, 0, folder / "out", time.monotonic()
    for turn in range(parents):
        process = started(folder / "scans", out, start)
        with no_process_left(process):
            # A line, not a time: even a fast run is killed before it has finished.
            lines = (turn + chance.uniform(0.1, 0.9)) * count / (parents + 1)
            far_enough = partial(_has_lines, out, lines)
            killed += _shoot(process, start, every, far_enough, chance)
            died += process.poll() is None and kill(process.pid)
            process.communicate()
        _check_what_stands(folder / "quiet", out)
    process = started(folder / "scans", out, start)
    killed += _shoot(process, start, every, lambda: False, chance)
    _, output = process.communicate()
    assert process.returncode == 0, output.decode()
    seconds = time.monotonic() - began
    assert tree(out) == tree(folder / "quiet")
    assert check_accounts(keys, out) == {"converted": count}
    assert check_pictures(out) == count
    return Kills(count, killed, died, seconds, quiet)


def _shoot(
    process: subprocess.Popen[bytes],
    start: str,
    every: float,
    is_enough: Callable[[], bool],
    chance: random.Random,
) -> int:
    """Kill a random worker again and again, until the run is over or has come far enough."""
    killed, due = 0, time.monotonic() + every
    while process.poll() is None and not is_enough():
        time.sleep(BETWEEN_LOOKS)
        if time.monotonic() >= due:
            at_work = workers(process.pid, start)
            killed += bool(at_work) and kill(chance.choice(at_work))
            due = time.monotonic() + every
    return killed


def _has_lines(out: Path, lines: float) -> bool:
    journal = out / ".dcmconv" / "journal.jsonl"
    return journal.exists() and journal.read_bytes().count(b"\n") >= lines


def _check_what_stands(quiet: Path, out: Path) -> None:
    """Check that files under final names are complete after a kill."""
    if not out.is_dir():
        return
    whole = tree(quiet)
    for name, checksum in tree(out).items():
        assert checksum == whole[name], f"{name} is not complete"
