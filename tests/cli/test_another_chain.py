"""A run with another chain into the same folder replaces nothing before it has said what."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from support.dicom_files import monochrome, save
from support.plans import registry

import dcmconv
from dcmconv._entry import main
from dcmconv.api.plans import plan_from
from dcmconv.errors import UsageError
from dcmconv.run.engine import Run
from dcmconv.run.journal.chain_change import folder_of_chain, is_another_chain

PIXELS = np.arange(12, dtype=np.int16).reshape(3, 4)
FIRST, OTHER = ["-n", "minmax"], ["-n", "window:center=5,width=9"]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """The current folder: two inputs, and their pictures in ``out``."""
    monkeypatch.chdir(tmp_path)
    for number in (1, 2):
        save(monochrome(PIXELS, InstanceNumber=number), tmp_path / f"in/{number}.dcm")
    assert main(["run", "in", "-o", "out", *FIRST]) == 0
    return tmp_path


def state_of(out):
    """Return what changes if a picture is written again, and what remembers the last run."""
    kept = {path.name: path.stat().st_ino for path in out.glob("*.png")}
    return kept, (out / ".dcmconv" / "run.json").read_text()


def test_without_a_terminal_nothing_is_replaced(folder, capsys):
    before = state_of(folder / "out")
    for _ in range(2):
        assert main(["run", "in", "-o", "out", *OTHER]) == 2
        assert state_of(folder / "out") == before
    error = capsys.readouterr().err
    assert "Error: out: 2 pictures of 2 inputs were made by another chain (png, minmax; 20" in error
    assert "\n  normalizer: minmax → window:center=5.0,width=9.0\n" in error
    assert "--yes" in error
    assert "--separate" in error
    # The first chain is still the one that needs no question.
    assert main(["run", "in", "-o", "out", *FIRST]) == 0
    assert state_of(folder / "out")[0] == before[0]


def test_yes_says_what_it_replaces_first(folder, capsys):
    before = state_of(folder / "out")[0]
    assert main(["run", "in", "-o", "out", *OTHER, "--yes"]) == 0
    printed = capsys.readouterr()
    assert "./out: 2 pictures of 2 inputs were made by another chain (png, minmax; " in printed.err
    assert "replacing them:\n  normalizer: minmax → window" in printed.err
    after = state_of(folder / "out")[0]
    assert set(after) == set(before)
    assert all(after[name] != before[name] for name in before)
    # What the same command did is not asked again.
    assert main(["run", "in", "-o", "out", *OTHER]) == 0
    assert state_of(folder / "out")[0] == after


def test_on_existing_replace_needs_no_other_word(folder):
    assert main(["run", "in", "-o", "out", *OTHER, "--on-existing", "replace"]) == 0


@pytest.mark.parametrize(
    "words",
    [
        pytest.param([*FIRST, "--workers", "1", "--timeout", "99"], id="settings-of-the-run"),
        pytest.param([*FIRST, "-w", "jpg"], id="pictures-of-another-suffix"),
        pytest.param([*OTHER, "--on-existing", "skip"], id="pictures-that-are-kept"),
    ],
)
def test_nothing_is_asked_where_nothing_is_replaced(folder, words):
    before = state_of(folder / "out")[0]
    assert main(["run", "in", "-o", "out", *words]) in (0, 3)
    assert state_of(folder / "out")[0] == before


def test_what_is_skipped_is_not_said_to_be_converted_again(folder, capsys):
    capsys.readouterr()
    assert main(["run", "in", "-o", "out", *OTHER, "--on-existing", "skip"]) == 3
    assert "converted again" not in capsys.readouterr().err


def test_other_inputs_may_use_the_folder_with_another_chain(folder):
    save(monochrome(PIXELS), folder / "more/3.dcm")
    assert main(["run", "more", "-o", "out", *OTHER]) == 0
    # The last run had this chain, but these pictures are still those of the first one.
    before = state_of(folder / "out")
    assert main(["run", "in", "-o", "out", *OTHER]) == 2
    assert state_of(folder / "out") == before


def test_a_stopped_replacement_is_finished_without_a_question(folder):
    made = plan_from({"normalize": "window:center=5,width=9"})
    words = {"registry": registry(), "replace": True}
    run = iter(Run(made, ["in"], folder / "out", **words))
    next(run)
    run.close()
    assert main(["run", "in", "-o", "out", *OTHER]) == 0


def on_a_terminal(folder, answer):
    """Run with another chain in a terminal; return the exit code and what the terminal shows."""
    leader, follower = pty.openpty()
    words = [sys.executable, "-m", "dcmconv", "run", "in", "-o", "out", *OTHER]
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "120"}
    program = subprocess.Popen(
        words, cwd=folder, stdin=follower, stdout=follower, stderr=follower, env=environment
    )
    os.close(follower)
    shown = b""
    while b"[y/N]" not in shown:
        shown += os.read(leader, 4096)
    if answer:
        os.write(leader, answer)
    else:
        program.send_signal(signal.SIGINT)
    try:
        while more := os.read(leader, 4096):
            shown += more
    except OSError:  # EIO: the program has closed the terminal
        pass
    os.close(leader)
    return program.wait(60), shown.decode()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("answer", "code", "is_kept"),
    [
        pytest.param(b"y\n", 0, False, id="yes"),
        pytest.param(b"\n", 2, True, id="enter"),
        pytest.param(b"\x04", 2, True, id="end-of-file"),
        pytest.param(b"", 130, True, id="ctrl-c"),
    ],
)
def test_on_a_terminal_a_question_decides(folder, answer, code, is_kept):
    before = state_of(folder / "out")[0]
    found, shown = on_a_terminal(folder, answer)
    assert (found, state_of(folder / "out")[0] == before) == (code, is_kept), shown
    assert "2 pictures of 2 inputs were made by another chain" in shown


def test_python_asks_for_a_keyword(folder):
    options = {"normalize": "window:center=5,width=9"}
    before = state_of(folder / "out")
    with pytest.raises(UsageError, match="made by another chain") as caught:
        list(dcmconv.run("in", "out", **options))
    assert "add replace=True." in caught.value.hint
    assert "add separate=True." in caught.value.hint
    assert state_of(folder / "out") == before
    outcomes = list(dcmconv.run("in", "out", replace=True, **options))
    assert [(each.status, each.unchanged) for each in outcomes] == [("converted", False)] * 2


def test_separate_chains_have_folders_of_their_own(folder, capsys):
    for words in (FIRST, OTHER, FIRST):
        assert main(["run", ".", "-o", "all", "--separate", *words]) == 0
    assert "2 inputs unchanged" in capsys.readouterr().out
    names = sorted(path.name for path in (folder / "all").iterdir())
    assert [name.rpartition("-")[0] for name in names] == ["png-minmax", "png-window"]
    for name in names:
        found = {path.name for path in (folder / "all" / name / "in").glob("*")}
        assert found == {"1.png", "2.png"}
        lines = (folder / "all" / name / ".dcmconv/journal.jsonl").read_text().splitlines()
        # The pictures of the other chain are no inputs of this one.
        assert not any("all/" in json.loads(line)["input"] for line in lines)
    list(dcmconv.run("in", "in-python", normalize="minmax", separate=True))
    assert (folder / "in-python" / names[0] / "1.png").exists()


def test_separate_needs_a_folder(folder, capsys):
    assert main(["run", "in/1.dcm", "-o", "one.png", "--separate"]) == 2
    assert "--separate makes folders" in capsys.readouterr().err


def test_an_upgrade_or_another_installed_reader_is_no_other_chain():
    now = plan_from({"normalize": "minmax"})
    upgraded = replace(now, readers=tuple(replace(each, version="9.9") for each in now.readers))
    before = {"chain": upgraded.digest, "plan": json.loads(json.dumps(upgraded.as_data()))}
    assert upgraded.digest != now.digest
    assert not is_another_chain(before, now)
    assert folder_of_chain(upgraded) == folder_of_chain(now)
    fewer = replace(now, readers=())
    recorded = json.loads(json.dumps(fewer.as_data()))
    assert not is_another_chain({"chain": fewer.digest, "plan": recorded}, now)
    other = plan_from({"normalize": "minmax", "read": "dicom:max_frames=3"})
    assert is_another_chain(before, other)
    assert folder_of_chain(other) != folder_of_chain(now)
