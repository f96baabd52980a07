"""Several pixel data elements in one dataset: which of them is the picture.

Some converters put the content of a thumbnail, which is a sequence item, directly into the dataset:
group 0028 and Pixel Data (7FE0,0010) of the thumbnail, then those of the image, or the other way
round.  Readers disagree about which one counts, so the description has to decide.
"""

from __future__ import annotations

from typing import NamedTuple

from dcmconv.plugin import DcmconvError, InputError
from dcmconv_builtins.dicom.file.elements import Elements, Notes, named
from dcmconv_builtins.dicom.file.part10 import Part10, PixelElement, find_pixel_element
from dcmconv_builtins.dicom.pixels.image_pixel import describe_pixels
from dcmconv_builtins.dicom.pixels.pixel_description import PixelDescription

__all__ = ["check_nothing_follows", "with_the_image"]

_MOST = 8
_THUMBNAIL = 4
"""An image has at least this many times the pixels of its thumbnail."""
_HINT = "Ask the sender which one is the picture, and for a file with only that."


class _Candidate(NamedTuple):
    """A pixel data element, and the elements before it; ``description`` is None if it fits none."""

    top: Elements
    pixels: PixelElement
    description: PixelDescription | None


def with_the_image(part10: Part10) -> Part10:
    """Return a file whose pixels are the image, if it has a second pixel data element.

    Raises
    ------
    InputError
        If nothing shows which of them is the picture.
    """
    pixels = part10.pixels
    if pixels is None or pixels.length is None or pixels.length >= pixels.available:
        return part10
    end = pixels.offset + pixels.length
    candidates = [_candidate(part10.top, pixels), *_find_more(part10, end)]
    if len(candidates) == 1:
        return part10
    chosen = _choose(candidates)
    if chosen is None:
        raise _ambiguous(candidates)
    part10.top.notes.add(
        f"{named(pixels.keyword)} occurs {len(candidates)} times; used the one of "
        f"{_size(chosen)} pixels, which its description fits, and ignored "
        f"{' and '.join(_size(other) for other in candidates if other is not chosen)}."
    )
    if chosen is candidates[0]:
        return part10
    return part10._replace(top=_merged(part10.top, chosen.top), pixels=chosen.pixels)


def check_nothing_follows(part10: Part10, end: int) -> None:
    """Check that no second pixel data element follows encapsulated pixels, which end at ``end``.

    Raises
    ------
    InputError
        If there is one.
    """
    pixels = part10.pixels
    further = _find_more(part10, end)
    if pixels is not None and further:
        raise _ambiguous([_Candidate(part10.top, pixels, None), *further])


def _find_more(part10: Part10, position: int) -> list[_Candidate]:
    """Return the pixel data elements after the first; none if other bytes follow it."""
    from dcmconv_builtins.dicom.file.pydicom_parser import parse_until_pixels

    found: list[_Candidate] = []
    top = part10.top
    while len(found) < _MOST and part10.may_continue_at(position):
        part10.stream.seek(position)
        try:
            dataset = parse_until_pixels(part10.stream, part10.encoding, Notes()).dataset
        except DcmconvError:
            return found
        pixels = find_pixel_element(part10.stream, part10.stream.tell(), part10.encoding)
        if pixels is None:
            return found
        # Without its own description, it has that of the previous one.
        top = Elements(dataset, Notes()) if "Rows" in dataset else top
        found.append(_candidate(top, pixels))
        if pixels.length is None:
            return found
        position = pixels.offset + pixels.length
    return found


def _candidate(top: Elements, pixels: PixelElement) -> _Candidate:
    try:
        description = describe_pixels(Elements(top.dataset, Notes()), pixels)
    except DcmconvError:
        return _Candidate(top, pixels, None)
    needed = (description.frame_bits * description.frame_count + 7) // 8
    # An encapsulated element has no length that could contradict its description.
    fits = pixels.length in (None, needed, needed + needed % 2)
    return _Candidate(top, pixels, description if fits else None)


def _choose(candidates: list[_Candidate]) -> _Candidate | None:
    """Return the only one that fits its description, or the one much larger than all others."""
    fitting = [candidate for candidate in candidates if candidate.description]
    fitting.sort(key=_area, reverse=True)
    if len(fitting) == 1 or (fitting and _area(fitting[0]) >= _THUMBNAIL * _area(fitting[1])):
        return fitting[0]
    return None


def _area(candidate: _Candidate) -> int:
    description = candidate.description
    return description.rows * description.columns if description else 0


def _size(candidate: _Candidate) -> str:
    description = candidate.description
    if description is None:
        return f"one of {candidate.pixels.length or 0} bytes"
    return f"{description.columns}x{description.rows}"


def _ambiguous(candidates: list[_Candidate]) -> InputError:
    first, second = (named(candidate.pixels.keyword) for candidate in candidates[:2])
    return InputError(
        f"{first} is followed by {second}; expected only one of them, and their descriptions "
        "do not show which one is the picture.",
        hint=_HINT,
    )


def _merged(first: Elements, chosen: Elements) -> Elements:
    """Return the first dataset with the Image Pixel Module, and all else, of the chosen one."""
    merged, own = first.dataset, chosen.dataset
    for tag in [tag for tag in merged.keys() if tag.group == 0x28]:  # noqa: SIM118 - no iteration
        del merged[tag]
    for tag in own.keys():  # noqa: SIM118 - iterating over a dataset converts its elements
        merged[tag] = own.get_item(tag)
    return Elements(merged, first.notes)
