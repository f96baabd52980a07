"""How much memory the processes of a run take, measured from outside."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from support.dicom_files import as_bytes, item, monochrome

from proof.one_run import descendants

FRAMES, ROWS, COLUMNS = 300, 512, 512
MEBI = 1 << 20


@dataclass
class Watched:
    """What was seen: resident memory of each process over time, in MiB."""

    seconds: float = 0.0
    samples: dict[int, list[float]] = field(default_factory=dict)

    @property
    def peak(self) -> float:
        """The most that any process had."""
        return max(max(seen) for seen in self.samples.values())

    def growth(self) -> float:
        """Return by how much the middle of a process's last third exceeds that of its second."""
        grown = [0.0]
        for seen in self.samples.values():
            third = len(seen) // 3
            if third >= 5:
                grown.append(float(np.median(seen[-third:]) - np.median(seen[third : 2 * third])))
        return max(grown)


def watch(*words: str | Path, every: float = 0.05) -> Watched:
    """Run the program to its end and measure all of its processes meanwhile."""
    found, began = Watched(), time.monotonic()
    command = [sys.executable, "-m", "dcmconv", *map(str, words)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as process:
        while process.poll() is None:
            for pid in [process.pid, *descendants(process.pid)]:
                resident = _resident(pid)
                if resident:
                    found.samples.setdefault(pid, []).append(resident)
            time.sleep(every)
        assert process.stderr is not None
        assert process.returncode == 0, process.stderr.read().decode()
    found.seconds = time.monotonic() - began
    return found


def _resident(pid: int) -> float:
    try:
        pages = int((Path("/proc") / str(pid) / "statm").read_text().split()[1])
    except (OSError, IndexError):
        return 0.0
    return pages * os.sysconf("SC_PAGE_SIZE") / MEBI


def make_large_file(path: Path, *, frames: int = FRAMES) -> Path:
    """Write an enhanced multi-frame of 150 MB, a frame at a time."""
    one = (np.add.outer(np.arange(ROWS), np.arange(COLUMNS)) * 4).astype(np.uint16)
    groups = [item(FrameContentSequence=[item(FrameAcquisitionNumber=n)]) for n in range(frames)]
    made = monochrome(one[None], PerFrameFunctionalGroupsSequence=groups)
    made.SharedFunctionalGroupsSequence = [
        item(PixelMeasuresSequence=[item(PixelSpacing=[0.5, 0.5])])
    ]
    made.NumberOfFrames = frames
    head = as_bytes(made)[: -one.nbytes - 4]
    with path.open("wb") as stream:
        stream.write(head + (one.nbytes * frames).to_bytes(4, "little"))
        for number in range(frames):
            stream.write(np.roll(one, number, axis=0).tobytes())
    return path
