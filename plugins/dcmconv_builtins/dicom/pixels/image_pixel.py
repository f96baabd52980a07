"""The gate before decoding: the Image Pixel Module, checked (PS3.3 C.7.6.3, PS3.5 8)."""

from __future__ import annotations

from typing import Any

from dcmconv.plugin import InputError, LimitError, UnsupportedError
from dcmconv_builtins.dicom.file.elements import Elements, named
from dcmconv_builtins.dicom.file.limits import Limits
from dcmconv_builtins.dicom.file.part10 import PixelElement
from dcmconv_builtins.dicom.pixels.pixel_description import NumberType, PixelDescription

__all__ = ["check_size", "describe_pixels", "frames_said"]

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
_ASK = "Ask the sender for a file that says so; a guess could be a wrong picture."


def describe_pixels(top: Elements, pixels: PixelElement) -> PixelDescription:
    """Check what the file says about its pixels, and return it.

    What is missing and can be only one thing is filled in with a note.

    Raises
    ------
    InputError
        If a value is missing, out of its range, or contradicts another.
    UnsupportedError
        For retired color spaces, and cells that are no whole bytes.
    """
    number_type, float_bits = _FLOATS.get(pixels.keyword, ("integer", 0))
    samples = _integer(top, "SamplesPerPixel", (1, 4), default=1)
    photometric = _photometric(top, samples)
    described: dict[str, Any] = {
        "rows": _integer(top, "Rows", (1, 65535)),
        "columns": _integer(top, "Columns", (1, 65535)),
        "samples_per_pixel": samples,
        "photometric_interpretation": photometric,
        "planar_configuration": _planar(top, samples, is_native=pixels.length is not None),
        "frame_count": max(frames_said(top) or 1, 1),
        "number_type": number_type,
        "value_representation": pixels.value_representation,
    }
    if number_type == "integer":
        described |= _bits(top)
    else:
        described |= {"bits_allocated": float_bits, "bits_stored": float_bits}
        described |= {"high_bit": float_bits - 1}
    return PixelDescription(**described)


def check_size(description: PixelDescription, limits: Limits) -> None:
    """Refuse what would take more memory or files than real images do, before it is decoded.

    Raises
    ------
    LimitError
        If a frame has more than ``max_pixels`` pixels, or there are more than ``max_frames``.
    """
    if description.frame_count > limits.max_frames:
        raise LimitError(
            f"Number of Frames (0028,0008) is {description.frame_count}; "
            f"{limits.max_frames} are allowed.",
            hint="If the file can be trusted, raise max_frames of the dicom reader.",
        )
    if description.rows * description.columns > limits.max_pixels:
        raise LimitError(
            f"Rows (0028,0010) and Columns (0028,0011) are {description.rows} and "
            f"{description.columns}; {limits.max_pixels} pixels are allowed.",
            hint="If the file can be trusted, allow more with --max-pixels.",
        )


def frames_said(top: Elements) -> int | None:
    """Return Number of Frames (0028,0008); None where it is absent, 0 or no number."""
    if "NumberOfFrames" not in top:
        return None
    number = top.number("NumberOfFrames")
    return int(number) if number is not None and number >= 1 and number % 1 == 0 else None


def _bits(top: Elements) -> dict[str, Any]:
    allocated = _integer(top, "BitsAllocated", (1, 64))
    if allocated not in (1, 8, 16, 32, 64):
        raise UnsupportedError(
            f"Bits Allocated (0028,0100) is {allocated}; 1, 8, 16, 32 or 64 was needed.",
            hint="Packed pixels are retired; convert the file with the vendor's tool first.",
        )
    stored = _integer(top, "BitsStored", (1, allocated), default=_bits_below(top, allocated))
    is_signed = _integer(top, "PixelRepresentation", (0, 1), default=0) == 1
    if is_signed and top.number("SamplesPerPixel") == 3:
        # PS3.3 C.7.6.3.1.2: 0 for every color space; there is no negative red.
        top.notes.add("Pixel Representation (0028,0103) is 1, which color cannot be; 0 was used.")
        is_signed = False
    return {
        "bits_allocated": allocated,
        "bits_stored": stored,
        "high_bit": _high_bit(top, allocated, stored),
        "is_signed": is_signed,
    }


def _bits_below(top: Elements, allocated: int) -> int:
    """Return what Bits Stored is where it is missing: up to the High Bit, if that is there."""
    high_bit = top.number("HighBit")
    return allocated if high_bit is None or not 0 <= high_bit < allocated else int(high_bit) + 1


def _high_bit(top: Elements, allocated: int, stored: int) -> int:
    said = top.number("HighBit")
    if said is None or said == stored - 1:
        return stored - 1
    if stored - 1 < said < allocated:
        top.notes.add(
            f"High Bit (0028,0102) is {said:g} and Bits Stored (0028,0101) {stored}, a retired "
            "usage; the pixels were shifted down."
        )
        return int(said)
    top.notes.add(f"High Bit (0028,0102) is {said:g}, which cannot be; {stored - 1} was used.")
    return stored - 1


def _planar(top: Elements, samples: int, *, is_native: bool) -> int:
    if samples == 1:
        return 0
    said = top.number("PlanarConfiguration")
    if said is None and is_native:
        top.notes.add("Planar Configuration (0028,0006) is missing; 0 was used.")
    if said not in (None, 0, 1) and is_native:
        raise InputError(
            f"Planar Configuration (0028,0006) is {said:g}; 0 or 1 was needed.", hint=_ASK
        )
    return 1 if said == 1 else 0


def _photometric(top: Elements, samples: int) -> str:
    said = top.text("PhotometricInterpretation").upper().replace("_COLOR", " COLOR")
    if said in _RETIRED:
        raise UnsupportedError(
            f"Photometric Interpretation (0028,0004) is {said}, which is retired.",
            hint="Convert the file to RGB with the vendor's tool first.",
        )
    if not said and samples == 1:
        top.notes.add("Photometric Interpretation (0028,0004) is missing; MONOCHROME2 was used.")
        return "MONOCHROME2"
    if said not in _SAMPLES:
        found = "missing" if not said else f"{said[:16]!r}"
        raise InputError(
            f"Photometric Interpretation (0028,0004) is {found}; one of the standard's was needed.",
            hint=_ASK,
        )
    if _SAMPLES[said] != samples:
        raise InputError(
            f"Photometric Interpretation (0028,0004) is {said} and Samples per Pixel (0028,0002) "
            f"is {samples}; {_SAMPLES[said]} was needed.",
            hint=_ASK,
        )
    return said


def _integer(
    top: Elements, keyword: str, bounds: tuple[int, int], *, default: int | None = None
) -> int:
    """Return a whole number inside its bounds; several equal values count as one."""
    values = set(top.numbers(keyword))
    if not values and default is not None:
        top.notes.add(f"{named(keyword)} is missing; {default} was used.")
        return default
    if len(values) != 1:
        found = "missing" if not values else f"{len(top.numbers(keyword))} different values"
        raise InputError(f"{named(keyword)} is {found}; one number was needed.", hint=_ASK)
    value = values.pop()
    low, high = bounds
    if value % 1 or not low <= value <= high:
        raise InputError(f"{named(keyword)} is {value:g}; {low} to {high} was needed.", hint=_ASK)
    return int(value)
