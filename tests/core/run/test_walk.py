"""The walk: which source gets an INPUT, and which inputs are wanted."""

from __future__ import annotations

import importlib.metadata
import zipfile
from dataclasses import dataclass

import numpy as np
import pytest
from support.dicom_files import monochrome, save

import dcmconv
from dcmconv.api import plans
from dcmconv.chain.plan import ComponentRef
from dcmconv.errors import UsageError
from dcmconv.plugin import Reference, Source
from dcmconv.run.walk import EVERYTHING, Selection, Walk


@dataclass(frozen=True, kw_only=True)
class Claiming(Source):
    """Claims every location with the confidence of its class."""

    confidence = 0

    @classmethod
    def claims(cls, location):
        return cls.confidence

    def walk(self, location, *, avoid):
        yield Reference(type(self).__name__, location)

    def open(self, reference):
        raise NotImplementedError


class Silent(Claiming):
    confidence = 0


class Sure(Claiming):
    confidence = 90


class Doubtful(Claiming):
    confidence = 10


class OfVersion01(Claiming):
    confidence = True


def walked_by(location, **sources):
    """Return the class of the source that walks a location; keywords are name=class."""
    references = tuple(
        ComponentRef("source", name, f"{__name__}:{kind.__name__}")
        for name, kind in sources.items()
    )
    (found,) = Walk(references, [location], (), EVERYTHING).inputs()
    reference, index = found
    assert references[index].target.endswith(f":{reference.key}")
    return reference.key


@pytest.mark.parametrize(
    ("location", "sources", "winner"),
    [
        pytest.param("x", {"a": Doubtful, "b": Sure}, "Sure", id="the-highest-confidence"),
        pytest.param("x", {"b": Sure, "a": Doubtful}, "Sure", id="in-any-order"),
        pytest.param("x", {"a": Silent, "b": Doubtful}, "Doubtful", id="not-one-without-a-claim"),
        pytest.param("x", {"a": Doubtful, "b": OfVersion01}, "OfVersion01", id="true-is-50"),
        pytest.param("x", {"a": Sure, "b": OfVersion01}, "Sure", id="true-is-not-100"),
        pytest.param("b:x", {"a": Sure, "b": Doubtful}, "Doubtful", id="the-scheme-s-source"),
        pytest.param("b:x", {"a": Sure, "b": Silent}, "Sure", id="a-scheme-is-not-a-claim"),
    ],
)
def test_the_surest_source_walks_a_location(location, sources, winner):
    assert walked_by(location, **sources) == winner


def test_equal_claims_go_to_the_first_name():
    @dataclass(frozen=True, kw_only=True)
    class Other(Sure):
        pass

    globals()["Other"] = Other
    assert walked_by("x", b=Sure, a=Other) == walked_by("x", a=Other, b=Sure) == "Other"


def test_a_location_without_a_source_is_an_error():
    with pytest.raises(UsageError, match="x: no such file or folder, and no installed") as caught:
        walked_by("x", a=Silent)
    assert caught.value.hint == "Check the spelling, or list the sources: dcmconv plugins list"


@pytest.mark.parametrize(
    ("selection", "wanted"),
    [
        pytest.param(Selection(), ["a/1.dcm", "a/2.ima", "b/1.dcm"], id="everything"),
        pytest.param(Selection(include=("*.dcm",)), ["a/1.dcm", "b/1.dcm"], id="by-name"),
        pytest.param(Selection(include=("a/*",)), ["a/1.dcm", "a/2.ima"], id="by-path"),
        pytest.param(Selection(("a/*",), ("*.dcm",)), ["a/2.ima"], id="exclude-wins"),
    ],
)
def test_patterns_select_inputs(selection, wanted):
    keys = ["a/1.dcm", "a/2.ima", "b/1.dcm"]
    assert [key for key in keys if selection.wants(key)] == wanted


@pytest.fixture
def zip_plugin(monkeypatch):
    """Install the plugin of ``support.zip_source`` for one test."""

    class Distribution:
        name, version, requires = "dcmconv-zip", "1.0", ()

    entry = importlib.metadata.EntryPoint("zip", "support.zip_source", "dcmconv")
    vars(entry)["dist"] = Distribution()
    monkeypatch.setattr(
        importlib.metadata, "entry_points", lambda group: [entry] if group == "dcmconv" else []
    )
    monkeypatch.delenv("DCMCONV_PLUGINS", raising=False)
    plans.registry.cache_clear()
    yield
    plans.registry.cache_clear()


@pytest.fixture
def archive(tmp_path):
    path = tmp_path / "pacs.zip"
    with zipfile.ZipFile(path, "w") as opened:
        for number in (1, 2):
            instance = save(monochrome(np.array([[0, number]], np.uint8)), tmp_path / "one")
            opened.write(instance, f"CT/IM{number}.dcm")
            instance.unlink()
    return path


@pytest.mark.parametrize("prefix", ["", "zip:"], ids=["by-content", "by-scheme"])
@pytest.mark.parametrize("workers", [None, 2], ids=["inline", "processes"])
def test_a_zip_source_gets_the_archive(zip_plugin, archive, tmp_path, prefix, workers):
    settings = {} if workers is None else {"workers": workers}
    location = f"{prefix}{archive}"
    outcomes = list(dcmconv.run(location, tmp_path / "out", normalize="minmax", **settings))
    assert [outcome.input for outcome in outcomes] == ["CT/IM1.dcm", "CT/IM2.dcm"]
    assert [outcome.status for outcome in outcomes] == ["converted", "converted"]
    assert sorted(path.name for path in (tmp_path / "out" / "CT").iterdir()) == [
        "IM1.png",
        "IM2.png",
    ]


def test_without_the_plugin_an_archive_fails_with_advice(archive, tmp_path):
    (outcome,) = dcmconv.run(archive, tmp_path / "out", normalize="minmax")
    assert (outcome.input, outcome.status, outcome.reason) == ("pacs.zip", "failed", "archive")
    assert outcome.message == "The file is a ZIP archive, and archives are not read yet."
    assert outcome.hint.startswith("Unpack it and convert the folder: unzip ")
