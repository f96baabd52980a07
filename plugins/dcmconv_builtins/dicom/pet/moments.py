"""Points in time as DICOM writes them (PS3.5 6.2: DA, TM and DT)."""

from __future__ import annotations

from datetime import datetime

from dcmconv_builtins.dicom.file.elements import Elements

__all__ = ["moment_of", "parse_moment"]

_FORMATS = {8: "%Y%m%d", 10: "%Y%m%d%H", 12: "%Y%m%d%H%M", 14: "%Y%m%d%H%M%S"}


def moment_of(place: Elements, date: str, time: str) -> datetime | None:
    """Return a date and a time element as one moment; None if either is missing or no time."""
    day, clock = place.text(date), place.text(time)
    return parse_moment(day + clock) if len(day) == 8 and clock else None


def parse_moment(text: str) -> datetime | None:
    """Return the moment of a DT, or of a DA and a TM joined; None if it is none.

    An offset from UTC is left out: DA and TM have none, and all times of a file are of one place.

    >>> parse_moment("20260131235959.25+0100")
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
