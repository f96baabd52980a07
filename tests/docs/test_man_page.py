"""The manual page has every flag, and is up to date."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from dcmconv.cli.run_flags import run_flags

PAGE = Path(__file__).parents[2] / "docs" / "man" / "dcmconv.1"


def test_manual_page_describes_every_flag():
    text = PAGE.read_text("utf-8").replace("\\-", "-")
    missing = [word for flag in run_flags() for word in flag.spellings() if word not in text]
    assert missing == []


@pytest.mark.skipif(shutil.which("man") is None, reason="man is not installed")
def test_man_formats_the_page_without_a_warning():
    done = subprocess.run(
        ["man", "--warnings", "-l", str(PAGE)], capture_output=True, text=True, check=True
    )
    assert done.stderr == ""
    assert "--on-existing" in done.stdout.replace("\u2010", "-")
