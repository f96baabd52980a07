"""The text of a title: a template filled from a picture, ready to be laid out."""

from __future__ import annotations

import unicodedata
from functools import lru_cache

from dcmconv.plugin import Picture, Template, UsageError
from dcmconv_builtins.lettering.fonts import FontSet

__all__ = ["caption_of", "check_template"]


def check_template(text: str) -> None:
    """Check a template when the option is read.

    Raises
    ------
    ValueError
        With the message and hint of the template.
    """
    try:
        Template(text)
    except UsageError as error:
        raise ValueError(f"{error.message} {error.hint}") from None


def caption_of(template: str, picture: Picture, fonts: FontSet) -> tuple[tuple[str, ...], str]:
    r"""Fill a template and make it drawable.

    Fields are attributes, ``frame`` and ``frames``.  A line end in the template (also ``\n`` typed
    as two characters) starts a new line; one inside a value becomes a space.

    Returns
    -------
    tuple of str, str
        The lines, none if there is nothing to draw; and a note, empty if there is none.  It names
        no characters, which may come from a patient's name.
    """
    filled = _parsed(template).fill(
        picture.attributes,
        own={"frame": picture.frame_number, "frames": picture.frame_count},
        clean=_on_one_line,
    )
    text, missing = fonts.drawable(filled)
    if not text.strip():
        return (), ""
    return tuple(text.split("\n")), _note(text, missing)


@lru_cache(maxsize=64)
def _parsed(template: str) -> Template:
    return Template(template.replace("\\n", "\n"))


def _on_one_line(text: str) -> str:
    return " ".join(text.split())


def _note(text: str, missing: int) -> str:
    if missing:
        return (
            f"{missing} {'character has' if missing == 1 else 'characters have'} no glyph and "
            "became '?' in the title; name a font file with the option font."
        )
    if text.isascii():
        return ""
    if any(unicodedata.bidirectional(character) in {"R", "AL"} for character in text):
        return "Right-to-left text in the title is drawn left to right, its letters not joined."
    return ""
