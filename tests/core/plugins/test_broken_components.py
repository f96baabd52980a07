"""A mistake in a plugin's class is one sentence that names plugin and class, never a traceback."""

from __future__ import annotations

import sys
from dataclasses import dataclass, replace

import numpy as np
import pytest
from support.dicom_files import monochrome, save
from support.plans import plan

from dcmconv.chain.compile import compile_chain
from dcmconv.chain.loader import chain_from_data
from dcmconv.cli.exit_codes import exit_code_of_error
from dcmconv.errors import ChainError, DcmconvError, PluginError, SkipInput
from dcmconv.model.components import Colormap, Decoder, Normalizer, Reader, Source, Step, Writer
from dcmconv.model.inputs import Reference
from dcmconv.plugins.references import ComponentRef
from dcmconv.plugins.registry import Offered, Registry
from dcmconv.run.engine import Run
from dcmconv.run.walk import EVERYTHING, Walk


@dataclass(frozen=True, kw_only=True)
class HalfNormalizer(Normalizer):
    """Has no curve."""


@dataclass(frozen=True, kw_only=True)
class HalfStep(Step):
    """Has no apply."""


@dataclass(frozen=True, kw_only=True)
class HalfColormap(Colormap):
    """Has no table."""


@dataclass(frozen=True, kw_only=True)
class HalfWriter(Writer):
    """Has no encode."""

    suffix = ".half"


@dataclass(frozen=True, kw_only=True)
class NamelessWriter(Writer):
    """Has no suffix."""

    def encode(self, picture):
        return b"x"


class OneString(NamelessWriter):
    suffix = ".text"
    other_suffixes = ".txt"


class Dotless(NamelessWriter):
    suffix = "text"


@dataclass(frozen=True, kw_only=True)
class HalfReader(Reader):
    """Has no open."""

    @classmethod
    def sniff(cls, head, name):
        return 100


@dataclass(frozen=True, kw_only=True)
class AimlessDecoder(Decoder):
    """Has no transfer_syntaxes."""

    def decode(self, stream, description, transfer_syntax):
        raise NotImplementedError


class UidAsString(AimlessDecoder):
    transfer_syntaxes = "1.2.840.10008.1.2.5"


@dataclass(frozen=True, kw_only=True)
class Walking(Source):
    """Claims everything."""

    @classmethod
    def claims(cls, location):
        return 100

    def walk(self, location, *, avoid):
        yield Reference("a", "a")

    def open(self, reference):
        raise SkipInput("no")


class RaisingWalk(Walking):
    def walk(self, location, *, avoid):
        yield Reference("a", "a")
        raise ConnectionError("the server is gone")


class RaisingAtOnce(Walking):
    def walk(self, location, *, avoid):
        raise ValueError("no session")


class RaisingClaims(Walking):
    @classmethod
    def claims(cls, location):
        raise KeyError("scheme")


class ExitingClaims(Walking):
    @classmethod
    def claims(cls, location):
        raise SystemExit(3)


class VagueClaims(Walking):
    @classmethod
    def claims(cls, location):
        return None


class YieldingText(Walking):
    def walk(self, location, *, avoid):
        yield "a.dcm"


class RaisingWhenMade(Walking):
    def __init__(self):
        raise RuntimeError("no license")


@dataclass(frozen=True, kw_only=True)
class HalfSource(Source):
    """Has no walk and no open."""

    @classmethod
    def claims(cls, location):
        return 100


BY = r", offered as {kind} 'made-up' by acme-pictures 1\.0, {fault}\.\n  .*--no-plugin acme"


def registry_offering(kind, target):
    registry = Registry.discover(only=())
    offered = {each: registry.offered(each) for each in registry._offered}
    offered[kind] += [Offered(kind, "made-up", target, "acme", "acme-pictures", "1.0")]
    return Registry(registry.events, registry.plugins, registry.problems, offered)


def sentence(kind, name, fault):
    return f"{__name__}:{name}" + BY.format(kind=kind, fault=fault)


@pytest.mark.parametrize(
    ("kind", "component", "fault", "chain"),
    [
        ("normalizer", HalfNormalizer, "does not implement curve", {"normalize": "made-up"}),
        ("step", HalfStep, "does not implement apply", {"steps": ["made-up"]}),
        ("colormap", HalfColormap, "does not implement table", {"colormap": "made-up"}),
        ("writer", HalfWriter, "does not implement encode", {"outputs": ["made-up"]}),
        ("writer", NamelessWriter, "has no class attribute 'suffix'", {"outputs": ["made-up"]}),
        (
            "writer",
            OneString,
            "has other_suffixes '.txt'; expected a tuple of suffixes",
            {"outputs": ["made-up"]},
        ),
        (
            "writer",
            Dotless,
            "has the suffix 'text'; expected a dot and letters, such as '.jpg'",
            {"outputs": ["made-up"]},
        ),
        (
            "decoder",
            UidAsString,
            "has transfer_syntaxes '1.2.840.10008.1.2.5'; expected a frozenset of UIDs",
            {"decoders": {"RLE Lossless": "made-up"}},
        ),
        ("reader", HalfReader, "does not implement open", {"read": ["made-up"]}),
        (
            "decoder",
            AimlessDecoder,
            "has no class attribute 'transfer_syntaxes'",
            {"decoders": {"RLE Lossless": "made-up"}},
        ),
    ],
)
def test_an_unfinished_class_is_named_with_what_it_lacks(kind, component, fault, chain):
    registry = registry_offering(kind, f"{__name__}:{component.__name__}")
    with pytest.raises(DcmconvError, match=sentence(kind, component.__name__, fault)):
        compile_chain(chain_from_data(chain, registry), registry)


def source_of(component):
    target = f"{__name__}:{component.__name__}"
    return ComponentRef("source", "made-up", target, version="acme-pictures 1.0")


@pytest.mark.parametrize(
    ("component", "fault"),
    [
        (HalfSource, "does not implement open, walk"),
        (RaisingWalk, r"raised ConnectionError in walk\(\): the server is gone"),
        (RaisingAtOnce, r"raised ValueError in walk\(\): no session"),
        (RaisingClaims, r"raised KeyError in claims\(\): 'scheme'"),
        (ExitingClaims, r"raised SystemExit in claims\(\): 3"),
        (
            VagueClaims,
            r"raised TypeError in claims\(\): it returned None; expected a number from 0 to 100",
        ),
        (YieldingText, r"raised TypeError in walk\(\): it yielded a str; .*"),
        (RaisingWhenMade, "cannot be made: RuntimeError: no license"),
    ],
)
def test_a_source_that_raises_is_named(component, fault):
    walk = Walk((source_of(component),), ["x"], (), EVERYTHING)
    with pytest.raises(PluginError, match=sentence("source", component.__name__, fault)):
        list(walk.inputs())


def test_a_walk_that_raises_ends_the_run_without_a_traceback(tmp_path, capsys):
    made = replace(plan(), sources=(source_of(RaisingWalk),))
    with pytest.raises(PluginError) as caught:
        list(Run(made, ["x"], tmp_path / "out"))
    assert exit_code_of_error(caught.value) == 4
    shown = capsys.readouterr().err
    assert "the server is gone" in shown
    assert "Traceback" not in shown


def test_a_reader_that_cannot_be_made_is_named_by_each_input(tmp_path):
    reader = ComponentRef(
        "reader", "made-up", f"{__name__}:HalfReader", version="acme-pictures 1.0"
    )
    made = plan()
    made = replace(made, readers=(*made.readers, reader))
    path = save(monochrome(np.zeros((2, 2), np.uint16)), tmp_path / "a.dcm")
    [outcome] = Run(made, [str(path)], tmp_path / "out")
    assert outcome.status == "failed"
    assert "HalfReader, offered as reader 'made-up' by acme-pictures 1.0" in outcome.message


def test_a_preset_of_a_single_module_has_its_own_message(tmp_path, monkeypatch):
    (tmp_path / "acme_single.py").write_text("")
    (tmp_path / "chain.yaml").write_text("version: 1\n")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "acme_single", raising=False)
    registry = registry_offering("preset", "acme_single:chain.yaml")
    message = (
        r"acme_single:chain.yaml, offered as preset 'made-up' by acme-pictures 1\.0, is not in a "
        r"package: 'acme_single' is a single module, which has no data files\."
    )
    with pytest.raises(ChainError, match=message) as caught:
        compile_chain(chain_from_data({"extends": "preset:made-up"}, registry), registry)
    assert "__init__.py" in caught.value.hint


@pytest.mark.parametrize("target", ["acme_missing:chain.yaml", "dcmconv_builtins:nothing.yaml"])
def test_a_preset_that_cannot_be_read_names_its_plugin(target):
    registry = registry_offering("preset", target)
    with pytest.raises(ChainError, match="preset 'made-up' of acme-pictures cannot be read"):
        compile_chain(chain_from_data({"extends": "preset:made-up"}, registry), registry)
