"""A dry run: the outcomes that a run would have, as far as headers tell; nothing is written."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import field
from functools import cached_property
from pathlib import Path

from dcmconv.chain.plan import Plan
from dcmconv.errors import SkipInput
from dcmconv.model.inputs import Reference, Rejected
from dcmconv.model.outcome import Converted, Failed, Outcome, OutputFile, Skipped
from dcmconv.model.records import record
from dcmconv.render import Converter
from dcmconv.run.failure import failure_of, outcome_of_rejected
from dcmconv.run.journal.resume import Resume
from dcmconv.run.journal.writer import Journal
from dcmconv.run.name_check import names_of
from dcmconv.run.output.destination import Destination
from dcmconv.run.output.naming import STATE_FOLDER
from dcmconv.run.output.out_path import names_a_file
from dcmconv.run.progress import Tally
from dcmconv.run.statistics_pass import GatheredStatistics
from dcmconv.run.walk import Walk

__all__ = ["DryRun"]


@record
class DryRun:
    """Looks at each input as a run would, and decodes no pixels.

    Damaged pixels and names that two inputs share are not found.  An input whose chain needs
    statistics of its series or of the run counts as not yet converted.

    Parameters
    ----------
    plan : Plan
        What would be done.
    out : Path
        The output folder, or the name of one picture.
    is_folder : bool
        ``out`` is a folder even if it has the suffix of a picture.
    """

    plan: Plan
    out: Path
    is_folder: bool = False
    tally: Tally = field(default_factory=Tally)

    def outcomes(self, walk: Walk) -> Iterator[Outcome]:
        """Yield the outcome that each input would have; pictures have no size and no digest."""
        path = self.out / STATE_FOLDER / "journal.jsonl"
        journal = Journal(path)
        with closing(journal):
            if path.is_file():
                journal.open_to_read()
            destination = Destination(self.out, self.out, journal)
            gathered = GatheredStatistics(self.plan)
            resume = Resume(destination, self.plan, gathered, self.tally)
            for found, index in walk.inputs():
                outcome = self._outcome(found, walk, index, resume, journal)
                self.tally.add(outcome)
                yield outcome

    def _outcome(
        self,
        found: Reference | Rejected,
        walk: Walk,
        index: int,
        resume: Resume,
        journal: Journal,
    ) -> Outcome:
        if isinstance(found, Rejected):
            return outcome_of_rejected(found)
        known = resume.known_outcome(found, journal.find(found.locator))
        return known or self._planned(found, walk, index)

    def _planned(self, found: Reference, walk: Walk, index: int) -> Outcome:
        try:
            with self._converter.open(walk.open(found, index)) as opened:
                outputs = [
                    OutputFile(
                        path=self._file_name or name,
                        output=lane_id,
                        frame_number=frame_number,
                        size=0,
                        sha256="",
                        rows=0,
                        columns=0,
                    )
                    for name, frame_number, lane_id in names_of(found.key, opened, Counter())
                ]
                return Converted(
                    input=found.key,
                    locator=found.locator,
                    size=found.size,
                    mtime_ns=found.mtime_ns,
                    notes=tuple(opened.notes),
                    outputs=tuple(outputs),
                    transfer_syntax=opened.instance.transfer_syntax,
                )
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # noqa: BLE001 - a reader may raise anything
            kind = Skipped if isinstance(error, SkipInput) else Failed
            return kind.of(found, **failure_of(error)._asdict())

    @property
    def folder(self) -> Path:
        """What the paths of pictures are relative to."""
        return self.out.parent if self._file_name else self.out

    @cached_property
    def _file_name(self) -> str:
        one_file = not self.is_folder and names_a_file(self.out, self.plan)
        return self.out.name if one_file else ""

    @cached_property
    def _converter(self) -> Converter:
        return Converter(self.plan)
