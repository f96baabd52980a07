"""The contents of Markdown pages: code blocks with the comments before them, and links.

A comment before a block says what to do with it:

- ``<!-- file: NAME -->``: it is the content of that file;
- ``<!-- exit: CODE -->``: its last command ends with this exit code;
- ``<!-- needs: PACKAGE -->``, which may stand before one of the others: it is skipped where that
  package is not installed;
- ``<!-- not run: REASON -->``: it is skipped.
"""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from support.environments import ROOT

BLOCK = re.compile(
    r"^(?:<!-- needs: (?P<needs>\w+) -->\n)?"
    r"(?:<!-- (?P<word>file|exit|not run): (?P<what>.*?) -->\n)?"
    r"```(?P<language>\w+)\n(?P<code>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)
LINK = re.compile(r"(?<!`)\[[^\]\n]+\]\((?P<target>[^)\s]+)\)")


@dataclass(frozen=True)
class Block:
    """One fenced block: ``word``, ``what`` and ``needs`` are those of the comments before it."""

    language: str
    code: str
    word: str
    what: str
    line: int
    needs: str = ""

    @property
    def is_missing_a_package(self) -> bool:
        """Whether a package that it needs is not installed."""
        return bool(self.needs) and importlib.util.find_spec(self.needs) is None


def pages() -> list[Path]:
    """Return every hand-written page by name, without generated and internal ones."""
    left_out = {ROOT / "docs" / "reference", ROOT / "docs" / "changes"}
    found = [path for path in (ROOT / "docs").rglob("*.md") if path.parent not in left_out]
    return sorted([*ROOT.glob("README*.md"), *found])


def blocks(page: Path) -> Iterator[Block]:
    """Yield the blocks of a page in order."""
    text = page.read_text("utf-8")
    for found in BLOCK.finditer(text):
        line = text.count("\n", 0, found.start("code"))
        word, what = found["word"] or "", found["what"] or ""
        yield Block(found["language"], found["code"], word, what, line + 1, found["needs"] or "")


def fences(page: Path) -> int:
    """Count the lines that open or close a block, to see that ``blocks`` missed none."""
    return len(re.findall(r"^\s*```", page.read_text("utf-8"), re.MULTILINE))


def links(page: Path) -> Iterator[str]:
    """Yield the targets of links and images, except those in code."""
    text = BLOCK.sub("", page.read_text("utf-8"))
    yield from (found["target"] for found in LINK.finditer(text))


def anchors(page: Path) -> set[str]:
    """Return what a link may name after ``#``: the headings, as GitHub spells them."""
    headings = re.findall(r"^#+ (.+)$", BLOCK.sub("", page.read_text("utf-8")), re.MULTILINE)
    plain = [re.sub(r"[^\w\- ]", "", heading.lower()) for heading in headings]
    return {heading.strip().replace(" ", "-") for heading in plain}
