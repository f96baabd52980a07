"""The fast path: explicit little endian headers that follow the standard strictly (PS3.5 7.1.2).

The scanner walks from element to element and remembers only where each begins; a value is cut out
on demand.  pydicom takes seven times as long for the same header.  Tags must ascend, VRs must be
known, lengths must fit, and sequences and character sets must be as the standard has them.
At the first deviation the scanner gives up and ``pydicom_parser`` reads the file: what a doubtful
header means is decided in one place, and that is not here.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Callable, Iterator, KeysView
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, BinaryIO, NamedTuple, TypeVar

from dcmconv_builtins.dicom.decoders.syntaxes import GE_PRIVATE, SYNTAXES
from dcmconv_builtins.dicom.file.bounded_stream import BoundedReader, HeldBytes
from dcmconv_builtins.dicom.file.encoding import (
    LONG_VRS,
    PIXEL_KEYWORDS,
    SHORT_VRS,
    UNDEFINED_LENGTH,
    Encoding,
)
from dcmconv_builtins.dicom.file.notes import Notes

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

__all__ = [
    "Dependencies",
    "PixelElement",
    "RawElement",
    "ScannedDataset",
    "ScannedHeader",
    "scan_header",
]

Result = TypeVar("Result")

# Implicit VR, big endian, deflated.
_OTHER_ENCODINGS = {"1.2.840.10008.1.2", "1.2.840.10008.1.2.2", "1.2.840.10008.1.2.1.99"} | {
    GE_PRIVATE
}
_SCANNED_SYNTAXES = {uid.encode(): uid for uid in SYNTAXES if uid not in _OTHER_ENCODINGS}

_HEAD_BYTES = 1 << 16
"""How much of a large file is scanned; a header longer than this is rare, and left to pydicom."""

_META_START = 132
"""After the preamble of 128 bytes and the prefix DICM (PS3.10 7.1)."""
_META_END = 0x00030000
_FIRST_PIXELS = min(PIXEL_KEYWORDS)
_PIXEL_VRS = {vr.encode(): vr for vr in ("OB", "OW", "OF", "OD")}
_TRANSFER_SYNTAX = 0x00020010
_ITEM, _ITEM_END, _SEQUENCE_END = 0xFFFEE000, 0xFFFEE00D, 0xFFFEE0DD
_UNDEFINED = UNDEFINED_LENGTH.to_bytes(4, "little")
_NO_STOP = 1 << 32  # above every tag
_DEEPEST = 16
_VR_NAMES = {vr: vr.decode() for vr in SHORT_VRS | LONG_VRS}

_CHARACTER_SET = 0x00080005
_PIXEL_REPRESENTATION = 0x00280103
# PS3.3 C.12.1.1.2: terms without code extensions; GBK, GB18030 and ISO_IR 192 allow none.
_SETS = frozenset(
    f"ISO_IR {number}".encode()
    for number in (6, 13, 100, 101, 109, 110, 126, 127, 138, 144, 148, 166, 192)
) | {b"", b"GB18030", b"GBK"}
# With code extensions, an empty first value means ISO 2022 IR 6 (PS3.3 C.12.1.1.2).
_FIRST_OF_SETS = frozenset({b"", b"ISO 2022 IR 6", b"ISO 2022 IR 13", b"ISO 2022 IR 100"})
_FURTHER_SETS = frozenset(
    f"ISO 2022 IR {number}".encode() for number in (87, 159, 149, 58, 100, 144, 166)
)

_header = struct.Struct("<HH2sH").unpack_from
_long_header = struct.Struct("<HH2sHI").unpack_from
_item_header = struct.Struct("<HHI").unpack_from
_length = struct.Struct("<I").unpack_from


class RawElement(NamedTuple):
    """An element as it is in the file; the fields have the names of pydicom's RawDataElement."""

    tag: int
    VR: str
    value: bytes
    is_little_endian: bool = True
    is_raw: bool = True


class Excerpt(NamedTuple):
    """Elements of a dataset for pydicom; equal excerpts mean the same, whatever file they are from.

    ``character_set`` is used instead of Specific Character Set (0008,0005), if it is not empty.
    """

    content: bytes
    character_set: str

    def parse(self) -> Dataset:
        """Return the elements as pydicom parses them."""
        from dcmconv_builtins.dicom.file.character_sets import use_character_set
        from dcmconv_builtins.dicom.file.pydicom_parser import parse_until_pixels

        encoding = ScannedDataset.original_encoding
        dataset = parse_until_pixels(io.BytesIO(self.content), encoding, Notes()).dataset
        if self.character_set:
            use_character_set(dataset, self.character_set)
        return dataset


class Dependencies(NamedTuple):
    """Elements that a result was computed from: which ones are absent, and the bytes of the others.

    Elements that follow each other are one run, under the first one's tag: comparing them takes one
    call.  The bytes include the elements' headers, so that equal bytes are equal elements.
    """

    absent: frozenset[int]
    runs: tuple[tuple[int, bytes], ...]


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


class ScannedDataset:
    """The top level of a scanned dataset: the offset of each element, values on demand.

    Parameters
    ----------
    content : bytes
        The file, or its first part.
    start, end : int
        Where the dataset begins, and where what follows it begins.
    offsets : dict of int to int
        Tag to the offset of its element, in the order of the file.

    Attributes
    ----------
    character_set : str
        Replaces Specific Character Set (0008,0005), unless it is empty.
    """

    original_encoding = Encoding(is_implicit=False, is_little_endian=True)

    def __init__(self, content: bytes, start: int, end: int, offsets: dict[int, int]) -> None:
        self.end = end
        self._content = content
        self._start = start
        self._offsets = offsets
        self.character_set = ""
        self._parsed: dict[int, Dataset] = {}
        self._found: set[int] | None = None
        self._is_used_whole = False

    def in_other(self, content: bytes) -> ScannedDataset:
        """Return the dataset of another file, which has the same elements in the same places."""
        return ScannedDataset(content, self._start, self.end, self._offsets)

    def fixed_places(self) -> Iterator[slice]:
        """Yield the bytes that decide where elements are and how their values are read."""
        starts = list(self._offsets.values())
        for tag, start, following in zip(
            self._offsets, starts, [*starts[1:], self.end], strict=True
        ):
            vr = self._content[start + 4 : start + 6]
            header = 12 if vr in LONG_VRS else 8
            is_walked = header == 12 and self._content.startswith(_UNDEFINED, start + 8)
            # The values that decide how the file is read count as well.
            whole = is_walked or tag in (_TRANSFER_SYNTAX, _CHARACTER_SET)
            yield slice(start, following if whole else start + header)

    def find(self, tag: int) -> RawElement | None:
        """Return an element, or None; the value of a sequence is the bytes of its items."""
        if self._found is not None:
            self._found.add(tag)
        offset = self._offsets.get(tag)
        if offset is None:
            return None
        vr, value_start, value_end = self._extent(offset)
        return RawElement(tag, _VR_NAMES[vr], self._content[value_start:value_end])

    def keys(self) -> KeysView[int]:
        """Return the tags, in ascending order."""
        self._is_used_whole = True
        return self._offsets.keys()

    def has_tag_between(self, first: int, last: int) -> bool:
        """Whether there is an element with a tag in a range, both ends included."""
        self._is_used_whole = True
        # Most files have nothing after the range: the last tag is enough to see that.
        for tag in reversed(self._offsets):
            if tag <= last:
                return tag >= first
        return False

    @cached_property
    def whole(self) -> Dataset:
        """The dataset as pydicom parses it."""
        self._is_used_whole = True
        return Excerpt(self._content[self._start : self.end], self.character_set).parse()

    def excerpt(self, tag: int) -> Excerpt | None:
        """Return an element with everything that its value depends on.

        None for an element of VR UN: any other element may decide what it is.
        """
        offset = self._offsets[tag]
        vr = self._content[offset + 4 : offset + 6]
        if vr == b"UN":
            return None
        # pydicom passes Pixel Representation on to the items of a sequence.
        tags = {_CHARACTER_SET, tag} | ({_PIXEL_REPRESENTATION} if vr == b"SQ" else set())
        if self._found is not None:
            self._found.update(tags)
        return Excerpt(b"".join(run for _, run in self._runs(tags)), self.character_set)

    def parsed(self, tag: int) -> Dataset:
        """Return a dataset of pydicom that has at least this element and what it depends on."""
        if "whole" in vars(self):
            return self.whole
        if tag not in self._parsed:
            excerpt = self.excerpt(tag)
            if excerpt is None:
                return self.whole
            self._parsed[tag] = excerpt.parse()
        return self._parsed[tag]

    def record_dependencies(self, make: Callable[[], Result]) -> tuple[Result, Dependencies | None]:
        """Call ``make``; return its result, and the elements it looked up on the way.

        The elements are None if it may have read all of them.
        """
        self._found = set()
        # Once the dataset is parsed, lookups are not recorded.
        self._is_used_whole = "whole" in vars(self)
        result = make()
        tags, self._found = self._found, None
        if self._is_used_whole:
            return result, None
        absent = frozenset(tags - self._offsets.keys())
        return result, Dependencies(absent, tuple(self._runs(tags - absent)))

    def has_same(self, dependencies: Dependencies) -> bool:
        """Whether each of these elements is the same here, or absent here as it was there."""
        content, offsets = self._content, self._offsets
        if not offsets.keys().isdisjoint(dependencies.absent):
            return False
        for tag, elements in dependencies.runs:
            if tag not in offsets or not content.startswith(elements, offsets[tag]):
                return False
        return True

    def _runs(self, tags: set[int]) -> Iterator[tuple[int, bytes]]:
        """Yield the bytes of some elements, delimiters included; neighbors are joined."""
        starts = list(self._offsets.values())
        first, start, end = -1, -1, -1
        for (tag, offset), following in zip(
            self._offsets.items(), [*starts[1:], self.end], strict=True
        ):
            if tag not in tags:
                continue
            if offset != end:
                if first >= 0:
                    yield first, self._content[start:end]
                first, start = tag, offset
            end = following
        if first >= 0:
            yield first, self._content[start:end]

    def _extent(self, offset: int) -> tuple[bytes, int, int]:
        """Return the VR of an element, and where its value begins and ends."""
        _, _, vr, length = _header(self._content, offset)
        value_start = offset + 8
        if vr in LONG_VRS:
            (length,) = _length(self._content, value_start)
            value_start += 4
        if length == UNDEFINED_LENGTH:
            # The value ends before its delimiter, the 8 bytes before the next element.
            following = (other for other in self._offsets.values() if other > offset)
            return vr, value_start, next(following, self.end) - 8
        return vr, value_start, value_start + length


class ScannedHeader(NamedTuple):
    """File Meta Information, dataset and pixels; ``transfer_syntax`` is the UID."""

    meta: ScannedDataset
    dataset: ScannedDataset
    transfer_syntax: str
    pixels: PixelElement


class _UnusualError(Exception):
    """The header deviates; pydicom has to read it."""


def scan_header(stream: BinaryIO) -> ScannedHeader | None:
    """Return the header of a file up to its pixels; None if pydicom has to read it.

    Parameters
    ----------
    stream : HeldBytes or BoundedReader
        At the beginning of the file.  Any other kind of stream gives None.
    """
    if isinstance(stream, HeldBytes):
        content = stream.content
        size = len(content)
    elif isinstance(stream, BoundedReader):
        content, size = stream.read(_HEAD_BYTES), stream.size
    else:
        return None
    try:
        return _scan(_Scanner(content), size)
    except (_UnusualError, struct.error):
        return None


def _scan(scanner: _Scanner, size: int) -> ScannedHeader:
    content = scanner.content
    if content[_META_START - 4 : _META_START + 2] != b"DICM\x02\x00":
        raise _UnusualError
    meta = scanner.dataset(_META_START, _META_END)
    transfer_syntax = meta.find(_TRANSFER_SYNTAX)
    uid = _SCANNED_SYNTAXES.get(transfer_syntax.value.rstrip(b" \0")) if transfer_syntax else None
    if uid is None:
        raise _UnusualError
    dataset = scanner.dataset(meta.end, _FIRST_PIXELS)
    # Raises an error where the content ends before.
    group, number, vr, reserved, length = _long_header(content, dataset.end)
    keyword = PIXEL_KEYWORDS.get(group << 16 | number)
    # The VRs of pixels have two reserved bytes, which must be 0 (PS3.5 7.1.2).
    if keyword is None or vr not in _PIXEL_VRS or reserved:
        raise _UnusualError
    offset = dataset.end + 12
    known_length = None if length == UNDEFINED_LENGTH else length
    pixels = PixelElement(keyword, _PIXEL_VRS[vr], offset, known_length, size - offset)
    return ScannedHeader(meta, dataset, uid, pixels)


class _Scanner:
    """Walks from element to element; each method returns the offset after what it walked over."""

    def __init__(self, content: bytes) -> None:
        self.content = content

    def dataset(self, start: int, stop: int) -> ScannedDataset:
        """Return the elements from an offset up to the first tag that is not below ``stop``."""
        offsets: dict[int, int] = {}
        end = self._elements(start, len(self.content), stop, offsets)
        return ScannedDataset(self.content, start, end, offsets)

    def _elements(
        self, position: int, end: int, stop: int, offsets: dict[int, int], *, depth: int = 0
    ) -> int:
        content, last = self.content, -1
        header, short_vrs = _header, SHORT_VRS  # local names are faster in the hot loop
        while position < end:
            group, number, vr, length = header(content, position)
            tag = group << 16 | number
            if not last < tag < stop:
                break
            offsets[tag] = position
            last = tag
            if vr in short_vrs:
                position += 8 + length
            else:
                position = self._long_element(vr, position + 8, depth)
        # PS3.5 7.1: tags ascend, and none occurs twice.
        if position < end and tag <= last:
            raise _UnusualError
        if position > end:
            raise _UnusualError
        if _CHARACTER_SET in offsets:
            self._check_character_set(offsets[_CHARACTER_SET])
        return position

    def _long_element(self, vr: bytes, position: int, depth: int) -> int:
        if vr not in LONG_VRS:
            raise _UnusualError
        (length,) = _length(self.content, position)
        if length == UNDEFINED_LENGTH:
            return self._sequence(vr, position + 4, depth)
        return position + 4 + int(length)

    def _sequence(self, vr: bytes, position: int, depth: int) -> int:
        """Walk a sequence of undefined length, its delimiter included."""
        # UN of undefined length is a sequence in implicit VR (PS3.5 6.2.2): pydicom reads it.
        if vr != b"SQ" or depth > _DEEPEST:
            raise _UnusualError
        while True:
            group, number, length = _item_header(self.content, position)
            tag, position = group << 16 | number, position + 8
            if tag == _SEQUENCE_END and length == 0:
                return position
            if tag != _ITEM:
                raise _UnusualError
            position = self._item(position, length, depth + 1)

    def _item(self, position: int, length: int, depth: int) -> int:
        if length != UNDEFINED_LENGTH:
            end = position + length
            if (
                end > len(self.content)
                or self._elements(position, end, _NO_STOP, {}, depth=depth) != end
            ):
                raise _UnusualError
            return end
        position = self._elements(position, len(self.content), _ITEM_END, {}, depth=depth)
        if _item_header(self.content, position) != (0xFFFE, 0xE00D, 0):
            raise _UnusualError
        return position + 8

    def _check_character_set(self, offset: int) -> None:
        """Leave unknown terms and illegal combinations to pydicom (PS3.3 C.12.1.1.2)."""
        _, _, vr, length = _header(self.content, offset)
        if vr != b"CS" or not _are_known_sets(self.content[offset + 8 : offset + 8 + length]):
            raise _UnusualError


@lru_cache(maxsize=64)
def _are_known_sets(value: bytes) -> bool:
    first, *further = (part.strip(b" ") for part in value.split(b"\\"))
    is_one = not further and first in _SETS
    return is_one or (first in _FIRST_OF_SETS and _FURTHER_SETS.issuperset(further))
