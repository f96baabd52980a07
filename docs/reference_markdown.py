"""Markdown from values, for the reference pages."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

__all__ = ["code", "fenced", "table", "tidy"]


def code(value: Any) -> str:
    """Return a value as code; nothing for an empty one."""
    return f"`{value}`" if str(value) else ""


def fenced(text: str, language: str = "text") -> str:
    """Return a block of code."""
    return f"```{language}\n{text}\n```"


def table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    """Return a table."""
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join("| " + " | ".join(map(_cell, line)) + " |" for line in lines)


def tidy(text: str) -> str:
    """Turn reST's double backquotes to Markdown's single ones."""
    return re.sub(r"``([^`\n]+)``", r"`\1`", text).strip()


def _cell(text: str) -> str:
    return str(text).replace("|", "\\|").replace("\n", " ")
