"""The injected dose of a PET scan, decayed to the time that its values are corrected to."""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import datetime, timedelta

from dcmconv.plugin import InputError
from dcmconv_builtins.dicom.file.elements import Elements, named
from dcmconv_builtins.dicom.file.notes import parse_errors

__all__ = [
    "SUV_HINT",
    "decayed_dose",
    "find_datetime",
    "get_positive",
    "parse_datetime",
    "unusable",
]

MAX_HALF_LIVES = 20.0
"""After more half-lives nothing would be visible, so one of the two dates must be wrong."""

SUV_HINT = "Correct the attribute, or leave out the values option to use Rescale Slope instead."

_DATETIME_FORMATS = {8: "%Y%m%d", 10: "%Y%m%d%H", 12: "%Y%m%d%H%M", 14: "%Y%m%d%H%M%S"}
"""By number of digits (PS3.5 6.2: DA, TM and DT)."""


def decayed_dose(top: Elements) -> float:
    """Return the injected dose in Bq at the time that decay was corrected to.

    That time is given by Decay Correction (0054,1102): the START of the scan, ADMIN(istration), or
    NONE, where each frame shows the activity at the time of the frame.  PS3.3 C.8.9.1.1.6 and
    QIBA's pseudo-code.

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
    # ADMIN: corrected to the injection, so the dose has not decayed.
    if correction == "ADMIN":
        return dose
    half_life = get_positive(tracer, "RadionuclideHalfLife")
    none = correction == "NONE"
    moment = _time_of_frame(top, half_life) if none else _scan_start(top, half_life)
    return float(dose * 2.0 ** (-_elapsed(tracer, moment, half_life) / half_life))


def _correction(top: Elements) -> str:
    correction = top.text("DecayCorrection").upper()
    if correction in {"START", "ADMIN", "NONE"}:
        return correction
    # Enhanced PET gives the time itself instead.
    if "DecayCorrectionDateTime" in top:
        return "START"
    # Corrected Image (0028,0051) says that decay was corrected, but not to which time.
    if "DECY" in (word.upper() for word in top.texts("CorrectedImage")):
        top.notes.add(f"{named('DecayCorrection')} is missing; assumed START.")
        return "START"
    raise unusable("DecayCorrection", "is missing")


def _scan_start(top: Elements, half_life: float) -> datetime:
    corrected_to = parse_datetime(top.text("DecayCorrectionDateTime"))
    if corrected_to is not None:
        return corrected_to
    acquired = _acquired(top)
    series = find_datetime(top, "SeriesDate", "SeriesTime")
    if series is not None and series <= acquired:
        return series
    # A derived series has a later date.  GE stores the scan start in a private element; for other
    # vendors it is computed from Frame Reference Time.
    scan = _ge_scan_start(top)
    if scan is not None:
        return scan
    reference = top.number("FrameReferenceTime")
    if reference is None:
        raise unusable(
            "FrameReferenceTime", "is missing, and Series Time is missing or after the scan"
        )
    return _time_of_frame(top, half_life) - timedelta(milliseconds=float(reference))


def _time_of_frame(top: Elements, half_life: float) -> datetime:
    """Return when a frame's count rate equaled its mean, which decay puts before the middle."""
    duration = top.number("ActualFrameDuration") or 0
    if duration <= 0:
        return _acquired(top)
    decay_rate = math.log(2) / half_life
    decayed = decay_rate * float(duration) / 1000.0
    # The mean of exp(-kt) over the frame is (1 - exp(-kT)) / kT; solve exp(-kt) = mean for t.
    # expm1, because 1 - exp(-x) has few correct digits for a frame far below a half-life.
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
        # (0009,xx0D) is the scan's date and time as one DT.
        value = top.dataset.private_block(0x0009, "GEMS_PETD_01")[0x0D].value
    except parse_errors():
        return None
    # pydicom returns bytes if it does not know the VR.
    return parse_datetime(value.decode("latin-1") if isinstance(value, bytes) else str(value))


def _elapsed(tracer: Elements, moment: datetime, half_life: float) -> float:
    """Return the seconds from the injection to ``moment``, by the first plausible start time."""
    # Anonymizers may shift only one of the two attributes.
    rejected = ""
    for keyword, injected in _injections(tracer, moment):
        seconds = (moment - injected).total_seconds()
        if 0 <= seconds <= MAX_HALF_LIVES * half_life:
            if rejected:
                tracer.notes.add(f"{named(rejected)} is implausible; used {named(keyword)}.")
            return seconds
        rejected = keyword
    if not rejected:
        raise unusable("RadiopharmaceuticalStartTime", "is missing")
    raise InputError(
        f"{named(rejected)} is after the scan, or more than {MAX_HALF_LIVES:g} half-lives before "
        "it; SUV cannot be computed.",
        hint=SUV_HINT,
        reason="suv",
    )


def _injections(tracer: Elements, moment: datetime) -> Iterator[tuple[str, datetime]]:
    whole = parse_datetime(tracer.text("RadiopharmaceuticalStartDateTime"))
    if whole is not None:
        yield "RadiopharmaceuticalStartDateTime", whole
    clock = parse_datetime(f"{moment:%Y%m%d}{tracer.text('RadiopharmaceuticalStartTime')}")
    # Without a time, the date alone would be read as midnight.
    if clock is not None and tracer.text("RadiopharmaceuticalStartTime"):
        # It has no date, so take the last such time before the scan, perhaps on the day before.
        yield "RadiopharmaceuticalStartTime", clock - timedelta(days=int(clock > moment))


def get_positive(item: Elements, keyword: str) -> float:
    """Return a number above 0.

    Raises
    ------
    InputError
        If it is missing, or not above 0.
    """
    number = item.number(keyword)
    if number is None:
        raise unusable(keyword, "is missing")
    if not (math.isfinite(number) and number > 0):
        raise unusable(keyword, f"is {number:g}, expected a number above 0")
    return float(number)


def unusable(keyword: str, found: str) -> InputError:
    """Return the error for an attribute without which SUV cannot be computed."""
    return InputError(
        f"{named(keyword)} {found}; SUV cannot be computed.", hint=SUV_HINT, reason="suv"
    )


def find_datetime(item: Elements, date: str, time: str) -> datetime | None:
    """Return a date and a time element as one datetime; None if either is missing or invalid."""
    day, clock = item.text(date), item.text(time)
    # A shorter date would take its missing digits from the time.
    return parse_datetime(day + clock) if len(day) == 8 and clock else None


def parse_datetime(text: str) -> datetime | None:
    """Parse a DT, or a DA and a TM joined; None if it is not valid.

    An offset from UTC is ignored: DA and TM have none, and all times of a file are local to it.

    >>> parse_datetime("20260131235959.25+0100")
    datetime.datetime(2026, 1, 31, 23, 59, 59, 250000)
    """
    whole, _, fraction = text.strip(" \0").partition("+")[0].partition("-")[0].partition(".")
    form = _DATETIME_FORMATS.get(len(whole))
    if form is None or not (fraction or "0").isdecimal():
        return None
    try:
        moment = datetime.strptime(whole, form)
    except ValueError:
        return None
    return moment.replace(microsecond=int(fraction[:6].ljust(6, "0")))
