"""Presentation states are read once, and again after a change."""

from __future__ import annotations

import numpy as np
from support.dicom_files import as_bytes, item, monochrome, save
from support.presentation_states import shown, state_for

from dcmconv import convert
from dcmconv_builtins.dicom.presentation_state.library import open_library

IMAGE = monochrome(np.array([[0, 100, 200, 255]], np.uint8))


def state(center: float, **attributes):
    window = item(WindowCenter=center, WindowWidth=2)
    return state_for(IMAGE, SoftcopyVOILUTSequence=[window], **attributes)


def test_a_changed_state_is_read_again(tmp_path):
    centers = [shown(IMAGE, state(center), tmp_path).voi_windows[0].center for center in (50, 150)]
    assert centers == [50, 150]


def test_an_added_state_is_found(tmp_path):
    save(state(50, PresentationCreationDate="20200101"), tmp_path / "a.dcm")
    assert len(open_library(str(tmp_path)).states) == 1
    save(state(150, PresentationCreationDate="20210101"), tmp_path / "b.dcm")
    assert [x.created[:8] for x in open_library(str(tmp_path)).states] == ["20200101", "20210101"]


def test_unchanged_states_are_read_once(tmp_path):
    save(state(50), tmp_path / "a.dcm")
    assert open_library(str(tmp_path)) is open_library(str(tmp_path))


def test_convert_sees_a_state_changed_between_calls(tmp_path):
    read = {"use": "dicom", "presentation_states": str(tmp_path)}
    whites = []
    for center in (50, 150):
        save(state(center), tmp_path / "state.dcm")
        whites.append(convert(as_bytes(IMAGE), read=read).pixels.tolist())
    assert whites == [[[0, 255, 255, 255]], [[0, 0, 255, 255]]]
