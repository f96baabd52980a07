"""Annotations keep their shape on non-square pixels (PS3.3 C.10.5, C.7.6.3.1.7)."""

from __future__ import annotations

import numpy as np
import pytest
from support.covers import covers
from support.dicom_files import item, monochrome
from support.presentation_states import picture_of, shown, state_for

from dcmconv.plugin import View
from dcmconv_builtins.dicom.presentation_state.display_space import DisplaySpace, shrunk

TALL = (3, 1)
WIDE = (1, 3)


def extent(picture) -> tuple[int, int]:
    """Return the number of columns and rows with bright pixels."""
    rows, columns = np.nonzero(picture.pixels > 100)
    return int(np.ptp(columns)) + 1, int(np.ptp(rows)) + 1


def drawn(tmp_path, size, ratio, *, rotation=0, **annotation):
    """Return a picture of 300 x 300 square pixels with an annotation."""
    image = monochrome(np.zeros(size, np.uint8), PixelAspectRatio=list(ratio))
    state = state_for(
        image,
        GraphicAnnotationSequence=[item(GraphicLayer="A", **annotation)],
        GraphicLayerSequence=[item(GraphicLayer="A", GraphicLayerOrder=1)],
        ImageRotation=rotation,
        ImageHorizontalFlip="N",
    )
    picture = picture_of(shown(image, state, tmp_path), aspect="square")
    assert picture.pixels.shape == (300, 300)
    return picture


def text_at(column: float, row: float):
    words = item(UnformattedTextValue="HHH", AnchorPointVisibility="N")
    words.AnchorPoint, words.AnchorPointAnnotationUnits = [column, row], "DISPLAY"
    return {"TextObjectSequence": [words]}


def circle(center, edge):
    graphic = item(GraphicAnnotationUnits="PIXEL", GraphicDimensions=2, NumberOfGraphicPoints=2)
    graphic.GraphicData, graphic.GraphicType = [*center, *edge], "CIRCLE"
    graphic.GraphicFilled = "Y"
    return {"GraphicObjectSequence": [graphic]}


@covers("PS3.3 C.10.5.1.1 Text keeps its shape on non-square pixels")
@pytest.mark.parametrize("rotation", [0, 90])
@pytest.mark.parametrize(("size", "ratio"), [((100, 300), TALL), ((300, 100), WIDE)])
def test_letters_keep_their_shape_on_oblong_pixels(tmp_path, size, ratio, rotation):
    wanted = extent(drawn(tmp_path / "square", (300, 300), (1, 1), **text_at(0.2, 0.5)))
    found = extent(drawn(tmp_path, size, ratio, rotation=rotation, **text_at(0.2, 0.5)))
    assert wanted[0] > 1.5 * wanted[1]
    # Letters are larger, to be legible in coarse pixels, but have the same shape.
    assert found[0] / found[1] == pytest.approx(wanted[0] / wanted[1], rel=0.25)


def test_text_in_a_box_keeps_its_shape(tmp_path):
    words = item(UnformattedTextValue="HHH", BoundingBoxAnnotationUnits="DISPLAY")
    words.BoundingBoxTopLeftHandCorner = [0.1, 0.1]
    words.BoundingBoxBottomRightHandCorner = [0.9, 0.4]
    words.BoundingBoxTextHorizontalJustification = "CENTER"
    columns, rows = extent(drawn(tmp_path, (100, 300), TALL, TextObjectSequence=[words]))
    assert columns > 1.5 * rows


@covers("PS3.3 C.10.5.1.2 Circles are round on non-square pixels")
@pytest.mark.parametrize(
    ("size", "ratio", "center", "edge"),
    # 60 columns of the finished picture are 60 of tall pixels, and 20 of wide ones.
    [((100, 300), TALL, (150, 50), (210, 50)), ((300, 100), WIDE, (50, 150), (70, 150))],
)
def test_a_circle_is_round_once_pixels_are_square(tmp_path, size, ratio, center, edge):
    columns, rows = extent(drawn(tmp_path, size, ratio, **circle(center, edge)))
    assert abs(columns - 121) <= 4
    assert abs(rows - 121) <= 4


def test_to_the_right_is_measured_in_finished_pixels():
    wide = DisplaySpace((300, 100), View(), aspect=1 / 3)
    assert wide.to_the_right((10, 10), 30) == pytest.approx((20, 10))
    turned = DisplaySpace((100, 300), View(rotation=90), aspect=3.0)
    assert turned.to_the_right((10, 50), 30) == pytest.approx((10, 40))


@pytest.mark.parametrize("aspect", [0.0, 1e9])
def test_an_absurd_aspect_needs_no_memory(aspect):
    assert max(DisplaySpace((10, 10), View(), aspect=aspect).scale) == 16


def test_coverage_is_shrunk_by_averaging():
    mask = np.array([[255, 0, 255, 255], [255, 0, 255, 255]], np.uint8)
    assert shrunk(mask, rows=2, columns=2).tolist() == [[128, 255], [128, 255]]
    assert shrunk(mask, rows=2, columns=4) is mask


def test_a_huge_text_box_needs_no_memory(tmp_path):
    words = item(UnformattedTextValue="HHH", BoundingBoxAnnotationUnits="PIXEL")
    words.BoundingBoxTopLeftHandCorner = [10.0, 10.0]
    words.BoundingBoxBottomRightHandCorner = [900000.0, 900000.0]
    words.BoundingBoxTextHorizontalJustification = "RIGHT"
    assert drawn(tmp_path, (100, 300), TALL, TextObjectSequence=[words]).pixels.any()
