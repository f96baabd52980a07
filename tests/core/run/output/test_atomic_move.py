"""A finished file gets its name in one step, on every file system, and replaces nothing."""

from __future__ import annotations

import errno
import os

import pytest
from support.plans import plan, registry

from dcmconv.run.engine import Run
from dcmconv.run.output import atomic_move
from dcmconv.run.output.atomic_move import move_new, replace_by_link, sync_folders

ERRORS = [
    pytest.param(None, id="hard-links"),
    pytest.param(errno.EXDEV, id="another-device"),
    pytest.param(errno.EPERM, id="no-hard-links"),
]


@pytest.fixture(params=ERRORS)
def file_system(request, monkeypatch):
    """Answer every os.link with an error number, or leave it alone."""
    if request.param is not None:

        def link(source, target):
            raise OSError(request.param, os.strerror(request.param))

        monkeypatch.setattr(atomic_move.os, "link", link)
    return request.param


@pytest.fixture
def part(tmp_path):
    path = tmp_path / "parts" / ".dcmconv-1-1-0.part"
    path.parent.mkdir()
    path.write_bytes(b"picture" * 400_000)
    return path


def files(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_a_file_gets_its_name_and_its_folders(tmp_path, part, file_system):
    target = tmp_path / "out" / "deep" / "a.png"
    move_new(str(part), str(target))
    assert target.read_bytes() == b"picture" * 400_000
    assert files(tmp_path / "out") == ["deep/a.png"]


def test_an_existing_file_is_not_replaced(tmp_path, part, file_system):
    target = tmp_path / "out" / "a.png"
    target.parent.mkdir()
    target.write_text("unrelated")
    with pytest.raises(FileExistsError):
        move_new(str(part), str(target))
    assert (target.read_text(), files(tmp_path / "out")) == ("unrelated", ["a.png"])


def test_a_broken_link_is_not_replaced(tmp_path, part, file_system):
    target = tmp_path / "a.png"
    target.symlink_to(tmp_path / "nowhere")
    with pytest.raises(FileExistsError):
        move_new(str(part), str(target))
    assert target.is_symlink()


def test_a_failed_copy_leaves_nothing_behind(tmp_path, part, monkeypatch):
    def link(source, target):
        raise OSError(errno.EXDEV, os.strerror(errno.EXDEV))

    def rename(source, target):
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(atomic_move.os, "link", link)
    monkeypatch.setattr(atomic_move.os, "rename", rename)
    with pytest.raises(OSError, match="Input/output error"):
        move_new(str(part), str(tmp_path / "out" / "a.png"))
    assert files(tmp_path) == ["parts/.dcmconv-1-1-0.part"]


def test_another_error_is_raised_unchanged(tmp_path, part, monkeypatch):
    def link(source, target):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(atomic_move.os, "link", link)
    with pytest.raises(OSError, match="No space left"):
        move_new(str(part), str(tmp_path / "a.png"))
    assert not (tmp_path / "a.png").exists()


def test_a_file_in_place_of_the_folder_is_not_a_taken_name(tmp_path, part):
    (tmp_path / "out").write_text("unrelated")
    with pytest.raises(NotADirectoryError):
        move_new(str(part), str(tmp_path / "out" / "deep" / "a.png"))


def test_a_replaced_file_is_a_link_to_the_part(tmp_path, part):
    target = tmp_path / "a.png"
    target.write_text("older")
    replace_by_link(str(part), str(target))
    assert target.samefile(part)
    assert part.stat().st_nlink == 2


def test_each_folder_is_synced_once(tmp_path, monkeypatch):
    synced = []
    monkeypatch.setattr(
        atomic_move.os, "fsync", lambda descriptor: synced.append(os.fstat(descriptor).st_ino)
    )
    (tmp_path / "b").mkdir()
    sync_folders([tmp_path / "x.png", tmp_path / "y.png", tmp_path / "b" / "z.png"])
    assert synced == [tmp_path.stat().st_ino, (tmp_path / "b").stat().st_ino]


def test_a_run_into_folders_on_another_device_publishes_everything(tmp_path, monkeypatch):
    def link(source, target):
        raise OSError(errno.EXDEV, os.strerror(errno.EXDEV))

    (tmp_path / "in").mkdir()
    for name in "ab":
        (tmp_path / "in" / name).write_text("DEED frames 2")
    list(Run(plan(), [str(tmp_path / "in")], tmp_path / "usual", registry=registry()))
    monkeypatch.setattr(atomic_move.os, "link", link)
    out = tmp_path / "out"
    outcomes = list(Run(plan(), [str(tmp_path / "in")], out, registry=registry()))
    assert [outcome.status for outcome in outcomes] == ["converted", "converted"]
    names = ["a_0001.png", "a_0002.png", "b_0001.png", "b_0002.png"]
    assert sorted(path.name for path in out.glob("*.p*")) == names
    assert list((out / ".dcmconv" / "parts").iterdir()) == []
    for name in names:
        assert (out / name).read_bytes() == (tmp_path / "usual" / name).read_bytes()
