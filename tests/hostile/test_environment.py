"""Special files in the input folder, and files that change while they are read."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest
from support.dicom_files import as_bytes, save

from dcmconv.plugin import UsageError
from dcmconv.run.walk import Selection
from dcmconv_builtins.sources import folder as folder_source
from hostile.base import ramp
from hostile.batch import hostile_plan, journal, pictures, run


@pytest.fixture
def scans(tmp_path):
    save(ramp(), tmp_path / "scans" / "a.dcm")
    save(ramp(), tmp_path / "scans" / "z.dcm")
    return tmp_path / "scans"


def other_outcomes(scans, tmp_path, executor="inline", **run_options):
    """Check the two good files, and return the outcomes of all others."""
    out = tmp_path / "out"
    outcomes = run(hostile_plan(executor, **run_options), scans, out)
    assert sorted(line["input"] for line in journal(out)) == sorted(o.input for o in outcomes)
    good = [o for o in outcomes if o.input in ("a.dcm", "z.dcm")]
    assert [o.status for o in good] == ["converted", "converted"]
    assert {"a.png", "z.png"} <= set(pictures(out))
    return {o.input: (o.status, getattr(o, "reason", "")) for o in outcomes if o not in good}


def make_socket(path: Path) -> None:
    here = Path.cwd()
    os.chdir(path.parent)  # the name of a socket must be short
    try:
        with socket.socket(socket.AF_UNIX) as made:
            made.bind(path.name)
    finally:
        os.chdir(here)


@pytest.mark.parametrize(
    ("make", "name"),
    [
        pytest.param(os.mkfifo, "m.dcm", id="a-pipe-without-writer"),
        pytest.param(make_socket, "m.dcm", id="a-socket"),
        pytest.param(lambda path: path.symlink_to("/dev/zero"), "m", id="a-device"),
        pytest.param(lambda path: path.symlink_to("nowhere"), "m", id="a-dangling-link"),
        pytest.param(lambda path: path.symlink_to(path.name), "m", id="a-link-to-itself"),
    ],
)
@pytest.mark.parametrize("executor", ["inline", "processes"])
def test_special_files_are_reported_and_never_opened(make, name, executor, scans, tmp_path):
    make(scans / name)
    [(found, verdict)] = other_outcomes(scans, tmp_path, executor).items()
    assert found == name
    assert verdict in (("skipped", "not-a-file"), ("failed", "unreadable"))


def test_a_loop_of_links_is_walked_once(scans, tmp_path):
    (scans / "m").mkdir()
    (scans / "m" / "up").symlink_to(scans)
    (scans / "m" / "me").symlink_to(scans / "m")
    assert other_outcomes(scans, tmp_path) == {
        "m/me": ("skipped", "seen-already"),
        "m/up": ("skipped", "seen-already"),
    }


def test_a_folder_named_dcm_is_walked(scans, tmp_path):
    save(ramp(), scans / "m.dcm" / "b")
    assert other_outcomes(scans, tmp_path) == {"m.dcm/b": ("converted", "")}


def test_an_unreadable_folder_is_a_failure(scans, tmp_path, monkeypatch):
    # Root can read everything, so the error of the system has to be faked.
    (scans / "m").mkdir()
    real = os.listdir

    def refusing(path):
        if os.fsdecode(path).endswith("/m"):
            raise PermissionError(13, "Permission denied", os.fsdecode(path))
        return real(path)

    monkeypatch.setattr(folder_source.os, "listdir", refusing)
    monkeypatch.setattr(folder_source.os, "scandir", scandir_refusing(os.scandir))
    assert other_outcomes(scans, tmp_path) == {"m": ("failed", "unreadable-folder")}


def scandir_refusing(real):
    def scandir(path="."):
        if str(path).endswith("/m"):
            raise PermissionError(13, "Permission denied", str(path))
        return real(path)

    return scandir


class ChangingFolder(folder_source.Folder):
    """A folder in which a file changes right after it is found."""

    def open(self, reference):
        if reference.key == "m.dcm":
            CHANGE["how"](Path(reference.locator))
        return super().open(reference)


CHANGE = {"how": lambda path: None}


@pytest.mark.parametrize(
    ("change", "verdict"),
    [
        pytest.param(lambda path: path.unlink(), ("failed", "unreadable"), id="vanishes"),
        pytest.param(
            lambda path: (path.unlink(), os.mkfifo(path)),
            ("skipped", "not-a-file"),
            id="becomes-a-pipe",
        ),
        pytest.param(
            lambda path: path.write_bytes(path.read_bytes()[:-100]),
            ("failed", "truncated"),
            id="is-cut",
        ),
        pytest.param(lambda path: path.write_bytes(b""), ("failed", "empty"), id="is-emptied"),
    ],
)
def test_a_file_that_changes_before_reading_fails_alone(
    change, verdict, scans, tmp_path, monkeypatch
):
    save(ramp(), scans / "m.dcm")
    monkeypatch.setitem(CHANGE, "how", change)
    monkeypatch.setattr(folder_source, "Folder", ChangingFolder)
    assert other_outcomes(scans, tmp_path) == {"m.dcm": verdict}


def test_the_same_file_under_two_names_gives_two_pictures(scans, tmp_path):
    os.link(scans / "a.dcm", scans / "m.dcm")
    assert other_outcomes(scans, tmp_path) == {"m.dcm": ("converted", "")}


def test_names_equal_on_some_file_systems_never_overwrite(scans, tmp_path):
    for name in ("m.dcm", "M.dcm", "m.ima", "m\u00fc.dcm", "mu\u0308.dcm"):
        save(ramp(), scans / name)
    assert set(other_outcomes(scans, tmp_path).values()) == {("converted", "")}
    made = pictures(tmp_path / "out")
    assert len(made) == 7
    assert len({name.casefold() for name in made}) == 7


def test_names_with_odd_bytes_are_converted(scans, tmp_path):
    names = [b"caf\xe9.dcm", b"new\nline.dcm", b"\x1b[31mred.dcm", b"-o", b"m" * 250, b"q\\w.dcm"]
    for name in names:
        Path(os.fsdecode(bytes(os.fsencode(scans)) + b"/" + name)).write_bytes(as_bytes(ramp()))
    found = other_outcomes(scans, tmp_path)
    assert sorted(map(os.fsencode, found)) == sorted(names)
    assert set(found.values()) == {("converted", "")}
    assert len(pictures(tmp_path / "out")) == len(names) + 2


def test_pictures_among_the_inputs_are_not_read(scans, tmp_path):
    first = run(hostile_plan(), scans, scans / "pictures")
    again = run(hostile_plan(), scans, scans / "pictures")
    assert [o.input for o in first] == [o.input for o in again] == ["a.dcm", "z.dcm"]
    assert all(outcome.unchanged for outcome in again)


def test_an_input_is_never_written_to(scans, tmp_path):
    before = {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in scans.iterdir()}
    run(hostile_plan(), scans, scans)
    assert {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in before} == before


def test_an_unrelated_file_is_never_overwritten(scans, tmp_path):
    out = tmp_path / "out"
    out.mkdir()
    (out / "a.png").write_bytes(b"mine")
    outcomes = run(hostile_plan(), scans, out)
    assert [o.status for o in outcomes] == ["failed", "converted"]
    assert outcomes[0].reason == "exists"
    assert (out / "a.png").read_bytes() == b"mine"


def test_an_existing_link_is_never_written_through(scans, tmp_path):
    out = tmp_path / "out"
    out.mkdir()
    (tmp_path / "victim").write_bytes(b"mine")
    (out / "a.png").symlink_to(tmp_path / "victim")
    outcomes = run(hostile_plan(), scans, out)
    assert outcomes[0].reason == "exists"
    assert (tmp_path / "victim").read_bytes() == b"mine"


def test_a_missing_input_is_a_usage_error(tmp_path):
    with pytest.raises(UsageError, match="no such file or folder") as raised:
        run(hostile_plan(), tmp_path / "nowhere", tmp_path / "out")
    assert "spelling" in raised.value.hint
    assert not (tmp_path / "out").exists()


def test_excluded_inputs_are_not_opened(scans, tmp_path):
    os.mkfifo(scans / "m")
    outcomes = run(hostile_plan(), scans, tmp_path / "out", selection=Selection(exclude=("m",)))
    assert [outcome.input for outcome in outcomes] == ["a.dcm", "z.dcm"]
