"""Palette Color Lookup Tables, plain and segmented (PS3.3 C.7.6.3.1.5, C.7.6.3.1.6, C.7.9.2)."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from dcmconv.plugin import InputError, Palette
from dcmconv_builtins.dicom.file.elements import Elements
from dcmconv_builtins.dicom.pixels.pixel_values import StoredRange
from dcmconv_builtins.dicom.tone.lookup_table import first_mapped, in_low_bytes, table_entries

__all__ = ["expand_segments", "read_alpha", "read_palette", "with_byte_offsets"]

_INDIRECT = 2
"""The type of a segment that repeats others."""
_COLORS = ("Red", "Green", "Blue")
_TABLES = "Palette Color Lookup Table Data (0028,1201 to 1203, 1221 to 1223)"
_LOST = "The file does not say which colors to use; ask the sender for a complete export."


def read_palette(top: Elements, *, inputs: StoredRange) -> Palette:
    """Return the palette of a PALETTE COLOR image: uint8 or uint16 table of shape (n, 3 or 4).

    The fourth column is alpha, where the file has Alpha Palette Color Lookup Table Data.

    Parameters
    ----------
    top : Elements
        The dataset.
    inputs : StoredRange
        The smallest and largest stored value that the bits allow; they decide whether the first
        value mapped is read as signed (``first_mapped``).

    Raises
    ------
    InputError
        If a table is missing, or its data is shorter than its descriptor says.
    """
    count, first, bits = _descriptor(top)
    tables = [_color_table(top, color, count, bits) for color in _COLORS]
    table = _in_its_bits(top, np.stack(tables, axis=1), bits)
    table = _with_alpha(top, table)
    # All frames of the Instance share the table.
    table.flags.writeable = False
    return Palette(table, first_mapped(first, inputs))


def read_alpha(top: Elements) -> tuple[NDArray[Any], int]:
    """Return the entries of the Alpha Palette Color Lookup Table, and their number of bits.

    Raises
    ------
    InputError
        If the table is missing, or its data is shorter than its descriptor says.
    """
    described = top.integers(_descriptor_keyword("Alpha"))
    if len(described) != 3:
        raise _broken("of alpha has no descriptor")
    bits = described[2] & 0xFFFF
    if not 1 <= bits <= 16:
        raise _broken(f"of alpha has {bits} bits; expected 1 to 16")
    table = _color_table(top, "Alpha", described[0] & 0xFFFF or 65536, bits)
    # If an entry needs more bits than described, all bits of its storage count.
    return table, bits if int(table.max()) < 1 << bits else 8 * table.dtype.itemsize


def expand_segments(segments: NDArray[Any], count: int) -> NDArray[Any]:
    """Expand a segmented table (PS3.3 C.7.9.2): discrete, linear and indirect segments.

    Parameters
    ----------
    segments : uint8 or uint16 array, shape (m,)
        Segmented Palette Color Lookup Table Data (0028,1221 to 1223).
    count : int
        Number of entries by the descriptor; the result is never longer.

    Returns
    -------
    array of the same type, shape (n,)
        ``n`` is below ``count`` if the segments end too soon.

    Raises
    ------
    InputError
        If the standard does not define the type of a segment, the first one is linear, or an
        indirect one does not point to a segment.
    """
    starts, targets = _walk(segments)
    unit = segments.dtype.itemsize
    # PS3.3 C.7.9.2.3: offsets count bytes, also where entries are words.
    if not starts.issuperset(target // unit for target in targets):
        raise _broken("has an indirect segment that does not point to a segment")
    pieces: list[NDArray[Any]] = []
    _expand(segments, (0, None), pieces, count)
    # The last segment may end after the last entry that the descriptor allows.
    joined = np.concatenate(pieces) if pieces else segments[:0]
    return joined[:count].astype(segments.dtype)


def with_byte_offsets(segments: NDArray[Any]) -> NDArray[Any]:
    """Return segments whose indirect ones count in bytes, where a writer counted in entries.

    Returns
    -------
    array of the same type and shape
        The same array unless all offsets point to segments if they count entries, and not all do if
        they count bytes, as the standard has it (PS3.3 C.7.9.2.3).
    """
    unit = segments.dtype.itemsize
    starts, targets = _walk(segments)
    # True division: half a word is no start, whereas // would round it down to one.
    if unit == 1 or starts.issuperset(target / unit for target in targets):
        return segments
    if not starts.issuperset(targets):
        return segments
    counted = segments.copy()
    for position in (start for start in starts if segments[start] == _INDIRECT):
        target = unit * _target(segments, position)
        counted[position + 2 : position + 4] = target & 0xFFFF, target >> 16
    return counted


def _walk(segments: NDArray[Any]) -> tuple[set[int], list[int]]:
    """Return where segments start, and the offsets of the indirect ones as they are in the file."""
    starts, targets, position = set[int](), list[int](), 0
    # An indirect segment ends with an offset of 32 bits: four bytes, or two words.
    extra = 2 + 4 // segments.dtype.itemsize
    while position + 1 < len(segments):
        kind, length = int(segments[position]), int(segments[position + 1])
        starts.add(position)
        if kind == _INDIRECT:
            targets.append(_target(segments, position))
        # An unknown type counts as indirect here; _expand refuses it where it is reached.
        position += {0: 2 + length, 1: 3}.get(kind, extra)
    return starts, targets


def _expand(
    segments: NDArray[Any],
    part: tuple[int, int | None],
    pieces: list[NDArray[Any]],
    count: int,
) -> None:
    """Expand ``part``: its start, and how many segments to expand (None for all)."""
    position, left = part
    # Stop at ``count``: a few bytes of segments could otherwise expand to gigabytes.
    made = sum(map(len, pieces))
    while position + 1 < len(segments) and left != 0 and made < count:
        kind, length = int(segments[position]), int(segments[position + 1])
        if kind == 0:
            pieces.append(segments[position + 2 : position + 2 + length])
            position += 2 + length
        elif kind == 1:
            pieces.append(_line(segments[position + 2 : position + 3], length, pieces))
            position += 3
        elif kind == _INDIRECT and left is None:
            # Only at the top level: references inside references could loop forever.
            target = _target(segments, position) // segments.dtype.itemsize
            _expand(segments, (target, length), pieces, count)
            position += 2 + 4 // segments.dtype.itemsize
        else:
            raise _broken(f"has a segment of type {kind}; expected 0, 1 or 2")
        made = sum(map(len, pieces))
        left = None if left is None else left - 1


def _line(end: NDArray[Any], length: int, pieces: list[NDArray[Any]]) -> NDArray[Any]:
    if not pieces or not len(pieces[-1]) or not len(end):
        raise _broken("begins with a linear segment, which needs a value to start from")
    # PS3.3 C.7.9.2.2: a line starts at the entry before it, which is not repeated.
    start = float(pieces[-1][-1])
    steps = np.arange(1, length + 1) / max(length, 1)
    line: NDArray[Any] = np.floor(start + (float(end[0]) - start) * steps + 0.5)
    return line.astype(end.dtype)


def _target(segments: NDArray[Any], position: int) -> int:
    """Return the offset of an indirect segment, in bytes (least significant part first)."""
    words = segments[position + 2 : position + 2 + 4 // segments.dtype.itemsize]
    width = 8 * segments.dtype.itemsize
    return sum(int(word) << (width * index) for index, word in enumerate(words))


def _descriptor(top: Elements) -> tuple[int, int, int]:
    described = [top.integers(_descriptor_keyword(color)) for color in _COLORS]
    whole = [numbers for numbers in described if len(numbers) == 3]
    if len(set(whole)) > 1:
        # PS3.3 C.7.6.3.1.5: one size, one first value, one depth for all three.
        top.notes.add(
            "the Palette Color Lookup Table Descriptors (0028,1101 to 1103) differ; used the first."
        )
    # 0 means 65536 entries; VR SS makes a large count negative.
    for entries, first, bits in whole:
        return entries & 0xFFFF or 65536, first, bits & 0xFFFF
    raise InputError(
        "Red Palette Color Lookup Table Descriptor (0028,1101) is missing; without it there are no "
        "colors.",
        hint=_LOST,
    )


def _in_its_bits(top: Elements, table: NDArray[Any], bits: int) -> NDArray[Any]:
    """Return the table as uint8 if its entries have 8 bits, whatever its descriptor says."""
    if table.dtype == np.uint8:
        return table
    if bits == 8:
        return in_low_bytes(table, top, _TABLES).astype(np.uint8)
    if 0 < int(table.max()) <= 255:
        # As 16-bit entries they would all be nearly black, which no palette is made for.
        top.notes.add(f"{_TABLES}: {bits} bits by the descriptor, but no entry needs more than 8.")
        return table.astype(np.uint8)
    return table


def _color_table(top: Elements, color: str, count: int, bits: int) -> NDArray[Any]:
    data = top.data(f"{color}PaletteColorLookupTableData")
    is_little_endian = top.is_little_endian
    if data:
        table = table_entries(data, count, is_little_endian=is_little_endian)
    else:
        table = _segmented_table(top, color, count, bits)
    if table is None or len(table) < count:
        raise _broken(f"of {color.lower()} is missing or shorter than its {count} entries")
    return table


def _segmented_table(top: Elements, color: str, count: int, bits: int) -> NDArray[Any] | None:
    data = top.data(f"Segmented{color}PaletteColorLookupTableData")
    if not data:
        return None
    if bits == 8:
        return expand_segments(np.frombuffer(data, np.uint8), count)
    order = "<" if top.is_little_endian else ">"
    words = np.frombuffer(data, f"{order}u2", len(data) // 2).astype(np.uint16)
    segments = with_byte_offsets(words)
    if segments is not words:
        top.notes.add(
            "Segmented Palette Color Lookup Table Data (0028,1221 to 1223): the offsets of "
            "indirect segments count entries, not bytes; followed them as such."
        )
    return expand_segments(segments, count)


def _with_alpha(top: Elements, table: NDArray[Any]) -> NDArray[Any]:
    data = top.data("AlphaPaletteColorLookupTableData")
    if not data:
        return table
    alpha = table_entries(data, len(table), is_little_endian=top.is_little_endian)
    if alpha is None:
        top.notes.add(
            "Alpha Palette Color Lookup Table Data (0028,1204) is shorter than its descriptor "
            "says; ignored it."
        )
        return table
    described = top.integers(_descriptor_keyword("Alpha"))
    # 8-bit alpha may be stored in words; alpha then gets as many bits as the colors have.
    is_wide = alpha.dtype == np.uint16 and (len(described) < 3 or described[2] > 8)
    if table.dtype == np.uint8:
        alpha = (alpha >> 8 if is_wide else alpha).astype(np.uint8)
    elif not is_wide:
        # 255 * 257 is 65535: opaque stays opaque.
        alpha = alpha.astype(np.uint16) * 257
    return np.concatenate([table, alpha[:, np.newaxis]], axis=1)


def _descriptor_keyword(color: str) -> str:
    return f"{color}PaletteColorLookupTableDescriptor"


def _broken(what: str) -> InputError:
    return InputError(
        f"{_TABLES} {what}.",
        hint=_LOST,
    )
