"""SOP Classes without a picture, and their names (PS3.4 B.5, PS3.6 A)."""

from __future__ import annotations

__all__ = ["LABEL_MAP", "RT_DOSE", "is_label_map", "name_of", "without_picture"]

RT_DOSE = "1.2.840.10008.5.1.4.1.1.481.2"
LABEL_MAP = "1.2.840.10008.5.1.4.1.1.66.7"

_STORAGE = "1.2.840.10008.5.1.4.1.1."
_WORDS = {
    "1.2.840.10008.1.3.10": "DICOMDIR",
    "1.2.840.10008.5.1.4.38.": "Hanging Protocol",
    "1.2.840.10008.5.1.4.39.": "Color Palette",
    "1.2.840.10008.5.1.4.43.": "Implant Template",
    "1.2.840.10008.5.1.4.44.": "Implant Template",
    "1.2.840.10008.5.1.4.45.": "Implant Template",
    "1.2.840.10008.5.1.4.34.": "Procedure Step",
    f"{_STORAGE}4.2": "MR Spectroscopy",
    f"{_STORAGE}8": "Standalone Overlay",
    f"{_STORAGE}9": "Standalone Curve",
    f"{_STORAGE}9.": "Waveform",
    f"{_STORAGE}10": "Standalone LUT",
    f"{_STORAGE}11": "Standalone LUT",
    f"{_STORAGE}11.": "Presentation State",
    f"{_STORAGE}66": "Raw Data",
    f"{_STORAGE}66.1": "Spatial Registration",
    f"{_STORAGE}66.2": "Spatial Fiducials",
    f"{_STORAGE}66.3": "Spatial Registration",
    f"{_STORAGE}66.5": "Surface Segmentation",
    f"{_STORAGE}66.6": "Tractography Results",
    f"{_STORAGE}67": "Real World Value Mapping",
    f"{_STORAGE}68.": "Surface Scan",
    f"{_STORAGE}78.": "Ophthalmic Measurements",
    f"{_STORAGE}79.": "Ophthalmic Measurements",
    f"{_STORAGE}80.": "Ophthalmic Measurements",
    f"{_STORAGE}88.": "Structured Report",
    f"{_STORAGE}88.59": "Key Object Selection",
    f"{_STORAGE}90.": "Content Assessment Results",
    f"{_STORAGE}91.": "Annotations",
    f"{_STORAGE}104.": "Encapsulated Document",
    f"{_STORAGE}129": "Standalone Curve",
    f"{_STORAGE}131": "Structured Display",
    f"{_STORAGE}200.": "Protocol",
    f"{_STORAGE}201.": "Inventory",
    f"{_STORAGE}481.2": "RT Dose without a dose grid",
    f"{_STORAGE}481.3": "RT Structure Set",
    f"{_STORAGE}481.5": "RT Plan",
    f"{_STORAGE}481.8": "RT Plan",
    f"{_STORAGE}481.": "RT Object",
}
"""UID, or prefix of UIDs if it ends with a dot, to the name of the kind of object."""


# RT Image, Enhanced RT Image and Enhanced Continuous RT Image have pixels.
_RT_IMAGES = frozenset({f"{_STORAGE}481.1", f"{_STORAGE}481.23", f"{_STORAGE}481.24"})


def without_picture(sop_class_uid: str) -> str:
    """Return what kind of object has no pixels; empty if the SOP Class should have them.

    >>> without_picture("1.2.840.10008.5.1.4.1.1.88.11")
    'Structured Report (Basic Text SR Storage)'
    """
    if sop_class_uid in _RT_IMAGES:
        return ""
    word = _WORDS.get(sop_class_uid)
    root = sop_class_uid
    while word is None and "." in root:
        root = root.rpartition(".")[0]
        word = _WORDS.get(f"{root}.")
    return f"{word} ({name_of(sop_class_uid)})" if word else ""


def name_of(uid: str) -> str:
    """Return the standard's name of a UID; the UID itself if the standard has none."""
    from pydicom.config import IGNORE
    from pydicom.uid import UID

    # Without validation: it would warn, and the warning would quote the file.
    return UID(uid, IGNORE).name


def is_label_map(sop_class_uid: str, segmentation_type: str) -> bool:
    """Whether the stored values are segment numbers (PS3.3 C.8.20.2)."""
    return sop_class_uid == LABEL_MAP or segmentation_type.upper() == "LABELMAP"
