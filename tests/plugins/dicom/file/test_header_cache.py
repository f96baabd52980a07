"""The header cache gives the next file the same result only if its elements are the same."""

from __future__ import annotations

import numpy as np
import pytest
from support.dicom_files import as_bytes, item, monochrome
from support.reading import read_frame

from dcmconv.plugin import Rescale
from dcmconv_builtins.dicom.file.bounded_stream import HeldBytes
from dcmconv_builtins.dicom.file.elements import Elements, Notes
from dcmconv_builtins.dicom.file.header_cache import MOST_MISSES, HeaderCache
from dcmconv_builtins.dicom.file.part10 import read_part10

PIXELS = np.arange(4, dtype=np.uint16).reshape(2, 2)


def top_of(**attributes) -> Elements:
    dataset = monochrome(PIXELS, **attributes)
    for element in dataset:
        element.is_undefined_length = element.VR == "SQ"
    content = as_bytes(dataset)
    top = read_part10(HeldBytes(content), Notes(), inflate_limit=1).top
    assert top.scanned is not None
    return top


class SlopeCache:
    """A cache of Rescale Slope that counts how often the slope was looked up."""

    def __init__(self) -> None:
        self.cache: HeaderCache[float | None] = HeaderCache()
        self.calls = 0

    def slope_of(self, top: Elements, subject: object = None) -> float | None:
        def make() -> float | None:
            self.calls += 1
            return top.number("RescaleSlope")

        return self.cache.get(top, subject, make)


@pytest.fixture
def slopes():
    return SlopeCache()


def test_the_same_elements_give_the_kept_result(slopes):
    for instance_number in "12345":
        assert slopes.slope_of(top_of(RescaleSlope="2", InstanceNumber=instance_number)) == 2
    # The first file is not kept, the second is.
    assert slopes.calls == 2


def test_a_single_file_is_not_kept(monkeypatch, slopes):
    top = top_of(RescaleSlope="2")
    monkeypatch.setattr(type(top.scanned), "record_dependencies", None)
    assert slopes.slope_of(top) == 2


@pytest.mark.parametrize("other", [{"RescaleSlope": "3"}, {"RescaleSlope": "2.0"}, {}])
def test_another_element_gives_another_result(slopes, other):
    for _ in range(2):
        slopes.slope_of(top_of(RescaleSlope="2"))
    expected = float(other["RescaleSlope"]) if other else None
    assert slopes.slope_of(top_of(**other)) == expected
    assert slopes.calls == 3


def test_an_absent_element_is_not_the_same_as_a_present_one(slopes):
    for _ in range(2):
        assert slopes.slope_of(top_of()) is None
    assert slopes.slope_of(top_of(RescaleSlope="2")) == 2


def test_another_subject_gives_another_result(slopes):
    for subject in (1, 1, 2):
        slopes.slope_of(top_of(RescaleSlope="2"), subject)
    assert slopes.calls == 3


def test_a_result_with_a_note_is_not_kept():
    cache = HeaderCache()
    for _ in range(3):
        top = top_of()
        cache.get(top, None, lambda top=top: top.notes.add("A note."))
        assert top.notes.lines() == ("A note.",)


def test_a_note_that_was_there_before_counts_again():
    cache = HeaderCache()
    for is_noted_before in (True, True, False):
        top = top_of()
        if is_noted_before:
            top.notes.add("A note.")
        cache.get(top, None, lambda top=top: top.notes.add("A note."))
        assert top.notes.lines() == ("A note.",)


def test_a_result_of_a_sequence_is_kept_for_the_same_items():
    cache, made = HeaderCache(), []
    # Of undefined length: a file with one item more begins with the same bytes.
    for codes in (["1"], ["1"], ["1"], ["1", "2"], ["2"]):
        top = top_of(DerivationCodeSequence=[item(CodeValue=code) for code in codes])

        def make(top=top):
            made.append([each.text("CodeValue") for each in top.items("DerivationCodeSequence")])
            return made[-1]

        assert cache.get(top, None, make) == codes
    assert made == [["1"], ["1"], ["1", "2"], ["2"]]


def test_the_cache_gives_up_on_files_with_nothing_in_common(monkeypatch, slopes):
    tops = [top_of(RescaleSlope=str(number)) for number in range(1, MOST_MISSES + 10)]
    for top in tops[:MOST_MISSES]:
        slopes.slope_of(top)
    monkeypatch.setattr(type(top.scanned), "record_dependencies", None)
    monkeypatch.setattr(type(top.scanned), "has_same", lambda self, dependencies: False)
    slopes.slope_of(tops[MOST_MISSES])
    monkeypatch.setattr(type(top.scanned), "has_same", None)
    for top in tops[MOST_MISSES + 1 :]:
        assert slopes.slope_of(top) == top.number("RescaleSlope")


def test_a_cache_that_has_given_up_helps_a_later_series(slopes):
    for number in range(1, MOST_MISSES + 5):
        slopes.slope_of(top_of(RescaleSlope=str(number)))
    top, slopes.calls = top_of(RescaleSlope="0.5"), 0
    for _ in range(100):
        assert slopes.slope_of(top) == 0.5
    # Up to the next one in MOST_MISSES, which is kept.
    assert slopes.calls == MOST_MISSES - 4


def test_slices_with_different_windows_keep_their_own():
    for slope in ("1", "1", "2", "2", "1", "3"):
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
