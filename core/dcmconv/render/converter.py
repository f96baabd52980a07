"""The converter: finds the reader and the lanes of an input; made once in each process."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import cast

from dcmconv.chain.plan import Lane, Plan
from dcmconv.errors import InputError, SkipInput
from dcmconv.model.components import Reader
from dcmconv.model.inputs import InputFile
from dcmconv.model.statistics_request import WiderStatistics
from dcmconv.render.frame_numbers import wanted_frames
from dcmconv.render.lane import LoadedLane
from dcmconv.render.open_input import OpenInput

__all__ = ["Converter"]


class Converter:
    """Turns inputs into pictures by one plan; made once in each process.

    Components are imported when the first input needs them, and kept.
    """

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self._lanes: dict[int, LoadedLane] = {}

    @cached_property
    def _readers(self) -> list[Reader]:
        return [cast("Reader", reference.load()) for reference in self.plan.readers]

    @contextmanager
    def open(
        self, source: InputFile, wider_statistics: tuple[WiderStatistics, ...] | None = None
    ) -> Iterator[OpenInput]:
        """Open an input with the reader that knows it best; see ``OpenInput`` for the statistics.

        Raises
        ------
        SkipInput
            If no reader knows the format, it holds no picture, or a rule leaves it out.
        InputError
            If it is empty or damaged, or a wanted frame does not exist.
        """
        reader = self._reader_for(source)
        wants_rest = self.plan.run.policy == "salvage"
        instance = reader.salvage(source) if wants_rest else reader.open(source)
        try:
            rule = self.plan.rule_for(instance.attributes)
            if rule.skip:
                found = ", ".join(f"{word} {instance.attributes.get(word)}" for word in rule.when)
                raise SkipInput(f"A rule of the chain leaves it out: {found}.", reason="rule")
            lanes = tuple(self._at_work(lane) for lane in rule.lanes)
            numbers = wanted_frames(self.plan.frames, instance.frame_count)
            opened = OpenInput(instance, lanes, numbers, wider_statistics, self.plan.run.policy)
            if instance.salvaged:
                opened.salvaged = True
                opened.notes.append(f"Salvaged: {instance.salvaged}.")
            yield opened
        finally:
            instance.close()

    def _at_work(self, lane: Lane) -> LoadedLane:
        return self._lanes.setdefault(id(lane), LoadedLane(lane))

    def _reader_for(self, source: InputFile) -> Reader:
        head = source.head
        if not head:
            raise InputError(
                "The file is empty.", hint="Copy it again from where it came.", reason="empty"
            )
        # max() keeps the first of equals: the order of the plan, which is the order of names.
        best = max(self._readers, key=lambda reader: reader.sniff(head, source.key))
        if best.sniff(head, source.key) <= 0:
            raise SkipInput(
                "Neither DICOM nor another format that is known here.",
                hint="dcmconv reads DICOM; plugins add readers. Installed: dcmconv plugins list",
                reason="not-dicom",
            )
        return best
