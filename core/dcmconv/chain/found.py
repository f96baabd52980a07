"""The chain file of the current folder, which ``dcmconv run`` uses unless it is told another."""

from __future__ import annotations

import re
from pathlib import Path

__all__ = ["NO_CHAIN", "PYPROJECT", "chain_in_use"]

NO_CHAIN = "none"
"""What ``--chain`` is given to use no chain file."""

PYPROJECT = "pyproject.toml"
_CHAIN_FILES = ("dcmconv.yaml", "dcmconv.yml")
# Also without its bracket: the loader then says what is wrong, and nothing is ignored silently.
_TABLE = re.compile(rb"^\s*\[+\s*tool\s*\.\s*(dcmconv|\"dcmconv\")\s*([].]|$)", re.MULTILINE)


def chain_in_use(named: str | None) -> str | None:
    """Return the chain that a command uses: the one that is named, or that of the current folder.

    That is ``dcmconv.yaml``, ``dcmconv.yml``, or ``pyproject.toml`` if it has the table
    ``[tool.dcmconv]``.  Folders above are not searched: what a run does must be plain from where it
    is started.
    """
    if named is not None:
        return None if named == NO_CHAIN else named
    for name in _CHAIN_FILES:
        if Path(name).is_file():
            return name
    try:
        has_table = _TABLE.search(Path(PYPROJECT).read_bytes())
    except OSError:
        return None
    return PYPROJECT if has_table else None
