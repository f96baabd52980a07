"""What is measured: a corpus, a format, a contrast, and the number of files for each tool."""

from __future__ import annotations

from dataclasses import dataclass

from benchmarks.corpora import FRAMES
from benchmarks.headers import WINDOWS

__all__ = ["TASKS", "Counts", "Task", "counts_of"]

Counts = tuple[int, int]


@dataclass(frozen=True)
class Task:
    """One task: every tool is asked for the same pictures."""

    corpus: str
    writer: str
    normalizer: str

    @property
    def name(self) -> str:
        """The name on the command line and in the results."""
        return f"{self.corpus}-{self.writer}-{self.normalizer}"

    @property
    def frames(self) -> int:
        """Pictures per file."""
        return FRAMES.get(self.corpus, 1)

    @property
    def window(self) -> tuple[int, int]:
        """Center and width, for the normalizer ``window``."""
        return WINDOWS["cr" if self.corpus == "cr" else "ct"]


PLAIN = [Task(c, w, n) for c in ("ct", "cr") for w in ("jpg", "png") for n in ("window", "minmax")]
CODED = [Task(f"ct-{c}", "jpg", "window") for c in ("jll", "jls", "rle", "htj2k", "j2k")]
TASKS = [*PLAIN, *CODED, Task("enhanced", "jpg", "window"), Task("us", "jpg", "auto")]

# Slow tools get fewer files.  This is fair, because only the slope between two counts matters, and
# the slope contains no start-up.
_COUNTS: dict[str, dict[str, Counts]] = {
    "ct": {"fast": (1000, 10_000), "middle": (200, 1000), "slow": (50, 250), "slowest": (8, 24)},
    "cr": {"fast": (60, 600), "middle": (12, 60), "slow": (6, 24), "slowest": (2, 6)},
    "coded": {"fast": (200, 2000), "middle": (200, 1000), "slow": (50, 250), "slowest": (8, 24)},
    "enhanced": {"fast": (2, 10), "slow": (1, 2), "slowest": (1, 2)},
    "us": {"fast": (4, 40), "slow": (1, 4), "slowest": (1, 2)},
}
_QUICK: dict[str, dict[str, Counts]] = {
    "ct": {"fast": (200, 1200), "middle": (40, 200), "slow": (20, 80), "slowest": (4, 12)},
    "cr": {"fast": (12, 60), "middle": (4, 16), "slow": (2, 8), "slowest": (1, 3)},
    "coded": {"fast": (50, 250), "middle": (20, 100), "slow": (20, 80), "slowest": (4, 8)},
    "enhanced": {"fast": (1, 3), "slow": (1, 2), "slowest": (1, 2)},
    "us": {"fast": (2, 8), "slow": (1, 2), "slowest": (1, 2)},
}


def counts_of(task: Task, pace: str, *, quick: bool) -> Counts:
    """Return the two numbers of files between which the slope is measured."""
    group = task.corpus if task.corpus in _COUNTS else "coded"
    return (_QUICK if quick else _COUNTS)[group][pace]
