"""How to read: the options of the DICOM reader, handed to whatever works on an Instance."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from dcmconv.plugin import Opt

__all__ = ["ReadOptions"]


@dataclass(frozen=True, kw_only=True)
class ReadOptions:
    """What the user may decide about reading; the defaults show what the file says of itself."""

    inflate_limit: Annotated[
        int, Opt("Greatest size of a deflated dataset after inflating", unit="MiB", ge=1)
    ] = 1024
    overlays: Annotated[
        Literal["off", "draw"],
        Opt("Draw the overlay planes (60xx,3000) in white, or leave them", flag="--overlays"),
    ] = "off"
    presentation_states: Annotated[
        str | None,
        Opt(
            "A presentation state, or a folder of them; each image is shown by the one that "
            "refers to it",
            examples=("states/", "state.dcm"),
            flag="--presentation-state",
        ),
    ] = None
