"""The parts of a DICOM file: preamble, File Meta Information, dataset, pixels (PS3.10 7).

A file begins with a preamble of 128 bytes and the prefix DICM.  File Meta Information, group 0002,
follows; its Transfer Syntax UID says how the dataset behind it is encoded.  The dataset ends with
the pixel data element, which is located here and read frame by frame later.

Most files are explicit little endian and follow the standard strictly; ``header_scanner`` reads
their headers without pydicom.  All others are left to ``pydicom_parser``: other encodings, and
files without a preamble, without meta information, or with mistakes that can be tolerated.
"""

from __future__ import annotations

import io
import struct
import zlib
from typing import BinaryIO, NamedTuple

from dcmconv.plugin import InputError, LimitError
from dcmconv_builtins.dicom.file.bounded_stream import read_span
from dcmconv_builtins.dicom.file.elements import Elements, Notes
from dcmconv_builtins.dicom.file.encoding import (
    LONG_VRS,
    PIXEL_KEYWORDS,
    UNDEFINED_LENGTH,
    Encoding,
    guess_encoding,
)
from dcmconv_builtins.dicom.file.header_scanner import scan_header
from dcmconv_builtins.dicom.hints import COPY_AGAIN, DAMAGED

__all__ = ["Part10", "PixelElement", "read_part10"]

_PREAMBLE = 128
_CHUNK = 1 << 20
_GUESSED_SYNTAX = {
    Encoding(True, True): "1.2.840.10008.1.2",
    Encoding(False, True): "1.2.840.10008.1.2.1",
    Encoding(False, False): "1.2.840.10008.1.2.2",
}
_DEFLATED = "1.2.840.10008.1.2.1.99"


class PixelElement(NamedTuple):
    """Where the pixel data element of a file is.

    ``offset`` is where its value begins, ``length`` is None if it is undefined (encapsulated), and
    ``available`` counts the bytes from ``offset`` to the end of the file.
    """

    keyword: str
    value_representation: str
    offset: int
    length: int | None
    available: int


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
    if stream.read(4).startswith((b"MZ", b"\x7fELF")):
        # PS3.10 reserves no content for the preamble: CVE-2019-11687 hides a program in it.
        notes.add("the preamble looks like a program; it is not copied into any picture.")
    stream.seek(0)
    header = scan_header(stream)
    stream.seek(0)
    if header is None:
        return _parse(stream, notes, inflate_limit)
    meta, encoding = Elements(header.meta, notes), header.dataset.original_encoding
    return Part10(
        meta=meta,
        top=Elements(header.dataset, notes),
        transfer_syntax=meta.text("TransferSyntaxUID"),
        encoding=encoding,
        stream=stream,
        pixels=_find_pixel_element(stream, header.dataset.end, encoding),
        is_cut=False,
    )


def _parse(stream: BinaryIO, notes: Notes, inflate_limit: int) -> Part10:
    # pydicom takes longer to import than a usual file to convert.
    from dcmconv_builtins.dicom.file.pydicom_parser import parse_until_pixels

    meta = _read_meta(stream, notes)
    transfer_syntax = meta.text("TransferSyntaxUID")
    if transfer_syntax == _DEFLATED:
        stream = _inflate(stream, inflate_limit)
    encoding, transfer_syntax = _find_encoding(stream, transfer_syntax, notes)
    dataset, is_cut = parse_until_pixels(stream, encoding, notes)
    # pydicom corrects the VR, explicit or implicit, by what it finds.
    is_implicit = bool(dataset.original_encoding[0])
    if is_implicit != encoding.is_implicit:
        found, said = ("implicit", "explicit") if is_implicit else ("explicit", "implicit")
        notes.add(f"Transfer Syntax UID (0002,0010) stands for {said} VR; the dataset is {found}.")
    encoding = encoding._replace(is_implicit=is_implicit)
    return Part10(
        meta=meta,
        top=Elements(dataset, notes),
        transfer_syntax=transfer_syntax,
        encoding=encoding,
        stream=stream,
        pixels=_find_pixel_element(stream, stream.tell(), encoding),
        is_cut=is_cut,
    )


def _read_meta(stream: BinaryIO, notes: Notes) -> Elements:
    from pydicom.dataset import Dataset

    from dcmconv_builtins.dicom.file.pydicom_parser import parse_meta

    head = stream.read(_PREAMBLE + 4)
    if head[_PREAMBLE:] == b"DICM":
        start = _PREAMBLE + 4
    else:
        start = 4 if head[:4] == b"DICM" else 0
        notes.add("the file has no preamble; it was read from its first element.")
    stream.seek(start)
    has_meta = stream.read(2) == b"\x02\x00"
    stream.seek(start)
    if not has_meta:
        notes.add("the file has no File Meta Information.")
        return Elements(Dataset(), notes)
    return Elements(parse_meta(stream, notes), notes)


def _inflate(stream: BinaryIO, limit: int) -> BinaryIO:
    """Inflate the rest of a file (PS3.5 A.5), at most ``limit`` bytes."""
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    inflated = io.BytesIO()
    try:
        while not inflater.eof and (chunk := stream.read(_CHUNK)):
            while chunk and not inflater.eof:
                inflated.write(inflater.decompress(chunk, _CHUNK))
                chunk = inflater.unconsumed_tail
                if inflated.tell() > limit:
                    raise LimitError(
                        f"the deflated dataset is larger than {limit >> 20} MiB when inflated.",
                        hint="If you trust the file, raise inflate_limit of the dicom reader.",
                    )
    except zlib.error as error:
        raise InputError(f"the deflated dataset is damaged: {error}", hint=DAMAGED) from error
    if not inflater.eof:
        raise InputError("the deflated dataset ends early.", hint=COPY_AGAIN, reason="truncated")
    inflated.seek(0)
    return inflated


def _find_encoding(stream: BinaryIO, transfer_syntax: str, notes: Notes) -> tuple[Encoding, str]:
    """Return the encoding of the dataset and its Transfer Syntax UID, guessed if it is missing."""
    start = stream.tell()
    guessed = guess_encoding(stream.read(512))
    stream.seek(start)
    if transfer_syntax:
        return _declared_encoding(transfer_syntax, guessed), transfer_syntax
    if guessed is None:
        if not stream.read(1):
            raise InputError(
                "the file ends before its dataset.", hint=COPY_AGAIN, reason="truncated"
            )
        raise InputError(
            "Transfer Syntax UID (0002,0010) is missing, and the first elements of the dataset "
            "make sense in no encoding.",
            hint=DAMAGED,
        )
    notes.add(
        "Transfer Syntax UID (0002,0010) is missing; "
        "the encoding was detected from the first elements."
    )
    return guessed, _GUESSED_SYNTAX[guessed]


def _declared_encoding(transfer_syntax: str, guessed: Encoding | None) -> Encoding:
    """Return the encoding that a UID stands for; an unknown one is explicit little endian.

    A dataset in the other byte order is an error: the pixels could be in either.
    """
    from pydicom.config import IGNORE
    from pydicom.uid import UID

    uid = UID(transfer_syntax, IGNORE)
    is_known = uid.is_transfer_syntax and not uid.is_private
    declared = Encoding(is_known and uid.is_implicit_VR, uid.is_little_endian if is_known else True)
    if guessed is not None and guessed.is_little_endian != declared.is_little_endian:
        found = "little" if guessed.is_little_endian else "big"
        raise InputError(
            f"Transfer Syntax UID (0002,0010) is {uid.name}, but the dataset is {found} endian.",
            hint="Ask the sender for a file whose Transfer Syntax UID matches its dataset.",
            reason="mismatch",
        )
    return declared


def _find_pixel_element(stream: BinaryIO, position: int, encoding: Encoding) -> PixelElement | None:
    """Return the pixel data element that begins at a position; None if another begins there."""
    head = bytes(read_span(stream, position, 12))
    if len(head) < 8:
        return None
    order = "<" if encoding.is_little_endian else ">"
    group, number = struct.unpack_from(f"{order}HH", head)
    keyword = PIXEL_KEYWORDS.get(group << 16 | number)
    if keyword is None:
        return None
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
