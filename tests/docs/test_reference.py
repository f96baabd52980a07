"""The reference pages match the declarations."""

from __future__ import annotations

import subprocess
import sys

from support.environments import ROOT


def test_the_reference_pages_are_up_to_date():
    done = subprocess.run(
        [sys.executable, "docs/generate.py", "--check"],
        cwd=ROOT,
        check=False,
        capture_output=True,
        text=True,
        timeout=120,
    )
    output = f"{done.stdout}{done.stderr}\nRegenerate them with: python docs/generate.py"
    assert done.returncode == 0, output
