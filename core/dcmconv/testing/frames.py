"""Synthetic Frames and Pictures of every kind that a component must handle.

Each is a function without arguments, so that a spawned worker can make the same one by name.
"""

from __future__ import annotations

from collections.abc import Callable
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dcmconv.model.frame import Frame
from dcmconv.model.frame_parts import Lut, Padding, Palette, Rescale, Spacing, VoiWindow
from dcmconv.model.picture import Picture

__all__ = ["ATTRIBUTES", "FRAMES", "PICTURES", "SECRETS"]

SECRETS = ("Zzyzx^Quux", "PRIVATE-4711", "19010203")
"""What identifies the patient below: no writer may put these into a file unasked."""

ATTRIBUTES = MappingProxyType(
    {
        "PatientName": SECRETS[0],
        "PatientID": SECRETS[1],
        "PatientBirthDate": SECRETS[2],
        "Modality": "CT",
        "Rows": 6,
        "Columns": 8,
        "SeriesNumber": 3,
        "SOPInstanceUID": "1.2.826.0.1.3680043.8.498.7",
        "ImageType": ("ORIGINAL", "PRIMARY"),
    }
)


def _ramp(dtype: str, first: float, last: float, shape: tuple[int, ...] = (6, 8)) -> NDArray[Any]:
    return np.linspace(first, last, int(np.prod(shape))).round().astype(dtype).reshape(shape)


def _frame(stored_values: NDArray[Any], **changes: Any) -> Frame:
    bits = 0 if stored_values.dtype.kind == "f" else stored_values.dtype.itemsize * 8
    fields: dict[str, Any] = {"bits_stored": bits, "attributes": ATTRIBUTES} | changes
    return Frame(stored_values=stored_values, **fields)


def _unsigned_8_bit() -> Frame:
    return _frame(_ramp("u1", 0, 255))


def _signed_12_bit() -> Frame:
    return _frame(
        _ramp("i2", -2048, 2047),
        bits_stored=12,
        modality=Rescale(1.0, 24.0),
        units="HU",
        spacing=Spacing(0.5, 0.25),
    )


def _full_16_bit() -> Frame:
    # Every value of the type, once.
    return _frame(np.arange(65536, dtype="u2").reshape(256, 256))


def _signed_16_bit() -> Frame:
    # A negative slope: the least stored value is the greatest modality value.
    return _frame(_ramp("i2", -32768, 32767), modality=Rescale(-0.5, 3.0))


def _wide_32_bit() -> Frame:
    # Beyond int32, and too wide for a lookup table.
    return _frame(_ramp("u4", 0, 4_000_000_000))


def _one_bit() -> Frame:
    return _frame((np.indices((6, 8)).sum(axis=0) % 2).astype("u1"), bits_stored=1)


def _constant() -> Frame:
    return _frame(np.full((6, 8), 7, dtype="u2"))


def _one_pixel() -> Frame:
    return _frame(np.array([[42]], dtype="i2"))


def _one_row() -> Frame:
    return _frame(_ramp("u2", 0, 900, (1, 9)))


def _float() -> Frame:
    return _frame(np.linspace(-1.5, 2.5, 48, dtype="f4").reshape(6, 8))


def _float_with_nan_and_infinity() -> Frame:
    values = np.linspace(-1.5, 2.5, 48).reshape(6, 8)
    values[0, :3] = np.nan, np.inf, -np.inf
    return _frame(values)


def _nothing_but_nan() -> Frame:
    return _frame(np.full((6, 8), np.nan, dtype="f4"))


def _monochrome1() -> Frame:
    return _frame(_ramp("u2", 0, 4095), bits_stored=12, photometric_interpretation="MONOCHROME1")


def _padded() -> Frame:
    values = _ramp("i2", -1000, 3000)
    values[:, 0] = -2000
    return _frame(values, padding=Padding(-2000, -2000))


def _nothing_but_padding() -> Frame:
    return _frame(np.full((6, 8), -2000, dtype="i2"), padding=Padding(-2000, -2000))


def _with_windows() -> Frame:
    windows = (VoiWindow(40, 400, explanation="SOFT"), VoiWindow(-600, 1500, "LINEAR_EXACT"))
    return _frame(_ramp("i2", -1024, 3071), units="HU", voi_windows=windows)


def _with_a_window_of_no_width() -> Frame:
    # PS3.3 C.11.2.1.2.1: the width is at least 1.
    return _frame(_ramp("u1", 0, 255), voi_windows=(VoiWindow(40, 0),))


def _with_a_voi_lut() -> Frame:
    # A falling table: the greatest input becomes black.
    table = Lut(np.arange(4096, dtype="u2")[::-1].copy(), first=0, bits=12)
    return _frame(_ramp("u2", 0, 4095), bits_stored=12, voi_luts=(table,))


def _with_a_modality_lut() -> Frame:
    table = Lut((np.arange(256, dtype="u2") ** 2), first=0, bits=16)
    return _frame(_ramp("u1", 0, 255), modality=table, units="OD")


def _with_a_presentation_lut() -> Frame:
    return _frame(_ramp("u2", 0, 4095), bits_stored=12, presentation="INVERSE")


def _second_of_three() -> Frame:
    return _frame(_ramp("u2", 100, 200), frame_number=2, frame_count=3)


def _strided() -> Frame:
    # Not contiguous, and the stride of the columns is negative.
    return _frame(_ramp("u2", 0, 1000, (12, 16))[::2, ::-2])


def _big_endian() -> Frame:
    return _frame(_ramp(">i2", -500, 500))


def _rgb_8_bit() -> Frame:
    return _frame(_ramp("u1", 0, 255, (6, 8, 3)), photometric_interpretation="RGB")


def _palette_color() -> Frame:
    table = np.stack([np.arange(256)] * 3, axis=1).astype("u2") * 257
    return _frame(
        _ramp("u1", 0, 255), photometric_interpretation="PALETTE COLOR", palette=Palette(table)
    )


def _named(*makers: Callable[[], Any]) -> dict[str, Callable[[], Any]]:
    return {maker.__name__.strip("_").replace("_", "-"): maker for maker in makers}


FRAMES: dict[str, Callable[[], Frame]] = _named(
    _unsigned_8_bit,
    _signed_12_bit,
    _full_16_bit,
    _signed_16_bit,
    _wide_32_bit,
    _one_bit,
    _constant,
    _one_pixel,
    _one_row,
    _float,
    _float_with_nan_and_infinity,
    _nothing_but_nan,
    _monochrome1,
    _padded,
    _nothing_but_padding,
    _with_windows,
    _with_a_window_of_no_width,
    _with_a_voi_lut,
    _with_a_modality_lut,
    _with_a_presentation_lut,
    _second_of_three,
    _strided,
    _big_endian,
)
"""Monochrome Frames by name: what normalizers are tested with."""

COLOR_FRAMES: dict[str, Callable[[], Frame]] = _named(_rgb_8_bit, _palette_color)
"""Color Frames by name: normalizers never get them, except those that make masks."""


def _picture(pixels: NDArray[Any], **changes: Any) -> Picture:
    fields: dict[str, Any] = {"bits": pixels.dtype.itemsize * 8, "attributes": ATTRIBUTES} | changes
    return Picture(pixels=pixels, **fields)


def _gray_8_bit() -> Picture:
    return _picture(_ramp("u1", 0, 255, (16, 12)), spacing=Spacing(0.5, 0.25))


def _gray_16_bit() -> Picture:
    return _picture(_ramp("u2", 0, 65535, (16, 12)))


def _constant_gray_8_bit() -> Picture:
    return _picture(np.full((16, 12), 9, "u1"))


def _constant_gray_16_bit() -> Picture:
    return _picture(np.full((16, 12), 900, "u2"))


def _one_pixel_8_bit() -> Picture:
    return _picture(np.array([[200]], "u1"))


def _one_pixel_16_bit() -> Picture:
    return _picture(np.array([[40000]], "u2"))


def _wide_8_bit() -> Picture:
    return _picture(_ramp("u1", 0, 255, (3, 200)))


def _second_of_three_8_bit() -> Picture:
    return _picture(_ramp("u1", 255, 0, (16, 12)), frame_number=2, frame_count=3)


def _rgb_8_bit_picture() -> Picture:
    return _picture(_ramp("u1", 0, 255, (16, 12, 3)))


def _rgb_16_bit_picture() -> Picture:
    return _picture(_ramp("u2", 0, 65535, (16, 12, 3)))


def _rgba_8_bit_picture() -> Picture:
    return _picture(_ramp("u1", 0, 255, (16, 12, 4)))


def _indexed_8_bit_picture() -> Picture:
    palette = np.stack([np.arange(256), np.arange(256)[::-1], np.full(256, 9)], axis=1)
    return _picture(_ramp("u1", 0, 255, (16, 12)), palette=palette.astype("u1"))


def _labels_8_bit_picture() -> Picture:
    return _picture(_ramp("u1", 0, 4, (16, 12)), domain="label")


def _stored_signed_16_bit_picture() -> Picture:
    return _picture(_ramp("i2", -1024, 3071, (16, 12)), domain="stored")


def _modality_float_picture() -> Picture:
    return _picture(np.linspace(-1, 2, 192).reshape(16, 12), domain="modality")


def _read_only_strided_8_bit() -> Picture:
    return _picture(_ramp("u1", 0, 255, (32, 24))[::2, ::-2])


PICTURES: dict[str, Callable[[], Picture]] = _named(
    _gray_8_bit,
    _gray_16_bit,
    _constant_gray_8_bit,
    _constant_gray_16_bit,
    _one_pixel_8_bit,
    _one_pixel_16_bit,
    _wide_8_bit,
    _second_of_three_8_bit,
    _read_only_strided_8_bit,
    _rgb_8_bit_picture,
    _rgb_16_bit_picture,
    _rgba_8_bit_picture,
    _indexed_8_bit_picture,
    _labels_8_bit_picture,
    _stored_signed_16_bit_picture,
    _modality_float_picture,
)
"""Pictures by name: what steps and writers are tested with, if they accept the domain."""
