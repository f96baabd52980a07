"""What readers and sources must do: recognize, open and explain inputs, always the same way."""

from __future__ import annotations

import random
import re
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath
from typing import cast

import numpy as np
import pytest

from dcmconv.errors import DcmconvError
from dcmconv.model.components import Reader, Source
from dcmconv.model.frame import Frame
from dcmconv.model.inputs import HEAD_BYTES, InputFile, Instance, Reference, Rejected
from dcmconv.testing.components import ComponentConformance
from dcmconv.testing.spawned import digest, in_a_spawned_worker

__all__ = ["ReaderConformance", "SourceConformance"]

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

    ``samples`` are files of the format, as bytes or as paths: small ones, and if the format can
    hold several frames, one with more than one.
    """

    component: Reader
    samples: Sequence[bytes | Path]

    def contents(self) -> list[bytes]:
        """Return the samples as bytes."""
        return [
            sample if isinstance(sample, bytes) else sample.read_bytes() for sample in self.samples
        ]

    def instances(self) -> Iterator[Instance]:
        """Yield each sample opened, and close it afterwards."""
        for content in self.contents():
            instance = self.component.open(InputFile("sample", content=content))
            try:
                yield instance
            finally:
                instance.close()

    def test_it_recognizes_its_samples_by_content(self) -> None:
        assert self.contents(), "no samples"
        for content in self.contents():
            assert 0 < self.component.sniff(content[:HEAD_BYTES], "no-suffix") <= 100

    def test_it_does_not_recognize_an_empty_file(self) -> None:
        assert self.component.sniff(b"", "empty") == 0

    def test_it_accepts_no_unknown_object(self) -> None:
        assert self.component.accepts_object(object()) is False

    def test_sniff_accepts_any_bytes(self) -> None:
        noise = random.Random(1)  # noqa: S311 - the same noise every time
        heads = [noise.randbytes(noise.randrange(1, HEAD_BYTES + 1)) for _ in range(200)]
        # The prefix DICM ends at 132 (PS3.10 7.1).
        heads += [content[:cut] for content in self.contents() for cut in (1, 4, 64, 132, 200)]
        for head in [*heads, b"\0" * HEAD_BYTES, b"\xff" * HEAD_BYTES]:
            confidence = self.component.sniff(head, "noise")
            assert isinstance(confidence, int)
            assert 0 <= confidence <= 100

    def test_sniff_is_not_certain_of_random_bytes(self) -> None:
        noise = random.Random(2)  # noqa: S311 - the same noise every time
        heads = [noise.randbytes(HEAD_BYTES) for _ in range(200)]
        assert max(self.component.sniff(head, "noise") for head in heads) < 100

    def test_attribute_names_are_complete_or_empty(self) -> None:
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

    def test_frames_describe_their_values(self) -> None:
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

    def test_frames_can_be_read_in_any_order(self) -> None:
        for instance in self.instances():
            forward = [digest(frame.stored_values) for frame in instance.frames()]
            backward = [
                digest(instance.read_frame(index).stored_values)
                for index in reversed(range(instance.frame_count))
            ]
            assert backward[::-1] == forward

    def test_a_path_and_its_bytes_give_the_same_frames(self) -> None:
        for content in self.contents():
            with tempfile.TemporaryDirectory() as folder:
                # Content decides, not the name.
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

    def test_a_truncated_file_never_crashes_the_reader(self) -> None:
        for content in self.contents():
            for part in (0.0, 0.1, 0.5, 0.9):
                try:
                    _frames_digest(self.component, content[: int(len(content) * part)])
                except DcmconvError as error:
                    assert error.message

    def test_half_a_file_is_rejected(self) -> None:
        for content in self.contents():
            with pytest.raises(DcmconvError):
                _frames_digest(self.component, content[: len(content) // 2])

    def test_a_spawned_worker_reads_the_same_frames(self) -> None:
        content = self.contents()[0]
        there = in_a_spawned_worker(_frames_digest, self.component, content)
        assert there == _frames_digest(self.component, content)

    def test_the_samples_are_not_constant(self) -> None:
        # A reader that returns zeros for everything could pass the other tests.
        assert any(
            len(np.unique(f.stored_values)) > 1 for i in self.instances() for f in i.frames()
        )


def _content_digest(source: Source, reference: Reference) -> str:
    with source.open(reference).open() as stream:
        return digest(stream.read())


class SourceConformance(ComponentConformance):
    """The contract of a source; a subclass sets ``component`` and ``location``.

    ``location`` is an INPUT argument that leads to at least two inputs, or to one if ``least`` is 1
    because a location of this source is always a single input.
    """

    component: Source
    location: str
    least: int = 2
    avoid: Sequence[Path] = ()

    def walk(self) -> list[Reference | Rejected]:
        """Return everything that the source finds."""
        return list(self.component.walk(self.location, avoid=self.avoid))

    def references(self) -> list[Reference]:
        """Return the inputs that can be opened."""
        return [found for found in self.walk() if isinstance(found, Reference)]

    def test_it_claims_only_locations_it_understands(self) -> None:
        assert 0 < self.component.claims(self.location) <= 100
        assert self.component.claims("no-such-scheme://nowhere/at/all") == 0

    def test_a_walk_is_repeatable(self) -> None:
        assert len(self.references()) >= self.least
        assert self.walk() == self.walk()

    def test_a_walk_is_lazy(self) -> None:
        walk = self.component.walk(self.location, avoid=self.avoid)
        assert not isinstance(walk, Sequence)
        assert isinstance(next(iter(walk)), Reference | Rejected)

    def test_keys_are_relative_and_unique(self) -> None:
        keys = [found.key for found in self.walk()]
        assert len(set(keys)) == len(keys)
        assert not [key for key in keys if key.startswith("/") or ".." in PurePosixPath(key).parts]

    def test_a_reference_opens_to_its_bytes(self) -> None:
        for reference in self.references():
            source = self.component.open(reference)
            assert source.key == reference.key
            with source.open() as stream:
                content = stream.read()
            assert source.head == content[: len(source.head)]
            assert reference.size in (None, len(content))

    def test_a_spawned_worker_opens_the_same_bytes(self) -> None:
        reference = self.references()[0]
        there = cast("str", in_a_spawned_worker(_content_digest, self.component, reference))
        assert there == _content_digest(self.component, reference)
