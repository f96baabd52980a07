from __future__ import annotations

from dataclasses import replace

import pytest

from dcmconv.chain.layers.explicit import FlagForm, assemble, with_flags, with_name
from dcmconv.chain.layers.layering import (
    apply_override,
    environment_overrides,
    flag_override,
    merge,
    parse_override,
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


def chain_of(*outputs):
    return replace(chain(), outputs=tuple(map(output, outputs)))


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


def test_writer_flag_changes_only_the_format_of_single_outputs():
    rule = RuleSpec(
        when={"Modality": ("CT",)},
        outputs=(output("png:id=x,bits=16,normalize=minmax,name=a"),),
    )
    chain = ChainSpec(rules=(rule,), outputs=(output("png:bits=16,invert=true"),))
    spec = with_flags(chain, ChainSpec(outputs=(output("jpg:quality=50"),)))
    assert spec.rules[0].outputs == (output("jpg:id=x,quality=50,normalize=minmax,name=a"),)
    assert spec.outputs == (output("jpg:quality=50,invert=true"),)
    spec = with_flags(chain, ChainSpec(outputs=(output("png:compression=small"),)))
    assert spec.outputs == (output("png:bits=16,compression=small,invert=true"),)


def test_several_writers_share_what_the_single_output_sets():
    chain = ChainSpec(outputs=(output("png:id=x,invert=true"),))
    spec = with_flags(chain, ChainSpec(outputs=(output("jpg"), output("png:id=y"))))
    assert spec.outputs == (output("jpg:invert=true"), output("png:id=y,invert=true"))


@pytest.mark.parametrize("flag", ["--writer", ""])
def test_writer_flag_beside_several_outputs_asks_which(flag):
    rule = RuleSpec(
        when={"Modality": ("CT", "MR")}, outputs=(output("png:id=lung"), output("png:id=bone"))
    )
    with pytest.raises(ChainError) as caught:
        with_flags(ChainSpec(rules=(rule,)), ChainSpec(outputs=(output("jpg", flag),)))
    where = "--writer jpg" if flag else "outputs"
    assert caught.value.message == (
        f"{where}: This chain has several outputs: lung and bone (Modality CT or MR)."
    )
    assert ("--set lung.use=jpg" in caught.value.hint) == bool(flag)
    assert ("--writer all:jpg" if flag else "outputs='all:jpg'") in caught.value.hint
    assert ("--writer only:jpg" if flag else "outputs='only:jpg'") in caught.value.hint


def test_all_changes_the_format_of_each_output():
    flags = ChainSpec(outputs=(output("jpg:quality=50"),))
    spec = with_flags(chain(), flags, form=FlagForm(extent="all"))
    jpg = output("jpg:quality=50")
    assert spec.outputs == (jpg, jpg, jpg)
    two = ChainSpec(outputs=(output("jpg", "--writer"), output("png", "--writer")))
    with pytest.raises(ChainError, match="'all' gives every output one other format"):
        with_flags(chain(), two, form=FlagForm(extent="all"))


def test_only_replaces_all_outputs_and_those_of_rules():
    rule = RuleSpec(when={"Modality": ("CT",)}, outputs=(output("png"), output("png:id=b")))
    flags = ChainSpec(outputs=(output("jpg"),))
    spec = with_flags(ChainSpec(rules=(rule,)), flags, form=FlagForm(extent="only"))
    assert spec.rules[0].outputs is None
    assert spec.outputs == (output("jpg"),)


def test_a_flag_that_changes_no_output_is_rejected():
    own = ChainSpec(outputs=(output("png:id=a,normalize=voi"), output("jpg:normalize=minmax")))
    flags = ChainSpec(normalize=parse_inline("window:lung", "--normalize"))
    with pytest.raises(ChainError) as caught:
        with_flags(own, flags)
    assert str(caught.value) == (
        "--normalize window:lung: This has no effect on the outputs a and jpg, which set "
        "'normalize' in the chain.\n  Change one: --set a.normalize=window:lung"
    )
    with pytest.raises(ChainError, match="Change it in the chain"):
        with_flags(own, ChainSpec(normalize=parse_inline("voi")))


def test_notes_say_what_flags_replace_and_leave():
    below = replace(chain(), outputs=(output("jpg:invert=true"), output("png")))
    flags = ChainSpec(
        normalize=parse_inline("window", "--normalize"),
        steps=(parse_inline("flip", "--step"), parse_inline("title", "--step")),
        invert=False,
    )
    form = FlagForm(spelled={"invert": "--no-invert"})
    assert with_flags(below, flags, form=form).notes == (
        "--normalize window replaces window of the chain, and with it center=-600, width=1500.",
        "--normalize window also replaces 'normalize' of the rule for Modality MG.",
        "--no-invert does not change the output jpg, which sets 'invert' in the chain.",
        "--step flip replaces the steps of the chain: resize. To keep one, repeat it.",
    )
    assert with_name(below, "x").notes == ()
    named = replace(chain(), outputs=(output("jpg:name=a"), output("png:name=b")))
    assert with_name(named, "x").notes == (
        "--name x replaces the names of the outputs jpg and png.",
    )


def test_several_normalizers_make_several_outputs():
    normalizers = tuple(
        parse_inline(text)
        for text in ["window:name=lung", "window:center=1,width=2", "minmax:id=all"]
    )
    spec = with_flags(chain_of("jpg"), ChainSpec(), form=FlagForm(normalizers=normalizers))
    assert output_ids(spec.outputs) == ["lung", "window", "all"]
    assert [each.normalize.use for each in spec.outputs] == ["window", "window", "minmax"]
    spec = with_flags(chain_of("jpg", "png"), ChainSpec(), form=FlagForm(normalizers=normalizers))
    assert output_ids(spec.outputs)[:3] == ["lung-jpg", "lung-png", "window-jpg"]
    own = chain_of("jpg:normalize=voi")
    with pytest.raises(ChainError, match="outputs of this chain have their own"):
        with_flags(own, ChainSpec(), form=FlagForm(normalizers=normalizers))


def test_set_reaches_an_output_named_after_its_normalizer():
    normalizers = (parse_inline("window"), parse_inline("minmax"))
    spec = with_flags(ChainSpec(), ChainSpec(), form=FlagForm(normalizers=normalizers))
    changed = apply_set(apply_set(spec, "window.number=2"), "window.invert=true")
    assert changed.outputs[0].normalize == ComponentSpec("window", {"number": "2"})
    assert changed.outputs[0].invert
    assert changed.outputs[0].writer == ComponentSpec("png", id="window")
    # 'name' is an option of the window too, and its own flag means that.
    flagged = apply_override(spec, flag_override("window", "name", "lung"))
    assert flagged.outputs[0].normalize.options == {"name": "lung"}
    assert flagged.outputs[0].name == ""


def test_set_use_changes_the_format_of_one_output():
    spec = apply_set(chain_of("png:id=lung,bits=16", "png:id=bone"), "lung.use=jpg:quality=90")
    assert spec.outputs == (output("jpg:id=lung,quality=90"), output("png:id=bone"))
    spec = apply_set(spec, "bone.use=png:bits=16")
    assert spec.outputs[1] == output("png:id=bone,bits=16")


def test_empty_flags_change_nothing():
    assert with_flags(chain(), ChainSpec()) == chain()


def test_precedence_is_file_environment_set_flags():
    flags = ChainSpec(outputs=(output("jpg:quality=50", "--writer"), output("png", "--writer")))
    spec = assemble(
        chain_of("png:compression=smallest"),
        flags,
        overrides=[
            *environment_overrides({"DCMCONV_SET": "png.bits=8 jpg.subsampling=444 run.workers=3"}),
            *map(parse_override, ["jpg.quality=60", "png.bits=16", "jpg.optimize=true"]),
            flag_override("png", "compression", "small"),
        ],
    )
    assert spec.notes == (
        "--set jpg.quality=60 has no effect: --writer jpg:quality=50 takes precedence.",
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
