"""Names of pictures: from the input's name or a template, never outside the output folder."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from functools import cached_property, lru_cache
from os import fsencode
from typing import Any

from dcmconv.model.inputs import InputFile
from dcmconv.model.records import record
from dcmconv.model.template import Template
from dcmconv.run.journal.digests import hex_of

__all__ = [
    "LaneName",
    "NamedInput",
    "lane_names",
    "safe_name",
    "safe_path_part",
    "split_suffix",
]

STATE_FOLDER = ".dcmconv"
SALVAGED = "-salvaged"
"""Marks the name of every incomplete picture."""
HASH_DIGITS = 12
"""Of ``{hash}``: among a million inputs, two have the same by a chance of 1 in 560."""
LONGEST_FIELD = 100
LONGEST_COMPONENT = 240
"""Bytes; file systems allow 255, and the digits that make a taken name unique must still fit."""

_PUNCTUATION = frozenset("._-+=@,() ")
# Windows reserves the names of devices, with any suffix; superscript digits count too.
_RESERVED = re.compile(r"(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(\.|$)", re.IGNORECASE)
_ORDINARY = re.compile(
    rf"(?!{_RESERVED.pattern})[a-z0-9_](?:[a-z0-9_.+=@,() -]{{0,98}}[a-z0-9_+=@,()-])?",
    re.IGNORECASE | re.ASCII,
)
"""Matches most names that need no change, in one step instead of one per character."""
_HARMFUL = re.compile(r"[/\\\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]")
"""Separators of folders, and characters that control a terminal or the writing direction."""
_HASH = re.compile(r"[{|]hash[}|:]")
_SLASH_OF_FOLDER = "\ud800"
"""A lone surrogate: no header, file name or template decodes to it."""


def _missing(field: str) -> str:
    return f"no-{field}"


@record(frozen=True)
class NamedInput:
    """What a name is made from: the input's key, its attributes, and its number of frames.

    ``mark`` is appended to the name of an incomplete picture.  ``suffixes`` are those that the
    input's name loses, and ``source`` has its bytes, for ``{hash}``.
    """

    key: str
    attributes: Mapping[str, Any]
    frame_count: int
    mark: str = ""
    suffixes: tuple[str, ...] = ()
    source: InputFile | None = None


@record(frozen=True)
class LaneName:
    """How the pictures of one lane are named.

    ``template`` is empty for the input's own name; ``tag`` (``-jpg``) separates lanes that would
    otherwise give the same name.
    """

    template: str
    suffix: str
    tag: str = ""
    lane_id: str = ""

    def path_for(
        self,
        source: NamedInput,
        frame_number: int,
        *,
        missing: Callable[[str], str] = _missing,
    ) -> str:
        """Return the relative path of a picture, with forward slashes.

        Raises
        ------
        InputError
            If an attribute does not fit the format that the template gives it.
        """
        folder, stem = _own_name(source.key, source.suffixes)
        number = f"_{frame_number:04d}" if source.frame_count > 1 else ""
        if self.template:
            own = {
                "name": stem,
                "frame": frame_number,
                "frames": source.frame_count,
                "folder": folder.replace("/", _SLASH_OF_FOLDER) or _SLASH_OF_FOLDER,
                "output": self.lane_id,
            }
            # Only on demand: it reads all bytes of the input.
            if self._names_hash and source.source is not None:
                own["hash"] = source.source.content_hash[:HASH_DIGITS]
            folder, stem = _split(
                self._made.fill(source.attributes, own=own, missing=missing, clean=_safe_field)
            )
            # A template with {frame} numbers the frames itself.
            number = "" if "frame" in self._made.fields else number
            # A picture that is named .png would be hidden.
            stem = stem or ("" if number or self.tag else "_")
        name = safe_path_part(stem, f"{number}{self.tag}{source.mark}{self.suffix}")
        return f"{_safe_folder(folder)}{name}" if folder else name

    @cached_property
    def _made(self) -> Template:
        return Template(self.template)

    @cached_property
    def _names_hash(self) -> bool:
        return _HASH.search(self.template) is not None


@lru_cache(maxsize=16)
def lane_names(lanes: tuple[tuple[str, str, tuple[str, ...]], ...]) -> Mapping[str, LaneName]:
    """Return the naming of each lane, given ``(id, template, suffixes)`` of all lanes of a frame.

    The first suffix is the usual one of the writer.  A suffix that the template ends with is not
    added again: one of the writer is used as it is typed, one of another lane is dropped.
    """
    known = [suffix for _, _, suffixes in lanes for suffix in suffixes]
    split = []
    for lane_id, template, suffixes in lanes:
        stem, typed = split_suffix(template, suffixes)
        # --name "{name}.png" for two writers: x.png and x.jpg, not x.png.jpg.
        stem = stem if typed else split_suffix(template, known)[0]
        split.append((lane_id, stem, typed or suffixes[0]))
    # Lower case: a.PNG and a.png are one file on Windows and macOS.
    alike = Counter((template, suffix.lower()) for _, template, suffix in split)
    return {
        lane_id: LaneName(
            template,
            suffix,
            f"-{lane_id}" if alike[template, suffix.lower()] > 1 and _is_shared(template) else "",
            lane_id,
        )
        for lane_id, template, suffix in split
    }


def _is_shared(template: str) -> bool:
    return "output" not in Template(template).fields


def split_suffix(name: str, suffixes: Iterable[str]) -> tuple[str, str]:
    """Split the longest of the suffixes off a name, in any case; empty if it ends with none.

    A name that is nothing but a suffix stays whole.

    >>> split_suffix("head/vol.nii.GZ", [".gz", ".nii.gz"])
    ('head/vol', '.nii.GZ')
    """
    lower = name.lower()
    found = [each for each in suffixes if lower.endswith(each.lower())]
    length = max(map(len, found), default=0)
    stem = name[: len(name) - length]
    if not length or stem.endswith("/") or not stem:
        return name, ""
    return stem, name[len(stem) :]


def safe_name(text: str) -> str:
    """Turn any value into a part of a file name that is valid on every file system.

    Letters, digits and harmless punctuation stay; a name that had to be changed or cut gets 8 hex
    digits of the original's hash, so that two values never give the same name.

    Examples
    --------
    >>> safe_name("1.2.840.10008")
    '1.2.840.10008'
    >>> safe_name("../x")
    '_x-d6b96a97'
    """
    if _ORDINARY.fullmatch(text):
        return text
    # All pictures of a patient have the same name in a path, of 30 calls if it is not ASCII.
    return _remembered(text) if len(text) <= LONGEST_FIELD else _safe_name(text)


def _safe_name(text: str) -> str:
    kept = "".join(_kept(character) for character in unicodedata.normalize("NFKC", text))
    # A leading dot hides a file, Windows drops dots and spaces at the end, and other programs
    # take a leading dash for a flag.
    kept = _cut(kept.strip(" .").lstrip("-"), LONGEST_FIELD)
    if _RESERVED.match(kept):
        kept = f"_{kept}"
    return kept if kept == text else f"{kept or '_'}-{hex_of(text)}"


_remembered = lru_cache(maxsize=256)(_safe_name)


def safe_path_part(text: str, ending: str = "") -> str:
    """Return one part of a path that cannot leave its folder; ordinary names are unchanged."""
    name = f"{text}{ending}"
    if _ORDINARY.fullmatch(name):
        return name
    clean = _HARMFUL.sub("_", name)
    if _RESERVED.match(clean):
        clean = f"_{clean}"
    if clean.strip(". ") == "" or clean.casefold() == STATE_FOLDER:
        clean = f"_{clean.strip('. ')}"
    if clean == name and len(fsencode(clean)) <= LONGEST_COMPONENT:
        return clean
    stem = clean.removesuffix(ending) if ending else clean
    # 9 for the dash and the eight digits.
    return f"{_cut(stem, LONGEST_COMPONENT - len(fsencode(ending)) - 9)}-{hex_of(text)}{ending}"


def _safe_field(text: str) -> str:
    # Only {folder} keeps its slashes.
    if _SLASH_OF_FOLDER in text:
        return "/".join(map(safe_name, text.split(_SLASH_OF_FOLDER)))
    return safe_name(text)


# The inputs of one folder or series mostly share theirs.
@lru_cache(maxsize=256)
def _safe_folder(folder: str) -> str:
    """Return a folder with a slash at its end; empty for the output folder itself."""
    parts = (safe_path_part(part) for part in folder.split("/") if part not in ("", "."))
    return "".join(f"{part}/" for part in parts)


def _own_name(key: str, suffixes: tuple[str, ...]) -> tuple[str, str]:
    """Return the folder and the name of an input, without a suffix of its format."""
    folder, stem = _split(key)
    lower = stem.lower()
    # Not split_suffix, which takes more calls for every picture: these are sorted, longest first.
    for suffix in suffixes:
        if lower.endswith(suffix):
            # A file may be named ".dcm".
            return folder, stem[: -len(suffix)] or stem
    return folder, stem


def _split(path: str) -> tuple[str, str]:
    folder, _, stem = path.rpartition("/")
    return folder, stem


def _kept(character: str) -> str:
    # Unicode categories: L letters, M their combining marks, N digits.
    if character in _PUNCTUATION or unicodedata.category(character)[0] in "LMN":
        return character
    return "_"


def _cut(text: str, most: int) -> str:
    """Shorten to a number of bytes without splitting a character."""
    # "ignore" drops what is left of a character that was cut in the middle.
    return text.encode("utf-8", "surrogateescape")[:most].decode(
        "utf-8", "ignore" if len(fsencode(text)) > most else "surrogateescape"
    )
