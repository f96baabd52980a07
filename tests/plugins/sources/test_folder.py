"""The folder source: every file is found once, and nothing hangs."""

from __future__ import annotations

import os
import socket
import sys
import tempfile
from pathlib import Path

import pytest

from dcmconv.plugin import Reference, Rejected
from dcmconv_builtins.sources.folder import Folder


def walk(folder, *avoid):
    return list(Folder().walk(str(folder), avoid=avoid))


def keys(folder, *avoid):
    return [found.key for found in walk(folder, *avoid) if isinstance(found, Reference)]


def rejected(folder, *avoid):
    return {
        found.key: (found.reason, found.failed)
        for found in walk(folder, *avoid)
        if isinstance(found, Rejected)
    }


def put(path, content="x"):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content)
    return path


def test_files_and_folders_are_walked_in_name_order(tmp_path):
    for name in ("b", "a/z", "a/B", "a.dcm", "c.dcm/inside"):
        put(tmp_path / name)
    assert keys(tmp_path) == ["a/B", "a/z", "a.dcm", "b", "c.dcm/inside"]


def test_a_reference_has_the_fingerprint_of_its_file(tmp_path):
    path = put(tmp_path / "a", "hello")
    status = path.stat()
    assert walk(tmp_path) == [Reference("a", str(path), 5, status.st_mtime_ns)]
    assert Folder().open(walk(tmp_path)[0]).head == b"hello"


def test_the_key_of_one_file_is_its_name(tmp_path):
    path = put(tmp_path / "deep" / "a.dcm")
    assert keys(path) == ["a.dcm"]


def test_pipes_sockets_and_broken_links_are_never_opened(tmp_path):
    os.mkfifo(tmp_path / "fifo")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "socket"))
    (tmp_path / "nowhere").symlink_to(tmp_path / "gone")
    assert rejected(tmp_path) == dict.fromkeys(("fifo", "nowhere", "socket"), ("not-a-file", False))
    assert rejected(tmp_path / "fifo") == {"fifo": ("not-a-file", False)}


def test_links_are_followed_and_loops_end(tmp_path):
    put(tmp_path / "data" / "a")
    (tmp_path / "data" / "loop").symlink_to(tmp_path)
    (tmp_path / "again").symlink_to(tmp_path / "data")
    (tmp_path / "file").symlink_to(tmp_path / "data" / "a")
    assert keys(tmp_path) == ["again/a", "file"]
    assert rejected(tmp_path) == {
        "again/loop": ("seen-already", False),
        "data": ("seen-already", False),
    }


def test_files_of_the_operating_system_are_skipped(tmp_path):
    for name in (".DS_Store", "._IM1.dcm", "Thumbs.db", "__MACOSX/IM1", "IM1"):
        put(tmp_path / name)
    assert keys(tmp_path) == ["IM1"]
    assert set(rejected(tmp_path).values()) == {("system-file", False)}
    assert len(rejected(tmp_path)) == 4


def test_the_output_folder_is_left_out(tmp_path):
    for name in ("a", "out/b", "old/.dcmconv/journal.jsonl"):
        put(tmp_path / name)
    (tmp_path / "link").symlink_to(tmp_path / "out")
    assert keys(tmp_path, tmp_path / "out", tmp_path / "not-yet") == ["a"]
    assert rejected(tmp_path, tmp_path / "out") == {"old/.dcmconv": ("state-folder", False)}


def test_the_output_folder_can_be_the_input(tmp_path):
    put(tmp_path / "a")
    assert keys(tmp_path, tmp_path) == ["a"]


@pytest.fixture
def without_root():
    """Drop root's permissions during the test: root may read everything."""
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        os.seteuid(65534)
        yield
        os.seteuid(0)
    else:
        yield


@pytest.fixture
def open_to_all():
    """Return a folder that every user may enter; pytest's own are private."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        put(folder / "secret" / "a")
        put(folder / "open" / "b")
        (folder / "secret").chmod(0)
        yield folder
        (folder / "secret").chmod(0o700)


@pytest.mark.skipif(sys.platform == "win32", reason="other permissions")
def test_an_unreadable_folder_is_a_failure(open_to_all, without_root):
    assert keys(open_to_all) == ["open/b"]
    assert rejected(open_to_all) == {"secret": ("unreadable-folder", True)}


def test_names_that_are_not_unicode_are_opened(tmp_path):
    try:
        put(tmp_path / os.fsdecode(b"caf\xe9"))
    except OSError:
        pytest.skip("this file system takes Unicode only")
    assert [os.fsencode(key) for key in keys(tmp_path)] == [b"caf\xe9"]
    assert Folder().open(walk(tmp_path)[0]).head == b"x"


@pytest.fixture
def deep_tree(tmp_path):
    """Return a tree too deep for recursive code; pytest cannot remove it either."""
    folder = tmp_path
    for _ in range(1100):
        folder /= "d"
        folder.mkdir()
    (folder / "a").touch()
    yield tmp_path
    (folder / "a").unlink()
    while folder != tmp_path:
        folder.rmdir()
        folder = folder.parent


def test_a_tree_deeper_than_the_recursion_limit_is_walked(deep_tree):
    assert keys(deep_tree) == ["d/" * 1100 + "a"]


def test_a_walk_is_lazy(tmp_path):
    for number in range(50):
        put(tmp_path / f"{number:02d}" / "a")
    found = Folder().walk(str(tmp_path), avoid=())
    assert next(found).key == "00/a"
    put(tmp_path / "49" / "b")
    assert [each.key for each in found][-1] == "49/b"


@pytest.mark.parametrize("location", ["http://nowhere", "no-such-file"])
def test_a_missing_path_is_not_claimed(location):
    assert Folder.claims(location) == 0


def test_pictures_of_another_run_are_inputs(tmp_path):
    state = tmp_path / "in" / "scans" / ".dcmconv"
    state.mkdir(parents=True)
    for name in ("a.dcm", "a.png"):
        (tmp_path / "in" / "scans" / name).touch()
    # A pipe: opening the state of another run would hang.
    os.mkfifo(state / "run.json")
    found = list(Folder().walk(str(tmp_path / "in"), avoid=()))
    assert [item.key for item in found] == ["scans/.dcmconv", "scans/a.dcm", "scans/a.png"]
    assert (found[0].reason, found[0].failed) == ("state-folder", False)
