"""The options of the DICOM reader: its limits, and what to draw over the pixels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from dcmconv.plugin import NamedDecoder, Opt

if TYPE_CHECKING:
    from dcmconv_builtins.dicom.presentation_state.library import StateLibrary

__all__ = ["Limits", "ReadOptions"]


@dataclass(frozen=True, kw_only=True)
class Limits:
    """Limits that real files do not reach, checked before anything of that size is allocated."""

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


@dataclass(frozen=True, kw_only=True)
class ReadOptions(Limits):
    """What is drawn over the pixels; by default what the image itself asks for, except overlays."""

    decoders: ClassVar[Mapping[str, NamedDecoder]] = MappingProxyType({})
    """Chosen decoders by Transfer Syntax UID; set by the chain, not an option of the reader."""

    overlays: Annotated[
        Literal["off", "draw"],
        Opt("Draw the overlay planes (60xx,3000) in white, or leave them out", flag="--overlays"),
    ] = "off"
    shutters: Annotated[
        Literal["draw", "off"],
        Opt("Hide the area outside the display shutter of an image, or show it"),
    ] = "draw"
    color: Annotated[
        Literal["auto", "rgb", "ybr"],
        Opt(
            "What samples are that the header calls YBR_FULL_422 and that are not subsampled; "
            "auto decides by gray pixels"
        ),
    ] = "auto"
    presentation_states: Annotated[
        str | None,
        Opt(
            "A presentation state or a folder of them; each image is shown with the one that "
            "refers to it",
            examples=("states/", "state.dcm"),
            flag="--presentation-state",
        ),
    ] = None

    character_set: Annotated[
        str,
        Opt(
            "Character set of texts, instead of the one that Specific Character Set (0008,0005) "
            "names, for files that name none or a wrong one",
            examples=("GB18030", "ISO_IR 192"),
        ),
    ] = ""

    def __post_init__(self) -> None:
        if self.character_set:
            from dcmconv_builtins.dicom.file.character_sets import check_character_set

            check_character_set(self.character_set)
        if self.presentation_states is not None:
            # A worker may have another current folder.
            path = Path(self.presentation_states).expanduser().absolute()
            object.__setattr__(self, "presentation_states", str(path))

    @cached_property
    def library(self) -> StateLibrary | None:
        """The presentation states, read when they are first needed.

        Raises
        ------
        UsageError
            If ``presentation_states`` is not a file or folder, or has no presentation state.
        """
        if self.presentation_states is None:
            return None
        # Fonts and drawing are imported only for those who use them.
        from dcmconv_builtins.dicom.presentation_state.library import open_library

        return open_library(self.presentation_states)

    def fingerprint(self) -> str:
        """Return a hash of the presentation states, which change pictures as options do.

        Raises
        ------
        UsageError
            If ``presentation_states`` is not a file or folder, or has no presentation state.
        """
        if self.presentation_states is None:
            return ""
        from dcmconv_builtins.dicom.presentation_state.state_files import fingerprint_of

        return fingerprint_of(self.presentation_states)
