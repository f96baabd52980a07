"""Around the dataset: broken preamble, File Meta Information, Transfer Syntax, deflation."""

from __future__ import annotations

import gzip
import io
import struct
import zipfile
import zlib

from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ImplicitVRLittleEndian,
    JPEGBaseline8Bit,
)
from support.dicom_files import as_bytes
from support.reading import explicit_element, recoded, with_bytes

from hostile.base import BYTES, RAMP, coded, ramp, spoiled, swapped

EXPLICIT = b"1.2.840.10008.1.2.1\0"
VALID = spoiled()


def meta_end(content: bytes) -> int:
    """Return where the File Meta Information ends."""
    return 144 + int(struct.unpack_from("<I", content, 140)[0])


def deflated_as(body: bytes, *, cut: int = 0) -> bytes:
    """Return a file in Deflated Explicit VR Little Endian around any bytes."""
    content = recoded(ramp(), DeflatedExplicitVRLittleEndian)
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    packed = packer.compress(body) + packer.flush()
    return content[: meta_end(content)] + (packed[:-cut] if cut else packed)


def dataset_of(content: bytes) -> bytes:
    return content[meta_end(content) :]


def bomb() -> bytes:
    """Return 120 KB that inflate to 120 MB: a valid file followed by zeros."""
    return deflated_as(dataset_of(VALID()) + bytes(120 << 20))


def big_endian(*, with_meta: bool = True) -> bytes:
    """Return the valid file in big endian; pydicom does not swap pixels, so this does."""
    made = ramp(PixelData=RAMP.astype(">u2").tobytes())
    return recoded(made, ExplicitVRBigEndian, with_meta=with_meta)


def labeled(dataset_syntax: str, label: bytes) -> bytes:
    """Return a file whose Transfer Syntax UID is not that of its dataset."""
    is_big = dataset_syntax == ExplicitVRBigEndian
    content = big_endian() if is_big else recoded(ramp(), dataset_syntax)
    uid = dataset_syntax.encode() + b"\0" * (len(dataset_syntax) % 2)
    old = explicit_element(2, 0x10, b"UI", uid)
    return with_bytes(content, old, explicit_element(2, 0x10, b"UI", label))


def zipped() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("IM1.dcm", VALID())
    return buffer.getvalue()


def meta_length(length: int) -> bytes:
    content = VALID()
    return content[:140] + struct.pack("<I", length) + content[144:]


def without_meta_length() -> bytes:
    content = VALID()
    return content[:132] + content[144:]


RECIPES = {
    "ok": VALID,
    "no-preamble": lambda: VALID()[132:],
    "no-preamble-but-dicm": lambda: VALID()[128:],
    "no-preamble-no-meta": lambda: recoded(ramp(), ImplicitVRLittleEndian, with_meta=False),
    "no-meta-explicit": lambda: recoded(ramp(), "1.2.840.10008.1.2.1", with_meta=False),
    "no-meta-big-endian": lambda: big_endian(with_meta=False),
    "preamble-without-dicm": lambda: VALID()[:128] + b"XXXX" + VALID()[132:],
    "preamble-of-a-program": lambda: b"MZ" + VALID()[2:],
    "only-the-preamble": lambda: bytes(128),
    "only-dicm": lambda: bytes(128) + b"DICM",
    "only-the-meta": lambda: VALID()[: meta_end(VALID())],
    "zero-byte": lambda: b"",
    "one-byte": lambda: b"D",
    "plain-text": lambda: b"hello, this is not dicom\n" * 50,
    "html-error-page": lambda: b"<!DOCTYPE html><html><body>404 Not found</body></html>",
    "png-named-dcm": lambda: b"\x89PNG\r\n\x1a\n" + bytes(200),
    "zip-archive": zipped,
    "gzipped": lambda: gzip.compress(VALID(), mtime=0),
    "zeros": lambda: bytes(4096),
    "syntax-missing": swapped(b"\x02\0\x10\0UI", b"\x02\0\x11\0UI"),
    "syntax-empty": swapped(
        explicit_element(2, 0x10, b"UI", EXPLICIT), explicit_element(2, 0x10, b"UI", b"")
    ),
    "syntax-not-a-uid": swapped(EXPLICIT, b"\x1b[31mhello\0\0\0\0\0\0\0\0\0\0"),
    "syntax-unknown": swapped(EXPLICIT, b"1.2.999.10008.1.2.1\0"),
    "implicit-labeled-explicit": lambda: labeled(ImplicitVRLittleEndian, EXPLICIT),
    "explicit-labeled-implicit": swapped(EXPLICIT, b"1.2.840.10008.1.2\0\0\0"),
    "big-endian-labeled-little": lambda: labeled(ExplicitVRBigEndian, EXPLICIT),
    "little-endian-labeled-big": swapped(EXPLICIT, b"1.2.840.10008.1.2.2\0"),
    "native-labeled-jpeg": swapped(
        explicit_element(2, 0x10, b"UI", EXPLICIT),
        explicit_element(2, 0x10, b"UI", JPEGBaseline8Bit.encode()),
    ),
    "jpeg-labeled-native": lambda: with_bytes(
        as_bytes(coded("jpeg", BYTES)), JPEGBaseline8Bit.encode(), b"1.2.840.10008.1.2.1\0\0\0"
    ),
    "jpeg-labeled-jpeg-ls": lambda: with_bytes(
        as_bytes(coded("jpeg", BYTES)), b".1.2.4.50", b".1.2.4.80"
    ),
    "jpeg-labeled-rle": lambda: with_bytes(
        as_bytes(coded("jpeg", BYTES)), JPEGBaseline8Bit.encode(), b"1.2.840.10008.1.2.5\0\0\0"
    ),
    "deflated": lambda: deflated_as(dataset_of(VALID())),
    "deflated-cut": lambda: deflated_as(dataset_of(VALID()), cut=200),
    "deflated-damaged": lambda: deflated_as(dataset_of(VALID()))[:-900] + b"\xff" * 900,
    "deflated-labeled-explicit": lambda: with_bytes(
        deflated_as(dataset_of(VALID())), b"1.2.840.10008.1.2.1.99", EXPLICIT + b"\0\0"
    ),
    "explicit-labeled-deflated": lambda: labeled("1.2.840.10008.1.2.1", b"1.2.840.10008.1.2.1.99"),
    "deflate-bomb": bomb,
    "meta-length-too-short": lambda: meta_length(8),
    "meta-length-too-long": lambda: meta_length(0x7FFFFFFF),
    "meta-length-missing": without_meta_length,
    "meta-twice": lambda: VALID()[: meta_end(VALID())] + VALID()[132:],
    "file-twice": lambda: VALID() + VALID(),
    "trailing-zeros": lambda: VALID() + bytes(4096),
    "trailing-garbage": lambda: VALID() + b"\xde\xad\xbe\xef" * 100,
    "trailing-padding-element": lambda: (
        VALID() + struct.pack("<HH2sHI", 0xFFFC, 0xFFFC, b"OB", 0, 64) + bytes(64)
    ),
}
