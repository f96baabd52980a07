"""Which names a run would give: found from headers, before anything is decoded or written."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import field
from typing import NamedTuple

from dcmconv.chain.plan import Plan
from dcmconv.model.inputs import Reference
from dcmconv.model.records import record
from dcmconv.render import Converter, OpenInput
from dcmconv.run.failure import failure_of
from dcmconv.run.journal.digests import DigestTable, folded_digest
from dcmconv.run.output.naming import NamedInput, lane_names
from dcmconv.run.walk import Walk

__all__ = ["Collision", "NameCheck", "check_names", "names_of"]

MOST_EXAMPLES = 20


class Collision(NamedTuple):
    """A name that two pictures would get, and their inputs, which may be the same."""

    path: str
    first: str
    second: str


@record
class NameCheck:
    """What was found; memory does not depend on the number of inputs."""

    inputs: int = 0
    pictures: int = 0
    collisions: int = 0
    examples: list[Collision] = field(default_factory=list)
    """The first collisions."""
    missing: Counter[str] = field(default_factory=Counter)
    """Each attribute of a template with the number of inputs that do not have it."""
    unnamed: Counter[str] = field(default_factory=Counter)
    """Why inputs get no picture, with their number: not DICOM, damaged, ..."""


def check_names(
    plan: Plan, walk: Walk, tell: Callable[[str, str, int], None] = lambda key, path, frame: None
) -> NameCheck:
    """Name every picture that a run would make, and find the names that occur twice.

    ``tell`` is called with the input's key, the name and the frame number of each picture.
    """
    found, owners = NameCheck(), DigestTable()
    # Ordinals of the inputs: the key of the first is looked up only if there is a collision.
    clashes: list[tuple[str, int, str]] = []
    for number, (key, path, frame_number) in _named(plan, walk, found):
        tell(key, path, frame_number)
        found.pictures += 1
        digest = folded_digest(path)
        owner = owners.get(digest)
        if owner is None:
            owners.set(digest, number)
            continue
        found.collisions += 1
        if len(clashes) < MOST_EXAMPLES:
            clashes.append((path, owner, key))
    keys = _keys_of({owner for _, owner, _ in clashes}, walk)
    found.examples = [Collision(path, keys.get(owner, "?"), key) for path, owner, key in clashes]
    return found


def _named(plan: Plan, walk: Walk, found: NameCheck) -> Iterator[tuple[int, tuple[str, str, int]]]:
    """Yield the ordinal of each input with its key, and the name and frame of each picture."""
    converter = Converter(plan)
    for number, (reference, index) in enumerate(walk.inputs(), start=1):
        if not isinstance(reference, Reference):
            found.unnamed[reference.reason] += 1
            continue
        try:
            with converter.open(walk.open(reference, index)) as opened:
                names = list(names_of(reference.key, opened, found.missing))
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # noqa: BLE001 - the run meets it again and reports it
            found.unnamed[failure_of(error).reason] += 1
            continue
        found.inputs += 1
        yield from ((number, (reference.key, path, frame)) for path, frame, _ in names)


def names_of(key: str, opened: OpenInput, missing: Counter[str]) -> Iterator[tuple[str, int, str]]:
    """Yield the name, the frame number and the lane of each picture; count missing attributes."""
    names = lane_names(tuple([lane.naming for lane in opened.lanes]))
    absent: set[str] = set()

    def note(word: str) -> str:
        absent.add(word)
        return f"no-{word}"

    for frame_number in opened.frame_numbers:
        named = NamedInput(
            key,
            opened.instance.attributes_of(frame_number),
            opened.frame_count,
            suffixes=opened.suffixes,
            source=opened.source,
        )
        for lane in opened.lanes:
            path = names[lane.lane.id].path_for(named, frame_number, missing=note)
            yield path, frame_number, lane.lane.id
    missing.update(absent)


def _keys_of(ordinals: set[int], walk: Walk) -> dict[int, str]:
    """Return the keys of some inputs by their ordinals; a second walk opens no file."""
    if not ordinals:
        return {}
    last = max(ordinals)
    keys: dict[int, str] = {}
    for number, (reference, _) in enumerate(walk.inputs(), start=1):
        if number in ordinals:
            keys[number] = reference.key
        if number >= last:
            break
    return keys
