"""A path given to --out or save() names a file or a folder by what the writers declare."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import pytest
from support.plans import lane, plan

import dcmconv
from dcmconv.chain.plan import ComponentRef, Lane
from dcmconv.errors import UsageError
from dcmconv.plugin import Picture, Writer
from dcmconv.plugins.registry import Offered, Registry
from dcmconv.run.output.out_path import (
    ends_like_a_folder,
    find_writer,
    names_a_file,
    no_writer_error,
)


@dataclass(frozen=True, kw_only=True)
class Pgm(Writer):
    """A third-party writer with its own suffixes."""

    suffix: ClassVar[str] = ".pgm"
    other_suffixes: ClassVar[tuple[str, ...]] = (".pnm.gz", ".x")

    def encode(self, picture: Picture) -> bytes:
        return b"P5"


class Loud(Pgm):
    """A writer that declares its suffix in capital letters."""

    suffix: ClassVar[str] = ".LOUD"


def offered(registry: Registry, name: str, writer: type[Writer] = Pgm) -> None:
    """Let a registry offer one more writer."""
    target = f"{writer.__module__}:{writer.__qualname__}"
    registry._offered["writer"].append(Offered("writer", name, target, "p", "dcmconv-p", "1"))


@pytest.fixture
def registry():
    return Registry.discover(only=())


def pgm_lane() -> Lane:
    writer = ComponentRef("writer", "pgm", f"{Pgm.__module__}:Pgm")
    return Lane("pgm", lane().normalizer, (), None, writer)


@pytest.mark.parametrize("name", ["x.pgm", "X.PGM", "a.b.pgm", "x.pnm.gz", "x.x"])
def test_a_declared_suffix_names_a_file(tmp_path, name):
    assert names_a_file(tmp_path / name, plan(pgm_lane()))


@pytest.mark.parametrize(
    "name", ["out", "out.2024", "v1.2", "1.2.840.113619", "a.verylongone", "x.c"]
)
def test_other_names_are_folders(tmp_path, name, registry):
    assert not names_a_file(tmp_path / name, plan(pgm_lane()))
    assert find_writer(Path(name), registry) == ""
    assert no_writer_error(Path(name), registry) is None


def test_an_existing_folder_is_a_folder(tmp_path):
    (tmp_path / "x.pgm").mkdir()
    (tmp_path / "x.tiff").mkdir()
    assert not names_a_file(tmp_path / "x.pgm", plan(pgm_lane()))
    assert not names_a_file(tmp_path / "x.tiff", plan(pgm_lane()))


def test_an_existing_file_is_left_to_the_check_of_the_folder(tmp_path, registry):
    (tmp_path / "notes.txt").touch()
    assert not names_a_file(tmp_path / "notes.txt", plan(lane("png")))
    assert no_writer_error(tmp_path / "notes.txt", registry) is None


def test_another_suffix_is_rejected_with_both_named():
    with pytest.raises(UsageError) as caught:
        names_a_file(Path("x.pgm"), plan(lane("png")))
    assert caught.value.message == "x.pgm ends in .pgm, but writer 'png' makes .png files."
    assert caught.value.hint == (
        "Name it x.png, choose another writer with -w, or end the name with / for a folder: "
        "-o x.pgm/"
    )


def test_several_outputs_do_not_fit_into_one_file():
    with pytest.raises(UsageError, match="several outputs: png, jpg") as caught:
        names_a_file(Path("x.png"), plan(lane("png"), lane("jpg")))
    assert caught.value.hint == "Name a folder: -o pictures/ (with all of them as png: -w all:png)."


@pytest.mark.parametrize(
    ("name", "writer"),
    [("x.jpg", "jpg"), ("x.JPEG", "jpg"), ("x.png", "png"), ("x.pgm", "gray"), ("x.heic", "")],
)
def test_a_writer_is_found_by_the_suffix_it_declares(registry, name, writer):
    offered(registry, "gray")
    assert find_writer(Path(name), registry) == writer


@pytest.mark.parametrize("name", ["x.loud", "x.LOUD"])
def test_a_suffix_declared_in_capitals_is_found(registry, name):
    offered(registry, "loud", Loud)
    assert find_writer(Path(name), registry) == "loud"


def test_only_the_writer_named_like_the_suffix_is_imported(registry, monkeypatch):
    loaded = []
    load = registry.load
    monkeypatch.setattr(
        registry, "load", lambda kind, name: loaded.append(name) or load(kind, name)
    )
    assert find_writer(Path("out"), registry) == ""
    assert find_writer(Path("x.png"), registry) == "png"
    assert loaded == ["png"]


def test_two_writers_of_one_suffix_must_be_chosen_from(registry):
    offered(registry, "gray")
    offered(registry, "grey")
    with pytest.raises(UsageError, match=r"2 writers make \.pgm files: gray, grey") as caught:
        find_writer(Path("x.pgm"), registry)
    assert caught.value.hint == "Choose one: -w gray"


def test_a_broken_writer_is_left_out(registry):
    registry._offered["writer"].append(Offered("writer", "bad", "nowhere:Bad", "p", "p", "1"))
    assert find_writer(Path("x.heic"), registry) == ""
    assert "bad" not in no_writer_error(Path("x.heic"), registry).hint


def test_an_unknown_file_type_names_what_is_installed(registry):
    error = no_writer_error(Path("x.tiff"), registry)
    assert error.message == "x.tiff: no installed writer makes .tiff files."
    assert error.hint == (
        "Name it x.jpg, for example; installed writers make .jpg, .json, .png files. "
        "For a folder, end the name with /: x.tiff/"
    )


@pytest.mark.parametrize(
    ("text", "is_folder"), [("x.png/", True), ("x.png", False), ("a/b", False)]
)
def test_a_final_slash_names_a_folder(text, is_folder):
    assert ends_like_a_folder(text) is is_folder


def test_python_and_a_final_slash_make_a_folder(tmp_path):
    from pydicom.data import get_testdata_file

    run = dcmconv.run(get_testdata_file("CT_small.dcm"), f"{tmp_path}/x.png/", writers=["png"])
    assert [outcome.status for outcome in run] == ["converted"]
    assert (tmp_path / "x.png" / "CT_small.png").is_file()


def test_save_rejects_a_suffix_that_no_writer_makes(tmp_path):
    from pydicom.data import get_testdata_file

    picture = dcmconv.convert(get_testdata_file("CT_small.dcm"))
    with pytest.raises(UsageError, match=r"no installed writer makes \.heic files"):
        picture.save(tmp_path / "x.heic")
    assert list(tmp_path.iterdir()) == []
    picture.save(tmp_path / "v1.2")
    assert (tmp_path / "v1.2").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize("name", ["", "new/"])
def test_save_rejects_a_folder(tmp_path, name):
    from pydicom.data import get_testdata_file

    picture = dcmconv.convert(get_testdata_file("CT_small.dcm"))
    with pytest.raises(UsageError, match=r"is a folder; save\(\) writes one file") as caught:
        picture.save(f"{tmp_path}/{name}")
    assert "picture.png" in caught.value.hint
    assert not list(tmp_path.iterdir())
