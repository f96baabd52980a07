"""Ten thousand corrupted files through the real program, and their outcomes."""

from __future__ import annotations

import time
from collections import Counter
from pathlib import Path

from support.program import dcmconv

from proof.accounts import check_accounts, check_pictures, last_lines
from proof.mutants import mutants, originals


def fuzz(folder: Path, *, count: int, seed: int) -> tuple[Counter[str], float]:
    """Convert ``count`` mutants; count the outcomes, and measure the seconds."""
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
    _check_cuts(folder, out)
    return found, seconds


def _check_cuts(folder: Path, out: Path) -> None:
    """Check that a truncated file that is still converted gives the picture of the complete one.

    That is correct if only bytes after the pixels are missing.
    """
    whole = folder / "whole"
    whole.mkdir()
    for name, content in originals():
        (whole / name).write_bytes(content)
    dcmconv("run", whole, "-o", folder / "whole-out", "--workers", "2", timeout=600)
    right = {
        name: line.get("outputs", []) for name, line in last_lines(folder / "whole-out").items()
    }
    for name, line in last_lines(out).items():
        _, kind, original = name.split("-", 2)
        if kind == "cut" and line["status"] == "converted":
            made = [output["sha256"] for output in line["outputs"]]
            assert made == [output["sha256"] for output in right[original]], name
