"""The parts of a DICOM file: preamble, File Meta Information, dataset, pixels (PS3.10 7).

A file begins with a preamble of 128 bytes and the prefix DICM.  File Meta Information, group 0002,
follows; its Transfer Syntax UID says how the dataset after it is encoded.  The dataset ends with
the pixel data element, which is located here and read frame by frame later.

Most files are explicit little endian and follow the standard strictly; ``header_scanner`` reads
their headers without pydicom.  All others are left to ``pydicom_parser``: other encodings, and
files without a preamble, without meta information, or with mistakes that can be tolerated.
"""

from __future__ import annotations

import io
import struct
from typing import TYPE_CHECKING, BinaryIO, Literal, NamedTuple

from dcmconv.plugin import InputError
from dcmconv_builtins.dicom.decoders.syntaxes import GE_PRIVATE
from dcmconv_builtins.dicom.file.bounded_stream import read_span
from dcmconv_builtins.dicom.file.elements import Elements, Notes, named
from dcmconv_builtins.dicom.file.encoding import (
    FIRST_DELIMITER,
    LONG_VRS,
    PIXEL_KEYWORDS,
    UNDEFINED_LENGTH,
    Encoding,
    guess_encoding,
)
from dcmconv_builtins.dicom.file.header_layout import read_header
from dcmconv_builtins.dicom.file.header_scanner import PixelElement
from dcmconv_builtins.dicom.file.sop_classes import without_picture
from dcmconv_builtins.dicom.hints import COPY_AGAIN, DAMAGED

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

    from dcmconv_builtins.dicom.file.tolerant.tolerant_parser import TolerantlyParsed

__all__ = [
    "SYNTAX_OF",
    "Part10",
    "PixelElement",
    "declared_encoding",
    "find_pixel_element",
    "read_part10",
]

_PIXEL_VRS = ("OB", "OW", "OF", "OD", "UN")
SYNTAX_OF = {
    Encoding(True, True): "1.2.840.10008.1.2",
    Encoding(False, True): "1.2.840.10008.1.2.1",
    Encoding(False, False): "1.2.840.10008.1.2.2",
}
"""The native Transfer Syntax of an encoding."""


class Part10(NamedTuple):
    """The parts of one file.

    ``meta`` is File Meta Information, ``top`` the dataset without its pixels.  The offsets in
    ``pixels`` refer to ``stream``: the file, or its inflated dataset.  ``is_cut`` says that the
    dataset ends in the middle of an element.
    """

    meta: Elements
    top: Elements
    transfer_syntax: str
    encoding: Encoding
    stream: BinaryIO
    pixels: PixelElement | None
    is_cut: bool

    @property
    def has_big_endian_pixels(self) -> bool:
        """Whether native pixels are big endian; in GE's private syntax only they are."""
        return self.transfer_syntax == GE_PRIVATE or not self.encoding.is_little_endian

    def may_continue_at(self, position: int) -> bool:
        """Whether the tag at a position belongs before the pixels, or is that of more pixels."""
        head = bytes(read_span(self.stream, position, 4))
        order: Literal["little", "big"] = "little" if self.encoding.is_little_endian else "big"
        group, number = int.from_bytes(head[:2], order), int.from_bytes(head[2:], order)
        return len(head) == 4 and 0x00080000 <= group << 16 | number <= max(PIXEL_KEYWORDS)


def read_part10(stream: BinaryIO, notes: Notes, *, inflate_limit: int) -> Part10:
    """Read the header of a file, and find its pixels, which are not read.

    Parameters
    ----------
    stream : binary file, open for reading
        Its ``read`` must not allocate more bytes than the file has.
    notes : Notes
        For deviations that are tolerated.
    inflate_limit : int
        The greatest size, in bytes, of a deflated dataset after inflating.

    Raises
    ------
    InputError
        If the bytes are not a dataset.
    LimitError
        If a deflated dataset is larger than ``inflate_limit``.
    """
    if bytes(read_span(stream, 0, 4)).startswith((b"MZ", b"\x7fELF")):
        # PS3.10 reserves no content for the preamble: CVE-2019-11687 hides a program in it.
        notes.add("the preamble looks like a program; it is not copied into any picture.")
    stream.seek(0)
    header = read_header(stream)
    if header is None:
        stream.seek(0)
        return _parse(stream, notes, inflate_limit)
    return Part10(
        meta=Elements(header.meta, notes),
        top=Elements(header.dataset, notes),
        transfer_syntax=header.transfer_syntax,
        encoding=header.dataset.original_encoding,
        stream=stream,
        pixels=header.pixels,
        is_cut=False,
    )


def _parse(stream: BinaryIO, notes: Notes, inflate_limit: int) -> Part10:
    # Importing pydicom takes longer than converting a typical file.
    from dcmconv_builtins.dicom.file.file_start import open_deflated, read_meta

    meta = Elements(read_meta(stream, notes), notes)
    transfer_syntax = meta.text("TransferSyntaxUID")
    if len(meta.texts("TransferSyntaxUID")) > 1:
        notes.add("Transfer Syntax UID (0002,0010) has several values; used the first.")
    stream = open_deflated(stream, transfer_syntax, notes, limit=inflate_limit)
    encoding, transfer_syntax = _find_encoding(stream, transfer_syntax, notes)
    parsed = _parse_dataset(stream, encoding, notes)
    return Part10(
        meta=meta,
        top=Elements(parsed.dataset, notes),
        transfer_syntax=transfer_syntax,
        encoding=parsed.encoding,
        stream=stream,
        pixels=parsed.pixels,
        is_cut=parsed.is_cut,
    )


class _ParsedDataset(NamedTuple):
    dataset: Dataset
    encoding: Encoding
    pixels: PixelElement | None
    is_cut: bool


def _parse_dataset(stream: BinaryIO, encoding: Encoding, notes: Notes) -> _ParsedDataset:
    """Parse a dataset with pydicom; what it cannot read, with our own tolerant parser."""
    from dcmconv_builtins.dicom.file.pydicom_parser import check_repeated, parse_until_pixels

    start, own_notes = stream.tell(), Notes()
    try:
        parsed = parse_until_pixels(stream, encoding, own_notes)
    except InputError:
        return _parse_tolerantly(stream, start, encoding, notes, None)
    # pydicom corrects the VR, explicit or implicit, by what it finds.
    found = encoding._replace(is_implicit=bool(parsed.dataset.original_encoding[0]))
    pixels = find_pixel_element(stream, stream.tell(), found)
    result = _ParsedDataset(parsed.dataset, found, pixels, parsed.is_cut)
    if parsed.has_unknown_vrs or not _is_whole(result, stream):
        return _parse_tolerantly(stream, start, encoding, notes, result)
    if pixels is not None and not found.is_implicit:
        vr = pixels.value_representation
        is_long = vr.encode("latin-1") in LONG_VRS
        # Two reserved bytes are before a length of 32 bits.
        if not is_long or any(read_span(stream, pixels.offset - 6, 2)):
            # pydicom has not read its header; we should not believe its length.
            return _parse_tolerantly(stream, start, encoding, notes, None)
        if vr not in _PIXEL_VRS:
            notes.add(f"{named(pixels.keyword)} has VR {vr}; expected OB or OW.")
    if found != encoding:
        notes.add(
            f"Transfer Syntax UID (0002,0010) says {_vr_kind(encoding)} VR; "
            f"the dataset is {_vr_kind(found)}."
        )
    for line in own_notes.lines():
        notes.add(line)
    check_repeated(parsed.repeated, notes)
    return result


def _is_whole(result: _ParsedDataset, stream: BinaryIO) -> bool:
    """Whether pydicom has found the pixels, or has read everything without a problem."""
    if result.is_cut:
        return False
    if result.pixels is not None:
        return True
    tags = list(result.dataset.keys())
    return stream.read(1) == b"" and tags == sorted(tags)


def _parse_tolerantly(
    stream: BinaryIO, start: int, encoding: Encoding, notes: Notes, usual: _ParsedDataset | None
) -> _ParsedDataset:
    """Parse a dataset that pydicom cannot read, or whose ``usual`` result is doubtful."""
    from dcmconv_builtins.dicom.file.pydicom_parser import check_repeated
    from dcmconv_builtins.dicom.file.tolerant.tolerant_parser import parse_tolerantly

    stream.seek(start)
    guessed = guess_encoding(stream.read(512)) or encoding
    stream.seek(start)
    own_notes = Notes()
    try:
        parsed = parse_tolerantly(stream, guessed, own_notes)
    except InputError:
        if usual is None or not _is_acceptable(usual, notes):
            raise
        notes.add(
            "the dataset has elements of unknown VR that make no sense; read what follows them."
        )
        return usual
    if parsed.is_cut and usual is not None:
        return usual
    if usual is not None and usual.pixels is not None and not usual.is_cut:
        _check_same(usual, parsed)
    for line in own_notes.lines():
        notes.add(line)
    check_repeated(parsed.repeated, notes)
    pixels = None
    if (header := parsed.pixels) is not None:
        pixels = PixelElement(
            keyword=PIXEL_KEYWORDS[header.tag],
            value_representation=header.vr or "OW",
            offset=header.start,
            length=header.length,
            available=max(stream.seek(0, io.SEEK_END) - header.start, 0),
        )
    return _ParsedDataset(parsed.dataset, guessed, pixels, parsed.is_cut)


def _is_acceptable(usual: _ParsedDataset, notes: Notes) -> bool:
    """Whether pydicom's result will do: it has found the pixels, or there should be none."""
    sop_class = Elements(usual.dataset, notes).text("SOPClassUID")
    return not usual.is_cut and (usual.pixels is not None or bool(without_picture(sop_class)))


def _check_same(usual: _ParsedDataset, parsed: TolerantlyParsed) -> None:
    """Check that an unknown VR has only one reading."""
    pixels = parsed.pixels
    is_same = (
        pixels is not None and usual.pixels is not None and pixels.start == usual.pixels.offset
    )
    # pydicom takes a delimiter that closes nothing for an element.
    tags = {tag for tag in usual.dataset.keys() if tag < FIRST_DELIMITER}  # noqa: SIM118
    if not is_same or tags != parsed.dataset.keys():
        raise InputError(
            "the dataset has an element of unknown VR, whose length can be read as 16 or 32 bits.",
            hint=DAMAGED,
        )


def _vr_kind(encoding: Encoding) -> str:
    return "implicit" if encoding.is_implicit else "explicit"


def _find_encoding(stream: BinaryIO, transfer_syntax: str, notes: Notes) -> tuple[Encoding, str]:
    """Return the encoding of the dataset and its Transfer Syntax UID, guessed if it is missing."""
    start = stream.tell()
    guessed = guess_encoding(stream.read(512))
    stream.seek(start)
    if transfer_syntax:
        return declared_encoding(transfer_syntax, guessed), transfer_syntax
    if guessed is None:
        if not stream.read(1):
            raise InputError(
                "the file ends before its dataset.", hint=COPY_AGAIN, reason="truncated"
            )
        raise InputError(
            "Transfer Syntax UID (0002,0010) is missing, and the first elements of the dataset "
            "are not valid in any encoding.",
            hint=DAMAGED,
        )
    notes.add(
        "Transfer Syntax UID (0002,0010) is missing; "
        "the encoding was detected from the first elements."
    )
    return guessed, SYNTAX_OF[guessed]


def declared_encoding(transfer_syntax: str, guessed: Encoding | None) -> Encoding:
    """Return the encoding that a UID names; an unknown one is explicit little endian.

    A dataset in the other byte order is an error: the pixels could be in either.
    """
    from pydicom.config import IGNORE
    from pydicom.uid import UID

    uid = UID(transfer_syntax, IGNORE)
    is_known = uid.is_transfer_syntax and not uid.is_private
    is_implicit = uid == GE_PRIVATE or (is_known and uid.is_implicit_VR)
    declared = Encoding(is_implicit, uid.is_little_endian if is_known else True)
    if guessed is not None and guessed.is_little_endian != declared.is_little_endian:
        found = "little" if guessed.is_little_endian else "big"
        raise InputError(
            f"Transfer Syntax UID (0002,0010) is {uid.name}, but the dataset is {found} endian.",
            hint="Ask the sender for a file whose Transfer Syntax UID matches its dataset.",
            reason="mismatch",
        )
    return declared


def find_pixel_element(stream: BinaryIO, position: int, encoding: Encoding) -> PixelElement | None:
    """Return the pixel data element that begins at a position; None if another begins there."""
    head = bytes(read_span(stream, position, 12))
    if len(head) < 8:
        return None
    order = "<" if encoding.is_little_endian else ">"
    group, number = struct.unpack_from(f"{order}HH", head)
    keyword = PIXEL_KEYWORDS.get(group << 16 | number)
    if keyword is None:
        return None
    # PS3.5 A.1: Pixel Data is OW where the VR is implicit.
    offset, vr = position + 8, b"OW"
    if encoding.is_implicit:
        (length,) = struct.unpack_from(f"{order}I", head, 4)
    else:
        vr = head[4:6]
        if vr in LONG_VRS and len(head) == 12:
            offset += 4
            (length,) = struct.unpack_from(f"{order}I", head, 8)
        else:
            (length,) = struct.unpack_from(f"{order}H", head, 6)
    return PixelElement(
        keyword=keyword,
        value_representation=vr.decode("latin-1"),
        offset=offset,
        length=None if length == UNDEFINED_LENGTH else length,
        available=max(stream.seek(0, io.SEEK_END) - offset, 0),
    )
