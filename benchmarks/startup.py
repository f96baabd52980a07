"""What starting costs: --help, one picture, and the imports that are unavoidable."""

from __future__ import annotations

import shutil
import statistics
import sys
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.corpora import Corpora
from benchmarks.cost import measure
from benchmarks.tasks import TASKS
from benchmarks.tools import Tool

__all__ = ["Start", "measure_starts", "slowest_imports"]

COMMANDS = 6
"""The number of commands that ``dcmconv --help`` shows."""

BARE_TYPER = f"""
import typer
app = typer.Typer()
def make(number):
    @app.command(name=f"command{{number}}")
    def command(path: str = "", number: int = {COMMANDS}) -> None:
        "A command."
for number in range({COMMANDS}):
    make(number)
app()
"""
BARE_IMPORTS = {
    "python": "pass",
    "typer running a command, numpy, a JPEG encoder": (
        "import sys, typer\n"
        "def main() -> None:\n"
        "    import numpy\n"
        "    from imagecodecs import jpeg8_encode\n"
        "sys.argv = ['x']\n"
        "typer.run(main)"
    ),
    "the same and pydicom": (
        "import sys, typer\n"
        "def main() -> None:\n"
        "    import numpy, pydicom\n"
        "    from imagecodecs import jpeg8_encode\n"
        "sys.argv = ['x']\n"
        "typer.run(main)"
    ),
}


@dataclass
class Start:
    """One command that was started several times; CPU seconds."""

    name: str
    command: list[str]
    seconds: list[float] = field(default_factory=list)

    @property
    def median(self) -> float:
        """The median of the CPU seconds."""
        return statistics.median(self.seconds)


def measure_starts(
    dcmconv: Tool, corpora: Corpora, folder: Path, rounds: int
) -> tuple[list[Start], dict[str, float]]:
    """Start all commands in turns; return the starts, and our slowest imports in ms by package."""
    # The first task is CT to JPG with a window.
    out = folder / "one-out"
    one = dcmconv.command(TASKS[0], corpora.folder("ct", 1) / "000000.dcm", out, 1)
    program = one[: one.index("run")]
    starts = [
        Start("dcmconv --help", [*program, "--help"]),
        Start(
            f"a bare typer program of {COMMANDS} commands, --help", _python(BARE_TYPER, "--help")
        ),
        Start("dcmconv run, one CT to JPG", one),
        *(Start(f"bare: {name}", _python(code)) for name, code in BARE_IMPORTS.items()),
    ]
    for number in range(rounds + 1):
        for start in starts:
            shutil.rmtree(out, ignore_errors=True)
            cost = measure(start.command, folder / "command.log")
            if number > 0:  # the first round fills the disk cache
                start.seconds.append(cost.cpu)
    shutil.rmtree(out, ignore_errors=True)
    return starts, slowest_imports(one, folder / "imports.log")


def slowest_imports(one: list[str], log: Path) -> dict[str, float]:
    """Return the ten packages that take longest to import, in ms without what they import."""
    words = one[one.index("run") :]
    measure([sys.executable, "-X", "importtime", "-m", "dcmconv", *words], log)
    own: dict[str, float] = {}
    for line in log.read_text(errors="replace").splitlines():
        parts = line.removeprefix("import time:").split("|")
        if line.startswith("import time:") and parts[0].strip().isdigit():
            package = parts[2].strip().partition(".")[0]
            own[package] = own.get(package, 0.0) + int(parts[0]) / 1000
    slowest = sorted(own.items(), key=lambda item: -item[1])[:10]
    return dict(slowest)


def _python(code: str, *words: str) -> list[str]:
    return [sys.executable, "-c", code, *words]
