"""The checks before decoding: is there a picture, and is its header valid (PS3.3 C.7.6.3)."""

from __future__ import annotations

from typing import Any

from dcmconv.plugin import InputError, LimitError, SkipInput, UnsupportedError
from dcmconv_builtins.dicom.file.elements import Elements, named
from dcmconv_builtins.dicom.file.part10 import Part10, PixelElement
from dcmconv_builtins.dicom.file.sop_classes import RT_DOSE, name_of, without_picture
from dcmconv_builtins.dicom.hints import COPY_AGAIN
from dcmconv_builtins.dicom.pixels.pixel_description import NumberType, PixelDescription
from dcmconv_builtins.dicom.read_options import Limits

__all__ = ["check_size", "describe_pixels", "find_pixels", "header_frame_count"]

_FLOATS: dict[str, tuple[NumberType, int]] = {
    "FloatPixelData": ("float32", 32),
    "DoubleFloatPixelData": ("float64", 64),
}
_SAMPLES = {
    "MONOCHROME1": 1,
    "MONOCHROME2": 1,
    "PALETTE COLOR": 1,
    "RGB": 3,
    "YBR_FULL": 3,
    "YBR_FULL_422": 3,
    "YBR_PARTIAL_422": 3,
    "YBR_PARTIAL_420": 3,
    "YBR_ICT": 3,
    "YBR_RCT": 3,
    "XYB": 3,
}
_RETIRED = frozenset({"HSV", "ARGB", "CMYK"})
_HEADER_ONLY = "Ask the sender for the file with its pixels."
_FOLDER = "It lists the files of the folder that it is in; convert that: dcmconv run FOLDER"
_INFO = "See what it holds: dcmconv info FILE"
_ASK = "Ask the sender for a file that has a valid value; a guess could give a wrong picture."


def find_pixels(part10: Part10) -> PixelElement:
    """Return the pixel data element.

    Raises
    ------
    SkipInput
        If the SOP Class holds no picture.
    InputError
        If the file ends before its pixels, or has none.
    """
    pixels = part10.pixels
    if pixels is None:
        raise _missing_pixels(part10)
    if pixels.length == 0:
        raise _empty_pixels(part10, pixels)
    if not pixels.available:
        raise _truncated(f"the file ends at the value of {named(pixels.keyword)}.")
    return pixels


def _empty_pixels(part10: Part10, pixels: PixelElement) -> SkipInput | InputError:
    kind = without_picture(part10.top.text("SOPClassUID"))
    has_size = all(part10.top.number(keyword) for keyword in ("Rows", "Columns"))
    if kind and not has_size:
        return _no_picture(kind)
    return InputError(f"{named(pixels.keyword)} is empty.", hint=_HEADER_ONLY, reason="no-pixels")


def _missing_pixels(part10: Part10) -> SkipInput | InputError:
    """Return the reason why there are no pixels: by design, or because the file ends early."""
    top = part10.top
    sop_class = top.text("SOPClassUID") or part10.meta.text("MediaStorageSOPClassUID")
    if part10.is_cut:
        return _truncated("the file ends in the middle of an element.")
    has_rows = "Rows" in top
    kind = without_picture(sop_class)
    if kind and not (has_rows and sop_class == RT_DOSE):
        return _no_picture(kind)
    if not list(top.tags):
        return _truncated("the dataset has no elements.")
    is_unknown = bool(sop_class) and name_of(sop_class) == sop_class
    if is_unknown and not any(tag >> 16 == 0x28 for tag in top.tags):
        return SkipInput(f"unknown SOP Class {sop_class!r} without a picture.", hint=_INFO)
    if has_rows or sop_class:
        whose = f" of {name_of(sop_class)}" if sop_class and not is_unknown else ""
        return InputError(
            f"the dataset{whose} holds no Pixel Data (7FE0,0010): it is a header only, or was cut "
            "before the pixels.",
            hint=_HEADER_ONLY,
            reason="no-pixels",
        )
    return SkipInput(
        "a dataset without SOP Class UID (0008,0016) and pixels holds no picture.", hint=_INFO
    )


def _no_picture(kind: str) -> SkipInput:
    hint = _FOLDER if kind.startswith("DICOMDIR") else _INFO
    return SkipInput(f"{kind} holds no picture.", hint=hint)


def _truncated(message: str) -> InputError:
    return InputError(message, hint=COPY_AGAIN, reason="truncated")


def describe_pixels(top: Elements, pixels: PixelElement) -> PixelDescription:
    """Check what the Image Pixel Module says, and return it.

    A missing value that can be only one thing is filled in, with a note.

    Raises
    ------
    InputError
        If a value is missing, out of range, or contradicts another.
    UnsupportedError
        For retired color spaces, and pixel cells that are not whole bytes.
    """
    number_type, float_bits = _FLOATS.get(pixels.keyword, ("integer", 0))
    samples = _samples(top)
    photometric = _photometric(top, samples)
    described: dict[str, Any] = {
        "rows": _integer(top, "Rows", (1, 65535)),
        "columns": _integer(top, "Columns", (1, 65535)),
        "samples_per_pixel": samples,
        "photometric_interpretation": photometric,
        "planar_configuration": _planar(top, samples, is_native=pixels.length is not None),
        "frame_count": max(header_frame_count(top) or 1, 1),
        "number_type": number_type,
        "value_representation": pixels.value_representation,
    }
    if number_type == "integer":
        described |= _bits(top, samples)
    else:
        described |= {"bits_allocated": float_bits, "bits_stored": float_bits}
        described |= {"high_bit": float_bits - 1}
    return PixelDescription(**described)


def check_size(description: PixelDescription, limits: Limits) -> None:
    """Reject what would need more memory or files than real images do, before decoding.

    Raises
    ------
    LimitError
        If a frame has more than ``max_pixels`` pixels, or there are more than ``max_frames``.
    """
    if description.frame_count > limits.max_frames:
        raise LimitError(
            f"Number of Frames (0028,0008) is {description.frame_count}; "
            f"the limit is {limits.max_frames}.",
            hint="If you trust the file, raise max_frames of the dicom reader.",
        )
    if description.rows * description.columns > limits.max_pixels:
        raise LimitError(
            f"Rows (0028,0010) and Columns (0028,0011) are {description.rows} and "
            f"{description.columns}; the limit is {limits.max_pixels} pixels.",
            hint="If you trust the file, raise the limit with --max-pixels.",
        )


def header_frame_count(top: Elements) -> int | None:
    """Return Number of Frames (0028,0008); None if it is absent, below 1 or not a number."""
    if "NumberOfFrames" not in top:
        return None
    number = top.number("NumberOfFrames")
    return int(number) if number is not None and number >= 1 and number % 1 == 0 else None


def _bits(top: Elements, samples: int) -> dict[str, Any]:
    allocated = _integer(top, "BitsAllocated", (1, 64))
    if allocated not in (1, 8, 16, 32, 64):
        raise UnsupportedError(
            f"Bits Allocated (0028,0100) is {allocated}; expected 1, 8, 16, 32 or 64.",
            hint="Packed pixels are retired; convert the file with the vendor's tool first.",
        )
    stored = _integer(top, "BitsStored", (1, allocated), default=_bits_below(top, allocated))
    is_signed = _integer(top, "PixelRepresentation", (0, 1), default=0) == 1
    if is_signed and samples == 3:
        # PS3.3 C.7.6.3.1.2 allows only 0 for color.
        top.notes.add("Pixel Representation (0028,0103) is 1, invalid for color images; using 0.")
        is_signed = False
    return {
        "bits_allocated": allocated,
        "bits_stored": stored,
        "high_bit": _high_bit(top, allocated, stored),
        "is_signed": is_signed,
    }


def _bits_below(top: Elements, allocated: int) -> int:
    """Return the default of a missing Bits Stored: up to the High Bit, if that is valid."""
    high_bit = top.number("HighBit")
    return allocated if high_bit is None or not 0 <= high_bit < allocated else int(high_bit) + 1


def _high_bit(top: Elements, allocated: int, stored: int) -> int:
    found = top.number("HighBit")
    if found is None or found == stored - 1:
        return stored - 1
    if stored - 1 < found < allocated:
        # A retired usage; only the pixels show whether it is true.
        return int(found)
    top.notes.add(f"High Bit (0028,0102) is {found:g}, which is invalid; using {stored - 1}.")
    return stored - 1


def _planar(top: Elements, samples: int, *, is_native: bool) -> int:
    if samples == 1:
        return 0
    found = top.number("PlanarConfiguration")
    if found is None and is_native:
        top.notes.add("Planar Configuration (0028,0006) is missing; using 0.")
    if found not in (None, 0, 1) and is_native:
        raise InputError(
            f"Planar Configuration (0028,0006) is {found:g}; expected 0 or 1.", hint=_ASK
        )
    return 1 if found == 1 else 0


def _samples(top: Elements) -> int:
    """Return Samples per Pixel; if it is missing, what Photometric Interpretation allows."""
    allowed = _SAMPLES.get(_header_photometric(top))
    if allowed is None or top.numbers("SamplesPerPixel"):
        # 4 is valid here, so that retired ARGB and CMYK are rejected by their own name later.
        return _integer(top, "SamplesPerPixel", (1, 4), default=1)
    top.notes.add(
        f"Samples per Pixel (0028,0002) is missing; using {allowed}, the only value that "
        f"Photometric Interpretation (0028,0004) {_header_photometric(top)} allows."
    )
    return allowed


def _header_photometric(top: Elements) -> str:
    return top.text("PhotometricInterpretation").upper().replace("_COLOR", " COLOR")


def _photometric(top: Elements, samples: int) -> str:
    found = _header_photometric(top)
    if found in _RETIRED:
        raise UnsupportedError(
            f"Photometric Interpretation (0028,0004) is {found}, which is retired.",
            hint="Convert the file to RGB with the vendor's tool first.",
        )
    if not found and samples == 1:
        top.notes.add("Photometric Interpretation (0028,0004) is missing; using MONOCHROME2.")
        return "MONOCHROME2"
    if found not in _SAMPLES:
        shown = "missing" if not found else f"{found[:16]!r}"
        raise InputError(
            f"Photometric Interpretation (0028,0004) is {shown}; expected a term of the standard.",
            hint=_ASK,
        )
    if _SAMPLES[found] != samples:
        raise InputError(
            f"Photometric Interpretation (0028,0004) is {found}, but Samples per Pixel (0028,0002) "
            f"is {samples}; expected {_SAMPLES[found]}.",
            hint=_ASK,
        )
    return found


def _integer(
    top: Elements, keyword: str, bounds: tuple[int, int], *, default: int | None = None
) -> int:
    """Return a whole number within bounds; several equal values count as one."""
    values = set(top.numbers(keyword))
    if not values and default is not None:
        top.notes.add(f"{named(keyword)} is missing; using {default}.")
        return default
    if len(values) != 1:
        problem = "is missing" if not values else "has several different values"
        raise InputError(f"{named(keyword)} {problem}; expected one number.", hint=_ASK)
    value = values.pop()
    low, high = bounds
    if value % 1 or not low <= value <= high:
        raise InputError(f"{named(keyword)} is {value:g}; expected {low} to {high}.", hint=_ASK)
    return int(value)
