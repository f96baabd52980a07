"""The short form of a component, for flags: ``window:center=40,width=400``.

Values are text until the component's declaration says what they are.  Quotes and ``[]`` protect
commas; there are no backslash escapes, so Windows paths survive.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from dcmconv.chain.errors import NOWHERE, InvalidChain, Location, chain_error
from dcmconv.chain.spec import ComponentSpec, FrameRange, OutputSpec, Written
from dcmconv.errors import UsageError

__all__ = [
    "as_component",
    "frames_as_text",
    "output_of",
    "parse_component",
    "parse_frames",
    "parse_inline",
    "parse_value",
]

FORM = "Write NAME or NAME:KEY=VALUE,KEY=VALUE; quote a value that has a comma."
_NAME = re.compile(r"[A-Za-z0-9][\w.-]*(/[A-Za-z0-9][\w.-]*)?")
_KEY = re.compile(r"\s*([A-Za-z_]\w*)\s*=")


def parse_inline(text: str, flag: str = "") -> ComponentSpec:
    """Read a component in its short form.

    Parameters
    ----------
    text : str
        ``name`` or ``name:key=value,...``; ``id=`` names the component for ``--set``.  A value is
        text, ``"text, with commas"``, ``[a,b]`` or ``null``.
    flag : str
        The flag that it was given with, such as ``--normalize``, for problems.

    Raises
    ------
    ChainError
        If the text has another form; the message has the piece that does not fit.
    """
    try:
        return parse_component(text, Location(f"{flag} {text}", is_flag=True) if flag else NOWHERE)
    except InvalidChain as invalid:
        raise chain_error([invalid.problem]) from None


def as_component(value: str | Mapping[str, Any] | ComponentSpec, flag: str = "") -> ComponentSpec:
    """Return a spec for what Python callers pass: a short form, ``{"use": ...}`` or a spec."""
    if isinstance(value, ComponentSpec):
        return value
    if isinstance(value, str):
        return parse_inline(value, flag)
    options = dict(value)
    return ComponentSpec(str(options.pop("use", "")), options, str(options.pop("id", "")))


def parse_component(text: str, location: Location) -> ComponentSpec:
    """Read a short form that was written at ``location``; raises ``InvalidChain``."""
    name, colon, rest = text.strip().partition(":")
    if not _NAME.fullmatch(name):
        raise InvalidChain(location, f"'{text}' does not start with the name of a component.", FORM)
    if colon and not rest.strip():
        raise InvalidChain(location, f"'{text}' has no options after the colon.", FORM)
    options = _options(rest, text, location) if colon else {}
    identity = options.pop("id", "")
    written = {key: Written(location, location) for key in options}
    return ComponentSpec(name, options, str(identity or ""), location, written)


def output_of(component: ComponentSpec) -> OutputSpec:
    """Return the output of a writer in short form; ``name``, ``normalize``, ... leave its options.

    Raises
    ------
    ChainError
        If a component inside has another form.
    """
    try:
        return read_output(component)
    except InvalidChain as invalid:
        raise chain_error([invalid.problem]) from None


def read_output(component: ComponentSpec) -> OutputSpec:
    """Part a writer's options from its output's; raises ``InvalidChain``."""
    options, location = dict(component.options), component.location
    said: dict[str, Any] = {}
    for slot in ("normalize", "colormap"):
        if slot in options:
            said[slot] = parse_component(str(options.pop(slot) or "none"), location)
    if "steps" in options:
        texts = options.pop("steps")
        listed = [texts] if isinstance(texts, str) else texts or []
        said["steps"] = tuple(parse_component(str(text), location) for text in listed)
    if "invert" in options:
        said["invert"] = read_truth(options.pop("invert"), location)
    if "aspect" in options:
        said["aspect"] = str(options.pop("aspect"))
    name = str(options.pop("name", ""))
    return OutputSpec(
        writer=replace(component, options=options), name=name, name_location=location, **said
    )


def parse_value(text: str, location: Location = NOWHERE) -> Any:
    """Read one value that reaches to the end of the text; raises ``InvalidChain``."""
    value, end = _value(text, 0, "", location)
    if text[end:].strip():
        raise InvalidChain(
            location, f"'{text[end:].strip()}' follows the end of '{text[:end]}'.", FORM
        )
    return value


def read_truth(value: object, location: Location) -> bool:
    """Read ``true`` or ``false`` as flags write them; raises ``InvalidChain``."""
    words = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
    found = words.get(str(value).lower())
    if found is None:
        raise InvalidChain(location, f"invert is '{value}'.", "It takes true or false.")
    return found


def _options(rest: str, text: str, location: Location) -> dict[str, Any]:
    options: dict[str, Any] = {}
    position = 0
    while position <= len(rest):
        key = _KEY.match(rest, position)
        if key is None:
            piece = rest[position:].partition(",")[0].strip()
            raise InvalidChain(location, f"'{piece}' in '{text}' is not KEY=VALUE.", FORM)
        if key[1] in options:
            raise InvalidChain(
                location, f"'{key[1]}' is written twice in '{text}'.", "Leave one out."
            )
        options[key[1]], position = _value(rest, key.end(), ",", location)
        piece = rest[position:].partition(",")[0]
        if piece.strip():
            raise InvalidChain(
                location, f"'{piece.strip()}' in '{text}' follows a closed value.", FORM
            )
        position += len(piece) + 1
    return options


def _value(text: str, start: int, stops: str, location: Location) -> tuple[Any, int]:
    """Return the value that starts here, and where it ends."""
    while text[start : start + 1] == " ":
        start += 1
    opening = text[start : start + 1]
    if opening in {'"', "'"}:
        end = text.find(opening, start + 1)
        if end < 0:
            raise InvalidChain(location, f"The quote in '{text[start:]}' is not closed.", FORM)
        return text[start + 1 : end], end + 1
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
            raise InvalidChain(location, f"The list in '{text[start - 1 :]}' is not closed.", FORM)
        position = text.index(closing, position) + 1
        if not (closing == "]" and not items and item == ""):
            items.append(item)
        if closing == "]":
            return items, position


_RANGE = re.compile(r"([0-9]+)(?:(-)([0-9]+)?)?")

MOST_FRAMES = 2**31 - 1
"""What Number of Frames (0028,0008) can hold: an IS of 32 bits (PS3.5 table 6.2-1)."""


def parse_frames(text: str) -> tuple[FrameRange, ...]:
    """Read frame numbers; ``all`` gives no range, which means every frame.

    Raises
    ------
    UsageError
        If a piece is no number and no range, counts from 0, or runs backwards.
    """
    if text.strip() == "all":
        return ()
    return tuple(_range(piece.strip()) for piece in text.split(","))


def frames_as_text(frames: tuple[FrameRange, ...]) -> str:
    """Return the ranges in the form that ``parse_frames`` reads."""
    pieces = [
        str(first) if first == last else f"{first}-{'' if last is None else last}"
        for first, last in frames
    ]
    return ",".join(pieces) or "all"


def _range(piece: str) -> FrameRange:
    found = _RANGE.fullmatch(piece)
    if found is None:
        raise _refusal(piece, "is neither a frame number nor a range")
    if any(
        len(number or "") > 10 or int(number or 0) > MOST_FRAMES for number in found.group(1, 3)
    ):
        raise _refusal(piece, f"is more than there can be; there are at most {MOST_FRAMES} frames")
    first = int(found[1])
    last = (int(found[3]) if found[3] else None) if found[2] else first
    if first < 1:
        raise _refusal(piece, "counts from 0; frames count from 1")
    if last is not None and last < first:
        raise _refusal(piece, "runs backwards")
    return first, last


def _refusal(piece: str, what: str) -> UsageError:
    return UsageError(f"Frames: '{piece}' {what}.", hint="Write for example 1,3-5 or 10- or all.")
