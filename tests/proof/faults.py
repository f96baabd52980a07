"""One file that segfaults, one that hangs, one that uses up memory, one that exits."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

from hostile.batch import run
from support.plans import in_a_pool, plan

from proof.accounts import check_accounts, last_lines

FAULTS = {
    "segfault": ("crash", "killed by signal 11 (SIGSEGV)"),
    "hang": ("timeout", "seconds"),
    "hoard": ("memory", "memory"),
    "exit": ("crash", "exited with code 7"),
}
"""What a file does, the expected reason of its failure, and part of its message."""


@dataclass(frozen=True)
class Cost:
    """The cost of four bad files: seconds of a run without them, and of one with them."""

    files: int
    quiet: float
    disturbed: float
    time_limit: float

    @property
    def beyond_the_limit(self) -> float:
        """Seconds that are neither work nor the time limit of the one that hangs."""
        return self.disturbed - self.quiet - self.time_limit


def four_faults(folder: Path, *, count: int, time_limit: float = 5.0) -> Cost:
    """Run ``count`` good files without and with the four, and check the four reasons."""
    scans = folder / "scans"
    scans.mkdir()
    for number in range(count):
        (scans / f"{number:05d}").write_bytes(b"DEED frames 1")
    made = in_a_pool(plan(workers=2, timeout=time_limit), memory=2048)
    seconds = []
    for name in ("quiet", "quiet again", "disturbed"):
        if name == "disturbed":
            for number, action in enumerate(FAULTS):
                (scans / f"{count // 5 * (number + 1):05d}-{action}").write_bytes(
                    f"DEED {action}".encode()
                )
        began = time.monotonic()
        run(made, scans, folder / name)
        seconds.append(time.monotonic() - began)
    lines = last_lines(folder / "disturbed")
    failed = {
        key.partition("-")[2]: line for key, line in lines.items() if line["status"] == "failed"
    }
    reasons = {name: line["reason"] for name, line in failed.items()}
    assert reasons == {name: reason for name, (reason, _) in FAULTS.items()}, reasons
    for name, (_, words) in FAULTS.items():
        assert words in failed[name]["message"], failed[name]["message"]
    found = check_accounts([path.name for path in scans.iterdir()], folder / "disturbed")
    assert found["converted"] == count
    return Cost(count, min(seconds[:2]), seconds[2], time_limit)
