"""Splits the frames of one big input over several workers, and joins their reports."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from dcmconv.model.executor import Lost
from dcmconv.model.outcome import Converted
from dcmconv.render.open_input import COPIED
from dcmconv.run.messages import (
    MOST_NOTES,
    ConversionReport,
    ConversionTask,
    FrameSlice,
    SplitRequest,
)

__all__ = ["SPLIT_BYTES", "join_reports", "split_task"]

SPLIT_BYTES = 16 << 20
"""From this size on, it is worth asking an input how many frames it has."""

LEAST_FRAMES = 8
SLICES_A_WORKER = 4
"""More than one, so that the workers finish at about the same time."""


def split_task(
    task: ConversionTask, request: SplitRequest, *, workers: int
) -> list[ConversionTask]:
    """Return one task for each slice, in the order of the frames; just one for few frames."""
    count = max(1, min(workers * SLICES_A_WORKER, request.frame_count // LEAST_FRAMES))
    # Whole numbers: the slices meet exactly, and their sizes differ by one frame at most.
    edges = [request.frame_count * number // count for number in range(count + 1)]
    return [
        replace(
            task,
            label=f"{task.label}-f{number}",
            may_split=False,
            frame_slice=FrameSlice(edges[number], edges[number + 1], request),
        )
        for number in range(count)
    ]


def join_reports(answers: Sequence[ConversionReport | Lost]) -> ConversionReport | Lost:
    """Return one answer for all slices: the first failure, or a report of all pictures."""
    reports = []
    for answer in answers:
        if isinstance(answer, Lost) or not isinstance(answer.outcome, Converted):
            # The Committer removes the files of every slice by their common label.
            return answer if isinstance(answer, Lost) else replace(answer, parts=())
        reports.append((answer, answer.outcome))
    first = reports[0][1]
    outcomes = [outcome for _, outcome in reports]
    decoders = [each.decoder for each in outcomes if each.decoder != COPIED]
    # The attributes of a whole slice are those of its first frame: now every frame gets its own.
    frame_attributes = {
        number: outcome.frame_attributes.get(number, outcome.attributes)
        for report, outcome in reports
        for number in {part.output.frame_number for part in report.parts}
    }
    notes = dict.fromkeys(note for each in outcomes for note in each.notes)
    outcome = replace(
        first,
        seconds=round(sum(each.seconds for each in outcomes), 6),
        notes=tuple(notes)[:MOST_NOTES],
        printed="".join(each.printed for each in outcomes),
        decoder=decoders[-1] if decoders else first.decoder,
        salvaged=any(each.salvaged for each in outcomes),
        frame_attributes=frame_attributes if first.attributes else {},
    )
    return ConversionReport(outcome, tuple(part for report, _ in reports for part in report.parts))
