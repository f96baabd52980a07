"""A lane at work: its components made once, its pictures one by one."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, cast

from dcmconv.chain.plan import Lane
from dcmconv.errors import InputError, PluginError
from dcmconv.model.components import Colormap, ColorTable, MaskNormalizer, Normalizer, Step, Writer
from dcmconv.model.frame import Frame
from dcmconv.model.inputs import EncodedFrame
from dcmconv.model.picture import Picture
from dcmconv.model.statistics_request import StatisticsRequest
from dcmconv.render.color import apply_colormap, checked_table
from dcmconv.render.geometry import TOLERANCE, square_pixels
from dcmconv.render.labels import in_label_colors, with_label_palette
from dcmconv.render.layers import apply_view, draw_layers

__all__ = ["LoadedLane"]


@dataclass(frozen=True)
class LoadedLane:
    """The components of one lane, imported and made when they are first needed."""

    lane: Lane

    @cached_property
    def normalizer(self) -> Normalizer:
        """What decides the contrast."""
        return cast("Normalizer", self.lane.normalizer.load())

    @cached_property
    def statistics_request(self) -> StatisticsRequest:
        """What the normalizer asks of the statistics that it is given."""
        return self.normalizer.statistics_request()

    @cached_property
    def writer(self) -> Writer:
        """What encodes."""
        return cast("Writer", self.lane.writer.load())

    @cached_property
    def _steps(self) -> tuple[tuple[Step, ...], tuple[Step, ...]]:
        """The steps before the colormap, and those from the first that draws in colours."""
        steps = [cast("Step", reference.load()) for reference in self.lane.steps]
        turn = next((i for i, step in enumerate(steps) if step.after_colormap), len(steps))
        return tuple(steps[:turn]), tuple(steps[turn:])

    @cached_property
    def _color_table(self) -> ColorTable | None:
        if self.lane.colormap is None:
            return None
        return checked_table(cast("Colormap", self.lane.colormap.load()))

    @cached_property
    def tone_key(self) -> tuple[Any, ...]:
        """Lanes with equal keys share the picture that comes out of the tone stage."""
        return repr(self.lane.normalizer.as_data()), self.writer.depth(), self.lane.invert

    def copy(self, encoded: EncodedFrame) -> bytes | None:
        """Return the bytes of the file, if the lane does nothing to the pixels of a color frame.

        Normalizer, colormap and polarity pass colors by; a mask is made of something else.
        """
        is_square = abs(encoded.aspect - 1) <= TOLERANCE or self.lane.aspect != "square"
        if self.lane.steps or not is_square or self._makes_masks:
            return None
        return self.writer.copy(encoded)

    def finish(self, picture: Picture, frame: Frame) -> Picture:
        """Turn a toned picture into what the writer gets.

        Layers of the frame are drawn over the colormap's colours, so that white stays white; then
        the frame's view is cut out, pixels are made square, and the steps follow.  Labels stay
        numbers up to the first step, or the writer, that does not know them.
        """
        before, after = self._steps
        table = self._table_for(frame)
        layers = [layer for layer in frame.layers if layer.drawn and not self._makes_masks]
        if layers:
            picture = draw_layers(_colored(picture, table, as_palette=False), layers)
        if frame.view is not None:
            picture = apply_view(picture, frame.view)
        if self.lane.aspect == "square":
            picture = square_pixels(picture)
        for step in before:
            picture = self._applied(step, picture)
        as_palette = self.writer.keeps_palette and not after
        picture = _colored(picture, table, as_palette=as_palette)
        for step in after:
            picture = self._applied(step, picture)
        return self._for_writer(picture)

    def _applied(self, step: Step, picture: Picture) -> Picture:
        if picture.domain == "label" and "label" not in step.accepts:
            picture = in_label_colors(picture, depth=self.writer.depth())
        return _checked(step, step.apply(picture))

    def _for_writer(self, picture: Picture) -> Picture:
        """Bring labels into a form that the writer takes: no chain knows them in advance."""
        accepts = self.writer.accepts
        if picture.domain != "label":
            if accepts == {"label"}:
                raise InputError(
                    f"The output '{self.lane.id}' takes labels, and the picture holds none.",
                    hint="Give that output a rule, so that it is made for segmentations alone.",
                    reason="no-labels",
                )
            return picture
        if "label" not in accepts:
            return in_label_colors(picture, depth=self.writer.depth())
        return with_label_palette(picture) if self.writer.keeps_palette else picture

    @property
    def _makes_masks(self) -> bool:
        return isinstance(self.normalizer, MaskNormalizer)

    def _table_for(self, frame: Frame) -> ColorTable | None:
        """Return the chain's colors, else those that the frame asks for, else None."""
        if self._color_table is not None or self._makes_masks:
            return self._color_table
        return frame.pseudo_color

    def encode(self, picture: Picture) -> bytes:
        """Return the bytes of the file.

        Raises
        ------
        PluginError
            If the writer gives anything but bytes.
        """
        data = self.writer.encode(picture)
        if not isinstance(data, bytes) or not data:
            raise PluginError(
                f"Writer '{self.lane.writer.name}' gave {data!r:.40}; bytes of a file are needed.",
                hint="Try the plugin with dcmconv.testing.WriterConformance.",
            )
        return data


def _colored(picture: Picture, table: ColorTable | None, *, as_palette: bool) -> Picture:
    return picture if table is None else apply_colormap(picture, table, as_palette=as_palette)


def _checked(step: Step, picture: Any) -> Picture:
    if (
        not isinstance(picture, Picture)
        or picture.pixels.ndim not in (2, 3)
        or not picture.pixels.size
    ):
        raise PluginError(
            f"Step {type(step).__name__} gave {picture!r:.80}; a Picture with pixels is needed.",
            hint="Try the plugin with dcmconv.testing.StepConformance.",
        )
    return picture
