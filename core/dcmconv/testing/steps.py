"""What steps and colormaps must do: return a new Picture or table, the same every time."""

from __future__ import annotations

from collections.abc import Iterator
from typing import cast

import numpy as np

from dcmconv.errors import InputError
from dcmconv.model.components import Colormap, Step
from dcmconv.model.picture import Picture
from dcmconv.testing.components import NEEDS_HINT, ComponentConformance, has_message_and_hint
from dcmconv.testing.frames import PICTURES
from dcmconv.testing.spawned import digest, in_a_spawned_worker

__all__ = ["ColormapConformance", "StepConformance"]


def _applied(step: Step, name: str) -> str:
    return digest(step.apply(PICTURES[name]()).pixels)


class StepConformance(ComponentConformance):
    """The contract of a step; a subclass sets ``component``.

    A step may reject a picture (a region outside it) with an ``InputError`` that has a message and
    a hint.
    """

    component: Step

    def pictures(self) -> Iterator[tuple[str, Picture, Picture]]:
        """Yield name, picture and result, for each picture that the step accepts."""
        for name, make in PICTURES.items():
            picture = make()
            # The engine gives no step a picture with a palette.
            if picture.domain in self.component.accepts and picture.palette is None:
                try:
                    changed = self.component.apply(picture)
                except InputError as error:
                    assert has_message_and_hint(error), f"{name}: {NEEDS_HINT}: {error}"
                    continue
                yield name, picture, changed

    def test_it_accepts_the_domains_it_declares(self) -> None:
        assert {domain for _, picture, _ in self.pictures() if (domain := picture.domain)} == set(
            self.component.accepts
        )

    def test_the_result_is_a_picture_with_pixels(self) -> None:
        for name, _, changed in self.pictures():
            assert isinstance(changed, Picture), name
            assert changed.rows >= 1, name
            assert changed.columns >= 1, name
            assert changed.pixels.ndim in (2, 3), name

    def test_dtype_depth_and_domain_are_kept(self) -> None:
        for name, picture, changed in self.pictures():
            assert changed.pixels.dtype == picture.pixels.dtype, name
            assert (changed.bits, changed.domain) == (picture.bits, picture.domain), name

    def test_only_a_step_that_draws_in_color_changes_the_channels(self) -> None:
        for name, picture, changed in self.pictures():
            if picture.is_color or not self.component.after_colormap:
                assert changed.is_color == picture.is_color, name

    def test_attributes_and_frame_numbers_are_kept(self) -> None:
        for name, picture, changed in self.pictures():
            assert changed.attributes == picture.attributes, name
            there = (changed.frame_number, changed.frame_count)
            assert there == (picture.frame_number, picture.frame_count), name

    def test_the_input_picture_is_not_modified(self) -> None:
        for name, picture, _ in self.pictures():
            assert np.array_equal(picture.pixels, PICTURES[name]().pixels), name

    def test_applying_it_twice_gives_the_same_picture(self) -> None:
        for name, _, changed in self.pictures():
            assert digest(changed.pixels) == _applied(self.component, name), name

    def test_a_spawned_worker_makes_the_same_picture(self) -> None:
        name, _, changed = next(self.pictures())
        assert in_a_spawned_worker(_applied, self.component, name) == digest(changed.pixels)


def _table_digest(colormap: Colormap) -> str:
    return digest(colormap.table())


class ColormapConformance(ComponentConformance):
    """The contract of a colormap; a subclass sets ``component``."""

    component: Colormap

    def test_the_table_is_uint8_with_256_rgb_rows(self) -> None:
        table = self.component.table()
        assert isinstance(table, np.ndarray)
        assert (table.shape, table.dtype) == ((256, 3), np.dtype(np.uint8))

    def test_modifying_a_table_does_not_affect_the_next(self) -> None:
        before = self.component.table().copy()
        table = self.component.table()
        if table.flags.writeable:
            # This changes every entry: no whole number is 255 minus itself.
            table[:] = 255 - before
        assert np.array_equal(self.component.table(), before)

    def test_a_spawned_worker_makes_the_same_table(self) -> None:
        there = cast("str", in_a_spawned_worker(_table_digest, self.component))
        assert there == _table_digest(self.component)
