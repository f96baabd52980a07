"""A run whose workers are killed all the time, and whose parent is killed now and then."""

from __future__ import annotations

import random
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from proof.accounts import check_accounts, check_pictures, tree
from proof.good_files import make_good_files
from proof.one_run import finished, kill, nobody_left, started, workers

SECONDS_TO_START = 1.0


@dataclass(frozen=True)
class Kills:
    """What a disturbed run has gone through."""

    files: int
    workers_killed: int
    parents_killed: int
    seconds: float
    undisturbed: float


def survive(
    folder: Path, *, count: int, parents: int, every: float, seed: int, start: str = "forkserver"
) -> Kills:
    """Convert good files under fire, resuming after each death, and compare with a quiet run.

    Parameters
    ----------
    parents : int
        How often the whole run is killed, at moments spread over the time of a quiet one.
    every : float
        Seconds between the deaths of random workers.
    """
    chance = random.Random(seed)
    keys = make_good_files(folder / "scans", count)
    began = time.monotonic()
    finished(folder / "scans", folder / "quiet", start)
    quiet = time.monotonic() - began
    killed, died, out, began = 0, 0, folder / "out", time.monotonic()
    for _ in range(parents):
        process = started(folder / "scans", out, start)
        with nobody_left(process):
            # So that no run is done before its turn to die.
            patience = SECONDS_TO_START + chance.uniform(0.3, 1.0) * quiet / (parents + 1)
            killed += _shoot(process, start, every, patience, chance)
            died += process.poll() is None and kill(process.pid)
            process.communicate()
        _check_what_stands(folder / "quiet", out)
    process = started(folder / "scans", out, start)
    killed += _shoot(process, start, every, 900, chance)
    _, said = process.communicate()
    assert process.returncode == 0, said.decode()
    seconds = time.monotonic() - began
    assert tree(out) == tree(folder / "quiet")
    assert check_accounts(keys, out) == {"converted": count}
    assert check_pictures(out) == count
    return Kills(count, killed, died, seconds, quiet)


def _shoot(
    process: subprocess.Popen[bytes],
    start: str,
    every: float,
    seconds: float,
    chance: random.Random,
) -> int:
    """Kill a random worker again and again, until the run or the time is over."""
    killed, until = 0, time.monotonic() + seconds
    while time.monotonic() < until:
        try:
            process.wait(min(every, max(until - time.monotonic(), 0.001)))
            break
        except subprocess.TimeoutExpired:
            at_work = workers(process.pid, start)
            killed += bool(at_work) and kill(chance.choice(at_work))
    return killed


def _check_what_stands(quiet: Path, out: Path) -> None:
    """Insist that what a killed run leaves under final names is whole."""
    if not out.is_dir():
        return
    whole = tree(quiet)
    for name, checksum in tree(out).items():
        assert checksum == whole[name], f"{name} is not whole"
