"""Points in time as DICOM writes them (PS3.5 6.2: DA, TM and DT)."""

from __future__ import annotations

from datetime import datetime

from dcmconv_builtins.dicom.elements import Elements

__all__ = ["moment_of", "moment_of_datetime"]

_FORMATS = {4: "%Y", 6: "%Y%m", 8: "%Y%m%d", 10: "%Y%m%d%H", 12: "%Y%m%d%H%M", 14: "%Y%m%d%H%M%S"}


def moment_of(place: Elements, date: str, time: str) -> datetime | None:
    """Return a date and a time element as one moment; None if either is missing or no time."""
    day = place.text(date).replace(".", "").replace("-", "")
    clock = place.text(time).replace(":", "")
    if len(day) != 8 or not clock:
        return None
    return _parsed(day + clock)


def moment_of_datetime(place: Elements, keyword: str) -> datetime | None:
    """Return a DT element; an offset from UTC is left out, as the other times have none."""
    return _parsed(place.text(keyword).partition("+")[0].partition("-")[0])


def _parsed(text: str) -> datetime | None:
    whole, _, fraction = text.partition(".")
    form = _FORMATS.get(len(whole))
    if form is None or len(whole) < 8 or not (fraction or "0").isdecimal():
        return None
    try:
        # No time zone on purpose: all the times of a file are of one place, and only differences
        # are wanted.
        moment = datetime.strptime(whole, form)  # noqa: DTZ007
    except ValueError:
        return None
    return moment.replace(microsecond=int(fraction[:6].ljust(6, "0") or "0"))
