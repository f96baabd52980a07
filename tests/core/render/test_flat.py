"""Flat pictures: which of them have a note, and which are rightly blank."""

import numpy as np
import pytest

from dcmconv.model.components import ArrayNormalizer
from dcmconv.model.curve import Linear
from dcmconv.model.frame import Frame
from dcmconv.model.frame_parts import Lut, Padding, Palette, Rescale
from dcmconv.model.layers import Layer
from dcmconv.render.tone import find_flat_notes, render_tone
from dcmconv_builtins.dicom.tone.voi_lut import Sigmoid, VoiLut
from dcmconv_builtins.normalizers.minmax import MinMax

RAMP = np.arange(4096, dtype=np.uint16).reshape(64, 64)
AIR = (np.arange(4096, dtype=np.int16) % 40 - 1024).reshape(64, 64)
EVERYWHERE = np.ones((64, 64), bool)


class Fixed(MinMax):
    """Returns the given curve."""

    def curve(self, frame):
        return frame.attributes["curve"]


class Black(ArrayNormalizer):
    """Draws everything black."""

    def display_values(self, modality_values, frame):
        return np.zeros(modality_values.shape)


def frame(values, curve=None, **fields):
    return Frame(
        stored_values=values, **{"bits_stored": 12, "attributes": {"curve": curve}, **fields}
    )


def notes(of, normalizer=None, **options):
    return render_tone(of, normalizer or Fixed(), **options)[0].notes


@pytest.mark.parametrize(
    ("of", "window"),
    [
        pytest.param(
            frame(RAMP, Linear(black=99994, white=100004)), "99994..100004", id="beyond-all-bits"
        ),
        pytest.param(frame(RAMP, Linear(black=-10, white=-2)), "-10..-2", id="below-all-bits"),
        pytest.param(
            frame(AIR, Linear(black=5000, white=9000)), "5000..9000", id="beyond-the-bits-of-noise"
        ),
        pytest.param(
            frame(RAMP // 16, Linear(black=3000, white=3010)), "3000..3010", id="wide-values"
        ),
        pytest.param(
            frame(RAMP, Linear(black=-3, white=-2), photometric_interpretation="MONOCHROME1"),
            "-3..-2",
            id="monochrome1",
        ),
        pytest.param(
            frame(RAMP, Linear(black=0, white=9), modality=Rescale(1, -9000)), "0..9", id="rescaled"
        ),
        pytest.param(
            frame(RAMP / 4096, Linear(black=5, white=5.5), bits_stored=0), "5..5.5", id="float"
        ),
    ],
)
@pytest.mark.parametrize("options", [{}, {"depth": 16}, {"invert": True}])
def test_a_window_that_leaves_the_values_outside_has_a_note(of, window, options):
    [note] = notes(of, **options)
    assert note.startswith("the picture is flat, in one gray level: the values are ")
    assert f"and the window, {window}, leaves them outside. Try --normalize minmax." in note


@pytest.mark.parametrize(
    "curve",
    [
        pytest.param(Sigmoid(center=9e9, width=10), id="sigmoid"),
        pytest.param(
            VoiLut(lut=Lut(np.array([0, 255], np.uint8), 9000, 8)), id="table-beyond-the-bits"
        ),
    ],
)
def test_a_curve_that_draws_every_possible_value_alike_has_a_note(curve):
    [note] = notes(frame(RAMP, curve))
    assert "the tone curve draws every value that the stored bits allow alike" in note


@pytest.mark.parametrize(
    "of",
    [
        pytest.param(frame(RAMP * 0, Linear(black=99994, white=100004)), id="one-value"),
        pytest.param(frame(AIR, Linear(black=0, white=80)), id="air-in-a-brain-window"),
        pytest.param(
            frame(AIR, Linear(black=-160, white=240), bits_stored=16), id="air-in-soft-tissue"
        ),
        pytest.param(
            frame(RAMP, Linear(black=0, white=10), padding=Padding(0, 4095)), id="padding"
        ),
        pytest.param(frame(RAMP, Linear(black=0, white=4095)), id="not-flat"),
        pytest.param(frame(RAMP, Linear(black=4094, white=4095)), id="one-bright-pixel"),
        pytest.param(frame(AIR, Sigmoid(center=40, width=100)), id="air-in-a-sigmoid"),
    ],
)
def test_a_blank_slice_has_no_note(of):
    assert notes(of) == ()


def overlay(**fields):
    return Layer("overlay", EVERYWHERE, hint="--overlays draw", **{"drawn": False, **fields})


@pytest.mark.parametrize(
    "of",
    [
        pytest.param(frame(RAMP * 0, Linear(black=0, white=9), layers=(overlay(),)), id="gray"),
        pytest.param(
            frame(np.zeros((64, 64, 3), np.uint8), bits_stored=8, layers=(overlay(),)), id="color"
        ),
        pytest.param(
            frame(RAMP * 0, palette=Palette(np.zeros((2, 3), np.uint8), 0), layers=(overlay(),)),
            id="palette",
        ),
    ],
)
def test_a_picture_that_is_only_in_its_overlays_has_a_note(of):
    [note] = notes(of)
    assert note.endswith("in overlay planes, which are not drawn. Draw them with --overlays draw.")


def test_a_normalizer_of_arrays_notes_overlays_too():
    assert len(notes(frame(RAMP * 0, layers=(overlay(),)), Black())) == 1


@pytest.mark.parametrize(
    "layer",
    [
        pytest.param(overlay(drawn=True), id="drawn"),
        pytest.param(Layer("overlay", ~EVERYWHERE, drawn=False), id="empty"),
        pytest.param(Layer("shutter", EVERYWHERE, drawn=False), id="shutter"),
    ],
)
def test_other_layers_do_not_make_a_blank_picture_doubtful(layer):
    assert notes(frame(RAMP * 0, Linear(black=0, white=9), layers=(layer,))) == ()


def test_the_note_names_the_frame_of_several():
    of = frame(RAMP, Linear(black=-3, white=-2), frame_number=3, frame_count=5)
    assert notes(of)[0].startswith("the picture of frame 3 is flat")


class Counted(np.ndarray):
    """Counts the pixels that are compared."""

    compared = 0

    def __eq__(self, other):
        Counted.compared += self.size
        return np.asarray(self) == np.asarray(other)

    __hash__ = None


def test_an_ordinary_picture_is_not_passed_over_once():
    # At most 17 by 17 pixels of a quarter of a million show that it is not flat.
    pixels = np.arange(512 * 512).astype(np.uint8).reshape(512, 512).view(Counted)
    assert find_flat_notes(frame(RAMP), pixels, ()) == ()
    assert 0 < Counted.compared <= 17 * 17
