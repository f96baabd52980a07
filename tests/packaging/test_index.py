"""What needs a package index: isolated builds, and the oldest supported dependencies."""

from __future__ import annotations

import os
import re
import subprocess
import tomllib
import venv

import pytest
from support.environments import ROOT

pytestmark = [pytest.mark.index, pytest.mark.timeout(900)]

TESTED_WITH_THE_OLDEST = ("tests/core", "tests/plugins", "tests/conformance", "tests/cli")


def requirements():
    """Return every requirement of the base install and of the extras that tests need."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    extras = project["optional-dependencies"]
    named = [*project["dependencies"], *extras["testing"], *extras["video"], *extras["test"]]
    return [line for line in named if not line.startswith("dcmconv[")]


def lowest(requirement):
    """Return ``name==version`` for the lowest version that a requirement allows.

    >>> lowest("pydicom>=3.0.2,<4")
    'pydicom==3.0.2'
    """
    found = re.fullmatch(r"([A-Za-z0-9_-]+)>=([0-9.]+)(,<[0-9.]+)?", requirement)
    assert found, f"'{requirement}' has no lower bound"
    return f"{found[1]}=={found[2]}"


def call(*command, cwd=ROOT, **variables):
    """Run a program; if it fails, show its output."""
    done = subprocess.run(
        [str(part) for part in command],
        check=False,
        cwd=cwd,
        env=os.environ | variables,
        capture_output=True,
        text=True,
        timeout=880,
    )
    assert done.returncode == 0, done.stdout[-20_000:] + done.stderr[-5_000:]
    return done.stdout


@pytest.fixture
def python(tmp_path):
    """A fresh interpreter with pip and nothing else."""
    venv.create(tmp_path / "env", with_pip=True)
    return tmp_path / "env" / "bin" / "python"


def test_an_isolated_build_installs_and_runs(python, tmp_path):
    call(python, "-m", "pip", "install", "--quiet", ROOT)
    out = tmp_path / "samples"
    call(python, "-m", "dcmconv", "samples", out)
    call(python, "-m", "dcmconv", "run", out, "-o", tmp_path / "out", "-n", "minmax", "-w", "jpg")
    assert list((tmp_path / "out").rglob("*.jpg"))


def test_the_oldest_dependencies_pass_the_tests(python, tmp_path):
    constraints = tmp_path / "lowest.txt"
    constraints.write_text("\n".join(map(lowest, requirements())) + "\n", "utf-8")
    call(python, "-m", "pip", "install", "--quiet", "-c", constraints, "-e", f"{ROOT}[test]")
    here = [folder for folder in TESTED_WITH_THE_OLDEST if (ROOT / folder).is_dir()]
    # Without the corpus, and fewer examples: the newest dependencies get both.
    kept = {"DCMCONV_INDEX": "", "DCMCONV_CORPUS": ""}
    printed = call(python, "-m", "pytest", "-q", "-p", "no:cacheprovider", *here, **kept)
    assert " passed" in printed


def test_the_newest_dependencies_are_the_ones_that_run_this():
    """A plain install takes the newest; what is installed here must satisfy every lower bound."""
    from importlib.metadata import version

    for requirement in requirements():
        name, _, bound = lowest(requirement).partition("==")
        have, need = (
            [int(part) for part in re.findall(r"\d+", text)] for text in (version(name), bound)
        )
        assert have >= need, requirement
