"""Work done for one picture, counted and not timed: function calls, Python's and C's.

Each count is a slope: a series of 8 files and one of 24 are converted in this process, and the
difference is divided by 16.  Start-up and the end of a run do not count, and no clock is read, so a
count is the same on every machine with the same version of Python.

>>> work = python_calls_per_picture(folder, out, normalize="minmax", writers=["png"])
>>> work.total, work.table(10)
"""

from __future__ import annotations

import gc
import os
import shutil
import sys
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from operator import itemgetter
from pathlib import Path
from types import CodeType, FrameType
from typing import Any, NamedTuple

import numpy as np

import dcmconv
from support.dicom_files import ROOT, as_bytes, changed, monochrome
from support.environments import ROOT as SOURCE_ROOT

__all__ = ["FEW", "MANY", "Work", "calls_per_round", "ct_series", "python_calls_per_picture"]

FEW, MANY = 8, 24
BY_THE_CLOCK = ("Journal._sync", "Journal.check_exists")
"""What is done once a second, and not for each picture."""
SOURCES = (str(SOURCE_ROOT / "core"), str(SOURCE_ROOT / "plugins"))


class Call(NamedTuple):
    """A function that was called, and the function of this project on whose behalf."""

    function: str
    caller: str


@dataclass(frozen=True)
class Work:
    """Calls per picture; Python functions are named ``folder/file.py function``."""

    calls: dict[Call, float]

    @property
    def total(self) -> float:
        """All calls of one picture, of Python and of C functions."""
        return round(sum(self.calls.values()), 1)

    def of(self, *names: str) -> float:
        """Return the calls of functions whose name contains one of the texts."""
        return sum(n for call, n in self.calls.items() if any(each in call[0] for each in names))

    def by(self, group: Callable[[Call], str]) -> dict[str, float]:
        """Return the sums of groups, largest first; ``group`` names that of a call."""
        sums = defaultdict[str, float](float)
        for call, number in self.calls.items():
            sums[group(call)] += number
        return dict(sorted(sums.items(), key=lambda item: -item[1]))

    def table(self, most: int = 60) -> str:
        """Return the functions with the most calls, for the message of a failing test."""
        functions, callers = (self.by(itemgetter(field)) for field in (0, 1))
        lines = [f"{self.total} calls a picture"]
        for title, sums in (("calls of", functions), ("calls made for", callers)):
            lines += [title, *(f"{n:8.1f}  {name}" for name, n in list(sums.items())[:most])]
        return "\n".join(lines)


def ct_series(folder: Path, count: int = MANY, *, size: int = 64, **attributes: Any) -> Path:
    """Write one series of CT slices, with the attributes of a scanner; return the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    cells = np.arange(size * size, dtype=np.int16).reshape(size, size) % 2000
    header: dict[str, Any] = {
        "SOPInstanceUID": "",
        "BitsStored": 12,
        "HighBit": 11,
        "PixelRepresentation": 0,
        "RescaleIntercept": -1024,
        "RescaleSlope": 1,
        "WindowCenter": 40,
        "WindowWidth": 400,
        "PixelSpacing": [0.7, 0.7],
        "Manufacturer": "None",
        "StudyDescription": "Test",
        "SeriesDescription": "Axial",
        "ImageType": ["ORIGINAL", "PRIMARY", "AXIAL"],
        "SpecificCharacterSet": "ISO_IR 100",
    }
    for number in range(1, count + 1):
        # Every slice has other pixels, so that no cache of results finds an equal one.
        made = monochrome(np.roll(cells, number).astype(np.uint16), **{**header, **attributes})
        changed(
            made,
            SOPInstanceUID=f"{ROOT}.{number}",
            InstanceNumber=number,
            ImagePositionPatient=[0, 0, number],
            SliceLocation=number,
        )
        made.file_meta.MediaStorageSOPInstanceUID = made.SOPInstanceUID
        (folder / f"IM{number:04d}.dcm").write_bytes(as_bytes(made))
    return folder


def python_calls_per_picture(folder: Path, out: Path, **chain: Any) -> Work:
    """Convert the first 8 and the first 24 files of a folder; return the calls of one file.

    ``chain`` is what ``dcmconv.run`` takes.  The executor is inline unless the chain names one.
    """
    options = {"executor": "inline", **chain}
    series = {count: _first(folder, count, out / f"in-{count}") for count in (FEW, MANY)}

    def convert(count: int) -> None:
        made = out / "made"
        shutil.rmtree(made, ignore_errors=True)
        for outcome in dcmconv.run(series[count], made, **options):
            assert outcome.status == "converted", outcome

    return calls_per_round(convert)


def calls_per_round(work: Callable[[int], object]) -> Work:
    """Return the calls of one round of ``work(rounds)``, the slope between 8 and 24 rounds."""
    # Before, modules are imported, the caches of the process are filled, and tables are built for
    # what occurs often; then a count does not depend on the tests that ran earlier.
    work(MANY)
    work(FEW)
    few, many = _calls(work, FEW), _calls(work, MANY)
    calls = [call for call in sorted(many.keys() | few.keys()) if not _is_by_the_clock(call)]
    slopes = {call: (many[call] - few[call]) / (MANY - FEW) for call in calls}
    return Work({call: slope for call, slope in slopes.items() if slope})


def _calls(work: Callable[[int], object], rounds: int) -> Counter[Call]:
    """Count the same events as cProfile, which does not tell who called."""
    counts = Counter[Call]()

    def watch(frame: FrameType, event: str, argument: Any) -> None:
        if event == "call":
            # A function of this project is called for itself.
            counts[Call(_name(frame.f_code), _caller(frame))] += 1
        elif event == "c_call":
            name = getattr(argument, "__qualname__", repr(argument))
            counts[Call(f"{argument.__module__ or ''} {name}".strip(), _caller(frame))] += 1

    before = sys.getprofile()
    # Callbacks of the garbage collector come when they come.
    gc.disable()
    sys.setprofile(watch)
    try:
        work(rounds)
    finally:
        sys.setprofile(before)
        gc.enable()
    return counts


def _is_by_the_clock(call: Call) -> bool:
    return call.caller.endswith(BY_THE_CLOCK)


def _caller(frame: FrameType) -> str:
    at: FrameType | None = frame
    while at is not None:
        if at.f_code.co_filename.startswith(SOURCES):
            return _name(at.f_code)
        at = at.f_back
    return "the test"


@cache
def _name(code: CodeType) -> str:
    path = Path(code.co_filename)
    parts = path.parts[-2:]
    for source in map(Path, SOURCES):
        if path.is_relative_to(source):
            # Below the package: dicom/instance.py.
            parts = path.relative_to(source).parts[1:]
    return f"{'/'.join(parts)} {code.co_qualname}"


def _first(folder: Path, count: int, to: Path) -> Path:
    to.mkdir(parents=True, exist_ok=True)
    for path in sorted(folder.iterdir())[:count]:
        if not (to / path.name).exists():
            os.link(path, to / path.name)
    return to
