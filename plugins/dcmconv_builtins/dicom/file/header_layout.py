"""The layout of a header, kept for the other files of its size: the files of a series share a few.

Walking over a header takes a call for each of its 50 to 300 elements.  If another file has the same
tags, VRs and lengths in the same places, a walk over it would stop at the same places.  So the
headers of all elements are cut out in one call, and compared with those of the earlier file: a CT
with 260 elements is read in a quarter of the time.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from operator import itemgetter
from typing import Any, BinaryIO

from dcmconv_builtins.dicom.file.bounded_stream import HeldBytes
from dcmconv_builtins.dicom.file.header_scanner import ScannedHeader, scan_header

__all__ = ["read_header"]

MOST_SIZES = 64
"""Numbers in a header have up to a dozen lengths, so the files of a series have a few sizes."""
MOST_MISSES = 4
"""Files of one size that have nothing else in common are read one by one."""


@dataclass
class _Layout:
    """Where the elements of files of one size are; unknown for the first file of a size.

    ``cut`` returns the headers of the elements from the bytes of a file, ``headers`` are those of
    the file that was walked over, and ``scanned`` is what the walk found, without the file's bytes.
    """

    cut: Callable[[bytes], Any] | None = None
    headers: Any = None
    scanned: ScannedHeader | None = None
    misses: int = 0

    def fits(self, content: bytes) -> bool:
        """Whether a walk over a file would find its elements in these places."""
        return self.cut is not None and self.cut(content) == self.headers

    def learn(self, content: bytes, scanned: ScannedHeader) -> None:
        """Keep the layout of a file, after a walk over it."""
        self.misses += 1
        if self.misses > MOST_MISSES:
            self.cut = None
            return
        places = [*scanned.meta.fixed_places(), *scanned.dataset.fixed_places()]
        # The prefix DICM, and the header of the pixel data element with its length.
        self.cut = itemgetter(
            slice(128, 132), *places, slice(scanned.dataset.end, scanned.dataset.end + 12)
        )
        self.headers = self.cut(content)
        self.scanned = _moved(scanned, b"")


_LAYOUTS: dict[int, _Layout] = {}


def read_header(stream: BinaryIO) -> ScannedHeader | None:
    """Return the header of a file up to its pixels; the same as ``scan_header``, and faster."""
    if not isinstance(stream, HeldBytes):
        return scan_header(stream)
    content = stream.content
    layout = _LAYOUTS.get(len(content))
    if layout is not None and layout.scanned is not None and layout.fits(content):
        return _moved(layout.scanned, content)
    scanned = scan_header(stream)
    if layout is not None and scanned is not None:
        layout.learn(content, scanned)
    elif layout is None:
        if len(_LAYOUTS) >= MOST_SIZES:
            _LAYOUTS.clear()
        _LAYOUTS[len(content)] = _Layout()
    return scanned


def _moved(scanned: ScannedHeader, content: bytes) -> ScannedHeader:
    """Return the header of a file that has the same elements in the same places."""
    meta, dataset, transfer_syntax, pixels = scanned
    return ScannedHeader(meta.in_other(content), dataset.in_other(content), transfer_syntax, pixels)
