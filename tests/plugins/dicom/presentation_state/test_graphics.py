"""Annotations, graphic layers and activated overlays of presentation states."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from support.covers import covers
from support.dicom_files import item, monochrome
from support.presentation_states import picture_of, references, shown, state_for, with_overlay

BLACK = np.zeros((40, 60), np.uint8)


def graphic(kind: str, *points: tuple[float, float], filled: str = "N", **more: Any):
    return item(
        GraphicAnnotationUnits=more.pop("units", "PIXEL"),
        GraphicDimensions=2,
        NumberOfGraphicPoints=len(points),
        GraphicData=[float(number) for point in points for number in point],
        GraphicType=kind,
        GraphicFilled=filled,
        **more,
    )


def annotation(*graphics, texts=(), layer: str = "A", **more: Any):
    made = item(GraphicLayer=layer, **more)
    if graphics:
        made.GraphicObjectSequence = list(graphics)
    if texts:
        made.TextObjectSequence = list(texts)
    return made


def layer(name: str, order: int, gray: int = 65535, **more: Any):
    return item(
        GraphicLayer=name,
        GraphicLayerOrder=order,
        GraphicLayerRecommendedDisplayGrayscaleValue=gray,
        **more,
    )


def drawn(tmp_path, *annotations, image=None, layers=None, **attributes):
    image = monochrome(BLACK) if image is None else image
    state = state_for(
        image,
        GraphicAnnotationSequence=list(annotations),
        GraphicLayerSequence=[layer("A", 1)] if layers is None else layers,
        **attributes,
    )
    return shown(image, state, tmp_path)


def coverage_of(tmp_path, *graphics, **more: Any):
    (only,) = drawn(tmp_path, annotation(*graphics), **more).layers
    return only.coverage


def extent(coverage) -> tuple[int, int, int, int]:
    """Return the first and last column and row that are more than half covered."""
    rows, columns = np.nonzero(coverage > 127)
    return int(columns.min()), int(columns.max()), int(rows.min()), int(rows.max())


@covers("PS3.3 C.10.5.1.2 Graphic Type POLYLINE")
def test_a_polyline_covers_the_pixels_along_it(tmp_path):
    # Along the middle of row 5: half a pixel on each side.
    coverage = coverage_of(tmp_path, graphic("POLYLINE", (10, 5.5), (20, 5.5)))
    assert extent(coverage) == (10, 19, 5, 5)
    assert coverage[5, 12:18].min() == 255
    assert not coverage[7:].any()


@pytest.mark.parametrize(
    ("filled", "middle"), [pytest.param("Y", 255, id="filled"), pytest.param("N", 0, id="hollow")]
)
@covers("PS3.3 C.10.5.1.2 Graphic Type POLYLINE")
def test_graphic_filled_fills_a_closed_polyline(tmp_path, filled, middle):
    square = [(10, 10), (30, 10), (30, 30), (10, 30), (10, 10)]
    coverage = coverage_of(tmp_path, graphic("POLYLINE", *square, filled=filled))
    assert coverage[20, 20] == middle


def test_an_open_polyline_is_never_filled(tmp_path):
    corner = [(10, 10), (30, 10), (30, 30)]
    assert coverage_of(tmp_path, graphic("POLYLINE", *corner, filled="Y"))[15, 25] == 0


@covers("PS3.3 C.10.5.1.2 Graphic Type CIRCLE")
def test_a_circle_goes_through_its_second_point(tmp_path):
    coverage = coverage_of(tmp_path, graphic("CIRCLE", (30.5, 20.5), (40.5, 20.5), filled="Y"))
    assert extent(coverage) == (20, 40, 10, 30)
    assert coverage.sum() / 255 == pytest.approx(math.pi * 10.5**2, rel=0.02)


@covers("PS3.3 C.10.5.1.2 Graphic Type ELLIPSE")
def test_an_ellipse_has_the_axes_of_its_four_points(tmp_path):
    ends = [(10.5, 20.5), (50.5, 20.5), (30.5, 12.5), (30.5, 28.5)]
    coverage = coverage_of(tmp_path, graphic("ELLIPSE", *ends, filled="Y"))
    assert extent(coverage) == (10, 50, 12, 28)
    assert coverage.sum() / 255 == pytest.approx(math.pi * 20.5 * 8.5, rel=0.02)


@covers("PS3.3 C.10.5.1.2 Graphic Type INTERPOLATED")
def test_an_interpolated_curve_goes_through_all_points(tmp_path):
    points = [(5.5, 30.5), (20.5, 10.5), (35.5, 30.5), (50.5, 10.5)]
    coverage = coverage_of(tmp_path, graphic("INTERPOLATED", *points))
    assert [int(coverage[int(y), int(x)]) > 60 for x, y in points] == [True] * 4
    # The curve has no gap between its ends.
    assert coverage[:, 6:50].any(axis=0).all()


@covers("PS3.3 C.10.5.1.2 Graphic Type POINT")
def test_a_point_is_a_visible_dot(tmp_path):
    coverage = coverage_of(tmp_path, graphic("POINT", (30.5, 20.5)))
    assert coverage[20, 30] == 255
    assert 3 <= (coverage > 127).sum() <= 12


@covers("PS3.3 C.10.5 Annotation Units PIXEL and DISPLAY")
def test_display_units_are_fractions_of_the_displayed_area(tmp_path):
    area = item(
        DisplayedAreaTopLeftHandCorner=[21, 11],
        DisplayedAreaBottomRightHandCorner=[40, 30],
        PresentationSizeMode="SCALE TO FIT",
    )
    line = graphic("POLYLINE", (0.25, 0.525), (0.75, 0.525), units="DISPLAY")
    coverage = coverage_of(tmp_path, line, DisplayedAreaSelectionSequence=[area])
    assert extent(coverage) == (25, 34, 20, 20)


@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
@pytest.mark.parametrize("flip", ["N", "Y"])
def test_display_units_refer_to_the_finished_picture(tmp_path, rotation, flip):
    line = graphic("POLYLINE", (0.0, 0.0125), (0.5, 0.0125), units="DISPLAY")
    frame = drawn(
        tmp_path,
        annotation(line),
        image=monochrome(np.zeros((40, 40), np.uint8)),
        ImageRotation=rotation,
        ImageHorizontalFlip=flip,
    )
    assert extent(picture_of(frame).pixels) == (0, 19, 0, 0)


@pytest.mark.parametrize(
    "broken",
    [
        pytest.param(graphic("CIRCLE", (1, 1)), id="too-few-points"),
        pytest.param(graphic("STAR", (1, 1), (2, 2)), id="unknown-type"),
        pytest.param(graphic("POLYLINE", (1, 1), (math.inf, 2)), id="infinite"),
        pytest.param(graphic("POLYLINE", (1, 1), (1e30, 2)), id="too-far"),
        pytest.param(graphic("POLYLINE", (1, 1), (5, 5), units="MATRIX"), id="total-matrix"),
    ],
)
def test_a_graphic_that_cannot_be_drawn_is_a_note(tmp_path, broken):
    frame = drawn(tmp_path, annotation(broken))
    assert frame.layers == ()
    assert any("ignored a" in note for note in frame.notes)


def test_graphics_outside_the_frame_are_cut_off(tmp_path):
    coverage = coverage_of(tmp_path, graphic("POLYLINE", (-50, 10.5), (500, 10.5)))
    assert extent(coverage) == (0, 59, 10, 10)
    outside = drawn(tmp_path / "outside", annotation(graphic("POLYLINE", (70, 5), (90, 5))))
    assert outside.layers == ()


@covers("PS3.3 C.10.7 Graphic Layer")
def test_graphic_layers_are_drawn_in_their_order(tmp_path):
    over = annotation(graphic("POLYLINE", (0, 10.5), (60, 10.5)), layer="OVER")
    under = annotation(graphic("POLYLINE", (30.5, 0), (30.5, 40)), layer="UNDER")
    frame = drawn(tmp_path, over, under, layers=[layer("OVER", 2, 30000), layer("UNDER", 1)])
    assert [one.name for one in frame.layers] == ["UNDER", "OVER"]
    pixels = picture_of(frame).pixels
    assert (pixels[10, 30], pixels[20, 30]) == (117, 255)


def test_an_undefined_layer_is_last_and_white(tmp_path):
    frame = drawn(
        tmp_path, annotation(graphic("POLYLINE", (0, 5), (9, 5)), layer="LOST"), layers=[]
    )
    assert [(one.name, one.color) for one in frame.layers] == [("LOST", (1, 1, 1))]


@covers("PS3.3 C.10.7.1.1 Recommended colors in CIELab")
def test_a_cielab_color_makes_the_picture_rgb(tmp_path):
    # L* 53.24, a* 80.09, b* 67.2 relative to D65 is pure red; near it relative to D50.
    red = [round(54.29 / 100 * 65535), round((80.81 + 128) * 257), round((69.89 + 128) * 257)]
    layers = [layer("A", 1, GraphicLayerRecommendedDisplayCIELabValue=red)]
    line = annotation(graphic("POLYLINE", (0, 10.5), (60, 10.5)))
    pixels = picture_of(drawn(tmp_path, line, layers=layers)).pixels
    assert np.abs(pixels[10, 30].astype(int) - [255, 0, 0]).max() <= 2
    assert pixels[30, 30].tolist() == [0, 0, 0]


def test_a_graphics_style_overrides_its_layers(tmp_path):
    gray = 128 * 257
    style = {
        "LineStyleSequence": [item(PatternOnColorCIELabValue=[0, gray, gray], LineThickness=3.0)]
    }
    frame = drawn(tmp_path, annotation(graphic("POLYLINE", (0, 10.5), (60, 10.5), **style)))
    (only,) = frame.layers
    assert only.color == (0, 0, 0)
    assert extent(only.coverage) == (0, 59, 9, 11)


def test_a_fill_color_is_drawn_under_the_line(tmp_path):
    gray = 128 * 257
    style = {
        "FillStyleSequence": [item(PatternOnColorCIELabValue=[0, gray, gray])],
        "LineStyleSequence": [item(LineThickness=2.0)],
    }
    square = [(10, 10), (30, 10), (30, 30), (10, 30), (10, 10)]
    frame = drawn(
        tmp_path,
        annotation(graphic("POLYLINE", *square, filled="Y", **style)),
        image=monochrome(np.full((40, 60), 200, np.uint8)),
    )
    pixels = picture_of(frame).pixels
    assert pixels[20, 20] == 0
    assert min(pixels[20, 9], pixels[20, 10]) > 200


def test_an_annotation_for_another_frame_is_ignored(tmp_path):
    image = monochrome(np.stack([BLACK, BLACK]))
    line = annotation(
        graphic("POLYLINE", (0, 5), (9, 5)), ReferencedImageSequence=references(image, [2])
    )
    assert drawn(tmp_path, line, image=image).layers == ()


def text(words: str, **more: Any):
    return item(UnformattedTextValue=words, **more)


def in_box(upper: list[float], lower: list[float], units: str = "PIXEL", justified: str = "LEFT"):
    return {
        "BoundingBoxAnnotationUnits": units,
        "BoundingBoxTopLeftHandCorner": upper,
        "BoundingBoxBottomRightHandCorner": lower,
        "BoundingBoxTextHorizontalJustification": justified,
    }


LARGE = np.zeros((200, 300), np.uint8)


@pytest.mark.parametrize(
    ("justified", "side"), [("LEFT", "left"), ("RIGHT", "right"), ("CENTER", "middle")]
)
@covers("PS3.3 C.10.5.1.1 Text Object in its bounding box")
def test_text_is_justified_in_its_box(tmp_path, justified, side):
    box = in_box([50.0, 60.0], [250.0, 100.0], justified=justified)
    frame = drawn(tmp_path, annotation(texts=[text("Hello", **box)]), image=monochrome(LARGE))
    left, right, upper, lower = extent(frame.layers[0].coverage)
    assert 60 <= upper < lower < 100
    room = {"left": left - 50, "right": 250 - right, "middle": abs(left + right - 300)}
    assert 0 <= room[side] <= 8


def test_text_shrinks_to_fit_a_small_box(tmp_path):
    box = in_box([10.0, 10.0], [100.0, 30.0])
    words = text("a rather long sentence", **box)
    frame = drawn(tmp_path, annotation(texts=[words]), image=monochrome(np.zeros((600, 600), "u1")))
    left, right, _, _ = extent(frame.layers[0].coverage)
    assert 10 <= left < right <= 100


def test_lines_of_text_are_below_each_other(tmp_path):
    def height(words: str, name: str) -> int:
        box = in_box([10.0, 10.0], [290.0, 190.0])
        image = monochrome(LARGE)
        frame = drawn(tmp_path / name, annotation(texts=[text(words, **box)]), image=image)
        _, _, upper, lower = extent(frame.layers[0].coverage)
        return lower - upper

    assert height("H\r\nH\r\nH", "three") > 2.5 * height("H", "one")


@pytest.mark.parametrize(("anchor", "is_right"), [((100.0, 100.0), True), ((290.0, 100.0), False)])
@covers("PS3.3 C.10.5.1.1 Text Object at its anchor")
def test_text_without_a_box_is_next_to_its_anchor(tmp_path, anchor, is_right):
    words = text("Hello", AnchorPoint=list(anchor), AnchorPointAnnotationUnits="PIXEL")
    frame = drawn(tmp_path, annotation(texts=[words]), image=monochrome(LARGE))
    left, right, upper, lower = extent(frame.layers[0].coverage)
    assert (left > anchor[0]) if is_right else (right < anchor[0])
    assert upper < anchor[1] < lower


def test_a_visible_anchor_is_connected_to_its_box(tmp_path):
    def coverage(visible: str):
        words = text(
            "Hello",
            **in_box([10.0, 10.0], [100.0, 40.0]),
            AnchorPoint=[200.0, 150.0],
            AnchorPointAnnotationUnits="PIXEL",
            AnchorPointVisibility=visible,
        )
        image = monochrome(LARGE)
        return drawn(tmp_path / visible, annotation(texts=[words]), image=image).layers[0].coverage

    assert coverage("Y")[100:150, 100:200].any()
    assert not coverage("N")[100:150, 100:200].any()


@pytest.mark.parametrize("tissue", [0, 128, 255], ids=["dark", "gray", "bright"])
@pytest.mark.parametrize("gray", [65535, 0], ids=["white-text", "black-text"])
def test_text_is_readable_on_any_tissue(tmp_path, tissue, gray):
    # A gradient, so that the picture is not flat; the text is on one gray level.
    values = np.full((200, 300), tissue, np.uint8)
    values[180:] = np.linspace(0, 255, 300)
    words = text("Hello", **in_box([50.0, 60.0], [250.0, 100.0]))
    image, layers = monochrome(values), [layer("A", 1, gray)]
    frame = drawn(tmp_path, annotation(texts=[words]), image=image, layers=layers)
    pixels = picture_of(frame).pixels[50:110, 40:260].astype(int)
    outlined, letters = (layer.coverage[50:110, 40:260] for layer in frame.layers)
    is_outline = (outlined > 200) & (letters < 50)
    assert abs(pixels[letters > 200].mean() - pixels[is_outline].mean()) > 128


def test_graphics_and_text_of_one_layer_are_drawn_in_order(tmp_path):
    box = graphic("POLYLINE", (40, 50), (260, 50), (260, 110), (40, 110), (40, 50), filled="Y")
    words = text("Hello", **in_box([50.0, 60.0], [250.0, 100.0]))
    frame = drawn(tmp_path, annotation(box, texts=[words]), image=monochrome(LARGE))
    assert [layer.color[0] for layer in frame.layers] == [1, 0, 1]


@pytest.mark.parametrize("rotation", [90, 180, 270])
@pytest.mark.parametrize("flip", ["N", "Y"])
def test_text_is_upright_in_the_finished_picture(tmp_path, rotation, flip):
    box = in_box([0.1, 0.1], [0.9, 0.5], units="DISPLAY")
    words = annotation(texts=[text("FGR", **box)])
    image = monochrome(np.zeros((200, 200), np.uint8))
    upright = drawn(tmp_path / "upright", words, image=image)
    turns = {"ImageRotation": rotation, "ImageHorizontalFlip": flip}
    turned = drawn(tmp_path / "turned", words, image=image, **turns)
    assert np.array_equal(picture_of(turned).pixels, picture_of(upright).pixels)


def test_text_uses_the_character_set_of_the_state(tmp_path):
    box = in_box([10.0, 10.0], [290.0, 60.0])
    words = annotation(texts=[text("头颅 Ä", **box)])
    frame = drawn(tmp_path, words, image=monochrome(LARGE), SpecificCharacterSet="ISO_IR 192")
    assert frame.notes == ()
    rare = annotation(texts=[text("\U00012000", **box)])
    noted = drawn(
        tmp_path / "rare", rare, image=monochrome(LARGE), SpecificCharacterSet="ISO_IR 192"
    )
    assert any("no font has 1 characters of a text" in note for note in noted.notes)


CORNER = np.array([[1, 1, 0], [1, 0, 0]], bool)


@covers("PS3.3 C.11.7 Overlay Activation")
def test_only_activated_overlays_are_drawn(tmp_path):
    image = with_overlay(monochrome(np.full((2, 3), 9, np.uint8)), CORNER)
    with_overlay(image, ~CORNER, group=0x6002)
    state = state_for(image, GraphicLayerSequence=[layer("A", 1, 32896)])
    state.add_new(0x60001001, "CS", "A")
    frame = shown(image, state, tmp_path)
    assert [(one.name, one.drawn) for one in frame.layers] == [
        ("Overlay 6000", True),
        ("Overlay 6002", False),
    ]
    assert picture_of(frame).pixels.tolist() == [[128, 128, 9], [128, 9, 9]]


def test_a_states_overlay_replaces_the_images(tmp_path):
    image = with_overlay(monochrome(np.full((2, 3), 9, np.uint8)), CORNER)
    state = with_overlay(state_for(image), ~CORNER, e1001=("CS", "A"))
    frame = shown(image, state, tmp_path)
    assert picture_of(frame).pixels.tolist() == [[9, 9, 255], [9, 255, 255]]


def test_annotations_are_drawn_over_the_shutter(tmp_path):
    frame = drawn(
        tmp_path,
        annotation(graphic("POLYLINE", (0, 10.5), (60, 10.5))),
        image=monochrome(np.full((40, 60), 9, np.uint8)),
        ShutterShape="CIRCULAR",
        CenterOfCircularShutter=[20, 30],
        RadiusOfCircularShutter=2,
        ShutterPresentationValue=0,
    )
    pixels = picture_of(frame).pixels
    assert (pixels[10, 5], pixels[30, 5], pixels[19, 29]) == (255, 0, 9)
