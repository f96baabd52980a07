"""Graphic layers in order: activated overlays, shapes and text (PS3.3 C.10.5, C.10.7, C.11.7)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from dcmconv.plugin import Layer
from dcmconv_builtins.dicom.color.cielab import (
    Color,
    find_gray,
    find_lab_color,
)
from dcmconv_builtins.dicom.file.elements import Elements
from dcmconv_builtins.dicom.objects.overlay import OverlayLayer
from dcmconv_builtins.dicom.presentation_state.display_space import DisplaySpace
from dcmconv_builtins.dicom.presentation_state.drawing import Coverage
from dcmconv_builtins.dicom.presentation_state.graphics import draw_graphic
from dcmconv_builtins.dicom.presentation_state.references import Target, refers_to
from dcmconv_builtins.dicom.presentation_state.text import Ink, draw_text

__all__ = ["annotation_layers"]

_WHITE: Color = (1.0, 1.0, 1.0)


@dataclass(frozen=True)
class _GraphicLayer:
    name: str
    order: float
    color: Color


def annotation_layers(
    top: Elements, planes: tuple[OverlayLayer, ...], target: Target, space: DisplaySpace
) -> tuple[Layer, ...]:
    """Return everything that a state draws over a frame, the lowest layer first.

    Parameters
    ----------
    top : Elements
        The state.
    planes : tuple of OverlayLayer
        Of the image and of the state.  A plane without Overlay Activation Layer (60xx,1001) comes
        last and is not drawn (PS3.3 C.11.7).
    target : Target
        The image and the frame.
    space : DisplaySpace
        The frame and its view.
    """
    layers: list[Layer] = []
    activated = {plane.group: _activation(top, plane.group) for plane in planes}
    annotations = [
        item for item in top.items("GraphicAnnotationSequence") if refers_to(item, target)
    ]
    # An overlay without a layer is not meant to be seen, but an annotation without one is.
    names = [*filter(None, activated.values()), *(x.text("GraphicLayer") for x in annotations)]
    for graphic_layer in _graphic_layers(top, names):
        layers += [
            replace(plane, color=graphic_layer.color, drawn=True)
            for plane in planes
            if activated[plane.group] and activated[plane.group] == graphic_layer.name
        ]
        own = [item for item in annotations if item.text("GraphicLayer") == graphic_layer.name]
        layers += _drawn(own, graphic_layer, space)
    # Kept although not drawn: normalizer overlay can ask for them.
    layers += [replace(plane, drawn=False) for plane in planes if not activated[plane.group]]
    return tuple(layers)


def _activation(top: Elements, group: int) -> str:
    return top.text(f"{group:04X},1001")


def _graphic_layers(top: Elements, used_names: list[str]) -> list[_GraphicLayer]:
    """Return the layers in their order; used names without an item in the sequence come last."""
    layers = [
        _GraphicLayer(
            item.text("GraphicLayer"), item.number("GraphicLayerOrder") or 0, _layer_color(item)
        )
        for item in top.items("GraphicLayerSequence")
    ]
    # A stable sort: layers of the same order stay in file order.
    layers.sort(key=lambda layer: layer.order)
    known = {layer.name for layer in layers}
    undefined = (name for name in dict.fromkeys(used_names) if name not in known)
    return [*layers, *(_GraphicLayer(name, 0, _WHITE) for name in undefined)]


def _layer_color(item: Elements) -> Color:
    lab = find_lab_color(item, "GraphicLayerRecommendedDisplayCIELabValue")
    if lab is not None:
        return lab
    # The RGB value is retired; a grayscale state must have the gray one.
    rgb = item.numbers("GraphicLayerRecommendedDisplayRGBValue")
    if len(rgb) == 3:
        return rgb[0] / 65535, rgb[1] / 65535, rgb[2] / 65535
    return find_gray(item, "GraphicLayerRecommendedDisplayGrayscaleValue", default=65535)


class _Inks:
    """One Layer per color: the coverage of everything that a graphic layer draws in that color."""

    def __init__(self, shape: tuple[int, int]) -> None:
        self._shape = shape
        self._coverages: dict[Color, Coverage] = {}

    def of(self, color: Color) -> Coverage:
        if color not in self._coverages:
            self._coverages[color] = np.zeros(self._shape, np.uint8)
        return self._coverages[color]

    def layers(self, name: str) -> Iterator[Layer]:
        for color, coverage in self._coverages.items():
            if coverage.any():
                yield Layer("graphic", coverage, color=color, name=name)


def _drawn(
    annotations: list[Elements], graphic_layer: _GraphicLayer, space: DisplaySpace
) -> Iterator[Layer]:
    shapes, outlines, letters = (_Inks(space.shape) for _ in range(3))
    for annotation in annotations:
        for graphic in annotation.items("GraphicObjectSequence"):
            _draw_styled(shapes, graphic, graphic_layer.color, space)
        for text_object in annotation.items("TextObjectSequence"):
            styled = _styled_color(text_object, "TextStyleSequence", "TextColorCIELabValue")
            color = styled or graphic_layer.color
            ink = Ink(letters.of(color), outlines.of(_opposite(color)))
            draw_text(ink, text_object, space)
    # Text comes last, so that no filled shape and no outline hides it.
    for inks in (shapes, outlines, letters):
        yield from inks.layers(graphic_layer.name)


def _opposite(color: Color) -> Color:
    """Return black for a bright color, and white for a dark one."""
    red, green, blue = color
    # The luminance of sRGB, near enough without its curve.
    is_bright = 0.2126 * red + 0.7152 * green + 0.0722 * blue > 0.5
    return (0.0, 0.0, 0.0) if is_bright else _WHITE


def _draw_styled(inks: _Inks, graphic: Elements, color: Color, space: DisplaySpace) -> None:
    line = _styled_color(graphic, "LineStyleSequence", "PatternOnColorCIELabValue") or color
    fill = _styled_color(graphic, "FillStyleSequence", "PatternOnColorCIELabValue") or line
    thickness = 1.0
    for style in graphic.items("LineStyleSequence")[:1]:
        # A wrong thickness must not make a line vanish or fill the picture.
        thickness = min(max(style.number("LineThickness") or 1.0, 0.25), 64.0)
    is_filled = graphic.text("GraphicFilled").upper() == "Y"
    # Another fill color is another Layer, which the line is drawn over.
    if is_filled and fill != line:
        draw_graphic(inks.of(fill), graphic, space, is_filled=True, thickness=thickness)
        is_filled = False
    draw_graphic(inks.of(line), graphic, space, is_filled=is_filled, thickness=thickness)


def _styled_color(item: Elements, sequence: str, keyword: str) -> Color | None:
    styles = item.items(sequence)
    return find_lab_color(styles[0], keyword) if styles else None
