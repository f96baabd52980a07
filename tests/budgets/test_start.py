"""What starting costs, counted: the modules that a command loads and the dataclasses it makes."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from textwrap import indent

import pytest
from pydicom.data import get_testdata_file

CT = get_testdata_file("CT_small.dcm")
WINDOW = "window:center=40,width=400"

WATCHED = """
import dataclasses, sys
make, made = dataclasses._process_class, []
def counted(cls, *given):
    made.append(f"{cls.__module__}.{cls.__qualname__}")
    return make(cls, *given)
dataclasses._process_class = counted
try:
    WORK
finally:
    with open(FILE, "w", encoding="utf-8") as file:
        print(*sorted(sys.modules), file=file)
        print(*sorted(made), file=file)
"""
MAIN = "from dcmconv._entry import main; main()"

SLOW = {"pydantic", "rich", "jsonschema", "yaml", "PIL", "pydicom", "multiprocessing", "asyncio"}
"""Libraries that no start needs; rich only draws help and tables."""


@dataclass(frozen=True)
class Start:
    """What one start loaded."""

    modules: list[str]
    dataclasses: list[str]

    def ours(self) -> list[str]:
        return [name for name in self.modules if name.partition(".")[0].startswith("dcmconv")]

    def our_dataclasses(self) -> list[str]:
        return [name for name in self.dataclasses if name.startswith("dcmconv")]

    def slow(self) -> set[str]:
        return {name for name in self.modules if name in SLOW}


def start(folder: Path, *words: str, code: str = MAIN, **variables: str) -> Start:
    """Start Python, do the work, and return what was loaded."""
    log = folder / "loaded.txt"
    code = WATCHED.replace("WORK", indent(code, "    ").strip()).replace("FILE", repr(str(log)))
    environment = {**os.environ, "DCMCONV_PLUGINS": "", **variables}
    command = [sys.executable, "-c", code, *words]
    subprocess.run(command, env=environment, capture_output=True, check=False, timeout=60)
    modules, dataclasses = log.read_text("utf-8").splitlines()
    return Start(modules.split(), dataclasses.split())


COMPLETING = {
    "_DCMCONV_COMPLETE": "complete_bash",
    "COMP_WORDS": "dcmconv\nrun\n-n\nwi",
    "COMP_CWORD": "3",
}
API = f"import dcmconv; dcmconv.convert({CT!r}, normalize={WINDOW!r})"


def listed(names: list[str]) -> str:
    return f"{len(names)}:\n" + "\n".join(names)


def check(found: Start, *, modules: int, dataclasses: int, may_load: frozenset[str]) -> None:
    """Check that a start did something, and loaded and made no more than its budget."""
    assert found.ours()
    assert found.slow() <= may_load
    assert len(found.ours()) <= modules, listed(found.ours())
    assert len(found.our_dataclasses()) <= dataclasses, listed(found.our_dataclasses())


def test_one_ct_to_jpg_stays_within_its_budget(tmp_path):
    out = tmp_path / "out"
    found = start(tmp_path, "run", CT, "-o", str(out), "-w", "jpg", "-n", WINDOW, "--quiet")

    assert (out / "CT_small.jpg").is_file()
    check(found, modules=169, dataclasses=150, may_load=frozenset())


@pytest.mark.parametrize("words", [["--help"], ["run", "--help"]], ids=" ".join)
def test_help_stays_within_its_budget(tmp_path, words):
    check(start(tmp_path, *words), modules=35, dataclasses=30, may_load=frozenset({"rich"}))


def test_completion_stays_within_its_budget(tmp_path):
    found = start(tmp_path, **COMPLETING)

    check(found, modules=42, dataclasses=36, may_load=frozenset())


def test_import_dcmconv_stays_within_its_budget(tmp_path):
    found = start(tmp_path, code="import dcmconv")

    check(found, modules=10, dataclasses=2, may_load=frozenset())
    assert "numpy" not in found.modules


def test_the_first_convert_stays_within_its_budget(tmp_path):
    check(start(tmp_path, code=API), modules=124, dataclasses=100, may_load=frozenset())


def test_collections_do_not_scan_what_was_loaded_for_a_command(tmp_path):
    log = tmp_path / "scanned.txt"
    code = f"""
import gc, sys
sys.argv = ["dcmconv", "plugins", "list"]
scanned = [0]
gc.callbacks.append(lambda phase, about: scanned.append(len(gc.get_objects())))
from dcmconv._entry import main
main()
open({str(log)!r}, "w").write(str(max(scanned)))"""
    start(tmp_path, code=code)

    # 15,000 are made after that; with what was loaded before, it would be 34,000.
    assert int(log.read_text()) < 20_000
