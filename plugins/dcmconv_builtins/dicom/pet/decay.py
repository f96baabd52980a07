"""The injected dose of a PET, decayed to the moment that its values are corrected to."""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import datetime, timedelta

from dcmconv.plugin import InputError
from dcmconv_builtins.dicom.file.elements import Elements, named
from dcmconv_builtins.dicom.file.parse_errors import parse_errors
from dcmconv_builtins.dicom.pet.moments import moment_of, parse_moment
from dcmconv_builtins.dicom.pet.pet_header import HINT, get_positive, unusable

__all__ = ["decayed_dose"]

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
    said = parse_moment(top.text("DecayCorrectionDateTime"))
    if said is not None:
        return said
    acquired = _acquired(top)
    series = moment_of(top, "SeriesDate", "SeriesTime")
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
    acquired = moment_of(top, "AcquisitionDate", "AcquisitionTime")
    acquired = acquired or parse_moment(top.text("AcquisitionDateTime"))
    if acquired is None:
        raise unusable("AcquisitionTime", "or its date is missing")
    return acquired


def _ge_scan_start(top: Elements) -> datetime | None:
    try:
        value = top.dataset.private_block(0x0009, "GEMS_PETD_01")[0x0D].value
    except parse_errors():
        return None
    return parse_moment(value.decode("latin-1") if isinstance(value, bytes) else str(value))


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
    whole = parse_moment(tracer.text("RadiopharmaceuticalStartDateTime"))
    if whole is not None:
        yield "RadiopharmaceuticalStartDateTime", whole
    clock = parse_moment(f"{moment:%Y%m%d}{tracer.text('RadiopharmaceuticalStartTime')}")
    if clock is not None and tracer.text("RadiopharmaceuticalStartTime"):
        # It has no date: the last such time before the scan, which may be that of the day before.
        yield "RadiopharmaceuticalStartTime", clock - timedelta(days=int(clock > moment))
