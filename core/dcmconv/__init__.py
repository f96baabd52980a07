"""dcmconv: convert DICOM files to pictures.

>>> import dcmconv
>>> picture = dcmconv.convert("scan.dcm", normalize="window:center=40,width=400")  # doctest: +SKIP
>>> picture.save("scan.png")  # doctest: +SKIP
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

# The package first: importing it later would hide the function of the same name.
import dcmconv.run  # noqa: F401
from dcmconv.api.batch import run
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
    from dcmconv.model.outcome import Converted, Failed, Outcome, Skipped, Summary

__all__ = [
    "Chain",
    "Converted",
    "DcmconvError",
    "Failed",
    "InputError",
    "InputNotFoundError",
    "Instance",
    "InstanceFrame",
    "Outcome",
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


def __getattr__(name: str) -> Any:
    """Import these classes when they are first used: ``dcmconv --help`` needs none."""
    if name == "Chain":
        from dcmconv.api.chain import Chain

        return Chain
    if name in ("open", "Instance", "InstanceFrame"):
        from dcmconv.api import instance

        return getattr(instance, name)
    if name in __all__:
        from dcmconv.model import outcome

        return getattr(outcome, name)
    raise AttributeError(f"module 'dcmconv' has no attribute '{name}'")


def __dir__() -> list[str]:
    return sorted(__all__)
