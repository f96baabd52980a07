"""Errors of the output file system: each has its own message, and ends the run only if it must."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest
from support.plans import plan, registry

from dcmconv.errors import OutputError, UsageError
from dcmconv.run.engine import Run
from dcmconv.run.output import atomic_move
from dcmconv.run.output.os_errors import ENDS_THE_RUN, output_error

CASES = [
    pytest.param(
        errno.ENOSPC, "disk-full", "No space left on device", "Free some space", id="full"
    ),
    pytest.param(errno.EDQUOT, "disk-full", "quota", "Free some space", id="quota"),
    pytest.param(
        errno.EROFS, "read-only", "file system is read-only", "Remount it", id="read-only"
    ),
    pytest.param(
        errno.ESTALE, "vanished", "output folder no longer exists", "Restore it", id="vanished"
    ),
    pytest.param(errno.EFBIG, "too-large", "ulimit -f", "--step resize", id="file-size-limit"),
    pytest.param(errno.ENAMETOOLONG, "name-too-long", "too long for", "shorter", id="long-name"),
    pytest.param(
        errno.EACCES,
        "no-permission",
        "permission denied",
        "Check write permissions",
        id="permissions",
    ),
    pytest.param(errno.ENOTDIR, "output", "a folder is needed", "Move that file", id="no-folder"),
    pytest.param(errno.EIO, "io-error", "I/O error", "system log", id="broken-device"),
    pytest.param(errno.EBUSY, "output", os.strerror(errno.EBUSY), "another --out", id="other"),
]


@pytest.mark.parametrize(("number", "reason", "words", "hint"), CASES)
def test_each_os_error_has_its_message_and_hint(number, reason, words, hint):
    error = output_error("a.png", OSError(number, os.strerror(number)))
    assert error.reason == reason
    assert error.message.startswith("a.png cannot be written: ")
    assert words in error.message
    assert hint in error.hint


@pytest.mark.parametrize(("number", "reason", "words", "hint"), CASES)
def test_an_os_error_fails_one_input_or_ends_the_run(
    tmp_path, monkeypatch, number, reason, words, hint
):
    scans, out = tmp_path / "in", tmp_path / "out"
    scans.mkdir()
    for name in "abc":
        (scans / name).write_text("DEED frames 1")
    link = os.link

    def fail_for_b(source, target):
        if str(target).endswith("b.png"):
            raise OSError(number, os.strerror(number))
        link(source, target)

    monkeypatch.setattr(atomic_move.os, "link", fail_for_b)
    monkeypatch.setattr(atomic_move, "WITHOUT_LINKS", frozenset())
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


def test_a_deleted_output_folder_ends_the_run(tmp_path):
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
    with pytest.raises(OutputError, match="the output folder no longer exists") as caught:
        list(outcomes)
    assert "choose another --out" in caught.value.hint
    assert "no longer exists" in run.summary.stopped


def test_a_file_in_place_of_a_folder_fails_one_input(tmp_path):
    scans, out = tmp_path / "in", tmp_path / "out"
    (scans / "sub").mkdir(parents=True)
    out.mkdir()
    (out / "sub").write_text("a file")
    for name in ("a", "sub/b", "z"):
        (scans / name).write_text("DEED frames 1")
    seen = list(Run(plan(), [str(scans)], out, registry=registry()))
    assert [outcome.status for outcome in seen] == ["converted", "failed", "converted"]
    assert "a file exists where a folder is needed" in seen[1].message


def test_an_existing_file_as_output_folder_is_rejected(tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "out").write_text("a file")
    with pytest.raises(UsageError, match="out is a file; the pictures need a folder") as caught:
        list(Run(plan(), [str(tmp_path / "in")], tmp_path / "out", registry=registry()))
    assert caught.value.hint == "Choose another output folder, or move that file."


def test_an_error_without_a_path_names_the_folder(tmp_path, monkeypatch):
    def full(*_, **__):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(Path, "mkdir", full)
    with pytest.raises(OutputError) as caught:
        list(Run(plan(), [str(tmp_path)], tmp_path / "out", registry=registry()))
    out = tmp_path / "out"
    assert caught.value.message == f"{out} cannot be written: No space left on device."
    assert caught.value.hint == "Choose another folder with --out."
