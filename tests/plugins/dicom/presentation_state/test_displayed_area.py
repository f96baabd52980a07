"""Displayed area, rotation, pixel size and shutters of presentation states and images."""

from __future__ import annotations

import numpy as np
import pytest
from pydicom.datadict import dictionary_VR
from pydicom.dataelem import DataElement
from support.covers import covers
from support.dicom_files import as_bytes, item, monochrome
from support.presentation_states import picture_of, references, shown, state_for, with_overlay
from support.reading import read_frame, read_frames

# Six different pixels; the state's identity leaves 8-bit values as they are.
SIX = np.array([[1, 2, 3], [4, 5, 6]], np.uint8)


def area(upper: list[int], lower: list[int], **more):
    return item(
        DisplayedAreaTopLeftHandCorner=upper,
        DisplayedAreaBottomRightHandCorner=lower,
        **({"PresentationSizeMode": "SCALE TO FIT"} | more),
    )


def pixels_of(tmp_path, image=None, **attributes) -> list[list[int]]:
    image = monochrome(SIX) if image is None else image
    return picture_of(shown(image, state_for(image, **attributes), tmp_path)).pixels.tolist()


@pytest.mark.parametrize(
    ("rotation", "flip", "expected"),
    [
        (0, "N", [[1, 2, 3], [4, 5, 6]]),
        (0, "Y", [[3, 2, 1], [6, 5, 4]]),
        (90, "N", [[4, 1], [5, 2], [6, 3]]),
        (180, "N", [[6, 5, 4], [3, 2, 1]]),
        (270, "N", [[3, 6], [2, 5], [1, 4]]),
        (90, "Y", [[1, 4], [2, 5], [3, 6]]),
    ],
)
@covers("PS3.3 C.10.6 Spatial Transformation")
def test_the_picture_is_rotated_clockwise_then_flipped(tmp_path, rotation, flip, expected):
    turned = pixels_of(tmp_path, ImageRotation=rotation, ImageHorizontalFlip=flip)
    assert turned == expected


@pytest.mark.parametrize(
    ("upper", "lower", "expected"),
    [
        pytest.param([1, 1], [3, 2], [[1, 2, 3], [4, 5, 6]], id="all"),
        pytest.param([2, 1], [3, 1], [[2, 3]], id="a-part"),
        pytest.param([0, 2], [1, 3], [[0, 4], [0, 0]], id="outside-the-image-is-background"),
        # With a rotation of 180 degrees the upper left corner is the stored lower right one.
        pytest.param([3, 1], [2, 1], [[2, 3]], id="corners-swapped-by-rotation"),
    ],
)
@covers("PS3.3 C.10.4 Displayed Area")
def test_only_the_displayed_area_is_shown(tmp_path, upper, lower, expected):
    sequence = [area(upper, lower)]
    assert pixels_of(tmp_path, DisplayedAreaSelectionSequence=sequence) == expected


@covers("PS3.3 C.10.4 Displayed Area")
def test_the_displayed_area_is_cut_before_rotation(tmp_path):
    sequence = [area([3, 2], [2, 1])]
    turned = pixels_of(
        tmp_path,
        DisplayedAreaSelectionSequence=sequence,
        ImageRotation=180,
        ImageHorizontalFlip="N",
    )
    assert turned == [[6, 5], [3, 2]]


def test_the_area_of_another_frame_is_ignored(tmp_path):
    image = monochrome(np.stack([SIX, SIX]))
    sequence = [
        area([1, 1], [1, 1], ReferencedImageSequence=references(image, [2])),
        area([2, 2], [3, 2], ReferencedImageSequence=references(image, [1])),
    ]
    assert pixels_of(tmp_path, image, DisplayedAreaSelectionSequence=sequence) == [[5, 6]]


@pytest.mark.parametrize(
    ("upper", "lower", "why"),
    [
        pytest.param([10, 1], [20, 2], "is outside the image", id="outside-the-image"),
        pytest.param([-(2**31), 1], [2**31 - 1, 2], "is too large", id="larger-than-memory"),
    ],
)
def test_an_unusable_displayed_area_is_a_note(tmp_path, upper, lower, why):
    image = monochrome(SIX)
    state = state_for(image, DisplayedAreaSelectionSequence=[area(upper, lower)])
    frame = shown(image, state, tmp_path)
    assert frame.view is None
    assert any(f"{why}; showed the whole image" in note for note in frame.notes)


@covers("PS3.3 C.10.4 Presentation Pixel Spacing and Aspect Ratio")
def test_presentation_pixel_spacing_replaces_the_images(tmp_path):
    image = monochrome(SIX, PixelSpacing=[0.5, 0.5])
    sequence = [area([1, 1], [3, 2], PresentationPixelSpacing=[0.6, 0.3])]
    frame = shown(image, state_for(image, DisplayedAreaSelectionSequence=sequence), tmp_path)
    assert frame.spacing == (0.6, 0.3, "Presentation Pixel Spacing")
    assert frame.aspect == 2


def test_a_matching_aspect_ratio_keeps_the_images_spacing(tmp_path):
    image = monochrome(SIX, PixelSpacing=[0.5, 0.5])
    sequence = [area([1, 1], [3, 2], PresentationPixelAspectRatio=[1, 1])]
    frame = shown(image, state_for(image, DisplayedAreaSelectionSequence=sequence), tmp_path)
    assert frame.spacing == (0.5, 0.5, "Pixel Spacing")


@covers("PS3.3 C.10.4 Presentation Pixel Spacing and Aspect Ratio")
def test_a_contradicting_aspect_ratio_replaces_the_spacing(tmp_path):
    image = monochrome(SIX, PixelSpacing=[0.5, 0.25])
    sequence = [area([1, 1], [3, 2], PresentationPixelAspectRatio=[1, 1])]
    frame = shown(image, state_for(image, DisplayedAreaSelectionSequence=sequence), tmp_path)
    assert (frame.spacing, frame.aspect) == (None, 1)
    assert any("Presentation Pixel Aspect Ratio (0070,0102) of 1" in note for note in frame.notes)


def test_a_magnification_for_the_screen_is_a_note(tmp_path):
    image = monochrome(SIX)
    magnified = {"PresentationSizeMode": "MAGNIFY", "PresentationPixelMagnificationRatio": 2}
    sequence = [area([1, 1], [3, 2], PresentationPixelAspectRatio=[1, 1], **magnified)]
    frame = shown(image, state_for(image, DisplayedAreaSelectionSequence=sequence), tmp_path)
    assert any("magnification of 2" in note for note in frame.notes)


def test_a_rotation_by_45_degrees_is_a_note(tmp_path):
    image = monochrome(SIX)
    frame = shown(image, state_for(image, ImageRotation=45, ImageHorizontalFlip="N"), tmp_path)
    assert frame.view is None
    assert any("Image Rotation (0070,0042) is 45" in note for note in frame.notes)


NINES = np.full((5, 5), 9, np.uint8)
RECTANGLE = {
    "ShutterShape": "RECTANGULAR",
    "ShutterUpperHorizontalEdge": 2,
    "ShutterLowerHorizontalEdge": 3,
    "ShutterLeftVerticalEdge": 1,
    "ShutterRightVerticalEdge": 4,
}


def covered(tmp_path, image=None, **attributes) -> list[str]:
    """Return the rows of the picture as text, with # for the shutter."""
    shutter = {"ShutterPresentationValue": 65535} | attributes
    rows = pixels_of(tmp_path, monochrome(NINES) if image is None else image, **shutter)
    return ["".join("#" if value == 255 else "." for value in row) for row in rows]


@covers("PS3.3 C.7.6.11 Display Shutter, rectangular")
def test_the_edges_of_a_rectangular_shutter_are_visible(tmp_path):
    assert covered(tmp_path, **RECTANGLE) == ["#####", "....#", "....#", "#####", "#####"]


CIRCLE = {
    "ShutterShape": "CIRCULAR",
    "CenterOfCircularShutter": [3, 2],
    "RadiusOfCircularShutter": 1,
}


@covers("PS3.3 C.7.6.11 Display Shutter, circular")
def test_a_circular_shutter_is_centered_on_row_and_column(tmp_path):
    assert covered(tmp_path, **CIRCLE) == ["#####", "#.###", "...##", "#.###", "#####"]


def test_a_circular_shutter_is_round_on_oblong_pixels(tmp_path):
    # Pixels twice as high as wide: two columns to the side are one row up or down.
    image = monochrome(NINES, PixelSpacing=[2, 1])
    rows = covered(tmp_path, image, **(CIRCLE | {"RadiusOfCircularShutter": 2}))
    assert rows == ["#####", "#.###", "....#", "#.###", "#####"]


@covers("PS3.3 C.7.6.11 Display Shutter, polygonal")
def test_a_polygonal_shutter_is_open_inside_its_vertices(tmp_path):
    vertices = [2, 2, 2, 4, 4, 4, 4, 2]
    rows = covered(tmp_path, ShutterShape="POLYGONAL", VerticesOfThePolygonalShutter=vertices)
    assert rows == ["#####", "#...#", "#...#", "#...#", "#####"]


@covers("PS3.3 C.7.6.11 Display Shutter, several shapes")
def test_several_shutters_show_their_intersection(tmp_path):
    both = RECTANGLE | CIRCLE | {"ShutterShape": ["RECTANGULAR", "CIRCULAR"]}
    assert covered(tmp_path, **both) == ["#####", "#.###", "...##", "#####", "#####"]


@covers("PS3.3 C.7.6.15 Bitmap Display Shutter")
def test_a_bitmap_shutter_covers_its_set_bits(tmp_path):
    image = monochrome(NINES)
    state = with_overlay(state_for(image), np.eye(5, dtype=bool), group=0x6004)
    state.ShutterShape = "BITMAP"
    state.ShutterOverlayGroup = 0x6004
    state.ShutterPresentationValue = 65535
    frame = shown(image, state, tmp_path)
    assert [layer.kind for layer in frame.layers] == ["shutter"]
    assert (picture_of(frame).pixels == 255).tolist() == np.eye(5, dtype=bool).tolist()


@covers("PS3.3 C.7.6.11 Display Shutter, rectangular")
def test_the_shutter_has_the_gray_of_its_presentation_value(tmp_path):
    image = monochrome(NINES)
    state = state_for(image, **RECTANGLE, ShutterPresentationValue=32896)
    assert picture_of(shown(image, state, tmp_path)).pixels[0, 0] == 128


def test_a_shutter_without_numbers_covers_nothing(tmp_path):
    image = monochrome(NINES)
    frame = shown(image, state_for(image, ShutterShape="CIRCULAR"), tmp_path)
    assert picture_of(frame).pixels.tolist() == NINES.tolist()
    assert any("CIRCULAR shutter has no usable numbers" in note for note in frame.notes)


def has_cover(frame):
    return [layer.kind for layer in frame.layers if layer.drawn] == ["shutter"]


@covers("PS3.3 C.7.6.11 Display Shutter of the image itself")
def test_shutters_off_shows_the_whole_image():
    image = monochrome(NINES, **RECTANGLE, ShutterPresentationValue=65535)
    frame = read_frame(image)
    assert has_cover(frame)
    assert picture_of(frame).pixels[:, 0].tolist() == [255, 0, 0, 255, 255]
    assert read_frame(image, shutters="off").layers == ()


@covers("PS3.3 C.7.6.16.2.16 Frame Display Shutter, per frame")
def test_each_frame_may_have_its_own_shutter():
    image = monochrome(np.stack([NINES, NINES]))
    image.PerFrameFunctionalGroupsSequence = [
        item(FrameDisplayShutterSequence=[item(**RECTANGLE)]),
        item(),
    ]
    assert [has_cover(frame) for frame in read_frames(image)] == [True, False]


def test_an_images_bitmap_shutter_is_not_an_overlay():
    image = with_overlay(monochrome(NINES), np.eye(5, dtype=bool), group=0x6004)
    image.ShutterShape = "BITMAP"
    image.ShutterOverlayGroup = 0x6004
    frame = read_frame(image, overlays="draw")
    assert has_cover(frame)
    assert frame.layers[0].coverage.tolist() == np.eye(5, dtype=bool).tolist()


def test_the_state_replaces_the_images_shutter(tmp_path):
    image = monochrome(NINES, **RECTANGLE)
    assert shown(image, state_for(image), tmp_path).layers == ()


@pytest.mark.parametrize(
    ("attributes", "complaint"),
    [
        pytest.param(
            {"ShutterShape": "CIRCULAR"}, "CIRCULAR shutter has no usable numbers", id="none"
        ),
        pytest.param(
            RECTANGLE | {"ShutterUpperHorizontalEdge": "1e99"}, "no usable numbers", id="far"
        ),
        pytest.param(CIRCLE | {"RadiusOfCircularShutter": "nan"}, "no usable numbers", id="nan"),
        pytest.param(
            {"ShutterShape": "POLYGONAL", "VerticesOfThePolygonalShutter": "1\\1\\1\\nan\\5\\5"},
            "POLYGONAL shutter has no usable numbers",
            id="polygon-of-nan",
        ),
        pytest.param(
            RECTANGLE | {"ShutterUpperHorizontalEdge": 4}, "would cover the whole image", id="all"
        ),
        pytest.param({"ShutterShape": "BITMAP"}, "BITMAP shutter has no overlay plane", id="plane"),
        pytest.param(
            {"ShutterShape": "OVAL"}, "the display shutter has no usable numbers", id="oval"
        ),
    ],
)
def test_an_unusable_shutter_is_noted_and_covers_nothing(attributes, complaint):
    dataset = monochrome(NINES)
    for keyword, value in attributes.items():
        # As text, because pydicom does not write NaN as a number.
        text = isinstance(value, str) and keyword != "ShutterShape"
        element = DataElement(keyword, "LO" if text else dictionary_VR(keyword), value)
        dataset.add(element)
    content = as_bytes(dataset)
    frame = read_frame(content)
    assert complaint in " ".join(frame.notes)
    assert not frame.layers
