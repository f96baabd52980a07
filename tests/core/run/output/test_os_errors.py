"""A destination that refuses: each refusal in its own words, and the run ends where it must."""

from __future__ import annotations

import errno
import os

import pytest
from support.plans import plan, registry

from dcmconv.errors import OutputError, UsageError
from dcmconv.run.engine import Run
from dcmconv.run.output import atomic_move as moving
from dcmconv.run.output.os_errors import ENDS_THE_RUN, output_error

CASES = [
    pytest.param(errno.ENOSPC, "disk-full", "No space left on device", "Make room", id="full"),
    pytest.param(errno.EDQUOT, "disk-full", "quota", "Make room", id="quota"),
    pytest.param(errno.EROFS, "read-only", "file system is read-only", "Mount it", id="read-only"),
    pytest.param(errno.ESTALE, "vanished", "output folder is gone", "Bring it back", id="gone"),
    pytest.param(errno.EFBIG, "too-large", "ulimit -f", "--step resize", id="file-size-limit"),
    pytest.param(errno.ENAMETOOLONG, "name-too-long", "longer than", "shorter", id="long-name"),
    pytest.param(errno.EACCES, "no-permission", "may not write", "Ask for the right", id="rights"),
    pytest.param(errno.ENOTDIR, "output", "a folder is needed", "Move that file", id="no-folder"),
    pytest.param(errno.EIO, "io-error", "device failed", "system's log", id="broken-device"),
    pytest.param(errno.EBUSY, "output", os.strerror(errno.EBUSY), "another --out", id="other"),
]


@pytest.mark.parametrize(("number", "reason", "words", "hint"), CASES)
def test_every_refusal_says_what_it_means_and_what_to_do(number, reason, words, hint):
    error = output_error("a.png", OSError(number, os.strerror(number)))
    assert error.reason == reason
    assert error.message.startswith("a.png cannot be written: ")
    assert words in error.message
    assert hint in error.hint


@pytest.mark.parametrize(("number", "reason", "words", "hint"), CASES)
def test_a_refusal_costs_one_input_or_stops_the_run(
    tmp_path, monkeypatch, number, reason, words, hint
):
    scans, out = tmp_path / "in", tmp_path / "out"
    scans.mkdir()
    for name in "abc":
        (scans / name).write_text("DEED frames 1")
    link = os.link

    def refuse_b(source, target):
        if str(target).endswith("b.png"):
            raise OSError(number, os.strerror(number))
        link(source, target)

    monkeypatch.setattr(moving.os, "link", refuse_b)
    monkeypatch.setattr(moving, "WITHOUT_LINKS", frozenset())
    run, seen = Run(plan(), [str(scans)], out, registry=registry()), []
    if reason in ENDS_THE_RUN:
        with pytest.raises(OutputError, match=words):
            seen += run
        assert words in run.summary.stopped
        assert not (out / "c.png").exists()
    else:
        seen += run
        assert [outcome.status for outcome in seen] == ["converted", "failed", "converted"]
        assert seen[1].reason == reason
        assert hint in seen[1].hint
    assert not (out / "b.png").exists()
    assert list((out / ".dcmconv" / "parts").iterdir()) == []
    monkeypatch.undo()
    again = Run(plan(), [str(scans)], out, registry=registry())
    assert {outcome.status for outcome in again} == {"converted"}


def test_an_output_folder_that_goes_away_ends_the_run(tmp_path):
    import shutil

    scans, out = tmp_path / "in", tmp_path / "out"
    scans.mkdir()
    for number in range(6):
        (scans / f"{number}").write_text("DEED frames 1")
    inline = plan(executor=registry().ref("executor", "inline"))
    run = Run(inline, [str(scans)], out, registry=registry())
    outcomes = iter(run)
    next(outcomes)
    shutil.rmtree(out)
    with pytest.raises(OutputError, match="the output folder is gone") as caught:
        list(outcomes)
    assert "choose another --out" in caught.value.hint
    assert "gone" in run.summary.stopped


def test_a_file_where_a_folder_is_needed_costs_that_input(tmp_path):
    scans, out = tmp_path / "in", tmp_path / "out"
    (scans / "sub").mkdir(parents=True)
    out.mkdir()
    (out / "sub").write_text("a file")
    for name in ("a", "sub/b", "z"):
        (scans / name).write_text("DEED frames 1")
    seen = list(Run(plan(), [str(scans)], out, registry=registry()))
    assert [outcome.status for outcome in seen] == ["converted", "failed", "converted"]
    assert "a file stands where a folder is needed" in seen[1].message


def test_an_output_that_is_a_file_is_refused(tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "out").write_text("a file")
    with pytest.raises(UsageError, match="out is a file, and the pictures need a folder") as caught:
        list(Run(plan(), [str(tmp_path / "in")], tmp_path / "out", registry=registry()))
    assert caught.value.hint == "Name another output folder, or move what stands there."


def test_leftovers_of_a_killed_run_go_at_the_next_start(tmp_path):
    scans, out = tmp_path / "in", tmp_path / "out"
    scans.mkdir()
    (scans / "a").write_text("DEED frames 1")
    list(Run(plan(), [str(scans)], out, registry=registry()))
    left = out / ".dcmconv" / "parts" / ".dcmconv-1-7-0.part"
    left.write_text("half a picture")
    list(Run(plan(), [str(scans)], out, registry=registry()))
    assert not left.exists()


def test_what_a_dead_program_left_beside_a_named_file_goes_when_it_is_old(tmp_path):
    (tmp_path / "a").write_text("DEED frames 1")
    old, young = tmp_path / ".dcmconv-99999999-1-0.part", tmp_path / ".dcmconv-99999998-1-0.part"
    mine = tmp_path / f".dcmconv-{os.getpid()}-1-7.part"
    for path in (old, young, mine):
        path.write_text("half a picture")
    for path in (old, mine):
        os.utime(path, (1.0, 1.0))
    list(Run(plan(), [str(tmp_path / "a")], tmp_path / "x.png", registry=registry()))
    assert [path.exists() for path in (old, young)] == [False, True]
