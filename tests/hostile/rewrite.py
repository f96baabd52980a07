"""Regenerate ``expected.yaml`` from current behavior: ``python -m hostile.rewrite`` in ``tests``.

Review the diff line by line before you commit it: the table says what is *correct*.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import yaml

from hostile.batch import hostile_plan, row_of, run, write
from hostile.expected import TABLE
from hostile.recipes import RECIPES


def main() -> None:
    """Run every recipe once, in this process."""
    with tempfile.TemporaryDirectory() as folder:
        scans, out = Path(folder, "in"), Path(folder, "out")
        for name in RECIPES:
            write(name, scans)
        rows = {outcome.input: row_of(outcome, out) for outcome in run(hostile_plan(), scans, out)}
    ordered = {name: rows[name] for name in RECIPES}
    text = yaml.safe_dump(ordered, sort_keys=False, allow_unicode=True, width=1000)
    TABLE.write_text(text, "utf-8")


if __name__ == "__main__":
    main()
