"""What a worker says of one input before any is converted."""

from __future__ import annotations

from dcmconv.model.inputs import Reference
from dcmconv.model.statistics_request import StatisticsRequest
from dcmconv.render import OpenInput
from dcmconv.render.frame_statistics import gather
from dcmconv.run.messages import StatisticsGroup, StatisticsReport

__all__ = ["statistics_report"]


def statistics_report(opened: OpenInput, reference: Reference) -> StatisticsReport:
    """Look at every frame, if a lane asks for statistics of the series or of the run.

    An input without Series Instance UID (0020,000E) is a series of its own.
    """
    asked = opened.wide_requests
    if not asked:
        return StatisticsReport()
    series = str(opened.attributes.get("SeriesInstanceUID") or reference.locator)
    held = gather(opened.frames(), percentiles=any(request.percentiles for request in asked))
    return StatisticsReport(
        added=tuple(
            (StatisticsGroup(request, _group(request, series), units), gathered)
            for request in asked
            for units, gathered in held.items()
        )
    )


def _group(request: StatisticsRequest, series: str) -> str:
    return series if request.scope == "series" else ""
