"""``window``: the four ways to name one, and contradictory options."""

from __future__ import annotations

import pickle
import re
import typing

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dcmconv.plugin import Frame, InputError, Linear, Padding, VoiWindow
from dcmconv.render.tone import render_tone
from dcmconv_builtins.dicom.tone.voi_lut import Sigmoid, WindowLinear, WindowLinearExact
from dcmconv_builtins.normalizers.window import NAMED_WINDOWS, Window, WindowName

HU = np.array([[-1024, -160, 40, 239, 240, 3071]], "i2")


def frame(values=HU, **fields):
    stored_values = np.asarray(values)
    return Frame(stored_values=stored_values, **{"bits_stored": 16, "units": "HU", **fields})


def pixels(normalizer, of):
    return render_tone(of, normalizer)[0].pixels.tolist()


def test_center_and_width_follow_the_linear_function():
    # C.11.2.1.2.1: black up to 39.5 - 199.5 = -160, white from 239; 40 is 200 / 399 * 255 = 127.8.
    window = Window(center=40, width=400)
    assert pixels(window, frame()) == [[0, 0, 128, 255, 255, 255]]
    assert window.curve(frame()).origin == "Window given, LINEAR 40/400 HU"


@pytest.mark.parametrize(
    ("of", "display_values"),
    [
        pytest.param(frame([[50, 50]]), [[134, 134]], id="constant-is-where-the-window-puts-it"),
        pytest.param(frame([[300]]), [[255]], id="one-pixel"),
        pytest.param(frame(np.array([[0, 240, 65535]], "u2")), [[102, 255, 255]], id="16-bit"),
        pytest.param(
            frame(np.array([[np.nan, -1e9, 39.5, 1e9]]), bits_stored=0),
            [[0, 0, 128, 255]],
            id="float-and-nan",
        ),
        pytest.param(
            frame(photometric_interpretation="MONOCHROME1"),
            [[255, 255, 127, 0, 0, 0]],
            id="monochrome1-is-inverted-after-the-window",
        ),
    ],
)
def test_a_window_works_on_every_kind_of_frame(of, display_values):
    assert pixels(Window(center=40, width=400), of) == display_values


def test_a_window_of_width_1_is_a_step():
    assert pixels(Window(center=100, width=1), frame([[98, 99, 100, 101]])) == [[0, 0, 255, 255]]


@given(st.integers(-3000, 3000), st.integers(1, 4000), st.integers(-20_000, 20_000))
def test_offsets_of_values_and_center_cancel_out(center, width, constant):
    here = Window(center=center, width=width).curve(frame())
    there = Window(center=center + constant, width=width).curve(frame())
    values = HU.astype(np.float64)
    assert np.array_equal(here(values), there(values + constant))


@pytest.mark.parametrize(
    ("function", "curve_class"),
    [("LINEAR", WindowLinear), ("LINEAR_EXACT", WindowLinearExact), ("SIGMOID", Sigmoid)],
)
def test_the_function_can_be_chosen(function, curve_class):
    explicit = Window(center=40, width=400, function=function).curve(frame())
    assert explicit == curve_class(center=40, width=400)
    of = frame(voi_windows=(VoiWindow(40, 400, "LINEAR"),))
    curve = Window(function=function).curve(of)
    assert curve == explicit
    assert hash(curve) == hash(explicit)
    assert pickle.loads(pickle.dumps(curve)) == explicit  # noqa: S301
    assert curve.origin == f"Window 1 of the file, {function} 40/400 HU"


def test_the_default_is_the_first_window_of_the_file():
    of = frame(voi_windows=(VoiWindow(-600, 1500, "SIGMOID"), VoiWindow(40, 400)))
    assert Window().curve(of) == Sigmoid(center=-600, width=1500)
    second = Window(number=2).curve(of)
    assert second == WindowLinear(center=40, width=400)
    assert second.origin == "Window 2 of the file, LINEAR 40/400 HU"


def test_a_file_without_windows_gets_a_hint():
    with pytest.raises(
        InputError, match=r"Window Center \(0028,1050\) and .* are missing"
    ) as caught:
        Window().curve(frame())
    assert "--normalize auto" in caught.value.hint


def test_a_number_beyond_the_windows_gives_the_count():
    of = frame(voi_windows=(VoiWindow(40, 400), VoiWindow(-600, 1500)))
    with pytest.raises(InputError, match=r"has 2 windows; number 3 was requested") as caught:
        Window(number=3).curve(of)
    assert caught.value.hint == "Use --window.number 1 to 2, or --normalize auto."


def test_a_window_of_the_file_needs_a_valid_width():
    with pytest.raises(
        InputError, match=r"Width \(0028,1051\) is 0; LINEAR needs at least 1"
    ) as caught:
        Window().curve(frame(voi_windows=(VoiWindow(40, 0),)))
    assert caught.value.hint == "Override it with --window.width, or use --normalize minmax."


def test_a_named_window_reports_its_numbers():
    curve = Window(name="lung").curve(frame())
    assert curve == WindowLinear(center=-600, width=1500)
    assert curve.origin == "Window lung, LINEAR -600/1500 HU"


@pytest.mark.parametrize("units", ["HU", "HU_MOD", "hu"])
def test_a_named_window_of_a_ct_has_no_note(units):
    assert Window(name="lung").curve(frame(units=units)).notes == ()


@pytest.mark.parametrize(
    ("fields", "found"),
    [
        pytest.param({"units": "", "attributes": {"Modality": "MR"}}, "MR, and", id="mr"),
        pytest.param({"units": "BQML", "attributes": {"Modality": "PT"}}, "in BQML.", id="pet"),
        pytest.param({"units": ""}, "HU; the values of this image are in no known unit.", id="any"),
    ],
)
def test_a_named_window_of_another_modality_has_a_note(fields, found):
    [note] = render_tone(frame(**fields), Window(name="lung"))[0].notes
    assert note.startswith("The named window 'lung' is for CT, in HU")
    assert found in note


def test_a_window_by_numbers_has_no_note_on_any_modality():
    assert Window(center=40, width=400).curve(frame(units="")).notes == ()


def test_every_named_window_is_an_option_and_documented():
    assert set(typing.get_args(WindowName)) == set(NAMED_WINDOWS)
    documented = " ".join(str(Window.__doc__).split())
    for name, (center, width) in NAMED_WINDOWS.items():
        assert f"{name} {center}/{width}" in documented


def test_a_region_uses_its_own_extremes():
    values = np.arange(100, dtype="i2").reshape(10, 10)
    # Columns 2 and 3 of rows 4 to 6: from 42 to 63.
    curve = Window(roi=(2, 4, 2, 3)).curve(frame(values))
    assert curve == Linear(black=42, white=63)
    assert curve.origin == "Region 2,4 2x3, 42..63 HU"


def test_a_constant_region_is_black():
    assert pixels(Window(roi=(0, 0, 1, 1)), frame([[5, 4, 6]])) == [[0, 0, 255]]


def test_a_region_outside_the_frame_is_an_error():
    with pytest.raises(InputError, match="is outside the frame of 6x1 pixels") as caught:
        Window(roi=(6, 0, 2, 2)).curve(frame())
    assert "inside the frame" in caught.value.hint


def test_a_region_of_padding_is_an_error():
    of = frame([[-2000, 0, 100]], padding=Padding(-2000, -2000))
    with pytest.raises(InputError, match="0,0 1x1 contains only padding") as caught:
        Window(roi=(0, 0, 1, 1)).curve(of)
    assert "--window.roi" in caught.value.hint


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"center": 40}, "center is given without width; a window needs both"),
        ({"width": 400}, "width is given without center; a window needs both"),
        (
            {"center": 1, "width": 2, "name": "lung"},
            "center and width and name are mutually exclusive",
        ),
        ({"number": 1, "roi": (0, 0, 1, 1)}, "number and roi are mutually exclusive"),
        ({"center": 40, "width": 0.5}, "width is 0.5; LINEAR needs at least 1"),
        ({"center": 40, "width": 0, "function": "SIGMOID"}, "width is 0; expected more than 0"),
        ({"number": 0}, "number is 0; windows are counted from 1"),
        ({"name": "lungs"}, "name is 'lungs'; the named windows are abdomen, bone"),
        ({"roi": (0, 0, 0, 5)}, "roi is 0,0,0,5; expected column and row of at least 0, columns"),
        ({"roi": (0, 0, 5, 5), "function": "SIGMOID"}, "function and roi are mutually exclusive"),
    ],
)
def test_contradictory_options_are_rejected(options, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        Window(**options)


def test_a_narrow_window_is_allowed_for_linear_exact():
    curve = Window(center=0, width=0.5, function="LINEAR_EXACT").curve(frame())
    assert curve(np.array([-0.25, 0.0, 0.25])).tolist() == [0.0, 0.5, 1.0]
