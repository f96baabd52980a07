"""What plugins print stays away from stdout, and their authors find it."""

from __future__ import annotations

import ctypes
import json
import subprocess
import sys
from dataclasses import dataclass

import numpy as np
import pytest
from support.dicom_files import monochrome, save
from support.plans import in_a_pool, lane, plan, registry

from dcmconv.chain.plan import ComponentRef
from dcmconv.cli.progress import Display
from dcmconv.cli.run_flags import RunArguments
from dcmconv.model.components import Step
from dcmconv.run.engine import Run
from dcmconv.run.progress import Tally

pytestmark = pytest.mark.slow


@dataclass(frozen=True, kw_only=True)
class Chatty(Step):
    """Prints, from Python and from C."""

    def apply(self, picture):
        print("from Python")
        ctypes.CDLL(None).puts(b"from C")
        return picture


@dataclass(frozen=True, kw_only=True)
class Flooding(Step):
    """Prints without end."""

    def apply(self, picture):
        for _ in range(100):
            print("x" * 1000)
        return picture


PROGRAM = """
import sys
print("imported by a test")
from dcmconv.plugins import discovery, registry
from dcmconv.hooks import hookimpl
sys.path[:0] = {path!r}

class Hooks:
    __name__ = "chatty"
    @hookimpl
    def dcmconv_steps(self):
        print("from a hook")
        return {{"chatty": "cli.test_printing_plugins:Chatty"}}
    @hookimpl
    def dcmconv_record(self, outcome):
        print("from an observer")

found = discovery.find_plugins
def find_plugins(**options):
    manager, plugins, problems = found(**options)
    hooks = Hooks()
    manager.register(hooks, name="chatty")
    plugins.append(discovery.Plugin("chatty", "chatty", "1.0", hooks))
    return manager, plugins, problems
registry.find_plugins = find_plugins

from dcmconv._entry import main
sys.stdout.flush()
sys.exit(main({words!r}))
"""


def program(words):
    path = [p for p in sys.path if p]
    code = PROGRAM.format(path=path, words=[str(word) for word in words])
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    first, _, rest = done.stdout.partition("\n")
    assert first == "imported by a test"
    return rest, done.stderr


@pytest.fixture
def scan(tmp_path):
    return save(monochrome(np.arange(4, dtype=np.uint16).reshape(2, 2)), tmp_path / "a.dcm")


@pytest.mark.parametrize("workers", [[], ["--workers", "1"]], ids=["inline", "pool"])
def test_json_is_all_that_reaches_stdout(scan, tmp_path, workers):
    words = ["run", scan, "-o", tmp_path / "out", "-s", "chatty", "--json", *workers]
    shown, aside = program(words)
    assert json.loads(shown)["converted"] == 1
    assert "from a hook" in aside
    assert "from an observer" in aside
    assert "from Python" not in aside


@pytest.mark.parametrize("workers", [[], ["--workers", "1"]], ids=["inline", "pool"])
def test_verbose_shows_what_was_printed_for_each_input(scan, tmp_path, workers):
    words = ["run", scan, "-o", tmp_path / "out", "-s", "chatty", "--json", "-v", *workers]
    shown, aside = program(words)
    for line in shown.splitlines():
        assert isinstance(json.loads(line), dict)
    assert "Printed by plugins while they worked on a.dcm:\n  from Python\n" in aside


def chatty_run(scan, out, step, *, pooled):
    made = lane()
    made = type(made)(**{**vars(made), "steps": (ComponentRef("step", "x", f"{__name__}:{step}"),)})
    made = plan(made)
    return Run(in_a_pool(made) if pooled else made, [str(scan)], out, registry=registry())


@pytest.mark.parametrize("pooled", [False, True])
def test_python_has_it_in_the_outcome_and_the_journal_has_not(scan, tmp_path, pooled):
    [outcome] = chatty_run(scan, tmp_path / "out", "Chatty", pooled=pooled)
    assert outcome.printed == "from Python\n"
    assert "from Python" not in (tmp_path / "out" / ".dcmconv" / "journal.jsonl").read_text()


def test_only_a_part_of_a_flood_is_kept(scan, tmp_path):
    [outcome] = chatty_run(scan, tmp_path / "out", "Flooding", pooled=False)
    assert (outcome.status, len(outcome.printed)) == ("converted", 10_000)


def test_control_characters_are_shown_as_escapes(scan, tmp_path, capsys):
    [outcome] = chatty_run(scan, tmp_path / "out", "Chatty", pooled=False)
    outcome = type(outcome)(**{**vars(outcome), "printed": "\x1b[2Jhello"})
    Display(RunArguments(verbose=True), plan()).finished(outcome, Tally())
    assert "\\x1b[2Jhello" in capsys.readouterr().err
