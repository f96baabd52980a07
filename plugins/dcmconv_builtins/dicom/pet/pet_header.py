"""What SUV needs of a header, or an error that names the attribute."""

from __future__ import annotations

import math

from dcmconv.plugin import InputError
from dcmconv_builtins.dicom.file.elements import Elements, named

__all__ = ["HINT", "get_positive", "unusable"]

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
