"""Opening inputs: which reader, which rule, which frames."""

from __future__ import annotations

import numpy as np
import pytest
from support.dicom_files import as_bytes, monochrome
from support.plans import lane

import dcmconv
from dcmconv.api.plans import plan_from
from dcmconv.errors import InputError, SkipInput
from dcmconv.model.inputs import InputFile, Instance
from dcmconv.render import Converter, OpenInput
from dcmconv.render.lane import LoadedLane

CT = as_bytes(monochrome(np.array([[0, 10]], np.int16), Modality="CT"))
SKIP_CT = {"when": {"Modality": "CT"}, "skip": True}
INVERT_CT = {"when": {"Modality": "CT"}, "invert": True}
SKIP_MR = {"when": {"Modality": "MR"}, "skip": True}


def opened_pictures(content, *rules):
    plan = plan_from({"chain": {"rules": list(rules)}})
    with Converter(plan).open(InputFile("a", content=content)) as opened:
        return list(opened.pictures())


def test_a_skip_rule_skips_the_inputs_it_matches(tmp_path):
    (tmp_path / "a.dcm").write_bytes(CT)

    [outcome] = dcmconv.run(
        tmp_path / "a.dcm", tmp_path / "out", chain={"rules": [SKIP_MR, SKIP_CT]}
    )

    assert (outcome.status, outcome.reason) == ("skipped", "rule")
    assert outcome.message == "Skipped by a rule of the chain: Modality CT."
    assert list((tmp_path / "out").glob("*.png")) == []


def test_a_skip_rule_leaves_other_inputs_alone(tmp_path):
    (tmp_path / "a.dcm").write_bytes(CT)

    [outcome] = dcmconv.run(tmp_path / "a.dcm", tmp_path / "out", chain={"rules": [SKIP_MR]})

    assert outcome.status == "converted"
    assert (tmp_path / "out" / "a.png").is_file()


def test_the_first_matching_rule_decides():
    with pytest.raises(SkipInput, match="Skipped by a rule of the chain: Modality CT"):
        opened_pictures(CT, SKIP_CT, INVERT_CT)
    assert len(opened_pictures(CT, INVERT_CT, SKIP_CT)) == 1


def test_an_empty_file_is_an_input_error():
    with pytest.raises(InputError, match="The file is empty") as caught:
        opened_pictures(b"")
    assert (caught.value.reason, caught.value.hint) == ("empty", "Copy it again from its source.")


def test_an_unknown_format_is_skipped():
    with pytest.raises(SkipInput, match="Not DICOM, and no installed reader") as caught:
        opened_pictures(b"hello")
    assert caught.value.reason == "not-dicom"
    assert "dcmconv plugins list" in caught.value.hint


def test_salvage_fails_an_input_without_decodable_frames():
    def read_frame(frame_index):
        raise InputError("damaged", hint="Copy it again.")

    instance = Instance(frame_count=2, read_frame=read_frame)
    opened = OpenInput(instance, (LoadedLane(lane("png")),), frame_numbers=(1, 2), policy="salvage")

    with pytest.raises(InputError, match="No frame could be decoded") as caught:
        list(opened.pictures())
    assert caught.value.reason == "damaged"
    assert "--policy default" in caught.value.hint
