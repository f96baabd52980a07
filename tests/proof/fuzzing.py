"""Ten thousand spoiled files through the real program, and what became of them."""

from __future__ import annotations

import time
from collections import Counter
from pathlib import Path

from support.program import dcmconv

from proof.accounts import check_accounts, check_pictures
from proof.mutants import mutants


def fuzz(folder: Path, *, count: int, seed: int) -> tuple[Counter[str], float]:
    """Convert ``count`` mutants; return how often each outcome came, and the seconds it took."""
    scans, out = folder / "mutants", folder / "out"
    scans.mkdir()
    names = []
    for name, content in mutants(count, seed):
        (scans / name).write_bytes(content)
        names.append(name)
    began = time.monotonic()
    done = dcmconv("run", scans, "-o", out, "--workers", "2", timeout=3600)
    seconds = time.monotonic() - began
    assert done.returncode in (0, 1), done.stderr
    assert "Traceback" not in done.stdout + done.stderr, done.stderr
    found = check_accounts(names, out)
    check_pictures(out)
    return found, seconds
