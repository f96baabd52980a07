"""Mutated headers: what the tolerant parser makes of them, compared with what pydicom reads.

    python -m proof.long tolerant

Each header is read twice: as dcmconv reads it, and by the tolerant parser alone.  Whatever pydicom
reads without a doubt, the tolerant parser reads equally or not at all; whatever pydicom does not
read has a note or a failure.
"""

from __future__ import annotations

import io
import random
import struct
import time
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any
from unittest.mock import patch

import numpy as np
import pydicom
from pydicom.dataset import Dataset, FileDataset
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
)
from support.dicom_files import as_bytes, color, encapsulated, item, monochrome
from support.reading import open_content
from support.streams import SYNTAX, encoded

from dcmconv.plugin import DcmconvError, InputError
from dcmconv_builtins.dicom.file import pydicom_parser
from dcmconv_builtins.dicom.file.bounded_stream import HeldBytes
from dcmconv_builtins.dicom.file.notes import Notes
from dcmconv_builtins.dicom.file.part10 import Part10, read_part10

PIXELS = np.arange(96, dtype=np.uint16).reshape(8, 12)
VRS = (b"UN", b"SQ", b"OB", b"DS", b"US", b"CS", b"UT", b"??", b"  ", b"\0\0", b"us", b"ZZ", b"QQ")
WORDS = (0, 1, 2, 3, 4, 7, 8, 12, 16, 64, 0x2020, 0x7FFF, 0xFFFF)
DELIMITERS = (0xE000, 0xE00D, 0xE0DD)
MOST_SECONDS = 10
"""For one header; all but the slowest take some milliseconds."""


def _full(syntax: str, *, is_undefined: bool) -> FileDataset:
    """Return a file that has sequences in sequences, private elements, an icon and text."""
    icon = item(Rows=2, Columns=2, BitsAllocated=8, PixelData=b"\1\2\3\4")
    code = item(CodeValue="1", CodeMeaning="one", PurposeOfReferenceCodeSequence=[item()])
    dataset = monochrome(
        PIXELS.astype(">u2") if syntax == ExplicitVRBigEndian else PIXELS,
        SpecificCharacterSet="ISO_IR 192",
        PatientName="Wang^XiaoDong=王^小东",
        ReferencedImageSequence=[item(ReferencedSOPInstanceUID="1.2.3"), code],
        DerivationCodeSequence=[],
        PixelSpacing=["0.5", "0.25"],
        WindowCenter=["5", "7.5"],
        WindowWidth=["10", "3"],
        RescaleSlope="2",
        RescaleIntercept="-10",
        IconImageSequence=[icon],
        SharedFunctionalGroupsSequence=[
            item(
                PixelValueTransformationSequence=[item(RescaleIntercept="5", RescaleSlope="3")],
                FrameVOILUTSequence=[item(WindowCenter="8", WindowWidth="9")],
            )
        ],
    )
    dataset.private_block(0x0009, "SOMEBODY", create=True).add_new(1, "OB", b"\1\2\3\4")
    dataset.private_block(0x0029, "SOMEBODY", create=True).add_new(2, "SQ", [item(Rows=1)])
    for element in dataset.iterall():
        if element.VR == "SQ":
            element.is_undefined_length = is_undefined
            for each in element.value:
                each.is_undefined_length_sequence_item = is_undefined
    dataset.file_meta.TransferSyntaxUID = syntax
    return dataset


def _written(dataset: FileDataset) -> bytes:
    stream = io.BytesIO()
    pydicom.dcmwrite(stream, dataset, enforce_file_format=True)
    return stream.getvalue()


@cache
def headers() -> tuple[bytes, ...]:
    """Return the files that are mutated, in all encodings."""
    syntaxes = (ExplicitVRLittleEndian, ImplicitVRLittleEndian, ExplicitVRBigEndian)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        made = [
            _written(_full(syntax, is_undefined=is_undefined))
            for syntax in (*syntaxes, DeflatedExplicitVRLittleEndian)
            for is_undefined in (False, True)
        ]
    values = PIXELS.astype(np.uint8)
    rle = encapsulated(monochrome(values), SYNTAX["rle"], [encoded("rle", values)] * 1)
    return (*made, as_bytes(rle), as_bytes(color(np.zeros((4, 5, 3), np.uint8))))


def mutants(count: int, seed: int) -> Iterator[bytes]:
    """Yield mutated files; the same for the same seed, whatever the count."""
    for number in range(count):
        chance = random.Random(f"{seed}-{number}")
        content = bytearray(chance.choice(headers()))
        for _ in range(chance.choice((1, 1, 1, 2, 3))):
            chance.choice(KINDS)(content, chance)
        yield bytes(content)


def _somewhere(content: bytearray, chance: random.Random) -> int:
    """Return an offset in the header; most often that of an element, an item or a delimiter."""
    end = max(len(content) - 200, 133)
    if chance.random() < 0.3:
        return chance.randrange(132, end)
    starts = [at for at in range(132, end, 2) if bytes(content[at : at + 2]) in _GROUPS]
    return chance.choice(starts or [132])


_GROUPS = {
    struct.pack(f"{order}H", group)
    for order in "<>"
    for group in (2, 8, 9, 0x10, 0x20, 0x28, 0x29, 0x88, 0x5200, 0x7FE0, 0xFFFE)
}


def _flip(content: bytearray, chance: random.Random) -> None:
    at = min(_somewhere(content, chance) + chance.randrange(8), len(content) - 1)
    content[at] ^= 1 << chance.randrange(8)


def _other_vr(content: bytearray, chance: random.Random) -> None:
    at = _somewhere(content, chance) + 4
    content[at : at + 2] = chance.choice(VRS)


def _unknown_long(content: bytearray, chance: random.Random) -> None:
    """Insert an element of unknown VR, or of a VR in the wrong form."""
    at, value = _somewhere(content, chance), b"abcd"[: chance.choice((2, 4))]
    head = bytes(content[at : at + 2]) + struct.pack("<H", chance.randrange(0x10, 0x2000))
    form = "<HI" if chance.random() < 0.6 else "<H"
    numbers = (0, len(value)) if form == "<HI" else (len(value),)
    content[at:at] = head + chance.choice(VRS) + struct.pack(form, *numbers) + value


def _other_length(content: bytearray, chance: random.Random) -> None:
    at = _somewhere(content, chance) + chance.choice((4, 6, 8))
    size = chance.choice((2, 4))
    word = chance.choice((*WORDS, 0x7FFFFFFF, 0xFFFFFFFF, 0xFFFFFFFE)) & (256**size - 1)
    content[at : at + size] = word.to_bytes(size, chance.choice(("little", "big")))


def _delimiter(content: bytearray, chance: random.Random) -> None:
    at = _somewhere(content, chance)
    length = chance.choice((0, 0, 0, 4, 0xFFFFFFFF))
    order = chance.choice("<<>")
    content[at:at] = struct.pack(f"{order}HHI", 0xFFFE, chance.choice(DELIMITERS), length)


def _without_delimiter(content: bytearray, chance: random.Random) -> None:
    found = [
        at
        for at in range(132, len(content) - 8)
        if content[at : at + 2] in (b"\xfe\xff", b"\xff\xfe")
        and content[at + 2 : at + 4] in (b"\x0d\xe0", b"\xe0\x0d", b"\xdd\xe0", b"\xe0\xdd")
    ]
    if found:
        at = chance.choice(found)
        del content[at : at + 8]


def _lost(content: bytearray, chance: random.Random) -> None:
    at = _somewhere(content, chance)
    del content[at : at + chance.choice((1, 2, 4, 8, 12, 30))]


def _again(content: bytearray, chance: random.Random) -> None:
    at = _somewhere(content, chance)
    content[at:at] = content[at : at + chance.choice((1, 2, 8, 12, 20, 200))]


def _zeroed(content: bytearray, chance: random.Random) -> None:
    at = _somewhere(content, chance)
    content[at : at + 8] = bytes(len(content[at : at + 8]))


def _cut(content: bytearray, chance: random.Random) -> None:
    del content[_somewhere(content, chance) :]


KINDS: tuple[Callable[[bytearray, random.Random], None], ...] = (
    _flip, _other_vr, _unknown_long, _other_length, _delimiter, _without_delimiter, _lost, _again,
    _zeroed, _cut,
)  # fmt: skip


def _values(dataset: Dataset) -> list[Any]:
    """Return tags and values of a dataset; None if pydicom cannot convert one.

    Items that matter to a picture show in the attributes of its frame, and are compared there.
    """
    found: list[Any] = []
    for tag in dataset.keys():  # noqa: SIM118 - iterating a Dataset converts every element
        if tag >> 16 == 0xFFFE:
            continue  # pydicom takes a delimiter that closes nothing for an element
        try:
            value = dataset[tag].value
        except Exception:  # noqa: BLE001 - whatever pydicom raises on damaged values
            value = None
        if isinstance(value, pydicom.Sequence):
            value = "items" if value else None
        found.append((int(tag), value or None))
    return found


class Reading:
    """What was read from one file: its parts and first frame, or the error."""

    def __init__(self, content: bytes) -> None:
        self.notes: tuple[str, ...] = ()
        self.error: DcmconvError | None = None
        self.parts: list[Any] = []
        self.frame: Any = None
        try:
            notes = Notes()
            part10 = read_part10(HeldBytes(content), notes, inflate_limit=1 << 24)
            self.parts = _parts(part10)
            instance = open_content(content)
            frame = instance.read_frame(0)
            self.notes = tuple(dict.fromkeys((*notes.lines(), *frame.notes)))
            self.frame = frame.stored_values.tolist(), dict(instance.attributes)
            instance.close()
        except DcmconvError as error:
            self.error = error


def _parts(part10: Part10) -> list[Any]:
    return [part10.transfer_syntax, part10.pixels, _values(part10.top.dataset)]


def _not_at_all(*_: object) -> None:
    raise InputError("pydicom reads nothing here.")


def check(content: bytes) -> str:
    """Read one mutant in both ways; return what became of it."""
    began = time.monotonic()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        usual = Reading(content)
        with (
            patch.object(pydicom_parser, "parse_until_pixels", _not_at_all),
            patch("dcmconv_builtins.dicom.file.part10.read_header", lambda stream: None),
        ):
            alone = Reading(content)
    assert time.monotonic() - began < MOST_SECONDS
    if usual.error is None and not usual.notes:
        # pydicom, or the header scanner, which reads what pydicom reads, has no doubt.
        if alone.error is not None:
            return "read by pydicom, refused by the tolerant parser"
        assert repr(alone.parts) == repr(usual.parts), content
        assert repr(alone.frame) == repr(usual.frame), content
        return "read equally by both"
    if usual.error is None:
        return "read with a note"
    return f"failed, {usual.error.reason}"


def compare(count: int, seed: int) -> Counter[str]:
    """Check ``count`` mutants; return how often each outcome came."""
    return Counter(check(content) for content in mutants(count, seed))
