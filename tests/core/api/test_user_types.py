"""User code passes ``mypy --strict`` and pyright, and both find wrong keywords in it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("mypy")

CODE = """
from pathlib import Path
import dcmconv
from dcmconv_builtins.normalizers.window import Window

chain = dcmconv.Chain(
    normalize=Window(name="lung"),
    steps=["resize:max=64", {"use": "flip"}],
    outputs=["png", {"use": "jpg", "id": "a"}],
    rules={"when": {"Modality": "MR"}, "normalize": "minmax"},
    aspect="keep",
)
again = dcmconv.Chain.from_preset("ml-8bit", bits=16)
text: str = again.to_yaml(Path("chain.yaml"))
one: dcmconv.RenderedPicture = chain("ct.dcm", output="png")
several: dict[str, dcmconv.RenderedPicture] = chain(b"", frame=2)
chain(b"")["a"].save("a.jpg")
chain(Path("ct.dcm")).save("ct.png")
for picture in chain.frames("ct.dcm"):
    print(picture.pixels.shape)
for frame in dcmconv.convert_frames("ct.dcm", chain=chain, output="a", frames=[1, "3-"]):
    print(frame.pixels.max())
shape: tuple[int, ...] = dcmconv.convert("ct.dcm", normalize="window:lung", bits=16).pixels.shape
"""
WRONG = """
dcmconv.convert("ct.dcm", normalise="minmax")
dcmconv.convert("ct.dcm", bits=12)
dcmconv.Chain(workers=4)
"""
RUNS = Path(__file__).with_name("code_of_users.py").read_text("utf-8")
WRONG_RUNS = """
dcmconv.run("scans", "out", normalise="minmax")
dcmconv.run("scans", "out", on_existing="overwrite")
for each in dcmconv.run("scans", "out"):
    print(each.outputs)
"""


def checked(folder, code: str) -> str:
    (folder / "user.py").write_text(code, "utf-8")
    command = [sys.executable, "-m", "mypy", "--strict", "--cache-dir", "cache", "user.py"]
    done = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, check=False, timeout=250
    )
    return done.stdout


@pytest.mark.slow
def test_types_help_and_do_not_hinder(tmp_path):
    assert "Success: no issues found" in checked(tmp_path, CODE)

    found = checked(tmp_path, CODE + WRONG)
    assert 'Unexpected keyword argument "normalise" for "convert"' in found
    assert 'Argument "bits" to "convert" has incompatible type' in found
    assert 'Unexpected keyword argument "workers" for "Chain"' in found
    assert "Found 3 errors" in found


@pytest.mark.slow
def test_types_of_runs_help_and_do_not_hinder(tmp_path):
    assert "Success: no issues found" in checked(tmp_path, RUNS)

    found = checked(tmp_path, RUNS + WRONG_RUNS)
    assert 'Unexpected keyword argument "normalise" for "run"' in found
    assert 'Argument "on_existing" to "run" has incompatible type' in found
    assert 'Item "Skipped" of "Converted | Skipped | Failed" has no attribute "outputs"' in found
    assert 'Item "Failed" of "Converted | Skipped | Failed" has no attribute "outputs"' in found


def found_by_pyright(folder: Path, code: str) -> list[str]:
    """Return the rules that code breaks."""
    (folder / "user.py").write_text(code, "utf-8")
    settings = {"include": ["user.py"], "typeCheckingMode": "strict", "pythonVersion": "3.11"}
    (folder / "pyrightconfig.json").write_text(json.dumps(settings))
    command = [sys.executable, "-m", "basedpyright", "--outputjson", "--pythonpath", sys.executable]
    done = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, check=False, timeout=250
    )
    report = json.loads(done.stdout)
    assert report["summary"]["filesAnalyzed"] == 1, report
    return [each["rule"] for each in report["generalDiagnostics"]]


@pytest.mark.slow
def test_pyright_finds_what_mypy_finds(tmp_path):
    pytest.importorskip("basedpyright", reason="pip install basedpyright, which brings pyright")
    assert found_by_pyright(tmp_path, RUNS) == []
    assert set(found_by_pyright(tmp_path, RUNS + WRONG_RUNS)) == {
        "reportCallIssue",
        "reportArgumentType",
        "reportAttributeAccessIssue",
        "reportUnknownMemberType",
        "reportUnknownArgumentType",
    }
