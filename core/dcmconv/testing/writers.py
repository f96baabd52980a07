"""What a writer must return: the bytes of a whole file, repeatable, without patient data."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import ClassVar

import numpy as np
import pytest

from dcmconv.chain.spec import OUTPUT_KEYS
from dcmconv.errors import DcmconvError
from dcmconv.model.components import Writer
from dcmconv.model.picture import Picture
from dcmconv.testing.components import (
    NEEDS_HINT,
    RESERVED,
    ComponentConformance,
    has_message_and_hint,
)
from dcmconv.testing.frames import PICTURES, SECRETS
from dcmconv.testing.spawned import digest, in_a_spawned_worker

__all__ = ["WriterConformance"]


def _encoded(writer: Writer, name: str) -> str:
    return digest(writer.encode(PICTURES[name]()))


class WriterConformance(ComponentConformance):
    """The contract of a writer; a subclass sets ``component``.

    A writer must accept gray display pictures of the depth that it asks for.  It may reject others
    with an error that has a message and a hint.  Set ``opens_with_pillow = False`` for a format
    that Pillow cannot open, and ``lossless = True`` if decoding must return the same pixels.
    """

    component: Writer
    opens_with_pillow: ClassVar[bool] = True
    lossless: ClassVar[bool] = False
    reserved: ClassVar[frozenset[str]] = RESERVED | OUTPUT_KEYS

    def wants(self, picture: Picture) -> bool:
        """Say whether the engine would give such a picture to this writer."""
        if picture.palette is not None and not self.component.keeps_palette:
            return False
        is_deep_enough = picture.domain != "display" or picture.bits == self.component.depth()
        return picture.domain in self.component.accepts and is_deep_enough

    def files(self) -> Iterator[tuple[str, Picture, bytes]]:
        """Yield name, picture and bytes, for each picture that the writer accepts."""
        for name, make in PICTURES.items():
            picture = make()
            if not self.wants(picture):
                continue
            try:
                content = self.component.encode(picture)
            except DcmconvError as error:
                assert has_message_and_hint(error), f"{name}: {NEEDS_HINT}: {error}"
                is_plain = picture.domain == "display" and not picture.is_color
                assert not is_plain, f"{name}: a writer must accept every gray picture: {error}"
                continue
            yield name, picture, content

    def test_each_suffix_is_lowercase_and_starts_with_a_dot(self) -> None:
        suffixes = (self.component.suffix, *self.component.other_suffixes)
        for suffix in suffixes:
            assert suffix.startswith(".")
            assert suffix == suffix.lower()
            assert len(suffix) > 1
        assert len(set(suffixes)) == len(suffixes)

    def test_the_depth_is_8_or_16(self) -> None:
        assert self.component.depth() in (8, 16)

    def test_every_gray_picture_is_encoded(self) -> None:
        contents = [content for _, _, content in self.files()]
        assert contents
        assert all(isinstance(content, bytes) and content for content in contents)

    def test_encoding_twice_gives_the_same_bytes(self) -> None:
        for name, _, content in self.files():
            assert _encoded(self.component, name) == digest(content), name

    def test_the_picture_is_not_modified(self) -> None:
        for name, picture, _ in self.files():
            assert np.array_equal(picture.pixels, PICTURES[name]().pixels), name

    def test_the_file_does_not_identify_the_patient(self) -> None:
        for name, _, content in self.files():
            assert [secret for secret in SECRETS if secret.encode() in content] == [], name

    def test_the_file_opens_with_the_same_size(self) -> None:
        for name, picture, image in self._opened():
            assert image.shape[:2] == (picture.rows, picture.columns), name

    def test_lossless_pixels_survive_the_round_trip(self) -> None:
        if not self.lossless:
            pytest.skip("the writer does not declare lossless = True")
        for name, picture, image in self._opened():
            is_deep_color = picture.is_color and picture.bits == 16  # Pillow cannot open it
            if picture.domain == "display" and picture.palette is None and not is_deep_color:
                assert np.array_equal(image, picture.pixels), name

    def test_a_spawned_worker_makes_the_same_bytes(self) -> None:
        name, _, content = next(self.files())
        assert in_a_spawned_worker(_encoded, self.component, name) == digest(content)

    def _opened(self) -> Iterator[tuple[str, Picture, np.ndarray]]:
        if not self.opens_with_pillow:
            pytest.skip("Pillow cannot open the format")
        pillow = pytest.importorskip("PIL.Image")
        for name, picture, content in self.files():
            with pillow.open(io.BytesIO(content)) as image:
                yield name, picture, np.asarray(image)
