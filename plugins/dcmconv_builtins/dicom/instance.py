"""One opened DICOM Instance, and its Frames with everything resolved (PS3.3 A, C.7.6.16)."""

from __future__ import annotations

from typing import Any, BinaryIO, Literal

import numpy as np
from numpy.typing import NDArray

from dcmconv.plugin import Frame, InputError, Palette, SkipInput, UnsupportedError
from dcmconv_builtins.dicom.attributes import DicomAttributes
from dcmconv_builtins.dicom.bounded_stream import read_span
from dcmconv_builtins.dicom.decoders import Decoded
from dcmconv_builtins.dicom.elements import Elements, Notes, named
from dcmconv_builtins.dicom.file_parts import PIXEL_KEYWORDS
from dcmconv_builtins.dicom.frame_data import FrameData, open_frame_data
from dcmconv_builtins.dicom.functional_groups import FrameGroups, FunctionalGroups
from dcmconv_builtins.dicom.image_pixel import check_size, describe_pixels
from dcmconv_builtins.dicom.modality_lut import find_modality_lut, find_units, modality_range
from dcmconv_builtins.dicom.palette_color import read_palette
from dcmconv_builtins.dicom.part10 import Part10, PixelElement, read_part10
from dcmconv_builtins.dicom.photometric import ybr_full_to_rgb, ybr_partial_to_rgb
from dcmconv_builtins.dicom.pixel_description import PixelDescription
from dcmconv_builtins.dicom.pixel_values import StoredRange, find_padding, stored_values_of
from dcmconv_builtins.dicom.presentation import Presentation
from dcmconv_builtins.dicom.presentation_lut import find_presentation_lut
from dcmconv_builtins.dicom.read_options import ReadOptions
from dcmconv_builtins.dicom.salvage import with_background
from dcmconv_builtins.dicom.sop_classes import RT_DOSE, is_label_map, name_of, without_picture
from dcmconv_builtins.dicom.spacing import find_aspect, find_spacing
from dcmconv_builtins.dicom.voi_attributes import find_voi_luts, find_voi_windows

__all__ = ["DicomInstance"]

_SECOND_COPY = "Copy the file again from its source; this one is not whole."
_BURNED_IN = (
    "Burned In Annotation (0028,0301) is YES: the picture itself may say who the patient is."
)


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

    def __init__(self, stream: BinaryIO, options: ReadOptions, *, salvage: bool = False) -> None:
        self._stream = stream
        self._notes = Notes()
        limit = options.inflate_limit << 20
        part10 = read_part10(stream, self._notes, inflate_limit=limit)
        self._top = part10.top
        self._data = _open_data(part10, _pixels_of(part10), options, salvage=salvage)
        self._description = self._data.description
        self._groups = FunctionalGroups(self._top)
        self._presentation = Presentation(self._top, options, self._description)
        self._palette: Palette | None = None
        if self._top.text("BurnedInAnnotation").upper() == "YES":
            self._notes.add(_BURNED_IN)
        self.salvaged = self._data.salvaged
        self.transfer_syntax = part10.transfer_syntax
        self.decoder = self._data.decoder
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
        described = self._described(decoded, groups)
        spacing = find_spacing(groups)
        frame = Frame(
            **described,
            bits_stored=0 if self._is_float else self._description.bits_stored,
            spacing=spacing,
            aspect=find_aspect(groups, spacing),
            is_label=is_label_map(
                self._top.text("SOPClassUID"), self._top.text("SegmentationType")
            ),
            attributes=DicomAttributes.of_frame(self._top, groups.groups),
            frame_number=frame_index + 1,
            frame_count=self.frame_count,
            decoder=decoded.decoder,
            notes=(*self._notes.lines(), *(f"{note}." for note in decoded.notes)),
        )
        if decoded.missing is not None:
            frame = with_background(frame, decoded.missing)
        return self._presentation.applied(frame, decoded, self._stored_range)

    def _described(self, decoded: Decoded, groups: FrameGroups) -> dict[str, Any]:
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
        return {"stored_values": stored_values} | self._grayscale(groups)

    def _grayscale(self, groups: FrameGroups) -> dict[str, Any]:
        modality = find_modality_lut(groups, self._stored_range)
        greatest = modality_range(modality, self._stored_range).greatest
        return {
            "photometric_interpretation": self._description.photometric_interpretation,
            "modality": modality,
            "units": find_units(groups, modality),
            "voi_windows": find_voi_windows(groups),
            "voi_luts": find_voi_luts(groups, greatest_input=greatest),
            "presentation": find_presentation_lut(self._top),
            "padding": find_padding(
                self._top, is_signed=self._description.is_signed, is_float=self._is_float
            ),
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
            self._palette = read_palette(self._top, greatest_input=self._stored_range.greatest)
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


def _pixels_of(part10: Part10) -> PixelElement:
    """Return the pixel data element, or say why there is none."""
    if part10.pixels is not None:
        _check_only_one(part10, part10.pixels)
        return part10.pixels
    top = part10.top
    sop_class = top.text("SOPClassUID") or part10.media_storage
    words = without_picture(sop_class)
    has_rows = "Rows" in top
    if part10.is_cut:
        raise InputError(
            "the file ends in the middle of an element.", hint=_SECOND_COPY, reason="truncated"
        )
    if words and not (has_rows and sop_class == RT_DOSE):
        raise SkipInput(f"{words} holds no picture.")
    if not list(top.tags):
        raise InputError("the file holds no element.", hint=_SECOND_COPY, reason="truncated")
    is_unknown = bool(sop_class) and name_of(sop_class) == sop_class
    if is_unknown and not has_rows and any(tag >> 16 > 0x28 for tag in top.tags):
        # What comes after Rows is there, so that nothing was cut off.
        raise SkipInput(
            f"{sop_class!r} is a SOP Class that is not known here, and no pixels are described."
        )
    if has_rows or sop_class:
        name = name_of(sop_class) if sop_class else "an image"
        raise InputError(
            f"the file ends before Pixel Data (7FE0,0010), which {name} should hold.",
            hint=_SECOND_COPY,
            reason="truncated",
        )
    raise SkipInput("a dataset without SOP Class UID (0008,0016) and pixels holds no picture.")


def _check_only_one(part10: Part10, pixels: PixelElement) -> None:
    """Refuse a second pixel data element behind the first: readers disagree which one counts."""
    if pixels.length is None or pixels.length >= pixels.available:
        return
    head = bytes(read_span(part10.stream, pixels.offset + pixels.length, 4))
    order: Literal["little", "big"] = "little" if part10.encoding.is_little_endian else "big"
    tag = int.from_bytes(head[:2], order) << 16 | int.from_bytes(head[2:], order)
    if tag in PIXEL_KEYWORDS:
        raise InputError(
            f"there is {named(pixels.keyword)}, and {named(PIXEL_KEYWORDS[tag])} after it; "
            "one of them was needed.",
            hint="Ask the sender which one is the picture, and for a file that holds that alone.",
        )


def _open_data(
    part10: Part10, pixels: PixelElement, options: ReadOptions, *, salvage: bool
) -> FrameData:
    if not pixels.available or pixels.length == 0:
        raise InputError(
            f"{named(pixels.keyword)} is empty.", hint=_SECOND_COPY, reason="truncated"
        )
    described = describe_pixels(part10.top, pixels)
    data = open_frame_data(part10, pixels, described, salvage=salvage)
    # Nothing is allocated before, and a truncated file is called truncated, whatever it announces.
    check_size(data.description, options)
    return data


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
