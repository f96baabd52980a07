"""Datasets that pydicom cannot read, but which have one reasonable reading (PS3.5 7).

Values are only cut out of the file when its whole structure is known; the result is a Dataset of
pydicom, as if pydicom had read it.
"""

from __future__ import annotations

import io
from collections import Counter
from typing import BinaryIO, NamedTuple

from pydicom.charset import convert_encodings, default_encoding
from pydicom.dataelem import DataElement, RawDataElement
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.tag import BaseTag
from pydicom.values import convert_string

from dcmconv_builtins.dicom.file.elements import named
from dcmconv_builtins.dicom.file.encoding import Encoding
from dcmconv_builtins.dicom.file.notes import Notes, parse_errors
from dcmconv_builtins.dicom.file.tolerant.element_headers import ElementHeader, HeaderReader
from dcmconv_builtins.dicom.file.tolerant.structure import Item, StructureParser

__all__ = ["TolerantlyParsed", "parse_tolerantly"]

_CHARACTER_SET = 0x00080005


class TolerantlyParsed(NamedTuple):
    """A dataset up to its pixels; ``pixels`` is the header of the pixel data element, if any."""

    dataset: Dataset
    pixels: ElementHeader | None
    is_cut: bool
    repeated: list[int]


def parse_tolerantly(stream: BinaryIO, encoding: Encoding, notes: Notes) -> TolerantlyParsed:
    """Parse a dataset that begins where a stream is.

    Raises
    ------
    InputError
        If it has no reasonable reading, or two.
    """
    start = stream.tell()
    size = stream.seek(0, io.SEEK_END)
    parser = StructureParser(HeaderReader(stream, size))
    parsed = parser.dataset(start, encoding)
    for line in parser.deviations():
        notes.add(line)
    with notes.catching_warnings():
        whole = Item(parsed.elements, encoding)
        top = _as_dataset(parser.headers, whole, default_encoding, notes)
    tags = [node.header.tag for node in parsed.elements]
    repeated = [tag for tag, count in Counter(tags).items() if count > 1]
    return TolerantlyParsed(top, parsed.pixels, parsed.is_cut, repeated)


def _as_dataset(
    headers: HeaderReader, item: Item, parent: str | list[str], notes: Notes
) -> Dataset:
    """Return an item as pydicom would have read it; this is where values are read."""
    # An item without a character set has that of the dataset around it (PS3.5 7.5.3).
    character_set = parent
    elements: dict[BaseTag, RawDataElement | DataElement] = {}
    for node in item.elements:
        header, encoding = node.header, node.encoding
        tag = BaseTag(header.tag)
        if node.items is not None:
            children = [_as_dataset(headers, child, character_set, notes) for child in node.items]
            elements[tag] = DataElement(tag, "SQ", Sequence(children), header.start)
            continue
        value = headers.bytes_at(header.start, header.length or 0)
        if tag == _CHARACTER_SET:
            try:
                text = convert_string(value, encoding.is_little_endian)
                character_set = convert_encodings(text)
            except parse_errors():
                notes.add(f"{named('SpecificCharacterSet')} cannot be read; ignored it.")
                continue
        elements[tag] = RawDataElement(tag, header.vr, len(value), value, header.start, *encoding)
    dataset = Dataset(elements, parent_encoding=parent)
    dataset.set_original_encoding(*item.encoding, character_set)
    return dataset
