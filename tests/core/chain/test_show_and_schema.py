from __future__ import annotations

import json
import re

import pytest

from dcmconv.chain.compile import compile_chain
from dcmconv.chain.layers.layering import apply_override, merge, parse_override
from dcmconv.chain.loader import chain_from_data, load_chain
from dcmconv.chain.schema import chain_schema
from dcmconv.chain.show import chain_as_yaml
from dcmconv.chain.spec import DEFAULT_CHAIN, ChainSpec
from dcmconv.chain.values import as_output, parse_inline


def everything(registry):
    return chain_from_data(
        {
            "normalize": {"use": "window", "center": -600, "width": 1500.5},
            "invert": True,
            "steps": [
                {"use": "resize", "id": "small", "max": 9},
                {"use": "title", "text": 'a: "b" # {frame} é 🙂'},
            ],
            "colormap": None,
            "aspect": "keep",
            "rules": [
                {"when": {"Modality": ["SR"], "0010,0020": ["012", 12]}, "skip": True},
                {"when": {"Modality": "CT"}, "normalize": "voi", "outputs": ["jpg"]},
            ],
            "outputs": [{"use": "png", "id": "true", "bits": 16, "name": "no", "steps": []}],
            "frames": "1,3-5",
            "tags": ["PatientID", "0010,0020"],
            "run": {"workers": 2, "on_error": "stop", "executor": "processes"},
        },
        registry,
    )


def test_shown_chain_reads_back_unchanged(chain_file, registry):
    spec = everything(registry)
    assert not spec.problems
    again = load_chain(chain_file(chain_as_yaml(spec)), registry)
    assert not again.problems
    assert again == merge(DEFAULT_CHAIN, spec)


@pytest.mark.parametrize("preset", ["article", "article-batch", "chest-ct", "ml-8bit", "ml-16bit"])
def test_preset_compiles_and_reads_back(chain_file, registry, preset):
    spec = load_chain(f"preset:{preset}", registry)
    plan = compile_chain(spec, registry)
    again = load_chain(chain_file(chain_as_yaml(spec, registry)), registry)
    assert compile_chain(again, registry).digest == plan.digest


def test_shown_values_have_their_origin(chain_file, registry):
    spec = load_chain(chain_file("version: 1\nextends: preset:article\ncolormap: hot\n"), registry)
    shown = chain_as_yaml(spec)
    assert "  use: minmax  # preset:article:" in shown
    assert "  use: hot  # chain.yaml:3\n" in shown
    assert "    width: 12  # preset:article:" in shown


def test_flags_are_shown_as_numbers_with_a_registry(registry):
    spec = ChainSpec(outputs=(as_output(parse_inline("jpg:quality=95", "--writer")),))
    assert "quality: 95  # --writer jpg:quality=95" in chain_as_yaml(spec, registry)
    assert 'quality: "95"' in chain_as_yaml(spec)
    spec = apply_override(ChainSpec(), parse_override("run.timeout=33"))
    assert "timeout: 33.0  # --set run.timeout=33" in chain_as_yaml(spec, registry)


def test_wrong_chain_is_shown_as_written(registry):
    spec = ChainSpec(normalize=parse_inline("windw:center=1"), colormap=parse_inline("bone:x=1"))
    shown = chain_as_yaml(spec, registry)
    assert 'use: windw\n  center: "1"' in shown
    assert 'use: bone\n  x: "1"' in shown


def test_article_presets_match_the_articles_figures(registry):
    (lane,) = compile_chain(load_chain("preset:article", registry), registry).lanes
    assert (lane.normalizer.name, lane.colormap.name, lane.writer.name) == ("minmax", "bone", "jpg")
    (figure,) = lane.steps
    assert figure.options == {
        "width": 12.0,
        "height": 12.0,
        "dpi": 250.0,
        "text": "UID:{SOPInstanceUID}",
    }
    (batch,) = compile_chain(load_chain("preset:article-batch", registry), registry).lanes
    assert batch.steps[0].options["height"] == 6.0
    assert batch.steps[0].options["dpi"] == 80.0


def test_schema_has_every_component_and_option(registry):
    schema = chain_schema(registry)
    json.dumps(schema)
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    forms = schema["$defs"]["normalizer"]["oneOf"]
    assert "window" in forms[0]["enum"]
    (window,) = [form for form in forms if form.get("title") == "window"]
    assert window["properties"]["use"]["enum"] == ["window", "dcmconv/window"]
    assert window["additionalProperties"] is False
    assert window["required"] == ["use"]
    assert window["properties"]["center"]["description"] == (
        "Window Center (0028,1050); needs width (modality units)."
    )
    for kind in ("reader", "normalizer", "colormap", "step", "writer", "executor"):
        named = {form["title"] for form in schema["$defs"][kind]["oneOf"] if "title" in form}
        assert named == set(registry.names(kind))


def test_schema_has_every_bound(registry):
    writers = chain_schema(registry)["$defs"]["writer"]["oneOf"]
    (jpg,) = [form for form in writers if form.get("title") == "jpg"]
    assert (jpg["properties"]["quality"]["minimum"], jpg["properties"]["quality"]["maximum"]) == (
        1,
        100,
    )
    assert {"id", "name", "normalize", "colormap", "steps", "invert", "aspect"} <= set(
        jpg["properties"]
    )


def test_schema_and_loader_have_the_same_keys(registry):
    schema = chain_schema(registry)
    text = chain_from_data({"nonsense": 1}, registry).problems[0].hint
    assert set(re.findall(r"\w+", text.removeprefix("Known: "))) == set(schema["properties"])


def test_schema_leaves_out_broken_components(registry, monkeypatch):
    from dcmconv.errors import PluginError

    def load(kind, name):
        raise PluginError("broken")

    monkeypatch.setattr(registry, "load", load)
    assert chain_schema(registry)["$defs"]["writer"] == {"type": "string"}
