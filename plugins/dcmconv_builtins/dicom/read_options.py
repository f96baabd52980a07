"""How to read: the options of the DICOM reader, handed to whatever works on an Instance."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from dcmconv.plugin import NamedDecoder, Opt
from dcmconv_builtins.dicom.file.limits import Limits

if TYPE_CHECKING:
    from dcmconv_builtins.dicom.presentation_state.library import StateLibrary

__all__ = ["ReadOptions"]


@dataclass(frozen=True, kw_only=True)
class ReadOptions(Limits):
    """What the user may decide about reading; the defaults show what the file says of itself."""

    decoders: ClassVar[Mapping[str, NamedDecoder]] = MappingProxyType({})
    """Decoders by choice, by Transfer Syntax UID; no option of the reader, but of the chain."""

    overlays: Annotated[
        Literal["off", "draw"],
        Opt("Draw the overlay planes (60xx,3000) in white, or leave them", flag="--overlays"),
    ] = "off"
    shutters: Annotated[
        Literal["draw", "off"],
        Opt("Cover what the display shutter of an image hides, or show all of it"),
    ] = "draw"
    presentation_states: Annotated[
        str | None,
        Opt(
            "A presentation state, or a folder of them; each image is shown by the one that "
            "refers to it",
            examples=("states/", "state.dcm"),
            flag="--presentation-state",
        ),
    ] = None

    def __post_init__(self) -> None:
        if self.presentation_states is not None:
            # A worker may be in another folder than the one where the path was written.
            place = Path(self.presentation_states).expanduser().absolute()
            object.__setattr__(self, "presentation_states", str(place))

    @cached_property
    def library(self) -> StateLibrary | None:
        """The presentation states as they are when a reader first needs them.

        Raises
        ------
        UsageError
            If ``presentation_states`` names no file or folder, or one without any.
        """
        if self.presentation_states is None:
            return None
        # Fonts, drawing and the rest of it are imported where somebody wants it.
        from dcmconv_builtins.dicom.presentation_state.library import open_library

        return open_library(self.presentation_states)

    def fingerprint(self) -> str:
        """Return a hash of the presentation states, which change a picture as options do.

        Raises
        ------
        UsageError
            If ``presentation_states`` names no file or folder, or one without any.
        """
        if self.presentation_states is None:
            return ""
        from dcmconv_builtins.dicom.presentation_state.library import fingerprint_of

        return fingerprint_of(self.presentation_states)
