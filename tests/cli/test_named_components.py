import pytest

from dcmconv.cli.named_components import NamedComponents, Scan, completed_words


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (["-n", "window"], [("normalizer", "window")]),
        (["-nwindow"], [("normalizer", "window")]),
        (["--normalize=window:center=40,width=400"], [("normalizer", "window")]),
        (["-w", "jpg:quality=95", "-w", "png"], [("writer", "jpg"), ("writer", "png")]),
        (["-s", "resize", "--step", "title"], [("step", "resize"), ("step", "title")]),
        (["-c", "bone"], [("colormap", "bone")]),
        (["--jpg.quality", "95"], [("", "jpg")]),
        (["--jpg.quality=95"], [("", "jpg")]),
        (["--out=a.b"], []),
        (["scans/", "-o", "out.d"], []),
        (["--name", "--jpg.quality"], []),
        (["-q", "-n", "window"], [("normalizer", "window")]),
    ],
)
def test_components_are_found_in_every_spelling(words, named):
    assert Scan.of(words).components == named


@pytest.mark.parametrize("words", [["--chain"], ["--chain="], ["-n"], ["--no-plugin"]])
def test_value_may_be_missing_at_the_end(words):
    assert Scan.of(words) == Scan()


def test_excluded_plugins_and_chains_are_collected():
    scan = Scan.of(["--no-plugin", "a", "--no-plugin=b", "--chain", "c.yaml"])
    assert (scan.blocked, scan.chains) == (["a", "b"], ["c.yaml"])


@pytest.mark.parametrize(
    ("words", "is_unknown"),
    [
        (["-n", "voi", "--timeout=5", "--jpg.quality", "95", "--help", "-h"], False),
        (["--overlays=draw"], True),
        (["--on-existing", "--overlays"], False),
    ],
)
def test_unknown_flag_may_belong_to_a_reader(words, is_unknown):
    assert Scan.of(words).has_unknown_flag is is_unknown


def test_components_of_a_chain_file_are_named(tmp_path):
    path = tmp_path / "chain.yaml"
    path.write_text(
        "version: 1\nread: [{use: dicom}]\nnormalize: {use: window, id: lung, center: 1, width: 2}\n"
        "rules: [{when: {Modality: CT}, steps: [crop]}]\noutputs: [{use: jpg, id: big}]\n"
    )
    targets = NamedComponents(["--chain", str(path)]).targets
    assert sorted((each.id, each.kind) for each in targets) == [
        ("big", "writer"),
        ("crop", "step"),
        ("dicom", "reader"),
        ("lung", "normalizer"),
    ]


def test_unclosed_quote_is_completed(monkeypatch):
    monkeypatch.setenv("_DCMCONV_COMPLETE", "complete_bash")
    monkeypatch.setenv("COMP_WORDS", "dcmconv run --name 'a b")
    assert completed_words() == ["run", "--name", "'a", "b"]


def test_nothing_is_completed_without_a_shell(monkeypatch):
    monkeypatch.delenv("_DCMCONV_COMPLETE", raising=False)
    assert completed_words() is None
