"""The README works for a new user who pastes its blocks, in order, into one shell."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.environments import MEANT_FOR_US, ROOT
from support.markdown import Block, blocks

README = ROOT / "README.md"
NOT_PASTED = "all tests take a while"
NOT_IN_A_CLONE = shutil.ignore_patterns(".*", "__pycache__", "demo*", "dcmconv-out", "out", "sepia")


def pasted(block: Block) -> str:
    """Return what a user types for a block: files are saved, Python is pasted into ``python``."""
    if block.word == "file":
        name = shlex.quote(block.what)
        return (
            f"mkdir -p $(dirname {name})\ncat > {name} <<'END-OF-BLOCK'\n{block.code}END-OF-BLOCK\n"
        )
    if block.language == "python":
        return f"python - <<'END-OF-BLOCK'\n{block.code}END-OF-BLOCK\n"
    assert block.language == "sh", f"line {block.line}: only sh blocks can be pasted"
    return block.code


def session() -> Iterator[str]:
    yield "set -euo pipefail\n"
    for block in blocks(README):
        if block.what != NOT_PASTED:
            yield f"trap 'echo \"README.md, block at line {block.line}: $BASH_COMMAND\" >&2' ERR\n"
            yield pasted(block)


def without_an_index() -> dict[str, str]:
    """Return an environment in which pip takes everything from the one that runs the tests."""
    kept = {name: value for name, value in os.environ.items() if name not in MEANT_FOR_US}
    return kept | {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": sysconfig.get_path("purelib"),
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "PIP_NO_BUILD_ISOLATION": "0",  # pip's spelling of "do not isolate"
        "PIP_NO_DEPS": "1",
        "PIP_NO_INDEX": "1",
    }


@pytest.mark.timeout(300)
def test_the_blocks_of_the_readme_run_in_one_shell(tmp_path):
    clone = tmp_path / "dcmconv"
    shutil.copytree(ROOT, clone, ignore=NOT_IN_A_CLONE)
    (tmp_path / "session.sh").write_text("".join(session()), "utf-8")
    done = subprocess.run(
        ["bash", str(tmp_path / "session.sh")],
        cwd=clone,
        env=without_an_index(),
        check=False,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=280,
    )
    assert done.returncode == 0, done.stdout[-4000:]
    assert (clone / "out" / "piped.png").read_bytes().startswith(b"\x89PNG")
    windows = {path.name for path in (clone / "out" / "windows").glob("CT_small*")}
    assert windows == {"CT_small-lung.png", "CT_small-soft-tissue.png", "CT_small-bone.png"}
    brown = clone / "out" / "brown" / "MR_small.png"
    assert brown.is_file(), "the plugin of the README was not installed"


def test_commands_of_the_readme_have_no_prompt():
    commands = [block.code for block in blocks(README) if block.language == "sh"]
    assert commands
    assert [code for code in commands if code.startswith("$") or "\n$" in code] == []
