"""A pydicom Dataset as the file that it would be, so that it is read like any other (PS3.10 7).

What was changed in memory is what is encoded.  The dataset is not changed, and its pixels are not
copied.
"""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, BinaryIO, cast

from pydicom.dataelem import RawDataElement
from pydicom.filebase import DicomBytesIO
from pydicom.filewriter import write_dataset

from dcmconv.plugin import InputError, InputFile, JoinedBuffers
from dcmconv_builtins.dicom.decoders.syntaxes import SYNTAXES
from dcmconv_builtins.dicom.file.encoding import (
    LONG_VRS,
    PIXEL_KEYWORDS,
    UNDEFINED_LENGTH,
    Encoding,
)
from dcmconv_builtins.dicom.file.file_start import DEFLATED
from dcmconv_builtins.dicom.file.notes import parse_errors
from dcmconv_builtins.dicom.file.part10 import SYNTAX_OF, declared_encoding

if TYPE_CHECKING:
    from pydicom.dataelem import DataElement
    from pydicom.dataset import Dataset

__all__ = ["file_of_dataset"]

_PREAMBLE = bytes(128) + b"DICM"
_META_ENCODING = Encoding(is_implicit=False, is_little_endian=True)
_DEFAULT_ENCODING = Encoding(is_implicit=False, is_little_endian=True)
_ITEM = b"\xfe\xff\x00\xe0"
_SEQUENCE_DELIMITER = b"\xfe\xff\xdd\xe0\x00\x00\x00\x00"
_FIRST_TAG = 0x00030000
"""Neither a command set nor File Meta Information belongs to the dataset."""
_GIVE_THE_FILE = "If pydicom has read it from a file, pass the path of that file instead."
_TAG = re.compile(r"\([0-9a-fA-F]{4},[0-9a-fA-F]{4}\)")


def file_of_dataset(dataset: Dataset, key: str) -> InputFile:
    """Return the file that a dataset would be.

    Its Transfer Syntax is that of ``dataset.file_meta``; without one, that of the encoding in which
    the dataset was read.  A dataset that has neither is encoded as explicit little endian, and the
    reader notes that its Transfer Syntax is missing.

    Raises
    ------
    InputError
        If it cannot be encoded, or its pixels are encapsulated and no Transfer Syntax says how.
    """
    if not len(dataset):
        raise InputError("the dataset is empty.", hint=_GIVE_THE_FILE)
    meta = getattr(dataset, "file_meta", None)
    named = "" if meta is None else str(meta.get("TransferSyntaxUID") or "")
    encoding = declared_encoding(named, None) if named else _own_encoding(dataset)
    transfer_syntax = named or (SYNTAX_OF.get(encoding, "") if encoding else "")
    used = encoding or _DEFAULT_ENCODING
    parts = [
        _encoded(_read(dataset, slice(_FIRST_TAG, min(PIXEL_KEYWORDS))), used),
        *(part for tag in PIXEL_KEYWORDS for part in _pixels(dataset, tag, used, transfer_syntax)),
    ]
    if transfer_syntax == DEFLATED:
        deflate = zlib.compressobj(wbits=-zlib.MAX_WBITS)
        parts = [*(deflate.compress(part) for part in parts), deflate.flush()]
    start = _PREAMBLE + _meta(meta, transfer_syntax)
    return InputFile(key, stream=cast("BinaryIO", JoinedBuffers(start, *parts)))


def _read(dataset: Dataset, key: int | slice) -> Any:
    """Return an element, or a part of the dataset; what pydicom left in the file is read now."""
    try:
        return dataset.get_item(key)
    except (OSError, ValueError) as error:
        raise InputError(
            f"the dataset has values that were left in its file, which cannot be read: {error}",
            hint="Keep that file open and in its place, or read it without defer_size.",
        ) from error


def _own_encoding(dataset: Dataset) -> Encoding | None:
    """Return the encoding that a dataset without Transfer Syntax was read in, or is to have."""
    # The first two are what programs for pydicom 2 set; pydicom 4 has no longer got them.
    wanted = tuple(getattr(dataset, name, None) for name in ("is_implicit_VR", "is_little_endian"))
    for is_implicit, is_little_endian in (wanted, dataset.original_encoding):
        if is_implicit is not None and is_little_endian is not None:
            return Encoding(is_implicit, is_little_endian)
    # A copy, Dataset(other), does not know; its elements do that were never looked at.
    for tag in (*PIXEL_KEYWORDS, *dataset.keys()):
        element = _read(dataset, tag) if tag in dataset else None
        if isinstance(element, RawDataElement):
            return Encoding(element.is_implicit_VR, element.is_little_endian)
    return None


def _meta(meta: Dataset | None, transfer_syntax: str) -> bytes:
    """Return File Meta Information with the Transfer Syntax, without the length of the group."""
    from pydicom.dataset import Dataset

    whole = Dataset() if meta is None else meta[0x00020001:0x00030000]
    if transfer_syntax:
        whole.add_new(0x00020010, "UI", transfer_syntax)
    elif not whole:
        whole.add_new(0x00020001, "OB", b"\x00\x01")
    return _encoded(whole, _META_ENCODING)


def _encoded(dataset: Dataset, encoding: Encoding) -> bytes:
    try:
        return _written(dataset, encoding)
    except parse_errors():
        # pydicom reads implicit elements of an explicit dataset, but writes them only as copies
        # that it has converted; the dataset is a slice, and not the caller's.
        dataset.set_original_encoding(None, None)
    try:
        return _written(dataset, encoding)
    except parse_errors() as error:
        found = _TAG.search(str(error))
        where = f"its element {found[0].upper()}" if found else "one of its elements"
        raise InputError(
            f"the dataset cannot be encoded: {where} has a value that its VR does not allow.",
            hint="Look at the element, or see why: dataset.save_as(io.BytesIO())",
        ) from error


def _written(dataset: Dataset, encoding: Encoding) -> bytes:
    stream = DicomBytesIO()
    stream.is_implicit_VR, stream.is_little_endian = encoding
    write_dataset(stream, dataset)
    return stream.getvalue()


def _pixels(
    dataset: Dataset, tag: int, encoding: Encoding, transfer_syntax: str
) -> Iterator[bytes | memoryview]:
    """Yield the parts of a pixel data element; nothing if the dataset has none."""
    element = _read(dataset, tag)
    if element is None:
        return
    value = _value_of(element, tag)
    is_encapsulated = _is_encapsulated(element, value, transfer_syntax)
    length = UNDEFINED_LENGTH if is_encapsulated else len(value) + len(value) % 2
    order = "<" if encoding.is_little_endian else ">"
    yield struct.pack(f"{order}HH", tag >> 16, tag & 0xFFFF)
    if not encoding.is_implicit:
        yield _vr_of(element, dataset, is_encapsulated=is_encapsulated) + b"\x00\x00"
    yield struct.pack(f"{order}I", length)
    yield value
    # PS3.5 7.1: values have an even length.
    yield _SEQUENCE_DELIMITER if is_encapsulated else bytes(len(value) % 2)


def _value_of(element: DataElement | RawDataElement, tag: int) -> bytes | memoryview:
    value: Any = element.value
    if hasattr(value, "read"):
        # pydicom lets a value be a file, which is read when the dataset is written.
        value.seek(0)
        value = value.read()
    if not isinstance(value or b"", (bytes, bytearray, memoryview)):
        raise InputError(
            f"{PIXEL_KEYWORDS[tag]} is a {type(value).__name__}; expected bytes.",
            hint="Use dataset.set_pixel_data(array, ...), or array.tobytes().",
        )
    return memoryview(value or b"").cast("B")


def _is_encapsulated(
    element: DataElement | RawDataElement, value: bytes | memoryview, transfer_syntax: str
) -> bool:
    is_marked = bool(getattr(element, "is_undefined_length", False))
    is_marked = is_marked or getattr(element, "length", None) == UNDEFINED_LENGTH
    if not transfer_syntax and (is_marked or bytes(value[:8]) == _ITEM + bytes(4)):
        raise InputError(
            "the pixels are encapsulated, and the dataset has no Transfer Syntax UID (0002,0010).",
            hint="Set it: dataset.file_meta.TransferSyntaxUID = pydicom.uid.JPEG2000Lossless",
        )
    syntax = SYNTAXES.get(transfer_syntax)
    is_native = syntax is not None and syntax.coding == "native"
    return is_marked or (not is_native and bytes(value[:4]) == _ITEM)


def _vr_of(
    element: DataElement | RawDataElement, dataset: Dataset, *, is_encapsulated: bool
) -> bytes:
    """Return the VR of pixels; where PS3.6 leaves a choice, by PS3.5 A.2."""
    vr = (element.VR or "").encode()
    if vr in LONG_VRS:
        return vr
    if element.tag != 0x7FE00010:
        return b"OF" if element.tag == 0x7FE00008 else b"OD"
    bits = dataset.get("BitsAllocated") or 8
    return b"OB" if is_encapsulated or (isinstance(bits, int) and bits <= 8) else b"OW"
