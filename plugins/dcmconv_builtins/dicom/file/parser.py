"""Files taken apart by pydicom: any encoding, and whatever writers got wrong (PS3.10 7)."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable
from typing import BinaryIO

from pydicom.config import IGNORE
from pydicom.dataelem import RawDataElement
from pydicom.dataset import Dataset
from pydicom.filereader import read_dataset
from pydicom.tag import BaseTag
from pydicom.uid import UID, DeflatedExplicitVRLittleEndian, ExplicitVRLittleEndian

from dcmconv.plugin import InputError, LimitError
from dcmconv_builtins.dicom.file.elements import Elements, Notes
from dcmconv_builtins.dicom.file.encoding import Encoding, guess_encoding
from dcmconv_builtins.dicom.file.file_parts import (
    PIXEL_KEYWORDS,
    PREAMBLE,
    UNDEFINED_LENGTH,
    Part10,
    PixelElement,
)
from dcmconv_builtins.dicom.file.parse_errors import parse_errors
from dcmconv_builtins.dicom.hints import COPY_AGAIN, DAMAGED

__all__ = ["parse_part10", "parse_until_pixels"]

_LONG_VRS = frozenset({b"OB", b"OD", b"OF", b"OL", b"OV", b"OW", b"SQ", b"UN", b"UT"})
_CHUNK = 1 << 20
StopWhen = Callable[[BaseTag, str | None, int], bool]


def parse_part10(stream: BinaryIO, notes: Notes, *, inflate_limit: int) -> Part10:
    """Take a file apart up to its pixels, which are not read.

    Parameters
    ----------
    stream : binary file, open for reading
        Its ``read`` must not make room for more bytes than there are.
    notes : Notes
        Where deviations are noted.
    inflate_limit : int
        The greatest size, in bytes, of a deflated dataset after inflating.

    Raises
    ------
    InputError
        If the bytes are no dataset.
    LimitError
        If a deflated dataset is larger than ``inflate_limit``.
    """
    meta = _read_meta(stream, notes)
    transfer_syntax = meta.text("TransferSyntaxUID")
    if transfer_syntax == DeflatedExplicitVRLittleEndian:
        stream = _inflated(stream, inflate_limit)
    encoding, transfer_syntax = _encoding(stream, transfer_syntax, notes)
    dataset, is_cut = parse_until_pixels(stream, encoding, notes)
    found_implicit = dataset.original_encoding[0]
    encoding = encoding._replace(is_implicit=bool(found_implicit))
    return Part10(
        top=Elements(dataset, notes),
        transfer_syntax=transfer_syntax,
        media_storage=meta.text("MediaStorageSOPClassUID"),
        encoding=encoding,
        stream=stream,
        pixels=_pixel_element(stream, encoding),
        is_cut=is_cut,
    )


def _read_meta(stream: BinaryIO, notes: Notes) -> Elements:
    head = stream.read(PREAMBLE + 4)
    if head[PREAMBLE:] == b"DICM":
        start = PREAMBLE + 4
    else:
        start = 4 if head[:4] == b"DICM" else 0
        notes.add("the file has no preamble; it was read from its first element.")
    stream.seek(start)
    if stream.read(2) != b"\x02\x00":
        notes.add("the file has no File Meta Information.")
        stream.seek(start)
        return Elements(Dataset(), notes)
    stream.seek(start)
    with notes.catching_warnings():
        return Elements(_parse(stream, Encoding(False, True), _is_past_meta), notes)


def _is_past_meta(tag: BaseTag, vr: str | None, length: int) -> bool:
    return tag.group != 2


class _UntilPixels:
    """Stops before the pixels, and sees on the way which elements stand there twice."""

    def __init__(self) -> None:
        self._seen: set[int] = set()
        self.repeated: list[int] = []

    def __call__(self, tag: BaseTag, vr: str | None, length: int) -> bool:
        if tag in self._seen:
            self.repeated.append(int(tag))
        self._seen.add(tag)
        return tag in PIXEL_KEYWORDS


def _parse(stream: BinaryIO, encoding: Encoding, stop_when: StopWhen) -> Dataset:
    try:
        return read_dataset(
            stream,
            encoding.is_implicit,
            encoding.is_little_endian,
            stop_when=stop_when,
        )
    except parse_errors() as error:
        if isinstance(error, OSError):
            if error.errno is not None:
                raise
            raise InputError(
                "the file ends within a sequence.", hint=COPY_AGAIN, reason="truncated"
            ) from error
        kind = "nested too deep" if isinstance(error, RecursionError) else "damaged"
        raise InputError(f"the dataset is {kind} and cannot be read.", hint=DAMAGED) from error


def _inflated(stream: BinaryIO, limit: int) -> BinaryIO:
    """Inflate the rest of a file (PS3.5 A.5), and stop where a bomb would go on."""
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
                        hint="If the file can be trusted, raise inflate_limit of the dicom reader.",
                    )
    except zlib.error as error:
        raise InputError(f"the deflated dataset is damaged: {error}", hint=DAMAGED) from error
    if not inflater.eof:
        raise InputError("the deflated dataset ends too soon.", hint=COPY_AGAIN, reason="truncated")
    inflated.seek(0)
    return inflated


def _encoding(stream: BinaryIO, transfer_syntax: str, notes: Notes) -> tuple[Encoding, str]:
    start = stream.tell()
    guessed = guess_encoding(stream.read(512))
    stream.seek(start)
    if transfer_syntax:
        uid = UID(transfer_syntax, IGNORE)
        is_known = uid.is_transfer_syntax and not uid.is_private
        implicit = is_known and uid.is_implicit_VR
        declared = Encoding(implicit, uid.is_little_endian if is_known else True)
        _check_byte_order(declared, guessed, transfer_syntax)
        return declared, transfer_syntax
    if guessed is None:
        if not stream.read(1):
            raise InputError(
                "the file ends before its dataset.", hint=COPY_AGAIN, reason="truncated"
            )
        raise InputError(
            "Transfer Syntax UID (0002,0010) is missing, and the dataset starts with no element "
            "that makes sense.",
            hint=DAMAGED,
        )
    notes.add(
        "Transfer Syntax UID (0002,0010) is missing; the encoding was told from the first elements."
    )
    return guessed, _GUESSED[guessed]


def _check_byte_order(declared: Encoding, guessed: Encoding | None, transfer_syntax: str) -> None:
    """Refuse a header in the other byte order: nobody knows then which one the pixels are in."""
    if guessed is None or guessed.is_little_endian == declared.is_little_endian:
        return
    found = "little" if guessed.is_little_endian else "big"
    raise InputError(
        f"the dataset is {found} endian, and Transfer Syntax UID (0002,0010) is "
        f"{UID(transfer_syntax, IGNORE).name}.",
        hint="Ask the sender for a file whose Transfer Syntax UID is that of its dataset.",
        reason="mismatch",
    )


_GUESSED = {
    Encoding(True, True): "1.2.840.10008.1.2",
    Encoding(False, True): str(ExplicitVRLittleEndian),
    Encoding(False, False): "1.2.840.10008.1.2.2",
}


def parse_until_pixels(stream: BinaryIO, encoding: Encoding, notes: Notes) -> tuple[Dataset, bool]:
    """Parse a dataset up to its pixels; say also whether it ends in the middle of an element."""
    until_pixels = _UntilPixels()
    with notes.catching_warnings() as caught:
        dataset = _parse(stream, encoding, until_pixels)
    _check_repeated(until_pixels.repeated, notes)
    # pydicom only warns where a file ends inside a sequence.
    is_cut = any("No tag to read" in str(warning.message) for warning in caught)
    return dataset, is_cut or _last_element_is_short(dataset) or _has_leftover(stream)


def _check_repeated(tags: list[int], notes: Notes) -> None:
    """Readers disagree which of two elements counts; in the Image Pixel Module none may."""
    for tag in tags:
        name = f"({tag >> 16:04X},{tag & 0xFFFF:04X})"
        if 0x00280002 <= tag <= 0x00280107:
            raise InputError(
                f"the element {name}, which describes the pixels, stands there twice; "
                "once was needed.",
                hint=DAMAGED,
            )
        notes.add(f"the element {name} stands there twice; the last one counts.")


def _last_element_is_short(dataset: Dataset) -> bool:
    last = None
    for last in dataset.values():  # noqa: B007 - in the order of the file; only the last is wanted
        pass
    if not isinstance(last, RawDataElement) or last.length in (0, UNDEFINED_LENGTH):
        return False
    return len(last.value or b"") < last.length


def _has_leftover(stream: BinaryIO) -> bool:
    """Say whether less than an element header stands before the end of the file."""
    position = stream.tell()
    rest = stream.read(8)
    stream.seek(position)
    return 0 < len(rest) < 8 and any(rest)


def _pixel_element(stream: BinaryIO, encoding: Encoding) -> PixelElement | None:
    position = stream.tell()
    head = stream.read(12)
    if len(head) < 8:
        return None
    order = "<" if encoding.is_little_endian else ">"
    group, number = struct.unpack_from(f"{order}HH", head)
    keyword = PIXEL_KEYWORDS.get(group << 16 | number)
    if keyword is None:
        return None
    offset, length, vr = position + 8, 0, b"OW"
    if encoding.is_implicit:
        (length,) = struct.unpack_from(f"{order}I", head, 4)
    else:
        vr = head[4:6]
        if vr in _LONG_VRS and len(head) == 12:
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
