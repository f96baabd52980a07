"""Values that are written as text: components in their short form, truth values, frame numbers.

The short form of a component is ``window:center=40,width=400``.  Values without a name, as in
``window:40,400``, come first; see ``chain.validate``.  Values stay text until they are checked
against the component's options.  Quotes and ``[]`` protect commas, and a value without a name that
contains ``=``; there are no backslash escapes, so Windows paths survive.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from dcmconv.chain.errors import NOWHERE, Location, invalid_chain
from dcmconv.chain.spec import ASPECTS, ComponentSpec, FrameRange, OutputSpec, Written
from dcmconv.errors import UsageError
from dcmconv.model.template import ATTRIBUTE

__all__ = [
    "COLUMN_NAME",
    "as_component",
    "as_output",
    "as_text",
    "check_aspect",
    "check_column",
    "check_tag",
    "frames_as_text",
    "output_as_text",
    "parse_component",
    "parse_decoder",
    "parse_frames",
    "parse_inline",
    "parse_value",
]

FORM = "Write NAME, NAME:VALUE or NAME:KEY=VALUE,KEY=VALUE; quote a value that contains a comma."
_NAME = re.compile(r"[A-Za-z0-9][\w.-]*(/[A-Za-z0-9][\w.-]*)?")
_KEY = re.compile(r"\s*([A-Za-z_]\w*)\s*=")
_TRUTH = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}

COLUMN_NAME = re.compile("[a-z][a-z0-9_-]*")
"""A column that is no attribute, or a list of attributes, such as ``article``."""

_RANGE = re.compile(r"([0-9]+)(?:(-)([0-9]+)?)?")
MAX_FRAMES = 2**31 - 1
"""What Number of Frames (0028,0008) can hold: an IS of 32 bits (PS3.5 table 6.2-1)."""


def parse_inline(text: str, flag: str = "") -> ComponentSpec:
    """Read a component in its short form, as given with a flag such as ``--normalize``.

    Raises
    ------
    ChainError
        As ``parse_component``; the message starts with the flag and its text.
    """
    return parse_component(text, Location(f"{flag} {text}", is_flag=True) if flag else NOWHERE)


def parse_component(text: str, location: Location = NOWHERE) -> ComponentSpec:
    """Read a component in its short form.

    Parameters
    ----------
    text : str
        ``name``, ``name:value,...`` or ``name:value,...,key=value,...``; ``id=`` names the
        component for ``--set``.  A value is text, ``"text, with commas"``, ``[a,b]`` or ``null``.
    location : Location
        Where the text was written, for error messages.

    Raises
    ------
    InvalidChainError
        If the text has another form; the message quotes the piece that does not fit.
    """
    name, colon, rest = text.strip().partition(":")
    if not _NAME.fullmatch(name):
        message = f"'{text}' does not start with the name of a component."
        raise invalid_chain(location, message, _meant(text.strip(), location))
    if colon and not rest.strip():
        raise invalid_chain(location, f"'{text}' has no options after the colon.", FORM)
    bare, start = _bare_values(rest, text, location) if colon else ((), 0)
    options = _options(rest, start, text, location) if colon else {}
    identity = options.pop("id", "")
    written = {key: Written(location, location) for key in options}
    return ComponentSpec(name, options, str(identity or ""), location, written, bare=bare)


def _meant(text: str, location: Location) -> str:
    """Return the hint for a text that is not the short form of a component."""
    before, _, after = text.replace("=", " ", 1).partition(" ")
    if after and _NAME.fullmatch(before):
        return f"Did you mean '{before}:{after.lstrip()}'?"
    names = text.split(",")
    if location.is_flag and len(names) > 1 and all(map(_NAME.fullmatch, names)):
        return "Name one component; for several outputs or steps, repeat the flag."
    return FORM


def parse_decoder(text: str, flag: str) -> tuple[str, ComponentSpec]:
    """Read a Transfer Syntax and its decoder, as given with a flag: ``UID=NAME[:OPTIONS]``.

    Raises
    ------
    InvalidChainError
        If the text has another form.
    """
    location = Location(f"{flag} {text}", is_flag=True)
    transfer_syntax, equals, component = text.partition("=")
    # Neither a UID nor a name has a colon: this = would belong to an option of a component.
    if not transfer_syntax.strip() or not equals or ":" in transfer_syntax:
        hint = "Write UID=NAME or UID=NAME:OPTIONS, with the UID or name of a Transfer Syntax."
        raise invalid_chain(location, "Expected UID=NAME.", hint)
    return transfer_syntax.strip(), parse_component(component, location)


def as_component(value: str | Mapping[str, Any] | ComponentSpec) -> ComponentSpec:
    """Return a spec for what Python callers pass: a short form, ``{"use": ...}`` or a spec.

    Raises
    ------
    UsageError
        If it is none of these.
    """
    if isinstance(value, ComponentSpec):
        return value
    if isinstance(value, str):
        return parse_component(value)
    if not isinstance(value, Mapping):
        raise UsageError(
            f"Expected a component, got {value!r:.80}.",
            hint="Write a name, 'NAME:KEY=VALUE', or a mapping with 'use'.",
        )
    options = dict(value)
    return ComponentSpec(str(options.pop("use", "")), options, str(options.pop("id", "")))


def as_output(component: ComponentSpec) -> OutputSpec:
    """Split a writer in short form into an output's own keys and the options of the writer.

    ``name``, ``normalize``, ``colormap``, ``steps``, ``invert`` and ``aspect`` are the output's.

    Raises
    ------
    InvalidChainError
        If a component inside has another form.
    """
    options, location = dict(component.options), component.location
    slots: dict[str, Any] = {}
    for slot in ("normalize", "colormap"):
        if slot in options:
            # colormap=null was read as None, and means the same as colormap=none.
            slots[slot] = parse_component(str(options.pop(slot) or "none"), location)
    if "steps" in options:
        texts = options.pop("steps")
        # A single step needs no brackets.
        listed = [texts] if isinstance(texts, str) else texts or []
        slots["steps"] = tuple(parse_component(str(text), location) for text in listed)
    if "invert" in options:
        slots["invert"] = _truth(options.pop("invert"), location)
    if "aspect" in options:
        slots["aspect"] = check_aspect(options.pop("aspect"), location)
    name = str(options.pop("name", ""))
    return OutputSpec(
        writer=replace(component, options=options), name=name, name_location=location, **slots
    )


def as_text(component: ComponentSpec) -> str:
    """Return the short form of a component, which ``parse_component`` reads.

    >>> as_text(ComponentSpec("resize", {"max": 9, "pad": True}))
    'resize:max=9,pad=true'
    """
    named = {"id": component.id} if component.id else {}
    pieces = [_text(value) for value in component.bare]
    pieces += [f"{key}={_text(value)}" for key, value in {**component.options, **named}.items()]
    return component.use + (f":{','.join(pieces)}" if pieces else "")


def output_as_text(output: OutputSpec) -> str:
    """Return the short form of an output: its writer with the output's own keys."""
    options = {**output.writer.options, "name": output.name, "invert": output.invert}
    options |= {"normalize": output.normalize, "colormap": output.colormap}
    options |= {"steps": output.steps, "aspect": output.aspect}
    given = {key: value for key, value in options.items() if value not in (None, "")}
    return as_text(replace(output.writer, options=given))


def _text(value: Any) -> str:
    """Return the text of a value that ``parse_value`` reads back."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (list, tuple)):
        return f"[{','.join(map(_text, value))}]"
    text = as_text(value) if isinstance(value, ComponentSpec) else str(value)
    if text and text == text.strip() and text != "null" and not set(text) & set(",[]=\"'"):
        return text
    return f"'{text}'" if '"' in text else f'"{text}"'


def parse_value(text: str, location: Location = NOWHERE) -> Any:
    """Read one value of the short form: text, a list, or None for ``null``.

    Raises
    ------
    InvalidChainError
        If a quote or a list is not closed, or text follows its end.
    """
    value, end = _value(text, 0, "", location)
    rest = text[end:].strip()
    if rest:
        raise invalid_chain(location, f"Unexpected '{rest}' after the value {text[:end]}.", FORM)
    return value


def _truth(value: object, location: Location) -> bool:
    truth = _TRUTH.get(str(value).lower())
    if truth is None:
        raise invalid_chain(
            location, f"invert: expected true or false, got '{value}'.", "Write invert=true."
        )
    return truth


def _bare_values(rest: str, text: str, location: Location) -> tuple[tuple[Any, ...], int]:
    """Read the values before the first ``key=``; return them, and where the rest starts."""
    values: list[Any] = []
    position = 0
    while position < len(rest) and not _KEY.match(rest, position):
        start = position
        value, position = _value(rest, start, ",", location)
        if position == start or not rest[start:position].strip():
            raise invalid_chain(location, f"A value is missing in '{text}'.", FORM)
        values.append(value)
        position = _after_comma(rest, position, text, location)
        # A comma at the end: one more value should follow.
        if position == len(rest):
            raise invalid_chain(location, f"A value is missing at the end of '{text}'.", FORM)
    return tuple(values), position


def _after_comma(rest: str, position: int, text: str, location: Location) -> int:
    """Return where the next piece starts: beyond the end if no comma follows."""
    piece = rest[position:].partition(",")[0]
    if piece.strip():
        message = f"Unexpected '{piece.strip()}' after a value in '{text}'."
        raise invalid_chain(location, message, FORM)
    return position + len(piece) + 1


def _options(rest: str, position: int, text: str, location: Location) -> dict[str, Any]:
    """Read ``key=value,...`` from a position; ``text`` is the whole short form, for messages."""
    options: dict[str, Any] = {}
    # <=: after a comma at the end, nothing is left, and that is not KEY=VALUE either.
    while position <= len(rest):
        key = _KEY.match(rest, position)
        if key is None:
            piece = rest[position:].partition(",")[0].strip()
            raise invalid_chain(location, f"'{piece}' in '{text}' is not KEY=VALUE.", FORM)
        if key[1] in options:
            raise invalid_chain(
                location, f"'{key[1]}' is given twice in '{text}'.", "Remove one of them."
            )
        options[key[1]], position = _value(rest, key.end(), ",", location)
        position = _after_comma(rest, position, text, location)
    return options


def _value(text: str, start: int, stops: str, location: Location) -> tuple[Any, int]:
    """Return the value that starts here, and where it ends: before one of ``stops``."""
    while text[start : start + 1] == " ":
        start += 1
    opening = text[start : start + 1]
    if opening in {'"', "'"}:
        end = text.find(opening, start + 1)
        if end < 0:
            raise invalid_chain(location, f"The quote in '{text[start:]}' is not closed.", FORM)
        return text[start + 1 : end], end + 1
    # Lists do not nest: inside of one, an opening bracket is text.
    if opening == "[" and "]" not in stops:
        return _list(text, start + 1, location)
    ends = [position for stop in stops if (position := text.find(stop, start)) >= 0]
    end = min(ends, default=len(text))
    raw = text[start:end].strip()
    return (None if raw == "null" else raw), end


def _list(text: str, start: int, location: Location) -> tuple[list[Any], int]:
    items: list[Any] = []
    position = start
    while True:
        item, position = _value(text, position, ",]", location)
        closing = text[position:].lstrip()[:1]
        if closing not in {",", "]"}:
            raise invalid_chain(location, f"The list in '{text[start - 1 :]}' is not closed.", FORM)
        position = text.index(closing, position) + 1
        # [] was read as one empty item.
        is_empty_list = closing == "]" and not items and item == ""
        if not is_empty_list:
            items.append(item)
        if closing == "]":
            return items, position


def check_aspect(value: object, location: Location = NOWHERE) -> str:
    """Return a word of ``ASPECTS``.

    Raises
    ------
    InvalidChainError
        If it is any other value.
    """
    if value not in ASPECTS:
        expected = "auto, square or keep"
        example = "--aspect keep" if location.is_flag else "aspect: keep"
        subject = "Expected" if location.is_flag else "aspect: expected"
        message = f"{subject} {expected}, got {value!r}."
        raise invalid_chain(location, message, f"For example: {example}")
    return str(value)


def check_tag(word: str, location: Location = NOWHERE) -> None:
    """Raise ``InvalidChainError`` unless a word has the form of a keyword, a tag or a path."""
    if not ATTRIBUTE.fullmatch(word):
        raise invalid_chain(
            location,
            f"'{word}' is neither a keyword nor a tag.",
            "Write a keyword such as PatientID, a tag such as '0010,0020', or a path such as "
            "'ReferencedImageSequence[0].ReferencedSOPInstanceUID'.",
        )


def check_column(word: str, location: Location = NOWHERE) -> None:
    """Raise ``InvalidChainError`` unless a tag table can have such a column, or list of them.

    Words in lower case are checked later: readers name lists of attributes.
    """
    if not COLUMN_NAME.fullmatch(word):
        check_tag(word, location)


def parse_frames(value: object) -> tuple[FrameRange, ...]:
    """Read frame numbers from 1: ``5``, ``"1,3-5,8-"`` or ``[1, "3-5"]``.

    An open range ends with the last frame of the instance.  ``all`` returns no range, which means
    every frame.

    Raises
    ------
    UsageError
        If a piece is not a number or a range, starts at 0, or ends before it starts.
    """
    listed = value if isinstance(value, (list, tuple)) else [value]
    for item in listed:
        if isinstance(item, bool) or not isinstance(item, (int, str)):
            raise _wrong_frames(item, "is neither a frame number nor a range")
    if not listed:
        raise UsageError("Frames: the list is empty.", hint="For example: 1,3-5 or 10- or all.")
    text = ",".join(str(item) for item in listed)
    if text.strip() == "all":
        return ()
    return tuple(_frame_range(piece.strip()) for piece in text.split(","))


def frames_as_text(frames: tuple[FrameRange, ...]) -> str:
    """Return the ranges in the form that ``parse_frames`` reads."""
    pieces = [
        str(first) if first == last else f"{first}-{'' if last is None else last}"
        for first, last in frames
    ]
    return ",".join(pieces) or "all"


def _frame_range(piece: str) -> FrameRange:
    match = _RANGE.fullmatch(piece)
    if match is None:
        raise _wrong_frames(piece, "is neither a frame number nor a range")
    numbers = [number for number in match.group(1, 3) if number]
    # Check the length first: Python refuses to convert thousands of digits.
    if any(len(number) > 10 or int(number) > MAX_FRAMES for number in numbers):
        raise _wrong_frames(piece, f"is too large: an instance has at most {MAX_FRAMES} frames")
    first = int(match[1])
    last = (int(match[3]) if match[3] else None) if match[2] else first
    if first < 1:
        raise _wrong_frames(piece, "starts at 0, but frame numbers start at 1")
    if last is not None and last < first:
        raise _wrong_frames(piece, "ends before it starts")
    return first, last


def _wrong_frames(piece: object, fault: str) -> UsageError:
    return UsageError(f"Frames: '{piece}' {fault}.", hint="For example: 1,3-5 or 10- or all.")
