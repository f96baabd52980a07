"""How much one input may ask for: limits that real files do not reach."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from dcmconv.plugin import Opt

__all__ = ["Limits"]


@dataclass(frozen=True, kw_only=True)
class Limits:
    """Checked before anything of that size is made."""

    inflate_limit: Annotated[
        int, Opt("Greatest size of a deflated dataset after inflating", unit="MiB", ge=1)
    ] = 1024
    max_pixels: Annotated[
        int,
        Opt(
            "Greatest size of a frame, or of a stitched picture",
            unit="pixels",
            ge=1,
            flag="--max-pixels",
        ),
    ] = 2**28
    max_frames: Annotated[int, Opt("Greatest number of frames of one input", ge=1)] = 2**20
