"""Checks of a finished run: every input once, every picture complete, nothing else."""

from __future__ import annotations

import hashlib
from collections import Counter
from pathlib import Path
from typing import Any

from hostile.batch import journal, pictures
from PIL import Image


def last_lines(out: Path) -> dict[str, dict[str, Any]]:
    """Return the last journal line of each input, by its name."""
    return {line["input"]: line for line in journal(out)}


def check_accounts(inputs: list[str], out: Path, *, once: bool = True) -> Counter[str]:
    """Check a run against its journal, and count its outcomes and reasons.

    Parameters
    ----------
    inputs : list of str
        The keys of all inputs of the run.
    once : bool
        No input may be in the journal twice; otherwise its last line counts.
    """
    lines = journal(out)
    if once:
        assert len(lines) == len(inputs), f"{len(lines)} lines for {len(inputs)} inputs"
    assert sorted({line["input"] for line in lines}) == sorted(inputs)
    last = {line["input"]: line for line in lines}
    claimed = {o["path"]: o for line in last.values() for o in line.get("outputs", ())}
    assert pictures(out) == sorted(claimed), "files that no line of the journal claims"
    for path, output in claimed.items():
        content = (out / path).read_bytes()
        assert len(content) == output["size"], path
        assert hashlib.sha256(content).hexdigest() == output["sha256"], path
    parts = out / ".dcmconv" / "parts"
    assert not parts.is_dir() or list(parts.iterdir()) == [], "unfinished files"
    internal = [line for line in last.values() if line.get("reason") == "internal"]
    assert not internal, "\n".join(f"{line['input']}: {line['message']}" for line in internal)
    return Counter(f"{line['status']} {line.get('reason', '')}".strip() for line in last.values())


def check_pictures(out: Path) -> int:
    """Open every picture to its last byte; return how many there are."""
    names = pictures(out)
    for name in names:
        with Image.open(out / name) as picture:
            picture.load()
    return len(names)


def tree(out: Path) -> dict[str, str]:
    """Return the checksum of every picture, by its name."""
    return {name: hashlib.sha256((out / name).read_bytes()).hexdigest() for name in pictures(out)}
