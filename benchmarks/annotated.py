"""Corpora of more than pixels: overlay planes, a presentation state, segments, small pictures."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from benchmarks import anatomy, headers

__all__ = ["SEGMENT_FRAMES", "SMALL_SIDE", "presentation_state", "segmentation", "with_overlay"]

SEGMENT_FRAMES = 120
SMALL_SIDE = 64
SHOWN_IMAGES = 200
"""Images of the series that the presentation state refers to."""


def with_overlay(dataset: Dataset, number: int) -> Dataset:
    """Add an overlay plane with a grid and a block."""
    rows, columns = dataset.Rows, dataset.Columns
    plane = np.zeros((rows, columns), np.uint8)
    plane[::32] = plane[:, number % 32 :: 32] = plane[100:140, 60:200] = 1
    packed = np.packbits(plane.ravel(), bitorder="little").tobytes()
    elements: dict[int, tuple[str, Any]] = {
        0x0010: ("US", rows),
        0x0011: ("US", columns),
        0x0040: ("CS", "G"),
        0x0050: ("SS", [1, 1]),
        0x0100: ("US", 1),
        0x0102: ("US", 0),
        0x3000: ("OW", packed),
    }
    for element, (vr, value) in elements.items():
        dataset.add_new(0x6000 << 16 | element, vr, value)
    return dataset


def presentation_state() -> Dataset:
    """Return a state for the first series of CT: a window, a square and a text."""
    images = [headers.plain_header(number) for number in range(SHOWN_IMAGES)]
    state = headers.state_header(images[0])
    series = _item(SeriesInstanceUID=images[0].SeriesInstanceUID)
    series.ReferencedImageSequence = [
        _item(
            ReferencedSOPClassUID=image.SOPClassUID, ReferencedSOPInstanceUID=image.SOPInstanceUID
        )
        for image in images
    ]
    state.ReferencedSeriesSequence = [series]
    # A state without a rescale would stand for none at all (PS3.4 N.2.1.1).
    state.RescaleIntercept, state.RescaleSlope, state.RescaleType = "-1024", "1", "HU"
    state.SoftcopyVOILUTSequence = [_item(WindowCenter="50", WindowWidth="350")]
    state.DisplayedAreaSelectionSequence = [
        _item(
            DisplayedAreaTopLeftHandCorner=[1, 1],
            DisplayedAreaBottomRightHandCorner=[512, 512],
            PresentationSizeMode="SCALE TO FIT",
            PresentationPixelAspectRatio=[1, 1],
        )
    ]
    state.GraphicLayerSequence = [_item(GraphicLayer="MARKS", GraphicLayerOrder=1)]
    state.GraphicAnnotationSequence = [_annotation()]
    return state


def _annotation() -> Dataset:
    corners = [150.0, 150.0, 250.0, 150.0, 250.0, 250.0, 150.0, 250.0, 150.0, 150.0]
    square = _item(
        GraphicAnnotationUnits="PIXEL",
        GraphicDimensions=2,
        NumberOfGraphicPoints=5,
        GraphicData=corners,
        GraphicType="POLYLINE",
        GraphicFilled="N",
    )
    text = _item(
        UnformattedTextValue="Lesion",
        AnchorPointAnnotationUnits="PIXEL",
        AnchorPoint=[200.0, 200.0],
        AnchorPointVisibility="N",
    )
    return _item(GraphicLayer="MARKS", GraphicObjectSequence=[square], TextObjectSequence=[text])


def segmentation(number: int) -> Dataset:
    """Return a binary segmentation of one organ, 512 x 512."""
    dataset = headers.segmentation_header(number, SEGMENT_FRAMES)
    organs = np.stack([_organ(number + index) for index in range(SEGMENT_FRAMES)])
    dataset.PixelData = np.packbits(organs.ravel(), bitorder="little").tobytes()
    dataset["PixelData"].VR = "OB"
    return dataset


def _organ(number: int) -> NDArray[np.bool_]:
    """Return soft tissue: an outline as ragged as those of real segments."""
    hounsfield = anatomy.ct_hounsfield(number)
    organ: NDArray[np.bool_] = (hounsfield > 0) & (hounsfield < 80)
    return organ


def _item(**attributes: Any) -> Dataset:
    item = Dataset()
    for keyword, value in attributes.items():
        setattr(item, keyword, value)
    return item
