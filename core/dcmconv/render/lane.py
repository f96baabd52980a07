"""A lane with its components loaded: it finishes toned pictures for its writer."""

from __future__ import annotations

from functools import cached_property
from typing import Any, cast

from dcmconv.chain.plan import Lane
from dcmconv.errors import InputError, PluginError
from dcmconv.model.components import Colormap, ColorTable, MaskNormalizer, Normalizer, Step, Writer
from dcmconv.model.frame import Frame
from dcmconv.model.inputs import EncodedFrame
from dcmconv.model.picture import Picture
from dcmconv.model.records import record
from dcmconv.model.statistics import StatisticsRequest
from dcmconv.render.color import (
    apply_colormap,
    checked_table,
    draw_layers,
    in_label_colors,
    with_label_palette,
)
from dcmconv.render.geometry import TOLERANCE, apply_view, in_rows, square_pixels

__all__ = ["LoadedLane", "checked_bytes"]


@record(frozen=True)
class LoadedLane:
    """The components of one lane, each imported and made when it is first needed."""

    lane: Lane

    @cached_property
    def normalizer(self) -> Normalizer:
        """What decides the contrast."""
        return cast("Normalizer", self.lane.normalizer.load())

    @cached_property
    def statistics_request(self) -> StatisticsRequest:
        """The statistics that the normalizer requests."""
        return self.normalizer.statistics_request()

    @cached_property
    def writer(self) -> Writer:
        """What encodes the pictures."""
        return cast("Writer", self.lane.writer.load())

    @cached_property
    def naming(self) -> tuple[str, str, tuple[str, ...]]:
        """What the names of the pictures depend on: id, template, and suffixes of the writer."""
        return self.lane.id, self.lane.name, (self.writer.suffix, *self.writer.other_suffixes)

    @cached_property
    def _steps(self) -> tuple[tuple[Step, ...], tuple[Step, ...]]:
        """The steps before the colormap, and those from the first that draws in color."""
        steps = [cast("Step", reference.load()) for reference in self.lane.steps]
        turn = next((i for i, step in enumerate(steps) if step.after_colormap), len(steps))
        return tuple(steps[:turn]), tuple(steps[turn:])

    @property
    def annotates(self) -> bool:
        """Whether a step draws over the values."""
        return bool(self._steps[1])

    @cached_property
    def _color_table(self) -> ColorTable | None:
        if self.lane.colormap is None:
            return None
        return checked_table(cast("Colormap", self.lane.colormap.load()))

    @cached_property
    def tone_key(self) -> tuple[Any, ...]:
        """Lanes with equal keys share the result of the tone stage."""
        # The text of plain data in a stable order, because a mapping of options has no hash.
        return repr(self.lane.normalizer.as_data()), self.writer.depth(), self.lane.invert

    def picture_key(self, frame: Frame) -> tuple[Any, ...]:
        """Lanes with equal keys share the finished picture of a frame."""
        if self.lane.colormap is None and frame.pseudo_color is None and not frame.is_label:
            return self._gray_key
        # Whether colors become a palette or pixels depends on the writer.
        return *self._gray_key, self.writer.keeps_palette, self.writer.accepts

    @cached_property
    def _gray_key(self) -> tuple[Any, ...]:
        colormap = self.lane.colormap
        return (
            self.tone_key,
            repr([step.as_data() for step in self.lane.steps]),
            "" if colormap is None else repr(colormap.as_data()),
            self.lane.aspect,
            # Such a writer rejects every other picture.
            self.writer.accepts == {"label"},
        )

    @cached_property
    def may_copy(self) -> bool:
        """Whether the lane can ever use a frame as the file has it."""
        changes = bool(self.lane.steps) or self._makes_masks
        return not changes and type(self.writer).copy is not Writer.copy

    def copy(self, encoded: EncodedFrame) -> bytes | None:
        """Return the bytes of the file without decoding, if the lane changes no pixel.

        A normalizer, a colormap and the polarity leave color frames alone; a mask, a step or
        pixels to make square need the decoded frame.
        """
        is_square = abs(encoded.aspect - 1) <= TOLERANCE or self.lane.aspect != "square"
        return self.writer.copy(encoded) if self.may_copy and is_square else None

    def finish(self, picture: Picture, frame: Frame) -> Picture:
        """Turn a toned picture into the one that the writer encodes.

        Layers of the frame are drawn after the colormap, so that white stays white; then the
        frame's view is applied, pixels are made square, and the steps run.  Labels stay numbers
        until the first step, or the writer, that does not accept labels.
        """
        before, after = self._steps
        table = self._table_for(frame)
        # Before the view turns the picture: layers have the geometry of the frame as stored.
        if frame.layers and not self._makes_masks:
            layers = [layer for layer in frame.layers if layer.drawn]
            if layers:
                picture = draw_layers(_colored(picture, table, as_palette=False), layers)
        if frame.view is not None:
            picture = apply_view(picture, frame.view)
        if self.lane.aspect == "square":
            picture = square_pixels(picture)
        for step in before:
            picture = self._applied(step, picture)
        # A step that draws in color needs colors as pixels: its own need not be in the palette.
        as_palette = self.writer.keeps_palette and not after
        # Already colored if there were layers: a color picture is left unchanged.
        if table is not None:
            picture = apply_colormap(picture, table, as_palette=as_palette)
        for step in after:
            picture = self._applied(step, picture)
        picture = self._for_writer(picture)
        return picture if picture.pixels.flags.c_contiguous else in_rows(picture)

    def _applied(self, step: Step, picture: Picture) -> Picture:
        if picture.domain == "label" and "label" not in step.accepts:
            picture = in_label_colors(picture, depth=self.writer.depth())
        return _checked(step, step.apply(picture))

    def _for_writer(self, picture: Picture) -> Picture:
        """Bring labels into a form that the writer accepts: no chain knows them in advance."""
        accepts = self.writer.accepts
        if picture.domain != "label":
            if accepts == {"label"}:
                raise InputError(
                    f"The output '{self.lane.id}' accepts only labels, and this picture has none.",
                    hint="Use a rule to make that output for segmentations only.",
                    reason="no-labels",
                )
            return picture
        if "label" not in accepts:
            return in_label_colors(picture, depth=self.writer.depth())
        return with_label_palette(picture) if self.writer.keeps_palette else picture

    @cached_property
    def _makes_masks(self) -> bool:
        return isinstance(self.normalizer, MaskNormalizer)

    def _table_for(self, frame: Frame) -> ColorTable | None:
        """Return the colormap of the chain, else that of the frame, else None."""
        if self._color_table is not None or self._makes_masks:
            return self._color_table
        return frame.pseudo_color


def checked_bytes(lane: LoadedLane, data: object) -> bytes:
    """Return what the lane's writer returned.

    Raises
    ------
    PluginError
        If it is anything but the bytes of a file.
    """
    if not isinstance(data, bytes) or not data:
        raise PluginError(
            f"Writer '{lane.lane.writer.name}' returned {data!r:.40}; expected the bytes of a "
            "file.",
            hint="Test the plugin with dcmconv.testing.WriterConformance.",
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
            f"Step {type(step).__name__} returned {picture!r:.80}; expected a Picture with pixels.",
            hint="Test the plugin with dcmconv.testing.StepConformance.",
        )
    if picture.domain in ("display", "label") and picture.pixels.dtype not in ("u1", "u2"):
        raise PluginError(
            f"Step {type(step).__name__} returned {picture.domain} values of type "
            f"{picture.pixels.dtype}; expected uint8 or uint16.",
            hint="Round and convert them in the step, for example: pixels.astype(numpy.uint8).",
        )
    return picture
