"""A second renderer, slow and simple, written from PS3.3 C.11 for the tests.

It takes a pydicom Dataset and shares no code with dcmconv.  Every formula is written as in the
standard, in float64, for every value of a frame.  Only where the standard is silent (rounding half
up, padding as background, the order of ``auto``) does it follow dcmconv's own rules, from
``docs/explanation/pixel-pipeline.md``.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset

Array = NDArray[np.float64]
RT_DOSE = "1.2.840.10008.5.1.4.1.1.481.2"
XA_AND_XRF = ("1.2.840.10008.5.1.4.1.1.12.1", "1.2.840.10008.5.1.4.1.1.12.2")


NOISE = 2.0**-36
"""Relative error of a half in float64 after a decimal slope.  test_exact_arithmetic.py, which uses
fractions, checks both sides against the exact half."""


class NoSuchVoi(Exception):  # noqa: N818 - an answer, not a fault
    """The file has no such window or table, or it is unusable."""


@dataclass(frozen=True)
class Table:
    """A lookup table: its entries, the first value mapped, and the bits of an entry."""

    entries: Array
    first: int
    bits: int

    def __call__(self, values: Array) -> Array:
        # C.11.1.1, C.11.2.1.1: values below or above take the first or the last entry.
        rounded = np.floor(values + 0.5)
        return self.entries[np.clip(rounded - self.first, 0, len(self.entries) - 1).astype(int)]


@dataclass(frozen=True)
class Reference:
    """One frame of a grayscale image."""

    dataset: Dataset
    frame_index: int

    # -- attributes, nearest first (C.7.6.16) ----------------------------------------------------

    def candidates(self, macro: str) -> Iterator[Dataset]:
        """Yield the datasets that may have an attribute: per-frame, shared, and top level."""
        per_frame = self.dataset.get("PerFrameFunctionalGroupsSequence") or []
        shared = self.dataset.get("SharedFunctionalGroupsSequence") or []
        for group in (
            *per_frame[self.frame_index : self.frame_index + 1],
            *shared[:1],
            self.dataset,
        ):
            yield from list(group.get(macro) or [])[:1]
            yield group

    def nearest(self, macro: str, *keywords: str) -> Dataset:
        """Return the nearest dataset with a value for one of the keywords, or an empty one."""
        for candidate in self.candidates(macro):
            if any(candidate.get(keyword) not in (None, "", []) for keyword in keywords):
                return candidate
        return Dataset()

    # -- C.11.1 Modality LUT ---------------------------------------------------------------------

    def modality_values(self, stored_values: Array) -> Array:
        """Return values in modality units."""
        table = self.modality_table()
        if table is not None:
            return table(stored_values)
        found = self.nearest("PixelValueTransformationSequence", "RescaleSlope", "RescaleIntercept")
        slope, intercept = found.get("RescaleSlope"), found.get("RescaleIntercept")
        if slope is None and self.dataset.get("SOPClassUID") == RT_DOSE:
            slope = self.dataset.get("DoseGridScaling")  # C.8.8.3
        slope = 1.0 if slope is None else float(slope)
        return stored_values * (slope or 1.0) + float(intercept or 0)

    def modality_table(self) -> Table | None:
        """Return the first item of the Modality LUT Sequence; XA and XRF do not display it."""
        items = self.nearest("PixelValueTransformationSequence", "ModalityLUTSequence")
        sequence = items.get("ModalityLUTSequence") or []
        if not sequence or self.dataset.SOPClassUID in XA_AND_XRF:
            return None
        return table_of(sequence[0], is_signed=self.dataset.get("PixelRepresentation", 0) == 1)

    # -- C.11.2 VOI LUT --------------------------------------------------------------------------

    def windows(self) -> list[tuple[float, float, str]]:
        """Return center, width and VOI LUT Function of each window, or the implied window."""
        found = self.nearest("FrameVOILUTSequence", "WindowCenter", "WindowWidth")
        centers, widths = numbers(found.get("WindowCenter")), numbers(found.get("WindowWidth"))
        function = found.get("VOILUTFunction") or "LINEAR"
        given = [(center, width, function) for center, width in zip(centers, widths, strict=False)]
        return given if given or self.voi_tables() else self.implied_window()

    def implied_window(self) -> list[tuple[float, float, str]]:
        """Return 0 to 1, or to Maximum Fractional Value (C.8.20.2), for segments and 1-bit pixels."""
        kind = self.dataset.get("SegmentationType", "")
        if kind in ("BINARY", "FRACTIONAL"):
            white = 1.0 if kind == "BINARY" else float(self.dataset.MaximumFractionalValue)
            return [(white / 2, white, "LINEAR_EXACT")]
        if self.dataset.get("BitsStored") == 1 and not kind:
            black, white = sorted(self.modality_values(np.array([0.0, 1.0])).tolist())
            return [((black + white) / 2, white - black, "LINEAR_EXACT")]
        return []

    def voi_tables(self) -> list[Table]:
        """Return the items of the VOI LUT Sequence that have a table."""
        found = self.nearest("FrameVOILUTSequence", "VOILUTSequence")
        sequence = found.get("VOILUTSequence") or []
        tables = [table_of(item, is_signed=self.modality_is_signed()) for item in sequence]
        return [table for table in tables if table is not None]

    def modality_is_signed(self) -> bool:
        """Whether a modality value, and so the first value mapped, may be negative."""
        if self.modality_table() is not None:
            return False
        bits = self.dataset.get("BitsStored", 16)
        signed = self.dataset.get("PixelRepresentation", 0) == 1
        ends = [-(2 ** (bits - 1)), 2 ** (bits - 1) - 1] if signed else [0, 2**bits - 1]
        return bool(self.modality_values(np.array(ends, float)).min() < 0)

    def windowed(self, values: Array, number: int, top: float) -> Array:
        """Apply window ``number``, counted from 1; the result is 0 to ``top``."""
        windows = self.windows()
        if not 0 < number <= len(windows):
            raise NoSuchVoi
        center, width, function = windows[number - 1]
        if not width > 0 or (function == "LINEAR" and width < 1):
            raise NoSuchVoi
        return WINDOWS[function](values, center, width, top)

    def looked_up(self, values: Array, number: int, top: float) -> Array:
        """Apply item ``number`` of the VOI LUT Sequence, counted from 1; the result is 0 to ``top``."""
        tables = self.voi_tables()
        if not 0 < number <= len(tables):
            raise NoSuchVoi
        table = tables[number - 1]
        if table.entries.min() == table.entries.max():
            raise NoSuchVoi
        return table(values) * top / (2**table.bits - 1)

    def stretched(self, values: Array, is_image: NDArray[np.bool_], top: float) -> Array:
        """Scale minimum and maximum, padding excluded, to 0 and ``top``."""
        if not is_image.any():
            return np.zeros_like(values)
        low, high = values[is_image].min(), values[is_image].max()
        return np.zeros_like(values) if low == high else (values - low) * top / (high - low)

    def automatic(self, values: Array, is_image: NDArray[np.bool_], top: float) -> Array:
        """Apply the first usable VOI LUT, else the first usable window, else min-max."""
        for apply, count in (
            (self.looked_up, len(self.voi_tables())),
            (self.windowed, len(self.windows())),
        ):
            for number in range(1, count + 1):
                try:
                    return apply(values, number, top)
                except NoSuchVoi:
                    continue
        return self.stretched(values, is_image, top)

    # -- all steps -------------------------------------------------------------------------------

    def is_image(self, stored_values: Array) -> NDArray[np.bool_]:
        """Return which values are neither padding (C.7.5.1.1.2) nor NaN or infinite."""
        is_float = "PixelData" not in self.dataset
        prefixes = ("Float", "DoubleFloat") if is_float else ("",)
        for prefix in prefixes:
            value = self.dataset.get(f"{prefix}PixelPaddingValue")
            if value is not None:
                limit = self.dataset.get(f"{prefix}PixelPaddingRangeLimit", value)
                ends = sorted(self._as_stored(end, is_float=is_float) for end in (value, limit))
                padding = (stored_values >= ends[0]) & (stored_values <= ends[1])
                return np.isfinite(stored_values) & ~padding
        return np.isfinite(stored_values)

    def _as_stored(self, value: float, *, is_float: bool) -> float:
        if is_float:
            return float(value)
        # The VR should follow Pixel Representation, but often does not.
        value = int(value) % 65536
        signed = self.dataset.get("PixelRepresentation", 0) == 1
        return value - 65536 if signed and value >= 32768 else value

    def display_values(
        self, stored_values: Array, way: str, *, depth: int = 8, invert: bool = False
    ) -> NDArray[np.int64]:
        """Return display values for ``minmax``, ``auto``, ``window 2`` or ``voi 1``."""
        top = float(2**depth - 1)
        stored_values = stored_values.astype(np.float64)
        values = self.modality_values(stored_values)
        is_image = self.is_image(stored_values)
        name, _, number = way.partition(" ")
        with np.errstate(invalid="ignore", over="ignore"):
            if name == "window":
                toned = self.windowed(values, int(number), top)
            elif name == "voi":
                toned = self.looked_up(values, int(number), top)
            else:
                stages = {"minmax": self.stretched, "auto": self.automatic}
                toned = stages[name](values, is_image, top)
        toned = self.presented(np.clip(np.where(is_image, toned, 0), 0, top), top)
        if self.is_inverted() != invert:
            toned = top - toned
        return np.where(is_image, np.floor(toned + 0.5 + top * NOISE), 0).astype(np.int64)

    def presented(self, toned: Array, top: float) -> Array:
        """Apply the Presentation LUT Sequence (C.11.6.1.1)."""
        for item in (self.dataset.get("PresentationLUTSequence") or [])[:1]:
            table = table_of(item, is_signed=False)
            if table is not None:
                last = len(table.entries) - 1
                index = toned * last / top + last * NOISE + table.first
                return table(index) * top / (2**table.bits - 1)
        return toned

    def is_inverted(self) -> bool:
        """Whether low values are bright (C.7.6.3.1.2, C.11.6.1.2); both attributes count once."""
        return (
            self.dataset.get("PhotometricInterpretation") == "MONOCHROME1"
            or self.dataset.get("PresentationLUTShape") == "INVERSE"
        )


# -- C.11.2.1.2.1, C.11.2.1.3.1, C.11.2.1.3.2 ----------------------------------------------------


def linear(x: Array, c: float, w: float, top: float) -> Array:
    """Apply ``LINEAR`` with ymin = 0 and ymax = top, multiplying before dividing."""
    if w == 1:
        return np.where(x > c - 0.5, top, 0.0)
    inside = ((x - (c - 0.5)) * top + 0.5 * top * (w - 1)) / (w - 1)
    black, white = x <= c - 0.5 - (w - 1) / 2, x > c - 0.5 + (w - 1) / 2
    return np.where(black, 0.0, np.where(white, top, inside))


def linear_exact(x: Array, c: float, w: float, top: float) -> Array:
    """Apply ``LINEAR_EXACT``."""
    inside = ((x - c) * top + 0.5 * top * w) / w
    return np.where(x <= c - w / 2, 0.0, np.where(x > c + w / 2, top, inside))


def sigmoid(x: Array, c: float, w: float, top: float) -> Array:
    """Apply ``SIGMOID``."""
    return top / (1 + np.exp(-4 * (x - c) / w))


WINDOWS = {"LINEAR": linear, "LINEAR_EXACT": linear_exact, "SIGMOID": sigmoid}


# -- tables (C.11.1.1, C.11.2.1.1, C.7.6.3.1.5) --------------------------------------------------


def table_of(item: Dataset, *, is_signed: bool) -> Table | None:
    """Return the table of a sequence item; None if it is missing or too short."""
    if "LUTDescriptor" not in item or "LUTData" not in item:
        return None
    count, first, bits = (int(number) % 65536 for number in item.LUTDescriptor)
    count = count or 65536
    entries = entries_of(item["LUTData"].value, count)
    if entries is None:
        return None
    if is_signed and first >= 32768:
        first -= 65536
    needed = int(entries.max()).bit_length()
    if bits < needed or not 0 < bits <= 16:
        bits = 8 if needed <= 8 and isinstance(item["LUTData"].value, bytes) else needed
    return Table(entries, first, bits)


def entries_of(value: object, count: int) -> Array | None:
    """Return the entries of a table from numbers, 16-bit words, or bytes."""
    if not isinstance(value, bytes):
        words = numbers(value)
        if len(words) == count:
            return np.array(words)
        if len(words) * 2 < count:
            return None
        value = np.array(words, "<u2").tobytes()  # two 8-bit entries in each word
    if len(value) >= 2 * count:
        return np.frombuffer(value, "<u2", count).astype(float)
    return np.frombuffer(value, np.uint8, count).astype(float) if len(value) >= count else None


def numbers(value: object) -> list[float]:
    """Return the finite numbers of an element with no, one or several values."""
    if value is None or value == "":
        return []
    several = value if not isinstance(value, (str, int, float)) else [value]
    found = [float(each) for each in several]  # type: ignore[union-attr]
    return [number for number in found if math.isfinite(number)]
