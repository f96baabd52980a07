"""The structure of a dataset that deviates: which elements it has, and where their values are.

Every deviation is noted.  Depth and work are bounded, and nothing is read past the end of the file.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import NamedTuple, TypeVar

from dcmconv.plugin import InputError
from dcmconv_builtins.dicom.file.encoding import PIXEL_KEYWORDS, UNDEFINED_LENGTH, Encoding
from dcmconv_builtins.dicom.file.tolerant.element_headers import (
    ITEM,
    ITEM_END,
    SEQUENCE_END,
    ElementHeader,
    HeaderReader,
    tag_name,
    vr_of_dictionary,
)
from dcmconv_builtins.dicom.hints import DAMAGED

__all__ = ["Item", "Node", "StructureParser"]

Result = TypeVar("Result")
_DEEPEST = 64
_ROWS = 0x00280010
_TOP = -1
_SWAPPED = (0xFEFF00E0, 0xFEFFDDE0)
"""Items and delimiters in the other byte order."""
_DELIMITERS = ((ITEM_END, 0), (SEQUENCE_END, 0))
_ENCODINGS = (Encoding(True, True), Encoding(False, True), Encoding(False, False))


class Node(NamedTuple):
    """An element; ``items`` are those of a sequence, else None."""

    header: ElementHeader
    encoding: Encoding
    items: list[Item] | None


class Item(NamedTuple):
    """The elements of an item, or of the whole dataset."""

    elements: list[Node]
    encoding: Encoding


class _CutError(Exception):
    """The file ends early."""


class TopLevel(NamedTuple):
    """The elements of a dataset up to its pixels, and the header of the pixel data element."""

    elements: list[Node]
    pixels: ElementHeader | None
    is_cut: bool


class _Scope(NamedTuple):
    """Where elements are: up to which offset, in which encoding, and inside which sequence."""

    end: int
    encoding: Encoding
    depth: int = 0
    sequence: int = _TOP

    def inside(self, header: ElementHeader, end: int) -> _Scope:
        """Return the scope of the items of a sequence."""
        return _Scope(end, self.encoding, self.depth + 1, header.tag)


class _Content(NamedTuple):
    """The elements of an item; ``following`` is the offset of what follows it."""

    elements: list[Node]
    following: int
    is_last: bool = False


class StructureParser:
    """Finds the structure of a dataset, and collects how it deviates.

    Its methods raise ``_CutError`` where the file ends early, and ``InputError`` for everything
    that has no reasonable reading.
    """

    def __init__(self, headers: HeaderReader) -> None:
        self.headers = headers
        self._deviations: dict[str, tuple[int, int]] = {}
        self._has_rows = False
        self._doubtful: int | None = None
        """A sequence that ended without a delimiter, or whose items cannot be read."""

    def deviations(self) -> list[str]:
        """Return one line for each kind of deviation."""
        lines = []
        for what, (count, first) in self._deviations.items():
            others = "" if count == 1 else f" (and {count - 1} more)"
            lines.append(f"the element {tag_name(first)}{others} {what}.")
        return lines or ["the dataset was read by the tolerant parser."]

    def dataset(self, position: int, encoding: Encoding) -> TopLevel:
        """Return the elements up to the pixels."""
        scope = _Scope(self.headers.size, encoding)
        elements: list[Node] = []
        while position < scope.end and not self._is_padding(position):
            try:
                node, position = self._element(position, scope, elements)
            except _CutError:
                return TopLevel(elements, None, is_cut=True)
            if node is None:
                continue
            if node.header.tag in PIXEL_KEYWORDS:
                return TopLevel(elements, node.header, is_cut=False)
            self._has_rows |= node.header.tag == _ROWS
            elements.append(node)
        return TopLevel(elements, None, is_cut=False)

    def _is_padding(self, position: int) -> bool:
        return not any(self.headers.bytes_at(position, 8)) and self.headers.has_only_zeros(position)

    def _note(self, tag: int, what: str) -> None:
        count, first = self._deviations.get(what, (0, tag))
        self._deviations[what] = count + 1, first

    def _attempt(self, read: Callable[[], Result]) -> Result | InputError | _CutError:
        """Return what ``read`` returns; if it fails, its error, and nothing it noted is kept."""
        kept = dict(self._deviations)
        try:
            return read()
        except (InputError, _CutError) as error:
            self._deviations = kept
            return error

    def _element(self, position: int, scope: _Scope, before: list[Node]) -> tuple[Node | None, int]:
        """Return an element and the offset of the next; no element for a stray delimiter."""
        last = before[-1].header.tag if before else scope.sequence
        found = self.headers.tag_and_length(position, scope.encoding)
        if found is None:
            raise _CutError
        if found in _DELIMITERS:
            if self._doubtful is not None:
                raise InputError(
                    f"where the sequence {tag_name(self._doubtful)} ends cannot be determined.",
                    hint=DAMAGED,
                )
            if not self.headers.follows(position + 8, scope.end, last, scope.encoding):
                raise _senseless(last)
            self._note(
                last, "is followed by a delimiter that closes nothing; ignored the delimiter"
            )
            return None, position + 8
        try:
            header = self.headers.element(position, scope.end, scope.encoding)
        except LookupError:
            raise _senseless(last) from None
        if header.oddity:
            self._note(header.tag, header.oddity)
        if scope.depth == 0 and header.tag in PIXEL_KEYWORDS:
            return Node(header, scope.encoding, None), position
        return self._value(header, scope)

    def _value(self, header: ElementHeader, scope: _Scope) -> tuple[Node, int]:
        vr = header.vr or vr_of_dictionary(header.tag)
        if header.length is None:
            return self._undefined(header, vr, scope)
        if header.end > scope.end:
            raise self._overrun(header, scope)
        if vr == "SQ":
            return self._sequence_of_length(header, scope)
        return Node(header, scope.encoding, None), header.end

    def _sequence_of_length(self, header: ElementHeader, scope: _Scope) -> tuple[Node, int]:
        inner = scope.inside(header, header.end)
        read = self._attempt(lambda: self._sequence(header, inner, scope))
        if isinstance(read, tuple) and read[1] == header.end:
            if not self._is_item(header.end, scope.encoding):
                return Node(header, scope.encoding, read[0]), header.end
        elif self.headers.follows(header.end, scope.end, header.tag, scope.encoding):
            self._doubtful = header.tag
            # Its length is right; reading its items makes ``Elements`` add a note.
            return Node(header, scope.encoding, None), header.end
        self._note(header.tag, "is a sequence of a wrong length; it ends after its last item")
        endless = header._replace(length=None)
        items, following = self._sequence(endless, scope.inside(header, scope.end), scope)
        return Node(header, scope.encoding, items), following

    def _is_item(self, position: int, encoding: Encoding) -> bool:
        found = self.headers.tag_and_length(position, encoding)
        return found is not None and found[0] == ITEM

    def _undefined(self, header: ElementHeader, vr: str, scope: _Scope) -> tuple[Node, int]:
        """Return an element of undefined length: a sequence, or fragments."""
        first = self.headers.tag_and_length(header.start, scope.encoding)
        if vr == "UN" or (first and first[0] in _SWAPPED):
            return self._unknown(header, scope)
        if vr in ("OB", "OW"):
            following = self._fragments(header, scope)
            # Without the delimiter, which has 8 bytes.
            length = following - 8 - header.start
            return Node(header._replace(length=length), scope.encoding, None), following
        items, following = self._sequence(header, scope.inside(header, scope.end), scope)
        return Node(header, scope.encoding, items), following

    def _unknown(self, header: ElementHeader, scope: _Scope) -> tuple[Node, int]:
        """Read UN of undefined length, a sequence in implicit little endian (PS3.5 6.2.2).

        Some writers keep the encoding of the dataset; the one with the fewest deviations is right.
        """
        failure: Exception = _senseless(header.tag)
        before, best = dict(self._deviations), None
        # The encoding of the dataset first: it wins a tie.
        for encoding in dict.fromkeys([scope.encoding, *_ENCODINGS]):
            found = self.headers.tag_and_length(header.start, encoding)
            if found is None or found[0] not in (ITEM, SEQUENCE_END):
                continue
            inner = scope.inside(header, scope.end)._replace(encoding=encoding)
            read = self._attempt(partial(self._sequence, header, inner, scope))
            if not isinstance(read, tuple):
                failure = read
                continue
            if best is None or len(self._deviations) < len(best[2]):
                best = encoding, read, self._deviations
            self._deviations = dict(before)
        if best is None:
            raise failure
        encoding, (items, following), self._deviations = best
        self._note(
            header.tag,
            "has an undefined length; its items were read as "
            f"{'implicit' if encoding.is_implicit else 'explicit'} VR "
            f"{'little' if encoding.is_little_endian else 'big'} endian",
        )
        return Node(header, encoding, items), following

    def _fragments(self, header: ElementHeader, scope: _Scope) -> int:
        """Return the offset after the fragments of an encapsulated value (PS3.5 A.4)."""
        position = header.start
        while True:
            found = self.headers.tag_and_length(position, scope.encoding)
            if found is None or position > scope.end:
                raise _CutError
            tag, length = found
            position += 8
            if tag == SEQUENCE_END:
                return position
            if tag != ITEM or length == UNDEFINED_LENGTH:
                raise _senseless(header.tag)
            position += length

    def _sequence(
        self, header: ElementHeader, scope: _Scope, outer: _Scope
    ) -> tuple[list[Item], int]:
        """Return the items of a sequence, and the offset of what follows it."""
        if scope.depth > _DEEPEST:
            raise InputError(
                f"sequences are nested more than {_DEEPEST} deep; real files have a few levels.",
                hint=DAMAGED,
            )
        items: list[Item] = []
        position, encoding = header.start, scope.encoding
        while header.length is None or position < scope.end:
            found = self.headers.tag_and_length(position, encoding)
            if found is None:
                raise _CutError
            tag, length = found
            if tag == SEQUENCE_END:
                return items, self._behind_delimiter(position, length, outer, header.tag)
            if tag != ITEM:
                self._check_end(header, position, outer)
                return items, position
            content = self._item(position + 8, length, scope)
            items.append(Item(content.elements, encoding))
            position = content.following
            if content.is_last:
                break
        return items, position

    def _check_end(self, header: ElementHeader, position: int, outer: _Scope) -> None:
        """Check that a sequence without a delimiter ends before an element that may follow it."""
        found = self.headers.tag_and_length(position, outer.encoding)
        if (
            found is None
            or header.length is not None
            or not header.tag < found[0] < ITEM
            or not self.headers.follows(position, outer.end, header.tag, outer.encoding)
        ):
            raise _senseless(header.tag)
        self._doubtful = header.tag
        self._note(header.tag, "is a sequence without a delimiter; it ends after its last item")

    def _item(self, position: int, length: int, scope: _Scope) -> _Content:
        """Return an item that begins at a position."""
        if length == UNDEFINED_LENGTH:
            return self._open_item(position, scope)
        read = self._attempt(lambda: self._item_of_length(position, length, scope))
        if isinstance(read, _Content):
            return read
        again = self._attempt(lambda: self._open_item(position, scope))
        if not isinstance(again, _Content):
            raise read
        self._note(scope.sequence, "has an item of a wrong length; it ends before the next item")
        return again

    def _item_of_length(self, position: int, length: int, scope: _Scope) -> _Content:
        """Return an item that ends where its length says."""
        end = position + length
        if end > scope.end:
            raise self._overrun(ElementHeader(scope.sequence, None, position, length), scope)
        elements: list[Node] = []
        while position < end:
            node, position = self._element(position, scope._replace(end=end), elements)
            if node is not None:
                elements.append(node)
        return _Content(elements, position)

    def _open_item(self, position: int, scope: _Scope) -> _Content:
        """Return an item that ends with a delimiter, or where it has to end without one."""
        elements: list[Node] = []
        while True:
            found = self.headers.tag_and_length(position, scope.encoding)
            if found is None:
                raise _never_closed(scope.sequence, elements)
            content = self._end_of_item(position, found, elements, scope)
            if content is not None:
                return content
            node, position = self._element(position, scope, elements)
            if node is not None:
                elements.append(node)

    def _end_of_item(
        self, position: int, found: tuple[int, int], elements: list[Node], scope: _Scope
    ) -> _Content | None:
        """Return an item if it ends at a position, else None."""
        tag, length = found
        if tag == ITEM_END:
            following = self._behind_delimiter(position, length, scope, scope.sequence)
            return _Content(elements, following)
        if tag == SEQUENCE_END:
            self._note(scope.sequence, "has an item that only the delimiter of the sequence ends")
            following = self._behind_delimiter(position, length, scope, scope.sequence)
            return _Content(elements, following, is_last=True)
        if tag == ITEM:
            self._note(scope.sequence, "has an item without a delimiter")
            return _Content(elements, position)
        are_pixels = tag in PIXEL_KEYWORDS and self._has_rows
        if are_pixels and not any(node.header.tag == _ROWS for node in elements):
            # Pixels belong to what describes them.
            self._note(
                scope.sequence, "has an item that is never closed; it ends before the pixels"
            )
            return _Content(elements, position, is_last=True)
        return None

    def _behind_delimiter(self, position: int, length: int, outer: _Scope, sequence: int) -> int:
        """Return the offset after a delimiter; its length should be 0, and may be real or not."""
        position += 8
        if length == 0:
            return position
        ends = [
            each
            for each in (position, position + length)
            if self.headers.follows(each, outer.end, -1, outer.encoding)
        ]
        if len(ends) != 1:
            raise InputError(
                f"the sequence {tag_name(sequence)} has a delimiter of a length other than 0.",
                hint=DAMAGED,
            )
        self._note(sequence, "has a delimiter of a length other than 0")
        return ends[0]

    def _overrun(self, header: ElementHeader, scope: _Scope) -> InputError | _CutError:
        """Return why a value is longer than what is left: the file is cut, or the length wrong."""
        name = tag_name(header.tag)
        # Only a value that passes the end of the file can show that the file is cut.
        if scope.end < self.headers.size:
            return InputError(f"the element {name} is longer than its item.", hint=DAMAGED)
        if not self.headers.has_whole_pixels(header.start, scope.encoding):
            return _CutError()
        return InputError(
            f"the length of the element {name} is more than the rest of the file, but "
            "Pixel Data (7FE0,0010) follows it.",
            hint=DAMAGED,
        )


def _senseless(last: int) -> InputError:
    if last == _TOP:
        return InputError("the dataset does not begin with a valid element.", hint=DAMAGED)
    return InputError(
        f"no valid element follows {tag_name(last)}; its length or what follows is damaged.",
        hint=DAMAGED,
    )


def _never_closed(sequence: int, elements: list[Node]) -> InputError | _CutError:
    if not any(node.header.tag in PIXEL_KEYWORDS for node in elements):
        return _CutError()
    return InputError(
        f"the sequence {tag_name(sequence)} is never closed; whether Pixel Data (7FE0,0010) is "
        "inside or after it cannot be determined.",
        hint=DAMAGED,
    )
