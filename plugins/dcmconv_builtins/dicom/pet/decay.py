"""The injected dose of a PET, decayed to the moment that its values are corrected to."""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import datetime, timedelta

from dcmconv.plugin import InputError
from dcmconv_builtins.dicom.file.elements import Elements, named
from dcmconv_builtins.dicom.file.parse_errors import parse_errors

__all__ = ["HINT", "decayed_dose", "find_datetime", "get_positive", "parse_datetime", "unusable"]

MOST_HALF_LIVES = 20.0
"""An injection longer ago leaves nothing to see: one of the two dates must be wrong."""


def decayed_dose(top: Elements) -> float:
    """Return the injected dose in Bq at the moment that decay was corrected to.

    Decay Correction (0054,1102) says which: START of the scan, ADMIN(istration), or NONE, where
    each frame shows the activity of its own time.  PS3.3 C.8.9.1.1.6, and QIBA's pseudo-code.

    Raises
    ------
    InputError
        If dose, half-life or a time is missing or impossible; the message names the attribute.
    """
    tracer = next(iter(top.items("RadiopharmaceuticalInformationSequence")), None)
    if tracer is None:
        raise unusable("RadiopharmaceuticalInformationSequence", "is missing")
    dose = get_positive(tracer, "RadionuclideTotalDose")
    correction = _correction(top)
    if correction == "ADMIN":
        return dose
    half_life = get_positive(tracer, "RadionuclideHalfLife")
    none = correction == "NONE"
    moment = _time_of_frame(top, half_life) if none else _scan_start(top, half_life)
    return float(dose * 2.0 ** (-_elapsed(tracer, moment, half_life) / half_life))


def _correction(top: Elements) -> str:
    said = top.text("DecayCorrection").upper()
    if said in {"START", "ADMIN", "NONE"}:
        return said
    if "DecayCorrectionDateTime" in top:
        return "START"
    if "DECY" in (word.upper() for word in top.texts("CorrectedImage")):
        top.notes.add(f"{named('DecayCorrection')} is missing; START was used.")
        return "START"
    raise unusable("DecayCorrection", "is missing")


def _scan_start(top: Elements, half_life: float) -> datetime:
    said = parse_datetime(top.text("DecayCorrectionDateTime"))
    if said is not None:
        return said
    acquired = _acquired(top)
    series = find_datetime(top, "SeriesDate", "SeriesTime")
    if series is not None and series <= acquired:
        return series
    # A series made later has a date of its own; GE keeps that of the scan, others leave it to us.
    scan = _ge_scan_start(top)
    if scan is not None:
        return scan
    reference = top.number("FrameReferenceTime")
    if reference is None:
        raise unusable("FrameReferenceTime", "is missing, and Series Time is after the scan")
    return _time_of_frame(top, half_life) - timedelta(milliseconds=float(reference))


def _time_of_frame(top: Elements, half_life: float) -> datetime:
    """Return when the count rate of a frame was its average; decay makes that before the middle."""
    duration = top.number("ActualFrameDuration") or 0
    if duration <= 0:
        return _acquired(top)
    decay_rate = math.log(2) / half_life
    decayed = decay_rate * float(duration) / 1000.0
    average = math.log(decayed / -math.expm1(-decayed)) / decay_rate
    return _acquired(top) + timedelta(seconds=average)


def _acquired(top: Elements) -> datetime:
    acquired = find_datetime(top, "AcquisitionDate", "AcquisitionTime")
    acquired = acquired or parse_datetime(top.text("AcquisitionDateTime"))
    if acquired is None:
        raise unusable("AcquisitionTime", "or its date is missing")
    return acquired


def _ge_scan_start(top: Elements) -> datetime | None:
    try:
        value = top.dataset.private_block(0x0009, "GEMS_PETD_01")[0x0D].value
    except parse_errors():
        return None
    return parse_datetime(value.decode("latin-1") if isinstance(value, bytes) else str(value))


def _elapsed(tracer: Elements, moment: datetime, half_life: float) -> float:
    """Return the seconds from the injection to a moment, by the first time that makes sense."""
    rejected = ""
    for keyword, injected in _injections(tracer, moment):
        seconds = (moment - injected).total_seconds()
        if 0 <= seconds <= MOST_HALF_LIVES * half_life:
            if rejected:
                tracer.notes.add(f"{named(rejected)} cannot be; {named(keyword)} was used.")
            return seconds
        rejected = keyword
    if not rejected:
        raise unusable("RadiopharmaceuticalStartTime", "is missing")
    raise InputError(
        f"{named(rejected)} lies after the scan, or more than {MOST_HALF_LIVES:g} half-lives "
        "before it, so there is no SUV.",
        hint=HINT,
        reason="suv",
    )


def _injections(tracer: Elements, moment: datetime) -> Iterator[tuple[str, datetime]]:
    whole = parse_datetime(tracer.text("RadiopharmaceuticalStartDateTime"))
    if whole is not None:
        yield "RadiopharmaceuticalStartDateTime", whole
    clock = parse_datetime(f"{moment:%Y%m%d}{tracer.text('RadiopharmaceuticalStartTime')}")
    if clock is not None and tracer.text("RadiopharmaceuticalStartTime"):
        # It has no date: the last such time before the scan, which may be that of the day before.
        yield "RadiopharmaceuticalStartTime", clock - timedelta(days=int(clock > moment))


HINT = "Correct the attribute, or read the file without SUV: its values stay those of Rescale."


def get_positive(place: Elements, keyword: str) -> float:
    """Return a number above 0.

    Raises
    ------
    InputError
        If it is missing, or not above 0.
    """
    number = place.number(keyword)
    if number is None:
        raise unusable(keyword, "is missing")
    if not (math.isfinite(number) and number > 0):
        raise unusable(keyword, f"is {number:g}; a number above 0 was needed")
    return float(number)


def unusable(keyword: str, found: str) -> InputError:
    """Return the error for an attribute that SUV cannot do with."""
    return InputError(f"{named(keyword)} {found}, so there is no SUV.", hint=HINT, reason="suv")


_FORMATS = {8: "%Y%m%d", 10: "%Y%m%d%H", 12: "%Y%m%d%H%M", 14: "%Y%m%d%H%M%S"}


def find_datetime(place: Elements, date: str, time: str) -> datetime | None:
    """Return a date and a time element as one moment; None if either is missing or no time."""
    day, clock = place.text(date), place.text(time)
    return parse_datetime(day + clock) if len(day) == 8 and clock else None


def parse_datetime(text: str) -> datetime | None:
    """Return the moment of a DT, or of a DA and a TM joined; None if it is none.

    An offset from UTC is left out: DA and TM have none, and all times of a file are of one place.

    >>> parse_datetime("20260131235959.25+0100")
    datetime.datetime(2026, 1, 31, 23, 59, 59, 250000)
    """
    whole, _, fraction = text.strip(" \0").partition("+")[0].partition("-")[0].partition(".")
    form = _FORMATS.get(len(whole))
    if form is None or not (fraction or "0").isdecimal():
        return None
    try:
        moment = datetime.strptime(whole, form)
    except ValueError:
        return None
    return moment.replace(microsecond=int(fraction[:6].ljust(6, "0")))
