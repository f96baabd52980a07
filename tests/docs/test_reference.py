"""The reference pages are what the declarations say."""

from __future__ import annotations

import subprocess
import sys

from support.environments import ROOT


def test_the_reference_pages_are_what_generate_would_write_now():
    done = subprocess.run(
        [sys.executable, "docs/generate.py", "--check"],
        cwd=ROOT,
        check=False,
        capture_output=True,
        text=True,
        timeout=120,
    )
    said = f"{done.stdout}{done.stderr}\nWrite them anew with: python docs/generate.py"
    assert done.returncode == 0, said
