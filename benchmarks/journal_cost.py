"""What writing the journal costs, compared with the conversion that it records.

>>> python -m benchmarks.journal_cost --count 500    # doctest: +SKIP
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.corpora import Corpora
from dcmconv.api.plans import plan_from, registry
from dcmconv.model.outcome import Outcome
from dcmconv.run.engine import Run
from dcmconv.run.journal.line import read_journal
from dcmconv.run.journal.writer import Journal

__all__ = ["main", "measure"]

LINES = 20_000


def measure(files: Path, folder: Path, writer: str) -> dict[str, float]:
    """Convert CT files in this process, then only write and read the lines of their journal.

    Returns milliseconds of CPU time for each input, and bytes for each line.
    """
    plan = plan_from({"writers": [writer], "normalize": "minmax", "executor": "inline"})
    outcomes: list[Outcome] = []

    def convert() -> None:
        outcomes.extend(Run(plan, [str(files)], folder / writer, registry=registry()))

    run = _cpu(convert) / len(outcomes)
    many = [outcomes[number % len(outcomes)] for number in range(LINES)]
    path = folder / f"{writer}.jsonl"
    journal = Journal(path, {"run": 1, "dcmconv": "0"}).open()
    written = _cpu(lambda: [journal.write(outcome, "0" * 16) for outcome in many]) / LINES
    journal.close()
    opened: list[Journal] = []
    loaded = _cpu(lambda: opened.append(Journal(path).open())) / LINES
    opened[0].close()
    parsed = _cpu(lambda: sum(1 for _ in read_journal(path))) / LINES
    size = path.stat().st_size / LINES
    return {"run": run, "line": written, "load": loaded, "parse": parsed, "bytes": size}


def main() -> int:
    """Print a line for each writer."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=200, help="number of CT files")
    count = parser.parse_args().count
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        files = Corpora(folder / "corpora").folder("ct", count)
        for writer in ("jpg", "png"):
            found = measure(files, folder, writer)
            share = 100 * found["line"] / found["run"]
            sys.stdout.write(
                f"{writer}: {found['run']:.2f} ms of CPU per input, including "
                f"{found['line']:.4f} ms ({share:.1f} %) for its line "
                f"of {found['bytes']:.0f} bytes; "
                f"{1000 / found['line']:,.0f} lines written per second, "
                f"{1000 / found['load']:,.0f} read per second at the next start.\n"
            )
    return 0


def _cpu(work: Callable[[], Any]) -> float:
    began = time.process_time()
    work()
    return (time.process_time() - began) * 1000


if __name__ == "__main__":
    sys.exit(main())
