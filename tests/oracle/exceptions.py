"""Where a right result is not the expected one of the corpus, and why."""

from __future__ import annotations

RIGHTER_THAN_EXPECTED = {
    "pydicom__badVR.dcm": (
        "Number of Frames is '1A': others read one frame, but the pixels of 15 are there"
    ),
    "pydicomdata__emri_small_jpeg_2k_lossless_too_short.dcm": (
        "only the Sequence Delimitation Item is missing; all ten frames are whole"
    ),
}
"""Files of which more is read than the corpus expects."""

PADDING = "the reference counts Pixel Padding Value (0028,0120) as pixels, and stretches to it"
ASPECT = "the reference leaves Pixel Aspect Ratio (0028,0034) of 4:3 squashed"
DIFFERENT = {
    ("dcmqi__01.dcm", "minmax.f0"): PADDING,
    ("dcmqi__02.dcm", "minmax.f0"): PADDING,
    ("dcmqi__03.dcm", "minmax.f0"): PADDING,
    ("pydicom__693_J2KI.dcm", "minmax.f0"): PADDING,
    ("pydicomdata__color-pl.dcm", "color.f0"): ASPECT,
}
"""Reference pictures that a right picture differs from; ``test_against_dcmtk.py`` proves why."""
