from __future__ import annotations

import pytest

from dcmconv.chain.loader import chain_from_data, load_chain
from dcmconv.chain.spec import ComponentSpec, RuleSpec
from dcmconv.errors import ChainError


def test_component_is_a_name_a_short_form_or_a_mapping(chain_file, registry):
    name = chain_file(
        """
        version: 1
        normalize: window:center=40,width=400
        colormap: bone
        steps: [flip, {use: resize, id: small, max: 1024}]
        outputs: jpg
        """
    )
    spec = load_chain(name, registry)
    assert not spec.problems
    assert spec.normalize == ComponentSpec("window", {"center": "40", "width": "400"})
    assert spec.colormap == ComponentSpec("bone")
    assert spec.steps == (ComponentSpec("flip"), ComponentSpec("resize", {"max": 1024}, "small"))
    assert [output.writer for output in spec.outputs] == [ComponentSpec("jpg")]


def test_missing_keys_stay_unset(chain_file, registry):
    spec = load_chain(chain_file("version: 1\n"), registry)
    assert (spec.normalize, spec.invert, spec.steps, spec.colormap) == (None, None, None, None)
    assert (spec.rules, spec.outputs, spec.frames, spec.tags) == (None, None, None, None)


def test_remaining_keys_are_read(chain_file, registry):
    name = chain_file(
        """
        version: 1
        invert: true
        aspect: keep
        colormap: null
        rules:
          - when: {Modality: [SR, PR], "0018,0015": CHEST, SeriesNumber: 3}
            skip: true
        frames: [1, 3-5, 8-]
        tags: [PatientID, "0010,0020"]
        run: {workers: 4, executor: inline}
        """
    )
    spec = load_chain(name, registry)
    assert not spec.problems
    assert (spec.invert, spec.aspect, spec.colormap) == (True, "keep", ComponentSpec("none"))
    when = {"Modality": ("SR", "PR"), "0018,0015": ("CHEST",), "SeriesNumber": (3,)}
    assert spec.rules == (RuleSpec(when=when, skip=True),)
    assert spec.frames == ((1, 1), (3, 5), (8, None))
    assert spec.tags == ("PatientID", "0010,0020")
    assert spec.run.options == {"workers": 4}
    assert spec.executor == ComponentSpec("inline")


def test_extending_chain_merges_components_and_replaces_lists(chain_file, registry):
    chain_file(
        """
        version: 1
        normalize: {use: window, center: 40, width: 400}
        colormap: bone
        steps: [flip]
        run: {workers: 2, timeout: 5}
        """,
        "base.yaml",
    )
    chain_file("version: 1\ncolormap: hot\noutputs: [jpg]\n", "second.yaml")
    name = chain_file(
        """
        version: 1
        extends: [base.yaml, second.yaml]
        normalize: {use: window, width: 1500}
        steps: []
        run: {timeout: 60}
        """
    )
    spec = load_chain(name, registry)
    assert spec.normalize == ComponentSpec("window", {"center": 40, "width": 1500})
    assert spec.colormap == ComponentSpec("hot")
    assert spec.steps == ()
    assert spec.run.options == {"workers": 2, "timeout": 60}
    assert [output.writer.use for output in spec.outputs] == ["jpg"]


def test_extends_is_relative_to_the_extending_file(tmp_path, chain_file, registry):
    (tmp_path / "site").mkdir()
    chain_file("version: 1\ncolormap: hot\n", "site/colors.yaml")
    chain_file("version: 1\nextends: colors.yaml\n", "site/base.yaml")
    spec = load_chain(chain_file("version: 1\nextends: [site/base.yaml]\n"), registry)
    assert spec.colormap == ComponentSpec("hot")


def test_preset_is_found_by_name(registry):
    spec = load_chain("preset:article-batch", registry)
    assert spec.normalize == ComponentSpec("minmax")
    assert str(spec.normalize.location) == "preset:article:4:12"


def test_circular_extends_is_reported_at_its_location(chain_file, registry):
    chain_file("version: 1\nextends: [chain.yaml]\n", "other.yaml")
    spec = load_chain(chain_file("version: 1\nextends: [other.yaml]\n"), registry)
    assert [str(each.location) for each in spec.problems] == ["other.yaml:2:11"]
    assert "chain.yaml extends itself" in spec.problems[0].message


def test_one_base_may_be_extended_twice(chain_file, registry):
    chain_file("version: 1\ncolormap: hot\n", "base.yaml")
    chain_file("version: 1\nextends: base.yaml\n", "left.yaml")
    chain_file("version: 1\nextends: base.yaml\n", "right.yaml")
    spec = load_chain(chain_file("version: 1\nextends: [left.yaml, right.yaml]\n"), registry)
    assert not spec.problems


def test_missing_file_suggests_the_preset(tmp_path, monkeypatch, registry):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ChainError, match=r"'article' cannot be read(.|\n)*preset:article"):
        load_chain("article", registry)
    with pytest.raises(ChainError, match=r"'\.' cannot be read: Is a directory"):
        load_chain(".", registry)


def test_unknown_preset_gets_a_suggestion(registry):
    with pytest.raises(ChainError, match=r"Unknown preset 'chest-cd'(.|\n)*'chest-ct'"):
        load_chain("preset:chest-cd", registry)


def test_python_data_is_read_like_a_file(registry):
    data = {"extends": "preset:article", "colormap": None, "outputs": [{"use": "png", "bits": 16}]}
    spec = chain_from_data(data, registry)
    assert not spec.problems
    assert spec.normalize == ComponentSpec("minmax")
    assert spec.colormap == ComponentSpec("none")
    assert spec.outputs[0].writer == ComponentSpec("png", {"bits": 16})
    assert chain_from_data({"colourmap": "bone"}, registry).problems[0].message == (
        "A chain has no key 'colourmap'; did you mean 'colormap'?"
    )


@pytest.mark.parametrize(
    ("line", "location", "message"),
    [
        pytest.param(
            "normalise: minmax", "2:1", "no key 'normalise'; did you mean 'normalize'?", id="key"
        ),
        pytest.param("plugins: [./x.py]", "2:1", "no key 'plugins'", id="code-is-no-key"),
        pytest.param(
            "normalize: 5", "2:12", "Expected a component, got 5", id="number-as-component"
        ),
        pytest.param(
            "normalize:", "2:11", "Expected a component, got null", id="nothing-as-component"
        ),
        pytest.param("normalize: {width: 5}", "2:12", "has no name", id="mapping-without-use"),
        pytest.param(
            "normalize: {use: [a]}", "2:18", "Expected text, got a list", id="list-as-name"
        ),
        pytest.param("invert: yes", "2:9", "Expected true or false, got 'yes'", id="yes"),
        pytest.param(
            "aspect: round",
            "2:9",
            "aspect: expected auto, square or keep, got 'round'",
            id="aspect",
        ),
        pytest.param(
            "frames: 0-3", "2:9", "'0-3' starts at 0, but frame numbers start at 1", id="frame-zero"
        ),
        pytest.param("frames: 5-2", "2:9", "'5-2' ends before it starts", id="frames-backwards"),
        pytest.param(
            "frames: x", "2:9", "'x' is neither a frame number nor a range", id="no-frames"
        ),
        pytest.param(
            "tags: [Patient_ID]", "2:8", "'Patient_ID' is neither a keyword nor a tag", id="tag"
        ),
        pytest.param(
            "rules: [{normalize: minmax}]", "2:9", "This rule has no 'when'", id="rule-without-when"
        ),
        pytest.param(
            "rules: [{when: {}}, {when: {Modality: CT}}]",
            "2:21",
            "This rule is never used: the rule before it matches everything",
            id="rule-after-a-catch-all",
        ),
        pytest.param(
            "rules: [{when: {SliceThickness: '<=thin'}}]",
            "2:33",
            "'<=thin' compares with 'thin', which is not a number",
            id="when-comparison",
        ),
        pytest.param(
            "rules: [{when: {Modality: '/C(T/'}}]",
            "2:27",
            "'/C(T/' is not a valid regular expression",
            id="when-regular-expression",
        ),
        pytest.param(
            "rules: [{when: {modality: CT}}]",
            "2:17",
            "'modality' is neither a keyword nor a tag",
            id="when-key",
        ),
        pytest.param(
            "rules: [{when: {Modality: true}}]",
            "2:27",
            "Expected text or a number, got true",
            id="when-value",
        ),
        pytest.param(
            "rules: [{when: {Modality: CT}, skip: true, invert: true}]",
            "2:9",
            "cannot set anything else",
            id="skip",
        ),
        pytest.param(
            "rules: [{when: {Modality: CT}, step: flip}]", "2:32", "'steps'", id="rule-key"
        ),
        pytest.param("outputs: [{use: jpg, name: 5}]", "2:28", "Expected text, got 5", id="name"),
        pytest.param("steps: ['resize:max=9,']", "2:9", "'' in 'resize:max=9,'", id="short-form"),
        pytest.param("run: [4]", "2:6", "Expected a mapping, got a list", id="run"),
        pytest.param(
            "extends: [nowhere.yaml]", "2:11", "'nowhere.yaml' cannot be read", id="extends"
        ),
    ],
)
def test_mistake_is_reported_with_line_and_column(chain_file, registry, line, location, message):
    spec = load_chain(chain_file(f"version: 1\n{line}\n"), registry)
    assert [str(each.location) for each in spec.problems] == [f"chain.yaml:{location}"]
    assert message in spec.problems[0].message


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param("colormap: bone\n", "The version of the chain is missing", id="missing"),
        pytest.param("version: 2\n", "Unknown version 2; expected 1", id="later"),
        pytest.param("version: true\n", "Unknown version true; expected 1", id="true-is-not-one"),
    ],
)
def test_missing_or_unknown_version_is_rejected(chain_file, registry, text, message):
    spec = load_chain(chain_file(text), registry)
    assert [message in each.message for each in spec.problems] == [True]
    assert spec.problems[0].hint.endswith("version: 1")


def test_chain_must_be_a_mapping(chain_file, registry):
    assert (
        "Expected a mapping, got 'hello'"
        in load_chain(chain_file("hello\n"), registry).problems[0].message
    )
