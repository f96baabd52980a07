"""The Enhanced Blending and Display Pipeline: data paths become one frame (PS3.3 C.7.6.23)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dcmconv.plugin import Frame, InputError
from dcmconv_builtins.dicom.color.data_paths import (
    ASSIGNMENTS,
    FRAMES_HINT,
    DataInput,
    data_inputs,
    palette_item,
)
from dcmconv_builtins.dicom.color.palette_color import read_alpha, read_palette
from dcmconv_builtins.dicom.file.elements import Elements
from dcmconv_builtins.dicom.pixels.pixel_values import StoredRange

__all__ = ["Blending", "find_blending"]

FloatArray = NDArray[np.float64]
IntegerArray = NDArray[np.int64]

_VALID_PATHS = (
    ("PRIMARY_SINGLE",),
    ("PRIMARY_SINGLE", "SECONDARY_SINGLE"),
    ("PRIMARY_SINGLE", "SECONDARY_HIGH", "SECONDARY_LOW"),
)
_PALETTES = "Enhanced Palette Color Lookup Table Sequence (0028,140B)"
_FUNCTIONS = frozenset({"ALPHA_1", "ALPHA_2", "TABLE", "ONE_MINUS"})


@dataclass(frozen=True)
class Alpha:
    """The alpha of a data path, from which its weight is made: integers of ``bits`` bits."""

    values: IntegerArray
    bits: int

    @property
    def unit_values(self) -> FloatArray:
        """On the scale 0 to 1."""
        return np.divide(self.values, (1 << self.bits) - 1, dtype=np.float64)


@dataclass(frozen=True)
class Blending:
    """Data paths that become one frame: ``RGB 1 * weight 1 + RGB 2 * weight 2``."""

    top: Elements
    inputs: tuple[DataInput, ...]

    def colors(self, frames: Mapping[str, Frame]) -> FloatArray:
        """Blend the frames of one position, given by Data Type (0018,9808).

        Returns
        -------
        float64 array, shape (rows, columns, 3)
            Red, green and blue on the scale 0 to 1; a new array.

        Raises
        ------
        InputError
            If the header relies on a palette, a weight or an alpha that is missing.
        """
        first, alpha_1 = self._path("PRIMARY", frames)
        second, alpha_2 = self._path("SECONDARY", frames)
        weight_1 = self._weight(1, alpha_1, alpha_2)
        blended = first * _by_channel(weight_1)
        if second is not None:
            weight_2 = self._weight(2, alpha_1, alpha_2, other=weight_1)
            blended = blended + second * _by_channel(weight_2)
        clipped: FloatArray = np.clip(blended, 0.0, 1.0)
        return clipped

    def _path(self, path: str, frames: Mapping[str, Frame]) -> tuple[Any, Alpha | None]:
        """Return the colors of a data path and its alpha; None for a path without frames."""
        inputs = [item for item in self.inputs if item.path.startswith(path)]
        # SECONDARY_HIGH gives the upper bits of the index, SECONDARY_LOW the lower ones.
        inputs.sort(key=lambda item: item.path.endswith("LOW"))
        if not inputs:
            return None, None
        index, bits = np.zeros((), np.int64), 0
        for data in inputs:
            frame = frames[data.data_type]
            more = data.bits_mapped(frame.bits_stored)
            index = np.bitwise_or(index << more, data.mapped_values(frame))
            bits += more
        item = palette_item(self.top, path)
        if item is None:
            raise InputError(f"{_PALETTES} has no item for the {path} data path.", hint=FRAMES_HINT)
        return _rgb(item, index, bits), _alpha(item, index, bits)

    def _weight(
        self,
        number: int,
        alpha_1: Alpha | None,
        alpha_2: Alpha | None,
        other: FloatArray | None = None,
    ) -> FloatArray:
        """Return the weight of a path by Blending LUT 1 or 2 (PS3.3 C.7.6.23.4)."""
        item = next(iter(self.top.items(f"BlendingLUT{number}Sequence")), None)
        word = "" if item is None else item.text(f"BlendingLUT{number}TransferFunction").upper()
        if item is not None and word == "CONSTANT":
            return _constant(item, number)
        if item is not None and word == "TABLE" and alpha_1 is not None and alpha_2 is not None:
            return _from_table(item, number, alpha_1, alpha_2)
        # Only Blending LUT 2 may be ONE_MINUS, which means 1 minus the weight of path 1.
        if word == "ONE_MINUS" and other is not None:
            one_minus: FloatArray = 1.0 - other
            return one_minus
        alpha = {"ALPHA_1": alpha_1, "ALPHA_2": alpha_2}.get(word)
        if alpha is None:
            raise InputError(
                f"Blending LUT {number} Transfer Function is {_shown(word)}; expected CONSTANT, "
                "ALPHA_1, ALPHA_2, TABLE or ONE_MINUS with the data that it needs.",
                hint=FRAMES_HINT,
            )
        return alpha.unit_values


def find_blending(top: Elements) -> Blending | None:
    """Return how the data paths of an image are blended; None if there is nothing to blend.

    That is the case without the module, for plain gray (PRIMARY_PVALUES), and for a single path
    that is only a palette; see ``find_enhanced_palette``.

    Raises
    ------
    InputError
        If the standard does not allow this combination of paths.
    """
    inputs = data_inputs(top)
    paths = tuple(sorted(data.path for data in inputs))
    if set(paths) <= {"PRIMARY_PVALUES"}:
        return None
    # Frames are matched to paths by Data Type, so no two paths may share one.
    if paths not in _VALID_PATHS or len({data.data_type for data in inputs}) < len(inputs):
        raise InputError(
            f"the {len(inputs)} data paths of {ASSIGNMENTS} cannot be combined; expected one "
            "PRIMARY_SINGLE, alone, with SECONDARY_SINGLE, or with SECONDARY_HIGH and "
            "SECONDARY_LOW.",
            hint=FRAMES_HINT,
        )
    if len(paths) == 1 and not inputs[0].has_voi and _weighs_one(top):
        return None
    return Blending(top, inputs)


def _weighs_one(top: Elements) -> bool:
    item = next(iter(top.items("BlendingLUT1Sequence")), None)
    if item is None:
        return True
    word = item.text("BlendingLUT1TransferFunction").upper()
    return word in ("", "CONSTANT") and item.number("BlendingWeightConstant") in (None, 1)


def _shown(word: str) -> str:
    # Only defined terms are repeated in messages: any other text might identify a patient.
    return word if word in _FUNCTIONS else "unknown" if word else "missing"


def _rgb(item: Elements, index: IntegerArray, bits: int) -> FloatArray:
    if item.text("RGBLUTTransferFunction").upper() != "TABLE":
        # EQUAL_RGB, the only other term: red, green and blue are the index itself.
        gray: FloatArray = index / ((1 << bits) - 1)
        return np.repeat(gray[..., np.newaxis], 3, axis=-1)
    palette = read_palette(item, inputs=StoredRange.of(bits, is_signed=False))
    table = palette.table[:, :3] / np.iinfo(palette.table.dtype).max
    # PS3.3 C.7.6.3.1.5: indices outside the table get its first or last entry.
    colors: FloatArray = table[np.clip(index - palette.first, 0, len(table) - 1)]
    return colors


def _alpha(item: Elements, index: IntegerArray, bits: int) -> Alpha | None:
    word = item.text("AlphaLUTTransferFunction").upper()
    if word == "IDENTITY":
        return Alpha(index, bits)
    if word != "TABLE":
        return None
    table, table_bits = read_alpha(item)
    return Alpha(table[np.clip(index, 0, len(table) - 1)].astype(np.int64), table_bits)


def _constant(item: Elements, number: int) -> FloatArray:
    weight = item.number("BlendingWeightConstant")
    if weight is None or not 0 <= weight <= 1:
        raise InputError(
            f"Blending Weight Constant (0028,1406) of Blending LUT {number} is "
            f"{'missing' if weight is None else format(weight, 'g')}; expected 0 to 1.",
            hint=FRAMES_HINT,
        )
    # Shape (1, 1) broadcasts over the frame.
    return np.float64(weight) * np.ones((1, 1))


def _from_table(item: Elements, number: int, alpha_1: Alpha, alpha_2: Alpha) -> FloatArray:
    """Look up the weight by both alphas; alpha 1 gives the upper bits of the index."""
    described = [int(word) for word in item.numbers("BlendingLookupTableDescriptor")]
    data = item.data("BlendingLookupTableData")
    count = (described[0] & 0xFFFF or 65536) if len(described) == 3 else 0
    # The descriptor does not say how wide an entry is stored; the length of the data does.
    size = 2 if len(data) >= 2 * count else 1
    if not count or len(data) < count * size or described[2] not in range(1, 8 * size + 1):
        raise InputError(
            f"Blending Lookup Table Data (0028,1408) of Blending LUT {number} is missing, or "
            "shorter than its descriptor says.",
            hint=FRAMES_HINT,
        )
    order = "<" if item.is_little_endian else ">"
    table = np.frombuffer(data, f"{order}u{size}", count)
    # A table may be smaller than its index range: larger indices get the last entry.
    index = (alpha_1.values << alpha_2.bits) | alpha_2.values
    weights: FloatArray = table[np.minimum(index, count - 1)] / ((1 << described[2]) - 1)
    # An entry may have bits above those that the descriptor names.
    return np.clip(weights, 0.0, 1.0)


def _by_channel(weight: FloatArray) -> FloatArray:
    return weight[..., np.newaxis]
