"""dcmconv, the C limit and the peers, with the commands that make the same pictures."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from benchmarks.corpora import STATE
from benchmarks.dcmtk_dictionary import write_dictionary
from benchmarks.limit import Limit
from benchmarks.tasks import Contrast, Task

__all__ = ["Tool", "find_tools"]

HERE = Path(__file__).parent
Command = Callable[[Task, Path, Path, int], list[str]]


@dataclass(frozen=True)
class Tool:
    """A program to measure.

    ``command`` returns the command line for a task, an input (a folder, or a file), an output
    folder and a number of processes.  ``gray_levels`` is how much its PNGs may differ from ours;
    None if its pictures cannot be compared, such as figures with axes.
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
    return _VARIABLES.get(name, "REFEREE_" + name.upper().replace(" ", "_"))


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
    return _a_dcmconv("dcmconv", shlex.split(os.environ.get(_variable("dcmconv"), "")) or start)


def _old_dcmconv(_: str, prefix: list[str], __: Path) -> Tool:
    return replace(_a_dcmconv("0.1.0", prefix), pace="near")


def _a_dcmconv(name: str, start: list[str]) -> Tool:
    def command(task: Task, source: Path, out: Path, workers: int) -> list[str]:
        words = ["run", str(source), "-o", f"{out}/", *_filled(task.arguments, source, out)]
        # A single file is converted in the main process, as for an ordinary user.
        pool = [] if source.is_file() else ["--workers", str(workers)]
        # On a busy machine, the smallest PNG of a CR takes longer than a minute.
        return [*start, *words, *pool, "--timeout", "600", "--quiet"]

    return Tool(name, _first_line([*start, "--version"]), command, _any, "fast", 0)


def _careful(name: str, prefix: list[str], _: Path) -> Tool:
    def command(task: Task, source: Path, out: Path, workers: int) -> list[str]:
        recipe, *options = _filled(task.recipe, source, out)
        start = [*prefix, "-m", "benchmarks.careful", recipe]
        return [*start, str(source), str(out), str(workers), *options]

    code = "import cv2; print('OpenCV', cv2.__version__)"
    version = f"{_first_line([*prefix, '-c', code])}, dicomsdl"
    return Tool(name, version, command, _any, "near", 1, {"PYTHONPATH": str(HERE.parent)})


def _careful_pydicom(name: str, prefix: list[str], folder: Path) -> Tool:
    """The same scripts with the reader that most people use, for some tasks."""
    tool = _careful(name, prefix, folder)
    code = "import pydicom; print('pydicom', pydicom.__version__)"
    return replace(
        tool,
        version=_first_line([*prefix, "-c", code]),
        handles=lambda task: task.corpus in ("ct", "cr") and task.recipe[0] in _WITH_PYDICOM,
        env={**tool.env, "CAREFUL_READER": "pydicom"},
    )


def _filled(words: Sequence[str], source: Path, out: Path) -> list[str]:
    """Put folders in the place of ``$OUT``, ``$CHAINS`` and ``$STATE``."""
    folders = {"$OUT": out, "$CHAINS": HERE / "chains", "$STATE": source.parent / STATE}
    filled = list(words)
    for name, folder in folders.items():
        filled = [word.replace(name, str(folder)) for word in filled]
    return filled


def _climit(limit: Limit) -> Tool:
    def command(task: Task, source: Path, out: Path, workers: int) -> list[str]:
        contrast = _contrast(task)
        normalizer = contrast.normalizer
        if normalizer == "window":
            normalizer = "window:{},{}".format(*contrast.window)
        words = [contrast.writer, normalizer, str(workers), str(source), str(out)]
        return [str(limit.program), *words]

    version = f"C limit, {limit.deflater}"
    return Tool("C limit", version, command, _handles("ct", "cr", "small"), "fast", 0)


def _dcmtk(name: str, prefix: list[str], folder: Path) -> Tool:
    """A program of DCMTK: one process per file, several at once with ``xargs -P``.

    DCMDICTPATH names the dictionary of dcmtk_dictionary.py, which makes it faster.
    """

    def command(task: Task, source: Path, out: Path, workers: int) -> list[str]:
        contrast, suffix = _contrast(task), _contrast(task).writer
        windows = {"minmax": ["+Wm"], "window": ["+Ww", *map(str, contrast.window)], "auto": []}
        options = windows[contrast.normalizer] + {"jpg": ["+oj"], "png": ["+on", "-il"]}[suffix]
        if suffix == "jpg" and name == "dcmj2pnm":
            options += ["+Jq", "90"]
        options += ["+Fa"] if task.pictures > 1 else []
        # With several frames, the last argument is only the start of the file names.
        target = f"{out}/{{}}" if task.pictures > 1 else f"{out}/{{}}.{suffix}"
        call = shlex.join([*prefix, *options, f"{source}/{{}}", target])
        return ["sh", "-c", f"ls {shlex.quote(str(source))} | xargs -P {workers} -I {{}} {call}"]

    version = _first_line([*prefix, "--version"])
    return Tool(
        name,
        version,
        command,
        lambda task: task.contrast is not None and task.corpus not in _NOT_IN_DCMTK,
        env={"DCMDICTPATH": str(write_dictionary(folder))},
    )


def _dcm4che(name: str, prefix: list[str], _: Path) -> Tool:
    def command(task: Task, source: Path, out: Path, workers: int) -> list[str]:
        contrast = _contrast(task)
        words = {"jpg": ["-F", "JPEG", "-q", "0.9"], "png": ["-F", "PNG"]}[contrast.writer]
        words += ["-c", str(contrast.window[0]), "-w", str(contrast.window[1])]
        return [*prefix, *words, str(source), str(out)]

    version = _first_line([*prefix, "--version"])
    return Tool(
        name,
        version,
        command,
        lambda task: task.pictures == 1 and _normalizer(task) == "window",
    )


def _dicom2jpg(name: str, prefix: list[str], _: Path) -> Tool:
    return Tool(
        name,
        _first_line([*prefix, "-c", "import dicom2jpg as d; print('dicom2jpg', d.__version__)"]),
        _script(prefix, "dicom2jpg_batch.py"),
        lambda task: task.corpus in ("ct", "cr") and _normalizer(task) == "window",
        "middle",
        # It treats every window as LINEAR_EXACT, and truncates instead of rounding.
        gray_levels=2,
    )


def _article(name: str, prefix: list[str], _: Path) -> Tool:
    return Tool(
        name,
        _first_line([*prefix, "-c", "import matplotlib as m; print('matplotlib', m.__version__)"]),
        _script(prefix, "article_script.py"),
        lambda task: task.name in ("ct-jpg-minmax", "cr-jpg-minmax"),
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
            _contrast(task).writer,
            str(workers),
            *map(str, _contrast(task).window),
        ]

    return command


def _any(task: Task) -> bool:
    return True


def _handles(*corpora: str) -> Callable[[Task], bool]:
    return lambda task: task.contrast is not None and task.corpus in corpora


def _contrast(task: Task) -> Contrast:
    assert task.contrast is not None, "the tool does not handle this task"
    return task.contrast


def _normalizer(task: Task) -> str:
    return task.contrast.normalizer if task.contrast else ""


_PEERS: dict[str, Callable[[str, list[str], Path], Tool]] = {
    "0.1.0": _old_dcmconv,
    "careful": _careful,
    "careful, pydicom": _careful_pydicom,
    "dcm2img": _dcmtk,
    "dcmj2pnm": _dcmtk,
    "dcm4che": _dcm4che,
    "dicom2jpg": _dicom2jpg,
    "article": _article,
}
_NOT_IN_DCMTK = frozenset({"ct-j2k", "ct-htj2k"})
_PROGRAMS = {"dcm4che": "dcm2jpg"}
_VARIABLES = {"0.1.0": "REFEREE_DCMCONV_OLD", "careful, pydicom": "REFEREE_CAREFUL"}
_WITH_PYDICOM = frozenset({"windowed", "stretched", "percentile", "ml_8bit"})
_CAREFUL = "cv2 dicomsdl oxipng imagecodecs matplotlib pydicom"
_IN_PYTHON = {
    "dicom2jpg": "dicom2jpg",
    "careful": _CAREFUL,
    "careful, pydicom": _CAREFUL,
    "article": "pydicom matplotlib",
}
