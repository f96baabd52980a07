"""Native pixels, YBR and palettes, implemented a second time without any code of dcmconv."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from oracle.reference import Array, entries_of

NATIVE = {
    "1.2.840.10008.1.2": "<",
    "1.2.840.10008.1.2.1": "<",
    "1.2.840.10008.1.2.1.99": "<",
    "1.2.840.10008.1.2.2": ">",
}
"""Native Transfer Syntaxes, whose frames follow each other in Pixel Data, and their byte order."""

FLOATS = {"FloatPixelData": "f4", "DoubleFloatPixelData": "f8"}


def native_values(dataset: Dataset, frame_index: int, *, byte_order: str) -> NDArray[Any]:
    """Return the stored values of a native frame (PS3.5 8.1, 8.2, Annex D); colors as stored."""
    rows, columns, samples = dataset.Rows, dataset.Columns, dataset.get("SamplesPerPixel", 1)
    bits = dataset.BitsAllocated
    for keyword, kind in FLOATS.items():
        if keyword in dataset:
            content = np.frombuffer(dataset[keyword].value, byte_order + kind)
            return content.reshape(-1, rows, columns)[frame_index]
    halved = "_422" in dataset.PhotometricInterpretation
    cells = rows * columns * (2 if halved else samples)
    content = dataset.PixelData
    if byte_order == ">" and bits <= 8 and dataset["PixelData"].VR == "OW":
        content = np.frombuffer(content, ">u2").astype("<u2").tobytes()
    if bits == 1:
        whole = np.unpackbits(np.frombuffer(content, np.uint8), bitorder="little")
    else:
        whole = np.frombuffer(content, f"{byte_order}u{bits // 8}")
    frame = whole[frame_index * cells : (frame_index + 1) * cells].astype(np.uint64)
    values = field_of(frame, dataset)
    if halved:
        return chroma_repeated(values, rows, columns)
    if samples == 1:
        return values.reshape(rows, columns)
    if dataset.get("PlanarConfiguration") == 1:
        return np.moveaxis(values.reshape(samples, rows, columns), 0, -1)
    return values.reshape(rows, columns, samples)


def field_of(cells: NDArray[np.uint64], dataset: Dataset) -> NDArray[np.int64]:
    """Return the Bits Stored bits below and including High Bit, with sign (PS3.5 8.1.1)."""
    stored = dataset.get("BitsStored", dataset.BitsAllocated)
    lowest = max(dataset.get("HighBit", stored - 1) - stored + 1, 0)
    if lowest + stored > dataset.BitsAllocated:
        lowest = 0
    field = [(int(cell) >> lowest) & ((1 << stored) - 1) for cell in np.unique(cells)]
    if dataset.get("PixelRepresentation", 0) == 1:
        field = [value - (1 << stored) if value >> (stored - 1) else value for value in field]
    wanted = np.array(field, np.uint64 if max(field) >= 1 << 63 else np.int64)
    return wanted[np.searchsorted(np.unique(cells), cells)]


def chroma_repeated(flat: NDArray[Any], rows: int, columns: int) -> NDArray[Any]:
    """Turn each Y Y Cb Cr into two pixels that share Cb and Cr (PS3.3 C.7.6.3.1.2)."""
    pixels = []
    for first, second, blue, red in flat[: len(flat) // 4 * 4].reshape(-1, 4).tolist():
        pixels += [(first, blue, red), (second, blue, red)]
    return np.array(pixels)[: rows * columns].reshape(rows, columns, 3)


def rgb_of(values: NDArray[Any], dataset: Dataset) -> Array:
    """Return RGB: the equations of PS3.3 C.7.6.3.1.2 solved for R, G and B, rounded."""
    photometric = dataset.PhotometricInterpretation
    if not photometric.startswith("YBR_"):
        return values.astype(float)
    top, unit = 2.0**dataset.BitsStored - 1, 2.0 ** (dataset.BitsStored - 8)
    y, cb, cr = (values[..., sample].astype(float) for sample in range(3))
    if photometric.startswith("YBR_PARTIAL"):
        # Y of 16 to 235 and chroma of 16 to 240.
        y = (y - 16 * unit) / (219 * unit) * top
        cb = (cb - 128 * unit) / (224 * unit) * top
        cr = (cr - 128 * unit) / (224 * unit) * top
    else:
        cb, cr = cb - 128 * unit, cr - 128 * unit
    # Y = .299 R + .587 G + .114 B; Cb = (B - Y) / 1.772 + middle; Cr = (R - Y) / 1.402 + middle.
    red, blue = y + 1.402 * cr, y + 1.772 * cb
    green = (y - 0.299 * red - 0.114 * blue) / 0.587
    return np.clip(np.floor(np.stack([red, green, blue], axis=-1) + 0.5), 0, top)


def palette_colors(indices: NDArray[Any], dataset: Dataset) -> tuple[Array, int]:
    """Return the colors of indices, and the bits of a color (C.7.6.3.1.5, C.7.9.2)."""
    channels = []
    for color in ("Red", "Green", "Blue"):
        descriptor = dataset[f"{color}PaletteColorLookupTableDescriptor"].value
        count, first, bits = (int(number) % 65536 for number in descriptor)
        if dataset.get("PixelRepresentation", 0) == 1 and first >= 32768:
            first -= 65536
        table = color_table(dataset, color, count or 65536, bits)
        index = np.clip(indices.astype(np.int64) - first, 0, len(table) - 1)
        channels.append(table[index])
    return np.stack(channels, axis=-1), bits


def color_table(dataset: Dataset, color: str, count: int, bits: int) -> Array:
    """Return the entries for red, green or blue, with segments expanded."""
    plain = dataset.get(f"{color}PaletteColorLookupTableData")
    if plain:
        entries = entries_of(plain, count)
        assert entries is not None
        return entries
    data = dataset[f"Segmented{color}PaletteColorLookupTableData"].value
    words = np.frombuffer(data, np.uint8 if bits == 8 else "<u2").tolist()
    return np.array(expanded(words, width=bits // 8)[:count], float)


def expanded(words: list[int], *, width: int) -> list[int]:
    """Expand discrete (0), linear (1) and indirect (2) segments."""
    segments, made, position = [], [], 0
    starts = {}
    while position + 1 < len(words):
        kind, length = words[position], words[position + 1]
        starts[position] = len(segments)
        extent = {0: length, 1: 1, 2: 4 // width}[kind]
        segments.append((kind, length, words[position + 2 : position + 2 + extent]))
        position += 2 + extent
    for kind, length, content in segments:
        if kind != 2:
            append_segment(made, kind, length, content)
            continue
        offset = sum(part << (8 * width * index) for index, part in enumerate(content))
        first = starts[offset // width]
        for copied in segments[first : first + length]:
            append_segment(made, *copied)
    return made


def append_segment(made: list[int], kind: int, length: int, content: list[int]) -> None:
    """Add the values of a discrete or a linear segment."""
    if kind == 0:
        made += content
        return
    start, end = made[-1], content[0]
    made += [(2 * (start * (length - step) + end * step) + length) // (2 * length)
             for step in range(1, length + 1)]  # fmt: skip


def scaled(colors: Array, bits: int, depth: int) -> NDArray[np.int64]:
    """Scale ``bits`` to ``depth``, rounding half up; lossy overshoot is clipped."""
    top, source_top = 2**depth - 1, 2**bits - 1
    return np.floor(np.clip(colors, 0, source_top) * top / source_top + 0.5).astype(np.int64)
