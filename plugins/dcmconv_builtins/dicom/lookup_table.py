"""Lookup tables of the file: descriptor and data, right or nearly so (PS3.3 C.11)."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from dcmconv.plugin import Lut
from dcmconv_builtins.dicom.elements import Elements

__all__ = ["find_lut", "table_entries"]


def find_lut(item: Elements, *, greatest_input: float, name: str) -> Lut | None:
    """Return the table of a sequence item, or None with a note if it is unusable.

    Parameters
    ----------
    item : Elements
        Item of a Modality, VOI or Presentation LUT Sequence.
    greatest_input : float
        The greatest value that will be looked up.  The second value of LUT Descriptor (0028,3002)
        is signed or not as its input is; one that lies beyond every input was meant signed.
    name : str
        The sequence, for notes.
    """
    descriptor = [int(number) & 0xFFFF for number in item.numbers("LUTDescriptor")]
    if len(descriptor) != 3:
        item.notes.add(f"{name}: LUT Descriptor (0028,3002) is missing; the table was left out.")
        return None
    count, first, bits = descriptor[0] or 65536, descriptor[1], descriptor[2]
    entries = table_entries(item.data("LUTData"), count, is_little_endian=item.is_little_endian)
    if entries is None:
        item.notes.add(
            f"{name}: LUT Data (0028,3006) is shorter than its descriptor; the table was left out."
        )
        return None
    if first >= 0x8000 and greatest_input < first:
        first -= 0x10000
    return Lut(
        entries=entries,
        first=first,
        bits=_output_bits(entries, bits, item, name),
        explanation=item.text("LUTExplanation"),
    )


def table_entries(data: bytes, count: int, *, is_little_endian: bool) -> NDArray[Any] | None:
    """Return the entries of a table: uint8 or uint16 array of shape (count,), new and read-only.

    The length tells how wide an entry is stored; a table of bytes may be padded by one.  None if
    the data is too short for either.
    """
    if len(data) >= 2 * count:
        dtype = np.dtype("<u2" if is_little_endian else ">u2")
        entries: NDArray[Any] = np.frombuffer(data, dtype, count).astype(np.uint16)
    elif count <= len(data) <= count + 1:
        entries = np.frombuffer(data, np.uint8, count).copy()
    else:
        return None
    entries.flags.writeable = False
    return entries


def _output_bits(entries: NDArray[Any], bits: int, item: Elements, name: str) -> int:
    needed = int(entries.max()).bit_length()
    if 1 <= bits <= 16 and needed <= bits:
        return bits
    found = 8 if needed <= 8 and entries.dtype == np.uint8 else max(needed, 1)
    item.notes.add(
        f"{name}: LUT Descriptor (0028,3002) says {bits} bits; its entries need {needed}, "
        f"and {found} were used."
    )
    return found
