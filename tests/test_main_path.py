"""How much code one CT passes through, counted: a newcomer reads along this path."""

from __future__ import annotations

import inspect
import re
import sys
from pathlib import Path
from types import CodeType, FrameType

import pytest
from pydicom.data import get_testdata_file
from support.environments import ROOT

from dcmconv._entry import main
from dcmconv_builtins.writers.jpg import Jpg

SOURCES = (str(ROOT / "core"), str(ROOT / "plugins"))


def is_ours(code: CodeType) -> bool:
    """Return whether a function is in the packages; bodies of modules and classes do not count."""
    return code.co_filename.startswith(SOURCES) and bool(code.co_flags & inspect.CO_OPTIMIZED)


def is_importing(frame: FrameType) -> bool:
    """Return whether a call is part of an import, such as a comprehension in a module."""
    at: FrameType | None = frame
    while at is not None:
        if at.f_code.co_name == "<module>" and at.f_code.co_filename.startswith(SOURCES):
            return True
        at = at.f_back
    return False


@pytest.fixture(scope="module")
def path(tmp_path_factory) -> tuple[set[str], list[str]]:
    """Convert one CT in this process: the files it passes through, the stack at the encoder."""
    files: set[str] = set()
    stack: list[str] = []

    def watch(frame: FrameType, event: str, argument: object) -> None:
        if event != "call" or not is_ours(frame.f_code) or is_importing(frame):
            return
        files.add(frame.f_code.co_filename)
        if frame.f_code is Jpg.encode.__code__:
            at: FrameType | None = frame
            while at is not None:
                if is_ours(at.f_code):
                    name = at.f_code.co_qualname.rpartition("<locals>.")[2]
                    stack.append(f"{Path(at.f_code.co_filename).name} {name}")
                at = at.f_back

    out = tmp_path_factory.mktemp("path") / "out"
    words = ["run", get_testdata_file("CT_small.dcm"), "--normalize", "minmax", "--writer", "jpg"]
    before = sys.getprofile()
    sys.setprofile(watch)
    try:
        code = main([*words, "-o", str(out), "--quiet"])
    finally:
        sys.setprofile(before)
    assert code == 0
    return files, stack[::-1]


def test_one_ct_reaches_the_encoder_in_at_most_18_frames(path):
    assert path[1][-1] == "jpg.py Jpg.encode"
    assert len(path[1]) <= 18


def test_one_ct_passes_through_at_most_96_files(path):
    assert len(path[0]) <= 96, "\n".join(sorted(path[0]))


def test_the_command_line_adds_at_most_5_frames(path):
    assert path[1].index("engine.py Run.__iter__") <= 5


def test_the_contributors_map_shows_the_real_call_stack(path):
    page = (ROOT / "docs" / "contributing" / "path-of-one-file.md").read_text("utf-8")
    shown = re.search(r"```text\n(.*?)```", page, re.DOTALL)[1].splitlines()
    assert [re.sub(r"^\S*?([^/\s]+)\s+", r"\1 ", line) for line in shown] == path[1]
