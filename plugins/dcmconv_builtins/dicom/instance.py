"""One opened DICOM Instance and its Frames (PS3.3 A.1.2, C.7.6.16).

The steps from a file to a Frame: ``read_part10`` reads the header, ``find_pixels`` finds the pixel
data element, ``describe_pixels`` checks the Image Pixel Module, ``open_frame_data`` finds the
frames.  Then for each frame: its pixels are decoded, ``FrameFieldsFinder`` adds what the header
says about them, and a presentation, if there is one, what is drawn over them.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, BinaryIO, NamedTuple

import numpy as np
from numpy.typing import NDArray

from dcmconv.plugin import Attributes, EncodedFrame, Frame, InputError, Palette, UnsupportedError
from dcmconv_builtins.dicom.color.palette_color import read_palette
from dcmconv_builtins.dicom.color.photometric import ybr_full_to_rgb, ybr_partial_to_rgb
from dcmconv_builtins.dicom.decoders import Decoded
from dcmconv_builtins.dicom.file.attributes import DicomAttributes, InstanceAttributes
from dcmconv_builtins.dicom.file.elements import TAGS, Elements, Notes
from dcmconv_builtins.dicom.file.functional_groups import FrameGroups, FunctionalGroups
from dcmconv_builtins.dicom.file.header_cache import HeaderCache
from dcmconv_builtins.dicom.file.part10 import Part10, PixelElement, read_part10
from dcmconv_builtins.dicom.frame_fields import FrameFieldsFinder, stored_range_of
from dcmconv_builtins.dicom.pixels.content import bits_above, uses_bits_below
from dcmconv_builtins.dicom.pixels.frame_data import (
    FrameData,
    VideoFrameData,
    find_jpeg_copies,
    open_frame_data,
)
from dcmconv_builtins.dicom.pixels.image_pixel import check_size, describe_pixels, find_pixels
from dcmconv_builtins.dicom.pixels.native_frames import NativeFrames, is_plain_native
from dcmconv_builtins.dicom.pixels.pixel_description import PixelDescription
from dcmconv_builtins.dicom.pixels.pixel_values import stored_values_of
from dcmconv_builtins.dicom.pixels.salvage import with_background
from dcmconv_builtins.dicom.read_options import ReadOptions

if TYPE_CHECKING:
    from dcmconv_builtins.dicom.presentation_state.frame_presentation import FramePresentation

__all__ = ["DicomInstance"]

_BURNED_IN = (
    "Burned In Annotation (0028,0301) is YES: the pixels themselves may identify a patient."
)
_GROUPS = ("SharedFunctionalGroupsSequence", "PerFrameFunctionalGroupsSequence")
_SHUTTERS = ("ShutterShape", "FrameDisplayShutterSequence")
_SHUTTER_TAGS = tuple(TAGS[keyword] for keyword in _SHUTTERS)
_PALETTES = ("RedPaletteColorLookupTableDescriptor", "EnhancedPaletteColorLookupTableSequence")
_FRAMES_TO_LOOK_AT = 8
"""Checked where only the pixels show what the header means; the first one may be blank."""


class _Header(NamedTuple):
    """What every file is asked for when it is opened; the same for all files of most series.

    What is rare has only a flag here: the modules for it are not even imported without it.
    """

    description: PixelDescription
    is_plain: bool
    """The pixels are exactly as long as described: see ``is_plain_native``."""
    is_burned_in: bool
    has_groups: bool
    has_shutters: bool
    has_palettes: bool
    has_data_paths: bool


_HEADERS = HeaderCache[_Header]()


def _read_header(part10: Part10, pixels: PixelElement) -> _Header:
    """Return what the header says of its pixels, from the previous file of a series if it can."""
    top, length = part10.top, pixels.length
    surplus = None if length is None else pixels.available - length
    subject = (*pixels[:2], length, surplus, part10.transfer_syntax)

    def read() -> _Header:
        description = describe_pixels(top, pixels)
        return _Header(
            description=description,
            is_plain=is_plain_native(part10, pixels, description),
            is_burned_in=top.text("BurnedInAnnotation").upper() == "YES",
            has_groups=any(keyword in top for keyword in _GROUPS),
            has_shutters=any(keyword in top for keyword in _SHUTTERS),
            has_palettes=any(keyword in top for keyword in _PALETTES),
            has_data_paths="DataFrameAssignmentSequence" in top,
        )

    return _HEADERS.get(top, subject, read)


class DicomInstance:
    """An Instance whose frames can be read in any order; nothing of an earlier frame is kept.

    Parameters
    ----------
    stream : binary file
        Open for reading; owned, and closed by ``close``.
    options : ReadOptions
        Those of the reader.
    salvage : bool
        Accept fewer frames and pixels than the header announces.

    Attributes
    ----------
    top : Elements
        The dataset without its pixels.
    notes : Notes
        What was decided or tolerated so far.
    description : PixelDescription
        What the Image Pixel Module says.

    Raises
    ------
    SkipInput
        If the SOP Class holds no picture.
    InputError, UnsupportedError, LimitError
        If there should be a picture, but it cannot be read.
    """

    tile_positions: None = None
    """Unknown here: ``objects.stitching`` finds them if tiles are to be stitched."""

    def __init__(self, stream: BinaryIO, options: ReadOptions, *, salvage: bool = False) -> None:
        self._stream = stream
        self.notes = Notes()
        limit = options.inflate_limit << 20
        part10 = _with_one_image(read_part10(stream, self.notes, inflate_limit=limit))
        self.top, self._meta = part10.top, part10.meta
        if options.character_set:
            self.top.use_character_set(options.character_set)
        pixels = find_pixels(part10)
        header = _read_header(part10, pixels)
        self._data = _open_data(part10, pixels, header, options, salvage=salvage)
        self.description = _with_true_high_bit(self.top, self._data)
        self._groups = FunctionalGroups(self.top, are_there=header.has_groups)
        self._fields = FrameFieldsFinder(self.description)
        may_have_shutters = header.has_shutters or self._groups.have_any(_SHUTTER_TAGS)
        self._presentation = _find_presentation(
            self.top, options, self.description, may_have_shutters=may_have_shutters
        )
        self._jpeg = find_jpeg_copies(self._data, part10.transfer_syntax)
        if header.is_burned_in:
            self.notes.add(_BURNED_IN)
        self.has_palettes = header.has_palettes
        self.has_data_paths = header.has_data_paths
        self.salvaged = self._data.salvaged
        self.transfer_syntax = part10.transfer_syntax
        self.decoder = self._data.decoder
        self.is_video = isinstance(self._data, VideoFrameData)
        self.frame_count = self.description.frame_count

    @cached_property
    def attributes(self) -> Attributes:
        """The attributes of the whole instance."""
        own = self._groups.per_frame
        if not own:
            return self.attributes_of(0)
        return InstanceAttributes(self.attributes_of, own[: self.frame_count], self.notes)

    def attributes_of(self, frame_index: int) -> DicomAttributes:
        """Return the attributes of a frame; ``frame_index`` counts from 0."""
        return self._attributes_of(self._groups.of_frame(frame_index))

    def _attributes_of(self, groups: FrameGroups) -> DicomAttributes:
        return DicomAttributes((self.top, self._meta), self.notes, groups.groups)

    def groups_of(self, frame_index: int) -> FrameGroups:
        """Return the functional groups of a frame; ``frame_index`` counts from 0."""
        return self._groups.of_frame(frame_index)

    def close(self) -> None:
        """Close the file, and release the decoder of a video."""
        self._data.close()
        self._stream.close()

    def read_frame(self, frame_index: int) -> Frame:
        """Decode one frame, counted from 0, and add what the header says about it.

        Raises
        ------
        InputError
            If its stream is damaged, or its palette is missing.
        UnsupportedError
            If its decoder is not installed.
        """
        description = self.description
        decoded = self._data.read_frame(frame_index)
        groups = self._groups.of_frame(frame_index)
        frame = Frame(
            stored_values=self._stored_values(decoded),
            **self._color_fields(),
            **self._fields.find(groups),
            bits_stored=0 if description.is_float else description.bits_stored,
            attributes=self._attributes_of(groups),
            frame_number=frame_index + 1,
            frame_count=self.frame_count,
            decoder=decoded.decoder,
            notes=(*self.notes.lines(), *(f"{note}." for note in decoded.notes)),
        )
        if decoded.salvaged:
            notes = (*frame.notes, f"Salvaged: {decoded.salvaged}.")
            frame = replace(frame, salvaged=decoded.salvaged, notes=notes)
        if decoded.missing is not None:
            frame = with_background(frame, decoded.missing)
        if self._presentation is None:
            return frame
        return self._presentation.apply(frame, groups, decoded, stored_range_of(description))

    def read_encoded(self, frame_index: int) -> EncodedFrame | None:
        """Return a color frame in JPEG baseline as the file has it; None for any other frame.

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
        fields = self._fields.find(groups)
        return EncodedFrame(
            media_type="image/jpeg",
            data=stream,
            rows=self.description.rows,
            columns=self.description.columns,
            spacing=fields["spacing"],
            aspect=fields["aspect"],
            attributes=self._attributes_of(groups),
            notes=self.notes.lines(),
        )

    def _stored_values(self, decoded: Decoded) -> NDArray[Any]:
        if self.description.is_float:
            values = self._checked_floats(decoded)
        elif decoded.is_masked:
            values = decoded.values
        else:
            values = self._values_of_cells(decoded.values)
        if self.description.samples_per_pixel == 1:
            return values
        return _as_rgb(values, decoded.photometric_interpretation)

    def _values_of_cells(self, cells: NDArray[Any]) -> NDArray[Any]:
        described = self.description
        stored, high_bit = described.bits_stored, described.high_bit
        values = stored_values_of(
            cells, bits_stored=stored, high_bit=high_bit, is_signed=described.is_signed
        )
        # The same memory where all values are in range, as in nearly all files.
        if high_bit == stored - 1 and not np.may_share_memory(values, cells):
            cells = cells.view(values.dtype)
            if bits_above(cells, stored, _overlay_bits(self.top)):
                self.notes.add(
                    f"Bits Stored (0028,0101) is {stored}, but the pixels use bits above; "
                    "ignored those bits."
                )
        return values

    def _checked_floats(self, decoded: Decoded) -> NDArray[Any]:
        finite = np.isfinite(decoded.values)
        if not finite.any():
            raise InputError(
                "every pixel of the frame is NaN or infinite.",
                hint="Ask the sender whether the file is complete.",
            )
        padding = (self.top.number(f"{kind}PixelPaddingValue") for kind in ("Float", "DoubleFloat"))
        # NaN as the padding value is nothing unusual, and needs no note.
        if any(number is not None and math.isnan(number) for number in padding):
            finite |= np.isnan(decoded.values)
        if not finite.all():
            self.notes.add("some pixels are NaN or infinite; they are drawn as background.")
        return decoded.values

    def _color_fields(self) -> dict[str, Any]:
        """Return the fields of a Frame that color has, with or without a palette."""
        if self.description.samples_per_pixel > 1:
            return {"photometric_interpretation": "RGB", "icc_profile": self._icc_profile()}
        if self.description.photometric_interpretation == "PALETTE COLOR":
            return {
                "photometric_interpretation": "PALETTE COLOR",
                "palette": self._palette,
                "icc_profile": self._icc_profile(),
            }
        return {}

    @cached_property
    def _palette(self) -> Palette:
        return read_palette(self.top, inputs=stored_range_of(self.description))

    def _icc_profile(self) -> bytes:
        profile = self.top.data("ICCProfile")
        # Slide microscopy has the profile in its optical path.
        for path in self.top.items("OpticalPathSequence")[:1]:
            profile = profile or path.data("ICCProfile")
        return profile


def _with_one_image(part10: Part10) -> Part10:
    """Find pixels in a private element, or decide between several; what either needs is rare."""
    pixels = part10.pixels
    if pixels is None:
        from dcmconv_builtins.dicom.pixels.private_pixels import with_private_pixels

        return with_private_pixels(part10)
    length = pixels.length
    may_be_more = length is not None and length < pixels.available
    if may_be_more and part10.may_continue_at(pixels.offset + (length or 0)):
        from dcmconv_builtins.dicom.pixels.second_pixels import with_the_image

        return with_the_image(part10)
    return part10


def _with_true_high_bit(top: Elements, data: FrameData) -> PixelDescription:
    """Return the description, without a High Bit that the pixels contradict (PS3.5 8.1.1)."""
    description = data.description
    stored, high_bit = description.bits_stored, description.high_bit
    if description.is_float or high_bit == stored - 1:
        return description
    named_bits = f"High Bit (0028,0102) is {high_bit} and Bits Stored (0028,0101) is {stored}"
    planes = _overlay_bits(top)
    cells = [frame.values for frame in _first_frames(data) if not frame.is_masked]
    if not uses_bits_below(cells, high_bit + 1 - stored, planes):
        top.notes.add(f"{named_bits}, a retired usage; shifted the pixels down.")
        return description
    top.notes.add(f"{named_bits}, but the pixels use the bits below; used the values unshifted.")
    narrow = replace(description, high_bit=stored - 1)
    least, greatest = stored_range_of(narrow)
    # Negative ones may have their sign in the field only, with empty bits above it.
    fits = all(
        (values.min() >= least and values.max() <= greatest)
        or (values.min() >= 0 and int(values.max()) >> stored == 0)
        for values in cells
    )
    return narrow if fits else replace(description, bits_stored=high_bit + 1)


def _overlay_bits(top: Elements) -> list[int]:
    """Return the bit positions of overlays that are in the pixels themselves."""
    return [
        int(top.number(f"{group:04X},0102") or 0)
        for group in range(0x6000, 0x6020, 2)  # PS3.5 7.6: 16 repeating groups
        # Retired: Overlay Bits Allocated is 1, unless the plane is in unused bits of the pixels.
        if (top.number(f"{group:04X},0100") or 1) > 1
    ]


def _first_frames(data: FrameData) -> Iterator[Decoded]:
    for frame_index in range(min(data.description.frame_count, _FRAMES_TO_LOOK_AT)):
        try:
            yield data.read_frame(frame_index)
        except InputError:
            # It is reported when the frame itself is read.
            return


def _open_data(
    part10: Part10, pixels: PixelElement, header: _Header, options: ReadOptions, *, salvage: bool
) -> FrameData:
    data: FrameData
    if header.is_plain:
        data = NativeFrames(part10.stream, pixels.offset, header.description)
    else:
        data = open_frame_data(part10, pixels, header.description, options=options, salvage=salvage)
    # After the length of the pixels: a truncated file is called truncated, whatever it announces.
    check_size(data.description, options)
    return data


def _as_rgb(values: NDArray[Any], photometric_interpretation: str) -> NDArray[Any]:
    if photometric_interpretation in ("RGB", "YBR_ICT", "YBR_RCT"):
        # The JPEG 2000 decoder has undone ICT or RCT already; the header still names them.
        return values
    if photometric_interpretation.startswith("YBR_FULL"):
        return ybr_full_to_rgb(values)
    if photometric_interpretation.startswith("YBR_PARTIAL"):
        return ybr_partial_to_rgb(values)
    raise UnsupportedError(
        f"the decoded pixels are {photometric_interpretation}; expected RGB or YBR.",
        hint="Convert the file to RGB with the vendor's tool first.",
    )


def _find_presentation(
    top: Elements, options: ReadOptions, description: PixelDescription, *, may_have_shutters: bool
) -> FramePresentation | None:
    """Return what is drawn over the frames; None if no option and no tag asks for it."""
    is_asked = options.presentation_states is not None
    if not is_asked and not may_have_shutters and not _has_overlays(top):
        return None
    from dcmconv_builtins.dicom.presentation_state.frame_presentation import FramePresentation

    return FramePresentation(top, options, description)


def _has_overlays(top: Elements) -> bool:
    first, last = 0x60000000, 0x601EFFFF
    if top.scanned is not None:
        return top.scanned.has_tag_between(first, last)
    return any(first <= tag <= last for tag in top.tags)
