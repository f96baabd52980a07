"""What users write around ``dcmconv.run``: read by type checkers, never run."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import assert_never, assert_type

import dcmconv
from dcmconv import Converted, Failed, Outcome, Progress, Skipped, Summary


def by_status(outcome: Outcome) -> list[Path]:
    if outcome.status == "converted":
        assert_type(outcome, Converted)
        return [Path(each.path) for each in outcome.outputs]
    if outcome.status == "skipped":
        assert_type(outcome, Skipped)
        print(outcome.reason)
        return []
    assert_type(outcome, Failed)
    print(outcome.frame_number, outcome.hint)
    return []


def by_class(outcome: Outcome) -> str:
    match outcome:
        case Converted():
            return outcome.decoder
        case Skipped() | Failed():
            return outcome.message
        case _:
            assert_never(outcome)


def told(progress: Progress) -> None:
    total = progress.total if progress.total is not None else progress.found
    print(progress.finished / max(total, 1), progress.rate, progress.failures)


def pictures(folder: Path) -> Iterator[Path]:
    run = dcmconv.run(
        [folder, str(folder)],
        folder / "out",
        normalize={"use": "window", "center": 40, "width": 400},
        steps="resize:512",
        outputs=["jpg:95", "png"],
        tags=("Modality", "PatientID"),
        tag_table=folder / "tags.csv",
        include="*.dcm",
        workers="auto",
        on_existing="replace",
        max_failures="5%",
        progress=told,
    )
    for outcome in run:
        yield from by_status(outcome)
    print(run.summary.failed)


def waited() -> Summary:
    return dcmconv.run("scans", "out", chain="preset:ml-8bit", progress=True, dry_run=True).wait()


async def in_a_loop() -> int:
    import asyncio

    summary = await asyncio.to_thread(dcmconv.run("scans", "out").wait)
    return summary.converted
