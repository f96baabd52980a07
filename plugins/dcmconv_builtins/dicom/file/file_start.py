"""Where a dataset begins: after preamble, command set and File Meta Information (PS3.10 7.1).

A dataset that is deflated is inflated here, whatever the Transfer Syntax says (PS3.5 A.5).
"""

from __future__ import annotations

import io
import struct
import zlib
from contextlib import suppress
from typing import BinaryIO

from pydicom.dataset import Dataset

from dcmconv.plugin import InputError, LimitError
from dcmconv_builtins.dicom.file.elements import Elements
from dcmconv_builtins.dicom.file.encoding import Encoding, guess_encoding
from dcmconv_builtins.dicom.file.notes import Notes, parse_errors
from dcmconv_builtins.dicom.file.pydicom_parser import parse_meta, skip_command_set
from dcmconv_builtins.dicom.hints import COPY_AGAIN, DAMAGED

__all__ = ["DEFLATED", "open_deflated", "read_meta"]

DEFLATED = "1.2.840.10008.1.2.1.99"

_PREAMBLE = 128
_CHUNK = 1 << 20
_SAMPLE = 512
_BIG_ENDIAN = Encoding(False, False)
_COMMAND_SET, _META = b"\0\0", b"\2\0"
_USED_TAGS = {0x00020002, 0x00020010}
"""Media Storage SOP Class UID and Transfer Syntax UID; nothing else of the group is used."""


def read_meta(stream: BinaryIO, notes: Notes) -> Dataset:
    """Return File Meta Information; the stream is then where the dataset begins.

    Raises
    ------
    InputError
        If it is damaged, or has two Transfer Syntaxes.
    """
    start = _find_start(stream, notes)
    stream.seek(start)
    if _peek(stream, 2) == _COMMAND_SET and guess_encoding(_peek(stream, _SAMPLE)) is not None:
        skip_command_set(stream, notes)
        notes.add("the file begins with a command set (group 0000); ignored it.")
    if _peek(stream, 2) == _META[::-1] and guess_encoding(_peek(stream, _SAMPLE)) == _BIG_ENDIAN:
        notes.add("File Meta Information is big endian; expected little endian.")
        return parse_meta(stream, notes, _BIG_ENDIAN)
    if _peek(stream, 2) != _META:
        notes.add("the file has no File Meta Information.")
        return Dataset()
    return _read_group_2(stream, notes)


def _read_group_2(stream: BinaryIO, notes: Notes) -> Dataset:
    """Parse File Meta Information; the stream is at its first element."""
    start = stream.tell()
    stated = _stated_end(stream, start)
    try:
        meta = parse_meta(stream, notes)
    except InputError:
        if not _begins_dataset(stream, stated):
            raise
        meta = Dataset()
    position = stream.tell()
    if stated is not None and position != stated and not _peek(stream, 1):
        # An element of a wrong length has taken the dataset with it.
        if not _begins_dataset(stream, stated):
            stream.seek(position)
            return meta
        notes.add("File Meta Information is damaged; the dataset was found by the group's length.")
        return Dataset()
    while _peek(stream, 2) == _META:
        _add_second(meta, stated, stream, notes)
    return meta


def _begins_dataset(stream: BinaryIO, position: int | None) -> bool:
    """Whether a dataset begins at a position; the stream is moved there."""
    stream.seek(position or 0)
    return position is not None and guess_encoding(_peek(stream, _SAMPLE)) is not None


def open_deflated(stream: BinaryIO, transfer_syntax: str, notes: Notes, *, limit: int) -> BinaryIO:
    """Return a stream of the inflated dataset, or the same stream if it is not deflated.

    Raises
    ------
    InputError
        If a deflated dataset is damaged, or ends early.
    LimitError
        If it is larger than ``limit`` bytes.
    """
    is_declared = transfer_syntax == DEFLATED
    sample = _peek(stream, _SAMPLE)
    if guess_encoding(sample) is not None:
        if is_declared:
            notes.add(
                "Transfer Syntax UID (0002,0010) says that the dataset is deflated; it is not."
            )
        return stream
    bits, header = _find_compression(sample)
    if not is_declared:
        if bits is None:
            return stream
        notes.add("the dataset is deflated, which Transfer Syntax UID (0002,0010) does not say.")
    if header:
        notes.add(f"the deflated dataset has a {header} header; expected none.")
    return _inflate(stream, bits or -zlib.MAX_WBITS, limit)


def _find_start(stream: BinaryIO, notes: Notes) -> int:
    """Return where the first element is; the text DICM may also be part of a value."""
    head = _peek(stream, _PREAMBLE + 4)
    behind = _PREAMBLE + 4
    if head[_PREAMBLE:] == b"DICM":
        stream.seek(behind)
        follows = _peek(stream, _SAMPLE)
        stream.seek(0)
        if follows[:2] == _META or guess_encoding(_peek(stream, _SAMPLE)) is None:
            return behind
        if guess_encoding(follows) is not None:
            raise InputError(
                "a dataset begins in the preamble, and another one after it.", hint=DAMAGED
            )
        notes.add("the file has no preamble; DICM at byte 128 is part of a value.")
        return 0
    notes.add("the file has no preamble; it was read from its first element.")
    return 4 if head[:4] == b"DICM" else 0


def _add_second(meta: Dataset, stated: int | None, stream: BinaryIO, notes: Notes) -> None:
    """Ignore a second group 0002; the first ends where its length says (PS3.10 7.1)."""
    position = stream.tell()
    second = parse_meta(stream, Notes())
    if stream.tell() == position:
        raise InputError("File Meta Information is damaged and cannot be read.", hint=DAMAGED)
    if stated is None or stated <= position:
        notes.add("File Meta Information (group 0002) occurs twice; ignored the second.")
        return
    uids = {Elements(part, Notes()).text("TransferSyntaxUID") for part in (meta, second)} - {""}
    if len(uids) > 1:
        raise InputError(
            "Transfer Syntax UID (0002,0010) occurs twice in File Meta Information, "
            "with different values.",
            hint="Ask the sender for a file whose Transfer Syntax UID matches its dataset.",
        )
    for tag in _USED_TAGS & (second.keys() - meta.keys()):
        with suppress(*parse_errors()):
            meta[tag] = second.get_item(tag)
    notes.add("the elements of File Meta Information are not in ascending order.")


def _stated_end(stream: BinaryIO, start: int) -> int | None:
    """Return where File Meta Information Group Length (0002,0000) says that the group ends."""
    position = stream.tell()
    stream.seek(start)
    head = _peek(stream, 12)
    stream.seek(position)
    if head[:6] != b"\2\0\0\0UL" or len(head) < 12:
        return None
    return start + 12 + int(struct.unpack_from("<I", head, 8)[0])


def _peek(stream: BinaryIO, length: int) -> bytes:
    position = stream.tell()
    head = stream.read(length)
    stream.seek(position)
    return head


def _find_compression(sample: bytes) -> tuple[int | None, str]:
    """Return zlib's window bits for a dataset that is deflated, and the name of its header."""
    # In zlib, negative bits mean no header, as PS3.5 A.5 requires; 31 means a gzip header.
    for bits, name in ((-zlib.MAX_WBITS, ""), (zlib.MAX_WBITS, "zlib"), (31, "gzip")):
        try:
            head = zlib.decompressobj(bits).decompress(sample, _SAMPLE)
        except zlib.error:
            continue
        if guess_encoding(head) is not None:
            return bits, name
    return None, ""


def _inflate(stream: BinaryIO, bits: int, limit: int) -> BinaryIO:
    """Inflate the rest of a file, at most ``limit`` bytes."""
    inflater = zlib.decompressobj(bits)
    inflated = io.BytesIO()
    try:
        while not inflater.eof and (chunk := stream.read(_CHUNK)):
            while chunk and not inflater.eof:
                # Bounded steps: the limit is checked before a few bytes can inflate to gigabytes.
                inflated.write(inflater.decompress(chunk, _CHUNK))
                chunk = inflater.unconsumed_tail
                if inflated.tell() > limit:
                    raise LimitError(
                        f"the deflated dataset is larger than {limit >> 20} MiB when inflated.",
                        hint="If you trust the file, raise inflate_limit of the dicom reader.",
                    )
    except zlib.error as error:
        raise InputError("the deflated dataset is damaged.", hint=DAMAGED) from error
    if not inflater.eof:
        raise InputError("the deflated dataset ends early.", hint=COPY_AGAIN, reason="truncated")
    inflated.seek(0)
    return inflated
