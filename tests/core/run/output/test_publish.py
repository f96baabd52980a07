"""An existing file under a picture's name: an input, an unrelated file, or one of a killed run."""

from __future__ import annotations

import errno
import os
import random
import shutil
import sys
from contextlib import suppress
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from support.dicom_files import monochrome, save
from support.plans import lane, plan, registry

import dcmconv
from dcmconv.errors import UsageError
from dcmconv.run.engine import Run
from dcmconv.run.journal.commit import Committer
from dcmconv.run.journal.reader import journal_path, orphans
from dcmconv.run.output import atomic_move

FRAMES = np.arange(60, dtype=np.uint16).reshape(5, 3, 4)


@pytest.fixture
def scan(tmp_path):
    """Return an input of five frames in a separate folder."""
    (tmp_path / "in").mkdir()
    path = tmp_path / "in" / "a.dcm"
    save(monochrome(FRAMES), path)
    return path


def run(folder, out, **options):
    """Run to the end; return the outcomes, and the run."""
    batch = Run(plan(**options), [str(folder)], out, registry=registry())
    return list(batch), batch


def pictures(out):
    return {path.name: path.read_bytes() for path in out.glob("*.png")}


@pytest.mark.parametrize("name", ["x.png", "X.PNG"])
def test_an_input_with_the_name_of_its_picture_is_kept(tmp_path, name):
    path = tmp_path / name
    save(monochrome(FRAMES[0]), path)
    before = path.read_bytes()
    (outcome,), _ = run(path, path, on_existing="replace")
    assert (outcome.status, outcome.reason) == ("failed", "exists")
    assert "is a DICOM file" in outcome.message
    assert path.read_bytes() == before


def test_an_input_with_the_name_of_an_old_picture_is_kept(tmp_path, scan):
    folder = scan.parent
    save(monochrome(FRAMES[0]), scan)
    run(folder, folder)
    save(monochrome(FRAMES[1]), folder / "a.png")
    before = (folder / "a.png").read_bytes()
    run(folder, folder)
    assert (folder / "a.png").read_bytes() == before


@pytest.mark.parametrize("on_existing", ["resume", "skip", "replace", "fail"])
def test_a_kill_between_pictures_is_completed_by_the_next_run(
    tmp_path, scan, on_existing, monkeypatch
):
    run(scan.parent, tmp_path / "whole")
    links = iter(range(3))

    def killed(part, target, link=os.link):
        if next(links, None) is None:
            raise SystemExit
        link(part, target)

    with monkeypatch.context() as patched:
        patched.setattr(atomic_move.os, "link", killed)
        with pytest.raises(SystemExit):
            run(scan.parent, tmp_path / "out", on_existing=on_existing)
    assert len(pictures(tmp_path / "out")) == 3
    (outcome,), _ = run(scan.parent, tmp_path / "out", on_existing=on_existing)
    assert (outcome.status, len(outcome.outputs)) == ("converted", 5)
    assert pictures(tmp_path / "out") == pictures(tmp_path / "whole")


@pytest.mark.parametrize("on_existing", ["resume", "replace", "skip"])
def test_a_new_chain_replaces_pictures_of_a_killed_run(tmp_path, scan, on_existing, monkeypatch):
    out = tmp_path / "out"
    with monkeypatch.context() as patched:
        patched.setattr(Committer, "_write", lambda *_: sys.exit())
        with pytest.raises(SystemExit):
            run(scan.parent, out)
    before = pictures(out)
    assert len(before) == len([*(out / ".dcmconv" / "parts").iterdir()]) == 5
    made = plan(lane(compression="smallest"), on_existing=on_existing)
    # The next run, stopped before its first commit, changes nothing.
    with monkeypatch.context() as patched:
        patched.setattr(Committer, "commit", lambda *_: sys.exit())
        with pytest.raises(SystemExit):
            list(Run(made, [str(scan.parent)], out, registry=registry()))
    assert pictures(out) == before
    (outcome,) = Run(made, [str(scan.parent)], out, registry=registry())
    assert (outcome.status, len(outcome.outputs)) == ("converted", 5)
    assert pictures(out).keys() == before.keys()
    assert all(pictures(out)[name] != content for name, content in before.items())
    assert [*(out / ".dcmconv" / "parts").iterdir()] == []


@pytest.mark.parametrize("seed", range(12))
def test_the_last_chain_wins_after_any_number_of_kills(tmp_path, scan, seed, monkeypatch):
    chance, out = random.Random(seed), tmp_path / "out"
    chains = [plan(lane()), plan(lane(compression="smallest"))]
    for _ in range(3):
        calls = iter(range(chance.randrange(12)))

        def killed(source, target, *, calls=calls, call):
            if str(source).endswith(".part") and next(calls, None) is None:
                raise SystemExit
            call(source, target)

        with monkeypatch.context() as patched, suppress(SystemExit):
            for name in ("link", "replace", "rename"):
                patched.setattr(os, name, partial(killed, call=getattr(os, name)))
            made = chance.choice(chains)
            list(Run(made, [str(scan.parent)], out, registry=registry(), replace=True))
    last = chance.choice(chains)
    (outcome,) = Run(last, [str(scan.parent)], out, registry=registry(), replace=True)
    list(Run(last, [str(scan.parent)], tmp_path / "whole", registry=registry()))
    assert outcome.status == "converted"
    assert pictures(out) == pictures(tmp_path / "whole")
    assert [*(out / ".dcmconv" / "parts").iterdir()] == []


def test_skip_makes_only_missing_pictures(tmp_path, scan):
    run(scan.parent, tmp_path / "out", on_existing="skip")
    (tmp_path / "out" / "a_0002.png").unlink()
    (outcome,), _ = run(scan.parent, tmp_path / "out", on_existing="skip")
    assert (outcome.status, len(pictures(tmp_path / "out"))) == ("converted", 5)


def test_own_pictures_under_fail_are_not_orphans(tmp_path, scan):
    run(scan.parent, tmp_path / "out", on_existing="fail")
    (outcome,), _ = run(scan.parent, tmp_path / "out", on_existing="fail")
    assert (outcome.status, outcome.reason) == ("failed", "exists")
    assert list(orphans(tmp_path / "out")) == []


def test_a_file_created_during_the_run_fails_its_input(tmp_path, scan, monkeypatch):
    def late(part, target, link=os.link):
        if target.endswith("a_0004.png"):
            (tmp_path / "out" / "a_0004.png").write_text("unrelated")
        link(part, target)

    monkeypatch.setattr(atomic_move.os, "link", late)
    (outcome,), _ = run(scan.parent, tmp_path / "out")
    assert (outcome.status, outcome.reason) == ("failed", "exists")
    assert "a_0004.png already exists" in outcome.message
    assert pictures(tmp_path / "out") == {"a_0004.png": b"unrelated"}


def test_a_file_in_place_of_a_folder_is_named_as_such(tmp_path, scan):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "sub").write_text("unrelated")
    made = plan(lane(name="sub/{stem}"))
    (outcome,) = Run(made, [str(scan.parent)], tmp_path / "out", registry=registry())
    assert "a file exists where a folder is needed" in outcome.message


def test_an_unreadable_journal_has_its_own_message(tmp_path, monkeypatch):
    def refused(self):
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(Path, "is_file", refused)
    with pytest.raises(UsageError, match="only by its owner"):
        journal_path(tmp_path / "out")


def test_an_altered_picture_next_to_its_input_is_made_again(tmp_path, scan):
    folder = scan.parent
    run(folder, folder)
    (folder / "a_0001.png").write_bytes(b"touched")
    shutil.rmtree(tmp_path / "other", ignore_errors=True)
    run(folder, folder)
    assert pictures(folder)["a_0001.png"].startswith(b"\x89PNG")
    assert dcmconv.convert(scan).pixels.shape == (3, 4)


@pytest.mark.parametrize(
    ("on_existing", "status", "message"),
    [
        ("resume", "failed", "a_0001.png already exists and is not known to come from this input."),
        (
            "replace",
            "failed",
            "a_0001.png already exists and is not known to come from this input.",
        ),
        ("fail", "failed", "a_0001.png already exists."),
        ("skip", "skipped", "a_0001.png already exists."),
    ],
)
def test_an_unrelated_file_is_named_in_each_mode(tmp_path, scan, on_existing, status, message):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "a_0001.png").write_text("unrelated")
    (outcome,), _ = run(scan.parent, tmp_path / "out", on_existing=on_existing)
    assert (outcome.status, outcome.reason, outcome.message) == (status, "exists", message)
    assert outcome.hint == "Choose another --out, or move that file."
    assert (tmp_path / "out" / "a_0001.png").read_text() == "unrelated"


@pytest.mark.parametrize(
    ("on_existing", "status", "message"),
    [
        ("resume", "failed", "a.png already exists and is not known to come from this input."),
        ("fail", "failed", "a.png already exists."),
        ("skip", "skipped", "a.png already exists."),
    ],
)
def test_a_named_file_that_exists_is_kept(tmp_path, on_existing, status, message):
    save(monochrome(FRAMES[0]), tmp_path / "in.dcm")
    (tmp_path / "a.png").write_text("unrelated")
    (outcome,), _ = run(tmp_path / "in.dcm", tmp_path / "a.png", on_existing=on_existing)
    assert (outcome.status, outcome.reason, outcome.message) == (status, "exists", message)
    assert outcome.hint == "Replace it: --on-existing replace"
    assert (tmp_path / "a.png").read_text() == "unrelated"


def test_missing_parent_folders_of_a_named_file_are_created(tmp_path):
    save(monochrome(FRAMES[0]), tmp_path / "in.dcm")
    (outcome,), _ = run(tmp_path / "in.dcm", tmp_path / "new" / "deep" / "a.png")
    assert outcome.status == "converted"
    assert (tmp_path / "new" / "deep" / "a.png").is_file()


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes with names here")
def test_a_pipe_in_place_of_a_picture_does_not_block(tmp_path, scan):
    (tmp_path / "out").mkdir()
    os.mkfifo(tmp_path / "out" / "a_0001.png")
    (outcome,), _ = run(scan.parent, tmp_path / "out")
    assert (outcome.status, outcome.reason) == ("failed", "exists")
