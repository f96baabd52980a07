"""The corpora, and the C program that their pictures are compared with."""

from __future__ import annotations

import subprocess

import numpy as np
import pytest
from benchmarks import limit
from benchmarks.corpora import CODINGS, Corpora, make_dataset
from PIL import Image

import dcmconv

WINDOW = "window:center=40,width=400"


@pytest.fixture(scope="module")
def corpora(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("DCMCONV_CORPUS", raising=False)
        yield Corpora(tmp_path_factory.mktemp("corpora"))


@pytest.fixture(scope="module")
def climit(tmp_path_factory):
    built = limit.build_limit(tmp_path_factory.mktemp("climit"))
    if built.program is None:
        pytest.skip(f"the C limit is not compared: {built.message}")
    return built.program


@pytest.mark.parametrize("name", CODINGS)
@pytest.mark.parametrize("number", [0, 1], ids=["signed", "unsigned"])
def test_a_compressed_corpus_holds_the_pixels_of_the_plain_one(corpora, name, number):
    plain = corpora.folder("ct", 2) / f"{number:06d}.dcm"
    coded = corpora.folder(name, 2) / f"{number:06d}.dcm"
    first, second = (dcmconv.convert(path, normalize=WINDOW).pixels for path in (plain, coded))
    assert coded.stat().st_size < plain.stat().st_size
    assert np.array_equal(first, second)


def test_files_repeat_beyond_the_size_of_a_corpus(corpora, monkeypatch):
    monkeypatch.setattr("benchmarks.corpora.MADE", {"ct": 2})
    folder = corpora.folder("ct", 5)
    assert len(list(folder.iterdir())) == 5
    assert (folder / "000000.dcm").samefile(folder / "000004.dcm")


def test_headers_are_as_full_as_those_of_scanners():
    assert len(make_dataset("ct", 0)) >= 250
    assert len(make_dataset("ct", 1)) >= 75


@pytest.mark.parametrize(
    ("corpus", "words", "normalize"),
    [
        ("ct", "window:40,400", WINDOW),
        ("ct", "minmax", "minmax"),
        ("cr", "window:2048,4096", "window:center=2048,width=4096"),
        ("cr", "minmax", "minmax"),
    ],
)
def test_the_c_limit_makes_exactly_our_pictures(
    corpora, climit, tmp_path, corpus, words, normalize
):
    source = corpora.folder(corpus, 2)
    subprocess.run([climit, "png", words, "2", source, tmp_path], check=True)
    for number in range(2):
        ours = dcmconv.convert(source / f"{number:06d}.dcm", normalize=normalize).pixels
        with Image.open(tmp_path / f"{number:06d}.png") as picture:
            assert np.array_equal(np.asarray(picture), ours)


def test_without_a_compiler_the_limit_says_what_to_install(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    built = limit.build_limit(tmp_path)
    assert built.program is None
    assert "apt-get install gcc libjpeg62-turbo-dev libisal-dev" in built.message
