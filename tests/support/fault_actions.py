"""A reader of small text files that name what goes wrong, as a third-party plugin would offer it.

``DEED segfault`` kills the process, ``DEED frames 3`` gives three frames; every action of
``support.faults`` can be named.
"""

from __future__ import annotations

import os
import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from dcmconv.plugin import Frame, InputError, InputFile, Instance, Reader
from support.faults import FAULT_ACTIONS

MAGIC = b"DEED "


@dataclass(frozen=True, kw_only=True)
class FaultReader(Reader):
    """Does what the file says, when its last frame is read."""

    @classmethod
    def sniff(cls, head: bytes, name: str) -> int:
        return 100 if head.startswith(MAGIC) else 0

    def open(self, source: InputFile) -> Instance:
        with source.open() as stream:
            action, *arguments = stream.read().decode()[len(MAGIC) :].split()
        frame_count = int(arguments[0]) if action == "frames" else 2
        attributes = {"PatientID": arguments[0] if action == "patient" else "NOBODY-2"}

        def read_frame(frame_index: int) -> Frame:
            if frame_index == frame_count - 1:
                do(action, arguments, source)
            values = np.arange(12, dtype=np.uint8).reshape(3, 4) + frame_index
            return Frame(stored_values=values, bits_stored=8, attributes=attributes)

        return Instance(frame_count=frame_count, read_frame=read_frame, attributes=attributes)


def do(action: str, arguments: list[str], source: InputFile) -> None:
    """Do one action."""
    if action in ("warn", "warn-damaged"):
        warnings.warn("Invalid value for VR PN: 'Nobody^Test'", UserWarning, stacklevel=1)
    if action in ("damaged", "warn-damaged"):
        raise InputError("The stream ends early.", hint="Copy it again.", reason="truncated")
    if action == "bug":
        raise ZeroDivisionError("by zero")
    if action == "grow" and source.path is not None:
        with source.path.open("ab") as stream:
            stream.write(b" ")
    if action == "full":
        # Writing through this link fails, because the device is full.
        Path(arguments[0].replace("PID", str(os.getpid()))).symlink_to("/dev/full")
    if action in FAULT_ACTIONS:
        FAULT_ACTIONS[action](*arguments)
