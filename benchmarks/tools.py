"""dcmconv, the C limit and the peers, with the commands that make the same pictures."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.dcmtk_dictionary import write_dictionary
from benchmarks.limit import Limit
from benchmarks.tasks import Task

__all__ = ["Tool", "find_tools"]

HERE = Path(__file__).parent
Command = Callable[[Task, Path, Path, int], list[str]]


@dataclass(frozen=True)
class Tool:
    """A program to measure.

    ``command`` returns the command line for a task, an input folder, an output folder and a number
    of processes.  ``gray_levels`` is how much its PNGs may differ from ours; None if its pictures
    cannot be compared, such as figures with axes.
    """

    name: str
    version: str
    command: Command
    handles: Callable[[Task], bool]
    pace: str = "slow"
    gray_levels: int | None = 1
    env: Mapping[str, str] = field(default_factory=dict)


def find_tools(limit: Limit, folder: Path) -> tuple[list[Tool], dict[str, str]]:
    """Return the tools that were found, ours first, and why others are missing.

    ``folder`` is for additional files that a tool needs.
    """
    tools, missing = [_dcmconv()], {}
    if limit.program:
        tools.append(_climit(limit))
    else:
        missing["C limit"] = limit.message
    for name, find in _PEERS.items():
        prefix = _prefix(name)
        if prefix:
            tools.append(find(name, prefix, folder))
        else:
            missing[name] = f"not found; set {_variable(name)} to the command"
    # gdcmimg writes stored values, which cannot be compared.
    missing["GDCM"] = "its programs do not apply a window"
    return tools, missing


def _variable(name: str) -> str:
    return "REFEREE_" + name.upper().replace(" ", "_")


def _prefix(name: str) -> list[str]:
    """Return the command of a peer, from the environment or from the search path."""
    found = os.environ.get(_variable(name))
    if found:
        return shlex.split(found)
    if name in _IN_PYTHON:
        return [sys.executable] if _can_import(_IN_PYTHON[name]) else []
    found = shutil.which(_PROGRAMS.get(name, name))
    return [found] if found else []


def _can_import(modules: str) -> bool:
    probe = (
        f"import importlib.util as u, sys; sys.exit(not all(map(u.find_spec, {modules.split()!r})))"
    )
    return subprocess.run([sys.executable, "-c", probe], check=False).returncode == 0


def _first_line(command: list[str], words: int = 3) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    lines = (done.stdout or done.stderr).strip().splitlines()
    return " ".join(lines[0].strip("$ ").split()[:words]) if lines else "unknown version"


def _dcmconv() -> Tool:
    program = Path(sys.executable).with_name("dcmconv")
    start = [str(program)] if program.exists() else [sys.executable, "-m", "dcmconv"]
    start = shlex.split(os.environ.get(_variable("dcmconv"), "")) or start

    def command(task: Task, source: Path, out: Path, workers: int) -> list[str]:
        normalizer = task.normalizer
        if normalizer == "window":
            normalizer = "window:center={},width={}".format(*task.window)
        words = ["run", str(source), "-o", str(out), "-n", normalizer, "-w", task.writer]
        return [*start, *words, "--workers", str(workers), "--quiet"]

    return Tool("dcmconv", _first_line([*start, "--version"]), command, _any, "fast", 0)


def _climit(limit: Limit) -> Tool:
    def command(task: Task, source: Path, out: Path, workers: int) -> list[str]:
        normalizer = task.normalizer
        if normalizer == "window":
            normalizer = "window:{},{}".format(*task.window)
        words = [task.writer, normalizer, str(workers), str(source), str(out)]
        return [str(limit.program), *words]

    version = f"C limit, {limit.deflater}"
    return Tool("C limit", version, command, lambda task: task.corpus in ("ct", "cr"), "fast", 0)


def _dcmtk(name: str, prefix: list[str], folder: Path) -> Tool:
    """A program of DCMTK: one process per file, several at once with ``xargs -P``.

    DCMDICTPATH names the dictionary of dcmtk_dictionary.py, which makes it faster.
    """

    def command(task: Task, source: Path, out: Path, workers: int) -> list[str]:
        windows = {"minmax": ["+Wm"], "window": ["+Ww", *map(str, task.window)], "auto": []}
        options = windows[task.normalizer] + {"jpg": ["+oj"], "png": ["+on", "-il"]}[task.writer]
        if task.writer == "jpg" and name == "dcmj2pnm":
            options += ["+Jq", "90"]
        options += ["+Fa"] if task.frames > 1 else []
        # With several frames, the last argument is only the start of the file names.
        target = f"{out}/{{}}" if task.frames > 1 else f"{out}/{{}}.{task.writer}"
        call = shlex.join([*prefix, *options, f"{source}/{{}}", target])
        return ["sh", "-c", f"ls {shlex.quote(str(source))} | xargs -P {workers} -I {{}} {call}"]

    version = _first_line([*prefix, "--version"])
    return Tool(
        name,
        version,
        command,
        lambda task: task.corpus not in _NOT_IN_DCMTK,
        env={"DCMDICTPATH": str(write_dictionary(folder))},
    )


def _dcm4che(name: str, prefix: list[str], _: Path) -> Tool:
    def command(task: Task, source: Path, out: Path, workers: int) -> list[str]:
        words = {"jpg": ["-F", "JPEG", "-q", "0.9"], "png": ["-F", "PNG"]}[task.writer]
        if task.normalizer == "window":
            words += ["-c", str(task.window[0]), "-w", str(task.window[1])]
        return [*prefix, *words, str(source), str(out)]

    version = _first_line([*prefix, "--version"])
    return Tool(name, version, command, lambda t: t.frames == 1 and t.normalizer == "window")


def _dicom2jpg(name: str, prefix: list[str], _: Path) -> Tool:
    return Tool(
        name,
        _first_line([*prefix, "-c", "import dicom2jpg as d; print('dicom2jpg', d.__version__)"]),
        _script(prefix, "dicom2jpg_batch.py"),
        lambda task: task.corpus in ("ct", "cr") and task.normalizer == "window",
        "middle",
        # It treats every window as LINEAR_EXACT, and truncates instead of rounding.
        gray_levels=2,
    )


def _plain_pool(name: str, prefix: list[str], _: Path) -> Tool:
    version = _first_line([*prefix, "-c", "import pydicom as p; print('pydicom', p.__version__)"])
    command = _script(prefix, "plain_pool.py")
    return Tool(
        name, version, command, lambda t: t.frames == 1 and t.normalizer == "window", "middle"
    )


def _article(name: str, prefix: list[str], _: Path) -> Tool:
    return Tool(
        name,
        _first_line([*prefix, "-c", "import matplotlib as m; print('matplotlib', m.__version__)"]),
        _script(prefix, "article_script.py"),
        lambda t: t.corpus in ("ct", "cr") and t.writer == "jpg" and t.normalizer == "minmax",
        "slowest",
        None,
        {"MPLBACKEND": "Agg"},
    )


def _script(prefix: list[str], name: str) -> Command:
    def command(task: Task, source: Path, out: Path, workers: int) -> list[str]:
        return [
            *prefix,
            str(HERE / name),
            str(source),
            str(out),
            task.writer,
            str(workers),
            *map(str, task.window),
        ]

    return command


def _any(task: Task) -> bool:
    return True


_PEERS: dict[str, Callable[[str, list[str], Path], Tool]] = {
    "dcm2img": _dcmtk,
    "dcmj2pnm": _dcmtk,
    "dcm4che": _dcm4che,
    "dicom2jpg": _dicom2jpg,
    "plain pool": _plain_pool,
    "article": _article,
}
_NOT_IN_DCMTK = frozenset({"ct-j2k", "ct-htj2k"})
_PROGRAMS = {"dcm4che": "dcm2jpg"}
_IN_PYTHON = {
    "dicom2jpg": "dicom2jpg",
    "plain pool": "pydicom PIL numpy",
    "article": "pydicom matplotlib",
}
