"""What a reader promises: it knows its own format, and explains what it cannot read."""

from __future__ import annotations

import random
import re
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest

from dcmconv.errors import DcmconvError
from dcmconv.model.components import Reader
from dcmconv.model.frame import Frame
from dcmconv.model.inputs import HEAD_BYTES, InputFile, Instance
from dcmconv.testing.components import ComponentConformance
from dcmconv.testing.spawned import digest, in_a_spawned_worker

__all__ = ["ReaderConformance"]

TAG = re.compile(r"[0-9A-F]{4},[0-9A-F]{4}")
INTERPRETATIONS = {"MONOCHROME1", "MONOCHROME2", "PALETTE COLOR", "RGB"}


def _frames_digest(reader: Reader, sample: bytes) -> list[str]:
    instance = reader.open(InputFile("sample", content=sample))
    try:
        return [digest(frame.stored_values) for frame in instance.frames()]
    finally:
        instance.close()


class ReaderConformance(ComponentConformance):
    """The contract of a reader; a subclass sets ``component`` and ``samples``.

    ``samples`` are files of the format, as bytes or as paths: small ones, and one with more than
    one frame where the format has such.
    """

    component: Reader
    samples: Sequence[bytes | Path]

    def contents(self) -> list[bytes]:
        """Return the samples as bytes."""
        return [
            sample if isinstance(sample, bytes) else sample.read_bytes() for sample in self.samples
        ]

    def instances(self) -> Iterator[Instance]:
        """Yield each sample, opened, and close it afterwards."""
        for content in self.contents():
            instance = self.component.open(InputFile("sample", content=content))
            try:
                yield instance
            finally:
                instance.close()

    def test_it_knows_its_own_samples_whatever_their_name(self) -> None:
        assert self.contents(), "no samples"
        for content in self.contents():
            assert 0 < self.component.sniff(content[:HEAD_BYTES], "no-suffix") <= 100

    def test_it_knows_nothing_in_an_empty_file(self) -> None:
        assert self.component.sniff(b"", "empty") == 0

    def test_no_bytes_confuse_it(self) -> None:
        noise = random.Random(1)  # noqa: S311 - the same noise every time
        heads = [noise.randbytes(noise.randrange(1, HEAD_BYTES + 1)) for _ in range(200)]
        heads += [content[:cut] for content in self.contents() for cut in (1, 4, 64, 132, 200)]
        for head in [*heads, b"\0" * HEAD_BYTES, b"\xff" * HEAD_BYTES]:
            sureness = self.component.sniff(head, "noise")
            assert isinstance(sureness, int)
            assert 0 <= sureness <= 100

    def test_random_bytes_are_not_its_format_for_certain(self) -> None:
        noise = random.Random(2)  # noqa: S311 - the same noise every time
        sure = [self.component.sniff(noise.randbytes(HEAD_BYTES), "noise") for _ in range(200)]
        assert max(sure) < 100

    def test_it_lists_every_name_that_its_attributes_have_or_none(self) -> None:
        names = set(self.component.attribute_names())
        for instance in self.instances():
            asked = {word for word in instance.attributes if not TAG.fullmatch(word)}
            assert not names or asked <= names, sorted(asked - names)

    def test_frames_are_counted_from_one(self) -> None:
        for instance in self.instances():
            assert instance.frame_count >= 1
            frames = list(instance.frames())
            assert [f.frame_number for f in frames] == list(range(1, instance.frame_count + 1))
            assert {f.frame_count for f in frames} == {instance.frame_count}

    def test_frames_say_what_their_values_mean(self) -> None:
        for instance in self.instances():
            for frame in instance.frames():
                assert isinstance(frame, Frame)
                assert frame.photometric_interpretation in INTERPRETATIONS
                assert frame.stored_values.ndim == (
                    3 if frame.photometric_interpretation == "RGB" else 2
                )
                has_own_palette = frame.palette is not None and not frame.palette.is_supplemental
                assert has_own_palette == (frame.photometric_interpretation == "PALETTE COLOR")
                assert (frame.bits_stored == 0) == (frame.stored_values.dtype.kind == "f")

    def test_stored_values_are_read_only(self) -> None:
        for instance in self.instances():
            for frame in instance.frames():
                assert not frame.stored_values.flags.writeable

    def test_a_frame_can_be_read_alone_and_again(self) -> None:
        for instance in self.instances():
            forward = [digest(frame.stored_values) for frame in instance.frames()]
            backward = [
                digest(instance.read_frame(index).stored_values)
                for index in reversed(range(instance.frame_count))
            ]
            assert backward[::-1] == forward

    def test_a_path_and_its_bytes_give_the_same(self) -> None:
        for content in self.contents():
            with tempfile.TemporaryDirectory() as folder:
                path = Path(folder, "no-suffix")
                path.write_bytes(content)
                instance = self.component.open(InputFile("no-suffix", path=path))
                there = [digest(frame.stored_values) for frame in instance.frames()]
                instance.close()
            assert there == _frames_digest(self.component, content)

    def test_attributes_are_plain_values(self) -> None:
        for instance in self.instances():
            for keyword in instance.attributes:
                value = instance.attributes[keyword]
                parts = value if isinstance(value, tuple) else (value,)
                assert all(part is None or isinstance(part, str | int | float) for part in parts)

    def test_a_missing_attribute_is_a_missing_key(self) -> None:
        for instance in self.instances():
            assert instance.attributes.get("NoSuchAttribute") is None
            with pytest.raises(KeyError):
                instance.attributes["NoSuchAttribute"]

    def test_a_truncated_file_is_explained_and_never_a_crash(self) -> None:
        for content in self.contents():
            for part in (0.0, 0.1, 0.5, 0.9):
                try:
                    _frames_digest(self.component, content[: int(len(content) * part)])
                except DcmconvError as error:
                    assert error.message

    def test_half_a_file_is_refused(self) -> None:
        for content in self.contents():
            with pytest.raises(DcmconvError):
                _frames_digest(self.component, content[: len(content) // 2])

    def test_a_spawned_worker_reads_the_same(self) -> None:
        content = self.contents()[0]
        there = in_a_spawned_worker(_frames_digest, self.component, content)
        assert there == _frames_digest(self.component, content)

    def test_the_samples_hold_more_than_one_value(self) -> None:
        assert any(
            len(np.unique(f.stored_values)) > 1 for i in self.instances() for f in i.frames()
        )
