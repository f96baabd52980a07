"""What is worked out once for several frames holds for each of them."""

from __future__ import annotations

import random

import numpy as np
import pytest
from support.dicom_files import as_bytes, item, monochrome, save
from support.presentation_states import references, shown, state_for
from support.streams import encoded, rgb

from dcmconv.plugin import InputError, InputFile
from dcmconv_builtins.dicom.decoders.jpeg_header import read_jpeg_header
from dcmconv_builtins.dicom.decoders.jpeg_turbo import check_scan, decode_8_bit
from dcmconv_builtins.readers.dicom import DicomReader

CELLS = np.arange(5 * 16 * 16, dtype=np.uint16).reshape(5, 16, 16)


def windows_of(own_groups, **shared):
    made = monochrome(
        CELLS,
        SharedFunctionalGroupsSequence=[item(**shared)],
        PerFrameFunctionalGroupsSequence=own_groups,
    )
    opened = DicomReader().open(InputFile("made-up", content=as_bytes(made)))
    frames = [opened.read_frame(index) for index in range(len(CELLS))]
    opened.close()
    return [tuple(window.center for window in frame.voi_windows) for frame in frames]


def position():
    return item(PlanePositionSequence=[item(ImagePositionPatient=[0, 0, 0])])


def window(center):
    return [item(WindowCenter=center, WindowWidth=10)]


def test_a_frame_with_its_own_window_differs_from_those_with_the_shared_one():
    own = [position(), item(FrameVOILUTSequence=window(7)), position(), position(), item()]
    found = windows_of(own, FrameVOILUTSequence=window(40))
    assert found == [(40.0,), (7.0,), (40.0,), (40.0,), (40.0,)]


def test_a_window_without_its_sequence_is_that_of_its_frame_alone():
    own = [position(), position(), item(WindowCenter=9, WindowWidth=5), position(), position()]
    assert windows_of(own, FrameVOILUTSequence=window(40))[1:4] == [(40.0,), (9.0,), (40.0,)]


def test_windows_of_each_frame_are_kept_apart():
    own = [item(FrameVOILUTSequence=window(center)) for center in (1, 2, 2, 3, 1)]
    assert windows_of(own) == [(1.0,), (2.0,), (2.0,), (3.0,), (1.0,)]


def line(**attributes):
    return item(
        GraphicLayer="L",
        GraphicObjectSequence=[
            item(
                GraphicAnnotationUnits="PIXEL",
                GraphicDimensions=2,
                NumberOfGraphicPoints=2,
                GraphicData=[2.0, 2.0, 12.0, 2.0],
                GraphicType="POLYLINE",
                GraphicFilled="N",
            )
        ],
        **attributes,
    )


def test_a_line_for_one_frame_is_drawn_on_that_frame_alone(tmp_path):
    image = monochrome(CELLS)
    limited = line(ReferencedImageSequence=references(image, frames=[2]))
    made = state_for(image, GraphicAnnotationSequence=[limited])
    # Saved once, because a file that was written again is read again.
    state = save(made, tmp_path / "state.dcm")
    drawn = [len(shown(image, state, tmp_path, frame_index=index).layers) for index in range(3)]
    assert drawn == [0, 1, 0]


def test_frames_share_the_drawing_of_their_state_and_cannot_change_it(tmp_path):
    image = monochrome(CELLS)
    state = save(state_for(image, GraphicAnnotationSequence=[line()]), tmp_path / "state.dcm")
    first, second = (shown(image, state, tmp_path, frame_index=index) for index in (0, 1))
    assert first.layers[0].coverage is second.layers[0].coverage
    assert not second.layers[0].coverage.flags.writeable


def test_a_state_keeps_the_units_and_notes_of_each_image(tmp_path):
    # The image's own modality is ignored with a note, which the other image does not get.
    scaled = monochrome(CELLS, RescaleSlope=2, RescaleIntercept=-5)
    plain = monochrome(CELLS)
    state = save(state_for(plain), tmp_path / "state.dcm")
    notes = [shown(image, state, tmp_path).notes for image in (plain, scaled, plain)]
    assert notes[0] == notes[2] == ()
    assert "it has no Modality LUT" in notes[1][0]


def outcome(work):
    try:
        return work()
    except InputError as error:
        return error.message


@pytest.mark.parametrize("number", range(40))
def test_a_scan_that_is_only_checked_has_the_faults_of_one_that_is_decoded(number):
    chance = random.Random(number)
    whole = encoded("jpeg", rgb(np.uint8))
    start = read_jpeg_header(whole, stream_format="JPEG")[0].size
    damaged = bytearray(whole)
    place = chance.randrange(start, len(whole) - 2)
    if number % 2:
        damaged[place] ^= 1 << chance.randrange(8)
    else:
        del damaged[place : min(place + chance.randrange(1, 99), len(whole) - 2)]
    stream = bytes(damaged)
    header, _ = read_jpeg_header(stream, stream_format="JPEG")
    decoded = outcome(lambda: decode_8_bit(stream, header, converts=True)[1])
    assert outcome(lambda: check_scan(stream, header)) == decoded
