"""What a decoder promises: declared Transfer Syntaxes, right values, and errors for bad streams."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any, ClassVar, NamedTuple, cast

import numpy as np
import pytest
from numpy.typing import NDArray

from dcmconv.errors import DcmconvError, InputError
from dcmconv.model.components import Decoder
from dcmconv.model.inputs import DecodedFrame, FrameDescription
from dcmconv.testing.components import ComponentConformance, has_message_and_hint
from dcmconv.testing.spawned import digest, in_a_spawned_worker

__all__ = ["DecoderConformance", "EncodedSample"]

_UID = re.compile(r"[0-9]+(\.[0-9]+)+")


class EncodedSample(NamedTuple):
    """One encoded frame, and the values that it must decode to."""

    transfer_syntax: str
    stream: bytes
    description: FrameDescription
    values: NDArray[Any]
    tolerance: int = 0
    """How far a value may be off; 0 for a lossless stream."""


def _digest(decoder: Decoder, sample: EncodedSample) -> str:
    frame = decoder.decode(sample.stream, sample.description, sample.transfer_syntax)
    return digest(frame.values)


class DecoderConformance(ComponentConformance):
    """The contract of a decoder; a subclass sets ``component`` and ``samples``.

    ``samples`` has at least one stream for each Transfer Syntax that the decoder declares.  Set
    ``detects_truncation = False`` for a format whose streams may end anywhere.
    """

    component: Decoder
    samples: Sequence[EncodedSample]
    detects_truncation: ClassVar[bool] = True

    def decoded(self) -> Iterator[tuple[EncodedSample, DecodedFrame]]:
        """Yield each sample with the frame that it decodes to."""
        for sample in self.samples:
            yield (
                sample,
                self.component.decode(sample.stream, sample.description, sample.transfer_syntax),
            )

    def test_it_declares_transfer_syntax_uids(self) -> None:
        uids = type(self.component).transfer_syntaxes
        assert isinstance(uids, frozenset)
        assert uids
        assert [uid for uid in uids if not _UID.fullmatch(uid)] == []

    def test_each_transfer_syntax_has_a_sample(self) -> None:
        assert {sample.transfer_syntax for sample in self.samples} == (
            type(self.component).transfer_syntaxes
        )

    def test_frames_have_the_expected_values(self) -> None:
        for sample, frame in self.decoded():
            assert isinstance(frame, DecodedFrame)
            assert frame.values.shape == sample.description.shape
            assert frame.values.dtype.kind in "iuf"
            assert frame.values.dtype.isnative
            difference = np.abs(frame.values.astype(np.float64) - sample.values)
            assert difference.max() <= sample.tolerance

    def test_frames_name_their_photometric_interpretation(self) -> None:
        for _, frame in self.decoded():
            assert isinstance(frame.photometric_interpretation, str)
            assert frame.photometric_interpretation
            assert isinstance(frame.notes, tuple)

    def test_decoding_twice_gives_the_same_values(self) -> None:
        for sample, frame in self.decoded():
            assert _digest(self.component, sample) == digest(frame.values)

    def test_the_stream_is_not_modified(self) -> None:
        for sample in self.samples:
            # A copy: bytes(stream) is the same object, which a library in C could write to.
            before = bytes(bytearray(sample.stream))
            self.component.decode(sample.stream, sample.description, sample.transfer_syntax)
            assert sample.stream == before

    def test_truncated_streams_are_rejected(self) -> None:
        if not self.detects_truncation:
            pytest.skip("streams of the format may end anywhere")
        for sample in self.samples:
            for length in (0, 1, len(sample.stream) // 2):
                with pytest.raises(InputError) as caught:
                    self.component.decode(
                        sample.stream[:length], sample.description, sample.transfer_syntax
                    )
                assert has_message_and_hint(caught.value), (
                    f"expected a message and a hint: {caught.value}"
                )

    def test_a_stream_of_another_size_is_not_resized(self) -> None:
        for sample in self.samples:
            larger = replace(sample.description, rows=sample.description.rows * 2)
            try:
                frame = self.component.decode(sample.stream, larger, sample.transfer_syntax)
            except DcmconvError as error:
                assert has_message_and_hint(error), f"expected a message and a hint: {error}"
            else:
                # The engine compares shapes, and rejects a frame that the header does not describe.
                assert frame.values.shape == sample.description.shape

    def test_a_spawned_worker_decodes_the_same_values(self) -> None:
        sample = self.samples[0]
        there = cast("str", in_a_spawned_worker(_digest, self.component, sample))
        assert there == _digest(self.component, sample)
