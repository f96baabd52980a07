"""Broken dataset structure: lengths, nesting, order, value representations, character sets."""

from __future__ import annotations

import struct

from support.dicom_files import as_bytes, item
from support.reading import explicit_element, with_bytes

from hostile.base import ROWS, SIDE, before_rows, ramp, spoiled, swapped

UNDEFINED = 0xFFFFFFFF


def element(group: int, number: int, vr: bytes, length: int) -> bytes:
    """Return the header of an element with a 4-byte length."""
    return struct.pack("<HH2sHI", group, number, vr, 0, length)


def sequence(body: bytes, length: int = UNDEFINED) -> bytes:
    return element(0x0008, 0x1140, b"SQ", length) + body


def opened(length: int = UNDEFINED) -> bytes:
    return struct.pack("<HHI", 0xFFFE, 0xE000, length)


def closed(number: int) -> bytes:
    return struct.pack("<HHI", 0xFFFE, number, 0)


def nested(depth: int) -> bytes:
    return sequence(opened()) * depth + (closed(0xE00D) + closed(0xE0DD)) * depth


def out_of_order() -> bytes:
    content = with_bytes(as_bytes(ramp()), ROWS, b"")
    place = content.index(b"\x08\0\x16\0UI")
    return content[:place] + ROWS + content[place:]


REFERENCE = explicit_element(0x0008, 0x1155, b"UI", b"1.2\0")

RECIPES = {
    "header-cut": lambda: as_bytes(ramp())[:400],
    "cut-inside-a-tag": lambda: as_bytes(ramp())[: as_bytes(ramp()).index(ROWS) + 3],
    "private-length-of-4-gb": before_rows(element(0x0021, 0x1001, b"OB", 0xF0000000)),
    "length-of-spaces": before_rows(element(0x0021, 0x1001, b"UN", 0x20202020)),
    "text-longer-than-the-file": before_rows(
        explicit_element(0x0020, 0x4000, b"LT", b"")[:-2] + b"\xff\xff"
    ),
    "nested-10": before_rows(nested(10)),
    "nested-5000": before_rows(nested(5000)),
    "sequence-never-closed": before_rows(sequence(opened() + REFERENCE)),
    "sequence-longer-than-the-file": before_rows(sequence(opened(8), 1 << 30)),
    "item-longer-than-its-sequence": before_rows(sequence(opened(9999) + REFERENCE, 20)),
    "sequence-of-no-items": before_rows(sequence(REFERENCE + closed(0xE0DD))),
    "sequence-closed-twice": before_rows(sequence(closed(0xE0DD) * 2)),
    "stray-item-delimiter": before_rows(closed(0xE00D)),
    "20000-items": before_rows(sequence((opened() + closed(0xE00D)) * 20000 + closed(0xE0DD))),
    "20000-private-elements": before_rows(
        b"".join(explicit_element(0x0021, number, b"LO", b"x ") for number in range(0x1000, 0x5E20))
    ),
    "private-unknown-vr": before_rows(explicit_element(0x0021, 0x1001, b"ZZ", b"abcd")),
    "vr-of-zeros": before_rows(explicit_element(0x0021, 0x1001, b"\0\0", b"abcd")),
    "vr-lower-case": before_rows(explicit_element(0x0021, 0x1001, b"lo", b"abcd")),
    "un-sequence": before_rows(
        element(0x0008, 0x1140, b"UN", UNDEFINED)
        + struct.pack("<HHI", 0xFFFE, 0xE000, UNDEFINED)
        + struct.pack("<HHI", 0x0008, 0x1155, 4)
        + b"1.2\0"
        + closed(0xE00D)
        + closed(0xE0DD)
    ),
    "odd-length-value": before_rows(explicit_element(0x0021, 0x1001, b"LO", b"abc")),
    "group-length-wrong": before_rows(
        explicit_element(0x0028, 0, b"UL", struct.pack("<I", 0xFFFF))
    ),
    "tags-out-of-order": out_of_order,
    "rows-after-pixels": lambda: with_bytes(as_bytes(ramp()), ROWS, b"") + ROWS,
    "text-element-twice": before_rows(explicit_element(0x0020, 0x0011, b"IS", b"2 ")),
    "rows-twice": before_rows(explicit_element(0x28, 0x10, b"US", struct.pack("<H", SIDE // 2))),
    "rows-twice-the-same": before_rows(ROWS),
    "charset-unknown": swapped(b"ISO_IR 192", b"ISO_IR 999", SpecificCharacterSet="ISO_IR 192"),
    "charset-violated": swapped(
        b"ABCDEFGH", b"M\xfcller\xff\xfe", SpecificCharacterSet="ISO_IR 192", PatientName="ABCDEFGH"
    ),
    "charset-escapes-broken": swapped(
        b"ABCDEFGH",
        b"\x1b$B\x1b(\x1b\x1b$",
        SpecificCharacterSet=["", "ISO 2022 IR 87"],
        PatientName="ABCDEFGH",
    ),
    "text-with-zeros": swapped(b"ABCDEFGH", b"A\0B\0C\0D\0", PatientName="ABCDEFGH"),
    "patient-name-of-60000-bytes": spoiled(PatientName="N" * 60000),
    "number-not-numeric": swapped(b"123456", b"twelve", SeriesNumber="123456"),
    "date-not-a-date": swapped(b"20240101", b"\xff\xfe\0\0abcd", StudyDate="20240101"),
    "uid-garbage": spoiled(SOPInstanceUID="../..//x y\n"),
    "uid-missing": spoiled(SOPInstanceUID=None, SeriesInstanceUID=None, StudyInstanceUID=None),
    "sop-class-missing": spoiled(SOPClassUID=None),
    "sop-class-unknown": spoiled(SOPClassUID="1.2.3.4.5"),
    "icon-image-inside": lambda: as_bytes(
        ramp(IconImageSequence=[item(Rows=8, Columns=8, BitsAllocated=8, PixelData=bytes(64))])
    ),
}
