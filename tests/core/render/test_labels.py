"""Labels stay numbers as long as steps and writers accept them, then become colors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pytest

from dcmconv.chain.plan import ComponentRef, Lane
from dcmconv.model.components import Normalizer, Step, Writer
from dcmconv.model.frame import Frame
from dcmconv.model.layers import LabelName, default_label_color
from dcmconv.plugin import InputError, Linear
from dcmconv.render.color import in_label_colors
from dcmconv.render.lane import LoadedLane
from dcmconv.render.tone import render_tone

NUMBERS = np.array([[0, 1], [7, 1]], np.uint8)
RED = LabelName(1, "Artery", (255, 0, 0))
FRAME = Frame(stored_values=NUMBERS, bits_stored=8, is_label=True, labels=(RED,))


@dataclass(frozen=True, kw_only=True)
class Plain(Normalizer):
    """A line from 0 to 1."""

    def curve(self, frame):
        return Linear(black=0, white=1)


@dataclass(frozen=True, kw_only=True)
class Blind(Writer):
    """Accepts only display values."""

    suffix: ClassVar[str] = ".x"

    def encode(self, picture):
        return b"x"


@dataclass(frozen=True, kw_only=True)
class Seeing(Blind):
    """Accepts labels and palettes."""

    accepts = frozenset({"display", "label"})
    keeps_palette = True


@dataclass(frozen=True, kw_only=True)
class LabelsAlone(Blind):
    """Accepts only labels."""

    accepts = frozenset({"label"})


@dataclass(frozen=True, kw_only=True)
class Bright(Step):
    """Accepts only display values."""

    def apply(self, picture):
        return picture.with_(pixels=np.maximum(picture.pixels, 5))


@dataclass(frozen=True, kw_only=True)
class Mirror(Step):
    """Accepts display values and labels."""

    accepts = frozenset({"display", "label"})

    def apply(self, picture):
        return picture.with_(pixels=picture.pixels[:, ::-1])


def finished(writer, *steps, frame=FRAME):
    def ref(kind, component):
        return ComponentRef(kind, component.__name__, f"{__name__}:{component.__name__}")

    lane = LoadedLane(Lane("out", ref("normalizer", Plain), (), None, ref("writer", writer)))
    # Components of a test module cannot be imported by name, so they are set directly.
    lane.__dict__["writer"] = writer()
    lane.__dict__["_steps"] = (tuple(step() for step in steps), ())
    picture, _ = render_tone(frame, Plain(), depth=8)
    return lane.finish(picture, frame)


def test_a_label_writer_gets_numbers_and_a_palette():
    picture = finished(Seeing)
    assert (picture.domain, picture.pixels.tolist()) == ("label", NUMBERS.tolist())
    assert picture.palette[1].tolist() == [255, 0, 0]
    assert tuple(picture.palette[7].tolist()) == default_label_color(7)
    assert picture.palette[0].tolist() == [0, 0, 0]


def test_a_writer_without_label_support_gets_colors():
    picture = finished(Blind)
    assert picture.domain == "display"
    assert picture.pixels[0].tolist() == [[0, 0, 0], [255, 0, 0]]
    assert tuple(picture.pixels[1, 0].tolist()) == default_label_color(7)


def test_a_step_without_label_support_gets_colors():
    picture = finished(Seeing, Bright)
    assert (picture.domain, picture.palette) == ("display", None)
    assert picture.pixels[0].tolist() == [[5, 5, 5], [255, 5, 5]]


def test_a_step_with_label_support_gets_numbers():
    assert finished(Seeing, Mirror).pixels.tolist() == [[1, 0], [1, 7]]


def test_a_label_only_writer_rejects_other_pictures():
    gray = Frame(stored_values=NUMBERS, bits_stored=8)
    with pytest.raises(
        InputError, match="'out' accepts only labels, and this picture has none"
    ) as caught:
        finished(LabelsAlone, frame=gray)
    assert "rule" in caught.value.hint


def test_label_numbers_of_16_bits_get_colors():
    wide = Frame(stored_values=np.array([[60000, 1]], np.uint16), bits_stored=16, is_label=True)
    picture, _ = render_tone(wide, Plain())
    colors = in_label_colors(picture, depth=16).pixels
    assert colors.dtype == np.uint16
    assert tuple((colors[0, 0] // 257).tolist()) == default_label_color(60000)


def test_neighboring_labels_do_not_look_alike():
    colors = np.array([default_label_color(number) for number in range(1, 60)], int)
    steps = np.abs(np.diff(colors, axis=0)).sum(axis=1)
    assert steps.min() > 100
