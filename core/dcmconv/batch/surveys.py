"""What a worker says of one input before any is converted."""

from __future__ import annotations

from dcmconv.batch.records import Pool, SurveyReport
from dcmconv.inputs import Reference
from dcmconv.render import Opened
from dcmconv.render.surveys import gather
from dcmconv.survey import Survey

__all__ = ["survey_report"]


def survey_report(opened: Opened, reference: Reference) -> SurveyReport:
    """Look at every frame, if a lane asks for statistics of the series or of the run.

    An input without Series Instance UID (0020,000E) is a series of its own.
    """
    asked = opened.wide_surveys
    if not asked:
        return SurveyReport()
    series = str(opened.attributes.get("SeriesInstanceUID") or reference.locator)
    held = gather(opened.frames(), percentiles=any(survey.percentiles for survey in asked))
    return SurveyReport(
        added=tuple(
            (Pool(survey, _group(survey, series), units), gathered)
            for survey in asked
            for units, gathered in held.items()
        )
    )


def _group(survey: Survey, series: str) -> str:
    return series if survey.scope == "series" else ""
