"""Lookup tables in a dataset, tolerating common vendor mistakes (PS3.3 C.11)."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from dcmconv.plugin import Lut
from dcmconv_builtins.dicom.file.elements import Elements
from dcmconv_builtins.dicom.pixels.pixel_values import StoredRange

__all__ = ["find_lut", "find_presentation_lut", "first_mapped", "in_low_bytes", "table_entries"]

_P_VALUES = StoredRange(0, 65535)
"""The input of a Presentation LUT is never negative, so its first value is read as unsigned."""


def find_lut(item: Elements, *, inputs: StoredRange, name: str) -> Lut | None:
    """Return the table of a sequence item, or None with a note if it is unusable.

    Parameters
    ----------
    item : Elements
        Item of a Modality, VOI or Presentation LUT Sequence.
    inputs : StoredRange
        The smallest and largest value that can be looked up; see ``first_mapped``.
    name : str
        Name of the sequence, for notes.
    """
    descriptor = item.integers("LUTDescriptor")
    if len(descriptor) != 3:
        item.notes.add(
            f"{name}: LUT Descriptor (0028,3002) needs 3 values, found {len(descriptor)}; "
            "ignored the table."
        )
        return None
    # PS3.3 C.11.1.1: 0 means 65536 entries.  With VR SS a large count is read as negative.
    count, bits = descriptor[0] & 0xFFFF or 65536, descriptor[2] & 0xFFFF
    entries = table_entries(item.data("LUTData"), count, is_little_endian=item.is_little_endian)
    if entries is None:
        item.notes.add(
            f"{name}: LUT Data (0028,3006) is shorter than its descriptor says; ignored the table."
        )
        return None
    if bits <= 8 and entries.dtype == np.uint16:
        entries = in_low_bytes(entries, item, name)
    return Lut(
        entries=entries,
        first=first_mapped(descriptor[1], inputs),
        bits=_output_bits(entries, bits, item, name),
        explanation=item.text("LUTExplanation"),
    )


def first_mapped(described: int, inputs: StoredRange) -> int:
    """Return the second value of a descriptor, signed if its inputs are signed (PS3.3 C.11.1.1).

    VR SS settles the question.  With US, or in a file without VRs, the number is read as signed if
    inputs can be negative, or if no input can be that large.
    """
    if described < 0x8000 or (inputs.least >= 0 and described <= inputs.greatest):
        return described
    return described - 0x10000


def in_low_bytes(entries: NDArray[Any], item: Elements, name: str) -> NDArray[Any]:
    """Move the entries of an 8-bit table to the low byte; some vendors fill the high byte.

    Parameters
    ----------
    entries : uint16 array, any shape
        Shifted down, with a note, if every low byte is 0 and some high byte is not.
    """
    if not entries.any() or (entries & 0xFF).any():
        return entries
    item.notes.add(f"{name}: 8-bit entries are stored in the high byte of each word.")
    shifted = entries >> 8
    shifted.flags.writeable = False
    return shifted


def table_entries(data: bytes, count: int, *, is_little_endian: bool) -> NDArray[Any] | None:
    """Return the entries of a table: uint8 or uint16 array of shape (count,), new and read-only.

    The length of the data decides whether an entry takes one byte or two; a table of bytes may have
    one padding byte.  None if the data is too short for either.
    """
    if len(data) >= 2 * count:
        # astype also converts big endian entries to the byte order of this machine.
        dtype = np.dtype("<u2" if is_little_endian else ">u2")
        entries: NDArray[Any] = np.frombuffer(data, dtype, count).astype(np.uint16)
    elif count <= len(data) <= count + 1:
        entries = np.frombuffer(data, np.uint8, count).copy()
    else:
        return None
    entries.flags.writeable = False
    return entries


def _output_bits(entries: NDArray[Any], bits: int, item: Elements, name: str) -> int:
    # Writers get the bits wrong in both directions: 0, or fewer than the entries need.
    needed = int(entries.max()).bit_length()
    if 1 <= bits <= 16 and needed <= bits:
        return bits
    # At least 1 bit: white is 2**bits - 1, which must not become 0.
    found = 8 if needed <= 8 and entries.dtype == np.uint8 else max(needed, 1)
    item.notes.add(
        f"{name}: LUT Descriptor (0028,3002) says {bits} bits, but its entries need {needed}; "
        f"used {found}."
    )
    return found


def find_presentation_lut(top: Elements) -> Lut | Literal["IDENTITY", "INVERSE"] | None:
    """Return the Presentation LUT Sequence (2050,0010) or Shape (2050,0020) of an image.

    ``LIN OD``, a shape for printing, and unknown terms count as absent.
    """
    # Only one of the two should be present, but an unusable table must not hide a shape.
    for item in top.items("PresentationLUTSequence")[:1]:
        lut = find_lut(item, inputs=_P_VALUES, name="Presentation LUT Sequence (2050,0010)")
        if lut is not None:
            return lut
    # PS3.3 C.11.6.1.2: INVERSE inverts once, also if the image is MONOCHROME1.
    shape = top.text("PresentationLUTShape").upper()
    if shape == "IDENTITY":
        return "IDENTITY"
    return "INVERSE" if shape == "INVERSE" else None
