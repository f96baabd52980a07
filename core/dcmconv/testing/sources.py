"""What a source promises: the same inputs in the same order, and their bytes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import cast

from dcmconv.model.components import Source
from dcmconv.model.inputs import Reference, Rejected
from dcmconv.testing.components import ComponentConformance
from dcmconv.testing.spawned import digest, in_a_spawned_worker

__all__ = ["SourceConformance"]


def _content_digest(source: Source, reference: Reference) -> str:
    with source.open(reference).open() as stream:
        return digest(stream.read())


class SourceConformance(ComponentConformance):
    """The contract of a source; a subclass sets ``component`` and ``location``.

    ``location`` is an INPUT argument behind which there are at least two inputs.
    """

    component: Source
    location: str
    avoid: Sequence[Path] = ()

    def walk(self) -> list[Reference | Rejected]:
        """Return what there is."""
        return list(self.component.walk(self.location, avoid=self.avoid))

    def references(self) -> list[Reference]:
        """Return what can be opened."""
        return [found for found in self.walk() if isinstance(found, Reference)]

    def test_it_claims_its_location_and_no_nonsense(self) -> None:
        assert 0 < self.component.claims(self.location) <= 100
        assert self.component.claims("no-such-scheme://nowhere/at/all") == 0

    def test_two_walks_find_the_same_in_the_same_order(self) -> None:
        assert len(self.references()) >= 2
        assert self.walk() == self.walk()

    def test_a_walk_is_lazy(self) -> None:
        walk = self.component.walk(self.location, avoid=self.avoid)
        assert not isinstance(walk, Sequence)
        assert isinstance(next(iter(walk)), Reference | Rejected)

    def test_keys_are_relative_and_each_is_there_once(self) -> None:
        keys = [found.key for found in self.walk()]
        assert len(set(keys)) == len(keys)
        assert not [key for key in keys if key.startswith("/") or ".." in PurePosixPath(key).parts]

    def test_a_reference_hands_out_its_bytes(self) -> None:
        for reference in self.references():
            source = self.component.open(reference)
            assert source.key == reference.key
            with source.open() as stream:
                content = stream.read()
            assert source.head == content[: len(source.head)]
            assert reference.size in (None, len(content))

    def test_a_spawned_worker_opens_the_same(self) -> None:
        reference = self.references()[0]
        there = cast("str", in_a_spawned_worker(_content_digest, self.component, reference))
        assert there == _content_digest(self.component, reference)
