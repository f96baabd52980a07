"""Values for JSON, which has no NaN and no infinity (RFC 8259, section 6)."""

from __future__ import annotations

import math
from typing import Any

__all__ = ["finite"]


def finite(value: Any) -> Any:
    """Return the value with None for each number that is none, also inside lists and mappings.

    >>> finite({"FrameTime": [40.0, float("nan")]})
    {'FrameTime': [40.0, None]}
    """
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {key: finite(each) for key, each in value.items()}
    return [finite(each) for each in value] if isinstance(value, list | tuple) else value
