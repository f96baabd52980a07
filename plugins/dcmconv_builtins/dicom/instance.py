"""One opened DICOM Instance, and its Frames with everything resolved (PS3.3 A, C.7.6.16)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from dcmconv.plugin import EncodedFrame, Frame, InputError, Palette, UnsupportedError
from dcmconv_builtins.dicom.color.palette_color import read_palette
from dcmconv_builtins.dicom.color.photometric import ybr_full_to_rgb, ybr_partial_to_rgb
from dcmconv_builtins.dicom.decoders import Decoded
from dcmconv_builtins.dicom.file.attributes import DicomAttributes
from dcmconv_builtins.dicom.file.elements import Elements, Notes, named
from dcmconv_builtins.dicom.file.functional_groups import FrameGroups, FunctionalGroups
from dcmconv_builtins.dicom.file.header_cache import HeaderCache
from dcmconv_builtins.dicom.file.part10 import Part10, PixelElement, read_part10
from dcmconv_builtins.dicom.file.sop_classes import is_label_map
from dcmconv_builtins.dicom.hints import COPY_AGAIN
from dcmconv_builtins.dicom.pixels.frame_data import FrameData, VideoFrameData, open_frame_data
from dcmconv_builtins.dicom.pixels.image_pixel import check_size, describe_pixels
from dcmconv_builtins.dicom.pixels.ordinary_jpeg import ordinary_jpeg
from dcmconv_builtins.dicom.pixels.pixel_description import PixelDescription
from dcmconv_builtins.dicom.pixels.pixel_element import find_pixels
from dcmconv_builtins.dicom.pixels.pixel_values import StoredRange, find_padding, stored_values_of
from dcmconv_builtins.dicom.pixels.salvage import with_background
from dcmconv_builtins.dicom.pixels.spacing import find_aspect, find_spacing
from dcmconv_builtins.dicom.read_options import ReadOptions
from dcmconv_builtins.dicom.tone.lookup_table import find_presentation_lut
from dcmconv_builtins.dicom.tone.modality_lut import find_modality_lut, find_units, modality_range
from dcmconv_builtins.dicom.tone.voi_attributes import (
    find_implied_window,
    find_voi_luts,
    find_voi_windows,
    is_binary_segment,
)

if TYPE_CHECKING:
    from dcmconv_builtins.dicom.presentation_state.frame_presentation import FramePresentation

__all__ = ["DicomInstance"]

_BURNED_IN = (
    "Burned In Annotation (0028,0301) is YES: the picture itself may say who the patient is."
)

_SHUTTERS = (
    "ShutterShape",
    "FrameDisplayShutterSequence",
    # A functional group may hold either of them.
    "SharedFunctionalGroupsSequence",
    "PerFrameFunctionalGroupsSequence",
)

_FACTS = HeaderCache[dict[str, Any]]()
_DESCRIPTIONS = HeaderCache[PixelDescription]()


class DicomInstance:
    """An Instance whose frames can be read in any order; nothing of an earlier frame is kept.

    Parameters
    ----------
    stream : binary file
        Open for reading; owned, and closed by ``close``.
    options : ReadOptions
        Those of the reader.
    salvage : bool
        Be content with fewer frames and pixels than the file announces.

    Raises
    ------
    SkipInput
        If there is no picture, and nothing is wrong with that.
    InputError, UnsupportedError, LimitError
        If there should be one, and it cannot be had.
    """

    tile_positions: None = None
    """Where tiles lie is looked for by whoever stitches them."""

    def __init__(self, stream: BinaryIO, options: ReadOptions, *, salvage: bool = False) -> None:
        self._stream = stream
        self._notes = Notes()
        limit = options.inflate_limit << 20
        part10 = read_part10(stream, self._notes, inflate_limit=limit)
        self._top = part10.top
        self._data = _open_data(part10, find_pixels(part10), options, salvage=salvage)
        self._description = self._data.description
        self._groups = FunctionalGroups(self._top)
        self._presentation = _find_presentation(self._top, options, self._description)
        self._palette: Palette | None = None
        self._jpeg = ordinary_jpeg(self._data, part10.transfer_syntax)
        if self._top.text("BurnedInAnnotation").upper() == "YES":
            self._notes.add(_BURNED_IN)
        self.salvaged = self._data.salvaged
        self.transfer_syntax = part10.transfer_syntax
        self.decoder = self._data.decoder
        self.is_video = isinstance(self._data, VideoFrameData)
        self.frame_count = self._description.frame_count
        self.attributes = DicomAttributes((self._top,), self._notes)

    @property
    def top(self) -> Elements:
        """The dataset without its pixels."""
        return self._top

    @property
    def notes(self) -> Notes:
        """What had to be decided or tolerated so far."""
        return self._notes

    @property
    def description(self) -> PixelDescription:
        """What the Image Pixel Module says."""
        return self._description

    def groups_of(self, frame_index: int) -> FrameGroups:
        """Return where attributes of a frame, counted from 0, may stand."""
        return self._groups.of_frame(frame_index)

    def close(self) -> None:
        """Close the file and let go of codecs."""
        self._data.close()
        self._stream.close()

    def read_frame(self, frame_index: int) -> Frame:
        """Decode one frame, counted from 0, and resolve what the file says about it.

        Raises
        ------
        InputError
            If its stream is damaged, or its palette is missing.
        UnsupportedError
            If its stream needs what is not installed.
        """
        decoded = self._data.read_frame(frame_index)
        groups = self._groups.of_frame(frame_index)
        described = self._described(decoded)
        frame = Frame(
            **self._facts(groups) | described,
            bits_stored=0 if self._is_float else self._description.bits_stored,
            attributes=DicomAttributes.of_frame(self._top, groups.groups),
            frame_number=frame_index + 1,
            frame_count=self.frame_count,
            decoder=decoded.decoder,
            notes=(*self._notes.lines(), *(f"{note}." for note in decoded.notes)),
        )
        if decoded.missing is not None:
            frame = with_background(frame, decoded.missing)
        if self._presentation is None:
            return frame
        return self._presentation.apply(frame, groups, decoded, self._stored_range)

    def read_encoded(self, frame_index: int) -> EncodedFrame | None:
        """Return a color frame in JPEG baseline as it stands in the file, or None for any other.

        Raises
        ------
        InputError
            If its stream has no end, cannot be decoded, or is not what the header describes.
        """
        if self._jpeg is None or self._icc_profile():
            return None
        groups = self._groups.of_frame(frame_index)
        if self._presentation is not None and not self._presentation.is_plain(groups):
            return None
        stream = self._jpeg.stream(frame_index)
        if stream is None:
            return None
        facts = self._facts(groups)
        return EncodedFrame(
            media_type="image/jpeg",
            data=stream,
            rows=self._description.rows,
            columns=self._description.columns,
            spacing=facts["spacing"],
            aspect=facts["aspect"],
            attributes=DicomAttributes.of_frame(self._top, groups.groups),
            notes=self._notes.lines(),
        )

    def _facts(self, groups: FrameGroups) -> dict[str, Any]:
        """Return the fields of a Frame that the header alone tells."""
        if groups.groups:
            return self._resolved(groups)
        return _FACTS.get(self._top, self._description, lambda: self._resolved(groups))

    def _resolved(self, groups: FrameGroups) -> dict[str, Any]:
        is_gray = self._description.samples_per_pixel == 1
        has_palette = self._description.photometric_interpretation == "PALETTE COLOR"
        gray = self._grayscale(groups) if is_gray and not has_palette else {}
        spacing = find_spacing(groups)
        return gray | {
            "spacing": spacing,
            "aspect": find_aspect(groups, spacing),
            "is_label": is_label_map(
                self._top.text("SOPClassUID"), self._top.text("SegmentationType")
            ),
        }

    def _described(self, decoded: Decoded) -> dict[str, Any]:
        """Return the fields of a Frame that depend on what its values mean."""
        stored_values = self._stored_values(decoded)
        if self._description.samples_per_pixel > 1:
            return {
                "stored_values": _as_rgb(stored_values, decoded.photometric_interpretation),
                "photometric_interpretation": "RGB",
                "icc_profile": self._icc_profile(),
            }
        if self._description.photometric_interpretation == "PALETTE COLOR":
            return {
                "stored_values": stored_values,
                "photometric_interpretation": "PALETTE COLOR",
                "palette": self._read_palette(),
                "icc_profile": self._icc_profile(),
            }
        return {"stored_values": stored_values}

    def _grayscale(self, groups: FrameGroups) -> dict[str, Any]:
        modality = find_modality_lut(groups, self._stored_range)
        inputs = modality_range(modality, self._stored_range)
        windows, luts = find_voi_windows(groups), find_voi_luts(groups, inputs=inputs)
        bits = 0 if self._is_float else self._description.bits_stored
        own = {} if windows or luts else find_implied_window(self._top, inputs, bits_stored=bits)
        return {
            "photometric_interpretation": self._description.photometric_interpretation,
            "modality": modality,
            "units": find_units(groups, modality),
            "voi_windows": windows,
            "voi_luts": luts,
            "presentation": find_presentation_lut(self._top),
            "padding": find_padding(
                self._top, is_signed=self._description.is_signed, is_float=self._is_float
            ),
            "is_mask": is_binary_segment(self._top),
            **own,
        }

    def _stored_values(self, decoded: Decoded) -> NDArray[Any]:
        if self._is_float:
            return _finite_somewhere(decoded.values)
        if decoded.is_masked:
            return decoded.values
        return stored_values_of(
            decoded.values,
            bits_stored=self._description.bits_stored,
            high_bit=self._description.high_bit,
            is_signed=self._description.is_signed,
        )

    def _read_palette(self) -> Palette:
        if self._palette is None:
            self._palette = read_palette(self._top, inputs=self._stored_range)
        return self._palette

    def _icc_profile(self) -> bytes:
        profile = self._top.data("ICCProfile")
        for path in self._top.items("OpticalPathSequence")[:1]:
            profile = profile or path.data("ICCProfile")
        return profile

    @property
    def _is_float(self) -> bool:
        return self._description.number_type != "integer"

    @property
    def _stored_range(self) -> StoredRange:
        if self._is_float:
            return StoredRange(-np.inf, np.inf)
        return StoredRange.of(self._description.bits_stored, is_signed=self._description.is_signed)


def _open_data(
    part10: Part10, pixels: PixelElement, options: ReadOptions, *, salvage: bool
) -> FrameData:
    if not pixels.available or pixels.length == 0:
        raise InputError(f"{named(pixels.keyword)} is empty.", hint=COPY_AGAIN, reason="truncated")
    subject = pixels.keyword, pixels.value_representation, pixels.length is None
    described = _DESCRIPTIONS.get(part10.top, subject, lambda: describe_pixels(part10.top, pixels))
    data = open_frame_data(part10, pixels, described, salvage=salvage, decoders=options.decoders)
    # Nothing is allocated before, and a truncated file is called truncated, whatever it announces.
    check_size(data.description, options)
    return data


def _find_presentation(
    top: Elements, options: ReadOptions, description: PixelDescription
) -> FramePresentation | None:
    """Return what is drawn over the frames; None where no tag asks for it, as in most files."""
    has_overlays = bool([tag for tag in top.tags if tag >> 24 == 0x60])
    has_shutters = any(keyword in top for keyword in _SHUTTERS)
    if options.presentation_states is None and not has_overlays and not has_shutters:
        return None
    from dcmconv_builtins.dicom.presentation_state.frame_presentation import FramePresentation

    return FramePresentation(top, options, description)


def _as_rgb(values: NDArray[Any], photometric_interpretation: str) -> NDArray[Any]:
    if photometric_interpretation in ("RGB", "YBR_ICT", "YBR_RCT"):
        # A JPEG 2000 decoder undoes ICT and RCT by itself; the header keeps their names.
        return values
    if photometric_interpretation.startswith("YBR_FULL"):
        return ybr_full_to_rgb(values)
    if photometric_interpretation.startswith("YBR_PARTIAL"):
        return ybr_partial_to_rgb(values)
    raise UnsupportedError(
        f"decoded pixels are {photometric_interpretation}; RGB or YBR was needed.",
        hint="Convert the file to RGB with the vendor's tool first.",
    )


def _finite_somewhere(values: NDArray[Any]) -> NDArray[Any]:
    if not np.isfinite(values).any():
        raise InputError(
            "every pixel of the frame is NaN or infinite; there is nothing to see.",
            hint="Ask the sender whether the file is whole.",
        )
    return values
