"""The slow path: datasets parsed by pydicom, in any encoding, with the mistakes that writers make.

Parsing stops before the pixels, which are read frame by frame later.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import BinaryIO, NamedTuple

from pydicom.dataelem import RawDataElement
from pydicom.dataset import Dataset
from pydicom.filereader import read_dataset
from pydicom.tag import BaseTag

from dcmconv.plugin import InputError
from dcmconv_builtins.dicom.file.encoding import (
    FIRST_DELIMITER,
    KNOWN_VRS,
    PIXEL_KEYWORDS,
    UNDEFINED_LENGTH,
    Encoding,
)
from dcmconv_builtins.dicom.file.notes import Notes, parse_errors
from dcmconv_builtins.dicom.hints import COPY_AGAIN, DAMAGED

__all__ = ["Parsed", "check_repeated", "parse_meta", "parse_until_pixels", "skip_command_set"]

_META_ENCODING = Encoding(is_implicit=False, is_little_endian=True)
StopWhen = Callable[[BaseTag, str | None, int], bool]
_FUNCTIONAL_GROUPS = {0x52009229, 0x52009230}


class Parsed(NamedTuple):
    """A dataset up to its pixels, and what was unusual.

    ``is_cut`` says that it ends in the middle of an element, ``repeated`` which tags occur more
    than once, and ``has_unknown_vrs`` whether an explicit element has no known VR, or is a
    delimiter.
    """

    dataset: Dataset
    is_cut: bool
    repeated: list[int]
    has_unknown_vrs: bool


def skip_command_set(stream: BinaryIO, notes: Notes) -> None:
    """Skip a command set, which is always implicit little endian (PS3.7 6.3.1)."""
    with notes.catching_warnings():
        _parse(stream, Encoding(True, True), lambda tag, vr, length: tag.group != 0)


def parse_meta(stream: BinaryIO, notes: Notes, encoding: Encoding = _META_ENCODING) -> Dataset:
    """Parse File Meta Information, which should be explicit little endian (PS3.10 7.1).

    It ends before the first tag that is not above the one before: there a second group 0002 begins.

    Raises
    ------
    InputError
        If it is damaged.
    """
    with notes.catching_warnings():
        meta = _parse(stream, encoding, _UntilMetaEnds(stream))
    if meta and meta.original_encoding[0]:
        notes.add("File Meta Information is implicit VR; expected explicit VR.")
    return meta


def parse_until_pixels(stream: BinaryIO, encoding: Encoding, notes: Notes) -> Parsed:
    """Parse a dataset up to its pixels.

    Raises
    ------
    InputError
        If it is damaged.
    """
    until_pixels = _UntilPixels(stream)
    with notes.catching_warnings() as caught:
        dataset = _parse(stream, encoding, until_pixels)
        has_unknown_vrs = _has_unknown_vrs(dataset)
    # Where a file ends inside a sequence, pydicom only warns.
    is_cut = any("No tag to read" in str(warning.message) for warning in caught)
    return Parsed(
        dataset,
        is_cut or _ends_in_an_element(dataset, stream),
        until_pixels.repeated,
        has_unknown_vrs,
    )


class _UntilMetaEnds:
    """Stops before the first tag that is not in group 0002, or not above the one before."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._probed = stream.tell() + 6
        self._last = -1

    def __call__(self, tag: BaseTag, vr: str | None, length: int) -> bool:
        if self._stream.tell() == self._probed:
            return tag.group != 2
        is_past = tag.group != 2 or tag <= self._last
        self._last = int(tag)
        return is_past


class _UntilPixels:
    """Stops before the pixels, and collects the tags that occurred twice up to there."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        # pydicom asks about the first element twice if its VR is not as declared: when it has read
        # tag and VR, and again when it has read the whole header.
        self._probed = stream.tell() + 6
        self._seen: set[int] = set()
        self.repeated: list[int] = []

    def __call__(self, tag: BaseTag, vr: str | None, length: int) -> bool:
        if self._stream.tell() == self._probed:
            return tag in PIXEL_KEYWORDS
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
            # pydicom raises OSError without a number; one with a number comes from the disk.
            if error.errno is not None:
                raise
            raise InputError(
                "the file ends within a sequence.", hint=COPY_AGAIN, reason="truncated"
            ) from error
        if isinstance(error, RecursionError):
            raise InputError("the dataset is nested too deeply.", hint=DAMAGED) from error
        raise InputError("the dataset is damaged and cannot be read.", hint=DAMAGED) from error


def check_repeated(tags: list[int], notes: Notes) -> None:
    """Accept a repeated element only outside the Image Pixel Module: readers disagree about it.

    Raises
    ------
    InputError
        If an element that describes the pixels occurs twice.
    """
    for tag in tags:
        name = f"({tag >> 16:04X},{tag & 0xFFFF:04X})"
        if 0x00280002 <= tag <= 0x00280107:
            raise InputError(
                f"the element {name}, which describes the pixels, occurs twice.", hint=DAMAGED
            )
        notes.add(f"the element {name} occurs twice; the last one was used.")


def _has_unknown_vrs(dataset: Dataset) -> bool:
    """Whether an explicit element, also of a sequence that is parsed already, has no known VR.

    An item or a delimiter where an element should be is as bad.
    """
    is_explicit = not dataset.original_encoding[0]
    for tag in _FUNCTIONAL_GROUPS & dataset.keys():
        # They describe the pixels too; ``Elements`` notes it if they cannot be parsed.
        with suppress(*parse_errors()):
            dataset[tag]
    for element in dataset.values():
        if element.tag >= FIRST_DELIMITER:
            return True
        if isinstance(element, RawDataElement):
            if is_explicit and element.VR not in KNOWN_VRS:
                return True
        elif element.VR == "SQ" and any(_has_unknown_vrs(each) for each in element.value):
            return True
    return False


def _ends_in_an_element(dataset: Dataset, stream: BinaryIO) -> bool:
    """Whether the file ends before its last value does, or within the header of one more element.

    pydicom stops at both silently.
    """
    last = None
    for last in dataset.values():  # noqa: B007 - in the order of the file; only the last is wanted
        pass
    if not isinstance(last, RawDataElement) or last.length == UNDEFINED_LENGTH:
        return _has_leftover(stream, stream.tell())
    is_short = len(last.value or b"") < last.length
    return is_short or _has_leftover(stream, last.value_tell + last.length)


def _has_leftover(stream: BinaryIO, end: int) -> bool:
    """Whether a few bytes follow the last element, fewer than an element header has."""
    position = stream.tell()
    stream.seek(end)
    rest = stream.read(8)
    stream.seek(position)
    return 0 < len(rest) < 8 and any(rest)
