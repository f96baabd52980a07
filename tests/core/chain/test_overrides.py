from __future__ import annotations

import pytest

from dcmconv.chain.layering import (
    apply_override,
    assemble,
    environment_overrides,
    flag_override,
    merge,
    parse_override,
    with_flags,
    with_name,
)
from dcmconv.chain.spec import ChainSpec, ComponentSpec, OutputSpec, RuleSpec, output_ids
from dcmconv.chain.values import as_output, frames_as_text, parse_frames, parse_inline
from dcmconv.errors import ChainError, UsageError

LUNG = {"center": -600, "width": 1500}


def output(text, flag=""):
    return as_output(parse_inline(text, flag))


def apply_set(spec, text):
    return apply_override(spec, parse_override(text))


def chain():
    return ChainSpec(
        normalize=ComponentSpec("window", LUNG),
        steps=(ComponentSpec("resize", {"max": 1024}, "small"),),
        rules=(RuleSpec(when={"Modality": ("MG",)}, normalize=ComponentSpec("voi")),),
        outputs=(output("jpg:quality=92"), output("png"), output("png:bits=16")),
        run=ComponentSpec("run", {"workers": 2}),
    )


def test_same_component_merges_and_another_replaces():
    base = ChainSpec(
        normalize=ComponentSpec("window", LUNG), colormap=ComponentSpec("file", {"path": "a"})
    )
    over = ChainSpec(
        normalize=ComponentSpec("window", {"width": 400}), colormap=ComponentSpec("bone")
    )
    merged = merge(base, over)
    assert merged.normalize == ComponentSpec("window", {"center": -600, "width": 400})
    assert merged.colormap == ComponentSpec("bone")


def test_merging_with_an_empty_chain_changes_nothing():
    assert merge(chain(), ChainSpec()) == chain()
    assert merge(ChainSpec(), chain()) == chain()


def test_outputs_without_ids_are_numbered():
    outputs = [output(text) for text in ("jpg", "jpg", "acme/jpg", "png:id=jpg-2", "png")]
    assert output_ids(outputs) == ["jpg", "jpg-3", "jpg-4", "jpg-2", "png"]


def test_set_reaches_only_the_component_with_that_id():
    spec = apply_set(chain(), "png-2.compression=small")
    assert [each.writer.options for each in spec.outputs] == [
        {"quality": "92"},
        {},
        {"bits": "16", "compression": "small"},
    ]
    spec = apply_set(spec, "small.max=512")
    assert spec.steps[0].options == {"max": "512"}
    spec = apply_set(spec, "run.workers=8")
    assert spec.run.options == {"workers": "8"}


def test_set_reaches_components_in_rules():
    assert apply_set(chain(), "voi.number=2").rules[0].normalize.options == {"number": "2"}


def test_set_reaches_the_defaults():
    spec = apply_set(ChainSpec(), "png.bits=16")
    assert spec.outputs[0].writer == ComponentSpec("png", {"bits": "16"})


def test_set_reaches_the_keys_of_an_output():
    spec = apply_set(chain(), "jpg.name={PatientID}/a, b")
    assert spec.outputs[0].name == "{PatientID}/a, b"
    assert spec.outputs[0].writer.options == {"quality": "92"}
    spec = apply_set(spec, "png.colormap=bone")
    assert spec.outputs[1].colormap == ComponentSpec("bone")
    assert apply_set(spec, "run.executor=inline").executor == ComponentSpec("inline")


def test_set_value_may_be_quoted_a_list_or_null():
    assert apply_set(chain(), 'small.fill="0"').steps[0].options["fill"] == "0"
    assert apply_set(chain(), "small.box=[1,2]").steps[0].options["box"] == ["1", "2"]
    assert apply_set(chain(), "small.max=null").steps[0].options["max"] is None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param("jgp.quality=95", r"no component 'jgp'; did you mean 'jpg'\?", id="slip"),
        pytest.param(
            "zzz.quality=95",
            r"no component 'zzz'\.(.|\n)*Known: jpg, png, png-2, run, small",
            id="far",
        ),
        pytest.param(
            "quality=95", r"Expected ID\.OPTION=VALUE(.|\n)*jpg\.quality=95", id="no-head"
        ),
        pytest.param("jpg.quality", r"Expected ID\.OPTION=VALUE\.", id="no-value"),
        pytest.param(
            "run.wokers=2", r"'run' has no setting 'wokers'; did you mean 'workers'\?", id="run"
        ),
        pytest.param('jpg.quality="95', "is not closed", id="quote"),
    ],
)
def test_set_without_a_target_is_rejected(text, message):
    with pytest.raises(ChainError, match=message) as caught:
        apply_set(chain(), text)
    assert caught.value.message.startswith(f"--set {text}: ")


def test_flag_replaces_the_component_in_chain_and_rules():
    spec = with_flags(chain(), ChainSpec(normalize=parse_inline("window", "--normalize")))
    assert spec.normalize == ComponentSpec("window")
    assert spec.rules[0].normalize is None
    assert spec.rules[0].when == {"Modality": ("MG",)}


def test_writer_flag_replaces_the_outputs_of_rules():
    rule = RuleSpec(when={"Modality": ("CT",)}, outputs=(output("png"),))
    spec = with_flags(ChainSpec(rules=(rule,)), ChainSpec(outputs=(output("jpg"),)))
    assert spec.rules[0].outputs is None
    assert spec.outputs == (output("jpg"),)


def test_empty_flags_change_nothing():
    assert with_flags(chain(), ChainSpec()) == chain()


def test_precedence_is_file_environment_set_flags():
    flags = ChainSpec(outputs=(output("jpg:quality=50", "--writer"), output("png", "--writer")))
    spec = assemble(
        chain(),
        flags,
        overrides=[
            *environment_overrides({"DCMCONV_SET": "png.bits=8 jpg.subsampling=444 run.workers=3"}),
            *map(parse_override, ["jpg.quality=60", "png.bits=16", "jpg.optimize=true"]),
            flag_override("png", "compression", "small"),
        ],
    )
    jpg, png = (each.writer.options for each in spec.outputs)
    assert jpg == {"quality": "50", "subsampling": "444", "optimize": "true"}
    assert png == {"bits": "16", "compression": "small"}
    assert spec.run.options == {"workers": "3"}


def test_dotted_flag_overrides_the_short_form():
    flags = ChainSpec(normalize=parse_inline("window:center=1,width=2", "--normalize"))
    spec = assemble(ChainSpec(), flags, overrides=[flag_override("window", "center", "-600")])
    assert spec.normalize.options == {"center": "-600", "width": "2"}
    assert str(spec.normalize.written["center"].value) == "--window.center -600"


def test_environment_is_split_but_keeps_backslashes():
    variable = {"DCMCONV_SET": r"""file.path=C:\a\b "title.text=UID, {frame}" title.color=#fff"""}
    spec = ChainSpec(colormap=ComponentSpec("file"), steps=(ComponentSpec("title"),))
    spec = assemble(spec, ChainSpec(), overrides=environment_overrides(variable))
    assert spec.colormap.options == {"path": r"C:\a\b"}
    assert spec.steps[0].options == {"text": "UID, {frame}", "color": "#fff"}
    with pytest.raises(ChainError, match=r"DCMCONV_SET: It cannot be read: No closing quotation"):
        environment_overrides({"DCMCONV_SET": "'a.b=c"})


def test_name_flag_reaches_every_output():
    assert [each.name for each in with_name(ChainSpec(), "{frame}").outputs] == ["{frame}"]
    assert [each.name for each in with_name(chain(), "x").outputs] == ["x", "x", "x"]
    rule = RuleSpec(when={"Modality": ("CT",)}, outputs=(OutputSpec(writer=ComponentSpec("png")),))
    assert with_name(ChainSpec(rules=(rule,)), "x").rules[0].outputs[0].name == "x"


@pytest.mark.parametrize(
    ("text", "ranges"),
    [
        pytest.param("all", (), id="all"),
        pytest.param("1", ((1, 1),), id="one"),
        pytest.param("1, 3-5 ,10-", ((1, 1), (3, 5), (10, None)), id="several"),
    ],
)
def test_frame_ranges_read_back(text, ranges):
    assert parse_frames(text) == ranges
    assert parse_frames(frames_as_text(ranges)) == ranges


@pytest.mark.parametrize("text", ["", "0", "5-2", "-3", "1;2", "1,,2", "1" * 12])
def test_invalid_frame_numbers_are_rejected_with_an_example(text):
    with pytest.raises(UsageError, match=r"Frames: .*\n  For example: 1,3-5"):
        parse_frames(text)
