"""Which character set the text of an element is in (PS3.3 C.12.1.1.2, PS3.5 6.1).

pydicom decodes by Specific Character Set (0008,0005).  This module decides what it cannot: text
beyond ASCII in a file that names no set for it, and the set that the user names instead.
"""

from __future__ import annotations

import codecs
from typing import TYPE_CHECKING, Any

from dcmconv_builtins.dicom.file.notes import Notes

if TYPE_CHECKING:
    from pydicom.dataelem import DataElement, RawDataElement
    from pydicom.dataset import Dataset

__all__ = ["TEXT_VRS", "check_character_set", "convert_element", "use_character_set"]

TEXT_VRS = frozenset({"LO", "LT", "PN", "SH", "ST", "UC", "UT"})
"""VRs whose text is encoded as Specific Character Set (0008,0005) says (PS3.5 6.1.2.3)."""

_CHARACTER_SET = 0x00080005
_NO_SET = "Specific Character Set (0008,0005) names no set for letters beyond ASCII"
_AS_UTF_8 = f"{_NO_SET}; read texts that are valid UTF-8 as UTF-8."
_AS_LATIN = f"{_NO_SET}; read texts as ISO 8859-1. The option character_set names another set."


def check_character_set(name: str) -> str:
    """Return Python's name of a character set, from a defined term of DICOM or a Python name.

    >>> check_character_set("GB18030"), check_character_set("latin-1")
    ('gb18030', 'iso8859-1')

    Raises
    ------
    ValueError
        If the name is neither.
    """
    from pydicom.charset import python_encoding

    try:
        return codecs.lookup(python_encoding.get(name) or name).name
    except LookupError:
        message = f"unknown character set '{name}'; expected one such as GB18030 or ISO_IR 192"
        raise ValueError(message) from None


def use_character_set(dataset: Dataset, name: str) -> None:
    """Decode the texts of a dataset with another set than Specific Character Set says.

    An item of a sequence that names its own set keeps it.
    """
    is_implicit, is_little_endian = dataset.original_encoding
    dataset.set_original_encoding(is_implicit, is_little_endian, [check_character_set(name)])
    for element in dataset.values():
        # pydicom has parsed sequences of undefined length already; others inherit the set.
        items: Any = element.value if not element.is_raw and element.VR == "SQ" else ()
        for item in items:
            if _CHARACTER_SET not in item:
                use_character_set(item, name)


def convert_element(dataset: Dataset, tag: int, notes: Notes) -> DataElement:
    """Return an element as pydicom converts it, but leave the dataset as it was read.

    pydicom replaces the element by what it has converted; the next reader would find another value
    than the file has, such as decoded text, or a number without its decimal comma.
    """
    as_read: Any = dataset.get_item(tag)
    if as_read.is_raw and _is_beyond_its_set(as_read, dataset):
        return _without_a_set(as_read, dataset, notes)
    element = dataset[tag]
    if as_read.is_raw and element.VR != "SQ":
        dataset[tag] = as_read
    return element


def _is_beyond_its_set(element: RawDataElement, dataset: Dataset) -> bool:
    """Whether a text is not ASCII, and the file names no set for it, or only ASCII (ISO_IR 6)."""
    from pydicom.charset import default_encoding
    from pydicom.datadict import dictionary_VR

    if not element.value or element.value.isascii():
        return False
    encodings = dataset.original_character_set or default_encoding
    if encodings not in (default_encoding, [default_encoding]):
        return False
    try:
        vr = element.VR if element.VR not in (None, "UN") else dictionary_VR(element.tag)
    except KeyError:
        return False  # a private element without a VR: not known to be text
    return vr in TEXT_VRS


def _without_a_set(element: RawDataElement, dataset: Dataset, notes: Notes) -> DataElement:
    from pydicom.dataelem import convert_raw_data_element

    # Text in another set is practically never valid UTF-8 by chance.
    is_utf_8 = _is_utf_8(element.value or b"")
    notes.add(_AS_UTF_8 if is_utf_8 else _AS_LATIN)
    encoding = "utf_8" if is_utf_8 else "latin_1"
    return convert_raw_data_element(element, encoding=[encoding], ds=dataset)


def _is_utf_8(text: bytes) -> bool:
    try:
        text.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True
