"""What pydicom raises on bytes that are no dataset."""

from __future__ import annotations

import struct
from functools import cache

__all__ = ["parse_errors"]


@cache
def parse_errors() -> tuple[type[Exception], ...]:
    """Return what pydicom raises on bytes that are no dataset; each was seen on a damaged file.

    Asked for when something was raised: pydicom is not imported for it before.
    """
    from pydicom.errors import BytesLengthException, InvalidDicomError

    return (
        AttributeError,
        BytesLengthException,
        EOFError,
        InvalidDicomError,
        LookupError,
        NotImplementedError,
        OSError,  # "No tag to read"; what is parsed is in memory, so that it is never the disk's
        OverflowError,
        RecursionError,
        TypeError,
        ValueError,
        struct.error,
    )
