"""What a step promises: a new Picture, and the old one untouched."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from dcmconv.errors import InputError
from dcmconv.model.components import Step
from dcmconv.model.picture import Picture
from dcmconv.testing.components import ComponentConformance, explained
from dcmconv.testing.frames import PICTURES
from dcmconv.testing.spawned import digest, in_a_spawned_worker

__all__ = ["StepConformance"]


def _applied(step: Step, name: str) -> str:
    return digest(step.apply(PICTURES[name]()).pixels)


class StepConformance(ComponentConformance):
    """The contract of a step; a subclass sets ``component``.

    A step may refuse a picture (a region outside of it) with an ``InputError`` that has both lines.
    """

    component: Step

    def pictures(self) -> Iterator[tuple[str, Picture, Picture]]:
        """Yield name, picture and what the step makes of it, for each that it takes."""
        for name, make in PICTURES.items():
            picture = make()
            if picture.domain in self.component.accepts and picture.palette is None:
                try:
                    changed = self.component.apply(picture)
                except InputError as error:
                    assert explained(error), f"{name}: a message and a hint are needed: {error}"
                    continue
                yield name, picture, changed

    def test_it_takes_display_values_or_says_what_it_takes(self) -> None:
        assert {domain for _, picture, _ in self.pictures() if (domain := picture.domain)} == set(
            self.component.accepts
        )

    def test_the_result_is_a_picture_with_pixels(self) -> None:
        for name, _, changed in self.pictures():
            assert isinstance(changed, Picture), name
            assert changed.rows >= 1, name
            assert changed.columns >= 1, name
            assert changed.pixels.ndim in (2, 3), name

    def test_type_depth_and_domain_stay(self) -> None:
        for name, picture, changed in self.pictures():
            assert changed.pixels.dtype == picture.pixels.dtype, name
            assert (changed.bits, changed.domain) == (picture.bits, picture.domain), name

    def test_color_stays_color_and_gray_stays_gray_unless_the_step_draws_in_color(self) -> None:
        for name, picture, changed in self.pictures():
            if picture.is_color or not self.component.after_colormap:
                assert changed.is_color == picture.is_color, name

    def test_attributes_and_frame_numbers_stay(self) -> None:
        for name, picture, changed in self.pictures():
            assert changed.attributes == picture.attributes, name
            there = (changed.frame_number, changed.frame_count)
            assert there == (picture.frame_number, picture.frame_count), name

    def test_the_picture_before_is_untouched(self) -> None:
        for name, picture, _ in self.pictures():
            assert np.array_equal(picture.pixels, PICTURES[name]().pixels), name

    def test_twice_gives_the_same(self) -> None:
        for name, _, changed in self.pictures():
            assert digest(changed.pixels) == _applied(self.component, name), name

    def test_a_spawned_worker_makes_the_same_picture(self) -> None:
        name, _, changed = next(self.pictures())
        assert in_a_spawned_worker(_applied, self.component, name) == digest(changed.pixels)
