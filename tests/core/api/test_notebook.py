"""``dcmconv`` in Jupyter: a real kernel runs the cells."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from pydicom.data import get_testdata_file

import dcmconv

nbclient = pytest.importorskip("nbclient", reason="pip install nbclient ipykernel")
pytest.importorskip("ipykernel", reason="pip install nbclient ipykernel")
nbformat = pytest.importorskip("nbformat")

pytestmark = [
    pytest.mark.slow,
    # jupyter_client and ipykernel warn about each other.
    pytest.mark.filterwarnings("default"),
]

INPUTS = 6


@pytest.fixture
def scans(tmp_path) -> Path:
    folder = tmp_path / "scans"
    folder.mkdir()
    for number in range(INPUTS):
        shutil.copy(get_testdata_file("CT_small.dcm"), folder / f"{number}.dcm")
    return folder


@pytest.fixture
def executed(tmp_path, scans, monkeypatch):
    """Return a function that runs cells in one kernel and returns their outputs."""
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    monkeypatch.setenv("JUPYTER_RUNTIME_DIR", str(tmp_path / "runtime"))
    monkeypatch.setenv("JUPYTER_CONFIG_DIR", str(tmp_path / "config"))
    monkeypatch.setenv("JUPYTER_PLATFORM_DIRS", "1")

    def run(*cells: str):
        notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(c) for c in cells])
        resources = {"metadata": {"path": str(tmp_path)}}
        nbclient.NotebookClient(notebook, timeout=120, resources=resources).execute()
        return [cell.outputs for cell in notebook.cells]

    return run


def text_of(output) -> str:
    return output.get("text") or output["data"]["text/plain"]


def test_a_run_with_workers_shows_a_bar(executed):
    workers, inline, again = executed(
        "import dcmconv\ndcmconv.run('scans', 'out', workers=2, progress=True).wait().converted",
        "dcmconv.run('scans', 'more', executor='inline', progress=True).wait().converted",
        "list(dcmconv.run('scans', 'out'))[0].unchanged",
    )
    for bar, result in (workers, inline):
        assert f"{INPUTS} of {INPUTS} inputs" in bar["data"]["text/plain"]
        assert f'<progress value="{INPUTS}" max="{INPUTS}">' in bar["data"]["text/html"]
        assert text_of(result) == str(INPUTS)
    assert text_of(again[0]) == "True"


def test_runs_work_in_the_event_loop_of_the_kernel(executed):
    in_thread, here = executed(
        "import asyncio, signal, dcmconv\n"
        "run = dcmconv.run('scans', 'out', workers=2)\n"
        "(await asyncio.to_thread(run.wait)).converted",
        # The kernel has its own handlers while a cell runs.
        "before = signal.getsignal(signal.SIGINT)\n"
        "done = dcmconv.run('scans', 'more', workers=2).wait().converted\n"
        "done, signal.getsignal(signal.SIGINT) is before",
    )
    assert [text_of(each) for each in in_thread] == [str(INPUTS)]
    assert [text_of(each) for each in here] == [f"({INPUTS}, True)"]


def test_an_interrupted_cell_leaves_the_folder_free(executed):
    cells = executed(
        "import dcmconv\n"
        "try:\n"
        "    for outcome in dcmconv.run('scans', 'out', workers=2):\n"
        "        raise KeyboardInterrupt\n"
        "except KeyboardInterrupt:\n"
        "    print('interrupted')",
        "run = dcmconv.run('scans', 'out')\nrun",
        "run.wait().converted",
        "import multiprocessing; multiprocessing.active_children()",
    )
    shown = [text_of(outputs[0]).strip() for outputs in cells]
    assert shown[0] == "interrupted"
    assert "not started: iterate over the run, or call its wait()" in shown[1]
    assert shown[2:] == [str(INPUTS), "[]"]


def test_a_picture_shows_itself(executed):
    [[picture]] = executed(
        f"import dcmconv\ndcmconv.convert({get_testdata_file('CT_small.dcm')!r})"
    )
    assert "image/png" in picture["data"]


def test_keywords_complete():
    # What IPython asks for completions.
    jedi = pytest.importorskip("jedi")
    found = jedi.Interpreter("dcmconv.run(1, 2, on_ex", [{"dcmconv": dcmconv}]).complete()
    assert [each.name for each in found] == ["on_existing="]
