from __future__ import annotations

import pickle
import re
import subprocess
import sys

import pytest

from dcmconv.chain.compile import compile_chain, make_component
from dcmconv.chain.loader import chain_from_data, load_chain
from dcmconv.chain.settings import RunSettings
from dcmconv.chain.spec import ChainSpec, ComponentSpec, RuleSpec
from dcmconv.chain.values import as_output, parse_inline
from dcmconv.errors import ChainError, PluginError

DESIGN = """
    # yaml-language-server: $schema=./dcmconv.schema.json
    version: 1
    extends: [preset:chest-ct]
    normalize: {use: minmax}
    rules:                                        # first match wins
      - when: {Modality: CT, BodyPartExamined: [CHEST, LUNG]}
        normalize: {use: window, center: -600, width: 1500}
      - when: {Modality: MG}
        normalize: voi
    steps: [{use: resize, max: 1024}]
    colormap: bone
    outputs:                                      # one decode, many pictures
      - {use: jpg, quality: 92, name: "{PatientID}/{SeriesNumber:04d}/{SOPInstanceUID}_{frame:04d}"}
      - {use: png, id: raw16, bits: 16, normalize: minmax, colormap: gray, name: "raw/{SOPInstanceUID}_{frame:04d}"}
    run: {workers: auto, timeout: 60, on_error: continue}
"""


@pytest.fixture
def compiled(registry):
    def compile_it(**data):
        return compile_chain(chain_from_data(data, registry), registry)

    return compile_it


def problem_in(registry, **data):
    with pytest.raises(ChainError) as caught:
        compile_chain(chain_from_data(data, registry), registry)
    return str(caught.value)


def test_example_chain_of_the_documentation_compiles(chain_file, registry):
    plan = compile_chain(load_chain(chain_file(DESIGN), registry), registry)
    jpg, raw16 = plan.lanes
    assert (jpg.id, jpg.normalizer.name, jpg.colormap.name) == ("jpg", "minmax", "bone")
    assert jpg.writer.options == {"quality": 92}
    assert [step.options for step in jpg.steps] == [{"max": 1024}]
    assert jpg.name == "{PatientID}/{SeriesNumber:04d}/{SOPInstanceUID}_{frame:04d}"
    assert (raw16.id, raw16.writer.options, raw16.colormap.name) == ("raw16", {"bits": 16}, "gray")
    chest, mammogram = plan.rules
    assert chest.when == {"Modality": ("CT",), "BodyPartExamined": ("CHEST", "LUNG")}
    assert chest.lanes[0].normalizer.options == {"center": -600.0, "width": 1500.0}
    assert chest.lanes[1].normalizer.name == "minmax"
    assert mammogram.lanes[0].normalizer.name == "voi"
    assert plan.run == RunSettings()


def test_empty_chain_is_auto_to_png(registry):
    plan = compile_chain(ChainSpec(), registry)
    (lane,) = plan.lanes
    assert (lane.id, lane.normalizer.name, lane.colormap, lane.writer.name) == (
        "png",
        "auto",
        None,
        "png",
    )
    assert (lane.steps, lane.invert, lane.aspect, lane.name) == ((), False, "square", "")
    assert (plan.rules, plan.frames, plan.tags) == ((), (), ())
    assert [reader.name for reader in plan.readers] == ["dicom"]
    assert [source.name for source in plan.sources] == ["folder", "stdin"]


def test_flags_yaml_and_python_make_the_same_plan(chain_file, registry):
    name = chain_file(
        """
        version: 1
        normalize: {use: window, center: 40, width: 400}
        steps: [{use: rotate, degrees: 90}]
        outputs: [{use: png, bits: 16}]
        """
    )
    from_file = compile_chain(load_chain(name, registry), registry)
    from_flags = compile_chain(
        ChainSpec(
            normalize=parse_inline("window:center=40,width=400", "--normalize"),
            steps=(parse_inline("rotate:degrees=90", "--step"),),
            outputs=(as_output(parse_inline("png:bits=16", "--writer")),),
        ),
        registry,
    )
    from_python = compile_chain(
        chain_from_data(
            {
                "normalize": {"use": "window", "center": 40.0, "width": 400},
                "steps": [{"use": "rotate", "degrees": 90}],
                "outputs": [{"use": "png", "bits": 16}],
            },
            registry,
        ),
        registry,
    )
    assert from_flags.lanes == from_file.lanes == from_python.lanes
    assert from_flags.digest == from_file.digest == from_python.digest


def test_text_becomes_the_declared_type(registry):
    window = make_component("normalizer", "window:roi=[1,2,3,4]", registry)
    assert window.roi == (1, 2, 3, 4)
    assert (
        make_component("normalizer", "window:center=1e3,width=2,function=null", registry).center
        == 1000
    )
    assert make_component("step", "resize:max=5,enlarge=true", registry).enlarge is True
    assert make_component("step", {"use": "rotate", "degrees": "180"}, registry).degrees == 180


def test_plan_is_small_and_picklable(compiled):
    plan = compiled(normalize="window:center=40,width=400", outputs=["jpg:quality=80"])
    assert len(pickle.dumps(plan)) < 4000
    assert plan.lanes[0].normalizer.load().center == 40.0


def test_unpickling_a_plan_imports_no_heavy_library(compiled, tmp_path):
    (tmp_path / "plan").write_bytes(pickle.dumps(compiled(outputs=["png"])))
    code = (
        "import pickle, pathlib, sys;"
        f"pickle.loads(pathlib.Path({str(tmp_path / 'plan')!r}).read_bytes());"
        "print([name for name in ('pluggy', 'yaml', 'pydantic', 'typer', 'rich') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_repeated_writers_get_numbered_ids(compiled):
    assert [lane.id for lane in compiled(outputs=["png", "png", "jpg"]).lanes] == [
        "png",
        "png-2",
        "jpg",
    ]


def test_skip_rule_has_no_lanes(compiled):
    plan = compiled(rules=[{"when": {"Modality": "SR"}, "skip": True}])
    assert plan.rules[0].skip
    assert plan.rules[0].lanes == ()


def test_output_overrides_rule_and_rule_overrides_chain(compiled):
    plan = compiled(
        normalize="minmax",
        colormap="bone",
        rules=[{"when": {"Modality": "CT"}, "normalize": "voi", "colormap": "hot"}],
        outputs=["png", {"use": "png", "normalize": "percentile", "colormap": "none"}],
    )
    names = [
        (lane.normalizer.name, lane.colormap and lane.colormap.name) for lane in plan.rules[0].lanes
    ]
    assert names == [("voi", "hot"), ("percentile", None)]


def test_run_settings_reach_the_plan(compiled):
    plan = compiled(
        run={"workers": "3", "timeout": 5, "on_existing": "fail", "executor": "processes"},
        frames="2-",
        tags=["PatientID"],
    )
    assert (plan.run.workers, plan.run.timeout, plan.run.on_existing) == (3, 5.0, "fail")
    assert plan.executor.name == "processes"
    assert plan.frames == ((2, None),)
    assert plan.tags == ("PatientID",)


def test_digest_depends_on_pictures_not_on_workers(compiled):
    plain = compiled().digest
    assert compiled(run={"workers": 3}).digest == plain
    assert compiled(invert=True).digest != plain
    assert compiled(outputs=["png:compression=small"]).digest != plain


def test_one_error_lists_all_problems_in_order(chain_file, registry):
    name = chain_file(
        """
        version: 1
        normalise: minmax
        normalize:
          use: window
          widht: 400
          center: wide
        rules:
          - when: {Modality: CT}
            normalize: {use: windw}
        steps: [{use: resize, max: 0}]
        outputs:
          - use: jpg
            quality: 400
        run: {on_error: contineu}
        """
    )
    with pytest.raises(ChainError) as caught:
        compile_chain(load_chain(name, registry), registry)
    lines = [line for line in caught.value.message.splitlines() if line.startswith("chain.yaml")]
    assert [line.split(": ")[0] for line in lines] == [
        "chain.yaml:2:1",
        "chain.yaml:5:3",
        "chain.yaml:6:11",
        "chain.yaml:9:22",
        "chain.yaml:10:28",
        "chain.yaml:13:14",
        "chain.yaml:14:17",
    ]
    assert "7 problems" in caught.value.hint
    assert (
        "chain.yaml:5:3: 'window' has no option 'widht'; did you mean 'width'?\n"
        "      widht: 400\n"
        "      ^\n"
    ) in caught.value.message
    assert "6:11: 'window' has center 'wide'; expected a number." in caught.value.message
    assert "Did you mean 'window'?" in caught.value.message
    assert "13:14: 'jpg' has quality 400; expected at most 100." in caught.value.message


def test_problem_in_a_flag_quotes_the_flag(registry):
    spec = ChainSpec(normalize=parse_inline("window:widht=4", "--normalize"))
    with pytest.raises(
        ChainError, match=re.escape("no option 'widht'; did you mean 'width'?")
    ) as caught:
        compile_chain(spec, registry)
    assert caught.value.message.startswith("--normalize window:widht=4: 'window' has")


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        pytest.param(
            {"outputs": []},
            r"The list of outputs is empty\.(.|\n)*outputs: \[png\]",
            id="no-output",
        ),
        pytest.param(
            {"normalize": "Window"}, r"Unknown normalizer 'Window'(.|\n)*'window'", id="case"
        ),
        pytest.param(
            {"colormap": "bones"}, r"Unknown colormap 'bones'(.|\n)*'bone'", id="colormap"
        ),
        pytest.param({"outputs": ["jpeg"]}, r"Unknown writer 'jpeg'(.|\n)*'jpg'", id="writer"),
        pytest.param({"steps": [{"use": "flip", "x": 1}]}, "'flip' has no option 'x'", id="option"),
        pytest.param({"colormap": "file"}, r"'file' needs the option 'path'", id="missing-option"),
        pytest.param({"colormap": "file:path=nowhere.csv"}, r"nowhere\.csv", id="missing-file"),
        pytest.param({"normalize": "window:center=40"}, "center is given without width", id="pair"),
        pytest.param({"normalize": "window:center=nan,width=1"}, "center 'nan'.* finite", id="nan"),
        pytest.param(
            {"steps": "resize:max=true"}, "max 'true'; expected a whole number", id="bool"
        ),
        pytest.param(
            {"steps": [{"use": "resize", "max": True}]}, "not true or false", id="yaml-bool"
        ),
        pytest.param(
            {"steps": "title:text={oops"}, r"'\{oops' is not a valid template", id="template"
        ),
        pytest.param({"outputs": ["png:name={a.b}"]}, r"Invalid field '\{a\.b\}' in", id="name"),
        pytest.param(
            {"outputs": [{"use": "png", "id": "a/b"}]},
            "id 'a/b' cannot be part of a file name",
            id="id",
        ),
        pytest.param(
            {"outputs": ["png:id=a", "jpg:id=a"]}, "Two outputs have the id 'a'", id="same-id"
        ),
        pytest.param(
            {"run": {"workers": 0}}, "workers 0; expected at least 1 or 'auto'", id="workers"
        ),
        pytest.param(
            {"run": {"executor": "inlin"}},
            r"Unknown executor 'inlin'(.|\n)*'inline'",
            id="executor",
        ),
    ],
)
def test_wrong_chains_are_rejected_with_a_reason(registry, data, problem):
    assert re.search(problem, problem_in(registry, **data))


def test_jpg_rejects_unscaled_values(registry):
    text = problem_in(registry, normalize="none", outputs=["jpg"])
    assert "'jpg' takes display values; 'none' gives stored values." in text
    assert "Use the writer png, or another normalizer." in text


def test_colormap_and_title_reject_unscaled_values(registry):
    text = problem_in(registry, normalize="none", colormap="bone", steps=["title"])
    assert "The colormap 'bone' takes display values; 'none' gives stored values." in text
    assert "'title' takes display values; 'none' gives stored values." in text


def test_png_accepts_unscaled_values(compiled):
    assert compiled(normalize="none", outputs=["png"]).lanes[0].normalizer.name == "none"


@pytest.mark.parametrize(
    "spec",
    [
        pytest.param(ChainSpec(outputs=()), id="chain"),
        pytest.param(
            ChainSpec(rules=(RuleSpec(when={"Modality": ("CT",)}, outputs=()),)), id="rule"
        ),
    ],
)
def test_chain_without_outputs_is_rejected(registry, spec):
    with pytest.raises(ChainError, match=r"^The chain has no output\.") as caught:
        compile_chain(spec, registry)
    assert caught.value.hint == "Name a writer: outputs: [png]"


def test_skip_rule_needs_no_outputs(registry):
    rule = RuleSpec(when={"Modality": ("SR",)}, outputs=(), skip=True)
    assert compile_chain(ChainSpec(rules=(rule,)), registry).rules[0].lanes == ()


def test_plan_lists_the_lanes_and_components_of_rules(compiled):
    plan = compiled(
        colormap="bone",
        steps=["flip"],
        rules=[{"when": {"Modality": "CT"}, "normalize": "voi", "outputs": ["jpg"]}],
    )
    assert [(lane.id, lane.normalizer.name) for lane in plan.all_lanes] == [
        ("png", "auto"),
        ("jpg", "voi"),
    ]
    names = [component.name for component in plan.components]
    assert names[0] == "dicom"
    assert names[-8:] == ["auto", "flip", "bone", "png", "voi", "flip", "bone", "jpg"]


def test_shared_mistake_is_reported_once(registry):
    rules = [{"when": {"Modality": name}} for name in ("CT", "MR", "US")]
    text = problem_in(registry, normalize="minmx", rules=rules, outputs=["png", "jpg"])
    assert text.count("minmx") == 1


def test_failed_import_is_a_plugin_error(registry, monkeypatch):
    monkeypatch.setattr(registry, "load", _unloadable)
    with pytest.raises(PluginError, match=r"acme:Bad cannot be loaded(.|\n)*dcmconv doctor"):
        compile_chain(ChainSpec(), registry)


def _unloadable(kind, name):
    raise PluginError("acme:Bad cannot be loaded: ImportError: no acme", hint="See: dcmconv doctor")


def test_component_of_another_kind_is_rejected(registry, monkeypatch):
    step = registry.load("step", "flip")
    monkeypatch.setattr(registry, "load", lambda kind, name: step)
    with pytest.raises(
        ChainError, match=r"offered as a normalizer, but Flip is not one(.|\n)*plugin\.Normalizer"
    ):
        make_component("normalizer", "minmax", registry)


def test_error_lists_at_most_fifty_problems(registry):
    spec = ChainSpec(normalize=ComponentSpec("minmax", {f"x{n}": n for n in range(500)}))
    with pytest.raises(ChainError) as caught:
        compile_chain(spec, registry)
    assert caught.value.message.count("has no option") == 50
    assert caught.value.hint.startswith("500 problems")
