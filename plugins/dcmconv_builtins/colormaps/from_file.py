"""Colormap ``file``: the colors of a CSV file or of an ImageJ ``.lut`` file."""

from __future__ import annotations

import hashlib
import math
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, ClassVar

import numpy as np
from numpy.typing import NDArray

from dcmconv.plugin import Colormap, ColorTable, Opt, UsageError

__all__ = ["FromFile", "parse_color_table"]

MAX_BYTES = 1 << 20
"""The largest color table; a volume given by mistake is not read."""

_PLANES_BYTES = 768
_IMAGEJ_HEADER = b"ICOL"
_IMAGEJ_HEADER_BYTES = 32
_FORMATS = "Give a text file of 2 to 256 lines 'red,green,blue', or an ImageJ .lut of 768 bytes."

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class FromFile(Colormap):
    """The colors of a file: CSV (one red,green,blue per line) or ImageJ ``.lut``, text or binary.

    ``path`` is made absolute when the component is made, so that a worker in another folder reads
    the same file; the file is read when its colors or its fingerprint are needed.
    """

    shorthand: ClassVar[tuple[tuple[str, ...], ...]] = (("path",),)

    path: Annotated[
        str,
        Opt(
            "File of 2 to 256 colors, 0 to 255 or 0 to 1; fewer than 256 are interpolated",
            examples=("magma.csv", "fire.lut"),
        ),
    ]

    def __post_init__(self) -> None:
        if not self.path:
            raise ValueError("path is empty")
        object.__setattr__(self, "path", os.path.abspath(self.path))  # noqa: PTH100 - no resolving of links

    def table(self) -> ColorTable:
        """Return the colors.

        Raises
        ------
        UsageError
            If the file cannot be read or is not a color table; the message gives the line number.
        """
        return parse_color_table(self._content(), self.path)

    def fingerprint(self) -> str:
        """Return the SHA-256 of the file; raises ``UsageError`` if it cannot be read."""
        return hashlib.sha256(self._content()).hexdigest()

    def _content(self) -> bytes:
        try:
            with Path(self.path).open("rb") as stream:
                # One byte more, to notice that a file is too large.
                return stream.read(MAX_BYTES + 1)
        except OSError as error:
            raise UsageError(
                f"The colormap file {self.path} cannot be read: {error.strerror or error}.",
                hint="Give the path of a file that can be read: -c file:path=COLORS.csv",
            ) from error


def parse_color_table(content: bytes, where: str) -> ColorTable:
    r"""Return the color table in the bytes of a file; its content decides the format.

    Parameters
    ----------
    content : bytes
        Text of 2 to 256 lines of red, green and blue, separated by commas, semicolons or spaces;
        of four columns, the first is an index that counts from 0.  A header line, empty lines and
        lines that start with ``#`` are skipped.  Numbers go up to 255, or to 1 if none is greater.
        Or 256 bytes of red, of green and of blue, after ImageJ's header of 32 bytes or none.
    where : str
        The file's name, for messages.

    Returns
    -------
    uint8 array, shape (256, 3)
        Fewer than 256 colors are spread evenly and interpolated; half a level is rounded up.

    Raises
    ------
    UsageError
        If the bytes are in neither format.

    >>> parse_color_table(b"0,0,0\n255,0,0", "red.csv")[[0, 51, 255]].tolist()
    [[0, 0, 0], [51, 0, 0], [255, 0, 0]]
    """
    planes = _find_planes(content)
    if planes is not None:
        # A copy, because frombuffer() gives a read-only view.
        return np.frombuffer(planes, dtype=np.uint8).reshape(3, 256).T.copy()
    if len(content) > MAX_BYTES or not _is_text(content):
        raise UsageError(f"{where} is not a color table.", hint=_FORMATS)
    return _spread(_read_colors(content.decode("utf-8-sig"), where))


def _find_planes(content: bytes) -> bytes | None:
    # Text may have this length too: 64 lines of '255,255,255'.
    if len(content) == _PLANES_BYTES and not _is_text(content):
        return content
    if len(content) == _IMAGEJ_HEADER_BYTES + _PLANES_BYTES and content.startswith(_IMAGEJ_HEADER):
        return content[_IMAGEJ_HEADER_BYTES:]
    return None


def _is_text(content: bytes) -> bool:
    try:
        # Spreadsheets may write a byte order mark.
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return False
    return all(character.isprintable() or character in "\t\r\n" for character in text)


def _read_colors(text: str, where: str) -> FloatArray:
    rows = list(_numbered_rows(text, where))
    if not 2 <= len(rows) <= 256:
        raise UsageError(f"{where} has {len(rows)} colors; expected 2 to 256.", hint=_FORMATS)
    columns = len(rows[0][1])
    if columns not in {3, 4}:
        raise UsageError(
            f"{where}, line {rows[0][0]}: expected red, green and blue, got {columns} numbers.",
            hint=_FORMATS,
        )
    for index, (line_number, numbers) in enumerate(rows):
        _check_row(numbers, columns, index, f"{where}, line {line_number}")
    colors = np.array([numbers[-3:] for _, numbers in rows])
    return colors if colors.max() > 1 else colors * 255


def _numbered_rows(text: str, where: str) -> Iterator[tuple[int, list[float]]]:
    """Yield each row of numbers with its line number; the first line may be a header."""
    is_first = True
    for line_number, line in enumerate(text.splitlines(), start=1):
        content = line.strip()
        if not content or content.startswith("#"):
            continue
        fields = [field.strip('"') for field in re.split(r"\s*[,;]\s*|\s+", content)]
        numbers = [_find_number(field) for field in fields]
        if None not in numbers:
            yield line_number, [number for number in numbers if number is not None]
        elif not is_first or any(number is not None for number in numbers):
            raise UsageError(
                f"{where}, line {line_number}: expected numbers, got {content[:40]!r}.",
                hint=_FORMATS,
            )
        is_first = False


def _find_number(field: str) -> float | None:
    try:
        return float(field)
    except ValueError:
        return None


def _check_row(numbers: list[float], columns: int, index: int, where: str) -> None:
    if len(numbers) != columns:
        raise UsageError(
            f"{where}: expected {columns} numbers as in the first row, got {len(numbers)}.",
            hint=_FORMATS,
        )
    if columns == 4 and numbers[0] != index:
        raise UsageError(
            f"{where}: the first of four numbers is {numbers[0]:g}; expected the index {index}.",
            hint="Remove the index or alpha column: red,green,blue.",
        )
    for number in numbers[-3:]:
        if not (math.isfinite(number) and 0 <= number <= 255):
            raise UsageError(
                f"{where}: brightness is {number:g}; expected 0 to 255, or 0 to 1.",
                hint=_FORMATS,
            )


def _spread(colors: FloatArray) -> ColorTable:
    position = np.arange(256) * (len(colors) - 1) / 255
    index = np.arange(len(colors))
    channels = [np.interp(position, index, channel) for channel in colors.T]
    return np.floor(np.stack(channels, axis=-1) + 0.5).astype(np.uint8)
