"""Markdown for the reference pages."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

__all__ = ["code", "fenced", "table", "tidy"]


def code(value: Any) -> str:
    """Return a value as inline code; an empty one as nothing."""
    return f"`{value}`" if str(value) else ""


def fenced(text: str, language: str = "text") -> str:
    """Return a code block."""
    return f"```{language}\n{text}\n```"


def table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    """Return a table."""
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join("| " + " | ".join(map(_cell, line)) + " |" for line in lines)


def tidy(text: str) -> str:
    """Replace the double backquotes of reST by the single ones of Markdown."""
    return re.sub(r"``([^`\n]+)``", r"`\1`", text).strip()


def _cell(text: str) -> str:
    return str(text).replace("|", "\\|").replace("\n", " ")
