"""What was made of one header serves the next one exactly as long as that says the same."""

from __future__ import annotations

import numpy as np
import pytest
from support.dicom_files import as_bytes, item, monochrome
from support.reading import read_frame

from dcmconv.plugin import Rescale
from dcmconv_builtins.dicom.file.bounded_stream import HeldBytes
from dcmconv_builtins.dicom.file.elements import Elements, Notes
from dcmconv_builtins.dicom.file.header_cache import Recollection
from dcmconv_builtins.dicom.file.scanner import scan_part10

PIXELS = np.arange(4, dtype=np.uint16).reshape(2, 2)


def top_of(**attributes) -> Elements:
    found = scan_part10(HeldBytes(as_bytes(monochrome(PIXELS, **attributes))), Notes())
    assert found is not None
    return found.top


@pytest.fixture
def calls():
    return []


def slope_of(top, recollection, calls, subject=None):
    def make():
        calls.append(top)
        return top.number("RescaleSlope")

    return recollection.recall(top, subject, make)


def test_the_same_elements_give_the_kept_result(calls):
    recollection = Recollection()
    for instance_number in "123":
        top = top_of(RescaleSlope="2", InstanceNumber=instance_number)
        assert slope_of(top, recollection, calls) == 2
    assert len(calls) == 1


@pytest.mark.parametrize("other", [{"RescaleSlope": "3"}, {"RescaleSlope": "2.0"}, {}])
def test_another_element_gives_another_result(calls, other):
    recollection = Recollection()
    slope_of(top_of(RescaleSlope="2"), recollection, calls)
    wanted = float(other["RescaleSlope"]) if other else None
    assert slope_of(top_of(**other), recollection, calls) == wanted
    assert len(calls) == 2


def test_an_element_that_was_absent_counts(calls):
    recollection = Recollection()
    assert slope_of(top_of(), recollection, calls) is None
    assert slope_of(top_of(RescaleSlope="2"), recollection, calls) == 2


def test_another_subject_gives_another_result(calls):
    recollection = Recollection()
    for subject in (1, 2):
        slope_of(top_of(RescaleSlope="2"), recollection, calls, subject)
    assert len(calls) == 2


def test_what_was_noted_is_noted_again():
    recollection = Recollection()
    for _ in range(2):
        top = top_of()
        recollection.recall(top, None, lambda top=top: top.notes.add("A note."))
        assert top.notes.lines() == ("A note.",)


def test_what_was_noted_a_second_time_is_noted_again():
    recollection = Recollection()
    first = top_of()
    first.notes.add("A note.")
    recollection.recall(first, None, lambda: first.notes.add("A note."))
    second = top_of()
    recollection.recall(second, None, lambda: second.notes.add("A note."))
    assert second.notes.lines() == ("A note.",)


def test_what_needed_a_sequence_is_not_kept(calls):
    recollection = Recollection()
    for code in ("1", "2"):
        top = top_of(DerivationCodeSequence=[item(CodeValue=code)])

        def make(top=top):
            return top.items("DerivationCodeSequence")[0].text("CodeValue")

        assert recollection.recall(top, None, make) == code


def test_a_series_with_a_window_of_its_own_for_each_slice_keeps_them_apart():
    for slope in ("1", "2", "1", "3"):
        frame = read_frame(
            monochrome(
                PIXELS,
                RescaleSlope=slope,
                RescaleIntercept="0",
                WindowCenter=slope,
                WindowWidth="4",
            )
        )
        assert frame.modality == Rescale(float(slope), 0.0)
        assert frame.voi_windows[0].center == float(slope)
