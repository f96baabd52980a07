"""dcmconv: convert DICOM files to pictures.

>>> import dcmconv
>>> picture = dcmconv.convert("scan.dcm", normalize="window:center=40,width=400")  # doctest: +SKIP
>>> picture.save("scan.png")  # doctest: +SKIP
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

# The package first: importing it later would hide the function of the same name.
import dcmconv.run  # noqa: F401
from dcmconv.api.batch import BatchRun, run
from dcmconv.api.conversion import convert, convert_frames
from dcmconv.api.rendered_picture import RenderedPicture
from dcmconv.errors import (
    DcmconvError,
    InputError,
    InputNotFoundError,
    SkipInput,
    UnsupportedError,
    UsageError,
)

__version__ = "0.1.0"

if TYPE_CHECKING:
    from dcmconv.api.chain import Chain
    from dcmconv.api.instance import Instance, InstanceFrame, open  # noqa: A004 - dcmconv.open
    from dcmconv.model.outcome import Converted, Failed, Outcome, OutputFile, Skipped, Summary
    from dcmconv.run.progress import Progress

__all__ = [
    "BatchRun",
    "Chain",
    "Converted",
    "DcmconvError",
    "Failed",
    "InputError",
    "InputNotFoundError",
    "Instance",
    "InstanceFrame",
    "Outcome",
    "OutputFile",
    "Progress",
    "RenderedPicture",
    "SkipInput",
    "Skipped",
    "Summary",
    "UnsupportedError",
    "UsageError",
    "__version__",
    "convert",
    "convert_frames",
    "open",
    "run",
]


_LATER = {
    "dcmconv.api.chain": ("Chain",),
    "dcmconv.api.instance": ("open", "Instance", "InstanceFrame"),
    "dcmconv.run.progress": ("Progress",),
    "dcmconv.model.outcome": ("Converted", "Failed", "Outcome", "OutputFile", "Skipped", "Summary"),
}
"""What is imported when it is first used, by its module: ``dcmconv --help`` needs none of it."""


def __getattr__(name: str) -> Any:
    for module, names in _LATER.items():
        if name in names:
            return getattr(importlib.import_module(module), name)
    raise AttributeError(f"module 'dcmconv' has no attribute '{name}'")


def __dir__() -> list[str]:
    return sorted(__all__)
