"""Where dcmconv is right and the corpus expects something else, and why."""

from __future__ import annotations

RIGHTER_THAN_EXPECTED = {
    "pydicom__badVR.dcm": (
        "Number of Frames is '1A': others read one frame, but there are pixels for 15"
    ),
    "pydicomdata__emri_small_jpeg_2k_lossless_too_short.dcm": (
        "only the Sequence Delimitation Item is missing; all ten frames are complete"
    ),
}
"""Files of which dcmconv reads more than the corpus expects."""

PADDING = "the reference includes Pixel Padding Value (0028,0120) in the range that it stretches"
ASPECT = "the reference ignores Pixel Aspect Ratio (0028,0034) of 4:3"
DIFFERENT = {
    ("dcmqi__01.dcm", "minmax.f0"): PADDING,
    ("dcmqi__02.dcm", "minmax.f0"): PADDING,
    ("dcmqi__03.dcm", "minmax.f0"): PADDING,
    ("pydicom__693_J2KI.dcm", "minmax.f0"): PADDING,
    ("pydicomdata__color-pl.dcm", "color.f0"): ASPECT,
}
"""Reference pictures that are wrong; ``test_against_dcmtk.py`` proves why."""
