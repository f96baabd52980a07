"""The fonts for drawn text: the bundled ones, or a font file of the user.

DejaVu Sans covers Latin, Greek, Cyrillic and symbols; a subset of Droid Sans Fallback the common
Chinese and Japanese characters.  A character that no font has is never drawn as an empty box.
"""

from __future__ import annotations

import io
import unicodedata
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

from dcmconv.plugin import UsageError

if TYPE_CHECKING:
    from PIL.ImageFont import FreeTypeFont

__all__ = ["BUNDLED", "FontSet"]

BUNDLED = ("DejaVuSans.ttf", "DroidSansFallback-subset.ttf")

PROBE_SIZE = 24.0
# Unicode never assigns it, so a font draws its sign for a missing glyph.
NONCHARACTER = "\U0010fffe"


@dataclass(frozen=True)
class FontSet:
    """Fonts in the order in which they are searched for a character.

    ``own`` is a font file of the user, searched before the bundled ones; empty for none.
    """

    own: str = ""

    @property
    def names(self) -> tuple[str, ...]:
        """Bundled file names and paths."""
        return (self.own, *BUNDLED) if self.own else BUNDLED

    def first(self, size: float) -> FreeTypeFont:
        """Return the first font, which decides line height and base line."""
        return _font(self.names[0], size)

    def runs(self, text: str, size: float) -> list[tuple[FreeTypeFont, str]]:
        """Split a drawable line into runs, each with the font that has its characters."""
        if self._has_ascii and text.isascii():
            return [(_font(self.names[0], size), text)] if text else []
        runs: list[tuple[str, str]] = []
        for character in text:
            name = self._holder(character) or self.names[0]
            if runs and runs[-1][0] == name:
                runs[-1] = (name, runs[-1][1] + character)
            else:
                runs.append((name, character))
        return [(_font(name, size), stretch) for name, stretch in runs]

    @property
    def _has_ascii(self) -> bool:
        """Whether the first font has every letter of ASCII, so that none has to be looked up."""
        return _has_ascii(self.names[0])

    def drawable(self, text: str) -> tuple[str, int]:
        """Replace each character that no font has by its base letter, or else by ``?``.

        Returns
        -------
        str, int
            The text without control characters other than line ends, and how many characters
            became ``?``.
        """
        if self._has_ascii and text.isascii() and text.replace("\n", "").isprintable():
            return text, 0
        parts: list[str] = []
        missing = 0
        # Composed, because the basic layout engine does not position combining accents.
        for character in unicodedata.normalize("NFC", text):
            if character == "\n" or self._holder(character):
                parts.append(character)
            elif unicodedata.category(character) not in {"Cc", "Cf"}:
                base = self._base_letters(character)
                missing += base == ""
                parts.append(base or "?")
        return "".join(parts), missing

    def _base_letters(self, character: str) -> str:
        letters = [
            letter
            for letter in unicodedata.normalize("NFKD", character)
            if not unicodedata.combining(letter)
        ]
        return "".join(letters) if all(map(self._holder, letters)) else ""

    def _holder(self, character: str) -> str:
        """Return the name of the first font that has the character, or an empty string."""
        return next((name for name in self.names if _has_glyph(name, character)), "")


@cache
def _content(name: str) -> bytes:
    if name in BUNDLED:
        return resources.files("dcmconv_builtins").joinpath("fonts", name).read_bytes()
    try:
        return Path(name).expanduser().read_bytes()
    except OSError as error:
        raise UsageError(
            f"The font {name} cannot be read: {error.strerror}.",
            hint="Give the path of a TrueType or OpenType file, or omit the option font.",
        ) from None


@lru_cache(maxsize=64)
def _font(name: str, size: float) -> FreeTypeFont:
    from PIL import ImageFont

    # Pillow always has the basic layout engine, so text looks the same everywhere.
    engine = ImageFont.Layout.BASIC
    try:
        # From memory: the file is read once for all sizes.
        return ImageFont.truetype(io.BytesIO(_content(name)), size, layout_engine=engine)
    except OSError:
        raise UsageError(
            f"The file {name} is not a font that FreeType can read.",
            hint="Give the path of a TrueType or OpenType file, or omit the option font.",
        ) from None


@lru_cache(maxsize=64)
def _has_ascii(name: str) -> bool:
    return all(_has_glyph(name, chr(code)) for code in range(32, 127))


@lru_cache(maxsize=16384)
def _has_glyph(name: str, character: str) -> bool:
    """Return whether a font has a character: a missing one is drawn like a noncharacter."""
    if character == " ":
        return True
    if unicodedata.category(character) in {"Cc", "Cf", "Cs", "Zl", "Zp"}:
        return False
    font = _font(name, PROBE_SIZE)
    drawn, blank = font.getmask(character), font.getmask(NONCHARACTER)
    return (drawn.size, bytes(drawn)) != (blank.size, bytes(blank))
