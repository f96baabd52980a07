"""The tasks of the referee, and the careful scripts that make the same pictures."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from pathlib import Path

import benchmarks
import pytest
from benchmarks.tasks import TASKS, counts_of

FOLDER = Path(benchmarks.__file__).parent
NEEDED = "cv2 dicomsdl oxipng imagecodecs matplotlib pydicom"

JUDGE = """
import json, sys
from pathlib import Path
from benchmarks.corpora import Corpora
from benchmarks.cost import adopt_orphans
from benchmarks.limit import Limit
from benchmarks.referee import Referee
from benchmarks.tasks import TASKS
from benchmarks.tools import find_tools
adopt_orphans()
folder, name = Path(sys.argv[1]), sys.argv[2]
tools, _ = find_tools(Limit(None, "", "not needed here"), folder)
tools = [tool for tool in tools if tool.name in ("dcmconv", "careful")]
referee = Referee(tools[0], Corpora(folder / "corpora"), folder, 2, True, lambda text: None)
[task] = [task for task in TASKS if task.name == name]
judged = referee.judge(task, tools, rounds=0)
print(json.dumps({each.tool.name: [each.verdict.agree, each.verdict.words] for each in judged}))
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The corpora of all tasks; made by the first task that needs each."""
    return tmp_path_factory.mktemp("referee")


@pytest.fixture(scope="module")
def careful_python():
    python = os.environ.get("REFEREE_CAREFUL", sys.executable)
    code = f"import importlib.util as u, sys; sys.exit(not all(map(u.find_spec, {NEEDED.split()})))"
    if subprocess.run([python, "-c", code], check=False).returncode:
        pytest.skip("the careful scripts need benchmarks/requirements.txt")
    return python


# The largest picture as small as possible takes seconds, and the recipe is that of CT.
@pytest.mark.slow
@pytest.mark.parametrize("name", [task.name for task in TASKS if task.name != "cr-smallest"])
def test_a_careful_script_makes_the_pictures_of_dcmconv(name, folder, careful_python):
    environment = {
        key: value
        for key, value in os.environ.items()
        if key not in ("DCMCONV_CORPUS", "DCMCONV_SET")
    }
    done = subprocess.run(
        [sys.executable, "-c", JUDGE, str(folder), name],
        cwd=FOLDER.parent,
        env={**environment, "REFEREE_CAREFUL": careful_python},
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    verdicts = json.loads(done.stdout)
    assert verdicts["careful"][0], verdicts["careful"][1]


@pytest.mark.slow
def test_a_careful_tag_table_has_the_cells_of_dcmconv(folder, careful_python, tmp_path):
    [task] = [task for task in TASKS if task.name == "ct-tags-30"]
    code = f"""
from pathlib import Path
from benchmarks.corpora import Corpora
from benchmarks.limit import Limit
from benchmarks.tasks import TASKS
from benchmarks.tools import find_tools
import subprocess, os
source = Corpora(Path({str(folder)!r}) / "corpora").folder("ct", 4)
tools, _ = find_tools(Limit(None, "", ""), Path({str(tmp_path)!r}))
[task] = [task for task in TASKS if task.name == {task.name!r}]
for tool in tools:
    if tool.name in ("dcmconv", "careful"):
        command = tool.command(task, source, Path({str(tmp_path)!r}) / tool.name, 2)
        subprocess.run(command, check=True, env={{**os.environ, **tool.env}})
"""
    environment = {**os.environ, "REFEREE_CAREFUL": careful_python}
    subprocess.run(
        [sys.executable, "-c", code], cwd=FOLDER.parent, env=environment, check=True, timeout=120
    )
    header, *ours = (tmp_path / "dcmconv" / "tags.csv").read_text("utf-8").splitlines()
    theirs = (tmp_path / "careful" / "tags.csv").read_text("utf-8").splitlines()
    assert len(header.split(",")) == 33
    assert ours == theirs


def test_every_recipe_is_a_function_with_these_options():
    tree = ast.parse((FOLDER / "careful" / "recipes.py").read_text("utf-8"))
    known = {
        node.name: {each.arg for each in node.args.args} - {"path", "out"}
        for node in tree.body
        if isinstance(node, ast.FunctionDef)
    }
    for task in TASKS:
        recipe, *options = task.recipe
        assert {option.partition("=")[0] for option in options} == known[recipe], task.name


def test_names_of_tasks_are_unique():
    names = [task.name for task in TASKS]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("quick", [True, False])
@pytest.mark.parametrize("pace", ["fast", "near", "slowest"])
def test_the_slope_is_measured_between_two_counts(pace, quick):
    for task in TASKS:
        small, large = counts_of(task, pace, quick=quick)
        assert 1 <= small < large <= task.most_files
