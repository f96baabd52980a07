"""A DICOM file taken apart: meta information, dataset, and where the pixels lie (PS3.10 7)."""

from __future__ import annotations

from typing import TYPE_CHECKING, BinaryIO

from dcmconv_builtins.dicom.file.file_parts import Part10, PixelElement
from dcmconv_builtins.dicom.file.scanner import scan_part10

if TYPE_CHECKING:
    from dcmconv_builtins.dicom.file.elements import Notes

__all__ = ["Part10", "PixelElement", "read_part10"]


def read_part10(stream: BinaryIO, notes: Notes, *, inflate_limit: int) -> Part10:
    """Take a file apart up to its pixels, which are not read.

    What is usual is scanned; everything else is left to pydicom, which is imported only then.

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
    if stream.read(4).startswith((b"MZ", b"\x7fELF")):
        # PS3.10 leaves the preamble to anybody: CVE-2019-11687 hides a program in it.
        notes.add("the preamble looks like a program; no picture carries it on.")
    stream.seek(0)
    scanned = scan_part10(stream, notes)
    if scanned is not None:
        return scanned
    from dcmconv_builtins.dicom.file.parser import parse_part10

    stream.seek(0)
    return parse_part10(stream, notes, inflate_limit=inflate_limit)
