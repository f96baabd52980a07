"""Hints for incomplete and damaged files, shared by all of ``dicom``."""

from __future__ import annotations

__all__ = ["ANOTHER_CODEC", "COPY_AGAIN", "COPY_OR_SALVAGE", "DAMAGED"]

COPY_AGAIN = "Copy the file again from its source; this copy is incomplete."
"""Only for a file that ends early."""

COPY_OR_SALVAGE = f"{COPY_AGAIN}\nOr convert the frames that are there: --policy salvage"
"""For one with several frames."""

DAMAGED = "Compare the file with the one at its source; if they are the same, ask for a new export."
"""For a file that has all its bytes, some of which are wrong or contradict the others."""

ANOTHER_CODEC = "Check the Transfer Syntax UID (0002,0010); the pixels are encoded differently."
