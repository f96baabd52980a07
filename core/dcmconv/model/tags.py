"""Tags as people write them: ``0010,0020``, or with the brackets of the standard."""

from __future__ import annotations

import re

__all__ = ["is_tag", "plain_tag"]

_TAG = re.compile(r"[0-9A-Fa-f]{4},[0-9A-Fa-f]{4}")
_IN_BRACKETS = re.compile(rf"\(({_TAG.pattern})\)")


def plain_tag(word: str) -> str:
    """Return a tag without its brackets; any other word as it is.

    >>> plain_tag("(0010,0020)")
    '0010,0020'
    """
    found = _IN_BRACKETS.fullmatch(word)
    return found[1] if found else word


def is_tag(word: str) -> bool:
    """Say whether a word is ``GGGG,EEEE``, without brackets."""
    return _TAG.fullmatch(word) is not None
